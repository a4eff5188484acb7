"""What was noticed is kept once, in order, and can be told as frames and sentences."""

from __future__ import annotations

from dataclasses import fields

from pipelines.quarantine import Findings, Quarantined, Repair


def row(table: str, file: str, line: int, column: str = "sku") -> Quarantined:
    return Quarantined(table, file, line, column, "v", "code", "message", "hint", "raw")


def test_rows_stand_in_order_of_table_file_and_line_whatever_the_order_of_finding() -> None:
    found = [row("stock", "b", 2), row("sales", "b", 10), row("stock", "a", 3), row("sales", "b", 9)]
    one, other = Findings(), Findings()
    one.set_aside(found)
    for case in reversed(found):
        other.set_aside([case])
    assert one.frame().equals(other.frame())
    assert one.frame()[["table", "file", "line"]].values.tolist() == [
        ["sales", "b", 9], ["sales", "b", 10], ["stock", "a", 3], ["stock", "b", 2]
    ]  # fmt: skip


def test_frames_of_nothing_have_their_columns() -> None:
    findings = Findings()
    assert list(findings.frame().columns) == [f.name for f in fields(Quarantined)]
    assert list(findings.repair_frame().columns) == [f.name for f in fields(Repair)]
    assert list(findings.notice_frame().columns) == ["code", "table", "message"]
    assert len(findings.frame()) == len(findings.repair_frame()) == len(findings.warnings) == 0


def test_the_same_notice_is_kept_once() -> None:
    findings = Findings()
    for _ in range(3):
        findings.notice("late_feed", "sales", "complete until yesterday")
    findings.notice("late_feed", "stock", "complete until yesterday")
    assert findings.warnings == ["sales: complete until yesterday", "stock: complete until yesterday"]


def test_a_repair_can_be_undone() -> None:
    findings = Findings(repairs=[Repair("items", "i.csv", "sku", "before", "after", "unicode_normalised", 2)])
    assert findings.repair_frame().to_dict("records") == [
        {"table": "items", "file": "i.csv", "column": "sku", "before": "before", "after": "after",
         "code": "unicode_normalised", "rows": 2}
    ]  # fmt: skip
