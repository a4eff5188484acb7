"""Random numbers of an item: a stream for each subject, a place for each path and period.

Lead times are drawn from the item's own key, all else from streams derived of it, so that a world with one more
source of chance meets the same numbers everywhere else (common random numbers).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw

__all__ = ["chosen", "chosen_from", "fill_guide", "place", "share_of", "stream", "uniform"]

YIELD: Final = 1
LINES: Final = 2
RECORDS: Final = 3
SUPPLIER: Final = 4
DEMAND: Final = 5
# Lead times stand in the second half of a path's places.
LEAD_TIMES: Final = PATH_STRIDE // 2


@njit(nogil=True, cache=True)
def uniform(key: np.uint64, counter: np.uint64) -> float:
    """Draw a number in [0, 1)."""
    value: float = np.float64(draw(key, counter) >> np.uint64(11)) * 2.0**-53
    return value


@njit(nogil=True, cache=True)
def stream(key: np.uint64, subject: int) -> np.uint64:
    """Return the key of one subject's stream."""
    own: np.uint64 = draw(key, np.uint64(0x8000000000000000) + np.uint64(subject))
    return own


@njit(nogil=True, cache=True)
def place(path: int, period: int) -> np.uint64:
    """Return the counter of a period on a path."""
    counter: np.uint64 = np.uint64(path) * np.uint64(PATH_STRIDE) + np.uint64(period)
    return counter


@njit(nogil=True, cache=True)
def chosen(number: float, cumulative: npt.NDArray[np.float64]) -> int:
    """Turn a uniform number into a place among cumulative probabilities; the last takes the rest."""
    k = 0
    while k < cumulative.size - 1 and number >= cumulative[k]:
        k += 1
    return k


@njit(nogil=True, cache=True)
def fill_guide(cumulative: npt.NDArray[np.float64], guide: npt.NDArray[np.int16]) -> None:
    """Write for each of equally wide steps of a uniform number the first place that it may choose.

    A search from there takes hardly a step (Chen and Asau 1974, the method of the guide table).
    """
    k = 0
    for g in range(guide.size):
        while k < cumulative.size - 1 and g / guide.size >= cumulative[k]:
            k += 1
        guide[g] = k


@njit(nogil=True, cache=True)
def chosen_from(number: float, cumulative: npt.NDArray[np.float64], guide: npt.NDArray[np.int16]) -> int:
    """The same place as :func:`chosen`, sooner."""
    k = np.int64(guide[np.int64(number * guide.size)])
    while k < cumulative.size - 1 and number >= cumulative[k]:
        k += 1
    return int(k)


@njit(nogil=True, cache=True)
def share_of(units: float, share: float) -> float:
    """Return a share of units; of whole units the nearest whole number."""
    part: float = np.floor(units * share + 0.5) if units == np.floor(units) else units * share
    return part
