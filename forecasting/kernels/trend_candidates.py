"""Parameters of Holt's and of additive Holt-Winters' method, many candidates at a time.

The candidates lie in the lanes of a vector and a block of periods is unrolled inside the loop over lanes, so that
level, trend and loss stay in registers. After each pass the box of candidates shrinks around the best. The start
(level, trend and season before the first period) is no parameter of that search: ``trend_refinement.py`` finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.recursions import first_observed

__all__ = [
    "CLOSE",
    "LANES",
    "PATTERN",
    "ROWS",
    "SLOW",
    "WIDE",
    "inside",
    "load",
    "origins_of_trend_and_season",
    "place_candidates",
    "rough_start",
    "rough_starts",
    "search_box",
    "set_gains",
]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LANES = 32
# Rows of the candidates' buffer: alpha, beta, gamma, phi, level, trend, loss.
ROWS = 7
# The first start is the best for slow weights (coordinates, see set_gains): a candidate with quick ones forgets it
# anyway, while a start that is only good for the first periods would make slow candidates look bad.
SLOW = (0.45, 0.1, 0.15, 1.0)
# Half the width of the box of candidates, stage by stage; of a first search and of one from a better start.
WIDE: Floats = np.array([0.5, 0.25])
CLOSE: Floats = np.array([0.5, 0.25, 0.12])
# Weights are the squares of even coordinates; the smallest level weight is this squared.
_LEAST_ROOT = 0.01
_NEGLIGIBLE = np.float32(1e-18)


def _pattern(lanes: int) -> Floats:
    """The middle of a box, the middles of its eight faces, and points spread evenly in it; (lanes, 4) in [-1, 1].

    The latter are an additive recurrence on powers of the root of x^5 = x + 1, the golden ratio's kin in four
    dimensions (Roberts 2018, The unreasonable effectiveness of quasirandom sequences).
    """
    steps = 1.1673039782614187 ** -np.arange(1.0, 5.0)
    spread = 2.0 * np.mod(0.5 + np.arange(1, lanes - 8)[:, None] * steps, 1.0) - 1.0
    return np.concatenate([np.zeros((1, 4)), np.eye(4), -np.eye(4), spread])


PATTERN: Floats = _pattern(LANES)
_ORIGIN_BLOCKS = 2
_WIDE_PATTERN: Floats = _pattern(_ORIGIN_BLOCKS * LANES)


@njit(nogil=True, cache=True)
def _let_die(states: Floats32) -> None:
    """What has died away must not linger as denormal numbers, with which arithmetic is slow."""
    for k in range(states.size):
        states[k] = states[k] if abs(states[k]) > _NEGLIGIBLE else np.float32(0.0)


def _sweep_in_blocks_of(block: int) -> Callable[..., Any]:
    """Compile the pass over a history for seasons that are multiples of ``block`` periods."""

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def sweep(
        value: Floats32, known: Floats32, first: int, last: int, seasons: int, lanes: Floats32, season: Floats32
    ) -> None:
        t = first
        while t < last:
            place = t % seasons
            if t % block == 0 and t + block <= last:
                y = value[t : t + block]
                w = known[t : t + block]
                s = season[place * LANES : (place + block) * LANES]
                for k in range(LANES):
                    alpha = lanes[k]
                    beta = lanes[LANES + k]
                    gamma = lanes[2 * LANES + k]
                    phi = lanes[3 * LANES + k]
                    level = lanes[4 * LANES + k]
                    slope = lanes[5 * LANES + k]
                    loss = lanes[6 * LANES + k]
                    for j in range(block):
                        trend = phi * slope
                        base = level + trend
                        e = (y[j] - (base + s[j * LANES + k])) * w[j]
                        loss += e * e
                        level = base + alpha * e
                        slope = trend + beta * e
                        s[j * LANES + k] += gamma * e
                    lanes[4 * LANES + k] = level
                    lanes[5 * LANES + k] = slope
                    lanes[6 * LANES + k] = loss
                t += block
                if t % 64 < block:
                    _let_die(lanes[4 * LANES : 6 * LANES])
                    _let_die(season)
            else:
                s = season[place * LANES : (place + 1) * LANES]
                for k in range(LANES):
                    trend = lanes[3 * LANES + k] * lanes[5 * LANES + k]
                    base = lanes[4 * LANES + k] + trend
                    e = (value[t] - (base + s[k])) * known[t]
                    lanes[6 * LANES + k] += e * e
                    lanes[4 * LANES + k] = base + lanes[k] * e
                    lanes[5 * LANES + k] = trend + lanes[LANES + k] * e
                    s[k] += lanes[2 * LANES + k] * e
                t += 1

    return sweep  # type: ignore[no-any-return]


_sweep_4 = _sweep_in_blocks_of(4)
_sweep_7 = _sweep_in_blocks_of(7)


@njit(nogil=True, cache=True)
def _sweep(
    value: Floats32, known: Floats32, first: int, last: int, seasons: int, lanes: Floats32, season: Floats32
) -> None:
    if seasons == 7:
        _sweep_7(value, known, first, last, seasons, lanes, season)
    else:
        _sweep_4(value, known, first, last, seasons, lanes, season)


@njit(nogil=True, cache=True, fastmath={"nnan", "nsz", "reassoc"}, error_model="numpy")
def load(quantity: Floats32, status: Bytes, first: int, value: Floats | Floats32, known: Floats | Floats32) -> float:
    """Copy a history scaled to at most 1; return the scale, a power of two so that no bit is lost."""
    largest = 0.0
    for t in range(first, quantity.size):
        known[t] = 1.0 if status[t] == 0 else 0.0
        value[t] = quantity[t] * known[t]
        size = abs(value[t])
        largest = size if size > largest else largest
    scale: float = 2.0 ** np.ceil(np.log2(largest)) if largest > 0.0 else 1.0
    inverse = 1.0 / scale
    for t in range(first, quantity.size):
        value[t] *= inverse
    return scale


@njit(nogil=True, cache=True)
def rough_start(
    value: Floats | Floats32,
    known: Floats | Floats32,
    first: int,
    last: int,
    seasons: int,
    seasonal: bool,
    out: Floats,
) -> None:
    """Start from the means of the first two seasons and the deviations from the means of the first three.

    Without a season the means are those of up to eight periods. Nothing at or after ``last`` is looked at.
    """
    width = seasons if seasonal else max(min(8, (last - first) // 2), 1)
    for k in range(out.size):
        out[k] = 0.0
    means = np.zeros(3)
    weight = np.zeros(3)
    for c in range(3):
        for t in range(first + c * width, min(first + (c + 1) * width, last)):
            means[c] += value[t] * known[t]
            weight[c] += known[t]
        means[c] /= max(weight[c], 1.0)
    if weight[0] > 0 and weight[1] > 0:
        out[1] = (means[1] - means[0]) / width
    if weight[0] > 0:
        out[0] = means[0] - out[1] * 0.5 * (width + 1)
    if not seasonal:
        return
    seen = np.zeros(seasons)
    for c in range(3):
        for t in range(first + c * width, min(first + (c + 1) * width, last)):
            out[2 + t % seasons] += (value[t] - means[c]) * known[t]
            seen[t % seasons] += known[t]
    total = 0.0
    for p in range(seasons):
        out[2 + p] /= max(seen[p], 1.0)
        total += out[2 + p]
    for p in range(seasons):
        out[2 + p] -= total / seasons


@njit(nogil=True, cache=True, inline="always")
def inside(coordinate: float) -> float:
    """Bring a coordinate of the search back into [0, 1]."""
    return min(max(coordinate, 0.0), 1.0)


@njit(nogil=True, cache=True)
def set_gains(u: Floats, seasonal: bool, phi: Floats, out: Floats) -> None:
    """Turn coordinates in [0, 1] into alpha, beta, gamma, phi."""
    alpha = max(u[0], _LEAST_ROOT) ** 2
    out[0] = alpha
    out[1] = alpha * u[1] * u[1]
    out[2] = (1.0 - alpha) * u[2] * u[2] if seasonal else 0.0
    out[3] = phi[0] + (phi[1] - phi[0]) * u[3]


@njit(nogil=True, cache=True)
def place_candidates(
    centre: Floats, radius: float, pattern: Floats, seasonal: bool, phi: Floats, lanes: Floats | Floats32
) -> None:
    """Spread the candidates over the box ``centre`` +- ``radius`` of coordinates, cut off at [0, 1].

    ``phi`` = (least, largest) damping.
    """
    u = np.zeros(4)
    gains = np.zeros(4)
    for k in range(LANES):
        for r in range(4):
            u[r] = inside(centre[r] + radius * pattern[k, r])
        set_gains(u, seasonal, phi, gains)
        for r in range(4):
            lanes[r * LANES + k] = gains[r]


@njit(nogil=True, cache=True)
def _set_states(start: Floats, lanes: Floats32, season: Floats32) -> None:
    for k in range(LANES):
        lanes[4 * LANES + k] = start[0]
        lanes[5 * LANES + k] = start[1]
        lanes[6 * LANES + k] = 0.0
        for p in range(start.size - 2):
            season[p * LANES + k] = start[2 + p]


@njit(nogil=True, cache=True)
def rough_starts(quantity: Floats32, status: Bytes, seasonal: bool, start: Floats, scale: Floats) -> None:
    """Rough starts of all series, and the powers of two in whose units they and all that follows are."""
    value = np.zeros(quantity.shape[1])
    known = np.zeros(quantity.shape[1])
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        scale[i] = load(quantity[i], status[i], first, value, known)
        rough_start(value, known, first, value.size, start.shape[1] - 2, seasonal, start[i])


@njit(nogil=True, cache=True)
def _least(lanes: Floats32) -> int:
    best = 0
    for k in range(1, LANES):
        if lanes[6 * LANES + k] < lanes[6 * LANES + best]:
            best = k
    return best


@njit(nogil=True, cache=True)
def search_box(
    quantity: Floats32, status: Bytes, seasonal: bool, phi: Floats, start: Floats, radii: Floats, coordinates: Floats
) -> None:
    """Zoom in on the candidate with the least squared one-step error, from given starts.

    Parameters
    ----------
    start : (n, 2 + m) in the scale of ``rough_starts``; m is 7 or a multiple of 4.
    radii : half the width of the box, stage by stage. coordinates : (n, 4) centre of the box; the result.
    """
    periods = quantity.shape[1]
    seasons = start.shape[1] - 2
    value = np.zeros(periods, dtype=np.float32)
    known = np.zeros(periods, dtype=np.float32)
    lanes = np.zeros(ROWS * LANES, dtype=np.float32)
    season = np.zeros(seasons * LANES, dtype=np.float32)
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        load(quantity[i], status[i], first, value, known)
        centre = coordinates[i]
        for stage in range(radii.size):
            place_candidates(centre, radii[stage], PATTERN, seasonal, phi, lanes)
            _set_states(start[i], lanes, season)
            _sweep(value, known, first, periods, seasons, lanes, season)
            best = _least(lanes)
            for r in range(4):
                centre[r] = inside(centre[r] + radii[stage] * PATTERN[best, r])


@njit(nogil=True, cache=True)
def origins_of_trend_and_season(
    quantity: Floats32,
    status: Bytes,
    origins: Integers,
    seasonal: bool,
    phi: Floats,
    parameters: Floats,
    state: Floats,
) -> None:
    """Refit at every origin in one sweep: each candidate's running loss is its objective at every origin.

    Parameters
    ----------
    quantity, status : (n, T). origins : (k,) ascending, each in 0 ... T; an origin sees the periods before it.
    seasonal, phi : as in ``trend_refinement.fit_trend_and_season``.
    parameters : (n, k, 4), state : (n, k, 2 + m) results: the best of 64 candidates and where it stands at the origin.
        The start rests on the first three seasons; origins that do not lie behind them keep zeros.
    """
    periods = quantity.shape[1]
    seasons = state.shape[2] - 2
    value = np.zeros(periods, dtype=np.float32)
    known = np.zeros(periods, dtype=np.float32)
    lanes = np.zeros(ROWS * LANES, dtype=np.float32)
    season = np.zeros(seasons * LANES, dtype=np.float32)
    start = np.zeros(2 + seasons)
    least = np.zeros(origins.size)
    centre = np.full(4, 0.5)
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        scale = load(quantity[i], status[i], first, value, known)
        used = first + 3 * (seasons if seasonal else 8)
        rough_start(value, known, first, min(used, periods), seasons, seasonal, start)
        for j in range(origins.size):
            least[j] = np.inf
            for r in range(4):
                parameters[i, j, r] = 0.0
            for p in range(2 + seasons):
                state[i, j, p] = 0.0
        for b in range(_ORIGIN_BLOCKS):
            place_candidates(centre, 0.5, _WIDE_PATTERN[b * LANES :], seasonal, phi, lanes)
            _set_states(start, lanes, season)
            done = first
            for j in range(origins.size):
                if origins[j] < used:
                    continue
                _sweep(value, known, done, origins[j], seasons, lanes, season)
                done = origins[j]
                best = _least(lanes)
                if lanes[6 * LANES + best] < least[j]:
                    least[j] = lanes[6 * LANES + best]
                    for r in range(4):
                        parameters[i, j, r] = lanes[r * LANES + best]
                    state[i, j, 0] = lanes[4 * LANES + best] * scale
                    state[i, j, 1] = lanes[5 * LANES + best] * scale
                    for p in range(seasons):
                        state[i, j, 2 + p] = season[p * LANES + best] * scale
