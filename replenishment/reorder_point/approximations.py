"""
The classical approximations to the best (r, Q) policy, by name.

They are here for comparison and for those who must reproduce them; :mod:`replenishment.reorder_point.cost` has the
exact optimum at hardly more effort. All take continuous demand over the lead time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import Demand
from replenishment.reorder_point.cost import (
    OptimalReorderPoint,
    ReorderPointCosts,
    best_reorder_point,
    reorder_point_cost,
)
from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "economic_quantity_with_backorders_policy",
    "economic_quantity_with_safety_stock_policy",
    "expected_shortage_policy",
    "loss_function_policy",
]

_MAX_ITERATIONS = 100_000


def expected_shortage_policy(
    demand: Demand,
    *,
    demand_rate: ArrayLike,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    cost_per_unit_short: ArrayLike,
) -> OptimalReorderPoint:
    """
    Return Hadley and Whitin's iterative (r, Q) policy with a cost **per unit short**, however long.

    Parameters
    ----------
    demand
        Continuous demand over the lead time.
    demand_rate, fixed_cost, holding_cost, cost_per_unit_short
        Units per unit of time; per order; per unit and unit of time; once per unit backordered.

    Returns
    -------
    OptimalReorderPoint
        Its cost is the approximate one, ``h (r - mean + Q / 2) + rate (K + p loss(r)) / Q``: the average stock
        neglects the backorders ("expected inventory level approximation").

    Notes
    -----
    Alternates Q = sqrt(2 rate (K + p loss(r)) / h) and P(D > r) = Q h / (p rate), from the EOQ on, until Q stays
    the same to the last digits. Source: Hadley and Whitin (1963), chapter 4; S. Nahmias, *Production and
    Operations Analysis*, chapter on stochastic inventory; Snyder and Shen, chapter 5.

    Raises
    ------
    ValueError
        When Q h >= p rate on the way: a shortage is then so cheap that no reorder point satisfies the condition.
    """
    rate, k = checked("demand_rate", demand_rate, "(0, inf)"), checked("fixed_cost", fixed_cost, "(0, inf)")
    h = checked("holding_cost", holding_cost, "(0, inf)")
    p = checked("cost_per_unit_short", cost_per_unit_short, "(0, inf)")
    q: FloatArray = as_floats(np.sqrt(2.0 * rate * k / h))
    for _ in range(_MAX_ITERATIONS):
        short = q * h / (p * rate)
        if np.any(short >= 1.0):
            raise ValueError(
                f"cost_per_unit_short is {p!r}; it must exceed order quantity x holding_cost / demand_rate"
                f" = {np.max(q * h / rate):g} for this approximation to have a solution"
            )
        r = demand.quantile(1.0 - short)
        following = as_floats(np.sqrt(2.0 * rate * (k + p * demand.loss(r)) / h))
        settled = np.all(np.abs(following - q) <= 1e-14 * q)
        q = following
        if settled:
            break
    r = demand.quantile(1.0 - q * h / (p * rate))
    cost = h * (r - demand.mean + q / 2.0) + rate * (k + p * demand.loss(r)) / q
    return OptimalReorderPoint(r, q, as_floats(cost))


def economic_quantity_with_backorders_policy(demand: Demand, costs: ReorderPointCosts) -> OptimalReorderPoint:
    """
    Return the policy that takes Q from the EOQ with planned backorders and then the best r for it.

    Its exact cost is at most 1/8 above the optimum. Source: Y.-S. Zheng (1992), "On properties of stochastic
    inventory systems", *Management Science* 38(1), 87-103; Snyder and Shen, chapter 5.
    """
    ratio = (costs.holding_cost + costs.stockout_cost) / (costs.holding_cost * costs.stockout_cost)
    q = as_floats(np.sqrt(2.0 * costs.fixed_cost * costs.demand_rate * ratio))
    r = best_reorder_point(demand, costs, q)
    return OptimalReorderPoint(r, q, reorder_point_cost(demand, costs, r, q))


def economic_quantity_with_safety_stock_policy(demand: Demand, costs: ReorderPointCosts) -> OptimalReorderPoint:
    """
    Return the policy that takes Q from the EOQ and r from the newsvendor over the lead time.

    Both are found without looking at each other, so it keeps too much stock; the cost given is the exact one.
    Source: Snyder and Shen, chapter 5.
    """
    q = as_floats(np.sqrt(2.0 * costs.fixed_cost * costs.demand_rate / costs.holding_cost))
    r = demand.quantile(costs.stockout_cost / (costs.stockout_cost + costs.holding_cost))
    return OptimalReorderPoint(r, q, reorder_point_cost(demand, costs, r, q))


def loss_function_policy(demand: Demand, costs: ReorderPointCosts) -> OptimalReorderPoint:
    """
    Return the policy that is optimal when backorders never last into the next cycle.

    Notes
    -----
    Solves ``loss(r) = Q h / (h + p)`` together with ``Q = sqrt(2 (K rate + (h + p) second_loss(r)) / h)``, that is,
    the exact conditions without the terms in r + Q. Eliminating Q leaves one equation that is monotone in r below
    the newsvendor level. The cost given is the exact one. Source: Hadley and Whitin (1963), chapter 4; Snyder and
    Shen, chapter 5.
    """
    h, both = costs.holding_cost, costs.holding_cost + costs.stockout_cost
    ceiling = demand.quantile(costs.stockout_cost / both)
    setup = costs.fixed_cost * costs.demand_rate

    def quantity(level: FloatArray) -> FloatArray:
        return as_floats(demand.loss(level) * both / h)

    r = smallest_real(
        lambda level: np.asarray(
            (h * quantity(level) ** 2 / 2.0 <= setup + both * demand.second_loss(level)) | (level >= ceiling)
        ),
        np.broadcast_arrays(demand.mean, setup)[0],
        0.25 * np.sqrt(demand.variance),
    )
    q = quantity(r)
    return OptimalReorderPoint(r, q, reorder_point_cost(demand, costs, r, q))
