"""Negative-binomial sample paths without drawing from a parametric distribution in the inner loop.

A negative-binomial count is a Poisson count whose mean is multiplied by a gamma variable with mean 1. The gamma
variable is looked up in a table of quantiles that is fine where the tail is; the Poisson count is found by inversion
where its mean is small and by an expansion about the Normal quantile where it is not.
"""

from __future__ import annotations

from functools import cache
from math import frexp
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import gammainc, gammaincc, gammainccinv, ndtri, pdtr

from forecasting.kernels.random import PATH_STRIDE, draw, mix

__all__ = ["quantile_tables", "sample_counts"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint8]

# Shapes of the table: 2^e, 1.25 x 2^e, 1.5 x 2^e, 1.75 x 2^e for e = -6 ... 13, and 2^14.
LOWEST_EXPONENT: Final = -6
PER_OCTAVE: Final = 4
SHAPES: Final = 20 * PER_OCTAVE + 1
# The upper tail probability is cut at 1/16, 1/256 and 1/4096; each part has so many cells.
CELLS: Final = 128
TAIL_STEP: Final = 16.0
PARTS: Final = 4
# Poisson means from here on are expanded about the Normal quantile.
LARGE_MEAN: Final = 16.0
# The table of smaller ones: rows a unit of the mean, cells of probability, the mark of a cell that is not certain.
MEANS_A_UNIT: Final = 16
PROBABILITIES: Final = 512
UNCERTAIN: Final = 255

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
_LEVEL_STEP = PATH_STRIDE - 1
_LANE_STEP = PATH_STRIDE - 2


def _tail_nodes() -> Floats:
    """Upper tail probabilities at the ends of all cells, part by part; (PARTS, CELLS + 1)."""
    high = TAIL_STEP ** -np.arange(PARTS)
    low = np.r_[high[1:], 0.0]
    return np.asarray(low[:, None] + (high - low)[:, None] * np.arange(CELLS + 1) / CELLS)


def table_shapes() -> Floats:
    """Shapes of the rows of the gamma table; (SHAPES,)."""
    place = np.arange(SHAPES)
    return np.asarray(np.ldexp(1.0 + place % PER_OCTAVE / PER_OCTAVE, LOWEST_EXPONENT + place // PER_OCTAVE))


def _gamma_table() -> Floats32:
    """Gamma variable (mean 1) at both ends of each cell; (SHAPES, PARTS, CELLS + 1), mean exactly 1.

    The ends at probability 0 and 1 are placed such that the means of the outermost cells are right.
    """
    shape = table_shapes()
    nodes = _tail_nodes()
    with np.errstate(divide="ignore"):
        table = gammainccinv(shape[:, None, None], nodes[None]) / shape[:, None, None]
    # What the largest and the smallest values add to the mean: the same integrals for shape + 1.
    above = gammaincc(shape + 1.0, table[:, -1, 1] * shape)
    below = gammainc(shape + 1.0, table[:, 0, -2] * shape)
    table[:, -1, 0] = 2.0 * above / nodes[-1, 1] - table[:, -1, 1]
    table[:, 0, -1] = np.maximum(2.0 * below / (1.0 - nodes[0, -2]) - table[:, 0, -2], 0.0)
    step = np.diff(nodes, axis=1)
    total = (0.5 * (table[:, :, 1:] + table[:, :, :-1]) * step[None]).sum(axis=(1, 2))
    return np.ascontiguousarray(table / total[:, None, None], dtype=np.float32)


def _poisson_table() -> Counts:
    """Poisson counts by mean and probability; UNCERTAIN where a cell holds more than one."""
    mean = np.arange(int(LARGE_MEAN * MEANS_A_UNIT) + 1)[:, None] / MEANS_A_UNIT
    # Counts grow with both: the corners decide.  A hair's breadth is left to rounding.
    cumulated = pdtr(np.arange(64)[:, None, None], mean[None])[..., 0].T
    low = np.stack([np.searchsorted(row, np.arange(PROBABILITIES) / PROBABILITIES - 1e-9) for row in cumulated[:-1]])
    high = np.stack([np.searchsorted(row, np.arange(1, PROBABILITIES + 1) / PROBABILITIES) for row in cumulated[1:]])
    return np.where(low == high, low, UNCERTAIN).astype(np.uint8)


@cache
def quantile_tables() -> tuple[Floats32, Floats, Counts, Floats]:
    """Gamma quantiles, the variance of each row, Poisson counts, and Normal quantiles at the middles of slices."""
    return _gamma_table(), 1.0 / table_shapes(), _poisson_table(), np.asarray(ndtri((np.arange(8192) + 0.5) / 8192))


@njit(nogil=True, cache=True)
def gamma_quantile(row: Floats32, tail: float) -> float:
    """Look up a gamma variable by its upper tail probability in (0, 1); ``row`` is (PARTS, CELLS + 1)."""
    part = 0
    top = 1.0
    while part < PARTS - 1 and tail * TAIL_STEP < top:
        top /= TAIL_STEP
        part += 1
    bottom = 0.0 if part == PARTS - 1 else top / TAIL_STEP
    place = (tail - bottom) / (top - bottom) * CELLS
    cell = min(int(place), CELLS - 1)
    left = row[part, cell]
    value: float = left + (place - cell) * (row[part, cell + 1] - left)
    return value


@njit(nogil=True, cache=True)
def poisson_quantile(mean: float, uniform: float, certain: Counts, normal: Floats) -> float:
    """Look up a Poisson count by its probability in (0, 1).

    Small means by a table where it is certain, else by inversion; large ones by Cornish and Fisher (1937) to the
    third order, rounded to whole numbers.
    """
    if mean < LARGE_MEAN:
        known = float(certain[int(mean * MEANS_A_UNIT), int(uniform * PROBABILITIES)])
        if known < UNCERTAIN:
            return known
        chance = np.exp(-mean)
        count = 0.0
        while uniform > chance:
            uniform -= chance
            count += 1.0
            chance *= mean / count
            if chance < 1e-12 and count > mean:
                break
        return count
    z = normal[int(uniform * normal.size)]
    spread = np.sqrt(mean - 1.0 / 12.0)
    value = mean + spread * z + (z * z - 1.0) / 6.0 + (z - z * z * z) / (72.0 * spread)
    rounded: float = np.floor(value + 0.5)
    return max(rounded, 0.0)


@njit(nogil=True, cache=True)
def _row(shape: float, variance: Floats) -> tuple[int, float]:
    """Place a shape in the table: the row below, and the chance of that row which makes the variance 1 / shape."""
    mantissa, exponent = frexp(shape)
    if exponent <= LOWEST_EXPONENT:
        return 0, 1.0
    row = (exponent - 1 - LOWEST_EXPONENT) * PER_OCTAVE + int((2.0 * mantissa - 1.0) * PER_OCTAVE)
    if row >= SHAPES - 1:
        return SHAPES - 2, 0.0
    return row, (1.0 / shape - variance[row + 1]) / (variance[row] - variance[row + 1])


@njit(nogil=True, cache=True)
def _place(cumulated: Floats32, uniform: float) -> int:
    return min(int(np.searchsorted(cumulated, np.float32(uniform), side="right")), cumulated.size - 1)


@njit(nogil=True, cache=True)
def sample_counts(
    keys: npt.NDArray[np.uint64],
    mean: Floats,
    level: Floats,
    long_level: Floats,
    level_sd: Floats,
    unit: Floats,
    grain: Floats,
    stretch: Floats,
    absent: Floats,
    resumption: float,
    lane_share: Floats32,
    dispersion_share: Floats32,
    weights: Floats,
    persistence: Floats,
    long_weight: float,
    power: float,
    dispersions: Floats,
    lowest_share: float,
    season: Floats32,
    profile: Integers,
    gamma: Floats32,
    variance: Floats,
    certain: Counts,
    normal: Floats,
    out: Floats32,
) -> None:
    """Draw paths: each has a candidate and a dispersion of its own, and its level follows what it draws.

    ``lane_share`` and ``dispersion_share`` are cumulated probabilities. ``unit`` 0 stands for the continuous
    (gamma) law. Where demand moves in multiples of ``grain`` (0: of nothing), what is not one of them is rounded at
    random to one of its neighbours, which keeps the mean.

    ``stretch`` is added to the dispersion. With probability ``absent`` nothing is on offer at first, and demand
    resumes with chance ``resumption`` at each period.
    """
    paths = out.shape[1]
    now, long, weight, back = np.empty(paths), np.empty(paths), np.empty(paths), np.empty(paths)
    per_mean, chance, silent, rows = np.empty(paths), np.empty(paths), np.empty(paths), np.empty(paths, dtype=np.int64)
    for i in range(keys.size):
        if mean[i] <= 0.0:
            out[i] = 0.0
            continue
        key = keys[i]
        factors = season[profile[i]]
        steady, counted = unit[i] < 0.0, unit[i] > 0.0
        sd = 0.0 if steady else level_sd[i]
        lowest = lowest_share * mean[i]
        piece = unit[i]
        pieces = 1.0 / piece if counted else 0.0
        spread_out = counted and piece > grain[i]
        rounded = grain[i] > 0.0 and piece != grain[i]
        for p in range(paths):
            base = np.uint64(p) * np.uint64(PATH_STRIDE)
            bits = draw(key, base + np.uint64(_LANE_STEP))
            lane = _place(lane_share[i], np.float64(bits & _LOW) * _UNIT)
            dispersion = dispersions[_place(dispersion_share[i], np.float64(bits >> _HALF) * _UNIT)] + stretch[i]
            bits = draw(key, base + np.uint64(_LEVEL_STEP))
            off = np.exp(sd * normal[(bits >> _HALF) * np.uint64(normal.size) >> _HALF] - 0.5 * sd * sd)
            now[p] = level[i, lane] * off
            long[p] = long_level[i] * off
            weight[p], back[p] = weights[lane], 1.0 - persistence[lane]
            rows[p], chance[p] = _row(1.0 / dispersion, variance)
            per_mean[p] = 1.0 / (mean[i] * dispersion)
            silent[p] = 0.0
            if absent[i] > 0.0:
                bits = mix(bits)
                if np.float64(bits & _LOW) * _UNIT < absent[i]:
                    silent[p] = np.floor(np.log((np.float64(bits >> _HALF) + 0.5) * _UNIT) / np.log1p(-resumption))
        # Paths inside, periods outside: the steps of one path wait for each other, those of different paths don't.
        for h in range(out.shape[2]):
            factor = np.float64(factors[h])
            share = 1.0 / factor
            for p in range(paths):
                bits = draw(key, np.uint64(p) * np.uint64(PATH_STRIDE) + np.uint64(h))
                if h < silent[p]:
                    out[i, p, h] = 0.0
                    continue
                more = mix(bits)
                drawn = max(now[p], lowest) * factor
                if not steady:
                    if power == 2.0:
                        row, below = rows[p], chance[p]
                    else:
                        row, below = _row(drawn * per_mean[p], variance)
                    row += np.int64(np.float64(more & _LOW) * _UNIT >= below)
                    drawn *= gamma_quantile(gamma[row], (np.float64(bits >> _HALF) + 0.5) * _UNIT)
                if counted:
                    count = poisson_quantile(drawn * pieces, (np.float64(bits & _LOW) + 0.5) * _UNIT, certain, normal)
                    drawn = piece * count
                    if spread_out and drawn > 0.0:
                        drawn += piece * (np.float64(mix(more) >> _HALF) * _UNIT - 0.5)
                if rounded:
                    drawn = grain[i] * np.floor(drawn / grain[i] + np.float64(more >> _HALF) * _UNIT)
                out[i, p, h] = drawn
                plain = drawn * share
                now[p] += weight[p] * (plain - now[p]) + back[p] * (long[p] - now[p])
                long[p] += long_weight * (plain - long[p])
