"""From the counts of paths to ratios, means and quantiles with their standard errors; and sums over items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["accumulate", "quantiles", "ratios", "weigh"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def weigh(counts: Floats, columns: Integers, weights: Floats, place: int) -> None:
    """Fill the columns from ``place`` on: column ``columns[m]`` times the item's weight ``weights[i, m]``."""
    for i in range(counts.shape[0]):
        for m in range(columns.size):
            for p in range(counts.shape[2]):
                counts[i, place + m, p] = counts[i, columns[m], p] * weights[i, m]


@njit(nogil=True, cache=True)
def _sum(x: Floats) -> float:
    """Add up with four running sums, so that one addition needn't wait for the one before."""
    a = b = c = d = 0.0
    whole = x.size - x.size % 4
    for p in range(0, whole, 4):
        a += x[p]
        b += x[p + 1]
        c += x[p + 2]
        d += x[p + 3]
    for p in range(whole, x.size):
        a += x[p]
    return (a + b) + (c + d)


# An assignment of one array to another costs seconds to compile, a loop over its places nothing to speak of.
@njit(nogil=True, cache=True)
def _add(x: Floats, out: Floats) -> None:
    """Add one row to another."""
    for k in range(out.size):
        out[k] += x[k]


@njit(nogil=True, cache=True)
def ratios(counts: Floats, above: Integers, below: Integers, value: Floats, error: Floats) -> None:
    """Ratios of sums over paths and their standard errors (linearised, paths independent).

    Parameters
    ----------
    counts : (n, columns, paths). above : (m, 2) columns to add up, -1 for none. below : (m,) column, or -1 for the
        mean over paths. value, error : (n, m) to fill; NaN where nothing counts, and the error of a single path.
    """
    n, paths = counts.shape[0], counts.shape[2]
    x, square = np.empty(paths), np.empty(paths)
    sums = np.empty(counts.shape[1])
    for i in range(n):
        for c in range(sums.size):
            sums[c] = _sum(counts[i, c])
        for m in range(below.size):
            total = sums[below[m]] if below[m] >= 0 else float(paths)
            share = sums[above[m, 0]] + (sums[above[m, 1]] if above[m, 1] >= 0 else 0.0)
            share = share / total if total > 0.0 else np.nan
            value[i, m] = share
            error[i, m] = np.nan if paths < 2 or total <= 0.0 else 0.0
            if paths > 1 and total > 0.0 and share != 0.0:
                x[:] = 0.0
                _add(counts[i, above[m, 0]], x)
                if above[m, 1] >= 0:
                    _add(counts[i, above[m, 1]], x)
                if below[m] >= 0:
                    y = counts[i, below[m]]
                    for p in range(paths):
                        square[p] = (x[p] - share * y[p]) ** 2
                else:
                    for p in range(paths):
                        square[p] = (x[p] - share) ** 2
                error[i, m] = np.sqrt(_sum(square) / (paths - 1) * paths) / total


@njit(nogil=True, cache=True)
def accumulate(counts: Floats, waits: Floats, group: Integers, sums: Floats, waited: Floats) -> None:
    """Add the items to their groups, one after the other, so that the size of pieces changes no bit."""
    for i in range(counts.shape[0]):
        for c in range(counts.shape[1]):
            _add(counts[i, c], sums[group[i], c])
        for g in range(waits.shape[1]):
            _add(waits[i, g], waited[group[i], g])


@njit(nogil=True, cache=True)
def _quantiles(waits: Floats, bins: int, probabilities: Floats, out: Floats) -> None:
    """The smallest numbers of periods within which those shares (ascending) of the units were filled; 0 for none."""
    out[:] = 0.0
    total = waits[:bins].sum()
    reached, q = 0.0, 0
    for k in range(bins):
        reached += waits[k]
        while q < out.size and total > 0.0 and reached >= probabilities[q] * total * (1.0 - 1e-12):
            out[q] = k
            q += 1


@njit(nogil=True, cache=True)
def quantiles(waits: Floats, probabilities: Floats, value: Floats, error: Floats) -> None:
    """Quantiles of the waits of each item, and their standard errors from groups of paths.

    Parameters
    ----------
    waits : (n, groups, bins) units by periods waited. probabilities : ascending.
    value, error : (n, probabilities) to fill.
    """
    groups = waits.shape[1]
    each = np.empty((groups, probabilities.size))
    together = np.empty(waits.shape[2])
    for i in range(waits.shape[0]):
        together[:] = 0.0
        for g in range(groups):
            _add(waits[i, g], together)
        # Most bins are those of long waits, and empty.
        bins = together.size
        while bins > 0 and together[bins - 1] == 0.0:
            bins -= 1
        _quantiles(together, bins, probabilities, value[i])
        for g in range(groups):
            _quantiles(waits[i, g], bins, probabilities, each[g])
        for q in range(probabilities.size):
            error[i, q] = each[:, q].std() / np.sqrt(groups - 1.0) if groups > 1 else np.nan
