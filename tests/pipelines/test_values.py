"""From text and typed columns to values: numbers, dates and flags are read or marked; nothing is guessed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.sources import TableSource
from pipelines.values import IdentifierError, hint_for, judge_identifier, parse_column

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


def parse(values: list[str | None], kind: str, source: TableSource = PLAIN) -> tuple[list[Any], list[bool]]:
    found, bad = parse_column(pa.array(values, pa.string()), kind, source)
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


def test_typed_truth_and_nothing_are_taken_as_they_are() -> None:
    for column, kind in ((pa.array([True, None, False]), "flag"), (pa.nulls(2), "date"), (pa.nulls(2), "number")):
        values, bad = parse_column(column, kind, PLAIN)
        assert values.to_pylist() == column.to_pylist()
        assert not any(bad.to_pylist())


def test_not_a_number_in_a_typed_column_is_nothing_and_infinity_stays_to_be_judged() -> None:
    values, bad = parse_column(pa.array([float("nan"), float("inf"), 1.0]), "number", PLAIN)
    assert values.to_pylist() == [None, float("inf"), 1.0]
    assert not any(bad.to_pylist())


def test_a_typed_column_that_is_no_date_is_marked() -> None:
    values, bad = parse_column(pa.array([True, None]), "date", PLAIN)
    assert values.null_count == 2
    assert bad.to_pylist() == [True, False]


def declared(**how: str) -> TableSource:
    return TableSource(path=("any.csv",), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "good", "wrong"),
    [
        ({"decimal": ","}, {"1,5": 1.5, "-,25": -0.25, "7,": 7.0, "3": 3.0, "1,5e3": 1500.0}, ["1.5", "1,5,0", "1 5"]),
        (
            {"decimal": ",", "thousands": "."},
            {"1.234,5": 1234.5, "1.234.567": 1234567.0, "1234,5": 1234.5, "999": 999.0, "-1.000": -1000.0},
            ["1.23", "12.34.567", "1.2345", "1,234.5", ".123", "1234.567"],
        ),
        ({"thousands": ","}, {"1,234.5": 1234.5, "12,345": 12345.0}, ["1,5", "1,23", "1.234,5", ",123", "1,2345"]),
        ({"thousands": " "}, {"1 234": 1234.0, "1 234 567.5": 1234567.5, "12": 12.0}, ["12 34", "1 2345", "1,234"]),
        ({"thousands": "'"}, {"1'234": 1234.0}, ["1'23", "'234"]),
    ],
    ids=str,
)
def test_numbers_are_read_with_the_declared_signs_and_no_others(
    how: dict[str, str], good: dict[str, float], wrong: list[str]
) -> None:
    values, bad = parse([*good, *wrong], "number", declared(**how))
    assert values == [*good.values(), *([None] * len(wrong))]
    assert bad == [False] * len(good) + [True] * len(wrong)


@pytest.mark.parametrize(
    ("written", "good", "wrong"),
    [
        ("%d.%m.%Y", ["28.04.2025", "5.5.2025", "29.02.2024"], ["30.02.2025", "29.02.2025", "2025-04-28", "31.4.2025"]),
        ("%d/%m/%Y", ["03/04/2026"], ["13/13/2026", "04/31/2026"]),
        ("%m/%d/%Y", ["04/03/2026"], ["13/12/2026", "02/30/2026"]),
        ("%Y%m%d", ["20250428"], ["20250230", "2025-04-28"]),
        ("%d.%m.%Y %H:%M", ["28.04.2025 13:30"], ["28.04.2025", "28.04.2025 25:00"]),
        ("%d.%m.%Y %H:%M:%S", ["28.04.2025 13:30:15"], ["30.02.2025 13:30:15"]),
        ("%y-%m-%d", ["25-04-28"], ["25-02-29"]),
    ],
)
def test_dates_are_read_as_declared_and_a_day_that_does_not_exist_is_none(
    written: str, good: list[str], wrong: list[str]
) -> None:
    """Against the standard library; what rolls over into the next month is no date."""
    values, bad = parse([*good, *wrong, ""], "date", declared(date_format=written))
    assert values[: len(good)] == [dt.datetime.strptime(text, written) for text in good]
    assert values[len(good) :] == [None] * (len(wrong) + 1)
    assert bad == [False] * len(good) + [True] * len(wrong) + [False]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("number", "1,5", 'decimal = ","'),
        ("number", "1,234", 'thousands = ","'),
        ("number", "1 234", 'thousands = " "'),
        ("number", "(5)", "minus sign in front"),
        ("number", "5-", "minus sign in front"),
        ("number", "12 pcs", "remove words and units"),
        ("number", "n/a", "remove words and units"),
        ("number", "..", "decimal sign '.'"),
        ("date", "03/04/2026", "date_format"),
        ("date", "28.4.25", "date_format"),
        ("date", "45000", "day number"),
        ("date", "1745798400", "since 1970"),
        ("date", "1745798400000", "since 1970"),
        ("date", "2025-04-28T10:00:00Z", "time zone"),
        ("date", "2025-04-28T10:00:00+02:00", "time zone"),
        ("date", "2026-02-30", "no such day"),
        ("date", "soon", "YYYY-MM-DD"),
        ("flag", "maybe", "true or false"),
    ],
)
def test_the_hint_fits_the_mistake(kind: str, value: str, words: str) -> None:
    assert words in hint_for(kind, value, PLAIN)


@pytest.mark.parametrize("value", ["2025-04-28", "30.02.2025", "45000"])
def test_a_hint_never_asks_to_declare_what_is_declared(value: str) -> None:
    assert hint_for("date", value, declared(date_format="%d.%m.%Y")) == "write dates as %d.%m.%Y"


@pytest.mark.parametrize("text", ["A", "naïve Ä 日本", " A ", "x" * 128, "👩", "=1+1", "a\u00a0b", "'; DROP", "\u05d0"])
def test_a_visible_identifier_is_used_as_it_is(text: str) -> None:
    assert judge_identifier(text) == text


@pytest.mark.parametrize(
    ("character", "name"),
    [("\u200b", "zero width space"), ("\u202e", "right-to-left override"), ("\ufeff", "byte-order mark"), ("\0", "NUL"),
     ("\t", "tab"), ("\n", "newline"), ("\u2028", "line separator"), ("\u00ad", "soft hyphen"), ("\x7f", "delete")],
)  # fmt: skip
def test_a_hidden_character_is_named_by_its_code(character: str, name: str) -> None:
    with pytest.raises(IdentifierError, match=rf"U\+{ord(character):04X}") as problem:
        judge_identifier(f"A{character}B")
    assert problem.value.code == "hidden_character"


def test_a_letter_in_two_parts_becomes_one_and_too_many_characters_are_refused() -> None:
    assert judge_identifier("Scha\u0308fer") == "Schäfer"
    with pytest.raises(IdentifierError, match="has 129 characters") as problem:
        judge_identifier("x" * 129)
    assert problem.value.code == "identifier_too_long"
