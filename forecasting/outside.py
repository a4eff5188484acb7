"""Forecasts from elsewhere as sample paths: their paths, or their quantiles with our dependence between periods.

Quantiles a period don't say how periods hang together, and quantiles of a sum don't say how it is spread. Both are
taken from our own paths: the outside values are dealt out in the order of our draws (the Schaake shuffle: Clark,
Gangopadhyay, Hay, Rajagopalan and Wilby 2004, The Schaake Shuffle, Journal of Hydrometeorology 5, 243-262).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.random import PATH_STRIDE, uniforms

__all__ = ["FEWEST_LEVELS", "FEWEST_PATHS", "OutsideForecast", "quantile_function"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# What can carry a distribution: as many draws as LeadTimeDemand asks for, or two points of its quantile function.
FEWEST_PATHS: Final = 20
FEWEST_LEVELS: Final = 2

# Places in the random stream of a series that no model draws from.
_ORDER_STEP: Final = PATH_STRIDE // 2
_ROUNDING_STEP: Final = _ORDER_STEP - 1
_TIES_STEP: Final = _ORDER_STEP + 1


@dataclass(frozen=True, eq=False)
class OutsideForecast:
    """The forecast of one series from elsewhere, from the as-of opening on.

    Attributes
    ----------
    values : float64 (k, h), units: one row a level or path, one column a period; (k, 1) for the sum over
        ``summed_over`` periods.
    levels : float64 (k,), probabilities ascending in (0, 1), values not falling along them; None for paths.
    summed_over : periods of the sum; 0 where ``values`` are units a period.
    """

    values: Floats
    levels: Floats | None = None
    summed_over: int = 0

    def __post_init__(self) -> None:
        fewest = FEWEST_PATHS if self.levels is None else FEWEST_LEVELS
        if self.values.ndim != 2 or len(self.values) < fewest or not self.values.shape[1]:
            raise ValueError(f"values are of shape {self.values.shape}; at least {fewest} rows and 1 period are needed")
        if not np.isfinite(self.values).all() or self.values.min() < 0:
            raise ValueError("values must be finite and at least 0")
        if self.summed_over < 0 or (self.summed_over and self.values.shape[1] != 1):
            raise ValueError("a sum over periods has one column")
        if self.levels is not None:
            inside = self.levels.shape == (len(self.values),) and self.levels[0] > 0 and self.levels[-1] < 1
            if not inside or (np.diff(self.levels) <= 0).any() or (np.diff(self.values, axis=0) < 0).any():
                raise ValueError("levels must rise within (0, 1), one a row, and values must not fall along them")

    @property
    def covered(self) -> int:
        """Periods that the forecast tells of."""
        return self.summed_over or self.values.shape[1]

    def needed(self, horizon: int) -> int:
        """Periods of our own paths without which ``horizon`` periods can't be told: a sum needs all of its own."""
        return max(horizon, self.summed_over)

    @property
    def certain(self) -> bool:
        """Whether every period, or the sum, has one value only: nothing tells how far it may be off."""
        return bool((self.values == self.values[:1]).all())

    def __str__(self) -> str:
        what = f"{len(self.values)} {'paths' if self.levels is None else 'quantiles'}"
        return f"{what} {'of the sum over' if self.summed_over else 'of each of'} {self.covered} periods"

    def paths(self, own: Floats32, horizon: int, key: np.uint64, whole: bool, season: int = 1) -> Floats32:
        """Return sample paths that follow this forecast.

        Given paths are used as they are, in an order drawn once for the series, again from the first when more are
        wanted. Given quantiles of a period are dealt out by the rank of our draw in that period among all paths;
        given quantiles (or paths) of a sum scale each of our paths, by the rank of its sum. Beyond ``covered`` periods
        the last of them are repeated, as many as are whole seasons, each time from another path.

        Parameters
        ----------
        own : float32 (count, at least ``needed(horizon)``); our own paths. Draws that tie are ordered at random.
        horizon : periods wanted. key : random stream of the series. season : periods after which demand repeats itself.
        whole : the series moves in whole units: sums from the first period on are rounded, up or down at random
            with one offset a path, so that no path is more than one unit off at any time.

        Returns
        -------
        float32 (count, horizon), not negative.
        """
        keys, count, reach = np.array([key], dtype=np.uint64), len(own), min(self.needed(horizon), self.covered)
        if self.summed_over:
            drawn = self._scaled(own[:, :reach].astype(np.float64), keys)
        elif self.levels is None:
            drawn = self.values[self._order(keys, count), :reach]
        else:
            drawn = _dealt_out(quantile_function(self.levels, self.values[:, :reach], _positions(count)), own, keys)
        if whole:
            drawn = _whole_units(drawn, _uniform(keys, _ROUNDING_STEP, count))
        return _extended(drawn, horizon, season).astype(np.float32)

    def _order(self, keys: npt.NDArray[np.uint64], count: int) -> Integers:
        """Which given path each path takes: neighbours may be alike, so they are mixed once."""
        mixed = np.argsort(_uniform(keys, _ORDER_STEP, len(self.values)), kind="stable")
        return np.asarray(mixed[np.arange(count) % len(mixed)])

    def _scaled(self, own: Floats, keys: npt.NDArray[np.uint64]) -> Floats:
        sums = own.sum(axis=1)
        wanted = np.empty(len(sums))
        wanted[_ranked(sums, keys, 0)] = self._sums(len(sums))
        # A path without any demand has no shape to scale: its sum is spread evenly.
        even = np.full_like(own, 1.0 / own.shape[1])
        return np.asarray(wanted[:, None] * np.divide(own, sums[:, None], out=even, where=sums[:, None] > 0))

    def _sums(self, count: int) -> Floats:
        """``count`` sums, ascending, that follow what is given."""
        if self.levels is not None:
            return quantile_function(self.levels, self.values, _positions(count))[:, 0]
        given = np.sort(self.values[:, 0])
        return np.asarray(given[np.arange(count) * len(given) // count])


def quantile_function(levels: Floats, values: Floats, probability: Floats) -> Floats:
    """Return the quantiles of given probabilities: straight between the levels, exponential beyond them.

    Above the highest level l the quantile is q(l) + s ln((1 - l) / (1 - u)), the tail of :class:`LeadTimeDemand`
    (Coles 2001, An Introduction to Statistical Modeling of Extreme Values, ch. 4, with shape 0); its scale s makes it
    pass through the nearest level below whose value is smaller. Below the lowest level likewise, with ln(l / u), and
    never below 0. Where all values are the same there is no tail.

    Parameters
    ----------
    levels : (k,), ascending in (0, 1). values : (k, h), not falling along the levels. probability : (m,) in (0, 1).

    Returns
    -------
    float64 (m, h)
    """
    place = np.clip(np.searchsorted(levels, probability), 1, len(levels) - 1)
    weight = ((probability - levels[place - 1]) / (levels[place] - levels[place - 1]))[:, None]
    inside = values[place - 1] + np.clip(weight, 0.0, 1.0) * (values[place] - values[place - 1])
    upper = _scale(np.log1p(-levels), values)
    lower = _scale(np.log(levels[::-1]), -values[::-1])
    beyond = np.maximum(np.log1p(-levels[-1]) - np.log1p(-probability), 0.0)
    below = np.maximum(np.log(levels[0]) - np.log(probability), 0.0)
    return np.asarray(np.maximum(inside + beyond[:, None] * upper - below[:, None] * lower, 0.0))


def _scale(log_survival: Floats, values: Floats) -> Floats:
    """Scale of the exponential tail beyond the last row of ``values``; (h,), 0 where all values are the same."""
    nearest = (values < values[-1]).sum(axis=0) - 1
    columns = np.arange(values.shape[1])
    rise = values[-1] - values[np.maximum(nearest, 0), columns]
    return np.where(nearest >= 0, rise / (log_survival[np.maximum(nearest, 0)] - log_survival[-1]), 0.0)


def _positions(count: int) -> Floats:
    """Probabilities in the middle of ``count`` equal shares."""
    return (np.arange(count) + 0.5) / count


def _ranked(own: npt.NDArray[np.floating], keys: npt.NDArray[np.uint64], period: int) -> Integers:
    """Places of our draws in ascending order, ties at random: many periods of a slow mover hold the same 0."""
    return np.asarray(np.lexsort((_uniform(keys, _TIES_STEP + period, len(own)), own)))


def _dealt_out(wanted: Floats, own: Floats32, keys: npt.NDArray[np.uint64]) -> Floats:
    """Put the quantiles of each period, ascending along (count, h), where our draws have the same rank."""
    out = np.empty(wanted.shape)
    for h in range(wanted.shape[1]):
        out[_ranked(own[:, h], keys, h), h] = wanted[:, h]
    return out


def _uniform(keys: npt.NDArray[np.uint64], step: int, count: int) -> Floats:
    out = np.empty((1, count))
    uniforms(keys, step, out)
    return np.asarray(out[0])


def _whole_units(drawn: Floats, offset: Floats) -> Floats:
    """Round the running sums of each path, all with one offset, so that whole numbers stay what they are."""
    # Away from 0 and 1, or sums that are whole but for their last bit would be rounded to another number.
    inside = 1e-6 + (1.0 - 2e-6) * offset[:, None]
    return np.asarray(np.diff(np.floor(np.cumsum(drawn, axis=1) + inside), axis=1, prepend=0.0))


def _extended(drawn: Floats, horizon: int, season: int) -> Floats:
    """Repeat the last whole seasons of each path, or all of it where it is shorter, up to the horizon."""
    count, covered = drawn.shape
    if horizon <= covered:
        return drawn[:, :horizon]
    cycle = covered - covered % season if covered >= season else covered
    further = np.arange(horizon - covered)
    # Each round takes the next path, so that what was drawn once does not come again and again.
    path = (np.arange(count)[:, None] + (1 + further // cycle) * (count // 2 + 1)) % count
    return np.concatenate([drawn, drawn[path, covered - cycle + further % cycle]], axis=1)
