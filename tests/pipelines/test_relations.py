"""Tables held against each other: unknown references, names that look alike, currencies, the same file twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.relations import near_duplicates
from tests.pipelines.shop import write_csv

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})
NFD, NFC = "Scha\u0308fer", "Sch\u00e4fer"


def related(items: dict[str, list[Any]], **tables: Any) -> CheckedTables:
    given = {"sales": SALES, "items": pd.DataFrame(items), **tables}
    return check_inputs(Inputs(**given), PlanConfig(max_quarantine_fraction=1.0))


def notices(tables: CheckedTables, code: str) -> list[str]:
    return [n.message for n in tables.findings.notices if n.code == code]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ABC", "abc"),
        ("A 1", "A1"),
        ("A1 ", "A1"),
        ("A", "\u0410"),
        ("ＡＢ", "AB"),
        ("\ufb01x", "fix"),
        ("O", "\u039f"),
    ],
    ids=["case", "space inside", "space behind", "Cyrillic", "full width", "ligature", "Greek"],
)
def test_names_that_look_alike_are_grouped(one: str, other: str) -> None:
    assert near_duplicates([one, "zzz", other]) == [sorted([one, other])]


@pytest.mark.parametrize("names", [["A1", "A2"], ["007", "7"], ["A-1", "A1"], ["A", "A"], []])
def test_names_that_differ_are_left_alone(names: list[str]) -> None:
    assert near_duplicates(names) == []


def test_skus_that_look_alike_are_said_and_planned_apart() -> None:
    tables = related({"sku": ["A", "a", "B", "B ", "C"]})
    assert notices(tables, "near_duplicate_sku") == [
        "SKUs that look alike are planned apart: 'A', 'a'", "SKUs that look alike are planned apart: 'B', 'B '"
    ]  # fmt: skip
    assert tables.frames["items"]["sku"].tolist() == ["A", "a", "B", "B ", "C"]
    many = related({"sku": [name for k in range(7) for name in (f"x{k}", f"X{k}")]})
    assert notices(many, "near_duplicate_sku")[-1] == "2 further groups of SKUs look alike"


def test_skus_that_a_spreadsheet_has_mangled_are_said() -> None:
    tables = related({"sku": ["1.23E+05", "1E+11", "1E5", "A", "2.5E+07X"]})
    assert notices(tables, "spreadsheet_sku") == [
        "2 SKUs look like numbers mangled by a spreadsheet: 1.23E+05, 1E+11"
    ]  # fmt: skip


REFERRING: dict[str, dict[str, list[Any]]] = {
    "stock": {"on_hand": [1.0]},
    "open_orders": {"quantity": [1.0], "due_date": ["2025-05-05"]},
    "customer_orders": {"order_id": ["1"], "quantity": [1.0], "ordered_on": ["2025-04-01"]},
    "item_suppliers": {"supplier": ["S"]},
    "stock_counts": {"counted_on": ["2025-04-01"], "book": [1.0], "counted": [1.0]},
    "returns": {"date": ["2025-04-01"], "quantity": [1.0]},
}


@pytest.mark.parametrize("table", REFERRING)
def test_rows_of_unknown_skus_are_set_aside_with_their_place(tmp_path: Path, table: str) -> None:
    row = pd.DataFrame({"sku": ["?"], **REFERRING[table]})
    frame = pd.concat([row.assign(sku=sku) for sku in ("A", "Z", "B", "7")], ignore_index=True)
    file = write_csv(frame, tmp_path / f"{table}.csv")
    tables = related({"sku": ["A", "B", "007"]}, **{table: file})
    assert tables.frames[table]["sku"].tolist() == ["A", "B"]
    assert [(r.table, r.file, r.line, r.value, r.code) for r in tables.findings.rows] == [
        (table, str(file), 3, "Z", "unknown_sku"), (table, str(file), 5, "7", "unknown_sku")
    ]  # fmt: skip
    assert tables.findings.rows[0].hint == "add it to items, or remove the row"
    assert "leading zeros lost? items has 007" in tables.findings.rows[1].hint
    assert [r.raw for r in tables.findings.rows] == [file.read_text().splitlines()[k] for k in (2, 4)]
    assert notices(tables, "unknown_sku") == ["2 rows of SKUs that are not in items were set aside"]


def test_the_place_of_an_unknown_sku_is_right_behind_rows_that_were_bad_by_themselves() -> None:
    stock = pd.DataFrame({"sku": ["A", "B", "Z", "A"], "location": list("xxxy"), "on_hand": ["1", "x", "2", "3"]})
    tables = related({"sku": ["A", "B"]}, stock=stock)
    assert [(r.line, r.code) for r in tables.findings.rows] == [(3, "not_a_number"), (4, "unknown_sku")]


def test_suppliers_that_are_not_in_the_suppliers_table_are_said() -> None:
    items = {"sku": ["A", "B", "C", "D"], "supplier": ["S1", "S9", "S9", None]}
    tables = related(items, suppliers=pd.DataFrame({"supplier": ["S1"]}))
    (text,) = notices(tables, "unknown_supplier")
    assert text.startswith("2 items name suppliers that are not in suppliers: S9")
    assert notices(related(items), "unknown_supplier") == []


def test_money_in_several_currencies_is_refused_and_in_one_is_not(tmp_path: Path) -> None:
    file = write_csv(pd.DataFrame({"sku": ["A", "B", "C"], "currency": ["USD", "EUR", ""]}), tmp_path / "items.csv")
    with pytest.raises(InputError, match=r"items\.csv: money in EUR, USD can't be added up; convert it"):
        check_inputs(Inputs(sales=SALES, items=file), PlanConfig())
    assert len(related({"sku": ["A", "B"], "currency": ["EUR", None]}).frames["items"]) == 2


def test_the_same_extract_twice_for_one_table_is_refused(tmp_path: Path) -> None:
    one, copy = (write_csv(SALES, tmp_path / name) for name in ("january.csv", "copy.csv"))
    for files in ([one, copy], [one, one]):
        with pytest.raises(InputError, match="the same extract given twice") as problem:
            check_inputs(Inputs(sales=files), PlanConfig())
        assert all(str(file) in str(problem.value) for file in files)
    write_csv(SALES.assign(quantity=2.0), copy)
    assert check_inputs(Inputs(sales=[one, copy]), PlanConfig()).sales.rows_read == 2


def test_the_same_file_for_two_tables_is_said(tmp_path: Path) -> None:
    frame = SALES.assign(on_hand=1.0)
    files = [write_csv(frame, tmp_path / name) for name in ("sales.csv", "stock.csv")]
    tables = check_inputs(Inputs(sales=files[0], stock=files[1]), PlanConfig())
    assert notices(tables, "same_extract") == [f"{files[1]} is the same file as {files[0]}, given for sales"]


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("long_lead_time", {"lead_time_days": [731.0, 730.0]}),
        ("wide_lead_time", {"lead_time_days": [10.0, 10.0], "lead_time_sd_days": [20.1, 20.0]}),
        ("minimum_above_maximum", {"moq": [11.0, 10.0], "max_stock": [10.0, 10.0]}),
        ("minimum_not_in_packs", {"moq": [7.0, 12.0], "pack_size": [6.0, 6.0]}),
    ],
)
def test_values_that_deserve_a_look_are_said_with_their_sku(code: str, items: dict[str, list[Any]]) -> None:
    (text,) = notices(related({"sku": ["odd", "fine"], **items}), code)
    assert text.startswith("1 items have")
    assert text.endswith(": odd")


def test_a_letter_in_two_parts_is_repaired_logged_and_matches_in_every_table(tmp_path: Path) -> None:
    """NFC and NFD spellings are one item; the repair says what stood in the file and in how many rows."""
    sales = pd.DataFrame({"sku": [NFD, NFC, NFD], "date": ["2025-04-21", "2025-04-28", "2025-05-05"], "quantity": 1.0})
    stock = write_csv(pd.DataFrame({"sku": [NFD], "on_hand": [1.0]}), tmp_path / "stock.csv")
    tables = related({"sku": [NFC]}, sales=sales, stock=stock)
    rows = [sku for batch in tables.sales.scan(["sku"]) for sku in batch.column(0).to_pylist()]
    tables.sales.finish(0.0)
    assert rows == [NFC] * 3
    assert tables.frames["stock"]["sku"].tolist() == [NFC]
    assert tables.findings.rows == []
    repairs = tables.findings.repair_frame()
    assert repairs[["table", "column", "before", "after", "code"]].values.tolist() == [
        [name, "sku", NFD, NFC, "unicode_normalised"] for name in ("sales", "stock")
    ]  # fmt: skip


def test_an_item_with_a_hidden_character_is_set_aside_and_its_sales_with_it() -> None:
    items = {"sku": ["A", "A\u200b", "B\u202e"]}
    tables = related(items, sales=SALES.assign(sku="A\u200b"))
    list(tables.sales.scan(["sku"]))
    tables.sales.finish(1.0)
    assert tables.frames["items"]["sku"].tolist() == ["A"]
    assert [(r.table, r.line, r.code) for r in tables.findings.rows] == [
        ("items", 3, "hidden_character"), ("items", 4, "hidden_character"), ("sales", 2, "hidden_character")
    ]  # fmt: skip
    assert "U+200B" in tables.findings.rows[0].message
