"""The reorder level of a periodic (s, S) policy from moments and loss functions, for many items at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import Demand
from replenishment.root_finding import smallest_level
from replenishment.undershoot import mean_undershoot
from replenishment.validation import FloatArray, as_floats, checked, checked_choice

__all__ = ["approximate_backorder_rate", "approximate_min_for"]


def approximate_backorder_rate(
    demand: CycleDemand,
    between_reviews: Demand,
    reorder_point: ArrayLike,
    gap: ArrayLike,
    *,
    shortage: str = "two_term",
) -> FloatArray:
    """
    Return the approximate backorder rate by unit of an (R, s, S) policy with S - s = gap.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods.
    between_reviews
        Demand of R periods: it gives the undershoot.
    reorder_point, gap
        s, and S - s > 0.
    shortage
        ``"one_term"`` takes the shortage of a cycle as if the next order were never short,
        ``[second_{L+R}(s) - second_L(s)] / E[X]``; ``"two_term"`` subtracts the same at S.

    Notes
    -----
    The position is treated as if it were spread evenly over (s, S), as it is well away from S; the mean order is the
    gap plus the mean undershoot. Close when S - s exceeds about twice the mean demand between reviews; exact:
    :func:`replenishment.min_max.measures.min_max_measures`. Source: H. C. Tijms and H. Groenevelt (1984), "Simple
    approximations for the reorder point in periodic and continuous review (s, S) inventory systems with service
    level constraints", *European Journal of Operational Research* 17(2), 175-190.
    """
    checked_choice("shortage", shortage, ("one_term", "two_term"))
    s, width = checked("reorder_point", reorder_point, "(-inf, inf)"), checked("gap", gap, "(0, inf)")
    missing = demand.horizon.second_loss(s) - demand.second_loss_before(s)
    if shortage == "two_term":
        missing = missing - (demand.horizon.second_loss(s + width) - demand.second_loss_before(s + width))
    order = width + mean_undershoot(between_reviews)
    return as_floats(np.maximum(missing, 0.0) / (between_reviews.mean * order))


def approximate_min_for(
    demand: CycleDemand,
    between_reviews: Demand,
    gap: ArrayLike,
    backorder_rate: ArrayLike,
    *,
    shortage: str = "two_term",
) -> FloatArray:
    """
    Return the smallest s whose approximate backorder rate by unit is at most a target in (0, 1).

    Parameters as in :func:`approximate_backorder_rate`; whole where demand is whole, at least -gap.
    """
    allowed, width = checked("backorder_rate", backorder_rate, "(0, 1)"), checked("gap", gap, "(0, inf)")
    mean, sd = demand.horizon.mean, np.sqrt(demand.horizon.variance)
    guess = np.broadcast_arrays(mean + 0.5 * sd, width, allowed)[0]

    def enough(level: FloatArray) -> NDArray[np.bool_]:
        rate = approximate_backorder_rate(demand, between_reviews, np.maximum(level, -width), width, shortage=shortage)
        return np.asarray((rate <= allowed) & (level >= -width))

    return smallest_level(enough, guess, 0.25 * sd, whole=demand.whole)
