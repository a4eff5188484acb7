"""Losses of quantiles, intervals and whole distributions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.distributions import LeadTimeDemand
from forecasting.metrics.point import Average, average, naive_scale, observed_mean

__all__ = [
    "crps",
    "interval_score",
    "lead_time_crps",
    "lead_time_pinball",
    "msis",
    "pinball",
    "scaled_pinball",
    "scaled_quantile_loss",
    "wspl",
]

Floats = npt.NDArray[np.float64]
_ROWS_AT_ONCE = 4096


def pinball(actual: npt.ArrayLike, quantiles: npt.ArrayLike, levels: npt.ArrayLike) -> Floats:
    """Quantile loss: level x (actual - quantile)+ + (1 - level) x (quantile - actual)+, units.

    Its mean is least for the true quantile (Koenker and Bassett 1978, Econometrica 46, 33-50). No factor of 2.

    Parameters
    ----------
    actual : any shape. quantiles : that shape and, last, k levels. levels : (k,) in (0, 1).

    Returns
    -------
    The shape of ``quantiles``; NaN where either is.

    Raises
    ------
    ValueError
        A level outside (0, 1).
    """
    level = np.asarray(levels, dtype=np.float64)
    if not ((level > 0) & (level < 1)).all():
        raise ValueError(f"levels are {levels!r}; they must lie in (0, 1)")
    short = np.asarray(actual, dtype=np.float64)[..., None] - np.asarray(quantiles, dtype=np.float64)
    return np.asarray(np.maximum(level * short, (level - 1.0) * short))


def lead_time_pinball(demand: LeadTimeDemand, actual: npt.ArrayLike, levels: npt.ArrayLike) -> Floats:
    """Pinball loss of each distribution's quantiles against the actual sum (n,); (n, k)."""
    level = np.atleast_1d(np.asarray(levels, dtype=np.float64))
    quantiles = np.empty((len(demand), len(level)))
    for k, p in enumerate(level):
        quantiles[:, k] = demand.quantile(p)
    return pinball(actual, quantiles, level)


def scaled_pinball(
    actual: npt.ArrayLike, quantiles: npt.ArrayLike, levels: npt.ArrayLike, history: npt.ArrayLike
) -> Floats:
    """Pinball loss averaged over periods, over the naive forecast's absolute error since the first demand.

    Parameters
    ----------
    actual : (n, h). quantiles : (n, h, k). levels : (k,).
    history : (n, T), see :func:`forecasting.metrics.point.naive_scale`.

    Returns
    -------
    (n, k); NaN where the scale is not defined.

    References
    ----------
    SPL of the M5 uncertainty competition: Makridakis, Spiliotis, Assimakopoulos, Chen, Gaba, Tsetlin and Winkler
    (2022), Int. J. Forecasting 38, 1365-1385.
    """
    return _mean_over_periods(actual, quantiles, levels) / naive_scale(history, from_first_demand=True)[:, None]


def wspl(
    actual: npt.ArrayLike,
    quantiles: npt.ArrayLike,
    levels: npt.ArrayLike,
    history: npt.ArrayLike,
    weights: npt.ArrayLike,
) -> Average:
    """Weighted scaled pinball loss of the M5: the mean over levels of :func:`scaled_pinball`, weighted by series."""
    return average(scaled_pinball(actual, quantiles, levels, history).mean(axis=1), weights)


def scaled_quantile_loss(
    actual: npt.ArrayLike, quantiles: npt.ArrayLike, levels: npt.ArrayLike, history: npt.ArrayLike, *, season: int = 1
) -> Floats:
    """Twice the pinball loss, averaged over periods and levels, over the seasonal naive error; (n,).

    The SQL of GluonTS, AutoGluon and fev; for the median alone it is the MASE. Parameters as in
    :func:`scaled_pinball`; the whole history gives the scale.
    """
    loss = 2.0 * _mean_over_periods(actual, quantiles, levels).mean(axis=1)
    return np.asarray(loss / naive_scale(history, season=season))


def interval_score(actual: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike, coverage: float) -> Floats:
    """Width of a central interval plus 2 / (1 - coverage) for each unit by which the actual lies outside.

    Units, in the shape of the arguments; NaN where one of them is.

    Raises
    ------
    ValueError
        A coverage outside (0, 1).

    References
    ----------
    Winkler (1972), J. Am. Stat. Assoc. 67, 187-191. Gneiting and Raftery (2007), ibid. 102, 359-378, eq. 43.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage is {coverage}; it must lie in (0, 1)")
    truth, low, high = (np.asarray(x, dtype=np.float64) for x in (actual, lower, upper))
    outside = np.maximum(low - truth, 0.0) + np.maximum(truth - high, 0.0)
    return np.asarray(high - low + 2.0 / (1.0 - coverage) * outside)


def msis(
    actual: npt.ArrayLike,
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    history: npt.ArrayLike,
    *,
    coverage: float = 0.95,
    season: int = 1,
) -> Floats:
    """Mean scaled interval score of each series: the M4's measure of intervals; (n,).

    Parameters
    ----------
    actual, lower, upper : (n, h). history, season : see :func:`forecasting.metrics.point.naive_scale`.
    """
    score = interval_score(actual, lower, upper, coverage)
    mean = observed_mean(score, np.broadcast_to(np.asarray(actual, dtype=np.float64), score.shape), axis=-1)
    return np.asarray(mean / naive_scale(history, season=season))


def crps(actual: npt.ArrayLike, samples: npt.ArrayLike, *, fair: bool = False) -> Floats:
    """Continuous ranked probability score of samples: E|X - actual| - E|X - X'| / 2, units.

    Parameters
    ----------
    actual : (n,). samples : (n, m) in any order.
    fair : estimate the score of the distribution that the samples were drawn from (E|X - X'| over different draws);
        otherwise score the samples themselves as the distribution.

    Returns
    -------
    (n,); NaN where the actual or a draw is.

    References
    ----------
    Gneiting and Raftery (2007), J. Am. Stat. Assoc. 102, eq. 21. Fair: Ferro (2014), Q. J. R. Meteorol. Soc. 140.
    """
    truth = np.atleast_1d(np.asarray(actual, dtype=np.float64))
    draws = np.atleast_2d(np.asarray(samples))
    m = draws.shape[1]
    # Sum over all pairs of |x_i - x_j| = 2 x sum of (2 i - m - 1) x_(i), so that no pair is visited.
    weight = 2.0 * np.arange(1, m + 1) - m - 1.0
    pairs = m * (m - 1) if fair else m * m
    out = np.empty(len(draws))
    for first in range(0, len(draws), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        # Distances from the actual: the difference of two large sums would lose digits.
        ordered = np.sort(draws[part].astype(np.float64) - truth[part, None], axis=1)
        out[part] = np.abs(ordered).mean(axis=1) - (ordered * weight).sum(axis=1) / pairs
    return out


def lead_time_crps(demand: LeadTimeDemand, actual: npt.ArrayLike) -> Floats:
    """Continuous ranked probability score of each distribution, fitted tail included, against the actual sum; (n,).

    The integral of (P(D <= x) - 1{x >= actual})^2 splits at the threshold: below it the sample's own score, above it
    that of an exponential (for whole numbers geometric) tail.
    """
    truth = np.broadcast_to(np.asarray(actual, dtype=np.float64), (len(demand),))
    body = crps(np.minimum(truth, demand.threshold), np.minimum(demand.samples, demand.threshold[:, None]))
    return body + _tail_crps(np.maximum(truth - demand.threshold, 0.0), demand)


def _tail_crps(beyond: Floats, demand: LeadTimeDemand) -> Floats:
    """Integral above the threshold; the actual lies ``beyond`` units above it (0 if below)."""
    survival = demand.survival
    excess = np.where(survival > 0, demand.excess, 1.0)
    # Where whole: ratio of the survival function from one unit to the next; `steps` whole units and a rest.
    ratio = np.maximum(1.0 - 1.0 / excess, 0.0)
    steps = np.floor(beyond)
    geometric = (1.0 - ratio**steps) / (1.0 - ratio) + (beyond - steps) * ratio**steps
    exponential = excess * -np.expm1(-beyond / excess)
    below_actual = np.where(demand.integral, geometric, exponential)
    squared = np.where(demand.integral, 1.0 / (1.0 - ratio**2), excess / 2.0)
    return np.asarray(beyond - 2.0 * survival * below_actual + survival**2 * squared)


def _mean_over_periods(actual: npt.ArrayLike, quantiles: npt.ArrayLike, levels: npt.ArrayLike) -> Floats:
    """Pinball loss (n, h, k) averaged over the observed periods; (n, k)."""
    loss = pinball(actual, quantiles, levels)
    return observed_mean(loss, np.broadcast_to(np.asarray(actual, dtype=np.float64)[..., None], loss.shape), axis=1)
