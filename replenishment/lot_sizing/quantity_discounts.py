"""Order quantities when the supplier gives discounts for quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, IntArray, as_floats, checked

__all__ = ["DiscountedOrder", "PriceBreaks", "all_units_discount", "incremental_discount"]


@dataclass(frozen=True, init=False)
class PriceBreaks:
    """
    A price list: ``unit_costs[j]`` applies from ``quantities[j]`` on, below ``quantities[j + 1]``.

    Raises
    ------
    ValueError
        Unless quantities begin at 0 and rise and unit costs are positive and never rise.
    """

    quantities: FloatArray
    unit_costs: FloatArray

    def __init__(self, quantities: ArrayLike, unit_costs: ArrayLike) -> None:
        starts = np.atleast_1d(checked("quantities", quantities, "[0, inf)"))
        prices = np.atleast_1d(checked("unit_costs", unit_costs, "(0, inf)"))
        if starts.shape != prices.shape or starts.ndim != 1:
            raise ValueError(f"quantities has shape {starts.shape} and unit_costs {prices.shape}; both must be (n,)")
        if starts[0] != 0 or np.any(np.diff(starts) <= 0):
            raise ValueError(f"quantities is {starts.tolist()}; it must begin at 0 and rise")
        if np.any(np.diff(prices) > 0):
            raise ValueError(f"unit_costs is {prices.tolist()}; a discount must not raise the price")
        object.__setattr__(self, "quantities", starts)
        object.__setattr__(self, "unit_costs", prices)

    def region_of(self, order_quantity: ArrayLike) -> IntArray:
        """Return the 0-based price region of quantities; a break itself already has the lower price."""
        return np.asarray(
            np.searchsorted(self.quantities, checked("order_quantity", order_quantity, "[0, inf)"), side="right") - 1
        )

    def cost_of_order(self, order_quantity: ArrayLike) -> FloatArray:
        """Return what an order costs when only the units beyond a break get the lower price (incremental)."""
        upper = np.append(self.quantities[1:], np.inf)
        ordered = np.asarray(checked("order_quantity", order_quantity, "[0, inf)"))[..., None]
        return as_floats(np.clip(np.minimum(ordered, upper) - self.quantities, 0.0, None) @ self.unit_costs)


@dataclass(frozen=True)
class DiscountedOrder:
    """
    The cheapest order under a price list.

    Attributes
    ----------
    quantity
        Units per order.
    region
        0-based price region it falls into.
    cost
        Ordering, holding **and purchase** cost per unit of time.
    """

    quantity: float
    region: int
    cost: float


def _parameters(fixed_cost: float, carrying_rate: float, demand_rate: float) -> tuple[float, float, float]:
    return (
        float(checked("fixed_cost", fixed_cost, "(0, inf)")),
        float(checked("carrying_rate", carrying_rate, "(0, inf)")),
        float(checked("demand_rate", demand_rate, "(0, inf)")),
    )


def all_units_discount(
    prices: PriceBreaks, *, fixed_cost: float, carrying_rate: float, demand_rate: float
) -> DiscountedOrder:
    """
    Return the cheapest order when the lower price holds for **all** units of an order.

    Parameters
    ----------
    prices
        The price list.
    fixed_cost
        K per order.
    carrying_rate
        i per unit of time: a unit in stock costs i times its price.
    demand_rate
        Units per unit of time.

    Notes
    -----
    In each region the cost falls up to that region's EOQ and rises after it, so the candidates are the EOQ, or the
    break below it when the EOQ lies below the region; an EOQ above the region is beaten by the next break. When two
    quantities cost the same the smaller is taken. Source: Snyder and Shen, chapter 3; Silver, Pyke and Thomas.
    """
    k, i, rate = _parameters(fixed_cost, carrying_rate, demand_rate)
    upper = np.append(prices.quantities[1:], np.inf)
    best: DiscountedOrder | None = None
    for region, (start, end, price) in enumerate(zip(prices.quantities, upper, prices.unit_costs, strict=True)):
        quantity = max(float(np.sqrt(2.0 * k * rate / (i * price))), float(start))
        if quantity >= end:
            continue
        cost = float(price * rate + k * rate / quantity + i * price * quantity / 2.0)
        if best is None or cost < best.cost:
            best = DiscountedOrder(quantity, region, cost)
    assert best is not None  # noqa: S101  (the last region has no upper end)
    return best


def incremental_discount(
    prices: PriceBreaks, *, fixed_cost: float, carrying_rate: float, demand_rate: float
) -> DiscountedOrder:
    """
    Return the cheapest order when the lower price holds only for the units **beyond** a break.

    Parameters as in :func:`all_units_discount`.

    Notes
    -----
    An order of Q in region j costs ``a_j + c_j Q`` with ``a_j`` what the earlier units cost more; the rest is an EOQ
    with set-up K + a_j, plus the carrying cost i a_j / 2 of the surcharge. The optimum never lies on a break.
    Source: Hadley and Whitin (1963), chapter 2; Snyder and Shen, chapter 3.
    """
    k, i, rate = _parameters(fixed_cost, carrying_rate, demand_rate)
    upper = np.append(prices.quantities[1:], np.inf)
    best: DiscountedOrder | None = None
    for region, (start, end, price) in enumerate(zip(prices.quantities, upper, prices.unit_costs, strict=True)):
        surcharge = float(prices.cost_of_order(start) - price * start)
        setup = k + surcharge
        quantity = float(np.sqrt(2.0 * setup * rate / (i * price)))
        if not start <= quantity <= end:
            continue
        cost = float(price * rate + i * surcharge / 2.0 + np.sqrt(2.0 * setup * rate * i * price))
        if best is None or cost < best.cost:
            best = DiscountedOrder(quantity, region, cost)
    assert best is not None  # noqa: S101  (set-ups grow and prices fall, so some region holds its own optimum)
    return best
