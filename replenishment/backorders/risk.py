"""What is about to be backordered: the probability, and the units at risk, along paths of demand and of receipts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
    received : (n, m, h) units received at openings 0, 1, ... of each path. demand : (n, m, h) units a period.
    next_receipt : (n, m) first opening with a receipt on a path, or that of an order placed now; at most h.
    protection : (n, m) periods that an order placed now must cover; at most h.

    Notes
    -----
    Units not filled in a period are what demand adds to the backlog: max(-after, 0) - max(-before, 0), with net stock
    ``before`` (receipts included) and ``after`` its demand; waiting customers are served first and count as none.
    """
    upto = net_stock[:, None, None] + np.cumsum(received, axis=2)
    spent = np.cumsum(demand, axis=2, dtype=np.float64)
    after = upto - spent
    before = after + demand
    missed = np.maximum(-after, 0.0) - np.maximum(-before, 0.0)
    period = np.arange(demand.shape[2])
    early = (missed > 0) & (period < next_receipt[:, :, None])
    inside = period < protection[:, :, None]
    return ShortageRisk(
        before_receipt=early.any(axis=2).mean(axis=1),
        within_protection=((missed > 0) & inside).any(axis=2).mean(axis=1),
        units=np.where(inside, missed, 0.0).sum(axis=2).mean(axis=1),
    )
