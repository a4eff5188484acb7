"""In what unit a series is counted: pieces, packs, lots."""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.count_likelihood import add_logs, add_rising

__all__ = ["choose_units", "find_grain"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

# A unit is chosen from so many of the newest demands; a coarser one must be better by so much log likelihood.
UNIT_DEMANDS = 128
UNIT_MARGIN = 4.0
MOST_DOUBLINGS = 24


@njit(nogil=True, cache=True)
def _common_divisor(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


@njit(nogil=True, cache=True)
def find_grain(quantity: Floats32, status: Bytes, grain: Floats) -> None:
    """Find the largest amount of which all known demands of a series are multiples; 0 where there is none.

    Whole numbers by Euclid's algorithm. Others are multiples of a twelfth or more of the smallest demand, within
    the precision of 32 bits, or of nothing.
    """
    for i in range(quantity.shape[0]):
        whole, divisor, least = True, 0, np.inf
        for t in range(quantity.shape[1]):
            amount = np.float64(quantity[i, t])
            if status[i, t] == 0 and amount > 0.0:
                least = min(least, amount)
                whole = whole and bool(amount == np.rint(amount)) and bool(amount < 2.0**53)
                if whole:
                    divisor = _common_divisor(int(amount), divisor)
        if whole:
            grain[i] = divisor
            continue
        grain[i] = 0.0
        for parts in range(1, 13):
            worst = 0.0
            for t in range(quantity.shape[1]):
                if status[i, t] == 0 and quantity[i, t] > 0.0:
                    ratio = np.float64(quantity[i, t]) / least * parts
                    worst = max(worst, abs(ratio - np.rint(ratio)) - 4e-7 * ratio)
            if worst < 1e-3:
                grain[i] = least / parts
                break


@njit(nogil=True, cache=True)
def choose_units(
    quantity: Floats32, status: Bytes, mean: Floats, smallest: Floats, dispersions: Floats, unit: Floats
) -> None:
    """Choose the unit in which each series is counted: ``smallest`` times a power of 2, by likelihood.

    Demand that comes in lots is no Poisson process of single pieces. A unit u stands for demands within u/2 of its
    multiples, so that the likelihood of a positive demand is the probability of its multiple divided by u. Level
    and season are left aside (the mean is constant), the dispersion is the best of ``dispersions``.
    """
    sizes = np.empty(UNIT_DEMANDS)
    number, times, likelihood = (np.empty(dispersions.size), np.empty(dispersions.size), np.empty(dispersions.size))
    bits = number.view(np.int64)
    for i in range(quantity.shape[0]):
        unit[i] = smallest[i]
        n, periods = 0, 0
        for t in range(quantity.shape[1] - 1, -1, -1):
            if status[i, t] == 0:
                periods += 1
                if quantity[i, t] > 0.0:
                    sizes[n] = quantity[i, t]
                    n += 1
                    if n == UNIT_DEMANDS:
                        break
        if n < 2 or mean[i] <= 0.0 or smallest[i] <= 0.0:
            continue
        middle = np.median(sizes[:n])
        average = sizes[:n].sum() / periods
        candidate = smallest[i]
        best = -np.inf
        for _ in range(MOST_DOUBLINGS):
            likelihood[:] = 0.0
            counted, rest = 0.0, n * np.log(candidate)
            for k in range(n):
                count = max(np.rint(sizes[k] / candidate), 1.0)
                counted += count
                rest += lgamma(count + 1.0)
                add_rising(count, dispersions, number, bits, times, likelihood)
            for d in range(dispersions.size):
                number[d] = 1.0 + average / candidate * dispersions[d]
                times[d] = -(counted + periods / dispersions[d])
            add_logs(number, bits, times, likelihood)
            top = likelihood.max() + counted * np.log(average / candidate) - rest
            # A coarser unit has to be better beyond doubt.
            if top > best + UNIT_MARGIN:
                best = top
                unit[i] = candidate
            candidate *= 2.0
            if candidate > 1.01 * middle:
                break
