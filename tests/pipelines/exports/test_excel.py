"""The workbook, read back as a spreadsheet would: types, locks, filters, and nothing that runs."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils import get_column_letter

from pipelines.exports.definitions import DEFINITIONS
from pipelines.exports.excel import OVERRIDES, RUN_PROPERTY, write_workbook
from pipelines.exports.run_files import RunFiles


@pytest.fixture(scope="module")
def path(run: RunFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("excel") / "plan.xlsx"
    write_workbook(run, path)
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def test_every_line_is_there_with_its_values_in_their_types(book: openpyxl.Workbook, lines: pd.DataFrame) -> None:
    rows = list(book["recommendations"].iter_rows(values_only=True))
    heading = list(rows[0])
    assert sorted(name for name in heading if name not in OVERRIDES) == sorted(lines.columns)
    ordered = lines["order_quantity"] > 0
    assert 0 < ordered.sum() < len(lines)
    as_shown = pd.concat([lines[ordered].sort_values("priority"), lines[~ordered].sort_values("priority")])
    for row, wanted in zip(rows[1:], as_shown.to_dict("records"), strict=True):
        found = dict(zip(heading, row, strict=True))
        for name in ("sku", "location", "supplier", "reason"):
            assert found[name] == wanted[name]
        assert isinstance(found["order_quantity"], int | float)
        assert found["order_quantity"] == wanted["order_quantity"]
        if wanted["order_quantity"] > 0:
            assert isinstance(found["order_date"], dt.datetime)
            assert pd.Timestamp(found["order_date"]) == wanted["order_date"]
        assert found["override_quantity"] is None


def test_nothing_in_it_runs(path: Path, book: openpyxl.Workbook) -> None:
    """No cell is a formula, no link leads out, and identifiers are text although they look like numbers."""
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    page = book["recommendations"]
    skus = {cell.value: cell for cell in page["A"][1:]}
    assert {"00123", "123", "-7", "=cmd|' /C calc'!A0", "@SUM(1+1)"} <= set(skus)
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in skus.values())
    with zipfile.ZipFile(path) as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or name.endswith(".bin")]


def test_a_planner_can_filter_and_edit_two_columns_and_nothing_else(book: openpyxl.Workbook) -> None:
    page = book["recommendations"]
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref.startswith("A1:")
    assert page.protection.sheet
    heading = [cell.value for cell in page[1]]
    open_columns = {
        heading[cell.column - 1] for row in page.iter_rows(min_row=2) for cell in row if not cell.protection.locked
    }
    assert open_columns == set(OVERRIDES)
    kinds = {(rule.type, rule.operator) for rule in page.data_validations.dataValidation}
    assert kinds == {("decimal", "greaterThanOrEqual"), ("textLength", "lessThanOrEqual")}


def test_what_is_decided_stands_first_is_legible_and_is_what_is_printed(book: openpyxl.Workbook) -> None:
    page = book["recommendations"]
    heading = [str(cell.value) for cell in page[1]]
    last = get_column_letter(heading.index("reason") + 1)
    assert page.print_area == f"'recommendations'!$A$1:${last}${page.max_row}"
    assert heading[: heading.index("reason")].index("override_quantity") == heading.index("order_quantity") + 1
    assert {"status", "order_date", "arrival_date", "supplier", "order_value"} < set(heading[: heading.index("reason")])
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        for cell in sheet[1] if sheet.title != "read me" else ():
            assert sheet.column_dimensions[cell.column_letter].width > len(str(cell.value)) + 2, cell.value


def test_a_column_of_numbers_has_as_many_decimals_as_it_needs(book: openpyxl.Workbook) -> None:
    """A format such as ``#,##0.##`` would show 200 as "200." in Excel."""
    page = book["recommendations"]
    codes = {str(column[0].value): {cell.number_format for cell in column[1:]} for column in page.iter_cols()}
    assert codes["order_quantity"] == {"#,##0"}
    assert codes["demand_mean"] == {"#,##0.00"}
    assert codes["expected_backorder_rate"] == {"0.0%"}
    assert codes["override_quantity"] == {"General"}
    assert not any(code.endswith("#") for found in codes.values() for code in found)


def test_suppliers_add_up_and_every_column_is_defined(
    run: RunFiles, book: openpyxl.Workbook, lines: pd.DataFrame
) -> None:
    rows = list(book["suppliers"].iter_rows(values_only=True))
    summary = pd.DataFrame(rows[1:], columns=rows[0])
    assert summary["units"].sum() == pytest.approx(lines["order_quantity"].sum())
    assert summary["value"].sum() == pytest.approx(lines["order_value"].sum())
    assert summary["lines"].sum() == (lines["order_quantity"] > 0).sum()
    told = [row for row in book["read me"].iter_rows(values_only=True) if row[0] in book.sheetnames]
    assert {row[1] for row in told if row[0] == "recommendations"} == {*lines.columns, *OVERRIDES}
    assert all(row[2] for row in told), [row[1] for row in told if not row[2]]
    assert set(lines.columns) <= set(DEFINITIONS)


def test_it_names_its_run_and_the_same_run_gives_the_same_bytes(run: RunFiles, path: Path, tmp_path: Path) -> None:
    found = openpyxl.load_workbook(path).custom_doc_props
    assert {p.name: p.value for p in found.props} == {RUN_PROPERTY: run.run_id}
    write_workbook(run, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()
