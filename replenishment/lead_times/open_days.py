"""Days on which goods are received: weekdays without receipts, and periods announced as closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["OpenDays", "closed_weekdays"]

Integers = npt.NDArray[np.int64]

# 1970-01-01 was a Thursday.
_EPOCH_WEEKDAY: Final = 3
# With so many orders received, a weekday with less than a hundredth of them is one on which nothing is received.
_ENOUGH: Final = 100
_NEVER_SHARE: Final = 0.01


def closed_weekdays(received: Integers) -> tuple[int, ...]:
    """Return the weekdays (Monday = 0) on which nothing is received.

    Parameters
    ----------
    received : days of receipt since 1970-01-01, one an order; those of all suppliers, so that the habits of one order
        day do not look like a closed door. With fewer than 100 every weekday counts as open.
    """
    if len(received) < _ENOUGH:
        return ()
    counts = np.bincount((received + _EPOCH_WEEKDAY) % 7, minlength=7)
    return tuple(int(day) for day in np.flatnonzero(counts < _NEVER_SHARE * len(received)))


@dataclass(frozen=True)
class OpenDays:
    """A clock that stands still on closed days.

    Attributes
    ----------
    weekdays : closed weekdays, Monday = 0. periods : closed from the first to the last day, both included, as days
        since 1970-01-01; in any order, they may overlap.
    """

    weekdays: tuple[int, ...] = ()
    periods: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not set(self.weekdays) < set(range(7)):
            raise ValueError(f"weekdays is {self.weekdays}; it must name some of 0 (Monday) to 6, not all")
        for first, last in self.periods:
            if last < first:
                raise ValueError(f"periods has one that ends on day {last}, before it begins on {first}")

    def reading(self, days: npt.ArrayLike) -> Integers:
        """Count the open days up to and with each day, from a fixed day on; differences are waits in open days."""
        day = np.asarray(days, dtype=np.int64)
        read = self._weekly(day)
        for first, last in self._merged():
            inside = np.clip(day, first - 1, last)
            read = read - (self._weekly(inside) - self._weekly(np.asarray(first - 1)))
        return np.asarray(read, dtype=np.int64)

    @property
    def per_day(self) -> float:
        """Open days in a day of an ordinary week."""
        return (7 - len(set(self.weekdays))) / 7

    def _weekly(self, day: Integers) -> Integers:
        """Open days of ordinary weeks up to and with each day."""
        opens = np.array([weekday not in self.weekdays for weekday in range(7)], dtype=np.int64)
        weeks, weekday = np.divmod(day + _EPOCH_WEEKDAY, 7)
        return np.asarray(weeks * opens.sum() + np.cumsum(opens)[weekday])

    def _merged(self) -> list[tuple[int, int]]:
        merged: list[tuple[int, int]] = []
        for first, last in sorted(self.periods):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return merged
