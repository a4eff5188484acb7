"""Where the units demanded in a review window stand in the queue, from coupled draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["position_loss"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@njit(nogil=True, cache=True)
def position_loss(before: Floats32, through: Floats32, integral: npt.NDArray[np.bool_], level: Floats) -> Floats:
    """Mean over paths of the sum, over the units of the window, of (place - level)+.

    The units of a path stand at the places ``before`` ... ``through`` of cumulative demand (whole numbers:
    before, before + 1, ..., through - 1, counting the units ahead). Draws are (n, m), ``level`` (n,).
    """
    n, m = before.shape
    out = np.empty(n)
    for i in range(n):
        y = level[i]
        total = 0.0
        for p in range(m):
            a = through[i, p] - y
            if a > 0.0:
                b = max(before[i, p] - y, 0.0)
                if integral[i]:
                    total += 0.5 * (a * (a - 1.0) - b * (b - 1.0))
                else:
                    total += 0.5 * (a * a - b * b)
        out[i] = total / m
    return out
