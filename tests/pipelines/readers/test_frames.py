"""Data frames: what is no text, number or date in an object column is not lost on the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.readers import open_table
from tests.pipelines.readers.reading import checked, column_of, refused


def test_whole_numbers_as_identifiers_of_a_frame_become_text() -> None:
    assert column_of(open_table("stock", pd.DataFrame({"sku": [123, 7], "on_hand": 1.0}))) == ["123", "7"]


def test_fractions_as_identifiers_of_a_frame_are_refused_with_a_remedy() -> None:
    """A frame read without dtype=str has lost zeros already, and a gap has turned 123 into 123.0."""
    assert "dtype=str" in refused(pd.DataFrame({"sku": [123.0, np.nan], "on_hand": 1.0}), "stock")
    assert "dtype=str" in refused(pd.DataFrame({"sku": pd.Series(["A", 7.5], dtype=object), "on_hand": 1.0}), "stock")


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT])
def test_nothing_is_nothing_in_every_way_to_write_it(nothing: Any) -> None:
    frame = pd.DataFrame({"sku": pd.Series(["A", nothing], dtype=object), "on_hand": 1.0})
    assert column_of(open_table("stock", frame)) == ["A", None]


def test_a_frame_with_a_column_twice_is_refused() -> None:
    frame = pd.DataFrame({"sku": ["A"], "on_hand": [1.0]})
    assert "'sku' more than once" in refused(pd.concat([frame, frame[["sku"]]], axis=1), "stock")


@pytest.mark.parametrize("value", [dt.date(2025, 4, 28), dt.datetime(2025, 4, 28, 13), "2025-04-28"])
@pytest.mark.parametrize("kind", [None, object])
def test_dates_of_a_frame_may_be_dates_timestamps_or_text(value: Any, kind: Any) -> None:
    frame = pd.DataFrame({"sku": "A", "on_hand": 1.0, "as_of": pd.Series([value], dtype=kind)})
    out, bad, _ = checked(frame)
    assert bad == []
    assert out["as_of"].tolist() == [pd.Timestamp("2025-04-28")]


@pytest.mark.parametrize("text", ["2026-02-30", "03/04/2026", "soon"])
@pytest.mark.parametrize("others", [[], [pd.Timestamp("2025-04-28")], [dt.date(2025, 4, 28), None]], ids=len)
def test_text_that_is_no_date_survives_the_way_into_arrow(text: str, others: list[Any]) -> None:
    """The check must see it: an item with discontinued_on = "soon" is not one without an end."""
    days = pd.Series([text, *others], dtype=object)
    frame = pd.DataFrame({"sku": list("ABC")[: len(days)], "discontinued_on": days})
    assert str(column_of(open_table("items", frame), "discontinued_on")[0]) == text
    out, bad, _ = checked(frame, "items")
    assert [(r.line, r.value, r.code) for r in bad] == [(2, text, "not_a_date")]
    assert len(out) == len(others)


def test_numbers_and_text_mixed_in_a_frame_reach_the_check() -> None:
    frame = pd.DataFrame({"sku": ["A", "B", "C"], "on_hand": pd.Series(["12 pcs", 3.0, "4"], dtype=object)})
    out, bad, _ = checked(frame)
    assert out.set_index("sku")["on_hand"].to_dict() == {"B": 3.0, "C": 4.0}
    assert [(r.line, r.value, r.code) for r in bad] == [(2, "12 pcs", "not_a_number")]


def test_the_row_of_a_frame_is_told_by_its_position_whatever_its_index() -> None:
    frame = pd.DataFrame({"sku": ["A", "B"], "on_hand": ["1", "x"]}, index=[50, 9])
    _, bad, _ = checked(frame)
    assert [(r.file, r.line, r.raw) for r in bad] == [("a data frame", 3, "sku=B, on_hand=x")]
