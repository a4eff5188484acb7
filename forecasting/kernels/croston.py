"""Croston's method over many series: pairs of weights, of sizes and of intervals, in the lanes of a vector.

Between two demands the forecast r stays, so that the squared errors of a gap are a quadratic in r: a history is first
cut down to its demands, their sizes and the exposure since the demand before, and the candidates see that list alone.
Only observed cells (status 0) are evidence. A period whose season is f counts as f periods of exposure; without seasons
every formula is that of the paper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["NEWEST", "choose_croston", "run_croston"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# The gaps before so many of the newest demands, and the one after them, judge the candidates.
NEWEST = 256
_SIDE = 4
_LANES = _SIDE * _SIDE
_BLOCK = 8
# Columns of a gap: size, exposure, squared season factors, demand x factor; all relative to the start.
_COLUMNS = 4


@njit(nogil=True, cache=True, error_model="numpy")
def _add_up(status: Bytes, factors: Floats32, passed: Floats, squares: Floats) -> None:
    """Sum the factors, and their squares, of the observed periods up to and with each period."""
    exposure = 0.0
    square = 0.0
    for t in range(status.size):
        if status[t] == 0:
            factor = np.float64(factors[t])
            exposure += factor
            square += factor * factor
        passed[t] = exposure
        squares[t] = square


@njit(nogil=True, cache=True, error_model="numpy")
def _list_demands(quantity: Floats32, status: Bytes, where: Integers) -> int:
    """Put the periods with observed demand into ``where``; return how many there are."""
    n = 0
    for t in range(quantity.size):
        # No branch: it could not be foretold.
        where[n] = t
        n += (quantity[t] > 0) & (status[t] == 0)
    return n


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _total(quantity: Floats32, status: Bytes) -> tuple[float, int]:
    """Sum of the observed quantities, and how many cells were not observed."""
    total = 0.0
    gaps = 0
    for t in range(quantity.size):
        gaps += status[t] != 0
        total += np.float64(quantity[t]) if status[t] == 0 else 0.0
    return total, gaps


@njit(nogil=True, cache=True, error_model="numpy")
def _gaps(
    quantity: Floats32,
    factors: Floats32,
    passed: Floats,
    squares: Floats,
    where: Integers,
    n: int,
    size: float,
    interval: float,
    gaps: Floats32,
) -> int:
    """Fill ``gaps`` with those that judge, the open one last; return how many there are."""
    first = max(n - NEWEST, 0)
    exposure = passed[where[first - 1]] if first > 0 else 0.0
    square = squares[where[first - 1]] if first > 0 else 0.0
    for k in range(first, n):
        t = where[k]
        row = gaps[(k - first) * _COLUMNS : (k - first + 1) * _COLUMNS]
        row[0] = quantity[t] / size
        row[1] = (passed[t] - exposure) / interval
        row[2] = squares[t] - square
        row[3] = 2.0 * quantity[t] / size * factors[t]
        exposure = passed[t]
        square = squares[t]
    row = gaps[(n - first) * _COLUMNS : (n - first + 1) * _COLUMNS]
    row[0] = 1.0
    row[1] = 1.0
    row[2] = squares[quantity.size - 1] - square
    row[3] = 0.0
    return n - first + 1


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def _sweep(gaps: Floats32, n: int, lanes: Floats32) -> None:
    """Run all pairs along the gaps; rows of ``lanes``: both weights, bias factor, size, interval, loss."""
    for t in range(0, n, _BLOCK):
        row = gaps[t * _COLUMNS : (t + _BLOCK) * _COLUMNS]
        # Rows beyond the last gap are zeros and add nothing to a loss.
        for k in range(_LANES):
            alpha = lanes[k]
            beta = lanes[_LANES + k]
            factor = lanes[2 * _LANES + k]
            size = lanes[3 * _LANES + k]
            interval = lanes[4 * _LANES + k]
            loss = lanes[5 * _LANES + k]
            for j in range(_BLOCK):
                rate = factor * size / interval
                loss += rate * (rate * row[j * _COLUMNS + 2] - row[j * _COLUMNS + 3])
                size += alpha * (row[j * _COLUMNS] - size)
                interval += beta * (row[j * _COLUMNS + 1] - interval)
            lanes[3 * _LANES + k] = size
            lanes[4 * _LANES + k] = interval
            lanes[5 * _LANES + k] = loss


@njit(nogil=True, cache=True, error_model="numpy")
def choose_croston(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    correction: float,
    start: Floats,
    chosen: Floats,
) -> None:
    """Choose the weights of sizes and of intervals jointly, by squared one-step error.

    The forecast of a period is (1 - ``correction`` x interval weight) x size / interval x season: 0 is Croston
    (1972), 0.5 Syntetos and Boylan (2005). The gaps before the newest 256 demands judge, and what came after.

    Parameters
    ----------
    quantity, status : (n, T). season : (groups, T) factors, profile : (n,) the group of each series.
    weights : (4,) candidates for both.
    start, chosen : (n, 2) results: mean size and mean interval, and the weights of both; 0 without demand.
    """
    periods = quantity.shape[1]
    passed = np.empty((season.shape[0] + 1, periods))
    squares = np.empty((season.shape[0] + 1, periods))
    observed = np.zeros(periods, dtype=np.uint8)
    for g in range(season.shape[0]):
        _add_up(observed, season[g], passed[g], squares[g])
    where = np.empty(periods + 1, dtype=np.int64)
    gaps = np.empty((NEWEST + 1 + _BLOCK) * _COLUMNS, dtype=np.float32)
    lanes = np.empty(6 * _LANES, dtype=np.float32)
    for i in range(quantity.shape[0]):
        for r in range(2):
            start[i, r] = 0.0
            chosen[i, r] = 0.0
        n = _list_demands(quantity[i], status[i], where)
        if n == 0:
            continue
        total, unknown = _total(quantity[i], status[i])
        # Series without gaps share the sums of their group; the last row is for the others.
        g = profile[i]
        if unknown > 0:
            g = season.shape[0]
            _add_up(status[i], season[profile[i]], passed[g], squares[g])
        start[i, 0] = total / n
        start[i, 1] = passed[g, periods - 1] / n
        judges = _gaps(quantity[i], season[profile[i]], passed[g], squares[g], where, n, start[i, 0], start[i, 1], gaps)
        for k in range(judges * _COLUMNS, (judges + _BLOCK) * _COLUMNS):
            gaps[k] = 0.0
        for k in range(_LANES):
            lanes[k] = weights[k // _SIDE]
            lanes[_LANES + k] = weights[k % _SIDE]
            lanes[2 * _LANES + k] = (1.0 - correction * weights[k % _SIDE]) / start[i, 1]
            lanes[3 * _LANES + k] = 1.0
            lanes[4 * _LANES + k] = 1.0
            lanes[5 * _LANES + k] = 0.0
        _sweep(gaps, judges, lanes)
        best = 0
        for k in range(1, _LANES):
            if lanes[5 * _LANES + k] < lanes[5 * _LANES + best]:
                best = k
        chosen[i, 0] = weights[best // _SIDE]
        chosen[i, 1] = weights[best % _SIDE]


@njit(nogil=True, cache=True)
def run_croston(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    start: Floats,
    chosen: Floats,
    state: Floats,
) -> None:
    """Run (size, interval) from ``start`` with the weights ``chosen``; ``state[i]`` is what they end with."""
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        size, interval = start[i, 0], start[i, 1]
        since = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                since += factors[t]
                value = quantity[i, t]
                if value > 0:
                    size += chosen[i, 0] * (value - size)
                    interval += chosen[i, 1] * (since - interval)
                    since = 0.0
        state[i, 0] = size
        state[i, 1] = interval
