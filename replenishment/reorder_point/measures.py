"""What a continuous-review reorder-point policy (r, Q) achieves under full backordering."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import Demand
from replenishment.service_measures import ServiceMeasures
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["mean_loss", "mean_of_cdf", "one_term_fill_rate", "reorder_point_measures"]


def _checked_policy(reorder_point: ArrayLike, order_quantity: ArrayLike) -> tuple[FloatArray, FloatArray]:
    r = checked("reorder_point", reorder_point, "(-inf, inf)")
    return r, checked("order_quantity", order_quantity, "(0, inf)")


def mean_loss(demand: Demand, reorder_point: ArrayLike, order_quantity: ArrayLike) -> FloatArray:
    """Return the loss averaged over inventory positions uniform on (r, r + Q], whole or continuous."""
    r, q = _checked_policy(reorder_point, order_quantity)
    return as_floats(np.maximum(demand.second_loss(r) - demand.second_loss(r + q), 0.0) / q)


def mean_of_cdf(demand: Demand, reorder_point: ArrayLike, order_quantity: ArrayLike) -> FloatArray:
    """Return P(D < y) averaged over inventory positions y uniform on (r, r + Q]."""
    r, q = _checked_policy(reorder_point, order_quantity)
    return as_floats(1.0 - (demand.loss(r) - demand.loss(r + q)) / q)


def reorder_point_measures(
    demand: Demand, demand_rate: ArrayLike, reorder_point: ArrayLike, order_quantity: ArrayLike
) -> ServiceMeasures:
    """
    Return the exact measures of ordering Q whenever the inventory position falls to r.

    Parameters
    ----------
    demand
        Demand over the lead time. Whole demand is taken to arrive unit by unit (Poisson; for batches see
        :mod:`replenishment.base_stock.compound_poisson`), continuous demand to flow without jumps.
    demand_rate
        Units per unit of time, for the order frequency and the wait.
    reorder_point
        r; an order is placed when the position *reaches* r (``<=``), which leaves it uniform on r + 1 ... r + Q for
        whole demand and on (r, r + Q) for continuous demand.
    order_quantity
        Q > 0.

    Returns
    -------
    ServiceMeasures
        The fill rate is the two-term one, ``1 - (loss(r) - loss(r + Q)) / Q``, exact here. Frequencies per unit of
        time; waits in that unit.

    Notes
    -----
    Source: G. Hadley and T. M. Whitin, *Analysis of Inventory Systems* (1963), chapter 4; P. H. Zipkin,
    *Foundations of Inventory Management* (2000), chapter 6.
    """
    r, q = _checked_policy(reorder_point, order_quantity)
    rate = checked("demand_rate", demand_rate, "(0, inf)")
    filled = mean_of_cdf(demand, r, q)
    backorders = mean_loss(demand, r, q)
    half_step = np.where(demand.whole, 0.5, 0.0)
    at_or_above = as_floats(np.where(demand.whole, mean_of_cdf(demand, r + 1.0, q), filled))
    return ServiceMeasures(
        cycle_service_level=demand.cdf(r),
        fill_rate=filled,
        ready_rate=filled,
        no_backorder_rate=at_or_above,
        expected_backorders=backorders,
        expected_on_hand=as_floats(r + q / 2.0 + half_step - demand.mean + backorders),
        order_frequency=as_floats(rate / q),
        mean_wait=as_floats(backorders / rate),
    )


def one_term_fill_rate(demand: Demand, reorder_point: ArrayLike, order_quantity: ArrayLike) -> FloatArray:
    """
    Return the textbook fill rate ``1 - loss(r) / Q``, which forgets that a large shortage spans two cycles.

    Never above the exact (two-term) value; equal to it when demand over the lead time hardly ever exceeds r + Q.
    Source: Silver, Pyke and Thomas, *Inventory and Production Management in Supply Chains*, the (s, Q) chapter.
    """
    r, q = _checked_policy(reorder_point, order_quantity)
    return as_floats(1.0 - demand.loss(r) / q)
