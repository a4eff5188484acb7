"""
Customers who order several units at a time: compound Poisson demand, exactly, by Panjer's recursion.

Continuous review, constant lead time, full backordering; an order may be filled in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, checked, checked_total, checked_whole

__all__ = ["CompoundPoisson", "CompoundPoissonMeasures", "compound_poisson_measures"]

_RESCALE = 1e250


@dataclass(frozen=True, init=False)
class CompoundPoisson:
    """
    Orders that arrive at random, each for a random number of units.

    Parameters
    ----------
    order_rate
        Orders per unit of time, above 0.
    sizes
        Possible sizes, whole numbers of at least 1, shape (n,).
    probabilities
        Their probabilities, shape (n,).
    """

    order_rate: float
    sizes: FloatArray
    probabilities: FloatArray

    def __init__(self, order_rate: float, sizes: ArrayLike, probabilities: ArrayLike) -> None:
        units = np.atleast_1d(checked("sizes", sizes, "[1, inf)"))
        weights = checked_total("probabilities", probabilities)
        if np.any(units != np.round(units)):
            raise ValueError(f"sizes is {units.tolist()}; it must hold whole numbers in [1, inf)")
        if units.shape != weights.shape:
            raise ValueError(f"sizes has shape {units.shape} and probabilities {weights.shape}; they must agree")
        object.__setattr__(self, "order_rate", float(checked("order_rate", order_rate, "(0, inf)")))
        object.__setattr__(self, "sizes", units)
        object.__setattr__(self, "probabilities", weights)

    @property
    def mean_size(self) -> float:
        """Units per order."""
        return float(self.sizes @ self.probabilities)

    @property
    def unit_rate(self) -> float:
        """Units per unit of time."""
        return self.order_rate * self.mean_size

    def pmf(self, time: float, size: int) -> FloatArray:
        """
        Return P(units demanded in some time = k) for k = 0 ... size - 1.

        Panjer's recursion ``k g(k) = a sum(j f(j) g(k - j))`` with a the mean number of orders, rescaled on its way
        so that exp(-a) may be smaller than any floating-point number. Source: H. H. Panjer (1981), *ASTIN Bulletin*
        12(1), 22-26.
        """
        count = checked_whole("size", size, "[1, inf)")
        orders = self.order_rate * float(checked("time", time, "[0, inf)"))
        units = self.sizes.astype(np.int64)
        weights = orders * self.probabilities * self.sizes
        g, log_scale = np.zeros(count), -orders
        g[0] = 1.0
        for k in range(1, count):
            within = units <= k
            g[k] = weights[within] @ g[k - units[within]] / k
            if g[k] > _RESCALE:
                g[: k + 1] /= _RESCALE
                log_scale += np.log(_RESCALE)
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(np.log(g) + log_scale))


@dataclass(frozen=True)
class CompoundPoissonMeasures:
    """
    What a policy achieves under compound Poisson demand.

    Attributes
    ----------
    unit_fill_rate
        Units filled at once / units demanded.
    complete_order_fill_rate
        Share of customer orders filled completely at once; 1 minus it is the backorder rate by order line.
    ready_rate
        Share of time with stock on hand > 0.
    no_backorder_rate
        Share of time with nothing backordered.
    expected_backorders, expected_on_hand
        Units, averages over time.
    mean_wait
        Expected wait of a unit (Little's law).
    """

    unit_fill_rate: float
    complete_order_fill_rate: float
    ready_rate: float
    no_backorder_rate: float
    expected_backorders: float
    expected_on_hand: float
    mean_wait: float


def compound_poisson_measures(
    demand: CompoundPoisson, lead_time: float, reorder_point: int, order_quantity: int = 1
) -> CompoundPoissonMeasures:
    """
    Return the exact measures of an (r, nQ) policy; with Q = 1 it is the base stock S = r + 1.

    Parameters
    ----------
    demand
        The customers' orders.
    lead_time
        L > 0, constant.
    reorder_point, order_quantity
        Whole r >= -Q and Q >= 1: when the position is at or below r, as many multiples of Q are ordered as lift it
        into r + 1 ... r + Q, where it is uniform (if the sizes and Q have no common divisor).

    Notes
    -----
    The stock a lead time later is y - D(L), independent of the order that arrives then (random arrivals see time
    averages). Only the finitely many states with stock on hand are summed, so nothing is truncated: backorders
    follow from E[(D - y)+] = E[D] - y + E[(y - D)+]. Source: Zipkin (2000), chapter 6; S. Axsäter, *Inventory
    Control*, chapter on compound Poisson demand.
    """
    time = float(checked("lead_time", lead_time, "(0, inf)"))
    q = checked_whole("order_quantity", order_quantity, "[1, inf)")
    r = checked_whole("reorder_point", reorder_point, "(-inf, inf)")
    if r < -q:
        raise ValueError(f"reorder_point is {r}; it must lie in [-order_quantity, inf), and that is {q}")
    top = max(r + q, 1)
    pmf = demand.pmf(time, top + 1)
    # on_hand[j] = P(stock on hand = j), j = 1 ... top, averaged over the positions y = r + 1 ... r + q
    on_hand = np.zeros(top + 1)
    empty = 0.0
    for y in range(r + 1, r + q + 1):
        if y >= 1:
            on_hand[1 : y + 1] += pmf[:y][::-1]
        if y >= 0:
            empty += float(pmf[y])
    on_hand /= q
    stock = np.arange(top + 1)
    mean_stock = float(stock @ on_hand)
    position = r + (q + 1) / 2.0
    backorders = demand.unit_rate * time - position + mean_stock
    filled_units = sum(
        float(w * (np.minimum(size, stock) @ on_hand))
        for size, w in zip(demand.sizes, demand.probabilities, strict=True)
    )
    complete = sum(
        float(w * on_hand[int(min(size, top + 1)) :].sum())
        for size, w in zip(demand.sizes, demand.probabilities, strict=True)
    )
    ready = float(on_hand[1:].sum())
    return CompoundPoissonMeasures(
        unit_fill_rate=filled_units / demand.mean_size,
        complete_order_fill_rate=complete,
        ready_rate=ready,
        no_backorder_rate=ready + empty / q,
        expected_backorders=backorders,
        expected_on_hand=mean_stock,
        mean_wait=backorders / demand.unit_rate,
    )
