"""Models of a library that fits one series at a time: what is common to them.

Slow (a tenth of a second to a few seconds a series) and meant for what deserves it: aggregates, A items, notebooks.
Whatever a fit does - fail, warn, run away - a forecast comes out, and ``parameters`` tells what happened.
"""

from __future__ import annotations

import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from forecasting.kernels.random import PATH_STRIDE, uniforms
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys, memory_periods
from forecasting.panel import DemandPanel

__all__ = ["FittedOneByOne", "FittedSeries", "History", "Level", "OneByOne", "Shape"]

Floats = npt.NDArray[np.float64]

# Fewer observations than these are a mean and its spread.
LEAST_OBSERVED: Final = 12
# A path may not leave what was seen by more than this factor.
FARTHEST: Final = 10.0
_ROUNDING_STEP = PATH_STRIDE // 2
# Filters of warnings and threads of BLAS belong to the whole process: one fit at a time.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class History:
    """One series from its first observed cell to the as-of opening, in units of its own mean.

    Attributes
    ----------
    values : (T,); NaN where demand was not observed.
    season : periods in a natural season (7 days, 52 weeks, 12 months); 1 where two of them were not observed.
    """

    values: Floats
    season: int

    def filled(self) -> Floats:
        """Values with gaps filled along straight lines, flat at the end: for methods that can't do without."""
        known = ~np.isnan(self.values)
        place = np.arange(len(self.values))
        return np.interp(place, place[known], self.values[known])


class Shape(Protocol):
    """How errors become demand."""

    def simulate(self, errors: Floats) -> Floats:
        """Demand of the next h periods given their one-step errors, both (h, paths).

        Column by column and without looking ahead: the result of a path may not depend on the others, the first
        periods not on the later ones.
        """


@dataclass(frozen=True, eq=False)
class FittedSeries:
    """What a fit gives: a shape, its past one-step errors, its criterion and a name for people."""

    shape: Shape
    errors: Floats
    name: str
    aicc: float = np.nan


@dataclass(frozen=True)
class Level:
    """A level that stays: the shape of the fallbacks."""

    value: float

    def simulate(self, errors: Floats) -> Floats:
        """See :class:`Shape`."""
        return self.value + errors


@dataclass(frozen=True)
class OneByOne(ABC):
    """A family of which each series is fitted by itself.

    A series falls back to a level, by name: "no demand", "constant", "short history" (fewer than 12 observations:
    their mean), and, as the mean of its newest observations (a season, at least 12), "failed: ERROR" or "runs away"
    (a point forecast that leaves ten times the largest value seen).
    """

    largest_panel: int = 200

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in configuration and output."""

    @abstractmethod
    def fit_series(self, history: History) -> FittedSeries:
        """Fit one series that has at least 12 observations and varies; may raise and may warn."""

    def fit(self, panel: DemandPanel, context: FitContext) -> FittedOneByOne:
        """See :class:`forecasting.models.protocol.DemandModel`.

        Raises
        ------
        ValueError
            More series than ``largest_panel``.
        """
        if len(panel) > self.largest_panel:
            raise ValueError(
                f"model {self.name!r} fits one series at a time and takes {self.largest_panel} at most, not "
                f"{len(panel)}: use it for aggregates or A items by a rule, and exponential_smoothing for the others"
            )
        natural = {"D": 7, "MS": 12}.get(panel.calendar.frequency.code, 52)
        known = panel.observed
        series = [self._fit_one(panel.quantity[i], known[i], natural, context) for i in range(len(panel))]
        return FittedOneByOne(tuple(series), panel.integral)

    def _fit_one(
        self, quantity: Floats32, known: npt.NDArray[np.bool_], natural: int, context: FitContext
    ) -> _Remembered:
        observed = quantity[known].astype(np.float64)
        if not observed.any():
            return _Remembered(FittedSeries(Level(0.0), np.empty(0), "level"), 1.0, 0.0, "no demand")
        if (observed == observed[0]).all():
            return _Remembered(FittedSeries(Level(observed[0]), np.empty(0), "level"), 1.0, observed[0], "constant")
        scale, top = float(observed.mean()), FARTHEST * float(observed.max())
        if len(observed) < LEAST_OBSERVED:
            return _Remembered(_mean(observed / scale), scale, top, "short history")
        first = int(np.flatnonzero(known)[0])
        values = np.where(known, quantity / scale, np.nan)[first:]
        season = natural if len(observed) >= 2 * natural else 1
        plain = _mean(observed[-max(season, LEAST_OBSERVED) :] / scale)
        with _quietly() as caught:
            try:
                fitted = self.fit_series(History(values, season))
                fallback = ""
            except Exception as error:
                fitted, fallback = plain, f"failed: {type(error).__name__}"
            ahead = fitted.shape.simulate(np.zeros((2 * natural, 1)))
            if not (np.abs(ahead) * scale <= top).all() or not np.isfinite(fitted.errors).all():
                fitted, fallback = plain, "runs away"
        errors = fitted.errors[-memory_periods(context) :]
        kept = FittedSeries(fitted.shape, errors - errors.mean(), fitted.name, fitted.aicc)
        return _Remembered(kept, scale, top, fallback, len(caught))


@dataclass(frozen=True, eq=False)
class _Remembered:
    """A fitted series, its unit, the most that a path may reach, and what went wrong."""

    fitted: FittedSeries
    scale: float
    top: float
    fallback: str
    warnings: int = 0

    def simulate(self, errors: Floats) -> Floats:
        """Demand in units, (h, paths), for errors in units of the series' mean."""
        demand = self.fitted.shape.simulate(errors) * self.scale
        # A path that ran away to infinity and came back as NaN is one that ran away.
        return np.clip(np.where(np.isnan(demand), self.top, demand), 0.0, self.top)


@dataclass(frozen=True, eq=False)
class FittedOneByOne:
    """Paths by residual bootstrap: each period's error is a past one-step error, drawn from the series' stream.

    Attributes
    ----------
    series : of the n series. whole : bool (n,) series in whole units, rounded at random so that the mean is kept.
    """

    series: tuple[_Remembered, ...]
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        uniform = np.empty((1, count))
        for k, row in enumerate(rows):
            one, key = self.series[row], keys[k : k + 1]
            drawn = np.zeros((horizon, count))
            past = one.fitted.errors
            for h in range(horizon if len(past) else 0):
                uniforms(key, h, uniform)
                drawn[h] = past[(uniform[0] * len(past)).astype(np.int64)]
            demand = one.simulate(drawn)
            for h in range(horizon if self.whole[row] else 0):
                uniforms(key, _ROUNDING_STEP + h, uniform)
                demand[h] = np.floor(demand[h] + uniform[0])
            out[k] = demand.T
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Point forecasts without a draw: demand if all errors are 0; float32 (k, horizon), not negative."""
        nothing = np.zeros((horizon, 1))
        ahead = [self.series[row].simulate(nothing)[:, 0] for row in rows]
        return np.array(ahead, dtype=np.float32).reshape(len(rows), horizon)

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The next period's forecast, the form fitted, its AICc, warnings of the library, and the fallback or ""."""
        return {
            "level": self.expected(np.arange(len(self.series)), 1)[:, 0].astype(np.float64),
            "form": np.array([one.fitted.name for one in self.series], dtype=np.str_),
            "aicc": np.array([one.fitted.aicc for one in self.series], dtype=np.float64),
            "past_values": np.array([len(one.fitted.errors) for one in self.series], dtype=np.int64),
            "warnings": np.array([one.warnings for one in self.series], dtype=np.int64),
            "fallback": np.array([one.fallback for one in self.series], dtype=np.str_),
        }


def _mean(values: Floats) -> FittedSeries:
    return FittedSeries(Level(float(values.mean())), values - values.mean(), "level")


@contextmanager
def _quietly() -> Iterator[list[warnings.WarningMessage]]:
    """Catch warnings, and keep BLAS to one thread: on small matrices several cost ten times the work of one."""
    from threadpoolctl import threadpool_limits

    with _ALONE, warnings.catch_warnings(record=True) as caught, threadpool_limits(1), np.errstate(all="warn"):
        warnings.simplefilter("always")
        yield caught
