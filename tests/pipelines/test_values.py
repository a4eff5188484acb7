"""From text and typed columns to values: numbers, dates and flags are read or marked; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.sources import TableSource
from pipelines.values import parse_column

PLAIN = TableSource(path=("table.csv",))

NUMBERS = {
    "1": 1.0, "-2.5": -2.5, "+3": 3.0, ".5": 0.5, "7.": 7.0, "1e3": 1000.0, "2E-2": 0.02, " 4 ": 4.0, "007": 7.0,
}  # fmt: skip
NO_NUMBERS = [
    "1,5", "1 234", "1,234", "n/a", "NA", "nan", "inf", "-inf", "1e400", "12 pcs", "(5)", "5-", "0x10", "1_000", "٣",
    "３", "--1", ".", "e5", "TRUE",
]  # fmt: skip
DATES = {
    "2025-04-28": "2025-04-28", "2024-02-29": "2024-02-29", "2025-04-28T13:30:00": "2025-04-28",
    "2025-04-28 00:00:00": "2025-04-28", " 2025-04-28 ": "2025-04-28",
}  # fmt: skip
NO_DATES = [
    "2026-02-30", "2025-02-29", "2025-13-01", "03/04/2026", "28.04.2025", "20250428", "45000", "2025-4-8",
    "2025-04-28T25:00:00", "today",
]  # fmt: skip
FLAGS = {
    "true": True, "TRUE": True, "yes": True, "1": True, "t": True, "false": False, "No": False, "0": False, "F": False,
}  # fmt: skip


def parse(values: list[str | None], kind: str) -> tuple[list[Any], list[bool]]:
    found, bad = parse_column(pa.array(values, pa.string()), kind, PLAIN)
    return found.to_pylist(), bad.to_pylist()


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [("number", NUMBERS, NO_NUMBERS), ("date", DATES, NO_DATES), ("flag", FLAGS, ["maybe", "2", "wahr", "truee"])],
)
def test_text_becomes_a_value_or_is_marked_and_an_empty_cell_is_neither(
    kind: str, good: dict[str, Any], wrong: list[str]
) -> None:
    """Good, bad and empty cells stand in one column, so that one bad value spoils no good one."""
    values, bad = parse([*good, *wrong, "", "  ", None], kind)
    wanted = [pd.Timestamp(v) if kind == "date" else v for v in good.values()]
    have = [pd.Timestamp(v).normalize() if kind == "date" else v for v in values[: len(good)]]
    assert have == wanted
    assert values[len(good) :] == [None] * (len(wrong) + 3)
    assert bad == [False] * len(good) + [True] * len(wrong) + [False] * 3


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [
        (pa.array([5], pa.int64()), "number", 5.0),
        (pa.array([1.25]).cast(pa.decimal128(10, 2)), "number", 1.25),
        (pa.array([20206], pa.date32()), "date", pd.Timestamp("2025-04-28")),
        (pa.array([1, 0]), "flag", True),
        (pa.array(["3"]).dictionary_encode(), "number", 3.0),
    ],
    ids=["integer", "decimal", "date", "whole flag", "dictionary"],
)
def test_typed_columns_are_taken_as_they_are(column: pa.Array, kind: str, value: Any) -> None:
    values, bad = parse_column(column, kind, PLAIN)
    assert values[0].as_py() == value
    assert not any(bad.to_pylist())
