"""The exchange curve: stock value against the backorder rate of a whole assortment, each point at its least value.

One multiplier over all items traces it: wherever the next unit of money avoids the most backorders it is spent next
(Silver, Pyke and Thomas 2017, Inventory and Production Management in Supply Chains, sec. 4.4 and 7.7; Sherbrooke 2004,
Optimal Inventory Modeling of Systems, sec. 2.5-2.6). An operating point above the curve holds more stock than its
service needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from replenishment.total_target import multiplier_steps

__all__ = ["ExchangeCurve", "exchange_curve"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExchangeCurve:
    """Points of an exchange curve, from the least stock to the most; arrays (m,).

    Attributes
    ----------
    rate : demand-weighted backorder rate, falling. value : stock value, money, rising.
    multiplier : backorders per period avoided by the last unit of money that is spent; falling, infinite at the start.
    """

    rate: Floats
    value: Floats
    multiplier: Floats

    def __len__(self) -> int:
        return len(self.rate)

    def value_at(self, rate: npt.ArrayLike) -> Floats:
        """The least stock value at a backorder rate, between points along the straight line; NaN off the curve."""
        wanted = np.asarray(rate, dtype=np.float64)
        inside = (wanted <= self.rate[0]) & (wanted >= self.rate[-1])
        return np.where(inside, np.interp(wanted, self.rate[::-1], self.value[::-1]), np.nan)

    def rate_at(self, value: npt.ArrayLike) -> Floats:
        """The least backorder rate for a stock value, a budget; NaN below the least value, its end beyond the last."""
        budget = np.asarray(value, dtype=np.float64)
        return np.where(budget >= self.value[0], np.interp(budget, self.value, self.rate), np.nan)

    def thinned(self, points: int) -> ExchangeCurve:
        """At most so many points (two at least), close together where the rate is small."""
        if len(self) <= points:
            return self
        least = max(float(self.rate[-1]), 1e-6)
        wanted = np.geomspace(max(float(self.rate[0]), least), least, points)
        at = np.unique(np.concatenate([[0, len(self) - 1], np.searchsorted(-self.rate, -wanted[1:-1])]))
        return ExchangeCurve(self.rate[at], self.value[at], self.multiplier[at])


def exchange_curve(rate: Floats, value: Floats, weight: Floats) -> ExchangeCurve:
    """Add up the curves of all items along one multiplier.

    Parameters
    ----------
    rate : (n, k) backorder rate along each item's curve, not rising. value : (n, k) its stock value, money, not
        falling. weight : (n,) mean demand, above 0.

    Raises
    ------
    ValueError
        No items, or nothing demanded.
    """
    total = float(weight.sum())
    if not len(rate) or not total > 0:
        raise ValueError("an exchange curve needs items that are demanded")
    steps = multiplier_steps(rate * weight[:, None], value)
    rows = np.arange(len(rate))
    short = float((rate * weight[:, None])[rows, steps.begin].sum())
    left = short - np.concatenate([[0.0], np.cumsum(steps.saved)])
    spent = float(value[rows, steps.begin].sum()) + np.concatenate([[0.0], np.cumsum(steps.cost)])
    return ExchangeCurve(np.maximum(left, 0.0) / total, spent, np.concatenate([[np.inf], steps.worth]))
