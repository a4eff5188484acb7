"""CSV: exact for programs, inert for spreadsheets, and the one can be made of the other."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from pipelines.exports.csv import as_written, inert, write_tables
from pipelines.exports.run_files import RunFiles


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


def test_identifiers_arrive_exactly_and_lines_end_as_the_standard_says(
    run: RunFiles, lines: pd.DataFrame, target: Path
) -> None:
    target.mkdir()
    write_tables(run, target)
    rows = cells(target / "recommendations.csv")
    assert [row[:3] for row in rows[1:]] == lines[["sku", "location", "supplier"]].to_numpy().tolist()
    text = (target / "recommendations.csv").read_bytes().decode()
    assert text.count("\r\n") == len(rows)
    assert text.replace("\r\n", "").count("\n") == 0


def test_in_the_safe_variant_no_text_is_a_formula_and_the_exact_one_follows_from_it(
    run: RunFiles, tmp_path: Path
) -> None:
    exact, safe = tmp_path / "exact", tmp_path / "safe"
    for folder in (exact, safe):
        folder.mkdir()
    write_tables(run, exact)
    write_tables(run, safe, spreadsheet_safe=True)
    changed = 0
    for name in ("recommendations.csv", "order_lines.csv"):
        for wanted, found in zip(cells(exact / name), cells(safe / name), strict=True):
            for before, after in zip(wanted, found, strict=True):
                assert as_written(after) == before
                changed += before != after
                if after[:1] in "=+-@\t\r" and after:
                    float(after)  # a number below 0, not a text
    assert changed > 10


@pytest.mark.parametrize("text", ["=1+1", "+1", "-7", "@x", "\tx", "\rx", "'", "'=1", "''"])
def test_whatever_a_spreadsheet_would_run_is_made_inert_and_comes_back(text: str) -> None:
    assert inert(text) == "'" + text
    assert as_written(inert(text)) == text


@pytest.mark.parametrize("value", ["00123", "a=b", "", None, -7.0, 5])
def test_everything_else_is_left_as_it_is(value: object) -> None:
    assert inert(value) == value
