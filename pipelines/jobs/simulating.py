"""What follows from a plan: its policies against paths of its own forecast, or against recorded demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from replenishment.simulation.engine import simulate
from replenishment.simulation.results import Costs, SimulationResult

if TYPE_CHECKING:
    from pipelines.jobs.planning import Plan

__all__ = ["forecast_demand", "simulate_plan", "simulate_recorded"]

Integers = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]


def forecast_demand(forecaster: DemandForecaster, block: Integers) -> Callable[[Integers, int, int], Floats32]:
    """Return a source of steady demand for a simulation: forecast paths, drawn anew for every block of periods.

    A path of the forecast spreads with its length, as the level drifts; a planner re-forecasts instead. So the
    demand of the coming protection interval is repeated, each time with a path of its own.

    Parameters
    ----------
    block : (n,) periods of a block; whole weeks where periods are days, so that weekdays stay in place.
    """

    def draw(rows: Integers, paths: int, periods: int) -> Floats32:
        out = np.empty((len(rows), paths, periods), dtype=np.float32)
        for length in np.unique(block[rows]):
            chosen = np.flatnonzero(block[rows] == length)
            blocks = -(-periods // int(length))
            drawn = forecaster.paths(int(length), paths * blocks, rows[chosen])
            out[chosen] = drawn.reshape(len(chosen), paths, blocks * int(length))[:, :, :periods]
        return out

    return draw


def simulate_plan(
    made: Plan,
    *,
    run: Any = map,
    paths: int | None = None,
    days: float | None = None,
    unmet_demand: Literal["backorder", "lost"] | None = None,
) -> SimulationResult:
    """Simulate the policies of a plan in steady state, over paths of its forecast.

    Items for which the plan holds all orders (discontinued, on hold, without a lead time or any demand) are left out.

    Parameters
    ----------
    paths, days : other than the plan's configuration says.
    unmet_demand : the same mode for all items; default: each item's own.
    """
    frequency = made.panel.calendar.frequency
    rows = np.flatnonzero(~made.held)
    protection = np.rint(made.levels.lead_time_mean).astype(np.int64) + made.facts.review_periods
    week = 7 if frequency.code == "D" else 1
    # Nothing is on order at the start: a full protection interval must pass before anything is counted.
    warm_up = int((made.lead_times.maximum + made.facts.review_periods)[rows].max(initial=0)) + 1
    counted = max(round((days or made.config.simulation_days) / frequency.mean_days), 1)
    drawn = forecast_demand(made.forecaster, -(-protection // week) * week)
    return simulate(
        made.rule.take(rows),
        lambda places, count, periods: drawn(rows[places], count, periods),
        made.lead_times.take(rows),
        periods=warm_up + counted,
        paths=paths or made.config.simulation_paths,
        unmet_demand=unmet_demand or made.facts.lost[rows],
        warm_up=warm_up,
        seed=made.config.seed,
        costs=_costs(made, rows),
        run=run,
    )


def simulate_recorded(
    made: Plan, *, periods: int, run: Any = map, unmet_demand: Literal["backorder", "lost"] | None = None
) -> SimulationResult:
    """Simulate the policies of a plan against the newest recorded demand, from the policy's own level.

    Periods without a known demand count as recorded: out of stock with what was sold, others with nothing.
    """
    panel = made.panel
    rows = np.flatnonzero(~made.held)
    length = min(periods, panel.calendar.periods)
    recorded = np.maximum(panel.quantity[rows, panel.calendar.periods - length :], np.float32(0))
    return simulate(
        made.rule.take(rows),
        recorded,
        made.lead_times.take(rows),
        periods=length,
        paths=1,
        unmet_demand=unmet_demand or made.facts.lost[rows],
        seed=made.config.seed,
        initial_stock=np.maximum(made.levels.policies.order_up_to[rows], 0.0),
        costs=_costs(made, rows),
        run=run,
    )


def _costs(made: Plan, rows: Integers) -> Costs:
    facts = made.facts.take(rows)
    return Costs(facts.order_cost, np.nan_to_num(facts.holding_cost), np.nan_to_num(facts.shortage_cost))
