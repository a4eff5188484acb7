"""Excel: one sheet, typed cells, identifiers as they are shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pipelines.readers import open_table, workbooks
from pipelines.sources import TableSource
from tests.pipelines.readers.reading import checked, column_of, declared, refused

HEADING = ["sku", "on_hand"]


def workbook(folder: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


@pytest.mark.parametrize(
    ("cell", "text"),
    [(123, "123"), (123.0, "123"), ("00123", "00123"), ("123.0", "123.0"), (10**14, "1" + "0" * 14), (-7, "-7"),
     ("1E5", "1E5"), ("NA", "NA"), (True, "TRUE"), (" A ", " A ")],
)  # fmt: skip
def test_an_identifier_is_the_text_that_the_cell_shows(tmp_path: Path, cell: Any, text: str) -> None:
    """Excel keeps every number as a fraction; text with leading zeros stays text."""
    assert column_of(open_table("stock", workbook(tmp_path, S=[HEADING, [cell, 1], ["Z", 2]]))) == [text, "Z"]


def test_typed_cells_are_values_and_the_rest_is_judged_as_text(tmp_path: Path) -> None:
    rows = [
        [*HEADING, "as_of"],
        ["A", 5, dt.datetime(2025, 4, 28, 13, 30)],
        ["B", 1.5, dt.date(2025, 4, 28)],
        ["C", "2.5", "2025-04-28"],
        ["D", "five", None],
        ["E", 1, 45775],
        ["F", None, None],
        ["G", True, None],
    ]
    file = workbook(tmp_path, S=rows)
    frame, bad, _ = checked(file)
    assert frame.set_index("sku")["on_hand"].to_dict() == {"A": 5.0, "B": 1.5, "C": 2.5}
    assert set(frame["as_of"]) == {pd.Timestamp("2025-04-28")}
    assert [(r.file, r.line, r.column, r.value, r.code) for r in bad] == [
        (str(file), 5, "on_hand", "five", "not_a_number"), (str(file), 6, "as_of", "45775", "not_a_date"),
        (str(file), 7, "on_hand", "", "missing_value"), (str(file), 8, "on_hand", "TRUE", "not_a_number"),
    ]  # fmt: skip
    assert "format the cells as dates" in bad[1].hint
    assert "sku=D" in bad[0].raw


def test_flags_may_be_truth_values_or_words(tmp_path: Path) -> None:
    frame, _, _ = checked(workbook(tmp_path, S=[["sku", "hold"], ["A", True], ["B", False], ["C", None]]), "items")
    assert frame["hold"].tolist() == [True, False, None]
    frame, _, _ = checked(workbook(tmp_path, S=[["sku", "hold"], ["A", True], ["B", "no"], ["C", 1]]), "items")
    assert frame["hold"].tolist() == [True, False, True]


def test_headings_below_a_banner_are_found_where_they_are_declared(tmp_path: Path) -> None:
    rows = [["Stock report", None], [], ["Article", "Units"], ["A", 1], ["B", "x"]]
    file = workbook(tmp_path, S=rows)
    frame, bad, _ = checked(declared(file, header_row=3, columns={"sku": "Article", "on_hand": "Units"}))
    assert frame[HEADING].values.tolist() == [["A", 1.0]]
    assert [(r.line, r.value) for r in bad] == [(5, "x")]


def test_headings_in_another_row_are_pointed_at(tmp_path: Path) -> None:
    file = workbook(tmp_path, S=[["Stock report"], [None], HEADING, ["A", 1]])
    text = refused(file, "stock")
    assert "stand in row 3, not in row 1" in text
    assert "declare header_row = 3" in text
    assert "no row 9" in refused(declared(file, header_row=9), "stock")


def test_one_of_several_sheets_must_be_declared(tmp_path: Path) -> None:
    file = workbook(tmp_path, North=[HEADING, ["A", 1]], South=[HEADING, ["B", 2], ["C", "x"]])
    assert 'has the sheets North, South; declare one, for example sheet = "North"' in refused(file, "stock")
    frame, bad, _ = checked(declared(file, sheet="South"))
    assert frame["sku"].tolist() == ["B"]
    assert [(r.file, r.line) for r in bad] == [(f"{file}, sheet 'South'", 3)]
    assert "no sheet 'East'; it has North, South" in refused(declared(file, sheet="East"), "stock")


def test_empty_rows_at_the_end_are_no_rows_and_extra_cells_no_columns(tmp_path: Path) -> None:
    file = workbook(tmp_path, S=[HEADING, ["A", 1, "note"], ["B", 2], [None, None], [None]])
    frame, bad, _ = checked(file)
    assert frame[HEADING].values.tolist() == [["A", 1.0], ["B", 2.0]]
    assert bad == []


def test_empty_rows_between_others_are_passed_over_as_in_csv(tmp_path: Path) -> None:
    frame, bad, _ = checked(workbook(tmp_path, S=[HEADING, ["A", 1], [None, None], ["B", "x"], ["C", 2]]))
    assert frame["sku"].tolist() == ["A", "C"]
    assert [(r.line, r.value) for r in bad] == [(4, "x")]


def test_a_heading_twice_is_refused(tmp_path: Path) -> None:
    assert "'sku' more than once" in refused(workbook(tmp_path, S=[["sku", "on_hand", "sku"], ["A", 1, "B"]]), "stock")


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stock.xlsx").write_text("sku,on_hand\nA,1\n")
    assert "no readable Excel workbook" in refused(tmp_path / "stock.xlsx", "stock")
    files = TableSource(path=(workbook(tmp_path, S=[HEADING]), tmp_path / "stock.xlsx"))
    with pytest.raises(Exception, match="one Excel file at a time, got 2"):
        open_table("stock", files)


def test_a_sheet_that_claims_to_be_huge_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_CELLS", 3)
    assert "claims 2 rows x 2 columns" in refused(workbook(tmp_path, S=[HEADING, ["A", 1]]), "stock")
