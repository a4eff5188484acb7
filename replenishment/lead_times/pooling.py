"""How far a group's own records may be trusted against the law of its class: empirical Bayes by evidence."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

__all__ = ["USUAL_STRENGTH", "count_cells", "prior_strengths"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Orders that a prior counts for where the data say nothing about it.
USUAL_STRENGTH: Final = 8.0
# Candidate strengths: an eighth of an order to 256 orders.
_CANDIDATES: Final = 2.0 ** np.arange(-3, 9)
# One standard deviation of what is believed beforehand about a strength, in doublings.
_DOUBLINGS: Final = 2.0
# Cells of equal prior probability, and one for each far end, where a prior and the records part ways.
_EDGES: Final = np.array([1 / 64, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8, 63 / 64])
# What no prior rules out entirely.
_FLOOR: Final = 1e-3


def count_cells(prior: Floats, group: Integers, place: Integers, weight: Floats) -> tuple[Floats, Floats]:
    """Count what came in cells that the prior law of each group divides evenly.

    Parameters
    ----------
    prior : (g, d) laws. group, place, weight : (m,) the orders that came.

    Returns
    -------
    counts, expected : (g, 10) orders in each cell, and the prior probability of the cell.
    """
    cumulative = np.cumsum(prior, axis=1)
    edges = np.stack([np.argmax(cumulative >= q - 1e-12, axis=1) for q in _EDGES], axis=1)
    below = np.take_along_axis(cumulative, edges, axis=1)
    expected = np.diff(below, axis=1, prepend=0.0, append=1.0)
    expected = (np.maximum(expected, 0.0) + _FLOOR) / (1.0 + _FLOOR * expected.shape[1])
    cell = (place[:, None] > edges[group]).sum(axis=1)
    order = np.lexsort((weight, cell, group))
    flat = group[order] * expected.shape[1] + cell[order]
    counts = np.bincount(flat, weights=weight[order], minlength=expected.size)
    return np.asarray(counts.reshape(expected.shape), dtype=np.float64), expected


def prior_strengths(counts: Floats, expected: Floats) -> Floats:
    """Return for how many orders the prior of each group counts.

    Parameters
    ----------
    counts, expected : (g, c), from :func:`count_cells`.

    Returns
    -------
    (g,) strengths, powers of two from 1/8 to 256. Small where groups differ more from their prior than chance allows.

    Notes
    -----
    The counts of a group are Dirichlet-multinomial around ``strength`` times ``expected``; the strength that is most
    likely for all other groups together is found first, then that of each group around it, so that a group that
    contradicts its prior frees itself (T. Minka 2000, Estimating a Dirichlet distribution). The belief beforehand is
    lognormal: about 8 orders, a factor of 4 either way.
    """
    if not len(counts):
        return np.zeros(0)
    likelihood = np.stack([_log_likelihood(counts, expected, s) for s in _CANDIDATES], axis=1)
    # What is common is learnt from the others: no group's counts speak twice.
    common = _best(likelihood.sum(axis=0) - likelihood, np.array(USUAL_STRENGTH))
    return _best(likelihood, common[:, None])


def _best(likelihood: Floats, centre: Floats) -> Floats:
    belief = -0.5 * (np.log2(_CANDIDATES / centre) / _DOUBLINGS) ** 2
    # Rounded: candidates that differ by the dust of a sum are alike.
    return np.asarray(_CANDIDATES[np.argmax(np.round(likelihood + belief, 9), axis=-1)])


def _log_likelihood(counts: Floats, expected: Floats, strength: float) -> Floats:
    """Log-likelihood of each group's counts under one strength, up to what does not depend on it."""
    alpha = strength * expected
    inner = (gammaln(alpha + counts) - gammaln(alpha)).sum(axis=1)
    return np.asarray(inner + gammaln(strength) - gammaln(strength + counts.sum(axis=1)))
