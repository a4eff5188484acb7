"""Poisson and negative-binomial probabilities that stay exact to the last digits for large means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, gammainc, gammaincc, gammaln

from replenishment.validation import FloatArray, as_floats, checked, checked_level

__all__ = [
    "negative_binomial_cdf",
    "negative_binomial_pmf",
    "negative_binomial_survival",
    "poisson_cdf",
    "poisson_pmf",
    "poisson_survival",
]

_HALF_LOG_TWO_PI = 0.9189385332046727


def _stirling_error(z: FloatArray) -> FloatArray:
    """Return log(Gamma(z + 1)) minus Stirling's formula, for z > 0 (Loader 2000, section 4)."""
    small = np.minimum(z, 16.0)
    direct = gammaln(small + 1.0) - (small + 0.5) * np.log(small) + small - _HALF_LOG_TWO_PI
    large = np.maximum(z, 16.0)
    inverse = 1.0 / (large * large)
    series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / large
    return np.where(z < 16.0, direct, series)


def _deviance(x: FloatArray, mean: FloatArray) -> FloatArray:
    """Return x log(x / mean) + mean - x without cancellation, for x > 0 (Loader's bd0)."""
    relative = (x - mean) / mean
    return np.asarray(mean * ((1.0 + relative) * np.log1p(relative) - relative))


def poisson_pmf(k: ArrayLike, mean: ArrayLike) -> FloatArray:
    """
    Return P(D = k) of a Poisson demand, zero for negative k; all arguments broadcast, k whole, mean >= 0.

    Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000): the saddle-point
    form keeps about 14 digits where ``exp(k log(mean) - mean - log k!)`` loses one for each factor ten.
    """
    count, rate = np.broadcast_arrays(checked_level(k, "k"), checked("mean", mean, "[0, inf)"))
    positive, safe_rate = np.maximum(count, 1.0), np.maximum(rate, 1e-300)
    exponent = -_stirling_error(positive) - _deviance(positive, safe_rate)
    value = np.exp(exponent) / np.sqrt(2.0 * np.pi * positive)
    value = np.where(rate > 0, value, 0.0)
    return as_floats(np.where(count > 0, value, np.where(count == 0, np.exp(-rate), 0.0)))


def poisson_cdf(k: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Return P(D <= k) of a Poisson demand for any real k (the next whole number below counts)."""
    count, rate = np.floor(checked_level(k, "k")), checked("mean", mean, "[0, inf)")
    return as_floats(np.where(count < 0, 0.0, gammaincc(np.maximum(count, 0.0) + 1.0, rate)))


def poisson_survival(k: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Return P(D > k) of a Poisson demand for any real k, with full relative precision in the tail."""
    count, rate = np.floor(checked_level(k, "k")), checked("mean", mean, "[0, inf)")
    return as_floats(np.where(count < 0, 1.0, gammainc(np.maximum(count, 0.0) + 1.0, rate)))


def _negative_binomial(k: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a count and the moments of a negative-binomial demand after checking them."""
    mu, var = checked("mean", mean, "(0, inf)"), checked("variance", variance, "(0, inf)")
    if np.any(var <= mu):
        raise ValueError(f"variance is {variance!r}; it must lie in (mean, inf), and the mean is {mean!r}")
    return checked_level(k, "k"), mu, var


def negative_binomial_pmf(k: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """
    Return P(D = k) of a negative-binomial demand with variance > mean > 0, zero for negative k.

    The binomial part is Loader's saddle-point form with a real number of trials.
    """
    count, mu, var = np.broadcast_arrays(*_negative_binomial(k, mean, variance))
    size, success = mu * mu / (var - mu), mu / var
    positive = np.maximum(count, 1.0)
    trials = size + positive
    exponent = (
        _stirling_error(trials)
        - _stirling_error(size)
        - _stirling_error(positive)
        - _deviance(size, trials * success)
        - _deviance(positive, trials * (var - mu) / var)
    )
    value = np.exp(exponent) * np.sqrt(size / (2.0 * np.pi * positive * trials))
    at_zero = np.exp(size * np.log(success))
    return as_floats(np.where(count > 0, value, np.where(count == 0, at_zero, 0.0)))


def negative_binomial_cdf(k: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """Return P(D <= k) of a negative-binomial demand for any real k."""
    level, mu, var = _negative_binomial(k, mean, variance)
    count = np.floor(level)
    inside = betainc(mu * mu / (var - mu), np.maximum(count, 0.0) + 1.0, mu / var)
    return as_floats(np.where(count < 0, 0.0, inside))


def negative_binomial_survival(k: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """Return P(D > k) of a negative-binomial demand for any real k, precise in the tail."""
    level, mu, var = _negative_binomial(k, mean, variance)
    count = np.floor(level)
    # the mirrored integral is as precise in the tail as betaincc, and a dozen times faster
    inside = betainc(np.maximum(count, 0.0) + 1.0, mu * mu / (var - mu), (var - mu) / var)
    return as_floats(np.where(count < 0, 1.0, inside))
