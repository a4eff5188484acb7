"""Demand that comes otherwise than planned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.demand import DemandSource
from replenishment.simulation.scenarios.scenario import Temporary, whole_steps

__all__ = ["DemandSurge", "Promotion", "ScaledDemand", "SeasonShift"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class DemandSurge(Temporary):
    """Customers want ``factor`` times as much for ``days``; nobody told the planner, whose levels stay."""

    factor: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(factor=0)

    def apply(self, case: Case) -> Case:
        """Multiply demand while the surge lasts."""
        return _scaled(case, self.during(case, 1.0, lambda one: one * self.factor))


@dataclass(frozen=True, kw_only=True)
class Promotion(Temporary):
    """A promotion that the planner doesn't know of: demand grows by ``uplift`` for ``days``.

    For as many days after it demand is lower by the share ``dip``: customers have bought ahead.
    """

    days: float = 14.0
    uplift: float = 1.0
    dip: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(uplift=0)
        self._share("dip")

    def apply(self, case: Case) -> Case:
        """Multiply demand during the promotion and after it."""
        factor = self.during(case, 1.0, lambda one: one * (1.0 + self.uplift))
        after = self.span(case, self.days)
        return _scaled(case, self.during(case, factor, lambda one: one * (1.0 - self.dip), after))


@dataclass(frozen=True, kw_only=True)
class SeasonShift(Temporary):
    """The season comes ``days`` earlier than planned.

    For so many days demand is higher by ``share``, and for as many days after them lower by it: mean demand is the same
    (unless the simulation ends before), but what was bought for later is needed now.
    """

    days: float = 60.0
    share: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._share("share")

    def apply(self, case: Case) -> Case:
        """Move demand from the later days to the earlier ones."""
        factor = self.during(case, 1.0, lambda one: one * (1.0 + self.share))
        after = self.span(case, self.days)
        return _scaled(case, self.during(case, factor, lambda one: one * (1.0 - self.share), after))


@dataclass(frozen=True, eq=False)
class ScaledDemand:
    """Demand of another source times a factor by period.

    Attributes
    ----------
    factor : (n, periods). whole : (n,) items in whole units: what a factor leaves of a unit is carried on along the
        path, so that their demand stays whole and its sum right within half a unit.
    """

    source: DemandSource
    factor: Floats
    whole: Flags

    def __call__(self, rows: Integers, paths: int, periods: int) -> npt.NDArray[np.float32]:
        """Draw (rows, paths, periods)."""
        drawn = self.source(rows, paths, periods)
        factor = self.factor[rows, :periods]
        touched = np.flatnonzero((factor != 1.0).any(axis=1))
        if not len(touched):
            return drawn
        out = np.array(drawn, dtype=np.float32)
        units = drawn[touched] * factor[touched, None, :]
        out[touched] = whole_steps(units, self.whole[rows[touched]])
        return out


def _scaled(case: Case, factor: Floats) -> Case:
    return replace(case, demand=ScaledDemand(case.source, factor, case.whole))
