"""The smallest reorder points that keep backorder rates, found series by series on coupled draws.

See :class:`replenishment.service.ProtectionDemand`, whose ``backorder_rate`` is computed here at many points at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.exposure import loss_of_paths

__all__ = ["smallest_reorder_points"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A table of losses pays where it has fewer entries than this many draws of a series; else each loss is added up.
_TABLE_PER_DRAW = 16
_DOUBLINGS = 60
_PRECISION = 1e-6


class Window(NamedTuple):
    """The window of one series: draws (m,), losses at the levels -1, 0, ... or none, its tail, mean units, and lot."""

    before: Floats32
    through: Floats32
    whole: bool
    table: Floats
    threshold: float
    loss_there: float
    decay: float
    units: float
    lot: float


@njit(nogil=True, cache=True)
def smallest_reorder_points(
    before: Floats32,
    through: Floats32,
    integral: Flags,
    threshold: Floats,
    loss_there: Floats,
    decay: Floats,
    units: Floats,
    lot: Floats,
    rates: Floats,
    start: Floats,
) -> tuple[Floats, Floats]:
    """Find the smallest reorder points, from -1 (whole units) or 0 on, at which no more than some rates wait.

    Parameters
    ----------
    before, through : (n, m) draws of the window. integral : (n,). threshold, loss_there, decay : (n,) its tail.
    units : (n,) > 0, mean units of the window. lot : (n,) > 0. rates : (n, k), rising along each row.
    start : (n, k) a first guess of a point that is high enough.

    Returns
    -------
    points, kept : (n, k) exact for whole units, else to a relative precision of 1e-6, NaN where no point is high
        enough; and the rate there.
    """
    n, k = rates.shape
    m = before.shape[1]
    points, kept = np.empty((n, k)), np.empty((n, k))
    for i in range(n):
        whole, last = integral[i], threshold[i]
        tabled = whole and last >= 0.0 and last == math.floor(last) and last <= _TABLE_PER_DRAW * m
        table = _losses_below(before[i], through[i], int(last)) if tabled else np.empty(0)
        one = Window(before[i], through[i], whole, table, last, loss_there[i], decay[i], units[i], lot[i])
        bottom = -1.0 if whole else 0.0
        # Each point lies at or above that of the next higher rate.
        for j in range(k - 1, -1, -1):
            points[i, j], kept[i, j] = _smallest(one, rates[i, j], bottom, start[i, j])
            bottom = max(bottom, points[i, j])
    return points, kept


@njit(nogil=True, cache=True)
def _smallest(one: Window, wanted: float, bottom: float, start: float) -> tuple[float, float]:
    """The smallest point from ``bottom`` on at which the rate is no more than wanted, and the rate there."""
    rate = _rate(one, bottom)
    if rate <= wanted:
        return bottom, rate
    top = max(math.ceil(start) if one.whole else start, bottom + 1.0)
    rate = _rate(one, top)
    for _ in range(_DOUBLINGS):
        if rate <= wanted:
            break
        top = bottom + 2.0 * (top - bottom)
        rate = _rate(one, top)
    if rate > wanted:
        return np.nan, np.nan
    while top - bottom > (1.0 if one.whole else _PRECISION * max(abs(top), 1.0)):
        middle = math.floor((bottom + top) / 2.0) if one.whole else (bottom + top) / 2.0
        there = _rate(one, middle)
        if there <= wanted:
            top, rate = middle, there
        else:
            bottom = middle
    return top, rate


@njit(nogil=True, cache=True)
def _rate(one: Window, point: float) -> float:
    """Share of the window's units that wait at a reorder point."""
    return float(min(max((_loss(one, point) - _loss(one, point + one.lot)) / (one.lot * one.units), 0.0), 1.0))


@njit(nogil=True, cache=True)
def _loss(one: Window, level: float) -> float:
    """Window loss with its fitted tail."""
    if level > one.threshold:
        return one.loss_there * math.exp(one.decay * (level - one.threshold))
    if len(one.table) and level >= -1.0 and level == math.floor(level):
        return float(one.table[int(level) + 1])
    return float(loss_of_paths(one.before, one.through, one.whole, level))


@njit(nogil=True, cache=True)
def _losses_below(before: Floats32, through: Floats32, last: int) -> Floats:
    """Window loss of whole units at the levels -1, 0, ..., ``last``; from one to the one below, by the units between.

    loss(y) = loss(y + 1) + mean units whose place in the queue is y + 1 or later.
    """
    m = len(before)
    starts = np.zeros(last + 2, np.int64)
    later = 0
    total = 0.0
    for p in range(m):
        a, b = int(before[p]), int(through[p])
        starts[min(a, last + 1)] += 1
        starts[min(b, last + 1)] -= 1
        later += max(b - last - 1, 0) - max(a - last - 1, 0)
        over, under = float(max(b - last, 0)), float(max(a - last, 0))
        total += 0.5 * (over * (over - 1.0) - under * (under - 1.0))
    places = np.cumsum(starts)
    table = np.empty(last + 2)
    table[last + 1] = total / m
    for level in range(last - 1, -2, -1):
        later += places[level + 1]
        total += later
        table[level + 1] = total / m
    return table
