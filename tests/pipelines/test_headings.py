"""Headings of other systems, in English and German, are understood; those that say nothing are left alone."""

from __future__ import annotations

import pytest

from pipelines.headings import SYNONYMS, guess_columns, guess_table, plain_heading
from pipelines.tables import TABLES, kinds, required_columns


@pytest.mark.parametrize("table", TABLES)
def test_the_names_of_the_contract_are_understood_as_themselves(table: str) -> None:
    """Every table is known by all its columns, and by those it needs if the file bears its name."""
    names = list(kinds(table))
    assert guess_columns(table, names) == {name: name for name in names}
    assert guess_table(required_columns(table), table) == table


@pytest.mark.parametrize(
    ("headings", "file", "table", "columns"),
    [
        ("Artikel;Datum;Menge", "umsatz", "sales", {"sku": "Artikel", "date": "Datum", "quantity": "Menge"}),
        ("Artikel-Nr.;Lager;Bestand", "x", "stock", {"sku": "Artikel-Nr.", "location": "Lager", "on_hand": "Bestand"}),
        ("SKU;Date;Qty", "x", "sales", {"sku": "SKU", "date": "Date", "quantity": "Qty"}),
        ("Item No.;Quantity;Due Date", "po", "open_orders", {"sku": "Item No.", "due_date": "Due Date"}),
        ("Lieferant;Lieferzeit", "kreditoren", "suppliers", {"supplier": "Lieferant", "lead_time_days": "Lieferzeit"}),
        ("Lieferant;Bestelldatum;Wareneingang", "we", "receipts", {"received_on": "Wareneingang"}),
        ("Auftrag;Artikel;Menge;Bestelldatum;Kunde", "a", "customer_orders", {"order_id": "Auftrag"}),
        ("SKU;Supplier;Unit Cost;MOQ", "items", "items", {"moq": "MOQ", "unit_cost": "Unit Cost"}),
        ("Artikelnummer;Höchstbestand", "artikelstamm", "items", {"max_stock": "Höchstbestand"}),
    ],
)
def test_what_erp_systems_call_them(headings: str, file: str, table: str, columns: dict[str, str]) -> None:
    names = headings.split(";")
    assert guess_table(names, file) == table
    assert columns.items() <= guess_columns(table, names).items()


def test_a_heading_serves_one_column_only() -> None:
    found = guess_columns("stock", ["Artikel", "Menge", "Datum"])
    assert found == {"sku": "Artikel", "on_hand": "Menge", "as_of": "Datum"}


def test_an_exact_name_wins_over_a_synonym() -> None:
    assert guess_columns("sales", ["Artikel", "sku", "date", "quantity"])["sku"] == "sku"


def test_headings_that_say_nothing_are_no_table() -> None:
    assert guess_table(["foo", "bar"], "sales") is None
    assert guess_table([], "sales") is None
    assert guess_table(["Artikel"], "x") == "items"


def test_synonyms_are_of_columns_that_exist_and_none_is_listed_twice() -> None:
    known = {name for table in TABLES for name in kinds(table)}
    assert set(SYNONYMS) <= known
    for name, words in SYNONYMS.items():
        plain = [plain_heading(word) for word in words.split()]
        assert len(set(plain)) == len(plain), name


def test_case_spaces_and_signs_do_not_matter() -> None:
    assert {plain_heading(text) for text in ("Artikel-Nr.", "ARTIKEL NR", "artikel_nr")} == {"artikelnr"}
