"""
Order quantities when the supplier is not quite reliable: disruptions and uncertain yield.

Constant demand. Source: L. V. Snyder and Z.-J. M. Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 9;
E. Berk and A. Arreola-Risa (1994), "Note on 'Future supply uncertainty in EOQ models'", *Naval Research Logistics*
41(1), 129-132; E. A. Silver (1976), "Establishing the order quantity when the amount received is uncertain", *INFOR*
14(1), 32-39.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "SupplyOrder",
    "additive_yield",
    "disrupted_supply",
    "disrupted_supply_cost",
    "multiplicative_yield",
]


@dataclass(frozen=True)
class SupplyOrder:
    """The quantity to order (not to receive) and the expected cost per unit of time."""

    quantity: FloatArray
    cost: FloatArray


def _rates(
    *, fixed_cost: ArrayLike, holding_cost: ArrayLike, demand_rate: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        checked("fixed_cost", fixed_cost, "(0, inf)"),
        checked("holding_cost", holding_cost, "(0, inf)"),
        checked("demand_rate", demand_rate, "(0, inf)"),
    )


def disrupted_supply_cost(
    order_quantity: ArrayLike,
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    demand_rate: ArrayLike,
    disruption_rate: ArrayLike,
    recovery_rate: ArrayLike,
) -> FloatArray:
    """
    Return the expected cost rate of ordering Q at zero stock from a supplier who is now and then unavailable.

    Parameters
    ----------
    order_quantity
        Q > 0, delivered at once when the supplier is up; otherwise when he recovers.
    stockout_cost
        p per unit of demand that is lost while both the stock and the supplier are out.
    disruption_rate, recovery_rate
        Of the exponential up and down times, per unit of time.

    Notes
    -----
    A cycle lasts Q / rate plus the expected outage w = P(down when the stock ends) / recovery rate, and costs
    K + h Q**2 / (2 rate) + p rate w.
    """
    k, h, rate = _rates(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    p = checked("stockout_cost", stockout_cost, "(0, inf)")
    down = checked("disruption_rate", disruption_rate, "[0, inf)")
    up = checked("recovery_rate", recovery_rate, "(0, inf)")
    q = checked("order_quantity", order_quantity, "(0, inf)")
    outage = -down / (down + up) * np.expm1(-(down + up) * q / rate) / up
    return as_floats((k + h * q * q / (2.0 * rate) + p * rate * outage) / (q / rate + outage))


def disrupted_supply(
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    demand_rate: ArrayLike,
    disruption_rate: ArrayLike,
    recovery_rate: ArrayLike,
) -> SupplyOrder:
    """
    Return the order quantity of least expected cost under supplier disruptions, exactly.

    Parameters as in :func:`disrupted_supply_cost`. The cost is unimodal in Q (Berk and Arreola-Risa 1994); the root
    of its derivative is bisected. Without disruptions it is the EOQ.
    """
    k, h, rate = _rates(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    p = checked("stockout_cost", stockout_cost, "(0, inf)")
    down = checked("disruption_rate", disruption_rate, "[0, inf)")
    up = checked("recovery_rate", recovery_rate, "(0, inf)")
    share, speed = down / (down + up) / up, (down + up) / rate
    plain = np.sqrt(2.0 * k * rate / h)

    def rising(quantity: FloatArray) -> NDArray[np.bool_]:
        q = np.maximum(quantity, 0.0)
        decay = np.exp(-speed * q)
        outage, slope = share * (1.0 - decay), share * speed * decay
        cost, cost_slope = k + h * q * q / (2.0 * rate) + p * rate * outage, h * q / rate + p * rate * slope
        length, length_slope = q / rate + outage, 1.0 / rate + slope
        return np.asarray((cost_slope * length >= cost * length_slope) & (quantity > 0))

    start = np.broadcast_arrays(plain, p, share)[0]
    q = smallest_real(rising, start, 0.25 * start)
    cost = disrupted_supply_cost(
        q, fixed_cost=k, holding_cost=h, stockout_cost=p, demand_rate=rate, disruption_rate=down, recovery_rate=up
    )
    return SupplyOrder(q, cost)


def additive_yield(
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    demand_rate: ArrayLike,
    yield_mean: ArrayLike,
    yield_sd: ArrayLike,
) -> SupplyOrder:
    """
    Return the best quantity when an order of Q brings Q + Y units.

    ``yield_mean`` (any sign; below 0 when units go missing) and ``yield_sd`` are those of Y, whatever Q. The expected
    delivery is sqrt(2 K rate / h + sd**2), and the cost is h times it.
    """
    k, h, rate = _rates(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    shift = checked("yield_mean", yield_mean, "(-inf, inf)")
    sd = checked("yield_sd", yield_sd, "[0, inf)")
    delivered = np.sqrt(2.0 * k * rate / h + sd * sd)
    return SupplyOrder(as_floats(delivered - shift), as_floats(h * delivered))


def multiplicative_yield(
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    demand_rate: ArrayLike,
    yield_mean: ArrayLike,
    yield_sd: ArrayLike,
) -> SupplyOrder:
    """
    Return the best quantity when an order of Q brings Q Z units.

    ``yield_mean`` > 0 and ``yield_sd`` are those of the yield Z, whatever Q:
    Q = sqrt(2 K rate / (h (sd**2 + mean**2))), cost sqrt(2 K rate h (sd**2 + mean**2)) / mean.
    """
    k, h, rate = _rates(fixed_cost=fixed_cost, holding_cost=holding_cost, demand_rate=demand_rate)
    mean = checked("yield_mean", yield_mean, "(0, inf)")
    square = checked("yield_sd", yield_sd, "[0, inf)") ** 2 + mean**2
    return SupplyOrder(
        as_floats(np.sqrt(2.0 * k * rate / (h * square))), as_floats(np.sqrt(2.0 * k * rate * h * square) / mean)
    )
