"""What is known of coming periods: whom a row concerns, when it was known, and how several rows add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.calendars import Frequency, PeriodCalendar
from pipelines.checking import check_table
from pipelines.jobs.ahead import known_ahead
from pipelines.quarantine import Findings
from pipelines.readers import open_table
from tests.pipelines.shop import AS_OF, made, one_item, planned

ITEMS = pd.DataFrame(
    {
        "sku": ["A", "A", "B", "C"],
        "location": ["x", "y", "x", "x"],
        "category": ["tools", "tools", "tools", "paint"],
        "available_from": pd.Series([pd.NaT] * 4, dtype="datetime64[ns]"),
        "discontinued_on": pd.Series([pd.NaT] * 4, dtype="datetime64[ns]"),
    }
)
NONE = np.ones((4, 0), dtype=np.float32)


def coming(periods: int) -> list[str]:
    return [str(AS_OF + pd.Timedelta(days=7 * k))[:10] for k in range(periods)]


@pytest.fixture
def calendar() -> PeriodCalendar:
    """Weeks up to AS_OF, as the panel of a plan has them."""
    return made(one_item([3.0] * 30, lead_time_days=7), simulation_paths=0).panel.calendar


def ahead(calendar: PeriodCalendar, *rows: dict[str, Any], items: pd.DataFrame = ITEMS, reach: int = 4) -> Any:
    table = check_table(open_table("known_ahead", pd.DataFrame(list(rows))), Findings(), 0.0) if rows else None
    return known_ahead(table, items, calendar, reach)


def test_nothing_known_changes_nothing(calendar: PeriodCalendar) -> None:
    assert calendar.frequency == Frequency("W-MON")
    for array in ahead(calendar):
        assert array.shape == (4, 0)
        assert array.dtype == np.float32


@pytest.mark.parametrize(
    ("where", "concerned"),
    [
        ({}, [1, 1, 1, 1]), ({"sku": "A"}, [1, 1, 0, 0]), ({"location": "x"}, [1, 0, 1, 1]),
        ({"category": "tools"}, [1, 1, 1, 0]), ({"category": "tools", "location": "x"}, [1, 0, 1, 0]),
        ({"sku": "A", "location": "y"}, [0, 1, 0, 0]), ({"sku": "A", "category": "paint"}, [0, 0, 0, 0]),
        ({"sku": "unheard of"}, [0, 0, 0, 0]),
    ],
    ids=str,
)  # fmt: skip
def test_a_row_concerns_the_items_that_all_it_names_hold_for(
    calendar: PeriodCalendar, where: dict[str, str], concerned: list[int]
) -> None:
    factor, extra = ahead(calendar, {"date": coming(3)[2], "uplift": 1.5, "extra_quantity": 7.0, **where})
    assert factor[:, 2].tolist() == [1.5 if c else 1.0 for c in concerned]
    assert extra[:, 2].tolist() == [7.0 if c else 0.0 for c in concerned]
    assert (factor[:, :2] == 1.0).all()
    assert (extra[:, :2] == 0.0).all()


def test_several_rows_of_one_period_multiply_and_add_and_an_empty_value_says_nothing(calendar: PeriodCalendar) -> None:
    day = coming(2)[1]
    factor, extra = ahead(
        calendar,
        {"date": day, "uplift": 1.5, "sku": "A"},
        {"date": str(pd.Timestamp(day) + pd.Timedelta(days=6))[:10], "uplift": 2.0, "extra_quantity": 3.0},
        {"date": day, "extra_quantity": 4.0, "promotion": "campaign"},
        {"date": day, "price": 3.0, "promotion": "cheaper"},
    )
    assert factor[:, 1].tolist() == [3.0, 3.0, 2.0, 2.0]
    assert extra[:, 1].tolist() == [7.0] * 4


def test_a_closing_day_has_no_demand(calendar: PeriodCalendar) -> None:
    factor, _ = ahead(calendar, {"date": coming(1)[0], "uplift": 0.0, "promotion": "closed"})
    assert factor[:, 0].tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("known_since", "seen"),
    [(None, True), ("2020-01-01", True), ("2025-05-04", True), ("2025-05-05", True), ("2025-05-06", False),
     ("2026-01-01", False)],
)  # fmt: skip
def test_what_was_not_known_at_as_of_is_not_seen(calendar: PeriodCalendar, known_since: Any, seen: bool) -> None:
    """as_of is Monday, 5 May 2025; decisions are made at that opening."""
    other = {"date": coming(1)[0], "known_since": "2025-01-01", "uplift": 1.0}
    row = {"date": coming(2)[1], "uplift": 1.5, "extra_quantity": 2.0, "known_since": known_since}
    factor, extra = ahead(calendar, other, row)
    assert factor[:, 1:2].tolist() == ([[1.5]] * 4 if seen else [[]] * 4)
    assert extra.sum() == (8.0 if seen else 0.0)


def test_days_that_are_past_are_history_and_change_nothing_ahead(calendar: PeriodCalendar) -> None:
    factor, extra = ahead(
        calendar, {"date": "2025-05-04", "uplift": 9.0}, {"date": "2020-01-01", "extra_quantity": 9.0}
    )
    assert factor.shape == extra.shape == (4, 0)


def test_an_item_is_demanded_neither_before_its_life_nor_after(calendar: PeriodCalendar) -> None:
    """A period belongs to the life as soon as a day of it does; extra units of a dead item are none."""
    openings = coming(5)
    in_week = [str(pd.Timestamp(opening) + pd.Timedelta(days=3))[:10] for opening in openings]
    items = ITEMS.assign(
        discontinued_on=pd.to_datetime([openings[2], None, in_week[2], None]),
        available_from=pd.to_datetime([None, openings[1], None, in_week[1]]),
    )
    factor, extra = ahead(calendar, {"date": openings[3], "extra_quantity": 5.0, "uplift": 2.0}, items=items)
    assert factor.tolist() == [[1, 1, 0, 0], [0, 1, 1, 2], [1, 1, 1, 0], [0, 1, 1, 2]]
    assert extra[:, 3].tolist() == [0, 5, 0, 5]


# In a plan


SALES = [5.0, 7.0, 4.0, 6.0, 8.0, 5.0, 6.0, 7.0, 5.0, 6.0] * 6


def recommended(rows: list[dict[str, Any]] | None = None, **item: Any) -> pd.Series:
    tables = one_item(SALES, **{"lead_time_days": 14, "unit_cost": 1.0, **item})
    if rows is not None:
        tables["known_ahead"] = pd.DataFrame(rows)
    return planned(tables, policy="order_up_to", simulation_paths=0).recommendations.iloc[0]


def test_an_uplift_inside_the_protection_interval_raises_demand_and_order_and_one_beyond_does_not() -> None:
    """Lead time of two weeks and a weekly review: three weeks are protected."""
    plain = recommended()
    inside = recommended([{"date": coming(3)[2], "uplift": 2.0, "sku": "A"}])
    assert inside["demand_mean"] == pytest.approx(plain["demand_mean"] * 4 / 3, rel=0.05)
    assert inside["order_quantity"] > plain["order_quantity"]
    beyond = recommended([{"date": coming(4)[3], "uplift": 2.0, "sku": "A"}])
    assert beyond["demand_mean"] == plain["demand_mean"]
    assert beyond["order_quantity"] == plain["order_quantity"]


def test_extra_units_are_ordered_in_full() -> None:
    plain, more = recommended(), recommended([{"date": coming(2)[1], "extra_quantity": 100.0}])
    assert more["demand_mean"] == pytest.approx(plain["demand_mean"] + 100, abs=0.01)
    assert more["order_up_to"] == pytest.approx(plain["order_up_to"] + 100, abs=1)


def test_a_week_that_is_closed_lowers_demand() -> None:
    plain, closed = recommended(), recommended([{"date": coming(1)[0], "uplift": 0.0}])
    assert closed["demand_mean"] == pytest.approx(plain["demand_mean"] * 2 / 3, rel=0.05)


def test_what_is_learnt_after_as_of_changes_no_plan() -> None:
    late = recommended([{"date": coming(2)[1], "uplift": 5.0, "known_since": "2025-05-06"}])
    pd.testing.assert_series_equal(late, recommended())


def test_an_end_of_life_inside_the_protection_interval_leaves_only_the_demand_before_it() -> None:
    plain = recommended()
    ending = recommended(discontinued_on=pd.Timestamp(coming(2)[1]))
    assert ending["demand_mean"] == pytest.approx(plain["demand_mean"] / 3, rel=0.05)
    assert ending["order_quantity"] < plain["order_quantity"]
    later = recommended(discontinued_on=pd.Timestamp(coming(40)[39]))
    assert later["demand_mean"] == plain["demand_mean"]
