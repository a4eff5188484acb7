"""Receipts measured group by group, counted one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from replenishment.lead_times import measure_receipts


def receipts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "supplier": ["b", "a", "a", "b", "a", "c"],
            "sku": ["1", "1", "2", "1", "1", "1"],
            "ordered_on": pd.to_datetime(["2024-02-20"] * 6),
            "received_on": pd.to_datetime(["2024-03-01", "2024-02-27", "2024-03-02", "2024-02-29", "2024-03-05", None]),
        }
    )


@pytest.mark.parametrize("by", [["supplier"], ["supplier", "sku"]])
def test_receipts_are_measured_group_by_group(by: list[str]) -> None:
    """Counted one by one, across the leap day; lines still open say nothing."""
    frame = receipts()
    measured = measure_receipts(frame, by)
    expected: dict[tuple, list[int]] = {}
    for row in frame.itertuples():
        if row.received_on is not pd.NaT:
            key = tuple(getattr(row, name) for name in by)
            expected.setdefault(key, []).append((row.received_on - row.ordered_on).days)
    assert [tuple(key) for key in measured[by].to_numpy()] == sorted(expected)
    for row in measured.itertuples():
        days = expected[tuple(getattr(row, name) for name in by)]
        assert row.receipts == len(days)
        assert row.measured_days == pytest.approx(np.mean(days))
        assert row.measured_sd_days == pytest.approx(np.std(days))
        np.testing.assert_array_equal(row.days, sorted(days))


def test_without_any_receipt_there_is_nothing_measured() -> None:
    frame = receipts()
    assert len(measure_receipts(frame[frame["received_on"].isna()], ["supplier"])) == 0
    assert len(measure_receipts(frame[:0], ["supplier", "sku"])) == 0
