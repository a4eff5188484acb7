"""The exact cost of a continuous-review (r, Q) policy, and the policy that costs least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.reorder_point.measures import mean_loss
from replenishment.root_finding import smallest_level
from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "OptimalReorderPoint",
    "ReorderPointCosts",
    "best_reorder_point",
    "optimal_reorder_point",
    "reorder_point_cost",
]


@dataclass(frozen=True, init=False)
class ReorderPointCosts:
    """
    The money in an (r, Q) policy.

    Attributes
    ----------
    demand_rate
        Units per unit of time.
    fixed_cost
        Per order, at least 0.
    holding_cost
        Per unit on hand and unit of time.
    stockout_cost
        Per unit backordered **and unit of time** (for a cost per unit short see
        :func:`replenishment.reorder_point.approximations.expected_shortage_policy`).
    """

    demand_rate: FloatArray
    fixed_cost: FloatArray
    holding_cost: FloatArray
    stockout_cost: FloatArray

    def __init__(
        self, *, demand_rate: ArrayLike, fixed_cost: ArrayLike, holding_cost: ArrayLike, stockout_cost: ArrayLike
    ) -> None:
        object.__setattr__(self, "demand_rate", checked("demand_rate", demand_rate, "(0, inf)"))
        object.__setattr__(self, "fixed_cost", checked("fixed_cost", fixed_cost, "[0, inf)"))
        object.__setattr__(self, "holding_cost", checked("holding_cost", holding_cost, "(0, inf)"))
        object.__setattr__(self, "stockout_cost", checked("stockout_cost", stockout_cost, "(0, inf)"))

    def at(self, demand: Demand, position: FloatArray) -> FloatArray:
        """Return the expected holding and shortage cost rate that an inventory position leads to, a lead time on."""
        short = demand.loss(position)
        return as_floats(self.holding_cost * (position - demand.mean + short) + self.stockout_cost * short)


@dataclass(frozen=True)
class OptimalReorderPoint:
    """The reorder point, the order quantity and the cost per unit of time that goes with them."""

    reorder_point: FloatArray
    order_quantity: FloatArray
    cost: FloatArray


def _cost(demand: Demand, costs: ReorderPointCosts, r: FloatArray, q: FloatArray) -> FloatArray:
    short = mean_loss(demand, r, q)
    mean_position = r + q / 2.0 + np.where(demand.whole, 0.5, 0.0)
    stock = costs.holding_cost * (mean_position - demand.mean + short)
    return as_floats(costs.fixed_cost * costs.demand_rate / q + stock + costs.stockout_cost * short)


def reorder_point_cost(
    demand: Demand, costs: ReorderPointCosts, reorder_point: ArrayLike, order_quantity: ArrayLike
) -> FloatArray:
    """
    Return the exact expected cost per unit of time of an (r, Q) policy with full backordering.

    Parameters
    ----------
    demand
        Demand over the lead time: whole (unit by unit, order when the position is at r, so that it is uniform on
        r + 1 ... r + Q) or continuous (uniform on (r, r + Q)).
    reorder_point, order_quantity
        r, and Q > 0.

    Notes
    -----
    ``(K rate + integral or sum of g over the positions) / Q`` with g the newsvendor cost over the lead time.
    Source: L. V. Snyder and Z.-J. M. Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 5; Hadley and
    Whitin (1963), chapter 4.
    """
    r = checked("reorder_point", reorder_point, "(-inf, inf)")
    return _cost(demand, costs, r, checked("order_quantity", order_quantity, "(0, inf)"))


def _best_r(demand: Demand, costs: ReorderPointCosts, q: FloatArray) -> FloatArray:
    step = np.where(demand.whole, 1.0, 0.0)
    slope = costs.holding_cost + costs.stockout_cost

    def high_enough(level: FloatArray) -> NDArray[np.bool_]:
        rise = costs.holding_cost * q + slope * (demand.loss(level + step + q) - demand.loss(level + step))
        return np.asarray(rise >= 0)

    guess = np.broadcast_arrays(demand.mean - q * costs.holding_cost / slope, q, slope)[0]
    return smallest_level(high_enough, guess, 0.25 * np.sqrt(demand.variance), whole=demand.whole)


def best_reorder_point(demand: Demand, costs: ReorderPointCosts, order_quantity: ArrayLike) -> FloatArray:
    """
    Return the reorder point of least cost for a given order quantity.

    The r at which the cost rate g is the same at both ends of the positions, g(r) = g(r + Q); for whole demand the
    smallest r with g(r + 1) <= g(r + Q + 1). Source: Snyder and Shen, chapter 5.
    """
    return _best_r(demand, costs, checked("order_quantity", order_quantity, "(0, inf)"))


def _cheap_positions(
    demand: Demand, costs: ReorderPointCosts, cheapest: FloatArray, level: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the (r, Q) that takes in the cheapest position and all that cost less than a level."""
    start, spread = np.broadcast_arrays(cheapest, level)[0], np.sqrt(demand.variance)

    def low_enough(y: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((costs.at(demand, y) < level) | (y >= cheapest))

    def too_high(y: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((costs.at(demand, y) >= level) & (y > cheapest))

    step = np.where(demand.whole, 1.0, 0.0)
    first = smallest_level(low_enough, start, spread, whole=demand.whole)
    beyond = smallest_level(too_high, start, spread, whole=demand.whole)
    return as_floats(first - step), as_floats(beyond - first)


def optimal_reorder_point(demand: Demand, costs: ReorderPointCosts) -> OptimalReorderPoint:
    """
    Return the (r, Q) policy of least expected cost, exactly, for whole or continuous demand.

    Notes
    -----
    A policy is best when it takes in exactly the positions that cost less than its own average: any other position
    would lower the average by leaving or coming in. From a first policy on, its average cost is the level below which
    positions are taken into the next one; the averages fall, and settle at the optimum (Newton's method on a convex
    function; a finite number of steps for whole demand). Source of the condition: A. Federgruen and Y.-S. Zheng (1992),
    "An efficient algorithm for computing an optimal (r, Q) policy in continuous review stochastic inventory systems",
    *Operations Research* 40(4), 808-813; Y.-S. Zheng (1992), *Management Science* 38(1), 87-103.

    Raises
    ------
    ValueError
        For continuous demand without a fixed cost: the best quantity would be zero (keep a base stock instead).
    """
    if not np.all(demand.whole):
        checked("fixed_cost", costs.fixed_cost, "(0, inf)")
    both = costs.holding_cost + costs.stockout_cost
    ratio = both / (costs.holding_cost * costs.stockout_cost)
    planned = np.sqrt(2.0 * costs.fixed_cost * costs.demand_rate * ratio)
    q = as_floats(np.where(demand.whole, np.maximum(np.round(planned), 1.0), planned))
    r = _best_r(demand, costs, q)
    cost = _cost(demand, costs, r, q)
    cheapest = demand.quantile(costs.stockout_cost / both)
    while True:
        r, q = _cheap_positions(demand, costs, cheapest, cost)
        following = _cost(demand, costs, r, q)
        if np.all(following >= cost * (1.0 - 1e-14)):
            return OptimalReorderPoint(r, q, following)
        cost = np.minimum(following, cost)
