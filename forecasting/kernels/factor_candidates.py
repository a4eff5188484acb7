"""Parameters and start of Holt-Winters' method with a multiplicative season, many candidates at a time.

As in ``trend_candidates.py``, but errors are not linear in the start: it comes from running the recursion backwards.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.recursions import first_observed, step
from forecasting.kernels.trend_candidates import (
    LANES,
    PATTERN,
    ROWS,
    SLOW,
    inside,
    load,
    place_candidates,
    rough_start,
    set_gains,
)

__all__ = ["fit_trend_and_factors"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

# Half the width of the box of candidates, stage by stage.
_RADII = (0.5, 0.28, 0.15, 0.08, 0.04)
_SMALLEST_FACTOR = 1e-3
_MULTIPLICATIVE = 2


@njit(nogil=True, cache=True)
def _sweep(value: Floats, known: Floats, first: int, floor: float, lanes: Floats, season: Floats) -> None:
    """Advance all candidates over the whole history."""
    seasons = season.size // LANES
    for t in range(first, value.size):
        place = t % seasons
        s = season[place * LANES : (place + 1) * LANES]
        for k in range(LANES):
            trend = lanes[3 * LANES + k] * lanes[5 * LANES + k]
            base = max(lanes[4 * LANES + k] + trend, floor)
            surprise = (value[t] - base * s[k]) * known[t]
            along = surprise / s[k]
            lanes[6 * LANES + k] += surprise * surprise
            lanes[4 * LANES + k] = max(base + lanes[k] * along, floor)
            lanes[5 * LANES + k] = trend + lanes[LANES + k] * along
            s[k] = max(s[k] + lanes[2 * LANES + k] * surprise / base, _SMALLEST_FACTOR)


@njit(nogil=True, cache=True)
def _run(
    value: Floats, known: Floats, begin: int, end: int, by: int, parameters: Floats, floor: float, state: Floats
) -> float:
    """Run one recursion over periods ``begin, begin + by, ...`` short of ``end``; return the sum of squared errors."""
    seasons = state.size - 2
    loss = 0.0
    for t in range(begin, end, by):
        place = 2 + t % seasons
        trend = parameters[3] * state[1]
        base = max(state[0] + trend, floor)
        surprise = (value[t] - base * state[place]) * known[t]
        loss += surprise * surprise
        state[0], state[1], state[place] = step(_MULTIPLICATIVE, parameters, floor, base, trend, state[place], surprise)
    return loss


@njit(nogil=True, cache=True)
def _improve_start(value: Floats, known: Floats, first: int, parameters: Floats, floor: float, start: Floats) -> None:
    """Run to the end and back again; keep the start found there if it fits better."""
    there = start.copy()
    before = _run(value, known, first, value.size, 1, parameters, floor, there)
    there[1] = -there[1]
    _run(value, known, value.size - 1, first - 1, -1, parameters, floor, there)
    there[0] = max(there[0] + there[1], floor)
    there[1] = -there[1]
    back = there.copy()
    if _run(value, known, first, value.size, 1, parameters, floor, back) < before:
        start[:] = there


@njit(nogil=True, cache=True)
def fit_trend_and_factors(
    quantity: Floats32, status: Bytes, phi: Floats, floor: Floats, parameters: Floats, start: Floats
) -> None:
    """Choose the parameters and the start of each series by the squared one-step error.

    Parameters
    ----------
    quantity, status : (n, T), at least one observed cell a series and all observed quantities above 0.
    phi : (2,) least and largest damping of the trend; both 1 for none. floor : (n,) least level, above 0.
    parameters : (n, 4) result. start : (n, 2 + m) result, states before the first observed cell.
    """
    seasons = start.shape[1] - 2
    value = np.zeros(quantity.shape[1])
    known = np.zeros(quantity.shape[1])
    lanes = np.zeros(ROWS * LANES)
    season = np.zeros(seasons * LANES)
    centre = np.zeros(4)
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        scale = load(quantity[i], status[i], first, value, known)
        least = floor[i] / scale
        state = start[i]
        rough_start(value, known, first, value.size, seasons, True, state)
        middle = max(state[0] + state[1] * 0.5 * (seasons + 1), least)
        state[0] = max(state[0], least)
        for p in range(seasons):
            state[2 + p] = max(1.0 + state[2 + p] / middle, 0.1)
        for r in range(4):
            centre[r] = SLOW[r]
        set_gains(centre, True, phi, parameters[i])
        _improve_start(value, known, first, parameters[i], least, state)
        _improve_start(value, known, first, parameters[i], least, state)
        centre[:] = 0.5
        for stage in range(len(_RADII)):
            place_candidates(centre, _RADII[stage], PATTERN, True, phi, lanes)
            for k in range(LANES):
                lanes[4 * LANES + k] = state[0]
                lanes[5 * LANES + k] = state[1]
                lanes[6 * LANES + k] = 0.0
                for p in range(seasons):
                    season[p * LANES + k] = state[2 + p]
            _sweep(value, known, first, least, lanes, season)
            best = np.argmin(lanes[6 * LANES : 7 * LANES])
            for r in range(4):
                centre[r] = inside(centre[r] + _RADII[stage] * PATTERN[best, r])
                parameters[i, r] = lanes[r * LANES + best]
            if stage > 0:
                _improve_start(value, known, first, parameters[i], least, state)
        state[0] *= scale
        state[1] *= scale
