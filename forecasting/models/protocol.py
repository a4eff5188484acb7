"""What a model is: it fits a panel and then draws paths of future demand."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from forecasting.covariates import Covariates
from forecasting.panel import DemandPanel
from forecasting.seasonality import PooledSeasonality

__all__ = [
    "DemandModel",
    "Expects",
    "FitContext",
    "FittedModel",
    "Follows",
    "Pools",
    "Readies",
    "SharesLesson",
    "memory_periods",
]

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class FitContext:
    """What a model may know beside its own series.

    Attributes
    ----------
    season : factors shared by groups, fitted on the whole panel.
    profile : int64 (n,); the group of each series that is being fitted.
    pooled : what the model's ``pool`` learned from the whole panel; None for models that have none.
    covariates : what is known ahead of time, for the series that are being fitted.
    """

    season: PooledSeasonality
    profile: Integers
    pooled: Any = None
    covariates: Covariates | None = None

    def of(self, rows: Integers, pooled: Any) -> FitContext:
        """The same for some series of the panel."""
        ahead = self.covariates.take(rows) if self.covariates is not None else None
        return replace(self, profile=self.profile[rows], pooled=pooled, covariates=ahead)

    def past(self) -> Floats32:
        """The factors of the history; float32 (groups, T)."""
        return self.season.factors(0, self.season.calendar.periods)

    def future(self, horizon: int) -> Floats32:
        """The factors of the next ``horizon`` periods; float32 (groups, horizon)."""
        return self.season.factors(self.season.calendar.periods, horizon)


class FittedModel(Protocol):
    """A model that has seen the history of n series."""

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """Draw ``count`` paths of ``horizon`` periods for some of its series.

        Parameters
        ----------
        rows : int64 (k,); which of the n series.
        keys : uint64 (k,); their random streams. A draw may depend on nothing but the key, the number of the
            path and the period, so that a result never depends on which series are computed together.
        horizon, count : at least 1.

        Returns
        -------
        float32 (k, count, horizon), not negative, finite; whole numbers for series in whole units.
        """

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """Return what was fitted, one array of length n a name, for people to read."""


class DemandModel(Protocol):
    """A family of forecasts."""

    @property
    def name(self) -> str:
        """Its name in configuration and output."""

    def fit(self, panel: DemandPanel, context: FitContext) -> FittedModel:
        """Fit every series of ``panel``, a piece of the whole; only observed cells are evidence of demand.

        The fit of a series may depend on that series and ``context`` alone, so that it does not matter which
        series share a piece.
        """


@runtime_checkable
class Pools(Protocol):
    """A model that learns from the whole panel before the series are fitted piece by piece."""

    def pool(self, panel: DemandPanel, context: FitContext) -> Any:
        """Return what all series teach together; ``fit`` finds it as ``context.pooled``.

        ``panel`` and ``context.profile`` hold every series. The result may not depend on their order.
        """


@runtime_checkable
class Readies(Protocol):
    """A model that loads compiled libraries late."""

    def ready(self) -> None:
        """Load them: two threads that do so at once may wait for each other for ever."""


@runtime_checkable
class SharesLesson(Pools, Protocol):
    """A model of which several may learn the same from the panel: they are taught once."""

    @property
    def lesson(self) -> Hashable:
        """What is learned; models with equal lessons learn the same."""

    def learn(self, panel: DemandPanel, context: FitContext) -> Any:
        """Return what every model with this lesson learns."""

    def pool_with(self, learned: Any, panel: DemandPanel, context: FitContext) -> Any:
        """Return what ``pool`` would, from what ``learn`` returned."""


@runtime_checkable
class Expects(Protocol):
    """A fitted model that knows its point forecast without drawing."""

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Return the point forecast of the next ``horizon`` periods; float32 (k, horizon), not negative."""


@runtime_checkable
class Follows(Protocol):
    """A fitted model that can take in further periods without being fitted again."""

    def follow(self, panel: DemandPanel, context: FitContext) -> FittedModel:
        """Run the states along a longer history of the same series, parameters as they were."""


def memory_periods(context: FitContext) -> int:
    """How many of the newest periods a bootstrap remembers: a year of days, three years of weeks, five of months."""
    return {"D": 364, "MS": 60}.get(context.season.calendar.frequency.code, 156)
