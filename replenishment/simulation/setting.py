"""A simulation ready to run, piece by piece: which loop tells the story of which item."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS, WAIT_BINS
from replenishment.kernels.simulation.events import run_events
from replenishment.kernels.simulation.lanes import run_lanes
from replenishment.kernels.simulation.sampling import DemandTable
from replenishment.kernels.simulation.settings import Chances, Schedule
from replenishment.simulation.clock import Clock
from replenishment.simulation.demand import DemandSource, SampledDemand
from replenishment.simulation.sharing import Sharing

__all__ = ["WAIT_GROUPS", "Piece", "Setting"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Precision = type[np.floating[Any]]

# Groups of paths whose waits are kept apart, for the standard errors of quantiles.
WAIT_GROUPS = 10
_NO_DEMAND = np.empty((0, 0, 0), dtype=np.float32)
_NO_TABLE = DemandTable(np.empty((0, 1), np.uint32), np.empty((0, 1), np.float32))


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
    rank: Integers  # the items in the order of their identities
    shared_orders: Sharing | None = None
    shared_shipments: Sharing | None = None

    @property
    def shares(self) -> bool:
        """Whether items share anything, so that none can be told alone."""
        return self.shared_orders is not None or self.shared_shipments is not None

    @property
    def wait_shape(self) -> tuple[int, int]:
        """Groups of paths and lengths of waits that are told apart."""
        return min(self.paths, WAIT_GROUPS), min(self.periods + 1, WAIT_BINS)

    @cached_property
    def ordinary(self) -> Flags:
        """Whose story the fast loop can tell: default clock, reliable supply, unmet demand waits or is lost; (n,)."""
        items, n, schedule = self.items, len(self.items), self.schedule
        if not self.clock.is_standard or self.chances.priority.shape[1] > 1:
            return np.zeros(n, dtype=np.bool_)
        return np.asarray(
            np.isinf(schedule.capacity).all(axis=1)
            & (schedule.least_yield == 1.0).all(axis=1)
            & (schedule.error_probability == 0.0).all(axis=1)
            & np.isin(items["lost_share"], (0.0, 1.0))
            & (items["patience"] < 0)
            & ~items["complete"]
            & (items["failure"] == 0.0)
            & (items["shelf_life"] < 0)
            & (items["book_error"] == 0.0)
            & ~((items["backlog"] > 0) & (items["stock"] + items["spread"] + items["lost_share"] > 0))
        )

    def run(self, rows: Integers) -> Piece:
        """Simulate some items on all paths."""
        counts = np.zeros((len(rows), len(COLUMNS) + self.money, self.paths))
        waits = np.zeros((len(rows), *self.wait_shape))
        imbalance = np.empty(len(rows))
        piece = Piece(counts, waits, imbalance)
        demand = None if isinstance(self.source, SampledDemand) else self.demand(rows)
        fast, others = (np.flatnonzero(self.ordinary[rows] == is_fast) for is_fast in (True, False))
        rounded = fast[~self._told_of(fast, piece, rows, demand, np.float32)]
        self._told_of(rounded, piece, rows, demand, np.float64)
        self._told_of(others, piece, rows, demand, None)
        return piece

    def _told_of(
        self, some: Integers, piece: Piece, rows: Integers, demand: Floats32 | None, precision: Precision | None
    ) -> Flags:
        """Fill in some items of a piece: by the fast loop in this precision, or event by event.

        Returns
        -------
        bool, which of them weren't rounded.
        """
        all_of_it = len(some) == len(rows)
        part = piece if all_of_it else Piece(*(np.zeros_like(array[some]) for array in piece))
        own = demand if demand is None or all_of_it else demand[some]
        exact = np.ones(len(some), dtype=np.bool_)
        if precision is not None and len(some):
            self._run_lanes(rows[some], own, precision, part, exact)
        elif len(some):
            self._run_events(rows[some], own, part, np.empty((0, 0, len(COLUMNS))))
        if not all_of_it:
            for whole, told in zip(piece, part, strict=True):
                whole[some] = told
        return exact

    def trace(self, row: int) -> Floats:
        """Follow one item; (paths, periods, COLUMNS)."""
        rows = np.array([row], dtype=np.int64)
        trace = np.empty((self.paths, self.periods, len(COLUMNS)))
        piece = Piece(np.zeros((1, len(COLUMNS), self.paths)), np.zeros((1, 1, WAIT_BINS)), np.empty(1))
        self._run_events(rows, None, piece, trace)
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
        demand = np.require(self.source(rows, self.paths, self.periods), np.float32, ["C", "W"])
        if demand.size and not (demand.min() >= 0 and demand.max() < np.inf):
            raise ValueError("demand must be known and at least 0 in every period")
        return demand

    def _run_lanes(
        self, rows: Integers, demand: Floats32 | None, precision: Precision, piece: Piece, exact: Flags
    ) -> None:
        items, schedule, chances = self._of(rows)
        table = self.source.table if isinstance(self.source, SampledDemand) else _NO_TABLE
        piece.waits[:] = 0.0
        run_lanes(
            _NO_DEMAND if demand is None else demand, table, rows, items, schedule, chances, self.arrivals[rows],
            self.warm_up, 0, self.ages, np.zeros(3, dtype=precision), *piece, exact,
        )  # fmt: skip

    def _run_events(self, rows: Integers, demand: Floats32 | None, piece: Piece, trace: Floats) -> None:
        items, schedule, chances = self._of(rows)
        events = np.array(self.clock.codes, dtype=np.int64)
        met = self.demand(rows) if demand is None else demand
        run_events(met, items, schedule, chances, self.arrivals[rows], events, self.warm_up, 0, *piece, trace)

    def _of(self, rows: Integers) -> tuple[npt.NDArray[Any], Schedule, Chances]:
        """What the loops are told of some items."""
        tables: list[Any] = [table[rows] if len(table) > 1 else table for table in self.schedule]
        schedule = Schedule(*tables)
        return self.items[rows], schedule, Chances(*(table[rows] for table in self.chances))
