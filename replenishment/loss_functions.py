"""
Loss functions: how many units a demand is expected to exceed a level by.

First order, for every family: ``loss(x) = E[(D - x)+]``. The complement, what is left over, is
``E[(x - D)+] = x - mean + loss(x)``.

Second order differs by the kind of demand, so that in both cases it is the *sum of first-order losses above
x*, which is what a reorder-point policy averages:

- continuous demand: ``second(x) = E[((D - x)+)**2] / 2``, the integral of ``loss`` over (x, inf);
- whole demand: ``second(x) = E[(D - x)+ (D - x - 1)+] / 2``, the sum of ``loss(y)`` over y = x + 1, x + 2, ...

All arguments broadcast; levels may be negative. A NaN, and a mean or spread out of range, is a ValueError.

Sources: P. H. Zipkin, *Foundations of Inventory Management* (2000), appendix C; E. A. Silver, D. F. Pyke and
D. J. Thomas, *Inventory and Production Management in Supply Chains* (4th ed.), appendix on the unit normal.
The formulas are checked in the tests by summation and by numerical integration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, gammaincc, gammaln, ndtr, xlogy

from replenishment.count_probabilities import (
    negative_binomial_pmf,
    negative_binomial_survival,
    poisson_pmf,
    poisson_survival,
)
from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, as_floats, checked, checked_level

__all__ = [
    "gamma_loss",
    "gamma_second_loss",
    "lognormal_loss",
    "lognormal_second_loss",
    "negative_binomial_loss",
    "negative_binomial_second_loss",
    "normal_loss",
    "normal_second_loss",
    "poisson_loss",
    "poisson_second_loss",
    "standard_normal_loss",
    "standard_normal_loss_inverse",
    "standard_normal_second_loss",
]

_ROOT_TWO_PI = 2.5066282746310002
_ROOT_HALF_PI = 1.2533141373155003
_ROOT_TWO = 1.4142135623730951


def _parameters(x: ArrayLike, **parameters: tuple[ArrayLike, str]) -> list[FloatArray]:
    """Return the level and the parameters of a demand, each with its range checked."""
    return [checked_level(x), *(checked(name, value, allowed) for name, (value, allowed) in parameters.items())]


def _normal_density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * z * z) / _ROOT_TWO_PI)


def standard_normal_loss(z: ArrayLike) -> FloatArray:
    """Return E[(Z - z)+] of a standard normal Z; the upper tail goes through Mills' ratio to stay precise."""
    level = checked_level(z, "z")
    tail = np.maximum(level, 0.0)
    upper = _normal_density(tail) * (1.0 - tail * _ROOT_HALF_PI * erfcx(tail / _ROOT_TWO))
    lower = _normal_density(level) - level * ndtr(-level)
    return as_floats(np.where(level > 0, upper, lower))


def standard_normal_second_loss(z: ArrayLike) -> FloatArray:
    """Return E[((Z - z)+)**2] / 2 of a standard normal Z."""
    level = checked_level(z, "z")
    tail = np.maximum(level, 0.0)
    upper = _normal_density(tail) * ((tail * tail + 1.0) * _ROOT_HALF_PI * erfcx(tail / _ROOT_TWO) - tail)
    lower = (level * level + 1.0) * ndtr(-level) - level * _normal_density(level)
    return as_floats(np.maximum(np.where(level > 0, upper, lower), 0.0) / 2.0)


def standard_normal_loss_inverse(loss: ArrayLike) -> FloatArray:
    """
    Return the z at which E[(Z - z)+] equals a value: the safety factor k with G(k) given.

    Raises
    ------
    ValueError
        Unless ``loss`` is positive and finite.
    """
    wanted = checked("loss", loss, "(0, inf)")
    return smallest_real(lambda z: standard_normal_loss(z) <= wanted, np.zeros_like(wanted), np.ones_like(wanted))


def normal_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> FloatArray:
    """Return E[(D - x)+] of a normal demand; sd = 0 means a demand known for certain."""
    level, mu, sigma = _parameters(x, mean=(mean, "(-inf, inf)"), sd=(sd, "[0, inf)"))
    safe = np.where(sigma > 0, sigma, 1.0)
    uncertain = sigma * standard_normal_loss((level - mu) / safe)
    return as_floats(np.where(sigma > 0, uncertain, np.maximum(mu - level, 0.0)))


def normal_second_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> FloatArray:
    """Return E[((D - x)+)**2] / 2 of a normal demand."""
    level, mu, sigma = _parameters(x, mean=(mean, "(-inf, inf)"), sd=(sd, "[0, inf)"))
    safe = np.where(sigma > 0, sigma, 1.0)
    spread = sigma * sigma * standard_normal_second_loss((level - mu) / safe)
    return as_floats(np.where(sigma > 0, spread, np.maximum(mu - level, 0.0) ** 2 / 2.0))


def poisson_loss(x: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Return E[(D - x)+] of a Poisson demand for any real x."""
    level, mu = _parameters(x, mean=(mean, "[0, inf)"))
    below = np.floor(level)
    inside = mu * poisson_pmf(np.maximum(below, 0.0), mu) + (mu - level) * poisson_survival(below, mu)
    return as_floats(np.where(level < 0, mu - level, np.maximum(inside, 0.0)))


def poisson_second_loss(x: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Return E[(D - x)+ (D - x - 1)+] / 2 of a Poisson demand for whole x (Zipkin 2000, section C.2.2)."""
    level, mu = _parameters(x, mean=(mean, "[0, inf)"))
    gap = level - mu
    inside = (gap * gap + level) * poisson_survival(level, mu) - mu * gap * poisson_pmf(np.maximum(level, 0.0), mu)
    return as_floats(np.where(level < 0, gap * gap + level, np.maximum(inside, 0.0)) / 2.0)


def negative_binomial_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """Return E[(D - x)+] of a negative-binomial demand (variance > mean) for any real x."""
    level, mu, var = _parameters(x, mean=(mean, "(0, inf)"), variance=(variance, "(0, inf)"))
    below = np.maximum(np.floor(level), 0.0)
    weight = mu + below * (var - mu) / mu
    inside = weight * negative_binomial_pmf(below, mu, var) + (mu - level) * negative_binomial_survival(below, mu, var)
    return as_floats(np.where(level < 0, mu - level, np.maximum(inside, 0.0)))


def negative_binomial_second_loss(x: ArrayLike, mean: ArrayLike, variance: ArrayLike) -> FloatArray:
    """Return E[(D - x)+ (D - x - 1)+] / 2 of a negative-binomial demand for whole x (Zipkin 2000, C.2.3)."""
    level, mu, var = _parameters(x, mean=(mean, "(0, inf)"), variance=(variance, "(0, inf)"))
    below = np.maximum(level, 0.0)
    odds = (var - mu) / mu
    square = (level - mu) ** 2 + (var - mu) + level
    density = negative_binomial_pmf(below, mu, var)
    inside = square * negative_binomial_survival(below, mu, var) - (level - mu - odds) * (mu + below * odds) * density
    return as_floats(np.where(level < 0, square, np.maximum(inside, 0.0)) / 2.0)


def _gamma_parts(x: FloatArray, mean: FloatArray, sd: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (P(D > x), x times the density of D at x, the scale) of a gamma demand, for x >= 0."""
    shape, scale = (mean / sd) ** 2, sd * sd / mean
    level = np.maximum(x, 0.0) / scale
    density = np.exp(xlogy(shape, level) - level - gammaln(shape))
    return gammaincc(shape, level), density, scale


def gamma_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> FloatArray:
    """Return E[(D - x)+] of a gamma demand."""
    level, mu, sigma = _parameters(x, mean=(mean, "(0, inf)"), sd=(sd, "(0, inf)"))
    survival, density, scale = _gamma_parts(level, mu, sigma)
    return as_floats(np.where(level < 0, mu - level, np.maximum((mu - level) * survival + scale * density, 0.0)))


def gamma_second_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> FloatArray:
    """Return E[((D - x)+)**2] / 2 of a gamma demand."""
    level, mu, sigma = _parameters(x, mean=(mean, "(0, inf)"), sd=(sd, "(0, inf)"))
    survival, density, scale = _gamma_parts(level, mu, sigma)
    square = (mu - level) ** 2 + sigma * sigma
    inside = square * survival + (mu - level + scale) * scale * density
    return as_floats(np.where(level < 0, square, np.maximum(inside, 0.0)) / 2.0)


def lognormal_loss(x: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> FloatArray:
    """Return E[(D - x)+] of a lognormal demand; ``mu`` and ``sigma`` are those of log D."""
    level, location, spread = _parameters(x, mu=(mu, "(-inf, inf)"), sigma=(sigma, "(0, inf)"))
    z = (location - np.log(np.where(level > 0, level, 1.0))) / spread
    mean = np.exp(location + spread * spread / 2.0)
    inside = mean * ndtr(z + spread) - level * ndtr(z)
    return as_floats(np.where(level > 0, np.maximum(inside, 0.0), mean - level))


def lognormal_second_loss(x: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> FloatArray:
    """Return E[((D - x)+)**2] / 2 of a lognormal demand; ``mu`` and ``sigma`` are those of log D."""
    level, location, spread = _parameters(x, mu=(mu, "(-inf, inf)"), sigma=(sigma, "(0, inf)"))
    z = (location - np.log(np.where(level > 0, level, 1.0))) / spread
    mean, square = np.exp(location + spread**2 / 2.0), np.exp(2.0 * location + 2.0 * spread**2)
    inside = square * ndtr(z + 2.0 * spread) - 2.0 * level * mean * ndtr(z + spread) + level * level * ndtr(z)
    outside = square - 2.0 * level * mean + level * level
    return as_floats(np.where(level > 0, np.maximum(inside, 0.0), outside) / 2.0)
