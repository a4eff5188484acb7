"""What an (s, S) policy under periodic review achieves, exactly, and the s that meets a target."""

from __future__ import annotations

from typing import cast

import numpy as np

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import CountDemand
from replenishment.min_max.cost import checked_levels
from replenishment.min_max.renewal import RenewalDensity
from replenishment.root_finding import smallest_integer
from replenishment.service_measures import ServiceMeasures, allowed_shortfall
from replenishment.validation import FloatArray, as_floats, checked, checked_whole

__all__ = ["min_max_for", "min_max_measures"]


class _Policy:
    """The steady state of an (s, S) policy with a given gap S - s, evaluated at any s."""

    def __init__(self, per_period: CountDemand, gap: int, lead_time: int, review: int) -> None:
        self.review = review
        self.between = cast(CountDemand, per_period if review == 1 else per_period.sum_over(review))
        self.protected = CycleDemand.independent(per_period, lead_time, review)
        density = RenewalDensity(self.between).first(gap)
        self.cycle_length = float(density.sum())
        self.weights = density[::-1] / self.cycle_length
        self.offsets = np.arange(1, gap + 1, dtype=np.float64)
        self.mean_demand = sum(float(part.mean) for part in self.protected.through) / review

    def average(self, values: FloatArray) -> float:
        """Return the mean of a function of the position over s + 1 ... S."""
        return float(self.weights @ values)

    def backorders(self, s: float) -> float:
        """Return the expected backorders at the end of a period."""
        return sum(self.average(part.loss(s + self.offsets)) for part in self.protected.through) / self.review

    def backorder_rate(self, s: float) -> float:
        """Return the share of the units that are backordered."""
        y = s + self.offsets
        missing = self.protected.horizon.loss(y) - self.protected.loss_before(y)
        return self.average(missing) / float(self.protected.mean_per_cycle)

    def share_of_periods(self, s: float, shift: float) -> float:
        """Return P(net stock >= shift) at the end of a period."""
        y = s + self.offsets - shift
        return sum(self.average(part.cdf(y)) for part in self.protected.through) / self.review

    def cycle_service_level(self, s: float) -> float:
        """Return P(undershoot + demand over the lead time <= s) with the exact undershoot of the policy."""
        reach = int(max(s, -1.0)) + 1
        if reach == 0:
            return 0.0
        # an order finds the position at s - u after a demand of (y - s) + u from the position y
        undershoots = np.arange(reach, dtype=np.float64)
        pmf = self.between.pmf(np.arange(1, self.offsets.size + reach))
        chance = np.correlate(pmf, self.weights, mode="valid")
        covered = float(chance @ self.protected.cdf_before(s - undershoots)) * self.cycle_length
        return min(covered, 1.0)


def min_max_measures(
    per_period: CountDemand, reorder_point: int, order_up_to: int, lead_time: int = 0, review: int = 1
) -> ServiceMeasures:
    """
    Return the exact steady-state measures of an (s, S) policy (with review > 1: (R, s, S)), full backordering.

    Parameters
    ----------
    per_period
        Whole demand of a period of one item, independent from period to period.
    reorder_point, order_up_to
        s < S, whole: at a review with position at or below s, order up to S.
    lead_time, review
        L >= 0 and R >= 1 in periods. Order at the opening of a review period, receipt L periods later before the
        demand of that period.

    Returns
    -------
    ServiceMeasures
        Averages over the ends of periods; ``order_frequency`` per period; ``mean_wait`` in periods; the cycle service
        level is the share of arrivals before which the net stock had not fallen below zero.

    Notes
    -----
    The position after a review follows the renewal density of :mod:`replenishment.min_max.renewal`; conditional on it
    everything is as for an order-up-to policy. The undershoot of s is part of that, not an approximation.
    """
    s, top = checked_levels(reorder_point, order_up_to)
    policy = _Policy(
        per_period,
        top - s,
        checked_whole("lead_time", lead_time, "[0, inf)"),
        checked_whole("review", review, "[1, inf)"),
    )
    backorders = policy.backorders(s)
    position = policy.average(s + policy.offsets)
    return ServiceMeasures(
        cycle_service_level=as_floats(policy.cycle_service_level(s)),
        fill_rate=as_floats(1.0 - policy.backorder_rate(s)),
        ready_rate=as_floats(policy.share_of_periods(s, 1.0)),
        no_backorder_rate=as_floats(policy.share_of_periods(s, 0.0)),
        expected_backorders=as_floats(backorders),
        expected_on_hand=as_floats(position - policy.mean_demand + backorders),
        order_frequency=as_floats(1.0 / (policy.cycle_length * review)),
        mean_wait=as_floats(backorders / per_period.mean),
    )


def min_max_for(
    per_period: CountDemand, gap: int, measure: str, target: float, lead_time: int = 0, review: int = 1
) -> tuple[int, int]:
    """
    Return the smallest (s, S) with a given gap S - s that meets a service target, exactly.

    Parameters
    ----------
    per_period, lead_time, review
        As in :func:`min_max_measures`.
    gap
        S - s >= 1, for example the economic order quantity less the mean undershoot.
    measure, target
        A word of :mod:`replenishment.service_measures` and its target.

    Returns
    -------
    tuple of int
        s and S; s is at least -gap.
    """
    policy = _Policy(
        per_period,
        checked_whole("gap", gap, "[1, inf)"),
        checked_whole("lead_time", lead_time, "[0, inf)"),
        checked_whole("review", review, "[1, inf)"),
    )
    allowed = float(allowed_shortfall(measure, float(checked("target", target, "(0, inf)"))))
    shortfall = {
        "cycle_service_level": lambda s: 1.0 - policy.cycle_service_level(s),
        "fill_rate": policy.backorder_rate,
        "backorder_rate": policy.backorder_rate,
        "ready_rate": lambda s: 1.0 - policy.share_of_periods(s, 1.0),
        "no_backorder_rate": lambda s: 1.0 - policy.share_of_periods(s, 0.0),
        "expected_backorders": policy.backorders,
    }[measure]
    horizon = policy.protected.horizon
    s = int(
        smallest_integer(
            lambda level: np.asarray(float(level) >= -gap and shortfall(max(float(level), -gap)) <= allowed),
            float(horizon.mean),
            0.25 * float(np.sqrt(horizon.variance)),
        )
    )
    return s, s + gap
