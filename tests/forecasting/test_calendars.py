"""Calendars against plain date arithmetic and pandas."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day, day_to_date, infer_frequency
from tests.forecasting.panels import FREQUENCIES

frequencies = st.sampled_from(FREQUENCIES)
dates = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))


def opening_before(date: dt.date, code: str) -> dt.date:
    """Step back, day by day, to the first day of the period."""
    weekdays = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    while not (
        code == "D" or (code == "MS" and date.day == 1) or (code != "MS" and weekdays[date.weekday()] == code[2:])
    ):
        date -= dt.timedelta(days=1)
    return date


def calendar_from(date: dt.date, code: str, periods: int = 5) -> PeriodCalendar:
    return PeriodCalendar(Frequency(code), date_to_day(opening_before(date, code)), periods)


@pytest.mark.parametrize("code", ["W", "W-mon", "M", "ME", "H", "", "2W-MON"])
def test_a_frequency_outside_the_contract_is_refused_with_the_allowed_ones(code: str) -> None:
    with pytest.raises(ValueError, match=r"allowed are D, W-MON, .*W-SUN, MS"):
        Frequency(code)


@pytest.mark.parametrize(
    ("code", "days", "periods"), [("D", 1.0, 365), ("W-MON", 7.0, 52), ("W-SUN", 7.0, 52), ("MS", 365 / 12, 12)]
)
def test_a_year_of_365_days_gives_the_mean_length_and_number_of_periods(code: str, days: float, periods: int) -> None:
    assert Frequency(code).mean_days == pytest.approx(days)
    assert Frequency(code).periods_per_year == periods


@given(code=frequencies, date=dates)
def test_a_day_belongs_to_the_period_whose_opening_came_last(code: str, date: dt.date) -> None:
    frequency = Frequency(code)
    number = frequency.period_number(date_to_day(date))
    assert day_to_date(int(frequency.opening(number))) == opening_before(date, code)


@pytest.mark.parametrize("code", FREQUENCIES)
def test_openings_are_those_of_pandas_from_1968_to_2102(code: str) -> None:
    """The leap years 2024 and 2028, the common year 2100 and the days before 1970 are all in it."""
    expected = pd.date_range("1968-01-01", "2102-12-31", freq=code).to_numpy().astype("datetime64[D]")
    calendar = PeriodCalendar(Frequency(code), int(expected[0].astype(np.int64)), len(expected))
    np.testing.assert_array_equal(calendar.dates, expected)
    np.testing.assert_array_equal(calendar.index_of(expected.astype(np.int64)), np.arange(len(expected)))


@pytest.mark.parametrize(("year", "days"), [(2024, 29), (2028, 29), (2100, 28), (2000, 29)])
def test_february_has_the_days_of_its_year(year: int, days: int) -> None:
    openings = calendar_from(dt.date(year, 2, 1), "MS").openings
    assert openings[1] - openings[0] == days
    assert calendar_from(dt.date(year, 2, 1), "D").index_of(date_to_day(dt.date(year, 3, 1))) == days


def test_iso_week_53_is_one_week_across_the_new_year() -> None:
    days = [dt.date(2020, 12, 28) + dt.timedelta(days=k) for k in range(14)]
    weeks = Frequency("W-MON").period_number([date_to_day(day) for day in days])
    assert [day.isocalendar().week for day in days] == [53] * 7 + [1] * 7
    np.testing.assert_array_equal(weeks - weeks[0], [0] * 7 + [1] * 7)


def test_a_calendar_ends_at_the_opening_after_its_last_period() -> None:
    calendar = PeriodCalendar(Frequency("W-SUN"), date_to_day(dt.date(2024, 12, 22)), 3)
    assert day_to_date(calendar.end_day) == dt.date(2025, 1, 12)
    assert calendar.openings[-1] == calendar.end_day
    assert len(calendar.dates) == 3


@given(code=frequencies, start=dates, date=dates)
def test_a_day_before_the_calendar_has_a_negative_index_and_one_after_it_an_index_beyond(
    code: str, start: dt.date, date: dt.date
) -> None:
    calendar = calendar_from(start, code)
    index, day = int(calendar.index_of(date_to_day(date))), date_to_day(date)
    assert (index < 0) == (day < calendar.first_day)
    assert (index >= calendar.periods) == (day >= calendar.end_day)


def test_a_calendar_must_begin_at_an_opening() -> None:
    with pytest.raises(ValueError, match="2024-01-02 is no opening of frequency W-MON"):
        PeriodCalendar(Frequency("W-MON"), date_to_day(dt.date(2024, 1, 2)), 3)
    with pytest.raises(ValueError, match="2024-01-02 is no opening of frequency MS"):
        PeriodCalendar(Frequency("MS"), date_to_day(dt.date(2024, 1, 2)), 3)


def test_a_calendar_cannot_have_less_than_no_period() -> None:
    with pytest.raises(ValueError, match="periods is -1"):
        PeriodCalendar(Frequency("D"), 0, -1)
    assert PeriodCalendar(Frequency("D"), 0, 0).end_day == 0


def test_the_first_periods_of_a_calendar_are_a_calendar() -> None:
    calendar = calendar_from(dt.date(2024, 1, 1), "MS", 12)
    np.testing.assert_array_equal(calendar.until(3).dates, calendar.dates[:3])


@given(code=frequencies, start=dates, days=st.one_of(st.integers(0, 800), st.floats(0, 800)), at=st.integers(-3, 9))
def test_what_is_ordered_waits_for_the_first_opening_at_or_after_its_lead_time(
    code: str, start: dt.date, days: float, at: int
) -> None:
    calendar = calendar_from(start, code)
    openings = calendar.openings_from(at, 805)
    due = openings[0] + math.ceil(days - 1e-9)  # what arrives during a day is there on the next one
    expected = next(wait for wait in range(805) if openings[wait] >= due)
    assert calendar.openings_to_wait(days, at) == expected


def test_days_are_counted_from_the_end_of_the_calendar_unless_told_otherwise() -> None:
    """January has 31 days: counted from 1 February 2024, 29 days reach 1 March and 30 days wait for 1 April."""
    calendar = calendar_from(dt.date(2024, 1, 1), "MS", 1)
    np.testing.assert_array_equal(calendar.openings_to_wait([0, 1, 29, 30]), [0, 1, 1, 2])
    np.testing.assert_array_equal(calendar.openings_to_wait([0, 1, 31, 32], at=0), [0, 1, 1, 2])


@pytest.mark.parametrize("days", [-1.0, -7, math.inf, math.nan])
def test_a_lead_time_that_is_negative_or_not_finite_is_refused(days: float) -> None:
    with pytest.raises(ValueError, match="finite and at least 0"):
        calendar_from(dt.date(2024, 1, 1), "D").openings_to_wait([3.0, days])


def test_a_lead_time_of_minus_half_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="finite and at least 0"):
        calendar_from(dt.date(2024, 1, 1), "D").openings_to_wait(-0.5)


@pytest.mark.parametrize("code", FREQUENCIES)
def test_the_frequency_is_inferred_from_openings_in_any_order_and_with_gaps(code: str) -> None:
    days = calendar_from(dt.date(2024, 1, 15), code, 40).openings
    kept = np.random.default_rng(1).permutation(days)[:25]
    assert infer_frequency(kept).code == code


def test_one_day_alone_is_daily_and_no_day_is_an_error() -> None:
    assert infer_frequency(np.array([date_to_day(dt.date(2024, 1, 1))])).code == "D"
    with pytest.raises(ValueError, match="set frequency"):
        infer_frequency(np.array([], dtype=np.int64))


@given(date=dates)
def test_dates_and_days_since_1970_are_the_same_thing(date: dt.date) -> None:
    assert day_to_date(date_to_day(date)) == date
    assert date_to_day(date) == np.datetime64(date).astype(np.int64)
    assert date_to_day(dt.datetime(date.year, date.month, date.day, 23, 59)) == date_to_day(date)
