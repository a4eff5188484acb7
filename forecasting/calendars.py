"""Periods of a regular calendar: days, weeks that begin on a given weekday, months.

Days are counted as in ``numpy.datetime64[D]``: 0 is 1970-01-01, a Thursday.
A period is named by its first day, its *opening*. An opening is where decisions are made.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["DAYS_PER_YEAR", "Frequency", "PeriodCalendar", "infer_frequency"]

DAYS_PER_YEAR: Final = 365.0
WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_EPOCH_WEEKDAY: Final = 3

Days = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Frequency:
    """A regular period length: ``"D"``, ``"W-MON"`` to ``"W-SUN"`` (weeks that begin on that day) or ``"MS"``."""

    code: str

    def __post_init__(self) -> None:
        known = ["D", *(f"W-{day}" for day in WEEKDAYS), "MS"]
        if self.code not in known:
            raise ValueError(f"frequency is {self.code!r}; allowed are {', '.join(known)}")

    def __str__(self) -> str:
        return self.code

    @property
    def weekday(self) -> int:
        """The first weekday of a weekly period, Monday = 0."""
        return WEEKDAYS.index(self.code[2:])

    @property
    def mean_days(self) -> float:
        """The mean number of days in a period (a year has 365 days)."""
        return {"D": 1.0, "MS": DAYS_PER_YEAR / 12}.get(self.code, 7.0)

    @property
    def periods_per_year(self) -> int:
        """Whole periods in a year: 365, 52 or 12."""
        return round(DAYS_PER_YEAR / self.mean_days) if self.code != "D" else 365

    def period_number(self, days: npt.ArrayLike) -> Days:
        """Number each day's period, counted from the period that holds 1970-01-01.

        Parameters
        ----------
        days : integers, days since 1970-01-01, any shape.
        """
        day = np.asarray(days, dtype=np.int64)
        if self.code == "D":
            return day
        if self.code == "MS":
            return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return (day + _EPOCH_WEEKDAY - self.weekday) // 7

    def opening(self, period_numbers: npt.ArrayLike) -> Days:
        """Return the first day of each numbered period, as days since 1970-01-01."""
        number = np.asarray(period_numbers, dtype=np.int64)
        if self.code == "D":
            return number
        if self.code == "MS":
            return number.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        return number * 7 - _EPOCH_WEEKDAY + self.weekday


@dataclass(frozen=True)
class PeriodCalendar:
    """``periods`` consecutive periods of ``frequency``; the first opens on day ``first_day``.

    Attributes
    ----------
    frequency : Frequency
    first_day : int, days since 1970-01-01; must be an opening.
    periods : int, at least 0.
    """

    frequency: Frequency
    first_day: int
    periods: int

    def __post_init__(self) -> None:
        number = self.frequency.period_number(self.first_day)
        if int(self.frequency.opening(number)) != self.first_day:
            raise ValueError(f"first day {day_to_date(self.first_day)} is no opening of frequency {self.frequency}")
        if self.periods < 0:
            raise ValueError(f"periods is {self.periods}; it must be at least 0")

    @property
    def openings(self) -> Days:
        """The first day of every period and, last, the day after the calendar; shape (periods + 1,)."""
        return self.openings_from(0, self.periods + 1)

    @property
    def end_day(self) -> int:
        """The opening of the first period after the calendar."""
        return int(self.openings_from(self.periods, 1)[0])

    @property
    def dates(self) -> npt.NDArray[np.datetime64]:
        """The first day of every period; ``datetime64[D]`` of shape (periods,)."""
        return self.openings[:-1].astype("datetime64[D]")

    def openings_from(self, start: int, count: int) -> Days:
        """Return ``count`` openings from period ``start`` on (which may lie beyond the calendar)."""
        first = int(self.frequency.period_number(self.first_day))
        return self.frequency.opening(first + start + np.arange(count))

    def index_of(self, days: npt.ArrayLike) -> Days:
        """Return the position of each day's period: 0 for the first; negative or >= periods when outside."""
        return self.frequency.period_number(days) - int(self.frequency.period_number(self.first_day))

    def until(self, periods: int) -> PeriodCalendar:
        """Return the first ``periods`` periods."""
        return PeriodCalendar(self.frequency, self.first_day, periods)

    def openings_to_wait(self, days: npt.ArrayLike, at: int | None = None) -> Days:
        """Return how many openings pass until the first one at or after opening + ``days``.

        The rule of the clock: what is ordered at opening ``at`` with a lead time of ``days`` is available
        at the first opening at or after it. A lead time of 0 days is available at once.

        Parameters
        ----------
        days : lead times in days, any shape, finite and not negative.
        at : index of the opening from which days are counted; default: the end of the calendar.
        """
        exact = np.asarray(days, dtype=np.float64)
        if exact.size and (not np.isfinite(exact).all() or exact.min() < 0):
            raise ValueError("a number of days must be finite and at least 0")
        wait = np.ceil(exact - 1e-9)
        start = self.periods if at is None else at
        opening = int(self.openings_from(start, 1)[0])
        due = opening + wait.astype(np.int64)
        number = self.frequency.period_number(due)
        number = number + (self.frequency.opening(number) < due)
        return number - int(self.frequency.period_number(opening))


def infer_frequency(days: Days) -> Frequency:
    """Name the frequency on which distinct days lie: months, weeks or, failing both, days.

    Parameters
    ----------
    days : distinct days since 1970-01-01, in any order.

    Raises
    ------
    ValueError
        If there is no day at all.
    """
    if not len(days):
        raise ValueError("no dates: the frequency can't be inferred; set frequency")
    distinct = np.unique(days)
    if len(distinct) > 1:
        if (distinct.astype("datetime64[D]") == distinct.astype("datetime64[D]").astype("datetime64[M]")).all():
            return Frequency("MS")
        weekday = (distinct + _EPOCH_WEEKDAY) % 7
        if (weekday == weekday[0]).all():
            return Frequency(f"W-{WEEKDAYS[int(weekday[0])]}")
    return Frequency("D")


def day_to_date(day: int) -> dt.date:
    """Turn days since 1970-01-01 into a date."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


def date_to_day(date: dt.date) -> int:
    """Turn a date (or the date part of a timestamp) into days since 1970-01-01."""
    return dt.date(date.year, date.month, date.day).toordinal() - dt.date(1970, 1, 1).toordinal()
