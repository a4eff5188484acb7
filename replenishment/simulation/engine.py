"""simulate: an ordering rule against demand, under one clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from replenishment.kernels.simulation import COUNTS, TRACE, WAIT_BINS, run_paths
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.clock import Clock
from replenishment.simulation.results import Costs, SimulationResult, measures

__all__ = ["DemandSource", "simulate"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
# Demand drawn when it is needed: (rows of the policy, paths, periods) -> float32 (rows, paths, periods).
DemandSource = Callable[[Integers, int, int], Floats32]
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]

STANDARD_CLOCK = Clock()
# Cells of demand held at once: small enough for the cache to help and for memory not to matter.
_CELLS_A_PIECE = 2_000_000


def simulate(
    policy: OrderingRule,
    demand: npt.NDArray[np.floating[Any]] | DemandSource,
    lead_time: LeadTimes | npt.ArrayLike,
    *,
    periods: int,
    paths: int = 1,
    unmet_demand: Literal["backorder", "lost"] | npt.NDArray[np.bool_] = "backorder",
    clock: Clock = STANDARD_CLOCK,
    warm_up: int = 0,
    seed: int = 0,
    initial_stock: npt.ArrayLike | None = None,
    backordered: npt.ArrayLike = 0.0,
    on_order: npt.NDArray[np.floating[Any]] | None = None,
    costs: Costs | None = None,
    run: Mapper = map,
) -> SimulationResult:
    """Simulate an ordering rule and measure the service that follows.

    Parameters
    ----------
    policy : the ordering rule of n items.
    demand : (n, periods) to replay the same demand on every path; (n, paths, periods); or a function of
        (rows, paths, periods) that draws them. Units a period, at least 0.
    lead_time : LeadTimes, or whole periods (n,) or one for all. Random lead times are drawn for every order;
        orders do not cross.
    periods : simulated periods; the first ``warm_up`` of them are not counted.
    unmet_demand : "backorder" (customers wait, first come first served) or "lost"; or bool (n,), true for lost.
    clock : the order of events and the first review.
    seed : seed of the lead-time streams, one for each (sku, location).
    initial_stock, backordered : (n,) at the first opening. Without an initial stock each path starts where the
        rule may leave the inventory position, nothing on order.
    on_order : (n, a) units due at openings 0 ... a - 1.
    costs : to report ordering, holding and shortage cost.
    run : how independent pieces are run: the built-in ``map`` or a thread pool's; the result is the same.

    Raises
    ------
    ValueError
        Shapes that do not fit, negative or missing demand, a warm-up that leaves nothing to count.
    """
    n = len(policy)
    waits_for = lead_time if isinstance(lead_time, LeadTimes) else LeadTimes.constant(np.broadcast_to(lead_time, (n,)))
    _check(policy, waits_for, periods, paths, warm_up)
    stock, spread = _start(policy, initial_stock)
    setting = _Setting(
        policy=policy,
        source=demand if callable(demand) else _recorded(np.asarray(demand), n, paths, periods),
        keys=stream_keys(policy.skus, policy.locations, seed),
        stock=stock,
        spread=spread,
        backordered=np.broadcast_to(np.asarray(backordered, dtype=np.float64), (n,)),
        arrivals=np.zeros((n, 0)) if on_order is None else np.ascontiguousarray(on_order, dtype=np.float64),
        cumulative=np.cumsum(waits_for.probability, axis=1),
        lost_share=_lost_share(unmet_demand, n),
        first_review=clock.first_review,
        warm_up=warm_up,
        periods=periods,
        paths=paths,
    )
    size = max(_CELLS_A_PIECE // (periods * paths), 1)
    pieces = [np.arange(k, min(k + size, n)) for k in range(0, n, size)]
    return _collect(setting, pieces, run, costs)


@dataclass(frozen=True, eq=False)
class _Setting:
    """A simulation ready to run, piece by piece; arrays (n, ...) of all items, units."""

    policy: OrderingRule
    source: DemandSource
    keys: npt.NDArray[np.uint64]
    stock: Floats
    spread: Floats
    backordered: Floats
    arrivals: Floats
    cumulative: Floats
    lost_share: Floats
    first_review: int
    warm_up: int
    periods: int
    paths: int

    def run(self, rows: Integers, traced: bool = False) -> tuple[Floats, Floats, Floats]:
        """Simulate some items; return the counts, waits and, when ``traced``, the trace of the first."""
        demand = np.ascontiguousarray(self.source(rows, self.paths, self.periods), dtype=np.float32)
        if demand.size and not demand.min() >= 0:
            raise ValueError("demand must be known and at least 0 in every period")
        counts = np.empty((len(rows), self.paths, len(COUNTS)))
        waits = np.zeros((len(rows), WAIT_BINS))
        trace = np.empty((self.paths, self.periods, len(TRACE)) if traced else (0, 0, len(TRACE)))
        run_paths(
            demand,
            self.keys[rows],
            self.stock[rows],
            self.spread[rows],
            self.backordered[rows],
            self.arrivals[rows],
            self.policy.reorder_point[rows],
            self.policy.raise_to[rows],
            self.policy.lot[rows],
            self.policy.minimum[rows],
            self.policy.review_periods[rows],
            self.first_review,
            self.cumulative[rows],
            self.lost_share[rows],
            self.warm_up,
            0,
            counts,
            waits,
            trace,
        )
        return counts, waits, trace


def _collect(setting: _Setting, pieces: list[Integers], run: Mapper, costs: Costs | None) -> SimulationResult:
    """Run the pieces and add them up in their order, so that no chunk size changes a bit of a SKU's figures."""
    import pandas as pd

    policy, paths, counted = setting.policy, setting.paths, setting.periods - setting.warm_up
    parts = []
    per_path = np.zeros((1, paths, len(COUNTS)))
    money = np.zeros((3, 1, paths))
    waited = np.zeros((1, WAIT_BINS))
    for rows, (counts, waits, _) in zip(pieces, run(setting.run, pieces), strict=True):
        own = None if costs is None else (costs.per_order[rows], costs.holding[rows], costs.shortage[rows])
        parts.append(pd.DataFrame(measures(counts, waits, counted, own)))
        # One series after the other: a sum over a whole piece would depend on the size of the pieces.
        for k in range(len(rows)):
            per_path[0] += counts[k]
            waited[0] += waits[k]
            if own is not None:
                for c, place in enumerate((COUNTS.index("orders"), COUNTS.index("stock_sum"), COUNTS.index("short"))):
                    money[c, 0] += counts[k, :, place] * own[c][k]
    total = measures(per_path, waited, counted * len(policy), None if costs is None else (money[0], money[1], money[2]))
    for name in ("mean_stock", "mean_backorders"):
        total[name], total[f"{name}_se"] = total[name] * len(policy), total[f"{name}_se"] * len(policy)
    keys = pd.DataFrame({"sku": list(policy.skus), "location": list(policy.locations)})
    kpis = pd.concat([keys, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()], axis=1)
    notes = (
        "one order line per period with demand: no customer order lines were given",
        "times to fill are in periods, over the backordered units that were filled",
    )

    def trace(row: int) -> Floats:
        return setting.run(np.array([row]), traced=True)[2]

    return SimulationResult(kpis, {name: float(value[0]) for name, value in total.items()}, notes, trace)


def _start(policy: OrderingRule, initial_stock: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    """Stock at the start and by how much it varies between paths."""
    if initial_stock is not None:
        given = np.broadcast_to(np.asarray(initial_stock, dtype=np.float64), (len(policy),))
        if not (given >= 0).all():
            raise ValueError("initial_stock must be known and at least 0; give what waits as backordered")
        return given, np.zeros(len(policy))
    lowest = np.maximum(np.minimum(policy.raise_to, policy.highest), 0.0)
    return lowest, np.maximum(policy.highest - lowest, 0.0)


def _recorded(demand: npt.NDArray[np.floating[Any]], n: int, paths: int, periods: int) -> DemandSource:
    if demand.ndim == 2:
        demand = demand[:, None, :]
    if demand.ndim != 3 or demand.shape[0] != n or demand.shape[2] != periods or demand.shape[1] not in (1, paths):
        raise ValueError(f"demand has shape {demand.shape}; expected ({n}, {periods}) or ({n}, {paths}, {periods})")
    return lambda rows, _paths, _periods: np.asarray(demand[rows], dtype=np.float32)


def _lost_share(unmet_demand: str | npt.NDArray[np.bool_], n: int) -> Floats:
    if isinstance(unmet_demand, str):
        if unmet_demand not in ("backorder", "lost"):
            raise ValueError(f"unmet_demand is {unmet_demand!r}; allowed are backorder and lost")
        return np.full(n, 1.0 if unmet_demand == "lost" else 0.0)
    if unmet_demand.shape != (n,):
        raise ValueError(f"unmet_demand has shape {unmet_demand.shape}; expected ({n},)")
    return unmet_demand.astype(np.float64)


def _check(policy: OrderingRule, lead_time: LeadTimes, periods: int, paths: int, warm_up: int) -> None:
    if len(lead_time) != len(policy):
        raise ValueError(f"{len(lead_time)} lead times for {len(policy)} items")
    if paths < 1 or not 0 <= warm_up < periods:
        raise ValueError(f"paths is {paths}, periods {periods}, warm_up {warm_up}: nothing would be counted")
