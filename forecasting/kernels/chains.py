"""Paths of demand that comes or does not come: a chain of occurrences with sizes drawn from the past."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.paths import _level_factor
from forecasting.kernels.random import PATH_STRIDE, draw

__all__ = ["chain_means", "sample_chain"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
# Draws about a size (which of the pooled ones, its jitter) have counters of their own.
_SIZE_STEP = PATH_STRIDE // 2


@njit(nogil=True, cache=True)
def sample_chain(
    keys: npt.NDArray[np.uint64],
    occurrence: Floats,
    persistence: Floats,
    last: Floats,
    feedback: Floats,
    level_sd: Floats,
    season: Floats32,
    profile: Integers,
    table: Floats32,
    count: Integers,
    pooled: Floats32,
    prior: int,
    jitter: Floats,
    unit: Floats,
    normal: Floats,
    first_path: int,
    out: Floats32,
) -> None:
    """Draw demand or none, given the period before, and a size where there is demand.

    With q = probability x season (at most 1) a period has demand with probability q + persistence x (y - q), y being
    1 after demand and 0 after none: a chain whose stationary probability is q and whose autocorrelation is the
    persistence (a negative one as far as probabilities allow). ``last`` is y before the first period. Where
    probability x season exceeds 1, the size grows instead. With ``feedback`` w the probability follows what was drawn
    as in TSB: weight w x season, at most 1.

    A size is one of the ``count[i]`` past sizes, or as if there were ``prior`` more, one of ``pooled[i]``. It is
    moved by a Normal error of sd min(``jitter[i]``, root of the size), in multiples of ``unit[i]`` (0: any amount),
    but only where the opposite error would have left a size of at least a unit as well: that keeps the mean.
    """
    for i in range(keys.size):
        if count[i] == 0:
            out[i] = 0.0
            continue
        factors = season[profile[i]]
        entries = np.uint64(count[i] + prior)
        for p in range(out.shape[1]):
            level = occurrence[i] * _level_factor(keys[i], first_path + p, level_sd[i], normal)
            before = last[i]
            base = np.uint64(first_path + p) * np.uint64(PATH_STRIDE)
            for h in range(out.shape[2]):
                factor = np.float64(factors[h])
                bits = draw(keys[i], base + np.uint64(h))
                plain = level * factor
                chance = min(plain, 1.0)
                hit = 0.0
                value = 0.0
                if np.float64(bits & _LOW) * _UNIT < _next(chance, persistence[i], before):
                    hit = 1.0
                    more = draw(keys[i], base + np.uint64(_SIZE_STEP + h))
                    entry = np.int64((bits >> _HALF) * entries >> _HALF)
                    if entry < count[i]:
                        value = np.float64(table[i, entry])
                    else:
                        value = np.float64(pooled[i, ((more & _LOW) * np.uint64(pooled.shape[1])) >> _HALF])
                    if jitter[i] > 0.0:
                        error = normal[(more >> _HALF) * np.uint64(normal.size) >> _HALF]
                        value = _moved(value, error * min(jitter[i], np.sqrt(value)), unit[i])
                    if plain > 1.0:
                        value *= plain
                        if unit[i] > 0.0:
                            value = np.floor(value + np.float64(bits & _LOW) * _UNIT)
                out[i, p, h] = value
                before = hit
                level += min(feedback[i] * factor, 1.0) * (hit / factor - level)


@njit(nogil=True, cache=True)
def _next(chance: float, persistence: float, before: float) -> float:
    """Probability of demand; a negative persistence goes no further than both probabilities allow."""
    if persistence < 0.0 and chance < 1.0:
        persistence = max(persistence, -min(chance, 1.0 - chance) / max(chance, 1.0 - chance))
    return chance + persistence * (before - chance)


@njit(nogil=True, cache=True)
def _moved(value: float, error: float, unit: float) -> float:
    step = error
    if unit > 0.0:
        step = np.rint(error / unit) * unit
    if abs(step) > value - unit:
        return value
    return value + step


@njit(nogil=True, cache=True)
def chain_means(
    occurrence: Floats,
    persistence: Floats,
    last: Floats,
    size: Floats,
    season: Floats32,
    profile: Integers,
    out: Floats32,
) -> None:
    """Mean demand of each period ahead for a probability that is known: ``out`` is (series, periods)."""
    for i in range(occurrence.size):
        before = last[i]
        for h in range(out.shape[1]):
            plain = occurrence[i] * season[profile[i], h]
            chance = min(plain, 1.0)
            before = _next(chance, persistence[i], before)
            out[i, h] = size[i] * before * max(plain, 1.0)
