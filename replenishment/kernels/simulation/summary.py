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
def ratios(counts: Floats, above: Integers, below: Integers, value: Floats, error: Floats) -> None:
    """Ratios of sums over paths and their standard errors (linearised, paths independent).

    Parameters
    ----------
    counts : (n, columns, paths). above : (m, 2) columns to add up, -1 for none. below : (m,) column, or -1 for the
        mean over paths. value, error : (n, m) to fill; NaN where nothing counts, and the error of a single path.
    """
    n, paths = counts.shape[0], counts.shape[2]
    x = np.empty(paths)
    for i in range(n):
        for m in range(below.size):
            x[:] = counts[i, above[m, 0]]
            if above[m, 1] >= 0:
                x += counts[i, above[m, 1]]
            total = counts[i, below[m]].sum() if below[m] >= 0 else float(paths)
            value[i, m] = x.sum() / total if total > 0.0 else np.nan
            error[i, m] = np.nan
            if total > 0.0 and paths > 1:
                spread = 0.0
                for p in range(paths):
                    y = counts[i, below[m], p] if below[m] >= 0 else 1.0
                    spread += (x[p] - value[i, m] * y) ** 2
                error[i, m] = np.sqrt(spread / (paths - 1) * paths) / total


@njit(nogil=True, cache=True)
def accumulate(counts: Floats, waits: Floats, group: Integers, sums: Floats, waited: Floats) -> None:
    """Add the items to their groups, one after the other, so that the size of pieces changes no bit."""
    for i in range(counts.shape[0]):
        sums[group[i]] += counts[i]
        waited[group[i]] += waits[i]


@njit(nogil=True, cache=True)
def _quantile(waits: Floats, probability: float) -> float:
    """The smallest number of periods within which that share of the units was filled; 0 where none waited."""
    total = waits.sum()
    reached = 0.0
    for k in range(waits.size):
        reached += waits[k]
        if total > 0.0 and reached >= probability * total * (1.0 - 1e-12):
            return float(k)
    return 0.0


@njit(nogil=True, cache=True)
def quantiles(waits: Floats, probabilities: Floats, value: Floats, error: Floats) -> None:
    """Quantiles of the waits of each item, and their standard errors from groups of paths.

    Parameters
    ----------
    waits : (n, groups, bins) units by periods waited. value, error : (n, probabilities) to fill.
    """
    groups = waits.shape[1]
    each = np.empty(groups)
    for i in range(waits.shape[0]):
        together = np.zeros(waits.shape[2])
        for g in range(groups):
            together += waits[i, g]
        for q in range(probabilities.size):
            value[i, q] = _quantile(together, probabilities[q])
            error[i, q] = np.nan
            if groups > 1:
                for g in range(groups):
                    each[g] = _quantile(waits[i, g], probabilities[q])
                error[i, q] = each.std() / np.sqrt(groups - 1.0)
