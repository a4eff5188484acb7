"""Parameters and start of Holt's and of additive Holt-Winters' method, many candidates at a time.

The candidates lie in the lanes of a vector and a block of periods is unrolled inside the loop over lanes, so that
level, trend and loss stay in registers. After each pass the box of candidates shrinks around the best. The start
(level, trend and season before the first period) is no parameter of that search: errors are linear in it, so that
least squares gives it for given parameters. A few steps of Gauss and Newton's method finish both together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.recursions import first_observed

__all__ = [
    "LANES",
    "PATTERN",
    "ROWS",
    "SLOW",
    "fit_trend_and_season",
    "inside",
    "load",
    "origins_of_trend_and_season",
    "place_candidates",
    "rough_start",
    "set_gains",
]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LANES = 32
# Rows of the candidates' buffer: alpha, beta, gamma, phi, level, trend, loss.
ROWS = 7
_COLUMNS = 16
# The start leans on the rough one as if that were known to within ten one-step errors: 1 / 10**2.
_RIDGE = 0.01
# The first start is the best for slow weights (coordinates, see set_gains): a candidate with quick ones forgets it
# anyway, while a start that is only good for the first periods would make slow candidates look bad.
SLOW = (0.45, 0.1, 0.15, 1.0)
# Half the width of the box of candidates, stage by stage.
_RADII = (0.5, 0.25, 0.12)
# Joint steps of parameters and start after the search; a step of a coordinate is trusted to about this.
_STEPS = 3
_TRUST = 0.2
_DIFFERENCE = 1e-3
_NEGLIGIBLE = 1e-30
# Weights are the squares of even coordinates; the smallest level weight is this squared.
_LEAST_ROOT = 0.01


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


def _sweep_in_blocks_of(block: int) -> Callable[..., Any]:
    """Compile the pass over a history for seasons that are multiples of ``block`` periods."""

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def sweep(value: Floats, known: Floats, first: int, last: int, seasons: int, lanes: Floats, season: Floats) -> None:
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
def _sweep(value: Floats, known: Floats, first: int, last: int, seasons: int, lanes: Floats, season: Floats) -> None:
    if seasons == 7:
        _sweep_7(value, known, first, last, seasons, lanes, season)
    else:
        _sweep_4(value, known, first, last, seasons, lanes, season)


@njit(nogil=True, cache=True)
def load(quantity: Floats32, status: Bytes, first: int, value: Floats, known: Floats) -> float:
    """Copy a history scaled to at most 1; return the scale, a power of two so that no bit is lost."""
    largest = 0.0
    for t in range(first, quantity.size):
        known[t] = 1.0 if status[t] == 0 else 0.0
        value[t] = quantity[t] * known[t]
        largest = max(largest, abs(value[t]))
    scale = 2.0 ** np.ceil(np.log2(largest)) if largest > 0.0 else 1.0
    for t in range(first, quantity.size):
        value[t] /= scale
    return scale


@njit(nogil=True, cache=True)
def rough_start(value: Floats, known: Floats, first: int, last: int, seasons: int, seasonal: bool, out: Floats) -> None:
    """Start from the means of the first two seasons and the deviations from the means of the first three.

    Without a season the means are those of up to eight periods. Nothing at or after ``last`` is looked at.
    """
    width = seasons if seasonal else max(min(8, (last - first) // 2), 1)
    out[:] = 0.0
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
    out[2:] -= total / seasons


@njit(nogil=True, cache=True, inline="always")
def inside(coordinate: float) -> float:
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
    centre: Floats, radius: float, pattern: Floats, seasonal: bool, phi: Floats, lanes: Floats
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
def _set_states(start: Floats, lanes: Floats, season: Floats) -> None:
    for k in range(LANES):
        lanes[4 * LANES + k] = start[0]
        lanes[5 * LANES + k] = start[1]
        lanes[6 * LANES + k] = 0.0
        for p in range(start.size - 2):
            season[p * LANES + k] = start[2 + p]


@njit(nogil=True, cache=True, fastmath={"contract"})
def _errors_by_column(value: Floats, known: Floats, first: int, lanes: Floats, own: Floats, errors: Floats) -> None:
    """Run 16 recursions with parameters and states of their own; errors of period t go to ``errors[16 t:]``.

    A lane sees the series times ``own``: 1 for the series itself, 0 for what a unit of a state adds to its errors.
    """
    place = (6 + first % (lanes.size // _COLUMNS - 6)) * _COLUMNS
    for t in range(first, value.size):
        if t % 32 == 0:
            # What has died away must not linger as denormal numbers, with which arithmetic is slow.
            for k in range(lanes.size):
                lanes[k] = lanes[k] if abs(lanes[k]) > _NEGLIGIBLE else 0.0
        s = lanes[place : place + _COLUMNS]
        place = place + _COLUMNS if place + _COLUMNS < lanes.size else 6 * _COLUMNS
        row = errors[t * _COLUMNS : (t + 1) * _COLUMNS]
        for k in range(_COLUMNS):
            trend = lanes[3 * _COLUMNS + k] * lanes[5 * _COLUMNS + k]
            base = lanes[4 * _COLUMNS + k] + trend
            e = (value[t] * own[k] - (base + s[k])) * known[t]
            row[k] = e
            lanes[4 * _COLUMNS + k] = base + lanes[k] * e
            lanes[5 * _COLUMNS + k] = trend + lanes[_COLUMNS + k] * e
            s[k] += lanes[2 * _COLUMNS + k] * e


@njit(nogil=True, cache=True, fastmath={"contract"})
def _products(left: Floats, right: Floats, rows: int, first: int, last: int, out: Floats) -> None:
    """Sum over the periods the products of the first ``rows`` columns of ``left`` with 16 of ``right``.

    Four periods at a time: both hold zeros in the three periods after ``last``.
    """
    out[:] = 0.0
    for t in range(first, last, 4):
        a = left[t * _COLUMNS : (t + 4) * _COLUMNS]
        b = right[t * _COLUMNS : (t + 4) * _COLUMNS]
        for i in range(rows):
            a0 = a[i]
            a1 = a[_COLUMNS + i]
            a2 = a[2 * _COLUMNS + i]
            a3 = a[3 * _COLUMNS + i]
            to = out[i * _COLUMNS : (i + 1) * _COLUMNS]
            for k in range(_COLUMNS):
                to[k] += a0 * b[k] + a1 * b[_COLUMNS + k] + a2 * b[2 * _COLUMNS + k] + a3 * b[3 * _COLUMNS + k]


@njit(nogil=True, cache=True)
def _solve(matrix: Floats, right: Floats) -> None:
    """Solve a positive definite system in place by Cholesky's factors."""
    n = right.size
    for j in range(n):
        for k in range(j):
            for r in range(j, n):
                matrix[r, j] -= matrix[r, k] * matrix[j, k]
        root = np.sqrt(matrix[j, j])
        for r in range(j, n):
            matrix[r, j] /= root
        for k in range(j):
            right[j] -= matrix[j, k] * right[k]
        right[j] /= root
    for j in range(n - 1, -1, -1):
        for r in range(j + 1, n):
            right[j] -= matrix[r, j] * right[r]
        right[j] /= matrix[j, j]


@njit(nogil=True, cache=True)
def _fill_columns(
    value: Floats, known: Floats, first: int, u: Floats, start: Floats, seasonal: bool, phi: Floats, errors: Floats
) -> float:
    """Errors by column: what a unit of each free state adds, the series' own, and those with a coordinate moved.

    Returns the sum of the series' own squared errors.
    """
    free = start.size if seasonal else 2
    lanes = np.zeros((6 + start.size - 2) * _COLUMNS)
    own = np.zeros(_COLUMNS)
    gains = np.zeros(4)
    moved = np.zeros(4)
    for c in range(errors.shape[0]):
        lanes[:] = 0.0
        own[:] = 0.0
        for k in range(_COLUMNS):
            column = c * _COLUMNS + k
            moved[:] = u
            if column > free and column <= free + 4:
                r = column - free - 1
                moved[r] += _DIFFERENCE if u[r] < 0.5 else -_DIFFERENCE
            set_gains(moved, seasonal, phi, gains)
            for r in range(4):
                lanes[r * _COLUMNS + k] = gains[r]
            if column < free:
                lanes[(4 + column) * _COLUMNS + k] = 1.0
            elif column <= free + 4:
                own[k] = 1.0
                for r in range(start.size):
                    lanes[(4 + r) * _COLUMNS + k] = start[r]
        _errors_by_column(value, known, first, lanes, own, errors[c])
        errors[c, value.size * _COLUMNS :] = 0.0
    total = 0.0
    mine = errors[free // _COLUMNS]
    for t in range(first, value.size):
        total += mine[t * _COLUMNS + free % _COLUMNS] ** 2
    return total


@njit(nogil=True, cache=True)
def _find_step(
    first: int, periods: int, free: int, parameters: int, u: Floats, loss: float, errors: Floats, step: Floats
) -> None:
    """Gauss and Newton's step of the free states and of ``parameters`` coordinates.

    A small ridge holds the states back: level and season are only known together, and a short history knows no
    season of 52 weeks. Another keeps the coordinates where errors are nearly linear in them.
    """
    blocks = errors.shape[0]
    size = free + 5
    products = np.zeros((size, size))
    part = np.zeros(_COLUMNS * _COLUMNS)
    for c in range(blocks):
        rows = min(_COLUMNS, size - c * _COLUMNS)
        for d in range(c + 1):
            _products(errors[c], errors[d], rows, first, periods, part)
            for r in range(rows):
                for k in range(min(_COLUMNS, size - d * _COLUMNS)):
                    products[c * _COLUMNS + r, d * _COLUMNS + k] = part[r * _COLUMNS + k]
                    products[d * _COLUMNS + k, c * _COLUMNS + r] = part[r * _COLUMNS + k]
    # Columns with a coordinate moved become derivatives: less the series' own errors, divided by the move.
    for r in range(4):
        move = _DIFFERENCE if u[r] < 0.5 else -_DIFFERENCE
        at = free + 1 + r
        for k in range(size):
            products[at, k] = (products[at, k] - products[free, k]) / move
        for k in range(size):
            products[k, at] = (products[k, at] - products[k, free]) / move
    used = free + parameters
    normal = np.zeros((used, used))
    right = np.zeros(used)
    seen = max(periods - first, 1)
    for i in range(used):
        at = i if i < free else i + 1
        right[i] = -products[at, free]
        for j in range(used):
            normal[i, j] = products[at, j if j < free else j + 1]
        normal[i, i] += _RIDGE if i < free else loss / seen / _TRUST**2 + 1e-12
    _solve(normal, right)
    step[:used] = right
    step[used:] = 0.0


@njit(nogil=True, cache=True)
def _improve(
    value: Floats,
    known: Floats,
    first: int,
    u: Floats,
    start: Floats,
    seasonal: bool,
    phi: Floats,
    steps: int,
    parameters: int,
    errors: Floats,
) -> None:
    """Move coordinates and start to where the squared errors are least: ``steps`` steps, each kept if it helps.

    With ``parameters`` 0 the start moves alone, for which a single step is exact; else that is 4. ``errors`` is
    scratch of shape (blocks, 16 (T + 3)) with room for free states + 5 columns.
    """
    free = start.size if seasonal else 2
    best_u = u.copy()
    best_start = start.copy()
    least = np.inf
    share = 1.0
    step = np.zeros(free + 4)
    for k in range(steps + 1):
        if k == 1 and parameters == 0:
            best_start[:] = start
            break
        loss = _fill_columns(value, known, first, u, start, seasonal, phi, errors)
        if loss < least:
            least = loss
            best_u[:] = u
            best_start[:] = start
            share = 1.0
            if k < steps:
                _find_step(first, value.size, free, parameters, u, loss, errors, step)
        else:
            share *= 0.25
        if k < steps:
            for r in range(free):
                start[r] = best_start[r] + share * step[r]
            for r in range(4):
                u[r] = inside(best_u[r] + share * step[free + r])
    u[:] = best_u
    start[:] = best_start


@njit(nogil=True, cache=True)
def fit_trend_and_season(
    quantity: Floats32,
    status: Bytes,
    seasonal: bool,
    phi: Floats,
    parameters: Floats,
    start: Floats,
) -> None:
    """Choose the parameters and the start of each series by the squared one-step error.

    Parameters
    ----------
    quantity, status : (n, T), at least one observed cell a series. seasonal : whether there is a season.
    phi : (2,) least and largest damping of the trend; both 1 for none.
    parameters : (n, 4) result. start : (n, 2 + m) result, states before the first observed cell; m is 7 or a multiple
        of 4, and without a season 4 (all zero).
    """
    periods = quantity.shape[1]
    seasons = start.shape[1] - 2
    free = 2 + seasons if seasonal else 2
    value = np.zeros(periods)
    known = np.zeros(periods)
    lanes = np.zeros(ROWS * LANES)
    season = np.zeros(seasons * LANES)
    centre = np.zeros(4)
    errors = np.zeros(((free + 4) // _COLUMNS + 1, (periods + 3) * _COLUMNS))
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        scale = load(quantity[i], status[i], first, value, known)
        state = start[i]
        rough_start(value, known, first, periods, seasons, seasonal, state)
        for r in range(4):
            centre[r] = SLOW[r]
        _improve(value, known, first, centre, state, seasonal, phi, 1, 0, errors)
        centre[:] = 0.5
        for stage in range(len(_RADII)):
            place_candidates(centre, _RADII[stage], PATTERN, seasonal, phi, lanes)
            _set_states(state, lanes, season)
            _sweep(value, known, first, periods, seasons, lanes, season)
            best = np.argmin(lanes[6 * LANES : 7 * LANES])
            for r in range(4):
                centre[r] = inside(centre[r] + _RADII[stage] * PATTERN[best, r])
        _improve(value, known, first, centre, state, seasonal, phi, _STEPS, 4, errors)
        set_gains(centre, seasonal, phi, parameters[i])
        start[i] *= scale


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
    seasonal, phi : as in ``fit_trend_and_season``.
    parameters : (n, k, 4), state : (n, k, 2 + m) results: the best of 64 candidates and where it stands at the origin.
        The start rests on the first three seasons; origins that do not lie behind them keep zeros.
    """
    periods = quantity.shape[1]
    seasons = state.shape[2] - 2
    value = np.zeros(periods)
    known = np.zeros(periods)
    lanes = np.zeros(ROWS * LANES)
    season = np.zeros(seasons * LANES)
    start = np.zeros(2 + seasons)
    least = np.zeros(origins.size)
    centre = np.full(4, 0.5)
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        scale = load(quantity[i], status[i], first, value, known)
        used = first + 3 * (seasons if seasonal else 8)
        rough_start(value, known, first, min(used, periods), seasons, seasonal, start)
        parameters[i] = 0.0
        state[i] = 0.0
        least[:] = np.inf
        for b in range(_ORIGIN_BLOCKS):
            place_candidates(centre, 0.5, _WIDE_PATTERN[b * LANES :], seasonal, phi, lanes)
            _set_states(start, lanes, season)
            done = first
            for j in range(origins.size):
                if origins[j] < used:
                    continue
                _sweep(value, known, done, origins[j], seasons, lanes, season)
                done = origins[j]
                best = np.argmin(lanes[6 * LANES : 7 * LANES])
                if lanes[6 * LANES + best] < least[j]:
                    least[j] = lanes[6 * LANES + best]
                    for r in range(4):
                        parameters[i, j, r] = lanes[r * LANES + best]
                    state[i, j, 0] = lanes[4 * LANES + best] * scale
                    state[i, j, 1] = lanes[5 * LANES + best] * scale
                    for p in range(seasons):
                        state[i, j, 2 + p] = season[p * LANES + best] * scale
