"""Digests tell equal values from others, and rows by themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.digests import digest_of, row_digests


@dataclass(frozen=True)
class Pair:
    first: Any
    second: Any


VALUES: list[Any] = [
    None, True, 1, 1.0, "1", "", 0.0, -0.0, float("nan"), dt.date(2025, 1, 1), dt.date(2025, 1, 2),
    [], [[]], [1, 2], [[1], 2], [1, [2]], ["ab", "c"], ["a", "bc"], {"a": 1}, {"a": 2}, Pair(1, 2), Pair(2, 1),
    np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([1, 2], dtype=np.float32),
    np.array(["a", "b"]),
    pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), pd.DataFrame({"a": ["1", "2"]}),
]  # fmt: skip


def test_different_values_have_different_digests() -> None:
    for one, other in combinations(VALUES, 2):
        assert digest_of(one) != digest_of(other), (one, other)


def test_equal_values_have_the_same_digest() -> None:
    assert digest_of(Pair(np.arange(3), {"a": (1, None)})) == digest_of(Pair(np.arange(3), {"a": [1, None]}))
    wide = np.arange(6.0).reshape(2, 3)
    assert digest_of(wide[:, ::2]) == digest_of(wide[:, ::2].copy())
    assert digest_of(np.float64(0.1)) == digest_of(0.1)
    assert digest_of(1, 2) != digest_of([1, 2])


def test_what_can_t_be_told_apart_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no digest"):
        digest_of([object()])


def test_one_changed_row_changes_one_digest() -> None:
    numbers, names = np.arange(12.0).reshape(4, 3), ["a", "b", "c", "d"]
    before = row_digests(4, numbers, names)
    assert len(set(before)) == 4
    numbers[2, 1] = -1.0
    after = row_digests(4, numbers, [*names[:3], "e"])
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False, False]


def test_zeros_at_the_end_of_a_row_fill_it_up_and_no_others() -> None:
    narrow, wide = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert row_digests(2, narrow) == row_digests(2, wide)
    assert row_digests(2, narrow[:, ::-1].copy()) != row_digests(2, narrow)
    # What follows a short row is not taken for its end.
    assert row_digests(1, np.array([[1.0, 0.0]]), np.array([[2.0]])) != row_digests(1, np.array([[1.0, 2.0]]), [[]])


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="3 values for 2 rows"):
        row_digests(2, np.zeros(3))


def test_no_rows_have_no_digests() -> None:
    assert row_digests(0, np.empty(0), np.empty((0, 3)), []) == []
