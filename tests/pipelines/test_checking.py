"""Tables against their contracts: good rows come out typed, each bad one is named with its place, value and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.checking import check_table
from pipelines.errors import InputError
from pipelines.quarantine import Findings
from pipelines.readers import open_table
from tests.pipelines.shop import SKUS, write_csv


def checked(source: Any, table: str = "stock", limit: float = 1.0) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    findings = Findings()
    frame = check_table(open_table(table, source), findings, limit)
    return frame, findings.frame().to_dict("records")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("table", "lines", "wanted"),
    [
        (
            "stock",
            "sku,on_hand,allocated,as_of\nA,5,,2025-05-05\nB,-3,1,\nC,five,,\nD,,,\nE,1,-1,\nF,1e13,,\nG,1,,2026-02-30\n,1,,\n"
            "A,7,,\nI,inf,,\nJ,1,,9999-12-31\n",
            {
                (2, "sku", "A", "duplicate_key"), (4, "on_hand", "five", "not_a_number"),
                (5, "on_hand", "", "missing_value"), (6, "allocated", "-1", "out_of_range"),
                (7, "on_hand", "1e13", "out_of_range"), (8, "as_of", "2026-02-30", "not_a_date"),
                (9, "sku", "", "missing_value"), (10, "sku", "A", "duplicate_key"),
                (11, "on_hand", "inf", "not_a_number"), (12, "as_of", "9999-12-31", "out_of_range"),
            },
        ),
        (
            "items",
            "sku,location,lead_time_days,unit_cost,pack_size,target,hold,discontinued_on\nA,x,0,1,1,0.1,true,\nA,y,-1,,,,,\n"
            "B,x,soon,,,,,\nC,x,,-2,,,,\nD,x,,,0,,,\nE,x,,,,95,,\nF,x,,,,,maybe,\nG,x,,,,,,03/04/2026\nH,x,3651,,,,,\n",
            {
                (3, "lead_time_days", "-1", "out_of_range"), (4, "lead_time_days", "soon", "not_a_number"),
                (5, "unit_cost", "-2", "out_of_range"), (6, "pack_size", "0", "out_of_range"),
                (7, "target", "95", "out_of_range"), (8, "hold", "maybe", "not_a_flag"),
                (9, "discontinued_on", "03/04/2026", "not_a_date"), (10, "lead_time_days", "3651", "out_of_range"),
            },
        ),
        (
            "open_orders",
            "sku,quantity,due_date\nA,1,2025-05-05\nA,1,2025-05-05\nB,-1,2025-05-05\nC,1,\nD,1,1900-01-01\n",
            {
                (4, "quantity", "-1", "out_of_range"), (5, "due_date", "", "missing_value"),
                (6, "due_date", "1900-01-01", "out_of_range"),
            },
        ),
        (
            "suppliers",
            "supplier,lead_time_days,review_days\nS1,1,1\nS2,2,2\nS1,3,3\nS3,4,-7\n",
            {
                (2, "supplier", "S1", "duplicate_key"), (4, "supplier", "S1", "duplicate_key"),
                (5, "review_days", "-7", "out_of_range"),
            },
        ),
        (
            "receipts",
            "supplier,ordered_on,received_on\nS1,2025-01-01,\nS1,,2025-01-05\nS1,2025-01-01,2025-01-32\n",
            {(3, "ordered_on", "", "missing_value"), (4, "received_on", "2025-01-32", "not_a_date")},
        ),
        (
            "customer_orders",
            "order_id,sku,quantity,ordered_on,shipped_quantity\n1,A,1,2025-05-01,0\n2,A,x,2025-05-01,0\n3,A,1,2025-05-01,-1\n",
            {(3, "quantity", "x", "not_a_number"), (4, "shipped_quantity", "-1", "out_of_range")},
        ),
        ("events", "date,name\n2025-12-24,Eve\n2025-12-32,Eve\n", {(3, "date", "2025-12-32", "not_a_date")}),
    ],
    ids=lambda v: v if isinstance(v, str) and "\n" not in v else "",
)  # fmt: skip
def test_exactly_the_bad_rows_are_set_aside(
    tmp_path: Path, table: str, lines: str, wanted: set[tuple[int, str, str, str]]
) -> None:
    file = write(tmp_path / f"{table}.csv", lines)
    frame, rows = checked(file, table)
    assert {(r["line"], r["column"], r["value"], r["code"]) for r in rows} == wanted
    assert {(r["table"], r["file"]) for r in rows} == {(table, str(file))}
    assert {(r["line"], r["raw"]) for r in rows} == {(line, lines.splitlines()[line - 1]) for line, *_ in wanted}
    assert all(r["column"] in r["message"] and r["value"] in r["message"] and r["hint"] for r in rows)
    assert len(frame) == lines.count("\n") - 1 - len(wanted)


def test_the_line_of_a_bad_row_counts_blank_lines(tmp_path: Path) -> None:
    _, rows = checked(write(tmp_path / "stock.csv", "sku,on_hand\n\nA,1\n\nB,x\n"))
    assert [r["line"] for r in rows] == [5]


@pytest.mark.parametrize("day", ["2590-01-01", "2600-06-01"])
def test_a_date_far_in_the_future_is_out_of_range(tmp_path: Path, day: str) -> None:
    """2600-06-01 arrives as a day of 2015: an order that will never come counts as overdue."""
    _, rows = checked(write(tmp_path / "open_orders.csv", f"sku,quantity,due_date\nA,50,{day}\n"), "open_orders")
    assert [r["code"] for r in rows] == ["out_of_range"]


def test_what_is_not_in_the_table_stays_away_and_location_becomes_main(tmp_path: Path) -> None:
    frame, _ = checked(write(tmp_path / "stock.csv", "sku,on_hand\nA,1\n"))
    assert frame.to_dict("records") == [{"sku": "A", "on_hand": 1.0, "location": "main"}]
    frame, _ = checked(write(tmp_path / "stock.csv", "sku,on_hand,location\nA,1,\nB,2,NA\n"))
    assert frame["location"].tolist() == ["main", "NA"]


def test_the_location_of_an_event_stays_empty_where_it_is_about_all() -> None:
    frame, _ = checked(pd.DataFrame({"date": ["2025-12-24"], "name": ["Eve"], "location": [None]}), "events")
    assert frame["location"].isna().all()


def test_two_rows_of_one_key_are_found_although_one_leaves_its_location_out(tmp_path: Path) -> None:
    _, rows = checked(write(tmp_path / "stock.csv", "sku,on_hand,location\nA,1,\nA,2,main\nA,3,other\n"))
    assert [(r["line"], r["code"]) for r in rows] == [(2, "duplicate_key"), (3, "duplicate_key")]


def test_a_row_with_several_mistakes_is_set_aside_once(tmp_path: Path) -> None:
    _, rows = checked(write(tmp_path / "open_orders.csv", "sku,quantity,due_date\n,x,never\n"), "open_orders")
    assert len(rows) == 1


def test_identifiers_pass_the_check_exactly(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": SKUS, "on_hand": 1.0, "location": SKUS[::-1]})
    for source in (frame, write_csv(frame, tmp_path / "stock.csv")):
        out, rows = checked(source)
        assert out["sku"].tolist() == list(SKUS)
        assert out["location"].tolist() == list(SKUS[::-1])
        assert rows == []


def test_an_identifier_of_more_than_128_characters_is_set_aside() -> None:
    frame, rows = checked(pd.DataFrame({"sku": ["x" * 128, "y" * 129], "on_hand": 1.0}))
    assert frame["sku"].tolist() == ["x" * 128]
    assert [(r["line"], r["code"]) for r in rows] == [(3, "identifier_too_long")]


def test_too_many_bad_rows_refuse_the_table_and_few_do_not(tmp_path: Path) -> None:
    rows = "".join(f"A{k},{'x' if k == 7 else 1}\n" for k in range(20))
    file = write(tmp_path / "stock.csv", "sku,on_hand\n" + rows)
    assert len(checked(file, limit=0.05)[0]) == 19
    with pytest.raises(InputError, match=r"1 of 20 rows are bad.*max_quarantine_fraction = 0.04.*line 9: on_hand 'x'"):
        checked(file, limit=0.04)


def test_a_refusal_names_the_first_bad_row(tmp_path: Path) -> None:
    file = write(tmp_path / "stock.csv", "sku,on_hand\nA,1\nB,x\nC,y\nD,z\n")
    with pytest.raises(InputError, match=r"first .*, line 3: on_hand 'x'"):
        checked(file, limit=0.1)


def test_the_hint_for_a_value_out_of_its_limits_is_about_the_limits(tmp_path: Path) -> None:
    _, rows = checked(write(tmp_path / "items.csv", "sku,target\nA,95\n"), "items")
    assert "decimal point" not in rows[0]["hint"]


def test_unknown_columns_are_said_once() -> None:
    findings = Findings()
    reader = open_table("stock", pd.DataFrame({"sku": ["A"], "on_hand": [1], "shelf": ["x"]}))
    for _ in range(2):
        check_table(reader, findings, 0.0)
    assert findings.warnings == ["stock: a data frame: columns that nothing reads: shelf"]


def test_an_empty_table_passes() -> None:
    frame, rows = checked(pd.DataFrame({"sku": [], "on_hand": []}, dtype=object))
    assert len(frame) == len(rows) == 0
    assert list(frame.columns) == ["sku", "on_hand", "location"]


def test_a_clean_table_of_every_kind_comes_out_typed(tmp_path: Path) -> None:
    frame, _ = checked(
        write(tmp_path / "items.csv", "sku,lead_time_days,available_from,hold\n007,3,2025-01-01,yes\nNA,,,\n"), "items"
    )
    assert frame["lead_time_days"].dtype == np.float64
    assert frame["available_from"].dtype == "datetime64[ns]"
    assert frame["hold"].tolist() == [True, None]
    assert frame["sku"].tolist() == ["007", "NA"]
