"""
The economic order quantity and its family: constant demand, one item, costs that trade off.

All functions broadcast over items. Costs are per unit of time, in the unit of the demand rate; unless a function says
otherwise they leave out what the goods themselves cost.

Source: F. W. Harris (1913); L. V. Snyder and Z.-J. M. Shen, *Fundamentals of Supply Chain Theory* (2nd ed., 2019),
chapter 3; E. A. Silver, D. F. Pyke and D. J. Thomas, *Inventory and Production Management in Supply Chains* (4th ed.),
chapter on order quantities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "EconomicOrder",
    "EconomicOrderWithBackorders",
    "economic_order",
    "economic_order_with_backorders",
    "economic_production_lot",
    "order_quantity_cost",
    "order_quantity_cost_with_backorders",
]


@dataclass(frozen=True)
class EconomicOrder:
    """
    An order quantity and what it entails.

    Attributes
    ----------
    quantity
        Q, units per order.
    cost
        Ordering plus holding cost per unit of time, without the price of the goods.
    cycle
        Time between orders, Q / demand rate: also the coverage of one order.
    demand_rate
        Units per unit of time.
    """

    quantity: FloatArray
    cost: FloatArray
    cycle: FloatArray
    demand_rate: FloatArray

    @property
    def turnover(self) -> FloatArray:
        """Stock turns per unit of time: demand over the average stock Q / 2."""
        return as_floats(2.0 * self.demand_rate / self.quantity)

    def total_cost(self, unit_cost: ArrayLike) -> FloatArray:
        """Return the cost with purchases: ordering, holding and ``unit_cost`` a unit."""
        return as_floats(self.cost + checked("unit_cost", unit_cost, "[0, inf)") * self.demand_rate)

    def reorder_point(self, lead_time: ArrayLike) -> FloatArray:
        """Return the stock on hand and on order at which to order when demand is certain: rate x lead time."""
        return as_floats(self.demand_rate * checked("lead_time", lead_time, "[0, inf)"))


@dataclass(frozen=True)
class EconomicOrderWithBackorders:
    """
    An order quantity with planned backorders.

    Attributes
    ----------
    quantity
        Q, units per order.
    stockout_fraction
        Share x of the cycle (and of the units) without stock.
    cost
        Ordering, holding and backorder cost per unit of time.
    largest_backlog
        Units backordered just before the order arrives, x Q.
    """

    quantity: FloatArray
    stockout_fraction: FloatArray
    cost: FloatArray
    largest_backlog: FloatArray


def _costs(fixed_cost: ArrayLike, holding_cost: ArrayLike, demand_rate: ArrayLike) -> tuple[FloatArray, ...]:
    return (
        checked("fixed_cost", fixed_cost, "(0, inf)"),
        checked("holding_cost", holding_cost, "(0, inf)"),
        checked("demand_rate", demand_rate, "(0, inf)"),
    )


def economic_order(*, fixed_cost: ArrayLike, holding_cost: ArrayLike, demand_rate: ArrayLike) -> EconomicOrder:
    """
    Return Q = sqrt(2 K rate / h), the quantity at which ordering and holding cost the same.

    Parameters
    ----------
    fixed_cost
        K per order, above 0.
    holding_cost
        h per unit and unit of time, above 0; price times carrying rate when it is given so.
    demand_rate
        Units per unit of time, above 0.

    Notes
    -----
    Where holding costs so little that the quotient exceeds what a double holds, the quantity is infinite.
    """
    k, h, rate = _costs(fixed_cost, holding_cost, demand_rate)
    with np.errstate(over="ignore"):
        quantity = as_floats(np.sqrt(2.0 * k * rate / h))
    return EconomicOrder(quantity, as_floats(np.sqrt(2.0 * k * rate * h)), as_floats(quantity / rate), rate)


def order_quantity_cost(
    order_quantity: ArrayLike, *, fixed_cost: ArrayLike, holding_cost: ArrayLike, demand_rate: ArrayLike
) -> FloatArray:
    """Return K rate / Q + h Q / 2 of any order quantity Q > 0; the optimum is flat: 20 % off costs 2 %."""
    k, h, rate = _costs(fixed_cost, holding_cost, demand_rate)
    q = checked("order_quantity", order_quantity, "(0, inf)")
    return as_floats(k * rate / q + h * q / 2.0)


def economic_order_with_backorders(
    *, fixed_cost: ArrayLike, holding_cost: ArrayLike, backorder_cost: ArrayLike, demand_rate: ArrayLike
) -> EconomicOrderWithBackorders:
    """
    Return the cheapest order quantity when customers may be made to wait.

    Parameters
    ----------
    fixed_cost, holding_cost, demand_rate
        As in :func:`economic_order`.
    backorder_cost
        p per unit backordered **and unit of time**, above 0.

    Notes
    -----
    Q = sqrt(2 K rate (h + p) / (h p)), x = h / (h + p), cost = sqrt(2 K rate h p / (h + p)).
    """
    k, h, rate = _costs(fixed_cost, holding_cost, demand_rate)
    p = checked("backorder_cost", backorder_cost, "(0, inf)")
    quantity = as_floats(np.sqrt(2.0 * k * rate * (h + p) / (h * p)))
    fraction = as_floats(h / (h + p))
    cost = as_floats(np.sqrt(2.0 * k * rate * h * p / (h + p)))
    return EconomicOrderWithBackorders(quantity, fraction, cost, as_floats(fraction * quantity))


def order_quantity_cost_with_backorders(
    order_quantity: ArrayLike,
    stockout_fraction: ArrayLike,
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    backorder_cost: ArrayLike,
    demand_rate: ArrayLike,
) -> FloatArray:
    """
    Return h Q (1 - x)**2 / 2 + p Q x**2 / 2 + K rate / Q of any quantity Q and stock-out fraction x in [0, 1].

    Costs as in :func:`economic_order_with_backorders`.
    """
    k, h, rate = _costs(fixed_cost, holding_cost, demand_rate)
    p = checked("backorder_cost", backorder_cost, "(0, inf)")
    q = checked("order_quantity", order_quantity, "(0, inf)")
    x = checked("stockout_fraction", stockout_fraction, "[0, 1]")
    return as_floats(h * q * (1.0 - x) ** 2 / 2.0 + p * q * x**2 / 2.0 + k * rate / q)


def economic_production_lot(
    *, fixed_cost: ArrayLike, holding_cost: ArrayLike, demand_rate: ArrayLike, production_rate: ArrayLike
) -> EconomicOrder:
    """
    Return the economic lot when it comes in at a finite rate: the EOQ with h (1 - demand rate / production rate).

    Raises
    ------
    ValueError
        Unless the production rate exceeds the demand rate. (An infinite rate is the EOQ itself.)
    """
    k, h, rate = _costs(fixed_cost, holding_cost, demand_rate)
    speed = checked("production_rate", production_rate, "(0, inf]")
    if np.any(speed <= rate):
        raise ValueError(
            f"production_rate is {production_rate!r}; it must lie in (demand_rate, inf], and that is {demand_rate!r}"
        )
    return economic_order(fixed_cost=k, holding_cost=h * (1.0 - rate / speed), demand_rate=rate)
