"""
The parametric demands of the textbooks, one small class each, behind one protocol.

Every policy of this package takes *any* object with the methods of :class:`Demand`: the classes here, the
empirical ones of :mod:`replenishment.discrete_demand`, or a forecast that offers the same methods. Parameters
may be arrays (one entry an item); methods broadcast over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, gammainccinv, gammaincinv, ndtr, ndtri

from replenishment import loss_functions as losses
from replenishment.count_probabilities import (
    negative_binomial_cdf,
    negative_binomial_pmf,
    negative_binomial_survival,
    poisson_cdf,
    poisson_pmf,
    poisson_survival,
)
from replenishment.root_finding import smallest_integer
from replenishment.validation import FloatArray, as_floats, checked, checked_level

__all__ = [
    "CountDemand",
    "Demand",
    "GammaDemand",
    "LognormalDemand",
    "NegativeBinomialDemand",
    "NormalDemand",
    "PoissonDemand",
    "count_demand",
]


@runtime_checkable
class Demand(Protocol):
    """
    What a policy has to know of a demand over some interval.

    Attributes and methods give arrays in the shape of the parameters (broadcast with the argument):
    ``whole`` says whether demand comes in whole units only (one answer, or one an item);
    ``cdf(x) = P(D <= x)``; ``survival(x) = P(D > x)``;
    ``quantile(p)`` is the smallest level x with ``cdf(x) >= p``; ``loss`` and ``second_loss`` are those of
    :mod:`replenishment.loss_functions`.
    """

    @property
    def whole(self) -> bool | NDArray[np.bool_]: ...
    @property
    def mean(self) -> FloatArray: ...
    @property
    def variance(self) -> FloatArray: ...
    def cdf(self, x: ArrayLike) -> FloatArray: ...
    def survival(self, x: ArrayLike) -> FloatArray: ...
    def quantile(self, probability: ArrayLike) -> FloatArray: ...
    def loss(self, x: ArrayLike) -> FloatArray: ...
    def second_loss(self, x: ArrayLike) -> FloatArray: ...
    def sum_over(self, periods: ArrayLike) -> Demand: ...


@runtime_checkable
class CountDemand(Demand, Protocol):
    """A demand in whole units, which also knows ``pmf(k) = P(D = k)``."""

    def pmf(self, k: ArrayLike) -> FloatArray: ...


def _probability(value: ArrayLike) -> FloatArray:
    return checked("probability", value, "(0, 1)")


@dataclass(frozen=True, init=False)
class NormalDemand:
    """
    Normal demand with a mean and a standard deviation (units per interval).

    A standard deviation of zero is a demand known for certain. Negative demand has probability
    ``cdf(0)``: keep the coefficient of variation below a half or use :class:`GammaDemand`.
    """

    mean: FloatArray
    sd: FloatArray

    def __init__(self, mean: ArrayLike, sd: ArrayLike) -> None:
        object.__setattr__(self, "mean", checked("mean", mean, "(0, inf)"))
        object.__setattr__(self, "sd", checked("sd", sd, "[0, inf)"))

    whole = False

    @property
    def variance(self) -> FloatArray:
        """The square of ``sd``."""
        return self.sd**2

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        gap = checked_level(x) - self.mean
        return as_floats(np.where(self.sd > 0, ndtr(gap / np.where(self.sd > 0, self.sd, 1.0)), gap >= 0))

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        gap = self.mean - checked_level(x)
        return as_floats(np.where(self.sd > 0, ndtr(gap / np.where(self.sd > 0, self.sd, 1.0)), gap > 0))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the level with P(D <= level) = probability."""
        return as_floats(self.mean + self.sd * ndtri(_probability(probability)))

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return losses.normal_loss(x, self.mean, self.sd)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[((D - x)+)**2] / 2."""
        return losses.normal_second_loss(x, self.mean, self.sd)

    def sum_over(self, periods: ArrayLike) -> Self:
        """Return the demand over several independent intervals (any positive number of them)."""
        count = checked("periods", periods, "(0, inf)")
        return type(self)(self.mean * count, self.sd * np.sqrt(count))


@dataclass(frozen=True, init=False)
class PoissonDemand:
    """Poisson demand in whole units; the variance equals the mean."""

    mean: FloatArray

    def __init__(self, mean: ArrayLike) -> None:
        object.__setattr__(self, "mean", checked("mean", mean, "(0, inf)"))

    whole = True

    @property
    def variance(self) -> FloatArray:
        """The mean."""
        return self.mean

    def pmf(self, k: ArrayLike) -> FloatArray:
        """Return P(D = k) for whole k."""
        return poisson_pmf(k, self.mean)

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return poisson_cdf(checked_level(x), self.mean)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return poisson_survival(checked_level(x), self.mean)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest whole level with P(D <= level) >= probability."""
        wanted, sd = _probability(probability), np.sqrt(self.mean)
        guess = self.mean + sd * ndtri(wanted) + (ndtri(wanted) ** 2 - 1.0) / 6.0
        return smallest_integer(lambda k: self.cdf(k) >= wanted, guess, 0.1 * sd)

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return losses.poisson_loss(x, self.mean)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+ (D - x - 1)+] / 2 for whole x."""
        return losses.poisson_second_loss(x, self.mean)

    def sum_over(self, periods: ArrayLike) -> Self:
        """Return the demand over an interval ``periods`` times as long."""
        return type(self)(self.mean * checked("periods", periods, "(0, inf)"))


@dataclass(frozen=True, init=False)
class NegativeBinomialDemand:
    """Negative-binomial demand in whole units, by its mean and a variance above the mean."""

    mean: FloatArray
    variance: FloatArray

    def __init__(self, mean: ArrayLike, variance: ArrayLike) -> None:
        average, spread = checked("mean", mean, "(0, inf)"), checked("variance", variance, "(0, inf)")
        if np.any(spread <= average):
            raise ValueError(f"variance is {variance!r}; it must lie in (mean, inf), and the mean is {mean!r}")
        object.__setattr__(self, "mean", average)
        object.__setattr__(self, "variance", spread)

    whole = True

    def pmf(self, k: ArrayLike) -> FloatArray:
        """Return P(D = k) for whole k."""
        return negative_binomial_pmf(k, self.mean, self.variance)

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return negative_binomial_cdf(checked_level(x), self.mean, self.variance)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return negative_binomial_survival(checked_level(x), self.mean, self.variance)

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest whole level with P(D <= level) >= probability."""
        wanted, sd = _probability(probability), np.sqrt(self.variance)
        skewness = (2.0 - self.mean / self.variance) * sd / self.mean
        z = ndtri(wanted)
        guess = np.maximum(self.mean + sd * (z + skewness * (z * z - 1.0) / 6.0), 0.0)
        return smallest_integer(lambda k: self.cdf(k) >= wanted, guess, 0.1 * sd)

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return losses.negative_binomial_loss(x, self.mean, self.variance)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+ (D - x - 1)+] / 2 for whole x."""
        return losses.negative_binomial_second_loss(x, self.mean, self.variance)

    def sum_over(self, periods: ArrayLike) -> Self:
        """Return the demand over several independent intervals (any positive number of them)."""
        count = checked("periods", periods, "(0, inf)")
        return type(self)(self.mean * count, self.variance * count)


@dataclass(frozen=True, init=False)
class GammaDemand:
    """Gamma demand: continuous, never negative, skewed; by its mean and standard deviation."""

    mean: FloatArray
    sd: FloatArray

    def __init__(self, mean: ArrayLike, sd: ArrayLike) -> None:
        object.__setattr__(self, "mean", checked("mean", mean, "(0, inf)"))
        object.__setattr__(self, "sd", checked("sd", sd, "(0, inf)"))

    whole = False

    @property
    def variance(self) -> FloatArray:
        """The square of ``sd``."""
        return self.sd**2

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return 1.0 - self.survival(x)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        level = np.maximum(checked_level(x), 0.0)
        return as_floats(gammaincc((self.mean / self.sd) ** 2, level * self.mean / self.variance))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the level with P(D <= level) = probability."""
        wanted, shape = _probability(probability), (self.mean / self.sd) ** 2
        upper = gammainccinv(shape, np.where(wanted > 0.5, 1.0 - wanted, 0.5))
        return as_floats(np.where(wanted > 0.5, upper, gammaincinv(shape, wanted)) * self.variance / self.mean)

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return losses.gamma_loss(x, self.mean, self.sd)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[((D - x)+)**2] / 2."""
        return losses.gamma_second_loss(x, self.mean, self.sd)

    def sum_over(self, periods: ArrayLike) -> Self:
        """Return the demand over several independent intervals (any positive number of them)."""
        count = checked("periods", periods, "(0, inf)")
        return type(self)(self.mean * count, self.sd * np.sqrt(count))


@dataclass(frozen=True, init=False)
class LognormalDemand:
    """Lognormal demand; ``mu`` and ``sigma`` are the mean and the standard deviation of log D."""

    mu: FloatArray
    sigma: FloatArray

    def __init__(self, mu: ArrayLike, sigma: ArrayLike) -> None:
        object.__setattr__(self, "mu", checked("mu", mu, "(-inf, inf)"))
        object.__setattr__(self, "sigma", checked("sigma", sigma, "(0, inf)"))

    whole = False

    @property
    def mean(self) -> FloatArray:
        """exp(mu + sigma**2 / 2)."""
        return as_floats(np.exp(self.mu + self.sigma**2 / 2.0))

    @property
    def variance(self) -> FloatArray:
        """mean**2 (exp(sigma**2) - 1)."""
        return as_floats(self.mean**2 * np.expm1(self.sigma**2))

    def _z(self, x: ArrayLike) -> FloatArray:
        level = checked_level(x)
        inside = (np.log(np.where(level > 0, level, 1.0)) - self.mu) / self.sigma
        return np.where(level > 0, inside, -np.inf)

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return as_floats(ndtr(self._z(x)))

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return as_floats(ndtr(-self._z(x)))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the level with P(D <= level) = probability."""
        return as_floats(np.exp(self.mu + self.sigma * ndtri(_probability(probability))))

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return losses.lognormal_loss(x, self.mu, self.sigma)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[((D - x)+)**2] / 2."""
        return losses.lognormal_second_loss(x, self.mu, self.sigma)

    def sum_over(self, periods: ArrayLike) -> Self:
        """
        Return the lognormal with the mean and variance of a sum of independent intervals.

        The sum of lognormals is not lognormal: this is the two-moment fit of L. F. Fenton (1960), exact for
        one interval only.
        """
        count = checked("periods", periods, "(0, inf)")
        spread = np.log1p(np.expm1(self.sigma**2) / count)
        return type(self)(np.log(self.mean * count) - spread / 2.0, np.sqrt(spread))


def count_demand(mean: ArrayLike, variance: ArrayLike) -> PoissonDemand | NegativeBinomialDemand:
    """
    Return a demand in whole units with two given moments: Poisson where they agree, else negative binomial.

    Raises
    ------
    ValueError
        When some variance lies below the mean by more than a part in 1e9: neither family can be so regular.
    """
    average, spread = checked("mean", mean, "(0, inf)"), checked("variance", variance, "(0, inf)")
    if np.any(spread < average * (1.0 - 1e-9)):
        raise ValueError(f"variance is {variance!r}; it must lie in [mean, inf), and the mean is {mean!r}")
    if np.all(spread <= average * (1.0 + 1e-9)):
        return PoissonDemand(average)
    return NegativeBinomialDemand(average, np.maximum(spread, average * (1.0 + 1e-9)))
