"""Levels that were set before, taken up item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from pipelines.digests import row_digests
from pipelines.jobs.kept_rows import KeptRows
from pipelines.jobs.levels import ItemFacts, LevelResults, LevelsBeside
from pipelines.stage_store import StageStore
from replenishment.lead_times import LeadTimes
from replenishment.netting import NetPosition
from replenishment.policies import Policies

__all__ = ["KeptLevels"]


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
        if self.store.root is None:
            return self.set_all(lead_times, facts)
        told = {f.name: getattr(facts, f.name) for f in fields(facts)}
        common = {name: value for name, value in told.items() if not isinstance(value, np.ndarray)}
        own = [value for value in told.values() if isinstance(value, np.ndarray)]
        demand = [self.drawn_from[i] for i in facts.series.tolist()]
        kept = KeptRows[LevelResults](self.store, stage, (LevelResults, LevelsBeside, Policies, NetPosition))
        return kept.once(
            row_digests(len(demand), demand, lead_times.probability, *own),
            common,
            lambda rows: self.set_all(lead_times.take(rows), facts.take(rows)),
        )
