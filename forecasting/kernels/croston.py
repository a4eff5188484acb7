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
Places = npt.NDArray[np.uint64]

# The gaps before so many of the newest demands, and the one after them, judge the candidates.
NEWEST = 256
_SIDE = 4
_LANES = _SIDE * _SIDE
_BLOCK = 16
# Columns of a gap: size, exposure, squared season factors, demand x factor; all relative to the start.
_COLUMNS = 4
# Losses closer than this, relatively, are equal in single precision.
_ROUNDING = np.float32(1e-6)


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


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _mark_demands(quantity: Floats32, status: Bytes, demanded: Bytes) -> tuple[float, int, int]:
    """Mark the cells with observed demand; return its sum, the number of such cells and of cells not observed."""
    total = 0.0
    demands = 0
    gaps = 0
    for t in range(quantity.size):
        demanded[t] = (status[t] == 0) & (quantity[t] > 0)
        demands += demanded[t]
        gaps += status[t] != 0
        total += np.float64(quantity[t]) if status[t] == 0 else 0.0
    return total, demands, gaps


@njit(nogil=True, cache=True)
def _list_newest(demanded: Bytes, where: Places) -> int:
    """Put the newest periods with demand at the end of ``where``, ascending; return the place of the first.

    Unsigned places need no look whether they count from the end.
    """
    one = np.uint64(1)
    block = np.uint64(_BLOCK)
    free = np.uint64(where.size - 1)
    end = np.uint64(demanded.size)
    while end >= block and free >= block:
        for j in range(1, _BLOCK + 1):
            t = end - np.uint64(j)
            # No branch: it could not be foretold. The cell at ``free`` itself is written to and not used.
            where[free] = t
            free -= np.uint64(demanded[t])
        end -= block
    while end > 0 and free > 0:
        end -= one
        where[free] = end
        free -= np.uint64(demanded[end])
    return np.int64(free + one)  # type: ignore[return-value]


@njit(nogil=True, cache=True, error_model="numpy")
def _fill_gaps(
    quantity: Floats32,
    factors: Floats32,
    passed: Floats,
    squares: Floats,
    where: Places,
    before: int,
    size: float,
    interval: float,
    gaps: Floats32,
) -> int:
    """Fill ``gaps`` with those that judge, the open one last; return how many there are.

    They end with the demands in ``where``; if there is one more demand, it stands at ``before``, else that is -1.
    """
    per_size = 1.0 / size
    per_interval = 1.0 / interval
    exposure = passed[before] if before >= 0 else 0.0
    square = squares[before] if before >= 0 else 0.0
    for k in range(where.size):
        t = where[k]
        row = gaps[k * _COLUMNS : (k + 1) * _COLUMNS]
        relative = np.float32(quantity[t] * per_size)
        row[0] = relative
        row[1] = (passed[t] - exposure) * per_interval
        row[2] = squares[t] - square
        row[3] = np.float32(2.0) * relative * factors[t]
        exposure = passed[t]
        square = squares[t]
    row = gaps[where.size * _COLUMNS : (where.size + 1) * _COLUMNS]
    row[0] = 1.0
    row[1] = 1.0
    row[2] = squares[quantity.size - 1] - square
    row[3] = 0.0
    return where.size + 1


@njit(nogil=True, cache=True)
def _starting_lanes(weights: Floats, correction: float) -> Floats32:
    """Give each lane its pair of weights and the start, size and interval 1.

    Rows: 1 - either weight, factor of the rate, and size, interval and loss as they run. A size, and an interval, in
    units of its weight is a single fused operation from the next.
    """
    lanes = np.zeros(6 * _LANES, dtype=np.float32)
    for k in range(_LANES):
        alpha = weights[k // _SIDE]
        beta = weights[k % _SIDE]
        lanes[k] = 1.0 - alpha
        lanes[_LANES + k] = 1.0 - beta
        lanes[2 * _LANES + k] = (1.0 - correction * beta) * alpha / beta
        lanes[3 * _LANES + k] = 1.0 / alpha
        lanes[4 * _LANES + k] = 1.0 / beta
    return lanes


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def _sweep(gaps: Floats32, n: int, lanes: Floats32) -> None:
    """Run all pairs along the gaps; see ``_starting_lanes``."""
    for t in range(0, n, _BLOCK):
        row = gaps[t * _COLUMNS : (t + _BLOCK) * _COLUMNS]
        # Rows beyond the last gap are zeros and add nothing to a loss.
        for k in range(_LANES):
            keep_size = lanes[k]
            keep_interval = lanes[_LANES + k]
            factor = lanes[2 * _LANES + k]
            size = lanes[3 * _LANES + k]
            interval = lanes[4 * _LANES + k]
            loss = lanes[5 * _LANES + k]
            for j in range(_BLOCK):
                rate = factor * size / interval
                loss += rate * (rate * row[j * _COLUMNS + 2] - row[j * _COLUMNS + 3])
                size = keep_size * size + row[j * _COLUMNS]
                interval = keep_interval * interval + row[j * _COLUMNS + 1]
            lanes[3 * _LANES + k] = size
            lanes[4 * _LANES + k] = interval
            lanes[5 * _LANES + k] = loss


@njit(nogil=True, cache=True)
def _least(lanes: Floats32) -> int:
    """The pair with the least loss; of those that rounding alone tells apart, the one with the smallest weights."""
    best = 0
    for k in range(1, _LANES):
        least = lanes[5 * _LANES + best]
        if lanes[5 * _LANES + k] < least - _ROUNDING * abs(least):
            best = k
    return best


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
    weights : (4,) candidates for both, above 0.
    start, chosen : (n, 2) results: mean size and mean interval, and the weights of both; 0 without demand.
    """
    periods = quantity.shape[1]
    passed = np.empty((season.shape[0] + 1, periods))
    squares = np.empty((season.shape[0] + 1, periods))
    observed = np.zeros(periods, dtype=np.uint8)
    for g in range(season.shape[0]):
        _add_up(observed, season[g], passed[g], squares[g])
    demanded = np.empty(periods, dtype=np.uint8)
    # One demand more than judge, as their first gap begins after it, and a place to write to in vain.
    where = np.empty(NEWEST + 2, dtype=np.uint64)
    gaps = np.empty((NEWEST + 1 + _BLOCK) * _COLUMNS, dtype=np.float32)
    starting = _starting_lanes(weights, correction)
    lanes = starting.copy()
    for i in range(quantity.shape[0]):
        for r in range(2):
            start[i, r] = 0.0
            chosen[i, r] = 0.0
        total, n, unknown = _mark_demands(quantity[i], status[i], demanded)
        if n == 0:
            continue
        # Series without gaps share the sums of their group; the last row is for the others.
        g = profile[i]
        if unknown > 0:
            g = season.shape[0]
            _add_up(status[i], season[profile[i]], passed[g], squares[g])
        start[i, 0] = total / n
        start[i, 1] = passed[g, periods - 1] / n
        first = _list_newest(demanded, where)
        before = np.int64(-1)
        if n > NEWEST:
            before = np.int64(where[first])
            first += 1
        judges = _fill_gaps(
            quantity[i],
            season[profile[i]],
            passed[g],
            squares[g],
            where[first:],
            before,
            start[i, 0],
            start[i, 1],
            gaps,
        )
        for k in range(judges * _COLUMNS, (judges + _BLOCK) * _COLUMNS):
            gaps[k] = 0.0
        per_interval = np.float32(1.0 / start[i, 1])
        for k in range(2 * _LANES, 6 * _LANES):
            lanes[k] = starting[k]
        for k in range(2 * _LANES, 3 * _LANES):
            lanes[k] *= per_interval
        _sweep(gaps, judges, lanes)
        best = _least(lanes)
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
