"""The smoothing weight of simple exponential smoothing, many candidates at a time, each with its best start.

The candidates lie in the lanes of a vector, eight periods are unrolled, and the start is no parameter of the search:
a one-step error is linear in it, so that one more sum gives the least loss over all starts for every candidate.
Only observed values take part: those without evidence leave a level where it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.recursions import first_observed

__all__ = ["fit_level_weight", "origins_of_level"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_LANES = 16
_STAGES = 2
# Candidates are even in the root of the weight; the smallest weight is this squared.
_LEAST_ROOT = 0.01
_NEGLIGIBLE = np.float32(1e-12)
# Rows of the buffer: weight, level / weight, the level's derivative d by the start, and the sums e e and e d.
_ROWS = 5


@njit(nogil=True, cache=True, fastmath={"contract"})
def _sweep(value: Floats32, first: int, last: int, lanes: Floats32) -> None:
    """Advance all candidates over values ``first ... last - 1``."""
    t = first
    while t < last:
        y = value[t : t + 8]
        if t + 8 <= last:
            for k in range(_LANES):
                weight = lanes[k]
                keep = np.float32(1.0) - weight
                level = lanes[_LANES + k]
                d = lanes[2 * _LANES + k]
                ee = lanes[3 * _LANES + k]
                ed = lanes[4 * _LANES + k]
                for j in range(8):
                    # In units of its weight the next level is a single fused operation away.
                    e = y[j] - weight * level
                    level = keep * level + y[j]
                    ee += e * e
                    ed += e * d
                    d *= keep
                lanes[_LANES + k] = level
                # What has died away must not linger as denormal numbers, with which arithmetic is slow.
                lanes[2 * _LANES + k] = d if d > _NEGLIGIBLE else np.float32(0.0)
                lanes[3 * _LANES + k] = ee
                lanes[4 * _LANES + k] = ed
            t += 8
        else:
            for k in range(_LANES):
                keep = np.float32(1.0) - lanes[k]
                e = y[0] - lanes[k] * lanes[_LANES + k]
                lanes[3 * _LANES + k] += e * e
                lanes[4 * _LANES + k] += e * lanes[2 * _LANES + k]
                lanes[_LANES + k] = keep * lanes[_LANES + k] + y[0]
                lanes[2 * _LANES + k] *= keep
            t += 1


@njit(nogil=True, cache=True)
def _start(lanes: Floats32, lowest: float, highest: float) -> None:
    """Spread the candidates evenly over roots ``lowest ... highest``, all from the first value, which is 0."""
    lanes[:] = 0.0
    for k in range(_LANES):
        root = lowest + (highest - lowest) * k / (_LANES - 1)
        lanes[k] = root * root
        lanes[2 * _LANES + k] = 1.0


@njit(nogil=True, cache=True)
def _powers(lanes: Floats32, exponent: int, out: Floats) -> None:
    """(1 - weight)**2 of each candidate to a power, squared again and again in all lanes at once."""
    base = np.empty(_LANES)
    for k in range(_LANES):
        base[k] = (1.0 - np.float64(lanes[k])) ** 2
        out[k] = 1.0
    while exponent > 0:
        if exponent & 1:
            for k in range(_LANES):
                out[k] *= base[k]
        for k in range(_LANES):
            base[k] *= base[k]
        exponent >>= 1


@njit(nogil=True, cache=True)
def _best(lanes: Floats32, seen: int) -> tuple[int, float]:
    """Return the candidate with the least loss over all starts, and the start for it, after ``seen`` values."""
    least = np.inf
    chosen = 0
    start = 0.0
    died = np.empty(_LANES)
    _powers(lanes, seen, died)
    for k in range(_LANES):
        # d falls by the factor 1 - weight with each value: its squares are a geometric series.
        dd = (1.0 - died[k]) / (1.0 - (1.0 - np.float64(lanes[k])) ** 2)
        ed = np.float64(lanes[4 * _LANES + k])
        loss = np.float64(lanes[3 * _LANES + k]) - ed * ed / dd
        if loss < least:
            least = loss
            chosen = k
            start = ed / dd
    return chosen, start


@njit(nogil=True, cache=True, fastmath={"reassoc"}, error_model="numpy")
def _scale(exact: Floats, n: int) -> float:
    """A power of two no smaller than any distance from the first value: that at or above the sum of all.

    A sum is found in vectors, unlike a maximum, and the size of the values is of no matter.
    """
    first = exact[0]
    total = 0.0
    for k in range(n):
        total += abs(exact[k] - first)
    scale: float = 2.0 ** np.ceil(np.log2(total)) if total > 0.0 else 1.0
    return scale


@njit(nogil=True, cache=True)
def _close_gaps(status: Bytes, exact: Floats) -> int:
    """Move what was observed together; return how much that is. A history without gaps is left as it is."""
    gaps = np.uint8(0)
    for k in range(status.size):
        gaps |= status[k]
    if gaps == 0:
        return status.size
    n = 0
    for k in range(status.size):
        exact[n] = exact[k]
        n += status[k] == 0
    return n


@njit(nogil=True, cache=True, error_model="numpy")
def _load(
    quantity: Floats32, status: Bytes, offset: Floats, factor: Floats, drift: float, exact: Floats, value: Floats32
) -> tuple[int, float]:
    """Keep observed values, less the first of them, season and drift taken out, scaled to at most 1.

    Returns how many there are and the scale: a power of two, so that it changes no bit. ``exact`` keeps them as they
    are.
    """
    first = first_observed(status)
    later = quantity[first:]
    if offset.size == 1 and drift == 0.0:
        unit = 1.0 / factor[0]
        below = offset[0]
        for k in range(later.size):
            exact[k] = (later[k] - below) * unit
    else:
        place = first % offset.size
        for k in range(later.size):
            exact[k] = (later[k] - offset[place]) / factor[place] - drift * k
            place = place + 1 if place + 1 < offset.size else 0
    n = _close_gaps(status[first:], exact)
    scale = _scale(exact, n)
    inverse = 1.0 / scale
    zero = exact[0]
    for k in range(n):
        value[k] = (exact[k] - zero) * inverse
    return n, scale


@njit(nogil=True, cache=True)
def fit_level_weight(
    quantity: Floats32,
    status: Bytes,
    offset: Floats,
    factor: Floats,
    drift: Floats,
    weight: Floats,
    start: Floats,
) -> None:
    """Choose weight and start of each series by the squared one-step error; both free.

    Parameters
    ----------
    quantity, status : (n, T). offset, factor : (n, m); what is smoothed is (quantity - offset) / factor, season
        t mod m, less drift x (t - the first observed period). drift : (n,).
    weight, start : (n,) results; a series without evidence gets weight 0 and start 0.
    """
    exact = np.zeros(quantity.shape[1] + 1)
    value = np.zeros(quantity.shape[1], dtype=np.float32)
    lanes = np.zeros(_ROWS * _LANES, dtype=np.float32)
    for i in range(quantity.shape[0]):
        weight[i] = 0.0
        start[i] = 0.0
        seen, scale = _load(quantity[i], status[i], offset[i], factor[i], drift[i], exact, value)
        if seen == 0:
            continue
        lowest = _LEAST_ROOT
        highest = 1.0
        for _ in range(_STAGES):
            _start(lanes, lowest, highest)
            _sweep(value, 0, seen, lanes)
            chosen, move = _best(lanes, seen)
            weight[i] = lanes[chosen]
            start[i] = exact[0] + move * scale
            apart = (highest - lowest) / (_LANES - 1)
            centre = lowest + apart * chosen
            lowest = max(centre - apart, _LEAST_ROOT)
            highest = min(centre + apart, 1.0)


@njit(nogil=True, cache=True)
def origins_of_level(quantity: Floats32, status: Bytes, origins: Integers, weight: Floats, level: Floats) -> None:
    """Refit at every origin in one sweep: each candidate's running loss is its objective at every origin.

    Parameters
    ----------
    quantity, status : (n, T). origins : (k,) ascending, each in 0 ... T; an origin sees the periods before it.
    weight, level : (n, k) results: the best of the candidates and the level it ends with; 0 without evidence.
    """
    exact = np.zeros(quantity.shape[1] + 1)
    value = np.zeros(quantity.shape[1], dtype=np.float32)
    lanes = np.zeros(_ROWS * _LANES, dtype=np.float32)
    nothing = np.zeros(1)
    one = np.ones(1)
    for i in range(quantity.shape[0]):
        _, scale = _load(quantity[i], status[i], nothing, one, 0.0, exact, value)
        _start(lanes, _LEAST_ROOT, 1.0)
        seen = 0
        t = 0
        for j in range(origins.size):
            before = seen
            while t < origins[j]:
                seen += status[i, t] == 0
                t += 1
            weight[i, j] = 0.0
            level[i, j] = 0.0
            if seen == 0:
                continue
            _sweep(value, before, seen, lanes)
            chosen, move = _best(lanes, seen)
            weight[i, j] = lanes[chosen]
            ended = lanes[chosen] * lanes[_LANES + chosen] + move * lanes[2 * _LANES + chosen]
            level[i, j] = exact[0] + ended * scale
