"""
The undershoot: by how much the inventory position has already fallen below the reorder point when it is seen.

Demand that comes in batches, or stock that is reviewed once a period, passes the reorder point without stopping
there. A formula that lets every cycle start exactly at the reorder point promises too much service.
"""

from __future__ import annotations

import numpy as np

from replenishment.demand_distributions import CountDemand, Demand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.validation import FloatArray, as_floats

__all__ = ["mean_undershoot", "support_size", "undershoot_distribution"]

_NEGLIGIBLE = 1e-17


def support_size(demand: CountDemand) -> int:
    """Return how many terms k = 0, 1, ... of the pmf of one item matter: P(D >= size) < 1e-17."""
    size = float(np.max(demand.mean + 8.0 * np.sqrt(demand.variance))) + 16.0
    while np.max(demand.survival(size)) >= _NEGLIGIBLE:
        size *= 1.5
    return int(size) + 1


def mean_undershoot(between_reviews: Demand) -> FloatArray:
    """
    Return the expected undershoot when an order lifts the position far above the reorder point.

    E[X**2] / (2 E[X]) of the demand X between two looks at the stock; less one half for whole units, of which the
    last one reaches the reorder point exactly. Source: the equilibrium distribution of renewal theory; J. Tijms and
    H. Groenevelt (1984), *European Journal of Operational Research* 17(2), 175-190.
    """
    square = between_reviews.variance + between_reviews.mean**2
    return as_floats(square / (2.0 * between_reviews.mean) - np.where(between_reviews.whole, 0.5, 0.0))


def undershoot_distribution(between_reviews: CountDemand) -> DiscreteDemand:
    """
    Return the limiting distribution of the undershoot of one item with whole demand: P(U = u) = P(X > u) / E[X].

    An order is placed when the position is at or below the reorder point; U = 0 means exactly at it. The limit is
    exact for orders in multiples of a large Q and a good approximation once Q exceeds about twice the mean of X.
    """
    tail = between_reviews.survival(np.arange(support_size(between_reviews)))
    return DiscreteDemand(np.arange(tail.size), tail / tail.sum())
