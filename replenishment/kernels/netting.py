"""Whether stock and what arrives last along sampled paths."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["paths_short"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def paths_short(cumulative: Floats32, lead_time: Integers, available: Floats) -> Integers:
    """Count the paths on which demand exceeds what is available before a new order arrives; (n,).

    Parameters
    ----------
    cumulative : (n, m, h) demand up to the end of period 1, ..., h. lead_time : (n, m) periods.
    available : (n, k), k >= h; units that the demand up to the end of period 1, ..., h may take.
    """
    n, m, horizon = cumulative.shape
    out = np.zeros(n, np.int64)
    for i in range(n):
        for p in range(m):
            for k in range(min(lead_time[i, p], horizon)):
                if cumulative[i, p, k] > available[i, k]:
                    out[i] += 1
                    break
    return out
