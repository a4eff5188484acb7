"""
The demand that an order has to cover, period by period.

With a lead time of L and a review every R periods, the order decided at the opening of period t is available at
the opening of t + L, and the next one at t + L + R: it protects the periods up to t + L + R - 1. What a policy
needs are the demands over L, L + 1, ..., L + R periods from t on; an inventory position y at t then ends the i-th
protected period with a stock of y minus the demand over L + i periods (i = 1 ... R).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.validation import FloatArray, as_floats, checked, checked_level, checked_whole

__all__ = ["CycleDemand", "probability_below"]


def probability_below(demand: Demand, x: ArrayLike) -> FloatArray:
    """Return P(D < x): the probability that a level of x is not used up entirely."""
    return demand.cdf(np.nextafter(checked_level(x), -np.inf))


@dataclass(frozen=True)
class CycleDemand:
    """
    Demands over L, L + 1, ..., L + R periods, for one item or for many.

    Attributes
    ----------
    before
        Demand over the L periods before the order arrives; any demand where ``delayed`` is false.
    through
        Demands over L + 1, ..., L + R periods; the last is the demand over the protection interval.
    delayed
        Whether L > 0, one answer or one an item.
    """

    before: Demand
    through: tuple[Demand, ...]
    delayed: bool | NDArray[np.bool_] = True

    def __post_init__(self) -> None:
        if not self.through:
            raise ValueError("through is empty; it must hold the demand of at least one protected period")

    @classmethod
    def independent(cls, per_period: Demand, lead_time: ArrayLike, review: int = 1) -> CycleDemand:
        """
        Build from the demand of one period when periods are independent and alike.

        Parameters
        ----------
        per_period
            Demand of one period; its parameters may be arrays.
        lead_time
            L in periods, at least 0; an array gives each item its own.
        review
            R in periods, a whole number of at least 1, the same for all items.

        Raises
        ------
        ValueError
            For a negative or infinite lead time, or a review that is not a whole number of periods.
        """
        wait = checked("lead_time", lead_time, "[0, inf)")
        cycle = checked_whole("review", review, "[1, inf)")
        before = per_period.sum_over(np.where(wait > 0, wait, 1.0)[()])
        through = tuple(per_period.sum_over(wait + i) for i in range(1, cycle + 1))
        return cls(before, through, np.asarray(wait > 0)[()])

    @property
    def whole(self) -> bool | NDArray[np.bool_]:
        """Whether demand comes in whole units."""
        return self.through[-1].whole

    @property
    def horizon(self) -> Demand:
        """Demand over the whole protection interval of L + R periods."""
        return self.through[-1]

    @property
    def mean_per_cycle(self) -> FloatArray:
        """Expected demand of the R protected periods."""
        return as_floats(self.horizon.mean - np.where(self.delayed, self.before.mean, 0.0))

    def average(self, measure: Callable[[Demand], FloatArray]) -> FloatArray:
        """Return a measure of the demand up to the end of a protected period, averaged over these periods."""
        return as_floats(np.sum([measure(part) for part in self.through], axis=0) / len(self.through))

    def loss_before(self, x: ArrayLike) -> FloatArray:
        """Return the units expected to be missing when the order arrives, out of a position of x."""
        return as_floats(np.where(self.delayed, self.before.loss(x), np.maximum(-np.asarray(x, dtype=np.float64), 0.0)))

    def second_loss_before(self, x: ArrayLike) -> FloatArray:
        """Return the second-order loss over the lead time alone."""
        short = np.maximum(-np.asarray(x, dtype=np.float64), 0.0)
        nothing = short * np.where(self.whole, np.maximum(short - 1.0, 0.0), short) / 2.0
        return as_floats(np.where(self.delayed, self.before.second_loss(x), nothing))

    def cdf_before(self, x: ArrayLike) -> FloatArray:
        """Return P(demand over the lead time <= x)."""
        return as_floats(np.where(self.delayed, self.before.cdf(x), np.asarray(x, dtype=np.float64) >= 0))
