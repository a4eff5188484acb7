"""Lines of receipts and open orders under one heading, each order once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.order_records import order_lines, order_records
from replenishment.lead_times import OpenDays
from tests.pipelines.shop import AS_OF

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})
ITEMS = pd.DataFrame({"sku": ["A", "B"], "location": ["main", "main"], "supplier": ["S", None]})
END = (AS_OF - pd.Timestamp("1970-01-01")).days


def checked(**tables: pd.DataFrame) -> CheckedTables:
    return check_inputs(Inputs(sales=SALES, items=ITEMS, **tables), PlanConfig(max_quarantine_fraction=1))


def ago(*days: float) -> pd.DatetimeIndex:
    return AS_OF - pd.to_timedelta(list(days), unit="D")


def receipts(**more: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"supplier": "S", "ordered_on": ago(40, 40, 20), "received_on": ago(30, 28, np.nan), **more})


def test_without_receipts_open_orders_measure_nothing() -> None:
    orders = pd.DataFrame({"sku": ["A"], "quantity": [1.0], "due_date": ago(-5), "ordered_on": ago(9)})
    assert order_lines(checked(open_orders=orders), ITEMS) is None


def test_open_orders_join_with_their_due_date_as_the_promise_and_the_items_supplier() -> None:
    orders = pd.DataFrame(
        {"sku": ["A", "B", "A"], "quantity": 1.0, "due_date": ago(-5, -5, -5), "ordered_on": ago(9, 9, np.nan)}
    )
    lines = order_lines(checked(receipts=receipts(), open_orders=orders), ITEMS)
    assert lines is not None
    # B has no supplier, the third no day of order.
    assert len(lines) == 4
    last = lines.iloc[-1]
    assert (last["supplier"], last["ordered_on"], last["promised_on"]) == ("S", ago(9)[0], ago(-5)[0])
    assert pd.isna(last["received_on"])


def test_lines_known_as_open_are_recognised_by_number_or_by_item_and_day() -> None:
    numbered = receipts(po=["1", "1", "2"])
    orders = pd.DataFrame(
        {"sku": "A", "quantity": 1.0, "due_date": ago(-5, -5), "ordered_on": ago(21, 9), "po": ["2", "3"]}
    )
    lines = order_lines(checked(receipts=numbered, open_orders=orders), ITEMS)
    assert lines is not None
    assert lines["po"].tolist() == ["1", "1", "2", "3"]
    unnumbered = receipts(sku=["A", "A", "A"], location=["main"] * 3)
    lines = order_lines(
        checked(receipts=unnumbered, open_orders=orders.drop(columns="po").assign(ordered_on=ago(20, 9))), ITEMS
    )
    assert lines is not None
    assert len(lines) == 4


def test_items_and_orders_are_numbered() -> None:
    frame = receipts(sku=["A", "Z", None], location=["main", "main", None])
    lines = order_lines(checked(receipts=frame), ITEMS)
    assert lines is not None
    found = order_records(lines, ITEMS, {"S": 0}, [OpenDays()], END)
    assert found.item.tolist() == [0, -1, -1]
    assert found.waited.tolist() == [10, 12, 20]
    # The first two were ordered on one day for one place.
    assert found.order[0] == found.order[1] != found.order[2]
