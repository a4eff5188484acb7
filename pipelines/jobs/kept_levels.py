"""Levels that were set before, taken up item by item: one changed item costs one item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forecasting.storage import read_tree, write_tree
from pipelines.digests import digest_of, row_digests
from pipelines.jobs.levels import ItemFacts, LevelResults, LevelsBeside
from pipelines.stage_store import StageStore, code_digest
from replenishment.lead_times import LeadTimes
from replenishment.netting import NetPosition
from replenishment.policies import Policies

__all__ = ["KeptLevels"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class KeptLevels:
    """The levels among the finished stages of a workspace.

    Attributes
    ----------
    drawn_from : (n,) digest of what the demand of each series is drawn from. set_all : sets levels from lead times and
        facts, each item by itself.
    """

    store: StageStore
    drawn_from: list[str]
    set_all: Callable[[LeadTimes, ItemFacts], LevelResults]

    def once(self, stage: str, lead_times: LeadTimes, facts: ItemFacts) -> LevelResults:
        """Set the levels of those items whose facts, lead times and demand are not among the kept ones; keep all."""
        if self.store.root is None or not len(facts.series):
            return self.set_all(lead_times, facts)
        arrays = {f.name: getattr(facts, f.name) for f in fields(facts)}
        common = {name: value for name, value in arrays.items() if not isinstance(value, np.ndarray)}
        key = digest_of(code_digest(), common)
        own = [value for value in arrays.values() if isinstance(value, np.ndarray)]
        demand = [self.drawn_from[i] for i in facts.series.tolist()]
        rows = row_digests(len(demand), demand, lead_times.probability, *own)
        found = self.store.find(stage, key, _read)
        if found is not None and list(found[0]) == rows:
            return found[1]
        levels = self._completed(found, rows, lead_times, facts)
        self.store.keep(stage, key, lambda folder: write_tree(folder, {"rows": np.array(rows), "levels": levels}))
        return levels

    def _completed(
        self, found: tuple[list[str], LevelResults] | None, rows: list[str], lead_times: LeadTimes, facts: ItemFacts
    ) -> LevelResults:
        """Take what was found and set the rest."""
        place = {} if found is None else {row: i for i, row in enumerate(found[0])}
        at = np.array([place.get(row, -1) for row in rows], dtype=np.int64)
        missing, known = np.flatnonzero(at < 0), np.flatnonzero(at >= 0)
        if found is None or not len(known):
            return self.set_all(lead_times, facts)
        taken = found[1].take(at[known])
        if not len(missing):
            return taken
        parts = [taken, self.set_all(lead_times.take(missing), facts.take(missing))]
        return LevelResults.joined(parts, np.concatenate([known, missing]))


def _read(folder: Path) -> tuple[list[str], LevelResults]:
    tree = read_tree(folder, (LevelResults, LevelsBeside, Policies, NetPosition))
    return tree["rows"].tolist(), tree["levels"]
