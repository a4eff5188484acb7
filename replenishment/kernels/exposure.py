"""Where the units demanded in a review window stand in the queue of cumulative demand, from coupled draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["loss_of_paths", "position_loss", "window_sums"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@njit(nogil=True, cache=True)
def position_loss(before: Floats32, through: Floats32, integral: npt.NDArray[np.bool_], level: Floats) -> Floats:
    """Mean over paths of the sum, over the units of the window, of (place - level)+.

    The units of a path stand at the places ``before`` ... ``through`` of cumulative demand (whole numbers:
    before, before + 1, ..., through - 1, counting the units ahead). Draws are (n, m), ``level`` (n,).
    """
    n = len(before)
    out = np.empty(n)
    for i in range(n):
        out[i] = loss_of_paths(before[i], through[i], integral[i], level[i])
    return out


@njit(nogil=True, cache=True)
def loss_of_paths(before: Floats32, through: Floats32, whole: bool, level: float) -> float:
    """The same of one series; draws are (m,)."""
    m = len(before)
    total = 0.0
    for p in range(m):
        a = through[p] - level
        if a > 0.0:
            b = max(before[p] - level, 0.0)
            total += 0.5 * (a * (a - 1.0) - b * (b - 1.0)) if whole else 0.5 * (a * a - b * b)
    return total / m


@njit(nogil=True, cache=True)
def window_sums(cumulative: Floats32, lead_time: npt.NDArray[np.int64], review: int) -> tuple[Floats32, Floats32]:
    """Return demand over the lead time, (n, m), and up to the end of each of R periods after it, (n, m, R).

    Parameters
    ----------
    cumulative : (n, m, h) demand up to the end of period 1, ..., h. lead_time : (n, m) periods, at most h - R.
    """
    n, m = lead_time.shape
    before = np.empty((n, m), np.float32)
    ends = np.empty((n, m, review), np.float32)
    for i in range(n):
        for p in range(m):
            wait = lead_time[i, p]
            before[i, p] = cumulative[i, p, wait - 1] if wait > 0 else np.float32(0.0)
            for k in range(review):
                ends[i, p, k] = cumulative[i, p, wait + k]
    return before, ends
