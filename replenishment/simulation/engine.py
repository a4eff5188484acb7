"""simulate: a policy against demand, under one clock, in one world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.asking import AskedOrders
from replenishment.simulation.clock import Clock
from replenishment.simulation.collecting import Collector
from replenishment.simulation.demand import DemandSource, SampledDemand, recorded_demand
from replenishment.simulation.measures import WEIGHTED, Costs
from replenishment.simulation.policies import Policy, PolicyFunction, Seen
from replenishment.simulation.results import SimulationResult
from replenishment.simulation.setting import Piece, Setting
from replenishment.simulation.sharing import Sharing
from replenishment.simulation.tables import Start, chances_of, items_of, schedule_of, unmet_of
from replenishment.simulation.together import RuleOrders, run_together
from replenishment.simulation.world import Customers, OrderLimits, Supply, Warehouse

__all__ = ["Mapper", "notes_of", "simulate"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]

_STANDARD_CLOCK, _NO_TROUBLE = Clock(), Supply()
_CUSTOMERS, _WAREHOUSE, _NO_LIMITS = Customers(), Warehouse(), OrderLimits()
# Cells of demand held at once: small enough for the cache to help and for memory not to matter.
_CELLS_A_PIECE = 2_000_000
_MORE_PATHS = 1.1


def simulate(
    policy: Policy,
    demand: npt.NDArray[np.floating[Any]] | DemandSource | SampledDemand,
    lead_time: LeadTimes | npt.ArrayLike,
    *,
    periods: int,
    paths: int = 1,
    unmet_demand: Literal["backorder", "lost", "mixed"] | npt.NDArray[np.bool_] = "backorder",
    clock: Clock = _STANDARD_CLOCK,
    warm_up: int = 0,
    seed: int = 0,
    initial_stock: npt.ArrayLike | None = None,
    backordered: npt.ArrayLike = 0.0,
    on_order: npt.NDArray[np.floating[Any]] | None = None,
    supply: Supply = _NO_TROUBLE,
    customers: Customers = _CUSTOMERS,
    warehouse: Warehouse = _WAREHOUSE,
    limits: OrderLimits = _NO_LIMITS,
    costs: Costs | None = None,
    mean_demand: npt.ArrayLike | None = None,
    groups: Mapping[str, Sequence[object]] | None = None,
    period_days: float = 1.0,
    precision: float | None = None,
    ages: bool = True,
    run: Mapper = map,
) -> SimulationResult:
    """Simulate a policy and measure the service that follows.

    Parameters
    ----------
    policy : the ordering rule of n items; levels that differ by period; orders planned beforehand; or a function
        in Python, asked period by period for all items and paths (slower).
    demand : (n, periods) to replay the same demand on every path; (n, paths, periods); a function of
        (rows, paths, periods) that draws them; or a distribution to be drawn from. Units a period, at least 0.
    lead_time : LeadTimes, or whole periods (n,) or one for all. Random lead times are drawn for every order.
    periods : simulated periods; the first ``warm_up`` of them are not counted.
    unmet_demand : "backorder" (customers wait, first come first served), "lost", or "mixed" (as ``customers`` says);
        or bool (n,), true for lost.
    clock : the order of events and the first review.
    seed : seed of the random streams, one for each (sku, location). Two simulations with the same seed meet the same
        chance in demand, lead times and all else, whatever the policy (common random numbers).
    initial_stock, backordered : (n,) at the first opening. Without an initial stock each path starts where the
        rule may leave the inventory position, nothing on order.
    on_order : (n, a) units due in periods 0 ... a - 1.
    supply, customers, warehouse, limits : the world; by default nothing goes wrong.
    costs : to report costs and values. period_days : days of a period, for turnover and cover.
    mean_demand : (n,) units a period as planned; needed where items share what is scarce.
    groups : attribute -> (n,) labels, to be aggregated by.
    precision : paths are added until 1.96 standard errors of the total backorder rate are at most this.
    ages : False doesn't follow how long backordered units wait, which saves a little time.
    run : how independent pieces are run: the built-in ``map`` or a thread pool's; the result is the same.

    Raises
    ------
    ValueError
        Shapes that do not fit, negative or missing demand, a warm-up that leaves nothing to count.
    """
    rule = policy if isinstance(policy, OrderingRule) else policy.rule
    n = len(rule)
    waits_for = lead_time if isinstance(lead_time, LeadTimes) else LeadTimes.constant(np.broadcast_to(lead_time, (n,)))
    _check(n, waits_for, periods, paths, warm_up, demand, precision)
    start = _start(rule, initial_stock, backordered, on_order)
    unmet = unmet_of(unmet_demand, customers, n)
    rank = np.array(sorted(range(n), key=lambda i: (rule.skus[i], rule.locations[i])), dtype=np.int64)
    setting = Setting(
        items=items_of(rule, start, supply, customers, warehouse, limits, unmet, seed),
        schedule=schedule_of(policy, supply, warehouse, limits, clock, periods),
        chances=chances_of(waits_for, customers, n),
        arrivals=start.on_order,
        source=_source(demand, n, paths, periods),
        clock=clock,
        warm_up=warm_up,
        periods=periods,
        paths=paths,
        ages=ages,
        money=0 if costs is None else len(WEIGHTED),
        rank=rank,
        shared_orders=Sharing(limits.shared, mean_demand, rank, periods) if limits.shared else None,
        shared_shipments=Sharing(supply.shared, mean_demand, rank, periods) if supply.shared else None,
    )
    notes = notes_of(customers, ages)

    order = policy.order if isinstance(policy, PolicyFunction) else None

    def measured(paths: int) -> SimulationResult:
        return _measure(replace(setting, paths=paths), rule, order, costs, groups or {}, period_days, notes, run)

    result = measured(paths)
    while precision is not None and 1.96 * result.total["backorder_rate_se"] > precision:
        wanted = result.paths * (1.96 * result.total["backorder_rate_se"] / precision) ** 2
        result = measured(int(np.ceil(_MORE_PATHS * wanted)))
    return result


def _measure(
    setting: Setting,
    rule: OrderingRule,
    order: Callable[[Seen], npt.ArrayLike] | None,
    costs: Costs | None,
    groups: Mapping[str, Sequence[object]],
    period_days: float,
    notes: tuple[str, ...],
    run: Mapper,
) -> SimulationResult:
    """Run all items piece by piece, always in the order of their identities, so that sums don't depend on theirs."""
    import pandas as pd

    keys = pd.DataFrame({"sku": list(rule.skus), "location": list(rule.locations)})
    collector = Collector(
        keys,
        paths=setting.paths,
        wait_shape=setting.wait_shape,
        counted_periods=setting.periods - setting.warm_up,
        period_days=period_days,
        costs=costs,
        groups=groups,
    )
    ranked, size = setting.rank, max(_CELLS_A_PIECE // (setting.periods * setting.paths), 1)
    # A function sees all items at once, and those that share something live side by side.
    together = order is not None or setting.shares
    pieces = [ranked] if together else [ranked[k : k + size] for k in range(0, len(ranked), size)]

    def told(rows: Integers) -> tuple[Piece, dict[str, Floats]]:
        if together:
            source = RuleOrders(setting) if order is None else AskedOrders(order, setting.schedule.reviews)
            piece = Piece(*(part[rows] for part in run_together(setting, source)[0]))
        else:
            piece = setting.run(rows)
        return piece, collector.tell(rows, piece)

    for rows, (piece, figures) in zip(pieces, run(told, pieces), strict=True):
        collector.add(rows, piece, figures)
    if order is not None:
        return collector.result(notes, _no_trace)
    trace = (lambda row: run_together(setting, RuleOrders(setting), row)[1]) if together else setting.trace
    return collector.result(notes, trace)


def _no_trace(row: int) -> Floats:
    raise ValueError("a policy function is not asked a second time: there is no trajectory; keep what it sees yourself")


def _start(rule: OrderingRule, initial_stock: npt.ArrayLike | None, backordered: npt.ArrayLike, on_order: Any) -> Start:
    """Stock at the start and by how much it varies between paths, what waits and what is on order."""
    n = len(rule)
    waiting = np.broadcast_to(np.asarray(backordered, dtype=np.float64), (n,))
    arrivals = np.zeros((n, 0)) if on_order is None else np.ascontiguousarray(on_order, dtype=np.float64)
    if arrivals.ndim != 2 or len(arrivals) != n or not (arrivals >= 0).all() or not (waiting >= 0).all():
        raise ValueError(f"on_order must be ({n}, a), and it and backordered known and at least 0")
    if initial_stock is not None:
        given = np.broadcast_to(np.asarray(initial_stock, dtype=np.float64), (n,))
        if not (given >= 0).all():
            raise ValueError("initial_stock must be known and at least 0; give what waits as backordered")
        return Start(given, np.zeros(n), waiting, arrivals)
    lowest = np.maximum(np.minimum(rule.raise_to, rule.highest), 0.0)
    return Start(lowest, np.maximum(rule.highest - lowest, 0.0), waiting, arrivals)


def _source(demand: Any, n: int, paths: int, periods: int) -> DemandSource | SampledDemand:
    if isinstance(demand, SampledDemand):
        if len(demand) != n:
            raise ValueError(f"demand is drawn for {len(demand)} items, the policy has {n}")
        return demand
    return demand if callable(demand) else recorded_demand(np.asarray(demand), n, paths, periods)


def notes_of(customers: Customers, ages: bool = True) -> tuple[str, ...]:
    """What a reader of a simulation must know of its measures; see :func:`simulate`."""
    lines = (
        "one order line per period with demand: no customer order lines were given"
        if customers.order_sizes is None
        else "order lines: a period's demand is split by the sizes of customer order lines"
    )
    waits = "times to fill are in periods, over the backordered units that were filled"
    return lines, waits if ages else "times to fill were not followed (ages=False)"


def _check(
    n: int, lead_time: LeadTimes, periods: int, paths: int, warm_up: int, demand: Any, precision: float | None
) -> None:
    if len(lead_time) != n:
        raise ValueError(f"{len(lead_time)} lead times for {n} items")
    if paths < 1 or not 0 <= warm_up < periods:
        raise ValueError(f"paths is {paths}, periods {periods}, warm_up {warm_up}: nothing would be counted")
    if precision is not None:
        if not precision > 0:
            raise ValueError(f"precision is {precision}; it must be above 0")
        if paths < 2 or (not callable(demand) and np.ndim(demand) == 3 and np.shape(demand)[1] > 1):
            raise ValueError("precision needs at least 2 paths to begin with and demand that can be drawn for more")
