"""Order days: against Python's own calendar, day by day."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from replenishment.order_rules.order_days import days_between_orders, days_to_order_day

EPOCH = dt.date(1970, 1, 1)
weekdays = st.sets(st.integers(0, 6))


def flags(days: set[int]) -> np.ndarray:
    return np.array([[k in days for k in range(7)]])


def first_order_day(day: int, allowed: set[int]) -> int:
    while allowed and (EPOCH + dt.timedelta(days=day)).weekday() not in allowed:
        day += 1
    return day


@given(st.integers(-3000, 40_000), weekdays)
def test_the_next_order_day_is_the_first_allowed_one(day: int, allowed: set[int]) -> None:
    assert days_to_order_day(day, flags(allowed))[0] == first_order_day(day, allowed) - day


@given(st.integers(0, 40_000), weekdays, st.integers(0, 30))
def test_an_order_lasts_until_the_first_order_day_after_a_review_interval(
    day: int, allowed: set[int], review: int
) -> None:
    found = days_between_orders(day, flags(allowed), [review])[0]
    assert found == first_order_day(day + max(review, 1), allowed) - day


def test_monday_and_thursday_give_intervals_of_three_and_four_days() -> None:
    monday = (dt.date(2025, 5, 5) - EPOCH).days
    days = np.array([monday, monday + 3])
    assert days_between_orders(days, np.repeat(flags({0, 3}), 2, axis=0), [1, 1]).tolist() == [3, 4]
