"""Stock and open orders netted without counting anything twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.supply import StockPosition, stock_position
from tests.pipelines.shop import AS_OF, day

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})
WEEKS = PeriodCalendar(Frequency("W-MON"), date_to_day(day("2025-01-06")), 17)  # ends at AS_OF
DAYS = PeriodCalendar(Frequency("D"), date_to_day(day("2025-01-06")), 119)
NAN = float("nan")


def checked(**tables: pd.DataFrame) -> CheckedTables:
    return check_inputs(Inputs(**{"sales": SALES, **tables}), PlanConfig(max_quarantine_fraction=1))


def position(calendar: PeriodCalendar = WEEKS, skus: str = "A", **tables: pd.DataFrame) -> StockPosition:
    return stock_position(checked(**tables), [(sku, "main") for sku in skus], calendar)


def stock(on_hand: float, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"sku": ["A"], "on_hand": [on_hand], **{k: [v] for k, v in more.items()}})


def waiting(quantity: float, **more: Any) -> pd.DataFrame:
    line = {"order_id": "1", "sku": "A", "quantity": quantity, "ordered_on": AS_OF - pd.Timedelta(days=9), **more}
    return pd.DataFrame([line])


@pytest.mark.parametrize(
    ("stock_row", "ledger", "on_hand", "backordered", "net"),
    [
        (stock(12.0), None, 12, 0, 12),
        (stock(-4.0), None, 0, 4, -4),
        (stock(-4.0), waiting(3.0), 0, 3, -3),
        (stock(-4.0), waiting(6.0), 0, 6, -6),
        (stock(-4.0), waiting(6.0, cancelled_on=AS_OF - pd.Timedelta(days=1)), 0, 0, 0),
        (stock(12.0), waiting(5.0), 12, 5, 7),
        (stock(12.0, allocated=5.0), None, 12, 0, 7),
        (stock(12.0, allocated=5.0), waiting(5.0), 12, 5, 7),
        (stock(12.0, allocated=5.0), waiting(8.0), 12, 8, 4),
        (stock(12.0, allocated=5.0), waiting(2.0), 12, 2, 7),
        (None, waiting(2.0), 0, 2, -2),
        (None, None, 0, 0, 0),
    ],
    ids=[
        "plain", "negative is backlog", "the ledger wins over a negative stock, smaller", "and larger",
        "all lines cancelled", "customers wait although there is stock", "allocated alone",
        "allocated to the lines that wait: once", "some of the lines are allocated", "more allocated than waits",
        "nothing counted", "nothing known",
    ],
)  # fmt: skip
def test_stock_is_netted_once(
    stock_row: pd.DataFrame | None, ledger: pd.DataFrame | None, on_hand: float, backordered: float, net: float
) -> None:
    tables = {n: t for n, t in (("stock", stock_row), ("customer_orders", ledger)) if t is not None}
    found = position(**tables)
    assert (found.on_hand[0], found.backordered[0], found.net[0]) == (on_hand, backordered, net)
    assert found.counted[0] == (stock_row is not None)


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ({}, 10), ({"shipped_quantity": 4.0}, 6), ({"shipped_quantity": 10.0}, 0), ({"shipped_quantity": 12.0}, 0),
        ({"shipped_quantity": NAN}, 10), ({"shipped_on": AS_OF - pd.Timedelta(days=2)}, 0),
        ({"shipped_on": pd.NaT}, 10), ({"shipped_on": AS_OF - pd.Timedelta(days=2), "shipped_quantity": 3.0}, 7),
        ({"cancelled_on": AS_OF - pd.Timedelta(days=2)}, 0), ({"cancelled_on": pd.NaT}, 10),
        ({"ordered_on": AS_OF}, 0), ({"ordered_on": AS_OF - pd.Timedelta(days=1)}, 10),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, dict) else "",
)  # fmt: skip
def test_what_waits_is_ordered_before_as_of_and_neither_shipped_nor_cancelled(
    line: dict[str, Any], waits: float
) -> None:
    assert position(customer_orders=waiting(10.0, **line)).backordered[0] == waits


@pytest.mark.parametrize("name", ["shipped_on", "cancelled_on"])
def test_what_happens_to_a_line_after_as_of_is_not_known_yet(name: str) -> None:
    assert position(customer_orders=waiting(10.0, **{name: AS_OF + pd.Timedelta(days=7)})).backordered[0] == 10


def due(*days: int, calendar: PeriodCalendar = WEEKS) -> StockPosition:
    """Orders of 1, 2, 4, ... units due so many days after as_of."""
    orders = pd.DataFrame(
        {"sku": "A", "quantity": 2.0 ** np.arange(len(days)), "due_date": AS_OF + pd.to_timedelta(days, "D")}
    )
    return position(calendar, open_orders=orders)


def test_orders_arrive_at_the_first_opening_at_or_after_they_are_due() -> None:
    found = due(0, 1, 7, 8, 15)
    assert found.arrivals.tolist() == [[1.0, 6.0, 8.0, 16.0]]
    assert found.on_order[0] == 31.0
    assert found.overdue[0] == 0.0
    assert found.next_arrival[0] == 0
    assert due(0, 1, 2, calendar=DAYS).arrivals.tolist() == [[1.0, 2.0, 4.0]]


def test_an_overdue_order_is_expected_at_the_next_opening_and_said() -> None:
    """What was due yesterday has not come; it is not counted as being there this morning."""
    found = due(-1, -30, 7)
    assert found.arrivals.tolist() == [[0.0, 7.0]]
    assert found.overdue[0] == 3.0
    assert found.on_order[0] == 7.0
    assert found.next_arrival[0] == 1


def test_without_orders_nothing_arrives() -> None:
    found = position(stock=stock(1.0))
    assert found.arrivals.sum() == found.on_order.sum() == 0
    assert found.next_arrival.tolist() == [-1]


def test_units_on_order_are_conserved_over_many_items() -> None:
    random = np.random.default_rng(0)
    orders = pd.DataFrame({"sku": random.choice(list("ABC"), 50), "quantity": random.integers(1, 9, 50).astype(float)})
    orders["due_date"] = AS_OF + pd.to_timedelta(random.integers(-20, 60, 50), "D")
    found = position(skus="ABC", open_orders=orders)
    np.testing.assert_allclose(found.arrivals.sum(axis=1), found.on_order)
    np.testing.assert_allclose(found.on_order, orders.groupby("sku")["quantity"].sum())
    late = orders[orders["due_date"] < AS_OF].groupby("sku")["quantity"].sum()
    np.testing.assert_allclose(found.overdue, late)


@pytest.mark.parametrize("table", ["stock", "open_orders", "customer_orders"])
def test_rows_of_items_that_are_not_planned_are_set_aside_and_said(table: str) -> None:
    rows = {
        "stock": pd.DataFrame({"sku": ["A", "NA"], "on_hand": 1.0}),
        "open_orders": pd.DataFrame({"sku": ["A", "NA"], "quantity": 1.0, "due_date": AS_OF}),
        "customer_orders": pd.DataFrame({"sku": ["A", "NA"], "order_id": "1", "quantity": 1.0, "ordered_on": AS_OF}),
    }
    tables = checked(**{table: rows[table]})
    stock_position(tables, [("A", "main")], WEEKS)
    (row,) = tables.findings.rows
    assert (row.table, row.line, row.column, row.code) == (table, 3, "location", "unknown_item")
    assert "'NA'" in row.message
    assert "add it to items" in row.hint
    assert tables.findings.warnings == [f"{table}: 1 rows of items that are not planned were set aside"]


@pytest.mark.parametrize("bad_before", [False, True])
def test_a_row_of_an_item_that_is_not_planned_can_be_found_again(bad_before: bool) -> None:
    rows = pd.DataFrame({"sku": ["A", "B", "NA"], "on_hand": [1.0, np.inf if bad_before else 1.0, 1.0]})
    tables = checked(stock=rows)
    stock_position(tables, [("A", "main"), ("B", "main")], WEEKS)
    row = next(r for r in tables.findings.rows if r.code == "unknown_item")
    assert (row.line, row.file) == (4, "a data frame")
