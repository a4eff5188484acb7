"""Sample paths of the exponential smoothing recursions: past one-step errors drawn, states carried along."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw
from forecasting.kernels.recursions import step

__all__ = ["sample_recursions"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32


@njit(nogil=True, cache=True)
def sample_recursions(
    keys: npt.NDArray[np.uint64],
    kind: Integers,
    parameters: Floats,
    floor: Floats,
    ceiling: Floats,
    reach: Integers,
    state: Floats,
    periods: int,
    table: Floats32,
    count: Integers,
    whole: npt.NDArray[np.bool_],
    out: Floats32,
) -> None:
    """Draw paths of the recursions of ``recursions.py`` from the states after ``periods`` periods.

    ``out`` is (series, paths, horizon). Each value is cut off at 0 and at ``ceiling``, and the states follow the value
    that is left; the trend advances the level in the first ``reach`` periods alone. ``table[i, :count[i]]`` holds past
    errors. Whole-number series are rounded at random to one of the two neighbouring integers, which keeps the mean;
    the states follow the value before that.
    """
    seasons = state.shape[1] - 2
    season = np.empty(seasons)
    for i in range(keys.size):
        if count[i] == 0:
            out[i] = 0.0
            continue
        entries = np.uint64(count[i])
        for p in range(out.shape[1]):
            level = state[i, 0]
            slope = state[i, 1]
            for k in range(seasons):
                season[k] = state[i, 2 + k]
            start = np.uint64(p) * np.uint64(PATH_STRIDE)
            for h in range(out.shape[2]):
                bits = draw(keys[i], start + np.uint64(h))
                error = np.float64(table[i, (bits >> _HALF) * entries >> _HALF])
                place = (periods + h) % seasons
                trend = parameters[i, 3] * slope if h < reach[i] else 0.0
                base = max(level + trend, floor[i])
                if kind[i] == 0:
                    forecast = base + season[place]
                else:
                    forecast = base * season[place]
                    error *= season[place] if kind[i] == 1 else forecast
                value = min(max(forecast + error, 0.0), ceiling[i])
                level, slope, season[place] = step(
                    kind[i], parameters[i], floor[i], base, trend, season[place], value - forecast
                )
                if whole[i]:
                    value = np.floor(value + np.float64(bits & _LOW) * _UNIT)
                out[i, p, h] = value
