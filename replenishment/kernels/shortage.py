"""Net stock along sample paths until a protection interval ends: when it fails customers, and by how much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["follow_shortages"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def follow_shortages(
    net_stock: Floats,
    received: Floats,
    demand: Floats32,
    next_receipt: Integers,
    protection: Integers,
    before_receipt: Floats,
    within_protection: Floats,
    units: Floats,
) -> None:
    """Fill the last three, (n,); the others as :func:`replenishment.backorders.risk.shortage_risk` takes them.

    Everything is added in the order of periods and paths, so that no bit depends on how far the arrays reach.
    """
    n, paths, horizon = demand.shape
    for i in range(n):
        early = within = 0
        total = 0.0
        for j in range(paths):
            net, missed, soon, inside = net_stock[i], 0.0, False, False
            for t in range(min(max(next_receipt[i, j], protection[i, j]), horizon)):
                net += received[i, j, t]
                short = max(demand[i, j, t] - max(net, 0.0), 0.0)
                net -= demand[i, j, t]
                if short > 0.0:
                    soon = soon or t < next_receipt[i, j]
                    if t < protection[i, j]:
                        inside = True
                        missed += short
            early += soon
            within += inside
            total += missed
        before_receipt[i], within_protection[i], units[i] = early / paths, within / paths, total / paths
