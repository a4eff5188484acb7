"""Orders that aren't placed as they should be: too little money, too low levels, no system."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.scenarios.scenario import Scenario, Temporary
from replenishment.simulation.sharing import SharedLimit
from replenishment.simulation.tables import reviews_of

__all__ = ["CashLimit", "SystemOutage", "TooLittleSafetyStock", "WrongForecast"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CashLimit(Temporary):
    """A short-term cash rule: for ``days`` the orders of an opening together may cost ``share`` of what is usual.

    Usual is the mean demand until the next review of the items reviewed, at their unit cost; where no unit cost is
    known, each unit counts alike. Who lacks cover most is bought first, the others' orders are cut or left out (see
    ``SharedLimit``). What isn't spent at an opening is not saved for the next.
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(share=0)

    def apply(self, case: Case) -> Case:
        """Let the orders of an opening share a budget."""
        mean, when = case.planned("mean_demand"), self.span(case)
        if np.isinf(self.share):
            return case
        unit_cost = None if case.costs is None else case.costs.unit_cost
        cost = np.where(case.hit(self.where), 1.0 if unit_cost is None else unit_cost, 0.0)
        reviews = reviews_of(case.policy, case.limits, case.clock.first_review, case.periods)
        money = np.full(case.periods, np.inf)
        money[when] = self.share * ((cost * mean * case.policy.review_periods) @ reviews[:, when])
        budget = SharedLimit.budget(money, cost)
        return replace(case, limits=replace(case.limits, shared=(*case.limits.shared, budget)))


@dataclass(frozen=True, kw_only=True)
class SystemOutage(Temporary):
    """No orders can be placed for ``days``; a review due then is held as soon as the system is back."""

    days: float = 14.0

    def apply(self, case: Case) -> Case:
        """Close the days of the outage."""
        is_open = self.during(case, np.asarray(case.limits.open, dtype=np.float64), lambda _: 0.0)
        return replace(case, limits=replace(case.limits, open=is_open > 0))


@dataclass(frozen=True, kw_only=True)
class TooLittleSafetyStock(Scenario):
    """Levels lack the share ``share`` of the safety stock, all the time; where it is below 0 they stay."""

    share: float = 0.5

    def __post_init__(self) -> None:
        self._share("share")

    def apply(self, case: Case) -> Case:
        """Lower both levels."""
        lacking = self.share * np.maximum(case.planned("safety_stock"), 0.0)
        return _shifted(case, np.where(case.hit(self.where), -lacking, 0.0))


@dataclass(frozen=True, kw_only=True)
class WrongForecast(Scenario):
    """The forecast is wrong by the share ``bias``, all the time: -0.2 expects a fifth less than comes.

    The reorder point, a quantile of the demand expected over lead time and review, is wrong by the same share, and the
    level to raise to with it; lots stay as they are.
    """

    bias: float = -0.2

    def __post_init__(self) -> None:
        self._least(bias=-1)

    def apply(self, case: Case) -> Case:
        """Move both levels."""
        wrong = self.bias * np.maximum(case.policy.reorder_point, 0.0)
        return _shifted(case, np.where(case.hit(self.where), wrong, 0.0))


def _shifted(case: Case, units: Floats) -> Case:
    """Move all levels by so many units, whole ones where the item comes in whole units."""
    by = np.where(case.whole, np.floor(units + 0.5), units)
    rule = case.policy
    return replace(
        case,
        policy=replace(
            rule, reorder_point=rule.reorder_point + by, raise_to=rule.raise_to + by, highest=rule.highest + by
        ),
    )
