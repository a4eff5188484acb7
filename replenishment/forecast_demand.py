"""The door between a forecast distribution and the policies of this package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.validation import FloatArray, as_floats

__all__ = ["ForecastDemand", "LeadTimeForecast"]


class LeadTimeForecast(Protocol):
    """What a forecast of the sum over an interval offers; :class:`forecasting.LeadTimeDemand` does."""

    @property
    def integral(self) -> NDArray[np.bool_]: ...
    def mean(self) -> FloatArray: ...
    def variance(self) -> FloatArray: ...
    def cdf(self, units: ArrayLike) -> FloatArray: ...
    def quantile(self, probability: ArrayLike) -> FloatArray: ...
    def expected_shortage(self, units: ArrayLike) -> FloatArray: ...
    def second_order_loss(self, units: ArrayLike) -> FloatArray: ...


@dataclass(frozen=True)
class ForecastDemand:
    """
    A forecast as a :class:`~replenishment.demand_distributions.Demand`; one entry a series.

    It is the demand over *one* interval and can't be stretched to another: ask the forecast again for each
    number of periods (see :class:`replenishment.cycle_demand.CycleDemand`).
    """

    forecast: LeadTimeForecast

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Whether each series moves in whole units."""
        return self.forecast.integral

    @property
    def mean(self) -> FloatArray:
        """Expected units, (n,)."""
        return self.forecast.mean()

    @property
    def variance(self) -> FloatArray:
        """Variance of the units, (n,)."""
        return self.forecast.variance()

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return P(D <= x)."""
        return self.forecast.cdf(x)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return P(D > x)."""
        return as_floats(1.0 - self.forecast.cdf(x))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the smallest level with P(D <= level) >= probability."""
        return self.forecast.quantile(probability)

    def loss(self, x: ArrayLike) -> FloatArray:
        """Return E[(D - x)+]."""
        return self.forecast.expected_shortage(x)

    def second_loss(self, x: ArrayLike) -> FloatArray:
        """Return the sum (or integral) of the expected shortages above x."""
        return self.forecast.second_order_loss(x)

    def sum_over(self, periods: ArrayLike) -> Demand:
        """Refuse: only the forecast knows how its periods hang together."""
        raise ValueError(f"periods is {periods!r}; a forecast is not stretched, ask it again for that many periods")
