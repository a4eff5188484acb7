"""Netting: what is needed once everything that is already due has been counted, once and at its own time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "NetRequirement",
    "OpenOrder",
    "minimum_across_rows",
    "must_order_now",
    "net_requirement",
    "safety_stock_requirement",
]


@dataclass(frozen=True)
class OpenOrder:
    """Units that are due in some days from now, at the opening of that day."""

    quantity: float
    due_in_days: float

    def __post_init__(self) -> None:
        checked("quantity", self.quantity, "[0, inf)")
        checked("due_in_days", self.due_in_days, "(-inf, inf)")


@dataclass(frozen=True)
class NetRequirement:
    """
    What planning should propose.

    Attributes
    ----------
    required
        Units missing before fixed planned orders are counted.
    additional
        Units to order beyond the fixed planned orders.
    recommended_total
        Fixed planned orders and additional units together.
    double_counted_total
        What comes out when the fixed planned orders are added on top of the requirement: the mistake to look for.
    """

    required: FloatArray
    additional: FloatArray
    recommended_total: FloatArray
    double_counted_total: FloatArray


def net_requirement(
    *, on_hand: ArrayLike, safety_stock: ArrayLike, demand: ArrayLike, fixed_planned: ArrayLike = 0.0
) -> NetRequirement:
    """Return the requirement that keeps the safety stock after the demand, fixed planned orders counted once."""
    have = checked("on_hand", on_hand, "(-inf, inf)")
    keep, needs = checked("safety_stock", safety_stock, "[0, inf)"), checked("demand", demand, "[0, inf)")
    fixed = checked("fixed_planned", fixed_planned, "[0, inf)")
    required = as_floats(np.maximum(keep + needs - have, 0.0))
    additional = as_floats(np.maximum(required - fixed, 0.0))
    return NetRequirement(required, additional, as_floats(fixed + additional), as_floats(fixed + required))


def safety_stock_requirement(
    *, on_hand: ArrayLike, safety_stock: ArrayLike, supply_today: ArrayLike = 0.0
) -> FloatArray:
    """Return the units that restore the safety stock after what arrives today has been put away."""
    have, keep = checked("on_hand", on_hand, "(-inf, inf)"), checked("safety_stock", safety_stock, "[0, inf)")
    return as_floats(np.maximum(keep - have - checked("supply_today", supply_today, "[0, inf)"), 0.0))


def minimum_across_rows(rows: ArrayLike, minimum_quantity: float) -> FloatArray:
    """
    Return one order for each demand row, the minimum order quantity applied **once**, not row by row.

    Parameters
    ----------
    rows
        Units needed by each row, in the order of their dates, shape (n,).
    minimum_quantity
        What the minimum adds to an order serves the rows after it.
    """
    needs = np.atleast_1d(checked("rows", rows, "[0, inf)"))
    least = float(checked("minimum_quantity", minimum_quantity, "[0, inf)"))
    orders, surplus = np.zeros(needs.size), 0.0
    for row, need in enumerate(needs):
        if need > surplus:
            orders[row] = max(float(need) - surplus, least)
        surplus += orders[row] - float(need)
    return orders


def must_order_now(
    *,
    on_hand: float,
    daily_demand: float,
    lead_time_days: float,
    open_orders: Iterable[OpenOrder] = (),
    review_days: float = 1.0,
) -> bool:
    """
    Say whether an order placed at the next review instead of now would come too late.

    Parameters
    ----------
    on_hand, daily_demand
        Units now (below 0: backlog), and expected units a day.
    lead_time_days
        An order placed now is available at the opening of that day.
    open_orders
        Everything under way; each counts from its own day on. An order due in two months does not hide a stock-out
        next week.
    review_days
        Days until the next chance to order. An order placed now protects the days up to lead time + review; what
        happens before the lead time is over it can't change.

    Returns
    -------
    bool
        Whether the projected net stock falls below zero at the end of one of the days that only an order placed now
        can protect.
    """
    have = float(checked("on_hand", on_hand, "(-inf, inf)"))
    rate = float(checked("daily_demand", daily_demand, "[0, inf)"))
    wait = float(checked("lead_time_days", lead_time_days, "[0, inf)"))
    horizon = wait + float(checked("review_days", review_days, "(0, inf)"))
    arrivals = sorted((max(order.due_in_days, 0.0), order.quantity) for order in open_orders)
    # net stock falls between arrivals, so it is lowest just before one or at the end
    moments = [due for due, _ in arrivals if wait < due < horizon] + [horizon]
    for moment in moments:
        received = sum(quantity for due, quantity in arrivals if due < moment)
        if have + received - rate * moment < -1e-9 * max(abs(have), rate * horizon, 1.0):
            return True
    return False
