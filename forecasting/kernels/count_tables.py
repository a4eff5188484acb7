"""Quantiles of negative-binomial counts and gamma variables over a grid of means and dispersions, made once."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import gammaincc, gammainccinv

__all__ = ["CELLS", "PART_CELLS", "count_table", "table_dispersions", "table_means"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

# The upper tail probability is cut at 1/16, 1/256 and 1/4096; each part is a row's grid of so many cells.
PART_CELLS: Final = 128
PARTS: Final = 4
CELLS: Final = PARTS * PART_CELLS
# A mean plus LEAST lies on a grid of 8 an octave, so that means of 0 need no case of their own; from MIXED_MEAN on
# entries are stretched to their mean, and beyond LARGEST_MEAN a gamma variable stands behind the others.
LEAST: Final = 2.0**-3
MIXED_MEAN: Final = 16.0
LARGEST_MEAN: Final = 2.0**10 - LEAST
MEANS: Final = 8 * 13 + 1
# Dispersions are 2 an octave from 2^-14 to 2^6.
LOWEST_DISPERSION: Final = -14
DISPERSIONS: Final = 41
# Counts are followed to a tail of this probability over the width of the tail.
_END = 1e-9


def _octaves(lowest: int, steps: int, count: int) -> Floats:
    """Numbers evenly spaced between powers of 2, so that the bits of a number tell its place and its remainder."""
    place = np.arange(count)
    return np.asarray(np.ldexp(1.0 + place % steps / steps, lowest + place // steps))


def table_means() -> Floats:
    """Means of the columns of the table but for the last, which is a gamma variable of mean 1; (MEANS - 1,)."""
    return _octaves(-3, 8, MEANS - 1) - LEAST


def table_dispersions() -> Floats:
    """Dispersions of the rows; (DISPERSIONS,)."""
    return _octaves(LOWEST_DISPERSION, 2, DISPERSIONS)


@njit(nogil=True, cache=True)
def _fill_counts(means: Floats, dispersions: Floats, out: Floats32) -> None:
    """Mean count of every cell of probability; (dispersions, means + 1, CELLS), the last column is left alone."""
    for d in range(dispersions.size):
        a = dispersions[d]
        for k in range(means.size):
            m = means[k]
            if m == 0.0:
                out[d, k] = 0.0
                continue
            # Probabilities by their ratios, relative to that of a count near the mean: down, then up.
            first, chance = int(m), 1.0
            while first > 0 and chance > 1e-18:
                chance *= first * (1.0 + a * m) / ((1.0 + a * (first - 1)) * m)
                first -= 1
            total, p, x = 0.0, chance, first
            while x < m or p * (1.0 + a * m) > _END * total:
                total += p
                p *= (1.0 + a * x) * m / ((x + 1) * (1.0 + a * m))
                x += 1
            last = x - 1
            # From the largest tail probability to the smallest.
            left, x, sum_all = chance / total, first, 0.0
            for c in range(CELLS):
                part = c // PART_CELLS
                cell = PART_CELLS - 1 - c % PART_CELLS
                if part < PARTS - 1 and cell < PART_CELLS // 16:
                    continue
                size = 16.0**-part / PART_CELLS
                want, found = size, 0.0
                while want > left and x < last:
                    found += left * x
                    want -= left
                    chance *= (1.0 + a * x) * m / ((x + 1) * (1.0 + a * m))
                    x += 1
                    left = chance / total
                found += want * x
                left -= want
                out[d, k, part * PART_CELLS + cell] = found / size
                sum_all += found
            for c in range(CELLS):
                out[d, k, c] *= m / sum_all


def _gamma_cells(dispersions: Floats) -> Floats:
    """Mean of a gamma variable of mean 1 in every cell; (DISPERSIONS, PARTS, PART_CELLS)."""
    shape = 1.0 / dispersions[:, None, None]
    size = 16.0 ** -np.arange(PARTS)[:, None] / PART_CELLS
    nodes = size * np.arange(PART_CELLS + 1)
    with np.errstate(divide="ignore"):
        # What lies above a quantile adds this much to the mean.
        above = gammaincc(shape + 1.0, gammainccinv(shape, nodes))
    return np.asarray(np.diff(above, axis=2) / size)


@cache
def count_table() -> Floats32:
    """Table of mean counts by dispersion, mean and cell of the upper tail probability; (DISPERSIONS, MEANS, CELLS).

    Rounding an entry at random to one of its whole neighbours gives a negative-binomial count, exactly where a cell
    holds one count or two, with the exact mean everywhere.
    """
    dispersions = table_dispersions()
    table = np.zeros((DISPERSIONS, MEANS, CELLS), dtype=np.float32)
    _fill_counts(table_means(), dispersions, table)
    table[:, -1] = _gamma_cells(dispersions).reshape(DISPERSIONS, CELLS)
    return table
