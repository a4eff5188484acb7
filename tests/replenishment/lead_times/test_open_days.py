"""The clock that stands still on closed days, against counting day by day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.lead_times import OpenDays, closed_weekdays

MONDAY = (dt.date(2025, 5, 5) - dt.date(1970, 1, 1)).days


@given(
    weekdays=st.sets(st.integers(0, 6), max_size=6),
    periods=st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 25)), max_size=4),
    start=st.integers(-60, 60),
    wait=st.integers(0, 90),
)
def test_a_wait_counts_the_open_days_after_its_first(
    weekdays: set[int], periods: list[tuple[int, int]], start: int, wait: int
) -> None:
    shut = tuple((MONDAY + first, MONDAY + first + more) for first, more in periods)
    clock = OpenDays(tuple(weekdays), shut)
    begin, end = MONDAY + start, MONDAY + start + wait
    by_hand = 0
    for day in range(begin + 1, end + 1):
        date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
        by_hand += date.weekday() not in weekdays and not any(first <= day <= last for first, last in shut)
    found = clock.reading(np.array([begin, end]))
    assert found[1] - found[0] == by_hand


def test_an_ordinary_week_has_its_open_days() -> None:
    assert OpenDays((5, 6)).per_day == 5 / 7
    assert OpenDays().per_day == 1.0


def test_weekdays_without_receipts_are_seen_in_many_of_them_only() -> None:
    working = MONDAY + np.array([7 * week + day for week in range(30) for day in range(5)])
    assert closed_weekdays(working) == (5, 6)
    assert closed_weekdays(np.append(working, MONDAY + 5)) == (5, 6)
    assert closed_weekdays(np.append(working, MONDAY + 5 + 7 * np.arange(3))) == (6,)
    assert closed_weekdays(working[:99]) == ()


def test_a_week_without_an_open_day_and_a_period_that_ends_before_it_begins_are_refused() -> None:
    with pytest.raises(ValueError, match="not all"):
        OpenDays(tuple(range(7)))
    with pytest.raises(ValueError, match="before it begins"):
        OpenDays((), ((5, 4),))
