"""What the dates alone say: frequency, span, the last complete period."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.assembly.rows import RowSource, days_of
from forecasting.assembly.rules import AssemblyRules
from forecasting.calendars import Frequency, PeriodCalendar, date_to_day, day_to_date, infer_frequency
from forecasting.kernels.scatter import mark_days

__all__ = ["Span", "scan_dates"]

_END_OF_TIME: Final = int(np.iinfo(np.int32).max)
_FIRST_DAY: Final = date_to_day(dt.date(1900, 1, 1))
_DAYS: Final = date_to_day(dt.date(2200, 1, 1)) - _FIRST_DAY


@dataclass(frozen=True)
class Span:
    """What the dates alone say."""

    calendar: PeriodCalendar
    slot_of_day: npt.NDArray[np.int32]  # day - first day of the table -> column of the row counter, -1: not used
    period_of_slot: npt.NDArray[np.int32]
    one_slot_a_period: bool  # no two days with rows share a period
    known_periods: int  # complete periods; later ones, before as_of, are missing
    partial_day: int | None  # the opening of a partial last period
    ignored_from: int  # days from here on lie at or after as_of
    last_day: int
    offset: int
    silence: tuple[dt.date, dt.date] | None


def scan_dates(source: RowSource, rules: AssemblyRules) -> Span:
    """Read the dates of all rows once, and say which periods they span and where each day belongs.

    Raises
    ------
    ValueError
        No row, none before as_of, none of a complete period; a date before 1900 or after 2199; an as_of that is no
        opening of the frequency.
    """
    seen = np.zeros(_DAYS, dtype=np.uint8)
    for batch in source.scan(["date"]):
        outside = mark_days(days_of(batch.column("date")), _FIRST_DAY, seen)
        if outside:
            raise ValueError(f"{outside} dates lie before 1900 or after 2199; correct or remove these rows")
    days = np.flatnonzero(seen) + _FIRST_DAY
    if not len(days):
        raise ValueError("sales has no rows: a panel can't be made of nothing")
    used = days if rules.as_of is None else days[days < date_to_day(rules.as_of)]
    if not len(used):
        raise ValueError(f"sales has no row before as_of {rules.as_of}; its first day is {day_to_date(days[0])}")
    frequency = Frequency(rules.frequency) if rules.frequency else infer_frequency(used)
    first = int(frequency.opening(frequency.period_number(used[0])))
    last_number = int(frequency.period_number(used[-1]))
    next_opening = int(frequency.opening(last_number + 1))
    by_period = bool((frequency.opening(frequency.period_number(used)) == used).all())
    partial = not by_period and _rows_were_to_come(used, next_opening)
    last_opening = int(frequency.opening(last_number))
    known_end = last_opening if partial else next_opening
    end = _end_day(rules.as_of, frequency, known_end)
    calendar = PeriodCalendar(frequency, first, int(frequency.period_number(end) - frequency.period_number(first)))
    known = int(calendar.index_of(known_end))
    if known <= 0:
        raise ValueError(
            f"sales covers no complete period of frequency {frequency}: {day_to_date(first)} to {day_to_date(days[-1])}"
        )
    kept = used[used < known_end]
    period = calendar.index_of(kept).astype(np.int32)
    own_period = len(np.unique(period)) == len(period)
    slot_of_day = np.full(int(days[-1] - days[0]) + 1, -1, dtype=np.int32)
    # Where no two days share a period the slots are the periods; else they number the days that occur.
    slot_of_day[kept - days[0]] = period if own_period else np.arange(len(kept))
    return Span(
        calendar=calendar,
        slot_of_day=slot_of_day,
        period_of_slot=np.arange(calendar.periods, dtype=np.int32) if own_period else period,
        one_slot_a_period=own_period,
        known_periods=known,
        partial_day=last_opening if partial else None,
        ignored_from=_END_OF_TIME if rules.as_of is None else end,
        last_day=int(days[-1]),
        offset=int(days[0]),
        silence=_longest_silence(kept, frequency),
    )


def _longest_silence(days: npt.NDArray[np.int64], frequency: Frequency) -> tuple[dt.date, dt.date] | None:
    """The longest stretch without any row, if it is longer than two months and three periods."""
    steps = np.diff(days)
    if not len(steps) or steps.max() <= max(62.0, 3 * frequency.mean_days):
        return None
    at = int(np.argmax(steps))
    return day_to_date(int(days[at])), day_to_date(int(days[at + 1]))


def _rows_were_to_come(days: npt.NDArray[np.int64], next_opening: int) -> bool:
    """Whether days on which rows usually come lie between the last row and the end of its period.

    A weekday on which no row ever came is a day of rest: a week that ends with it is complete without it.
    """
    rest = np.arange(int(days[-1]) + 1, next_opening)
    return bool(np.isin(rest % 7, np.unique(days % 7)).any())


def _end_day(as_of: dt.date | None, frequency: Frequency, known_end: int) -> int:
    if as_of is None:
        return known_end
    day = date_to_day(as_of)
    before = int(frequency.opening(frequency.period_number(day)))
    if before != day:
        after = int(frequency.opening(frequency.period_number(day) + 1))
        raise ValueError(
            f"as_of {day_to_date(day)} is no opening of frequency {frequency}; "
            f"use {day_to_date(before)} or {day_to_date(after)}"
        )
    return day
