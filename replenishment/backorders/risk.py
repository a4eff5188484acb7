"""What is about to be backordered: the probability, and the units at risk, along paths of demand and of receipts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from replenishment.kernels.shortage import follow_shortages

__all__ = ["ShortageRisk", "shortage_risk"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ShortageRisk:
    """The risk of n items; arrays (n,).

    Attributes
    ----------
    before_receipt : P(some demand is not filled at once before the next receipt).
    within_protection : P(the same within the protection interval, if nothing is ordered).
    units : expected units that are demanded within the protection interval and not filled at once.
    """

    before_receipt: Floats
    within_protection: Floats
    units: Floats


def shortage_risk(
    net_stock: Floats, received: Floats, demand: Floats32, next_receipt: Integers, protection: Integers
) -> ShortageRisk:
    """Follow net stock along paths: receipts at each opening, then the demand of the period.

    Parameters
    ----------
    net_stock : (n,) units on hand less what waits, at the opening before arrivals.
    received : (n, m, h) units received at openings 0, 1, ... of each path. demand : (n, m, h) units a period, m > 0.
    next_receipt : (n, m) first opening with a receipt on a path, or that of an order placed now; at most h.
    protection : (n, m) periods that an order placed now must cover; at most h.

    Notes
    -----
    Units not filled in a period are what its demand exceeds the stock on hand by; waiting customers are served before
    it and count as none.
    """
    risk = ShortageRisk(*(np.empty(len(net_stock)) for _ in range(3)))
    follow_shortages(
        np.asarray(net_stock, dtype=np.float64),
        received,
        demand,
        next_receipt,
        protection,
        risk.before_receipt,
        risk.within_protection,
        risk.units,
    )
    return risk
