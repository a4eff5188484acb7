"""When a released order counts as seen, case by case."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from pipelines.released_orders import MATCH_DAYS, still_unseen

ORDERED, ARRIVES = pd.Timestamp("2025-05-05"), pd.Timestamp("2025-05-19")
LATER = dt.date(2025, 5, 12)


def lines(*changes: dict[str, Any]) -> pd.DataFrame:
    line = {
        "po": "P1", "supplier": "S", "sku": "A", "location": "main", "quantity": 12.0, "order_date": ORDERED,
        "arrival_date": ARRIVES, "as_of": ORDERED,
    }  # fmt: skip
    return pd.DataFrame([{**line, **change} for change in changes or ({},)])


def rows(**values: Any) -> pd.DataFrame:
    row = {"sku": "A", "location": "main", "quantity": 12.0, "due_date": ARRIVES, "ordered_on": ORDERED, "po": None}
    return pd.DataFrame([{**row, **values}])


NOTHING = rows().iloc[:0]


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        ({"po": "P1"}, True),
        ({"po": "P1", "quantity": 3.0, "ordered_on": pd.NaT}, True),
        ({"po": "P1", "sku": "B"}, False),
        ({"po": "P1", "location": "other"}, False),
        ({"po": "4711"}, True),
        ({}, True),
        ({"quantity": 11.0}, False),
        ({"supplier": "S"}, True),
        ({"supplier": "T"}, False),
        ({"location": "other"}, False),
        ({"ordered_on": ORDERED - pd.Timedelta(days=1)}, False),
        ({"ordered_on": ORDERED + pd.Timedelta(days=MATCH_DAYS)}, True),
        ({"ordered_on": ORDERED + pd.Timedelta(days=MATCH_DAYS + 1)}, False),
        ({"ordered_on": pd.NaT, "due_date": ARRIVES + pd.Timedelta(days=3)}, True),
        ({"ordered_on": pd.NaT, "due_date": ARRIVES + pd.Timedelta(days=MATCH_DAYS + 1)}, False),
    ],
)
def test_an_open_order_stands_for_a_released_line(row: dict[str, Any], seen: bool) -> None:
    assert len(still_unseen(lines(), rows(**row), None, LATER)) == (not seen)


def test_one_row_stands_for_one_line_only() -> None:
    two = lines({}, {"po": "P2"})
    assert still_unseen(two, rows(), None, LATER)["po"].tolist() == ["P2"]
    assert still_unseen(two, pd.concat([rows(), rows()]), None, LATER).empty
    assert still_unseen(two, rows(po="P2"), None, LATER)["po"].tolist() == ["P1"]


@pytest.mark.parametrize(("received", "seen"), [("2025-05-11", True), ("2025-05-12", False), (None, False)])
def test_a_receipt_counts_once_it_is_in_the_stock(received: str | None, seen: bool) -> None:
    """What is received on the day of the plan is not in the stock counted at its opening."""
    receipts = rows(po="P1", received_on=pd.Timestamp(received), supplier="S").drop(columns="due_date")
    assert len(still_unseen(lines(), NOTHING, receipts, LATER)) == (not seen)


def test_a_receipt_that_names_no_article_stands_for_the_whole_order() -> None:
    receipts = pd.DataFrame({"supplier": ["S"], "ordered_on": [ORDERED], "received_on": [ORDERED], "po": ["P1"]})
    assert still_unseen(lines({}, {"sku": "B"}), None, receipts, LATER).empty


def test_without_any_table_that_could_show_it_a_line_counts_until_it_arrives() -> None:
    assert len(still_unseen(lines(), None, None, LATER)) == 1
    assert still_unseen(lines(), None, None, ARRIVES.date()).empty


def test_a_plan_of_an_earlier_day_knows_nothing_of_it() -> None:
    assert still_unseen(lines(), NOTHING, None, dt.date(2025, 5, 4)).empty
    assert len(still_unseen(lines(), NOTHING, None, dt.date(2025, 5, 5))) == 1
