"""Orders of the items that are planned at least cost while what they can't fill is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from replenishment.constraints import order_quantity
from replenishment.lost_sales_orders import DemandAhead, LostSalesCosts, ReviewRule, cheapest_order
from replenishment.netting import NetPosition
from replenishment.policies import Policies

if TYPE_CHECKING:
    from pipelines.jobs.levels import ItemFacts

__all__ = ["at_least_cost_when_lost", "orders_when_lost"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def at_least_cost_when_lost(own: ItemFacts) -> npt.NDArray[np.bool_]:
    """Whose orders are decided by stock followed along each path, not by a position."""
    return np.asarray((own.measure == "cost") & own.lost)


def orders_when_lost(
    own: ItemFacts,
    ahead: DemandAhead,
    policies: Policies,
    position: NetPosition,
    need: Floats,
    order: Floats,
) -> tuple[NetPosition, Floats, Floats]:
    """Replace what a position would order by the order of least cost, where unmet demand is lost.

    The need is the cheapest quantity of any size; the position counts as what the rule would order that need for.
    Orders in lots, from a reorder point, follow their rule: lots save order cost, and where they are large little else
    is left to gain.

    Returns
    -------
    position, need, order : of all items; only those at least cost with lost sales differ.
    """
    above = policies.raise_to - policies.reorder_point
    packed = ReviewRule(above, policies.lot, policies.minimum)
    free = ReviewRule(above, np.where(own.integral, 1.0, 0.0), np.zeros(len(above)))

    def cheapest(rule: ReviewRule, at: Integers) -> Floats:
        costs = LostSalesCosts(own.holding_cost[at], own.shortage_cost[at])
        state = own.net_stock[at], own.arrivals[at], policies.reorder_point[at]
        return cheapest_order(ahead.take(at), *state, rule.take(at), costs)

    wanted, orders, effective = need.copy(), order.copy(), position.effective.copy()
    in_lots = policies.kind != "order_up_to"
    ruled = np.flatnonzero(at_least_cost_when_lost(own) & in_lots)
    effective[ruled] = position.in_time[ruled]
    wanted[ruled], orders[ruled] = order_quantity(
        *(
            array[ruled]
            for array in (effective, policies.reorder_point, policies.raise_to, policies.lot, policies.minimum)
        )
    )
    rows = np.flatnonzero(at_least_cost_when_lost(own) & ~in_lots)
    orders[rows] = wanted[rows] = cheapest(packed, rows)
    bound = rows[((packed.lot > free.lot) | (packed.minimum > packed.lot))[rows] & (orders[rows] > 0)]
    wanted[bound] = np.maximum(cheapest(free, bound), free.lot[bound])
    reaches = np.maximum(effective, policies.reorder_point + free.lot)
    effective[rows] = np.where(wanted > 0, policies.raise_to - wanted, reaches)[rows]
    return replace(position, effective=effective), wanted, orders
