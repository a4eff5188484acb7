"""What follows from a plan: its policies against paths of its own forecast, or against recorded demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from pipelines.digests import digest_of, row_digests
from pipelines.jobs.customer_ledger import day_numbers
from pipelines.jobs.kept_rows import KeptRows
from pipelines.jobs.levels import ItemFacts
from pipelines.jobs.supply import key_index, placed_rows
from pipelines.stage_store import FORGETFUL, StageStore
from replenishment.simulation.case import Case
from replenishment.simulation.parts import PartFigures, add_up, parts_of, simulate_parts
from replenishment.simulation.results import Costs, SimulationResult
from replenishment.simulation.world import Customers, OrderSizes

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["case_of_plan", "case_of_record", "forecast_demand", "simulate_plan", "simulate_recorded"]

Integers = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]

# So many parts at most are simulated by themselves: few enough to be added up at no cost, many enough that one changed
# item costs little.
_PARTS: Final = 64
# What a case holds of each item, or what no simulation asks for.
_BY_ITEM: Final = frozenset(
    ("policy", "demand", "lead_time", "unmet_demand", "customers", "costs", "mean_demand", "safety_stock", "attributes")
)


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
    store: StageStore = FORGETFUL,
) -> SimulationResult:
    """Simulate the policies of a plan in steady state, in parts; see :func:`case_of_plan`.

    ``store`` : where parts of which nothing has changed are taken up.
    """
    case = case_of_plan(made, paths=paths, days=days, unmet_demand=unmet_demand)
    parts = parts_of(case, _PARTS)
    if not parts:
        return case.simulate(run)

    def simulated(chosen: Integers) -> PartFigures:
        return simulate_parts(case, parts, chosen, run)

    if store.root is None:
        return add_up(case, parts, simulated(np.arange(len(parts))))
    told = _told_of_items(case, [made.drawn_from[i] for i in np.flatnonzero(~made.held)])
    rows = [digest_of([told[i] for i in part.tolist()]) for part in parts]
    # Whatever is not told of each item by itself is told of all.
    shared = [getattr(case, f.name) for f in fields(case) if f.name not in _BY_ITEM]
    customers = replace(case.customers, patience=0.0, order_sizes=None)
    common = (shared, customers, max(len(part) for part in parts))
    kept = KeptRows[PartFigures](store, "simulation", (PartFigures,))
    return add_up(case, parts, kept.once(rows, common, simulated))


def _told_of_items(case: Case, drawn_from: list[str]) -> list[str]:
    """Digest of all that the simulation is told of each item; ``drawn_from``: of its demand."""
    n, sizes, costs = len(case), case.customers.order_sizes, case.costs
    rule, patience = case.policy, np.broadcast_to(np.asarray(case.customers.patience, dtype=np.float64), (n,))
    mode = case.unmet_demand
    told = [
        *(getattr(rule, f.name) for f in fields(rule)),
        case.lead_time.probability,
        patience,
        [mode] * n if isinstance(mode, str) else mode,
        *([] if costs is None else [own for f in fields(costs) if (own := getattr(costs, f.name)) is not None]),
        # A row of sizes is filled up with its largest.
        *([] if sizes is None else [np.where(sizes.probability > 0, sizes.values, 0.0), sizes.probability]),
    ]
    return row_digests(n, drawn_from, *told)


def simulate_recorded(
    made: Plan, *, periods: int, run: Any = map, unmet_demand: Literal["backorder", "lost"] | None = None
) -> SimulationResult:
    """Simulate the policies of a plan against the newest recorded demand; see :func:`case_of_record`."""
    return case_of_record(made, periods=periods, unmet_demand=unmet_demand).simulate(run)


def case_of_plan(
    made: Plan,
    *,
    paths: int | None = None,
    days: float | None = None,
    unmet_demand: Literal["backorder", "lost"] | None = None,
) -> Case:
    """Return the policies of a plan in steady state, over paths of its forecast.

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
    return replace(
        _case(made, rows, unmet_demand),
        demand=lambda places, count, periods: drawn(rows[places], count, periods),
        periods=warm_up + counted,
        paths=paths or made.config.simulation_paths,
        warm_up=warm_up,
    )


def case_of_record(made: Plan, *, periods: int, unmet_demand: Literal["backorder", "lost"] | None = None) -> Case:
    """Return the policies of a plan against the newest recorded demand, from the policy's own level.

    Periods without a known demand count as recorded: out of stock with what was sold, others with nothing.
    """
    panel = made.panel
    rows = np.flatnonzero(~made.held)
    length = min(periods, panel.calendar.periods)
    return replace(
        _case(made, rows, unmet_demand),
        demand=np.maximum(panel.quantity[rows, panel.calendar.periods - length :], np.float32(0)),
        periods=length,
        initial_stock=np.maximum(made.levels.policies.order_up_to[rows], 0.0),
    )


def _case(made: Plan, rows: Integers, unmet_demand: Literal["backorder", "lost"] | None) -> Case:
    """What all simulations of a plan have in common; demand and length are still to come."""
    facts, levels, items = made.facts.take(rows), made.levels.take(rows), made.items.iloc[rows]
    mixed = unmet_demand is None and bool(((facts.patience > 0) & np.isfinite(facts.patience)).any())
    protection = np.maximum(levels.lead_time_mean + facts.review_periods, 1.0)
    return Case(
        made.rule.take(rows),
        np.zeros((len(rows), 1)),
        made.lead_times.take(rows),
        periods=1,
        unmet_demand="mixed" if mixed else unmet_demand or facts.lost,
        customers=Customers(
            patience=facts.patience if mixed else np.inf,
            shipment="complete" if made.config.whole_lines else "partial",
            order_sizes=_order_sizes(made, rows),
        ),
        seed=made.config.seed,
        costs=_costs(facts, items),
        period_days=made.panel.calendar.frequency.mean_days,
        mean_demand=levels.demand_mean / protection,
        safety_stock=np.nan_to_num(levels.policies.safety_stock),
        attributes={
            "class": made.forecaster.choice_["class"].to_numpy(object)[rows],
            "category": items["category"].to_numpy(object),
            "supplier": items["supplier"].to_numpy(object),
        },
    )


def _order_sizes(made: Plan, rows: Integers) -> OrderSizes | None:
    """How many units customers order at once of each item, by their order lines before ``as_of``; None without any."""
    table = made.tables.get("customer_orders")
    if table is None:
        return None
    lines = placed_rows(table, key_index(made.panel.keys))
    known = (day_numbers(lines, "ordered_on") < made.panel.calendar.end_day) & (lines["quantity"] > 0).to_numpy()
    row_of = np.full(len(made.panel), -1, dtype=np.int64)
    row_of[rows] = np.arange(len(rows))
    item, quantity = row_of[lines["place"].to_numpy(np.int64)[known]], lines["quantity"].to_numpy(float)[known]
    return OrderSizes.from_lines(item[item >= 0], quantity[item >= 0], len(rows)) if (item >= 0).any() else None


def _costs(facts: ItemFacts, items: pd.DataFrame) -> Costs:
    """What is known of the costs; an unknown one counts as nothing, and without any unit cost no value is told."""
    unit_cost = items["unit_cost"].to_numpy(float)
    return Costs(
        facts.order_cost,
        np.nan_to_num(facts.holding_cost),
        np.nan_to_num(facts.shortage_cost),
        unit_cost=None if np.isnan(unit_cost).all() else np.nan_to_num(unit_cost),
    )
