"""
Periodic base stock with random lead times, when orders keep their turn and when they cross.

One order every period; the lead times of different orders are independent. Two worlds:

- **no crossing**: deliveries keep the sequence of the orders. Stock waits for the demand over one random lead time:
  :func:`replenishment.discrete_demand.demand_over_random_lead_time`.
- **crossing**: a later order may arrive first. What is outstanding is then the sum of the past demands, each still on
  its way with the probability that its lead time is that long. Its variance is smaller, so that the textbook formula
  with the variance of the lead time asks for too much stock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import CountDemand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.undershoot import support_size
from replenishment.validation import FloatArray, as_floats, checked, checked_total

__all__ = ["outstanding_with_crossing", "variance_with_crossing"]


def outstanding_with_crossing(per_period: CountDemand, lead_time_pmf: ArrayLike) -> DiscreteDemand:
    """
    Return the distribution of the units outstanding at the end of a period, orders free to cross.

    Parameters
    ----------
    per_period
        Whole demand of one period of one item, independent from period to period; each is ordered at the next
        opening.
    lead_time_pmf
        P(lead time = l periods), l = 0, 1, 2, ...; a whole order has one lead time.

    Returns
    -------
    DiscreteDemand
        The demand of the current period plus all orders that haven't arrived: net stock is S minus it, so that its
        ``cdf``, ``loss`` and so on at S give service and backorders, as those of the demand over L + 1 periods do
        for a constant lead time.

    Notes
    -----
    The demand of j periods ago was ordered j - 1 openings ago; it is outstanding at the end of a period with
    P(lead time >= j). Source: L. W. Robinson, J. R. Bradley and L. J. Thomas (2001), "Consequences of order
    crossover under order-up-to inventory policies", *Manufacturing & Service Operations Management* 3(3), 175-188.
    """
    weights = checked_total("lead_time_pmf", lead_time_pmf)
    demand = np.asarray(per_period.pmf(np.arange(support_size(per_period))))
    total = demand / demand.sum()
    alive = 1.0 - np.cumsum(weights)[:-1]
    for share in alive:
        if share <= 0:
            break
        term = share * demand / demand.sum()
        term[0] += 1.0 - share
        total = np.convolve(total, term)
    return DiscreteDemand(np.arange(total.size), total / total.sum())


def variance_with_crossing(mean: ArrayLike, variance: ArrayLike, lead_time_pmf: ArrayLike) -> FloatArray:
    """
    Return the variance of the units outstanding when orders cross: (1 + E[L]) variance + mean**2 sum G (1 - G).

    ``G`` runs over P(lead time >= j), j = 1, 2, ... Compare the sum with the variance of L, which takes its place when
    orders keep their turn and is never smaller.
    """
    weights = checked_total("lead_time_pmf", lead_time_pmf)
    alive = 1.0 - np.cumsum(weights)[:-1]
    mu, var = checked("mean", mean, "(0, inf)"), checked("variance", variance, "[0, inf)")
    return as_floats((1.0 + alive.sum()) * var + mu * mu * float(alive @ (1.0 - alive)))
