"""Kept results are taken up row by row: only what changed is found again, and nothing shows which rows those were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.jobs.kept_rows import KeptRows
from pipelines.jobs.rows import join_rows, take_rows
from pipelines.stage_store import FORGETFUL, StageStore


@dataclass(frozen=True, eq=False)
class Inner:
    wide: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outer:
    value: npt.NDArray[np.int64]
    inner: Inner


class Finder:
    """Results that follow from a row's own digest; notes which rows it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, rows: list[str], chosen: npt.NDArray[np.int64]) -> Outer:
        self.asked.append([rows[i] for i in chosen.tolist()])
        value = np.array([int(row) for row in self.asked[-1]])
        return Outer(value, Inner(value[:, None] / [3.0, 7.0]))

    def once(self, kept: KeptRows[Outer], rows: list[str], common: object = 0) -> Outer:
        return kept.once(rows, common, lambda chosen: self(rows, chosen))


def same(left: Outer, rows: list[str]) -> bool:
    right = Finder()(rows, np.arange(len(rows)))
    return left.value.tobytes() == right.value.tobytes() and left.inner.wide.tobytes() == right.inner.wide.tobytes()


@pytest.fixture
def kept(tmp_path: Path) -> KeptRows[Outer]:
    return KeptRows(StageStore(tmp_path / "cache"), "stage", (Outer, Inner))


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        (["1", "2", "3"], []),
        (["3", "1", "2"], []),
        (["1", "4", "3"], [["4"]]),
        (["5", "1", "2", "3", "6"], [["5", "6"]]),
        (["2", "2"], []),
        (["7", "8"], [["7", "8"]]),
    ],
)
def test_only_rows_that_are_new_are_found(kept: KeptRows[Outer], now: list[str], asked: list[list[str]]) -> None:
    Finder().once(kept, ["1", "2", "3"])
    finder = Finder()
    assert same(finder.once(kept, now), now)
    assert finder.asked == asked
    assert same(finder.once(kept, now), now)
    assert finder.asked == asked


def test_what_all_rows_share_is_part_of_the_key(kept: KeptRows[Outer]) -> None:
    finder = Finder()
    for common in (0, 1, 0):
        finder.once(kept, ["1", "2"], common)
    assert finder.asked == [["1", "2"], ["1", "2"]]


def test_without_a_store_all_are_found() -> None:
    finder, kept = Finder(), KeptRows[Outer](FORGETFUL, "stage", (Outer, Inner))
    for _ in range(2):
        assert same(finder.once(kept, ["1", "2"]), ["1", "2"])
    assert len(finder.asked) == 2


def test_parts_are_put_where_their_rows_belong() -> None:
    whole = Finder()([str(i) for i in range(9)], np.arange(9))
    order = np.array([4, 0, 8, 2, 6, 1, 3, 5, 7])
    parts = [take_rows(whole, order[:2]), take_rows(whole, order[2:2]), take_rows(whole, order[2:])]
    assert same(join_rows(parts, order), [str(i) for i in range(9)])
