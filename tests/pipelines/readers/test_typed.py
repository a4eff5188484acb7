"""Typed columns: what may be read without loss and without a guess, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipelines.readers.reading import checked, declared, refused

DAY = pa.array([20206], pa.date32())  # 2025-04-28


def parquet(folder: Path, **columns: Any) -> Path:
    pq.write_table(pa.table({"sku": ["A"], "on_hand": [1.0], **columns}), folder / "stock.parquet")
    return folder / "stock.parquet"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"as_of": pa.array([1745798400])}, "would be a guess"),
        ({"as_of": pa.array([45775.0])}, "would be a guess"),
        ({"as_of": pa.array([[1]], pa.list_(pa.field("element", pa.int64())))}, "flatten it"),
        ({"as_of": pa.array([1], pa.timestamp("us", tz="UTC"))}, "declare time_zone"),
        ({"on_hand": DAY}, "is no number"),
        ({"on_hand": pa.array([True])}, "is no number"),
        ({"sku": pa.array([1.5])}, "identifiers must be text"),
        ({"sku": pa.array([1]).cast(pa.decimal128(19, 0))}, "identifiers must be text"),
    ],
    ids=["seconds", "serial day", "list", "time zone", "date", "truth", "fraction", "decimal"],
)
def test_a_column_that_could_only_be_guessed_at_is_refused_with_its_type(
    tmp_path: Path, column: dict[str, Any], words: str
) -> None:
    text = refused(parquet(tmp_path, **column), "stock")
    name, values = next(iter(column.items()))
    assert f"column {name!r} holds {values.type}" in text
    assert words in text


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ({"on_hand": pa.array([5], pa.int8())}, 5.0),
        ({"on_hand": pa.array([5], pa.uint64())}, 5.0),
        ({"on_hand": pa.array([1.25]).cast(pa.decimal128(10, 2))}, 1.25),
        ({"on_hand": pa.array(["7"])}, 7.0),
        ({"on_hand": pa.array(["7"]).dictionary_encode()}, 7.0),
        ({"as_of": DAY}, pd.Timestamp("2025-04-28")),
        ({"as_of": DAY.cast(pa.date64())}, pd.Timestamp("2025-04-28")),
        ({"as_of": DAY.cast(pa.timestamp("ms"))}, pd.Timestamp("2025-04-28")),
        ({"as_of": pa.array(["2025-04-28"], pa.large_string())}, pd.Timestamp("2025-04-28")),
    ],
    ids=lambda value: str(next(iter(value.values())).type) if isinstance(value, dict) else "",
)
def test_what_can_be_read_without_loss_is_read(tmp_path: Path, column: dict[str, Any], wanted: Any) -> None:
    frame, bad, _ = checked(parquet(tmp_path, **column))
    assert bad == []
    assert frame[next(iter(column))].tolist() == [wanted]


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", "2025-04-29"), ("America/New_York", "2025-04-28")])
def test_a_declared_time_zone_says_whose_calendar_day_it_is(tmp_path: Path, zone: str, day: str) -> None:
    """At 22:30 in Greenwich it is past midnight in Berlin and afternoon in New York."""
    instant = pa.array([pd.Timestamp("2025-04-28 22:30")], pa.timestamp("us", tz="UTC"))
    frame, bad, _ = checked(declared(parquet(tmp_path, as_of=instant), time_zone=zone))
    assert bad == []
    assert frame["as_of"].tolist() == [pd.Timestamp(day)]
