"""One order decision taken again: what stock and backorders would have been under another quantity.

Stock is followed from the opening of the decision to the end of the protection interval: what was there, the open
orders of that day as they were due, the order after its expected lead time, and the demand that came. Later orders
change nothing before that end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["DecisionOutcome", "replay_decisions"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DecisionOutcome:
    """What followed from n orders; arrays (n,).

    Attributes
    ----------
    backordered : units not filled in the period of their demand. mean_stock : units at the end of a period.
    left : net stock at the end of the interval, below 0 where customers wait.
    """

    backordered: Floats
    mean_stock: Floats
    left: Floats


def replay_decisions(
    net_stock: Floats, arrivals: Floats, lead_time: Integers, periods: Integers, demand: Floats, order: Floats
) -> DecisionOutcome:
    """Follow n decisions through their protection intervals.

    Parameters
    ----------
    net_stock : (n,) on hand less what waited. arrivals : (n, a) units due at openings 0, 1, ...
    lead_time : (n,) periods until the order comes. periods : (n,) length of each interval, at least 1.
    demand : (n, t) units of each period, t at least the longest interval. order : (n,) units.
    """
    n, t = demand.shape
    stock = net_stock.astype(np.float64)
    backordered, held = np.zeros(n), np.zeros(n)
    for k in range(t):
        inside = k < periods
        stock = stock + np.where(inside & (k < arrivals.shape[1]), arrivals[:, min(k, arrivals.shape[1] - 1)], 0.0)
        stock = stock + np.where(inside & (lead_time == k), order, 0.0)
        wanted = np.where(inside, demand[:, k], 0.0)
        backordered += np.maximum(wanted - np.maximum(stock, 0.0), 0.0)
        stock = stock - wanted
        held += np.where(inside, np.maximum(stock, 0.0), 0.0)
    return DecisionOutcome(backordered, held / np.maximum(periods, 1), stock)
