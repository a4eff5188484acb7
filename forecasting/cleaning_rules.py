"""What a planner knows better: repairs of history to leave undone, and order lines that tell a bulk order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from forecasting.panel import DemandPanel

__all__ = ["LOG_COLUMNS", "CleaningRules", "Keep", "OrderLines"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
# One log for every change; further columns follow.
LOG_COLUMNS = ("code", "sku", "location", "date", "before", "after", "reason")


@dataclass(frozen=True)
class Keep:
    """A repair that shall not be made again; what is left empty holds for all.

    Attributes
    ----------
    code, sku, location : as in the log. day : days since 1970-01-01 of the log's date; None for every date.
    """

    code: str = ""
    sku: str = ""
    location: str = ""
    day: int | None = None

    def covers(self, code: str, sku: str, location: str, day: int) -> bool:
        """Whether it speaks of this repair."""
        return (
            self.code in ("", code)
            and self.sku in ("", sku)
            and self.location in ("", location)
            and self.day in (None, day)
        )


@dataclass(frozen=True, eq=False)
class OrderLines:
    """Single order lines of customers, k of m items, in any order.

    Attributes
    ----------
    skus, locations : tuples of m. item : int64 (k,), which of them each line is of. days : int64 (k,), days since
        1970-01-01. units : float64 (k,).
    """

    skus: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    item: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    days: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    units: Floats = field(default_factory=lambda: np.empty(0))

    def rows(self, panel: DemandPanel) -> Integers:
        """The row of the panel that each line is of, -1 where it has none."""
        place = {key: i for i, key in enumerate(panel.keys)}
        of_item = [place.get(key, -1) for key in zip(self.skus, self.locations, strict=True)]
        return np.array(of_item, dtype=np.int64)[self.item]

    def largest(self, panel: DemandPanel) -> tuple[Integers, Integers, Floats]:
        """Return row, period and units of the largest line of each cell of the panel that has any, in order."""
        row = self.rows(panel)
        period = np.asarray(panel.calendar.index_of(self.days), dtype=np.int64)
        inside = (row >= 0) & (period >= 0) & (period < panel.calendar.periods)
        cell, at = np.unique(row[inside] * panel.calendar.periods + period[inside], return_inverse=True)
        units = np.zeros(len(cell))
        np.maximum.at(units, at, self.units[inside])
        return cell // panel.calendar.periods, cell % panel.calendar.periods, units


@dataclass(frozen=True, eq=False)
class CleaningRules:
    """How history is to be cleaned: ``keep`` lists repairs to leave undone, ``lines`` the customers' order lines."""

    keep: tuple[Keep, ...] = ()
    lines: OrderLines = field(default_factory=OrderLines)

    def keeps(self, panel: DemandPanel, code: str, row: int, period: int) -> bool:
        """Whether a repair of one cell is to be left undone."""
        day = int(panel.calendar.openings[period])
        return any(k.covers(code, panel.skus[row], panel.locations[row], day) for k in self.keep)
