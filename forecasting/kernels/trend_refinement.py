"""Parameters and start of Holt's and of additive Holt-Winters' method, refined together after a search.

One-step errors are linear in the start (level, trend and season before the first period), so that least squares gives
it for given parameters; a few steps of Gauss and Newton's method finish both together. The columns of that problem,
what a unit of each state or a move of each parameter does to the errors, lie in the lanes of a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.recursions import first_observed
from forecasting.kernels.trend_candidates import CLOSE, SLOW, WIDE, inside, load, rough_starts, search_box, set_gains

__all__ = ["fit_trend_and_season"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

_COLUMNS = 16
# Periods whose products are summed before they are added up; errors hold as many rows of zeros at their end.
_BLOCK = 8
# The start leans on the rough one as if that were known to within ten one-step errors: 1 / 10**2.
_RIDGE = 0.01
# Joint steps of parameters and start after the search; a step of a coordinate is trusted to about this.
_STEPS = 4
_TRUST = 0.2
# A step that changes the loss by less than this, relatively, is the last.
_CONVERGED = 1e-4
_DIFFERENCE = 1e-3
_NEGLIGIBLE = 1e-30
_LEAST_PIVOT = 1e-12


def _errors_in_blocks_of(block: int) -> Callable[..., Any]:
    """Compile 16 recursions along a history for seasons that are multiples of ``block`` periods.

    Each has parameters and states of its own; errors of period t go to ``errors[16 t:]``. A lane sees the series times
    ``own``: 1 for the series itself, 0 for what a unit of a state adds to its errors.
    """

    @njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
    def run(
        value: Floats, known: Floats, first: int, own: Floats, lanes: Floats, season: Floats, errors: Floats
    ) -> None:
        t = first
        while t < value.size:
            place = t % (season.size // _COLUMNS)
            if t % block == 0 and t + block <= value.size:
                y = value[t : t + block]
                w = known[t : t + block]
                s = season[place * _COLUMNS : (place + block) * _COLUMNS]
                row = errors[t * _COLUMNS : (t + block) * _COLUMNS]
                for k in range(_COLUMNS):
                    alpha = lanes[k]
                    beta = lanes[_COLUMNS + k]
                    gamma = lanes[2 * _COLUMNS + k]
                    phi = lanes[3 * _COLUMNS + k]
                    level = lanes[4 * _COLUMNS + k]
                    slope = lanes[5 * _COLUMNS + k]
                    mine = own[k]
                    for j in range(block):
                        trend = phi * slope
                        base = level + trend
                        e = (y[j] * mine - (base + s[j * _COLUMNS + k])) * w[j]
                        row[j * _COLUMNS + k] = e
                        level = base + alpha * e
                        slope = trend + beta * e
                        s[j * _COLUMNS + k] += gamma * e
                    lanes[4 * _COLUMNS + k] = level
                    lanes[5 * _COLUMNS + k] = slope
                t += block
                if t % 64 < block:
                    # What has died away must not linger as denormal numbers, with which arithmetic is slow.
                    for k in range(4 * _COLUMNS, 6 * _COLUMNS):
                        lanes[k] = lanes[k] if abs(lanes[k]) > _NEGLIGIBLE else 0.0
                    for k in range(season.size):
                        season[k] = season[k] if abs(season[k]) > _NEGLIGIBLE else 0.0
            else:
                s = season[place * _COLUMNS : (place + 1) * _COLUMNS]
                row = errors[t * _COLUMNS : (t + 1) * _COLUMNS]
                for k in range(_COLUMNS):
                    trend = lanes[3 * _COLUMNS + k] * lanes[5 * _COLUMNS + k]
                    base = lanes[4 * _COLUMNS + k] + trend
                    e = (value[t] * own[k] - (base + s[k])) * known[t]
                    row[k] = e
                    lanes[4 * _COLUMNS + k] = base + lanes[k] * e
                    lanes[5 * _COLUMNS + k] = trend + lanes[_COLUMNS + k] * e
                    s[k] += lanes[2 * _COLUMNS + k] * e
                t += 1

    return run  # type: ignore[no-any-return]


_errors_4 = _errors_in_blocks_of(4)
_errors_7 = _errors_in_blocks_of(7)


@njit(nogil=True, cache=True, error_model="numpy")
def _fill_columns(
    value: Floats,
    known: Floats,
    first: int,
    u: Floats,
    start: Floats,
    seasonal: bool,
    phi: Floats,
    parameters: int,
    errors: Floats,
) -> float:
    """Errors by column: what a unit of each free state adds, the series' own, and their derivatives by coordinate.

    The latter for the first ``parameters`` coordinates. Returns the sum of the series' own squared errors.
    """
    free = start.size if seasonal else 2
    lanes = np.empty(6 * _COLUMNS)
    season = np.empty((start.size - 2) * _COLUMNS)
    own = np.empty(_COLUMNS)
    gains = np.empty(4)
    moved = np.empty(4)
    for c in range(errors.shape[0]):
        for k in range(_COLUMNS):
            column = c * _COLUMNS + k
            # Columns beyond the last are copies of the series' own.
            own[k] = 0.0 if column < free else 1.0
            for r in range(4):
                moved[r] = u[r]
            if free < column <= free + 4:
                r = column - free - 1
                moved[r] += _DIFFERENCE if u[r] < 0.5 else -_DIFFERENCE
            set_gains(moved, seasonal, phi, gains)
            for r in range(4):
                lanes[r * _COLUMNS + k] = gains[r]
            for r in range(start.size):
                unit = 1.0 if column == r else 0.0
                state = unit if column < free else start[r]
                if r < 2:
                    lanes[(4 + r) * _COLUMNS + k] = state
                else:
                    season[(r - 2) * _COLUMNS + k] = state
        if start.size == 9:
            _errors_7(value, known, first, own, lanes, season, errors[c])
        else:
            _errors_4(value, known, first, own, lanes, season, errors[c])
        for k in range(value.size * _COLUMNS, errors.shape[1]):
            errors[c, k] = 0.0
    total = 0.0
    mine = errors[free // _COLUMNS]
    place = free % _COLUMNS
    for t in range(first, value.size):
        total += mine[t * _COLUMNS + place] ** 2
    for r in range(parameters):
        # Columns with a coordinate moved become derivatives: less the series' own errors, divided by the move.
        there = errors[(free + 1 + r) // _COLUMNS]
        column = (free + 1 + r) % _COLUMNS
        per_move = -1.0 / _DIFFERENCE if u[r] < 0.5 else 1.0 / _DIFFERENCE
        for t in range(first, value.size):
            at = t * _COLUMNS + column
            there[at] = (mine[t * _COLUMNS + place] - there[at]) * per_move
    return total


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _multiply(left: Floats, right: Floats, rows: int, first: int, last: int, out: Floats) -> None:
    """Sum over the periods the products of the first ``rows`` columns of ``left`` with 16 of ``right``."""
    for k in range(rows * _COLUMNS):
        out[k] = 0.0
    for t in range(first, last, _BLOCK):
        a = left[t * _COLUMNS : (t + _BLOCK) * _COLUMNS]
        b = right[t * _COLUMNS : (t + _BLOCK) * _COLUMNS]
        for i in range(rows):
            to = out[i * _COLUMNS : (i + 1) * _COLUMNS]
            for k in range(_COLUMNS):
                part = 0.0
                for j in range(_BLOCK):
                    part += a[j * _COLUMNS + i] * b[j * _COLUMNS + k]
                to[k] += part


@njit(nogil=True, cache=True, error_model="numpy")
def _products(errors: Floats, size: int, first: int, periods: int, out: Floats) -> None:
    """Products of the first ``size`` columns with each other, summed over the periods; (size, size)."""
    part = np.empty(_COLUMNS * _COLUMNS)
    for c in range(errors.shape[0]):
        rows = min(_COLUMNS, size - c * _COLUMNS)
        for d in range(c + 1):
            _multiply(errors[c], errors[d], rows, first, periods, part)
            for r in range(rows):
                for k in range(min(_COLUMNS, size - d * _COLUMNS)):
                    out[c * _COLUMNS + r, d * _COLUMNS + k] = part[r * _COLUMNS + k]
                    out[d * _COLUMNS + k, c * _COLUMNS + r] = part[r * _COLUMNS + k]


@njit(nogil=True, cache=True, error_model="numpy")
def _solve(matrix: Floats, right: Floats) -> None:
    """Solve a positive definite system in place by Cholesky's factors."""
    n = right.size
    for j in range(n):
        for k in range(j):
            for r in range(j, n):
                matrix[r, j] -= matrix[r, k] * matrix[j, k]
        root = np.sqrt(max(matrix[j, j], _LEAST_PIVOT))
        for r in range(j, n):
            matrix[r, j] /= root
        for k in range(j):
            right[j] -= matrix[j, k] * right[k]
        right[j] /= root
    for j in range(n - 1, -1, -1):
        for r in range(j + 1, n):
            right[j] -= matrix[r, j] * right[r]
        right[j] /= matrix[j, j]


@njit(nogil=True, cache=True, error_model="numpy")
def _find_step(products: Floats, free: int, parameters: int, ridge: float, step: Floats) -> None:
    """Gauss and Newton's step of the free states and of ``parameters`` coordinates.

    A small ridge holds the states back: level and season are only known together, and a short history knows no
    season of 52 weeks. ``ridge`` keeps the coordinates where errors are nearly linear in them.
    """
    used = free + parameters
    normal = np.empty((used, used))
    right = np.empty(used)
    for i in range(used):
        at = i if i < free else i + 1
        right[i] = -products[at, free]
        for j in range(used):
            normal[i, j] = products[at, j if j < free else j + 1]
        normal[i, i] += _RIDGE if i < free else ridge
    _solve(normal, right)
    for i in range(free + 4):
        step[i] = right[i] if i < used else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _refine(
    quantity: Floats32,
    status: Bytes,
    seasonal: bool,
    phi: Floats,
    steps: int,
    parameters: int,
    coordinates: Floats,
    start: Floats,
    gains: Floats,
) -> None:
    """Move coordinates and start to where the squared errors are least: ``steps`` steps, each kept if it helps.

    With ``parameters`` 0 the start moves alone, for which a single step is exact; else that is 4. ``start`` is in the
    scale of ``rough_starts``. ``gains`` : (n, 4) result, alpha, beta, gamma, phi.
    """
    periods = quantity.shape[1]
    free = start.shape[1] if seasonal else 2
    size = free + 1 + parameters
    value = np.zeros(periods)
    known = np.zeros(periods)
    errors = np.zeros(((free + 4) // _COLUMNS + 1, (periods + _BLOCK - 1) * _COLUMNS))
    products = np.empty((size, size))
    step = np.empty(free + 4)
    best = np.empty(free + 4)
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        load(quantity[i], status[i], first, value, known)
        u = coordinates[i]
        least = np.inf
        share = 1.0
        for k in range(steps + 1):
            # The single step of the start alone needs no proof.
            loss = 0.0
            if k < 1 + parameters:
                loss = _fill_columns(value, known, first, u, start[i], seasonal, phi, parameters, errors)
            # Where a step changes next to nothing the optimum is near.
            last = k == steps or abs(least - loss) <= _CONVERGED * loss
            if loss < least:
                least = loss
                share = 1.0
                for r in range(free + 4):
                    best[r] = start[i, r] if r < free else u[r - free]
                if not last:
                    _products(errors, size, first, periods, products)
                    _find_step(products, free, parameters, loss / (periods - first) / _TRUST**2 + 1e-12, step)
            else:
                share *= 0.25
            for r in range(free + 4):
                moved = best[r] if last else best[r] + share * step[r]
                if r < free:
                    start[i, r] = moved
                else:
                    u[r - free] = inside(moved)
            if last:
                break
        set_gains(u, seasonal, phi, gains[i])


def fit_trend_and_season(
    quantity: Floats32, status: Bytes, seasonal: bool, phi: Floats, parameters: Floats, start: Floats
) -> None:
    """Choose the parameters and the start of each series by the squared one-step error.

    Parameters
    ----------
    quantity, status : (n, T), at least one observed cell a series. seasonal : whether there is a season.
    phi : (2,) least and largest damping of the trend; both 1 for none.
    parameters : (n, 4) result. start : (n, 2 + m) result, states before the first observed cell; m is 7 or a multiple
        of 4, and without a season 4 (all zero).
    """
    n = len(quantity)
    scale, coordinates = np.zeros(n), np.tile(np.array(SLOW), (n, 1))
    rough_starts(quantity, status, seasonal, start, scale)
    _refine(quantity, status, seasonal, phi, 1, 0, coordinates, start, parameters)
    coordinates[:] = 0.5
    search_box(quantity, status, seasonal, phi, start, WIDE, coordinates)
    _refine(quantity, status, seasonal, phi, 1, 0, coordinates, start, parameters)
    search_box(quantity, status, seasonal, phi, start, CLOSE, coordinates)
    _refine(quantity, status, seasonal, phi, _STEPS, 4, coordinates, start, parameters)
    start *= scale[:, None]
