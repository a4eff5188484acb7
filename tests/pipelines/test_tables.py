"""The contracts of the input tables say what the documentation promises."""

from __future__ import annotations

import pytest

from pipelines.tables import OPTIONAL, TABLES, contract, kinds, required_columns

REQUIRED = {
    "sales": "sku date quantity",
    "items": "sku",
    "suppliers": "supplier",
    "receipts": "supplier ordered_on received_on",
    "stock": "sku on_hand",
    "open_orders": "sku quantity due_date",
    "customer_orders": "order_id sku quantity ordered_on",
    "events": "date name",
    "item_suppliers": "sku supplier",
    "substitutes": "sku substitute",
    "transfers": "from_location to_location lead_time_days",
    "stock_counts": "sku counted_on book counted",
    "known_ahead": "date",
    "returns": "sku date quantity",
    "forecast": "sku value",
}
UNDERSTOOD = {
    "sales": "location in_stock channel price",
    "items": "location supplier lead_time_days lead_time_sd_days unit_cost unit_price order_cost holding_rate "
    "shortage_cost moq pack_size max_stock review_days target category successor_of available_from discontinued_on "
    "shelf_life_days lead_time_periods uom currency volume ownership hold",
    "suppliers": "lead_time_days lead_time_sd_days review_days order_cost min_order_value order_weekdays",
    "receipts": "sku location quantity promised_on po",
    "stock": "location as_of allocated date",
    "open_orders": "location po supplier ordered_on",
    "customer_orders": "location line customer priority requested_on shipped_quantity shipped_on cancelled_on "
    "promised_on unit_price channel",
    "events": "location category sku",
    "item_suppliers": "location priority lead_time_days unit_cost from_quantity moq pack_size capacity_per_period",
    "substitutes": "ratio",
    "transfers": "cost",
    "stock_counts": "location",
    "known_ahead": "sku category location price promotion uplift known_since",
    "returns": "location",
    "forecast": "location level path period made_on",
}
IDENTIFIERS = "sku location supplier channel category successor_of po order_id line customer name"


def test_only_sales_must_be_given() -> None:
    assert tuple(REQUIRED) == TABLES
    assert set(TABLES) - set(OPTIONAL) == {"sales"}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_needs_and_understands_the_columns_of_the_contract(table: str) -> None:
    assert required_columns(table) == REQUIRED[table].split()
    assert {*REQUIRED[table].split(), *UNDERSTOOD[table].split()} <= set(kinds(table))


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_kind_and_is_explained(table: str) -> None:
    assert set(kinds(table).values()) <= {"identifier", "number", "date", "flag"}
    assert contract(table).description
    assert all(column.description for column in contract(table).columns.values())


@pytest.mark.parametrize("table", TABLES)
def test_identifiers_are_text_and_never_numbers(table: str) -> None:
    wrong = {n: k for n, k in kinds(table).items() if n in IDENTIFIERS.split() and k != "identifier"}
    assert not wrong


def test_what_may_occur_once_has_a_key() -> None:
    keys = {table: contract(table).key for table in TABLES}
    assert {t: k for t, k in keys.items() if k} == {
        "items": ["sku", "location"],
        "suppliers": ["supplier"],
        "stock": ["sku", "location"],
        "item_suppliers": ["sku", "location", "supplier", "from_quantity"],
        "substitutes": ["sku", "substitute"],
        "transfers": ["from_location", "to_location"],
        "stock_counts": ["sku", "location", "counted_on"],
        "forecast": ["sku", "location", "level", "path", "period"],
    }


def test_an_unknown_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        contract("prices")
