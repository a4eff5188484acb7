"""What earlier replays taught about promised rates, applied to targets and promises of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.config import PlanConfig
from pipelines.jobs.levels import ItemFacts, LevelResults
from replenishment.tuning import Correction

__all__ = ["Corrector"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Corrector:
    """A correction, and the class of each series; without one everything stays as it is."""

    correction: Correction | None
    classes: npt.NDArray[np.object_]

    @classmethod
    def of(cls, config: PlanConfig, classes: Any) -> Corrector:
        """The correction that a configuration holds; ``classes`` : (n,) of the series."""
        given = config.correction
        learned = None if given is None else Correction(**given.model_dump())
        return cls(learned, np.asarray(classes, dtype=object))

    def asked(self, facts: ItemFacts) -> ItemFacts:
        """Ask for the rates from which the wanted ones follow; other measures than rates of units stay."""
        if self.correction is None:
            return facts
        target = facts.target.copy()
        for measure in ("backorder_rate", "fill_rate"):
            rows = np.flatnonzero(facts.measure == measure)
            rate = target[rows] if measure == "backorder_rate" else 1.0 - target[rows]
            asked = self.correction.asked(rate, self.classes[facts.series[rows]])
            target[rows] = asked if measure == "backorder_rate" else 1.0 - asked
        return replace(facts, target=target)

    def asked_of_all(self, rate: float) -> float:
        """The same for the rate of all items together."""
        return rate if self.correction is None else float(self.correction.asked([rate], [""])[0])

    def promised(self, levels: LevelResults, facts: ItemFacts) -> LevelResults:
        """Promise what has followed from the rates that the forecast lets expect."""
        if self.correction is None:
            return levels
        expected = levels.policies.expected_backorder_rate
        rate = self.correction.promised(expected, self.classes[facts.series])
        return replace(levels, policies=replace(levels.policies, expected_backorder_rate=rate))
