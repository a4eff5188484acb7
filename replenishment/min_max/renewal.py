"""
Where the inventory position of an (s, S) policy spends its time.

The position starts a cycle at S, falls by the demand of each review interval and returns to S when it is at or below s
at a review. With p(j) the probability that j units are demanded between two reviews, m(j) is the expected number of
reviews of a cycle at which the position (after ordering) is S - j: m(0) = 1 / (1 - p(0)) and
(1 - p(0)) m(j) = sum of p(l) m(j - l) over l = 1 ... j.

Source: Y.-S. Zheng and A. Federgruen (1991), "Finding optimal (s, S) policies is about as simple as evaluating a
single policy", *Operations Research* 39(4), 654-665 (correction 1992, 40(1), 192).
"""

from __future__ import annotations

import numpy as np

from replenishment.demand_distributions import CountDemand
from replenishment.undershoot import support_size
from replenishment.validation import FloatArray

__all__ = ["RenewalDensity"]


class RenewalDensity:
    """
    The renewal density m(0), m(1), ... of one item's demand between reviews, computed as far as it is asked for.

    Parameters
    ----------
    between_reviews
        Whole demand of one item between two reviews, not identically zero.
    """

    def __init__(self, between_reviews: CountDemand) -> None:
        pmf = np.asarray(between_reviews.pmf(np.arange(support_size(between_reviews))), dtype=np.float64)
        # 1 - p(0) as a survival probability, which is exact also where p(0) is close to one
        self._moving = float(between_reviews.survival(0))
        self._falling = pmf[:0:-1].copy()
        self._values = np.array([1.0 / self._moving])

    def first(self, count: int) -> FloatArray:
        """Return m(0) ... m(count - 1)."""
        if count > self._values.size:
            self._extend(max(count, 2 * self._values.size))
        return self._values[:count]

    def cycle_length(self, gap: int) -> float:
        """Return the expected number of reviews from one order to the next when S - s = gap."""
        return float(self.first(gap).sum())

    def _extend(self, count: int) -> None:
        reach, done = self._falling.size, self._values.size
        values = np.concatenate([np.zeros(reach), self._values, np.zeros(count - done)])
        for j in range(done, count):
            values[reach + j] = self._falling @ values[j : j + reach] / self._moving
        self._values = values[reach:]
