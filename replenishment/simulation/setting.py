"""A simulation ready to run, piece by piece: what the caller said, as the arrays that the compiled loops take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from replenishment.kernels.simulation.columns import COLUMNS, WAIT_BINS
from replenishment.kernels.simulation.events import run_events
from replenishment.kernels.simulation.lanes import run_lanes
from replenishment.kernels.simulation.ordering import mark_reviews
from replenishment.kernels.simulation.sampling import DemandTable
from replenishment.kernels.simulation.settings import ITEM, Chances, Schedule
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.clock import Clock
from replenishment.simulation.demand import DemandSource, SampledDemand
from replenishment.simulation.policies import LevelsByPeriod, PlannedOrders, Policy, PolicyFunction
from replenishment.simulation.world import Customers, OrderLimits, Supply, Warehouse, by_period, each

__all__ = ["WAIT_GROUPS", "Piece", "Setting", "Start", "chances_of", "items_of", "schedule_of", "unmet_of"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Groups of paths whose waits are kept apart, for the standard errors of quantiles.
WAIT_GROUPS = 10
_NO_DEMAND = np.empty((0, 0, 0), dtype=np.float32)
_NO_TABLE = DemandTable(np.empty((0, 1), np.uint32), np.empty((0, 1), np.float32))


class Start(NamedTuple):
    """The state before the first period; (n,), and what is on order (n, a)."""

    stock: Floats
    spread: Floats
    backordered: Floats
    on_order: Floats


class Piece(NamedTuple):
    """What was counted of some items; see ``kernels.simulation.events``."""

    counts: Floats
    waits: Floats
    imbalance: Floats


@dataclass(frozen=True, eq=False)
class Setting:
    """See the module; ``money`` columns are left free behind the counts."""

    items: npt.NDArray[Any]
    schedule: Schedule
    chances: Chances
    arrivals: Floats
    source: DemandSource | SampledDemand
    clock: Clock
    warm_up: int
    periods: int
    paths: int
    ages: bool
    money: int

    @property
    def wait_shape(self) -> tuple[int, int]:
        """Groups of paths and lengths of waits that are told apart."""
        return min(self.paths, WAIT_GROUPS), min(self.periods + 1, WAIT_BINS)

    @cached_property
    def is_ordinary(self) -> bool:
        """Whether the fast loop tells the story: default clock, reliable supply, customers who wait or leave."""
        items = self.items
        return bool(
            self.clock.is_standard
            and np.isinf(self.schedule.capacity).all()
            and self.chances.size.shape[1] == 0
            and self.chances.priority.shape[1] <= 1
            and np.isin(items["lost_share"], (0.0, 1.0)).all()
            and (items["patience"] < 0).all()
            and not items["complete"].any()
            and not items["failure"].any()
            and (items["least_yield"] == 1.0).all()
            and (items["shelf_life"] < 0).all()
            and not items["error_probability"].any()
            and not items["book_error"].any()
            and not ((items["backlog"] > 0) & (items["stock"] + items["spread"] + items["lost_share"] > 0)).any()
        )

    def run(self, rows: Integers) -> Piece:
        """Simulate some items on all paths."""
        counts = np.zeros((len(rows), len(COLUMNS) + self.money, self.paths))
        waits = np.zeros((len(rows), *self.wait_shape))
        imbalance = np.empty(len(rows))
        piece = Piece(counts, waits, imbalance)
        if self.is_ordinary:
            demand = _NO_DEMAND if isinstance(self.source, SampledDemand) else self.demand(rows)
            exact = self._run_lanes(rows, demand, np.float32, piece)
            if not exact.all():
                again = np.flatnonzero(~exact)
                told = Piece(counts[again], np.zeros_like(waits[again]), imbalance[again])
                self._run_lanes(rows[again], demand[again] if len(demand) else demand, np.float64, told)
                for whole, part in zip(piece, told, strict=True):
                    whole[again] = part
        else:
            self._run_events(rows, piece, np.empty((0, 0, len(COLUMNS))))
        return piece

    def trace(self, row: int) -> Floats:
        """Follow one item; (paths, periods, COLUMNS)."""
        rows = np.array([row], dtype=np.int64)
        trace = np.empty((self.paths, self.periods, len(COLUMNS)))
        piece = Piece(np.zeros((1, len(COLUMNS), self.paths)), np.zeros((1, 1, WAIT_BINS)), np.empty(1))
        self._run_events(rows, piece, trace)
        return trace

    def demand(self, rows: Integers) -> Floats32:
        """Demand of some items (rows, paths, periods), known and at least 0.

        Raises
        ------
        ValueError
            The source gave something else.
        """
        if isinstance(self.source, SampledDemand):
            return self.source.draw(self.items["key"][rows], rows, self.paths, self.periods)
        demand = np.ascontiguousarray(self.source(rows, self.paths, self.periods), dtype=np.float32)
        if demand.size and not (demand.min() >= 0 and demand.max() < np.inf):
            raise ValueError("demand must be known and at least 0 in every period")
        return demand

    def _run_lanes(self, rows: Integers, demand: Floats32, precision: type[np.floating[Any]], piece: Piece) -> Flags:
        """Fill the piece by the fast loop; say of which items the precision sufficed."""
        items, schedule, chances = self._of(rows)
        table = self.source.table if isinstance(self.source, SampledDemand) else _NO_TABLE
        exact = np.empty(len(rows), dtype=np.bool_)
        run_lanes(
            demand, table, rows, items, schedule, chances, self.arrivals[rows], self.warm_up, 0, self.ages,
            np.zeros(3, dtype=precision), *piece, exact,
        )  # fmt: skip
        return exact

    def _run_events(self, rows: Integers, piece: Piece, trace: Floats) -> None:
        """Fill the piece event by event."""
        items, schedule, chances = self._of(rows)
        events = np.array(self.clock.codes, dtype=np.int64)
        run_events(
            self.demand(rows), items, schedule, chances, self.arrivals[rows], events, self.warm_up, 0, *piece, trace
        )

    def _of(self, rows: Integers) -> tuple[npt.NDArray[Any], Schedule, Chances]:
        """What the loops are told of some items."""
        tables: list[Any] = [table[rows] if len(table) > 1 else table for table in self.schedule]
        schedule = Schedule(*tables)
        return self.items[rows], schedule, Chances(*(table[rows] for table in self.chances))


def items_of(
    rule: OrderingRule, start: Start, supply: Supply, customers: Customers, warehouse: Warehouse, limits: OrderLimits,
    unmet: tuple[Floats, Floats], seed: int,
) -> npt.NDArray[Any]:  # fmt: skip
    """One record an item of all numbers that don't differ by period.

    Raises
    ------
    ValueError
        A number outside its range, or misplaced stock of items that perish.
    """
    n = len(rule)
    items = np.zeros(n, dtype=ITEM)
    items["key"] = stream_keys(rule.skus, rule.locations, seed)
    items["stock"], items["spread"], items["backlog"] = start.stock, start.spread, start.backordered
    items["lot"], items["minimum"] = rule.lot, rule.minimum
    items["lost_share"] = unmet[0]
    items["patience"] = _or_never(unmet[1])
    items["complete"] = customers.shipment == "complete"
    items["crossing"] = np.broadcast_to(np.asarray(supply.crossing, dtype=np.bool_), (n,))
    items["misplaced"] = np.broadcast_to(np.asarray(warehouse.misplaced, dtype=np.bool_), (n,))
    for part, name, low, high in (
        (limits, "max_stock", -np.inf, np.inf),
        (supply, "failure", 0.0, 1.0),
        (supply, "recovery", 0.0, 1.0),
        (supply, "least_yield", 0.0, 1.0),
        (supply, "most_yield", 0.0, 1.0),
        (warehouse, "error_probability", 0.0, 1.0),
        (warehouse, "error_share", 0.0, 1.0),
        (warehouse, "book_error", -np.inf, np.inf),
    ):
        items[name] = each(name, getattr(part, name), n, low, high)
    if (items["least_yield"] > items["most_yield"]).any():
        raise ValueError("least_yield is above most_yield")
    items["shelf_life"] = _or_never(each("shelf_life", warehouse.shelf_life, n, 1, whole=True))
    items["stocktake_every"] = each("stocktake_every", warehouse.stocktake_every, n, 0, whole=True)
    if ((items["shelf_life"] > 0) & items["misplaced"]).any():
        raise ValueError(
            "misplaced stock of items with a shelf life isn't modelled: how old it is when found is unknown"
        )
    return items


def schedule_of(policy: Policy, supply: Supply, limits: OrderLimits, clock: Clock, periods: int) -> Schedule:
    """All that may differ by period.

    Raises
    ------
    ValueError
        Shapes that do not fit, or numbers outside their range.
    """
    rule = policy if isinstance(policy, OrderingRule) else policy.rule
    n = len(rule)
    levels = (rule.reorder_point[:, None], rule.raise_to[:, None])
    planned = np.empty((0, 0))
    if isinstance(policy, LevelsByPeriod):
        levels = (policy.reorder_point, policy.raise_to)
    if isinstance(policy, PlannedOrders):
        levels, planned = (np.full((n, 1), np.inf), np.zeros((n, 1))), policy.quantity
    for name, table in (("levels", levels[0]), ("levels", levels[1]), ("planned orders", planned)):
        if table.shape[1] not in ((1, periods) if name == "levels" else (0, periods)):
            raise ValueError(f"{name} are given for {table.shape[1]} periods; the simulation has {periods}")
    open_days = np.asarray(by_period("open", np.asarray(limits.open, np.float64), n, periods, 0.0) > 0)
    reviews = np.empty((n, periods), dtype=np.bool_)
    # A plan or a function says itself when its first order is placed.
    first_review = 0 if isinstance(policy, (PlannedOrders, PolicyFunction)) else clock.first_review
    mark_reviews(first_review, rule.review_periods, open_days, reviews)
    return Schedule(
        np.ascontiguousarray(levels[0], dtype=np.float64),
        np.ascontiguousarray(levels[1], dtype=np.float64),
        by_period("maximum", limits.maximum, n, periods, 0.0),
        np.ascontiguousarray(planned, dtype=np.float64),
        by_period("capacity", supply.capacity, n, periods, 0.0),
        by_period("delay", supply.delay, n, periods, 0.0, whole=True).astype(np.int64),
        reviews,
    )


def chances_of(lead_times: LeadTimes, customers: Customers, n: int) -> Chances:
    """The cumulative probabilities that are drawn from.

    Raises
    ------
    ValueError
        Order sizes or priorities for another number of items, or that do not add up to 1.
    """
    sizes = customers.order_sizes
    if sizes is not None and len(sizes.values) not in (1, n):
        raise ValueError(f"order sizes of {len(sizes.values)} items for {n}")
    shares = np.atleast_2d(np.asarray(customers.priorities, dtype=np.float64))
    if len(shares) not in (1, n) or not (shares >= 0).all() or not np.allclose(shares.sum(axis=1), 1.0):
        raise ValueError(f"priorities must be shares that add up to 1, (c,) or ({n}, c)")
    none = np.empty((n, 0))
    return Chances(
        np.cumsum(lead_times.probability, axis=1),
        none if sizes is None else _rows(np.cumsum(sizes.probability, axis=1), n),
        none if sizes is None else _rows(sizes.values, n),
        _rows(np.cumsum(shares, axis=1), n),
    )


def unmet_of(unmet_demand: str | Flags, customers: Customers, n: int) -> tuple[Floats, Floats]:
    """Share of unmet demand that is lost at once, and the patience of the rest; (n,).

    Raises
    ------
    ValueError
        An unknown mode, or customers who leave although the mode says that they wait, or that all is lost.
    """
    patience = each("patience", customers.patience, n, 0.0)
    finite = np.isfinite(patience)
    if not np.equal(patience[finite], np.rint(patience[finite])).all():
        raise ValueError("patience must be whole periods")
    share = each("lost_share", customers.lost_share, n, 0.0, 1.0)
    if isinstance(unmet_demand, str) and unmet_demand == "mixed":
        return np.where(patience == 0, 1.0, share), patience
    if finite.any() or share.any():
        raise ValueError('patience and lost_share are for unmet_demand = "mixed"')
    if isinstance(unmet_demand, str):
        if unmet_demand not in ("backorder", "lost"):
            raise ValueError(f"unmet_demand is {unmet_demand!r}; allowed are backorder, lost and mixed")
        return np.full(n, 1.0 if unmet_demand == "lost" else 0.0), patience
    if unmet_demand.shape != (n,):
        raise ValueError(f"unmet_demand has shape {unmet_demand.shape}; expected ({n},)")
    return unmet_demand.astype(np.float64), patience


def _rows(table: Floats, n: int) -> Floats:
    return np.ascontiguousarray(np.broadcast_to(table, (n, table.shape[1])))


def _or_never(periods: Floats) -> Integers:
    """Whole periods, and -1 for infinitely many."""
    return np.where(np.isfinite(periods), periods, -1.0).astype(np.int64)
