"""Sales on their way into the panel: exactly the bad rows are kept out, and each can be found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.quarantine import Findings
from pipelines.readers import open_table
from pipelines.sales import CheckedSales, SalesRules
from tests.pipelines.shop import SKUS, write_csv, write_parquet

GOOD = ["A,x,2025-04-21,1,true", "B,x,2025-04-21,2.5,false", "A,x,2025-04-28,0,", "B,,2025-04-28,3,yes"]
HEADING = "sku,location,date,quantity,in_stock"
# Line as it is injected -> column, value, code.
BAD = {
    "Z,x,2025-04-28,1,": ("sku", "Z", "unknown_sku"),
    "A ,x,2025-04-28,1,": ("sku", "A ", "unknown_sku"),
    "a,x,2025-04-28,1,": ("sku", "a", "unknown_sku"),
    ",x,2025-04-28,1,": ("sku", "", "missing_value"),
    "A,x,2026-02-30,1,": ("date", "2026-02-30", "not_a_date"),
    "A,x,03/04/2026,1,": ("date", "03/04/2026", "not_a_date"),
    "A,x,45000,1,": ("date", "45000", "not_a_date"),
    "A,x,,1,": ("date", "", "missing_value"),
    "A,x,9999-12-31,1,": ("date", "9999-12-31", "out_of_range"),
    "A,x,1900-01-01,1,": ("date", "1900-01-01", "out_of_range"),
    "A,x,2025-05-05,-1,": ("quantity", "-1", "negative_quantity"),
    "A,x,2025-05-05,,": ("quantity", "", "missing_value"),
    "A,x,2025-05-05,inf,": ("quantity", "inf", "not_a_number"),
    "A,x,2025-05-05,1e400,": ("quantity", "1e400", "not_a_number"),
    "A,x,2025-05-05,1e13,": ("quantity", "1e13", "out_of_range"),
    'A,x,2025-05-05,"1,5",': ("quantity", "1,5", "not_a_number"),
    "A,x,2025-05-05,NA,": ("quantity", "NA", "not_a_number"),
    "A,x,2025-05-05,12 pcs,": ("quantity", "12 pcs", "not_a_number"),
    "A,x,2025-05-05,1,maybe": ("in_stock", "maybe", "not_a_flag"),
}
LINES = [HEADING, *(line for pair in zip([*GOOD, *GOOD, *GOOD, *GOOD, *GOOD], BAD, strict=False) for line in pair)]


def sales(source: Any, known: tuple[str, ...] | None = ("A", "B"), unknown: bool = False) -> CheckedSales:
    rules = SalesRules(
        known_skus=None if known is None else frozenset(known), missing_quantity="unknown" if unknown else "quarantine"
    )
    return CheckedSales(open_table("sales", source), Findings(), rules)


def good_rows(rows: CheckedSales) -> pd.DataFrame:
    columns = ["sku", "date", "quantity", "source_row"]
    parts = [batch.to_pandas() for batch in rows.scan(columns)]
    return pd.concat(parts, ignore_index=True).astype({"sku": object})


def places(rows: CheckedSales) -> list[tuple[int, str, str, str]]:
    return sorted((r.row + 2, r.column, r.value, r.code) for r in rows.bad)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and bad rows in turn."""
    file = tmp_path_factory.mktemp("sales") / "sales.csv"
    file.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return file


def test_exactly_the_injected_rows_are_set_aside(spoilt: Path) -> None:
    rows = sales(spoilt)
    rows.finish(1.0)
    found = {(r.line, r.column, r.value, r.code) for r in rows.findings.rows}
    assert found == {(2 * k + 3, *what) for k, what in enumerate(BAD.values())}
    assert len(rows.findings.rows) == len(BAD)
    assert all(r.file == str(spoilt) and r.table == "sales" and r.hint for r in rows.findings.rows)
    assert all(r.value in r.message for r in rows.findings.rows)
    assert [r.raw for r in sorted(rows.findings.rows, key=lambda r: r.line)] == list(BAD)
    kept = good_rows(rows)
    assert kept["source_row"].tolist() == [2 * k for k in range(len(BAD))]
    assert kept["sku"].tolist() == [("A", "B", "A", "B")[k % 4] for k in range(len(BAD))]


def test_parquet_and_frames_set_aside_the_same_rows_whatever_the_batches(spoilt: Path, tmp_path: Path) -> None:
    """The text of the CSV goes into Parquet as it is, in row groups of 4 rows; line numbers run on."""
    frame = pd.read_csv(spoilt, dtype=str, keep_default_na=False)
    wanted = places(sales(spoilt))
    for source in (frame, write_parquet(frame, tmp_path / "sales.parquet", row_group_size=4)):
        rows = sales(source)
        kept = good_rows(rows)
        assert places(rows) == wanted
        pd.testing.assert_frame_equal(kept, good_rows(sales(spoilt)), check_dtype=False)


def test_reading_again_finds_the_same_rows_and_counts_no_mistake_twice(spoilt: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(spoilt, dtype=str, keep_default_na=False)
    for source in (spoilt, write_parquet(frame, tmp_path / "sales.parquet")):
        rows = sales(source)
        pd.testing.assert_frame_equal(good_rows(rows), good_rows(rows))
        assert len(rows.bad) == len(BAD)
        assert rows.rows_read == len(LINES) - 1


@pytest.mark.parametrize(("row", "word"), [("Z,x,2025-04-28,1,", "items"), ("A,x,2025-05-05,-1,", "return")])
def test_the_hint_fits_the_mistake(tmp_path: Path, row: str, word: str) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("\n".join([HEADING, *GOOD, row]) + "\n")
    assert word in sales(file).bad[0].hint


def test_without_an_items_table_every_sku_is_known(spoilt: Path) -> None:
    codes = {r.code for r in sales(spoilt, known=None).bad}
    assert "unknown_sku" not in codes
    assert len(sales(spoilt, known=None).bad) == len(BAD) - 3


def test_a_row_without_quantity_may_be_declared_unknown(spoilt: Path) -> None:
    rows = sales(spoilt, unknown=True)
    assert ("quantity", "", "missing_value") not in {(r.column, r.value, r.code) for r in rows.bad}
    assert rows.rows_unrecorded == 1
    assert len(good_rows(rows)) == len(BAD)


@pytest.mark.parametrize("unknown", [False, True])
def test_nan_in_parquet_is_a_missing_quantity_as_in_a_frame(tmp_path: Path, unknown: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    day = pd.Timestamp("2025-04-28")
    table = pa.table({"sku": ["A", "A"], "date": [day, day], "quantity": pa.array([float("nan"), 1.0])})
    pq.write_table(table, tmp_path / "sales.parquet")
    rows = sales(tmp_path / "sales.parquet", unknown=unknown)
    list(rows.scan(["quantity"]))
    assert [r.code for r in rows.bad] == ([] if unknown else ["missing_value"])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e13, -1.0])
def test_typed_quantities_are_held_to_the_same_limits(tmp_path: Path, value: float) -> None:
    frame = pd.DataFrame({"sku": ["A", "B"], "date": pd.Timestamp("2025-04-28"), "quantity": [1.0, value]})
    for source in (frame, write_parquet(frame, tmp_path / "sales.parquet")):
        rows = sales(source)
        assert good_rows(rows)["sku"].tolist() == ["A"]
        assert [(r.row + 2, r.column, r.code) for r in rows.bad] == [
            (3, "quantity", "negative_quantity" if value < 0 else "out_of_range")
        ]


def test_the_dates_alone_leave_out_what_is_no_date(tmp_path: Path) -> None:
    """The span of the panel must not reach to 9999."""
    days = ["2025-04-28", "9999-12-31", "2026-02-30", "", "2025-05-05"]
    frame = pd.DataFrame({"sku": "A", "date": days, "quantity": "1"})
    rows = sales(write_parquet(frame, tmp_path / "sales.parquet"))
    assert [str(d) for batch in rows.scan(["date"]) for d in batch.column(0).to_pylist()] == [days[0], days[4]]


def test_times_of_day_fall_on_their_day(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": "A", "date": ["2025-04-28T23:59:59", "2025-04-29 00:00:00"], "quantity": "1"})
    kept = good_rows(sales(write_csv(frame, tmp_path / "sales.csv")))
    assert [str(d)[:10] for d in kept["date"]] == ["2025-04-28", "2025-04-29"]


def test_an_empty_location_is_main(spoilt: Path) -> None:
    found = [v for batch in sales(spoilt).scan(["location"]) for v in batch.column(0).to_pylist()]
    assert found[:4] == ["x", "x", "x", "main"]


def test_identifiers_pass_exactly(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": SKUS, "date": pd.Timestamp("2025-04-28"), "quantity": 1.0})
    for source in (frame, write_csv(frame, tmp_path / "s.csv"), write_parquet(frame, tmp_path / "s.parquet")):
        assert good_rows(sales(source, known=SKUS))["sku"].tolist() == list(SKUS)


def test_too_many_bad_rows_refuse_the_table(spoilt: Path) -> None:
    with pytest.raises(InputError, match=rf"{len(BAD)} of {2 * len(BAD)} rows are bad, more than .* = 0.49 allows"):
        sales(spoilt).finish(0.49)
    sales(spoilt).finish(0.5)


def test_a_refusal_names_the_first_bad_row(spoilt: Path) -> None:
    with pytest.raises(InputError, match=r"first .*, line 3: sku 'Z'"):
        sales(spoilt).finish(0.1)


def test_unknown_columns_are_ignored_and_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": ["1"], "note": ["x"]})
    assert sales(write_csv(frame, tmp_path / "sales.csv")).findings.warnings == [
        f"sales: {tmp_path / 'sales.csv'}: columns that nothing reads: note"
    ]


def test_bad_rows_that_are_not_described_one_by_one_count_all_the_same(
    spoilt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nineteen of 38 rows are bad; were only the first five counted, a limit of a fifth would let the table pass."""
    monkeypatch.setattr("pipelines.sales.MOST_DESCRIBED", 5)
    with pytest.raises(InputError):
        sales(spoilt).finish(0.2)


def test_rows_of_another_length_and_line_ends_in_values_keep_the_lines_right(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    lines = [HEADING, GOOD[0], "A,x,2025-04-28", "", 'B,"x\ny",2025-04-28,1,', "A,x,2025-05-05,-1,", "B,x,soon,1,,"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = sales(file)
    rows.finish(1.0)
    assert [(r.line, r.code, r.raw) for r in rows.findings.rows] == [
        (3, "row_too_short", lines[2]), (5, "hidden_character", lines[4]), (7, "negative_quantity", lines[5]),
        (8, "row_too_long", lines[6]),
    ]  # fmt: skip


def test_fractions_of_what_is_sold_in_pieces_are_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("sku,date,quantity\nA,2025-04-28,1.5\nB,2025-04-28,1.5\nA,2025-05-05,2.0\n")
    rows = CheckedSales(open_table("sales", file), Findings(), SalesRules(whole_skus=frozenset({"A"})))
    assert [(r.row, r.column, r.value, r.code) for r in rows.bad] == [(0, "quantity", "1.5", "fractional_pieces")]


@pytest.mark.parametrize("returns", ["net", "separate"])
def test_declared_returns_leave_the_sales_and_are_kept(spoilt: Path, returns: Literal["net", "separate"]) -> None:
    rules = SalesRules(known_skus=frozenset({"A", "B"}), returns=returns)
    rows = CheckedSales(open_table("sales", spoilt), Findings(), rules)
    assert "negative_quantity" not in {r.code for r in rows.bad}
    assert [batch.column("quantity").to_pylist() for batch in rows.returned] == [[-1.0]]
    assert len(rows.bad) == len(BAD) - 1
    assert len(good_rows(rows)) == len(BAD)
