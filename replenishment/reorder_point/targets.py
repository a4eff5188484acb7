"""The reorder point that meets a service target for a given order quantity, under continuous review."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.reorder_point.measures import mean_loss, mean_of_cdf
from replenishment.root_finding import smallest_level
from replenishment.service_measures import allowed_shortfall
from replenishment.validation import FloatArray, as_floats, checked, checked_choice

__all__ = ["SHORTAGES", "reorder_point_for"]

SHORTAGES = ("one_term", "two_term")


def _shortfall(demand: Demand, r: FloatArray, q: FloatArray, measure: str, shortage: str) -> FloatArray:
    if measure == "cycle_service_level":
        return demand.survival(r)
    if measure == "expected_backorders":
        return mean_loss(demand, r, q)
    if measure == "no_backorder_rate":
        return as_floats(1.0 - np.where(demand.whole, mean_of_cdf(demand, r + 1.0, q), mean_of_cdf(demand, r, q)))
    if shortage == "one_term":
        return as_floats(demand.loss(r) / q)
    return as_floats(1.0 - mean_of_cdf(demand, r, q))


def reorder_point_for(
    demand: Demand, order_quantity: ArrayLike, measure: str, target: ArrayLike, *, shortage: str = "two_term"
) -> FloatArray:
    """
    Return the smallest reorder point whose (r, Q) policy meets a service target.

    Parameters
    ----------
    demand
        Demand over the lead time, one item or many. For stock that is watched continuously; under periodic review
        use :func:`replenishment.reorder_point.periodic.periodic_reorder_point_for`, which treats the undershoot.
    order_quantity
        Q > 0, the mean order.
    measure, target
        A word of :mod:`replenishment.service_measures` and its target, one for all items or one an item.
    shortage
        For fill, backorder and ready rates: ``"two_term"`` (exact) or ``"one_term"`` (the textbook's
        ``loss(r) / Q``, which asks for a little more stock when Q is small).

    Returns
    -------
    ndarray
        r in units, order when the inventory position is at or below it; whole where demand is whole, and never
        below -Q (an order may wait for backorders where the target is low).

    Raises
    ------
    ValueError
        For an unknown measure or shortage, a target outside its range or a quantity that is not positive.
    """
    q = checked("order_quantity", order_quantity, "(0, inf)")
    allowed = allowed_shortfall(measure, target)
    checked_choice("shortage", shortage, SHORTAGES)
    mean, sd = demand.mean, np.sqrt(demand.variance)
    guess = np.broadcast_arrays(mean + 0.5 * sd, q, allowed)[0]
    lowest = -q

    def enough(level: FloatArray) -> NDArray[np.bool_]:
        short = _shortfall(demand, np.maximum(level, lowest), q, measure, shortage)
        return np.asarray((short <= allowed) & (level >= lowest))

    return smallest_level(enough, guess, 0.25 * sd, whole=demand.whole)
