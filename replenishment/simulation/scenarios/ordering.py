"""Orders that aren't placed as they should be: too little money, too low levels, no system."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.scenarios.scenario import Scenario, Temporary

__all__ = ["CashLimit", "SystemOutage", "TooLittleSafetyStock", "WrongForecast"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CashLimit(Temporary):
    """A short-term cash rule: for ``days`` an order may be at most ``share`` of what is usual.

    Usual is the mean demand of a review interval, or the lot or minimum where that is more. An order is cut to as many
    whole lots as fit; where a lot or the minimum doesn't fit, nothing is bought until the rule is lifted.
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(share=0)

    def apply(self, case: Case) -> Case:
        """Bound the largest order."""
        rule = case.policy
        usual = np.maximum(case.planned("mean_demand") * rule.review_periods, np.maximum(rule.lot, rule.minimum))
        most = np.where(np.isinf(self.share), np.inf, np.where(usual > 0, usual, 0.0) * min(self.share, 1e300))
        most = np.where(case.whole & (rule.lot <= 0), np.floor(most), most)[case.hit(self.where), None]
        maximum = self.during(case, case.limits.maximum, lambda largest: np.minimum(largest, most))
        return replace(case, limits=replace(case.limits, maximum=maximum))


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
