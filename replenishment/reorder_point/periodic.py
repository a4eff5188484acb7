"""The reorder point under periodic review, (R, s, nQ): the undershoot is part of the formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import Demand
from replenishment.reorder_point.measures import mean_loss, mean_of_cdf
from replenishment.root_finding import smallest_level
from replenishment.service_measures import ServiceMeasures, allowed_shortfall
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["periodic_reorder_point_for", "periodic_reorder_point_measures"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def _mean_loss_before(demand: CycleDemand, r: FloatArray, q: FloatArray) -> FloatArray:
    return as_floats(np.maximum(demand.second_loss_before(r) - demand.second_loss_before(r + q), 0.0) / q)


def _backorder_rate(demand: CycleDemand, r: FloatArray, q: FloatArray) -> FloatArray:
    newly_short = mean_loss(demand.horizon, r, q) - _mean_loss_before(demand, r, q)
    return as_floats(newly_short / demand.mean_per_cycle)


def _no_backorder_rate(demand: CycleDemand, r: FloatArray, q: FloatArray) -> FloatArray:
    shift = np.where(demand.whole, 1.0, 0.0)
    return demand.average(lambda part: mean_of_cdf(part, r + shift, q))


def _cycle_service_level(demand: CycleDemand, between: Demand, r: FloatArray, q: FloatArray) -> FloatArray:
    """Return P(U + demand over L <= r) with the exact undershoot U of orders in multiples of Q."""
    reach = float(np.max(r))
    if np.all(demand.whole):
        points, weights = np.arange(0.0, max(reach, -1.0) + 1.0), np.ones(int(max(reach, -1.0)) + 1)
    else:
        points, weights = (_NODES + 1.0) * max(reach, 0.0) / 2.0, _WEIGHTS * max(reach, 0.0) / 2.0
    covered = np.zeros(np.broadcast(r, q, between.mean).shape)
    for point, weight in zip(points, weights, strict=True):
        covered = covered + weight * (between.cdf(q + point) - between.cdf(point)) * demand.cdf_before(r - point)
    return as_floats(np.minimum(covered / (between.mean - between.loss(q)), 1.0))


def periodic_reorder_point_measures(
    demand: CycleDemand, between_reviews: Demand, reorder_point: ArrayLike, order_quantity: ArrayLike
) -> ServiceMeasures:
    """
    Return the exact measures of a reorder point that is looked at every R periods.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods.
    between_reviews
        Demand of R periods (the undershoot and the order frequency need it).
    reorder_point, order_quantity
        At each review, when the position is at or below r, as many multiples of Q are ordered as lift it into
        r + 1 ... r + Q (whole demand) or (r, r + Q] (continuous).

    Returns
    -------
    ServiceMeasures
        Averages over the ends of periods; frequency per period, wait in periods. The cycle service level is that of
        the replenishment cycles: the share of arrivals before which the stock had not run out below zero.

    Notes
    -----
    The position after a review is uniform on r + 1 ... r + Q *whatever* the demand (if its sizes and Q have no
    common divisor), so the undershoot needs no approximation. Source: Hadley and Whitin (1963), chapter 5;
    S. Axsäter, *Inventory Control*, chapter on single-echelon reorder points.
    """
    r = checked("reorder_point", reorder_point, "(-inf, inf)")
    q = checked("order_quantity", order_quantity, "(0, inf)")
    backorders = demand.average(lambda part: mean_loss(part, r, q))
    mean_demand = demand.average(lambda part: part.mean)
    position = r + q / 2.0 + np.where(demand.whole, 0.5, 0.0)
    review = len(demand.through)
    return ServiceMeasures(
        cycle_service_level=_cycle_service_level(demand, between_reviews, r, q),
        fill_rate=as_floats(1.0 - _backorder_rate(demand, r, q)),
        ready_rate=demand.average(lambda part: mean_of_cdf(part, r, q)),
        no_backorder_rate=_no_backorder_rate(demand, r, q),
        expected_backorders=backorders,
        expected_on_hand=as_floats(position - mean_demand + backorders),
        order_frequency=as_floats((between_reviews.mean - between_reviews.loss(q)) / (q * review)),
        mean_wait=as_floats(backorders * review / demand.mean_per_cycle),
    )


def periodic_reorder_point_for(
    demand: CycleDemand,
    order_quantity: ArrayLike,
    measure: str,
    target: ArrayLike,
    *,
    between_reviews: Demand | None = None,
) -> FloatArray:
    """
    Return the smallest reorder point of an (R, s, nQ) policy that meets a service target, exactly.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods, one item or many.
    order_quantity
        Q > 0.
    measure, target
        A word of :mod:`replenishment.service_measures` and its target.
    between_reviews
        Demand of R periods; only the cycle service level needs it.

    Returns
    -------
    ndarray
        s, order when the position at a review is at or below it; whole where demand is whole, at least -Q.

    Raises
    ------
    ValueError
        For an unknown measure, a target outside its range, or a cycle service level without ``between_reviews``.
    """
    q = checked("order_quantity", order_quantity, "(0, inf)")
    allowed = allowed_shortfall(measure, target)
    if measure == "cycle_service_level" and between_reviews is None:
        raise ValueError("between_reviews is None; a cycle service level needs the demand between two reviews")

    def shortfall(r: FloatArray) -> FloatArray:
        if measure == "cycle_service_level" and between_reviews is not None:
            return as_floats(1.0 - _cycle_service_level(demand, between_reviews, r, q))
        if measure == "expected_backorders":
            return demand.average(lambda part: mean_loss(part, r, q))
        if measure == "ready_rate":
            return as_floats(1.0 - demand.average(lambda part: mean_of_cdf(part, r, q)))
        if measure == "no_backorder_rate":
            return as_floats(1.0 - _no_backorder_rate(demand, r, q))
        return _backorder_rate(demand, r, q)

    mean, sd = demand.horizon.mean, np.sqrt(demand.horizon.variance)
    guess = np.broadcast_arrays(mean + 0.5 * sd, q, allowed)[0]

    def enough(level: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((shortfall(np.maximum(level, -q)) <= allowed) & (level >= -q))

    return smallest_level(enough, guess, 0.25 * sd, whole=demand.whole)
