"""What an order-up-to policy (R, S) achieves under full backordering, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.cycle_demand import CycleDemand, probability_below
from replenishment.demand_distributions import Demand
from replenishment.service_measures import ServiceMeasures
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["order_up_to_measures"]


def _order_probability(demand: Demand) -> FloatArray:
    return as_floats(1.0 - demand.cdf(0.0))


def order_up_to_measures(
    demand: CycleDemand, order_up_to: ArrayLike, *, demand_between_reviews: Demand | None = None
) -> ServiceMeasures:
    """
    Return the exact steady-state measures of reviewing every R periods and ordering up to S.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods (see :class:`~replenishment.cycle_demand.CycleDemand`).
    order_up_to
        S, the inventory position after each review.
    demand_between_reviews
        Demand of R periods; it only serves to give the probability that a review finds something to order. Without
        it ``order_frequency`` is one an R periods, an upper bound.

    Returns
    -------
    ServiceMeasures
        Per unit demanded (fill rate), per cycle (cycle service level), or as averages over the ends of the R
        periods of a cycle (the others). Frequencies and waits are per period and in periods.

    Notes
    -----
    Order at the opening of a review period, receipt L periods later before the demand of that period; stock and
    backorders are counted at the end of a period. The units of a cycle that are backordered are those missing after
    L + R periods less those missing already after L: ``loss_{L+R}(S) - loss_L(S)``. The often printed
    ``loss_{L+R}(S) / mean`` counts a unit again for every cycle that it waits.

    Source: Silver, Pyke and Thomas, *Inventory and Production Management in Supply Chains*, chapter on single items
    under probabilistic demand; E. A. Silver and D. P. Bischak (2011), "The exact fill rate in a periodic review base
    stock system under normally distributed demand", *Omega* 39(3), 346-349.
    """
    level = checked("order_up_to", order_up_to, "(-inf, inf)")
    review = len(demand.through)
    backorders = demand.average(lambda part: part.loss(level))
    average_demand = demand.average(lambda part: part.mean)
    short_per_cycle = demand.horizon.loss(level) - demand.loss_before(level)
    orders = 1.0 if demand_between_reviews is None else _order_probability(demand_between_reviews)
    return ServiceMeasures(
        cycle_service_level=demand.horizon.cdf(level),
        fill_rate=as_floats(1.0 - short_per_cycle / demand.mean_per_cycle),
        ready_rate=demand.average(lambda part: probability_below(part, level)),
        no_backorder_rate=demand.average(lambda part: part.cdf(level)),
        expected_backorders=backorders,
        expected_on_hand=as_floats(level - average_demand + backorders),
        order_frequency=as_floats(np.broadcast_to(orders / review, np.shape(backorders))),
        mean_wait=as_floats(backorders * review / demand.mean_per_cycle),
    )
