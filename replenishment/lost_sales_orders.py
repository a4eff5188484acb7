"""Orders of least cost where unmet demand is lost.

Under lost sales the best order depends on the stock and on every order under way, not on their sum: an order-up-to
level replaces units that nobody waits for. Here stock is followed along sample paths of demand through the lead time,
and the quantity chosen that costs least from its arrival on. What is left over then is not thrown away: it is held,
sold in the review intervals that follow and lowers the orders of the reviews to come, which the best order-up-to (or
reorder point) rule places along each path.

That is one step of policy improvement on the best rule, cut off after a few review intervals (P. Zipkin (2008), "Old
and new methods for lost-sales inventory systems", Operations Research 56(5), 1256-1263, compares it as the myopic
policies; D. P. Bertsekas (2019), Reinforcement Learning and Optimal Control, sec. 2.4, on rollout). Where the optimum
is known, three intervals cost less than 1 per cent more, and the newsvendor of the first one alone 1.5 to 5 per cent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.kernels.lost_sales import order_costs, rule_costs

__all__ = ["REVIEWS_AHEAD", "DemandAhead", "LostSalesCosts", "ReviewRule", "cheapest_order", "cheapest_reorder_point"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# Review intervals after the arrival of an order over which its cost is counted.
REVIEWS_AHEAD: Final = 3
# Quantities that are compared at once, before the search goes on around the best of them.
_CANDIDATES: Final = 16
# Where any quantity may be ordered, the largest is cut into so many steps.
_STEPS: Final = 1024


@dataclass(frozen=True, eq=False)
class DemandAhead:
    """Demand of n items period by period from now on, and what lies between reviews and arrivals.

    Attributes
    ----------
    demand : float32 (n, m, T) units; T at least the longest lead time and ``REVIEWS_AHEAD`` review intervals.
    lead_time : int64 (n, m) periods, of the orders placed on each path. review : R, periods, at least 1.
    integral : bool (n,) in whole units.
    """

    demand: Floats32
    lead_time: Integers
    review: int
    integral: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        needed = int(self.lead_time.max(initial=0)) + REVIEWS_AHEAD * self.review
        if self.review < 1 or self.demand.shape[2] < needed:
            raise ValueError(
                f"review is {self.review} and demand has {self.demand.shape[2]} periods; the review must be at least "
                f"1, and {needed} periods are needed for the longest lead time and {REVIEWS_AHEAD} review intervals"
            )

    def take(self, rows: Integers) -> DemandAhead:
        """Return some of the items."""
        return replace(self, demand=self.demand[rows], lead_time=self.lead_time[rows], integral=self.integral[rows])

    @property
    def unit(self) -> Floats:
        """The smallest step of stock: 1 in whole units, else 0; (n,)."""
        return np.where(self.integral, 1.0, 0.0)

    def over_protection(self) -> Floats:
        """Demand over lead time plus review of the reviews 0, 1, ... ahead; (n, m, REVIEWS_AHEAD)."""
        total = np.zeros((*self.demand.shape[:2], self.demand.shape[2] + 1))
        np.cumsum(self.demand, axis=2, dtype=np.float64, out=total[:, :, 1:])
        begins = self.review * np.arange(REVIEWS_AHEAD)
        ends = begins + self.lead_time[:, :, None] + self.review
        return np.asarray(np.take_along_axis(total, ends, axis=2) - total[:, :, begins])


@dataclass(frozen=True, eq=False)
class LostSalesCosts:
    """Holding cost per unit and period and shortage cost per unit lost, of n items; both above 0."""

    holding: Floats
    shortage: Floats

    def take(self, rows: Integers) -> LostSalesCosts:
        """Return the costs of some items."""
        return LostSalesCosts(self.holding[rows], self.shortage[rows])


@dataclass(frozen=True, eq=False)
class ReviewRule:
    """What an order of n items must look like; arrays (n,), units.

    Attributes
    ----------
    above : from the reorder point to the level that an order raises to. lot : orders are multiples of it, 0 for any
        quantity. minimum : the least order.
    """

    above: Floats
    lot: Floats
    minimum: Floats

    def take(self, rows: Integers) -> ReviewRule:
        """Return the rules of some items."""
        return ReviewRule(self.above[rows], self.lot[rows], self.minimum[rows])


def cheapest_reorder_point(ahead: DemandAhead, rule: ReviewRule, costs: LostSalesCosts) -> Floats:
    """Return the reorder point of least holding and shortage cost in the long run; (n,) units.

    The paths follow each other as one long demand, along which the rule is simulated; it lies at or below the
    newsvendor level of backordering, which never credits the demand that is lost on the way.
    """
    review = ahead.review
    block = -(-(int(ahead.lead_time.max(initial=0)) + review) // review) * review
    total = ahead.over_protection()[:, :, 0]
    lowest = np.where(ahead.integral, -1.0, 0.0)
    fractile = costs.shortage / (costs.shortage + costs.holding)
    highest = np.array([np.quantile(row, f, method="inverted_cdf") for row, f in zip(total, fractile, strict=True)])
    step = np.where(ahead.integral, 1.0, np.maximum(highest, 1e-6) / _STEPS)
    always = rule.above, rule.lot, rule.minimum, costs.holding, costs.shortage

    def cost(number: Integers) -> Floats:
        level = lowest[:, None] + number * step[:, None]
        return np.asarray(rule_costs(ahead.demand, ahead.lead_time, review, block, level, *always))

    best = _least(cost, np.ceil((highest - lowest) / step - 1e-9).astype(np.int64))
    return np.asarray(lowest + best * step)


def cheapest_order(
    ahead: DemandAhead,
    on_hand: Floats,
    arrivals: Floats,
    reorder_point: Floats,
    rule: ReviewRule,
    costs: LostSalesCosts,
) -> Floats:
    """Return the quantity to order now that costs least from its arrival on; (n,) units, 0 for none.

    Parameters
    ----------
    on_hand : (n,) units at the opening, before arrivals; below 0 units wait and are delivered on top.
    arrivals : (n, a) units due at openings 0, 1, ...
    reorder_point : (n,) of the rule that the coming reviews follow; it moves with the mean demand ahead of each.
    """
    later = _later_reorder_points(ahead, reorder_point)
    total = ahead.over_protection()[:, :, 0]
    most = np.maximum(total.max(axis=1), reorder_point + rule.above)
    smallest = np.where(rule.lot > 0, rule.lot, np.where(ahead.integral, 1.0, np.maximum(most, 1e-6) / _STEPS))
    least = np.ceil(np.maximum(rule.minimum, smallest) / smallest - 1e-9) * smallest

    def units(number: Integers) -> Floats:
        return np.asarray(np.where(number > 0, least[:, None] + (number - 1) * smallest[:, None], 0.0))

    state = np.maximum(on_hand, 0.0), np.ascontiguousarray(arrivals)
    always = later, rule.above, rule.lot, rule.minimum, costs.holding, costs.shortage

    def cost(number: Integers) -> Floats:
        quantity = units(number)
        return np.asarray(
            order_costs(ahead.demand, ahead.lead_time, ahead.review, REVIEWS_AHEAD, *state, quantity, *always)
        )

    best = _least(cost, np.ceil(np.maximum(most - least, 0.0) / smallest - 1e-9).astype(np.int64) + 1)
    owed = np.maximum(-on_hand, 0.0)
    owed = np.where(rule.lot > 0, np.ceil(owed / np.where(rule.lot > 0, rule.lot, 1.0) - 1e-9) * rule.lot, owed)
    return np.asarray(units(best[:, None])[:, 0] + owed)


def _later_reorder_points(ahead: DemandAhead, reorder_point: Floats) -> Floats:
    """The reorder point at each review ahead: its level moves with the mean demand that it protects; (n, k)."""
    mean = ahead.over_protection().mean(axis=1)
    ratio = np.ones_like(mean)
    np.divide(mean, mean[:, :1], out=ratio, where=mean[:, :1] > 0)
    level = (reorder_point + ahead.unit)[:, None] * ratio
    return np.asarray(np.where(ahead.integral[:, None], np.rint(level) - 1.0, level))


def _least(cost: Callable[[Integers], Floats], most: Integers) -> Integers:
    """The number from 0 to ``most`` (n,) of least cost, the smallest where several cost the same.

    Costs fall and then rise, nearly: the search goes on around the best of some numbers spread evenly, and keeps the
    best of all that it saw.
    """
    low, high = np.zeros_like(most), most.copy()
    best, least = np.zeros_like(most), np.full(len(most), np.inf)
    while len(most):
        stride = np.maximum(-(-(high - low) // (_CANDIDATES - 1)), 1)
        number = np.minimum(low[:, None] + stride[:, None] * np.arange(_CANDIDATES), high[:, None])
        found = cost(number)
        place = found.argmin(axis=1)
        here = np.take_along_axis(number, place[:, None], axis=1)[:, 0]
        lowest = found.min(axis=1)
        better = (lowest < least) | ((lowest == least) & (here < best))
        best, least = np.where(better, here, best), np.where(better, lowest, least)
        if (stride == 1).all():
            break
        low, high = np.maximum(best - stride, 0), np.minimum(best + stride, most)
    return best
