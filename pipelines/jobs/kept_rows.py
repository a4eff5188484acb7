"""Results that were found before, taken up row by row: one changed item costs one item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from forecasting.storage import read_tree, write_tree
from pipelines.digests import digest_of
from pipelines.jobs.rows import join_rows, take_rows
from pipelines.stage_store import StageStore, code_digest

__all__ = ["KeptRows"]

T = TypeVar("T")

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class KeptRows(Generic[T]):
    """A stage among the finished ones of a workspace whose results are dataclasses of arrays, one row an item.

    Attributes
    ----------
    classes : the dataclasses that a result consists of, where they are not the forecasts' own.
    """

    store: StageStore
    stage: str
    classes: tuple[type, ...]

    def once(self, rows: list[str], common: object, find: Callable[[Integers], T]) -> T:
        """Find the results of those rows that are not among the kept ones; keep all.

        Parameters
        ----------
        rows : digest of all that the result of each row follows from, beside what they have in ``common``.
        find : finds the results of some rows, each by itself: a row's bits must not depend on which others are asked.
        """
        if self.store.root is None or not rows:
            return find(np.arange(len(rows)))
        key = digest_of(code_digest(), common)
        found = self.store.find(self.stage, key, self._read)
        if found is not None and found[0] == rows:
            return take_rows(found[1], np.arange(len(rows)))
        made = _completed(found, rows, find)
        self.store.keep(self.stage, key, (rows, take_rows(made, np.arange(len(rows)))), _write)
        return made

    def _read(self, folder: Path) -> tuple[list[str], T]:
        tree = read_tree(folder, self.classes)
        return tree["rows"].tolist(), tree["found"]


def _write(folder: Path, kept: tuple[list[str], T]) -> None:
    write_tree(folder, {"rows": np.array(kept[0]), "found": kept[1]})


def _completed(found: tuple[list[str], T] | None, rows: list[str], find: Callable[[Integers], T]) -> T:
    """Take what was found before and find the rest."""
    place = {} if found is None else {row: i for i, row in enumerate(found[0])}
    at = np.array([place.get(row, -1) for row in rows], dtype=np.int64)
    missing, known = np.flatnonzero(at < 0), np.flatnonzero(at >= 0)
    if found is None or not len(known):
        return find(missing)
    taken = take_rows(found[1], at[known])
    if not len(missing):
        return taken
    return join_rows([taken, find(missing)], np.concatenate([known, missing]))
