"""Demands that are given by their values: a probability table, a sample, or a mixture of other demands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import Demand
from replenishment.root_finding import smallest_level
from replenishment.validation import FloatArray, as_floats, checked, checked_level, checked_total, checked_whole

__all__ = ["DiscreteDemand", "MixtureDemand", "demand_over_random_lead_time"]


@dataclass(frozen=True, init=False)
class DiscreteDemand:
    """
    The demand of one item as a table of values and probabilities.

    Parameters
    ----------
    values
        Units demanded, each at least zero, in any order; equal values are added up. Shape (n,).
    probabilities
        Their probabilities, shape (n,), adding up to 1.

    Notes
    -----
    ``whole`` is true when every value is a whole number; levels of a policy are then whole as well.
    Sums over periods are exact convolutions.
    """

    values: FloatArray
    probabilities: FloatArray
    _tails: FloatArray

    def __init__(self, values: ArrayLike, probabilities: ArrayLike) -> None:
        points = np.atleast_1d(checked("values", values, "[0, inf)"))
        weights = checked_total("probabilities", probabilities)
        if points.shape != weights.shape or points.ndim != 1:
            raise ValueError(f"values has shape {points.shape} and probabilities {weights.shape}; both must be (n,)")
        support, place = np.unique(points, return_inverse=True)
        mass = np.bincount(place, weights=weights)
        moments = mass * np.stack([np.ones_like(support), support, support**2])
        tails = np.concatenate([np.cumsum(moments[:, ::-1], axis=1)[:, ::-1], np.zeros((3, 1))], axis=1)
        object.__setattr__(self, "values", support)
        object.__setattr__(self, "probabilities", mass)
        object.__setattr__(self, "_tails", tails)

    @classmethod
    def from_sample(cls, sample: ArrayLike) -> Self:
        """Return the empirical demand of a sample: every observation has the same probability."""
        observations = np.atleast_1d(checked("sample", sample, "[0, inf)")).ravel()
        if observations.size == 0:
            raise ValueError("sample is empty; it must hold at least one observation")
        return cls(observations, np.full(observations.size, 1.0 / observations.size))

    @classmethod
    def from_pmf(cls, pmf: ArrayLike) -> Self:
        """Return the demand with P(D = k) = pmf[k], k = 0, 1, 2, ..."""
        weights = np.atleast_1d(np.asarray(pmf, dtype=np.float64))
        return cls(np.arange(weights.size), weights)

    @property
    def whole(self) -> bool:
        """Whether every value is a whole number."""
        return bool(np.all(self.values == np.round(self.values)))

    @property
    def mean(self) -> FloatArray:
        """The expected demand."""
        return as_floats(self._tails[1, 0])

    @property
    def variance(self) -> FloatArray:
        """The variance of the demand."""
        return as_floats(self.probabilities @ (self.values - self.mean) ** 2)

    def _above(self, x: FloatArray) -> FloatArray:
        """Return P(D > x), E[D; D > x] and E[D**2; D > x], stacked along the first axis."""
        return np.asarray(self._tails[:, np.searchsorted(self.values, x, side="right")])

    def pmf(self, k: ArrayLike) -> FloatArray:
        """Return P(D = k)."""
        level = np.asarray(k, dtype=np.float64)
        place = np.minimum(np.searchsorted(self.values, level), self.values.size - 1)
        return as_floats(np.where(self.values[place] == level, self.probabilities[place], 0.0))

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return 1.0 - self.survival(x)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return as_floats(self._above(checked_level(x))[0])

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest value with P(D <= value) >= probability (within 1e-12)."""
        wanted = checked("probability", probability, "(0, 1)")
        place = np.searchsorted(np.cumsum(self.probabilities), wanted - 1e-12)
        return as_floats(self.values[np.minimum(place, self.values.size - 1)])

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        level = checked_level(x)
        share, first, _ = self._above(level)
        return as_floats(np.maximum(first - level * share, 0.0))

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+ (D - x - 1)+] / 2 for whole demand, else E[((D - x)+)**2] / 2."""
        level = checked_level(x)
        share, first, second = self._above(level)
        square = second - 2.0 * level * first + level * level * share
        return as_floats(np.maximum(square - (first - level * share if self.whole else 0.0), 0.0) / 2.0)

    def sum_over(self, periods: ArrayLike) -> DiscreteDemand:
        """Return the demand over a whole number of independent intervals, by repeated convolution."""
        count = checked_whole("periods", float(np.asarray(periods)), "[1, inf)")
        if not self.whole:
            return self._sum_of_reals(count)
        result, power = np.ones(1), np.bincount(self.values.astype(np.int64), weights=self.probabilities)
        while count:
            if count & 1:
                result = np.convolve(result, power)
            count >>= 1
            if count:
                power = np.convolve(power, power)
        return DiscreteDemand(np.arange(result.size), result / result.sum())

    def _sum_of_reals(self, count: int) -> DiscreteDemand:
        total = self
        for _ in range(count - 1):
            values = np.add.outer(total.values, self.values).ravel()
            weights = np.multiply.outer(total.probabilities, self.probabilities).ravel()
            total = DiscreteDemand(np.round(values, 9), weights)
        return total


@dataclass(frozen=True)
class MixtureDemand:
    """
    A demand that is one of several with given probabilities (for instance one for each lead time).

    Parameters
    ----------
    weights
        Probabilities of the components, adding up to 1.
    components
        Demands of one kind: all whole or all continuous.
    """

    weights: tuple[float, ...]
    components: tuple[Demand, ...]

    def __post_init__(self) -> None:
        checked_total("weights", self.weights)
        if len(self.weights) != len(self.components):
            raise ValueError(f"weights has {len(self.weights)} entries for {len(self.components)} components")
        if len({bool(np.all(component.whole)) for component in self.components}) != 1:
            raise ValueError("components mixes whole and continuous demands; they must be of one kind")

    @property
    def whole(self) -> bool:
        """Whether demand comes in whole units."""
        return bool(np.all(self.components[0].whole))

    def _average(self, parts: Sequence[FloatArray]) -> FloatArray:
        total = np.sum([weight * part for weight, part in zip(self.weights, parts, strict=True)], axis=0)
        return as_floats(total)

    @property
    def mean(self) -> FloatArray:
        """The expected demand."""
        return self._average([component.mean for component in self.components])

    @property
    def variance(self) -> FloatArray:
        """The mean of the variances plus the variance of the means."""
        squares = self._average([component.variance + component.mean**2 for component in self.components])
        return squares - self.mean**2

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return self._average([component.cdf(x) for component in self.components])

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return self._average([component.survival(x) for component in self.components])

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest level with P(D <= level) >= probability."""
        wanted = checked("probability", probability, "(0, 1)")
        start = np.broadcast_arrays(self.mean, wanted)[0]
        spread = np.sqrt(self.variance)
        return smallest_level(lambda x: self.cdf(x) >= wanted, start, spread, whole=self.whole)

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return self._average([component.loss(x) for component in self.components])

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return the second-order loss of :mod:`replenishment.loss_functions`."""
        return self._average([component.second_loss(x) for component in self.components])

    def sum_over(self, periods: ArrayLike) -> MixtureDemand:
        """Refuse: the intervals of a random lead time are not independent of one another."""
        raise ValueError(f"periods is {periods!r}; a mixture over lead times has no sum over periods of its own")


def demand_over_random_lead_time(demand: Demand, lead_time_pmf: ArrayLike, extra_periods: int = 0) -> MixtureDemand:
    """
    Return the demand over a random number of periods, independent of the demand.

    Parameters
    ----------
    demand
        Demand of one period; periods are independent.
    lead_time_pmf
        P(lead time = l periods), l = 0, 1, 2, ...
    extra_periods
        Periods that are added to every lead time: the review interval for periodic review.

    Notes
    -----
    This is the demand that an order has to wait for when **orders do not cross** (the next delivery never
    overtakes): average the closed forms over it. Orders that may cross are treated in
    :mod:`replenishment.base_stock.random_lead_time`.

    Raises
    ------
    ValueError
        When the shortest possible interval has no period at all: there is then no demand to describe.
    """
    weights = checked_total("lead_time_pmf", lead_time_pmf)
    extra = checked_whole("extra_periods", extra_periods, "[0, inf)")
    lengths = np.flatnonzero(weights > 0)
    if lengths[0] + extra == 0:
        raise ValueError("lead_time_pmf allows a lead time of 0 with extra_periods 0; the interval needs a period")
    parts = tuple(demand.sum_over(int(length) + extra) for length in lengths)
    return MixtureDemand(tuple(float(w) for w in weights[lengths]), parts)
