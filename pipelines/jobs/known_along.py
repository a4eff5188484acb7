"""What was known at one opening of history after the other, with a forecast that follows the demand between fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar, day_to_date
from forecasting.identity import stream_keys
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.execution import WORKER
from pipelines.inputs import CheckedTables
from pipelines.jobs.known_at import known_at, known_keys
from pipelines.jobs.parameters import item_keys
from pipelines.jobs.stages import (
    Forecast,
    Knowledge,
    fit_forecast,
    follow_forecast,
    gather_knowledge,
    look_ahead,
    ruled_anew,
)

__all__ = ["Fits", "KnownAlong"]

# Fitted forecasts, by the period and the number of items.
Fits = dict[tuple[int, int], Forecast]


class KnownAlong:
    """Goes from opening to opening, forwards, and tells what was known there.

    Parameters
    ----------
    tables, recorded : as they are known today; each opening sees what :func:`known_at` leaves of them.
    fits : where fitted forecasts are kept and found again. most : items to tell of; default: all. Of more it tells of
        those with the smallest random keys, a choice that no order of rows changes.

    Attributes
    ----------
    place : number of each item that is known today. streams : uint64 (n,), their random streams.
    stands_for : how many items each of those stands for that it tells of.
    forecast : of the items that were known at the last fit. keys, rows : those items, and their numbers.
    fitted_at : period of the last fit, -1 before it.
    """

    forecast: Forecast

    def __init__(
        self,
        tables: CheckedTables,
        config: PlanConfig,
        recorded: DemandPanel,
        run: Any,
        fits: Fits | None = None,
        most: int | None = None,
    ) -> None:
        self.config, self._tables, self._recorded, self._run = config, tables, recorded, run
        self._fits = {} if fits is None else fits
        self._begun: dict[int, Future[Forecast]] = {}
        self._closed = False
        keys = item_keys(tables, recorded.keys)
        self.place = {key: row for row, key in enumerate(keys)}
        self.streams = stream_keys([sku for sku, _ in keys], [place for _, place in keys], config.seed)
        self._told = {keys[row] for row in np.argsort(self.streams, kind="stable")[:most]}
        self.stands_for = len(keys) / max(len(self._told), 1)
        self.calendar: PeriodCalendar = recorded.calendar
        self.fitted_at = -1
        self.keys: list[tuple[str, str]] = []
        self.rows: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def of_few(self, most: int) -> KnownAlong:
        """Return another that has not set out yet, and tells of at most so many of the items."""
        return KnownAlong(self._tables, self.config, self._recorded, self._run, self._fits, most)

    def stand_at(
        self, forecast: Forecast, keys: list[tuple[str, str]], rows: npt.NDArray[np.int64], fitted_at: int
    ) -> None:
        """Stand where another has stood."""
        self.forecast, self.keys, self.rows, self.fitted_at = forecast, keys, rows, fitted_at

    def protection_at(self, period: int) -> float:
        """Median protection interval of the items that were known at an opening, periods; 1 where none was."""
        tables, recorded = self._cut(period)
        keys = self._known_keys(tables, recorded)
        known = gather_knowledge(tables, self.config, recorded, keys)
        return float(np.median(known.protection)) if keys else 1.0

    def begin_fit(self, period: int) -> None:
        """Begin the fit of a later opening beside the work until then; without threads, do nothing.

        A fit asks nothing of the stock, so that it may be made before the replay comes to it; reviews leave processors
        idle between their steps.
        """
        if self._run is map or (period, len(self._told)) in self._fits or period in self._begun:
            return

        def fit() -> Forecast:
            tables, recorded = self._cut(period)
            keys = self._known_keys(tables, recorded)
            return fit_forecast(gather_knowledge(tables, self.config, recorded, keys), self._run_until_closed)

        beside = ThreadPoolExecutor(1, WORKER)
        self._begun[period] = beside.submit(fit)
        beside.shutdown(wait=False)

    def _cut(self, period: int) -> tuple[CheckedTables, DemandPanel]:
        return known_at(self._tables, self._recorded, day_to_date(int(self.calendar.openings[period])))

    def close(self) -> None:
        """Leave unfinished what was begun: who has come to the end, or is stopped, does not wait for it."""
        self._closed = True

    def _run_until_closed(self, work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
        def unless_closed(piece: Any) -> Any:
            if self._closed:
                raise CancelledError
            return work(piece)

        return iter(self._run(unless_closed, pieces))

    def _known_keys(self, tables: CheckedTables, recorded: DemandPanel) -> list[tuple[str, str]]:
        return [key for key in known_keys(tables, recorded) if key in self._told]

    def at(self, period: int, fit: bool) -> Knowledge:
        """Gather what was known at an opening; fit the forecast anew, or let it follow.

        Raises
        ------
        ConfigurationError
            Nothing was known.
        """
        tables, recorded = self._cut(period)
        again = self.fitted_at < 0 or (self.fitted_at < period and fit)
        if again:
            self.keys = self._known_keys(tables, recorded)
            if not self.keys:
                raise ConfigurationError(f"nothing was known at {recorded.as_of}: start the replay later")
            self.rows = np.array([self.place[key] for key in self.keys], dtype=np.int64)
        known = gather_knowledge(tables, self.config, recorded, self.keys)
        if again:
            key = (period, len(self._told))
            if period in self._begun:
                self._fits[key] = self._begun.pop(period).result()
            elif key not in self._fits:
                self._fits[key] = fit_forecast(known, self._run)
            # A copy follows the demand: what is kept stays as it was fitted.
            self.forecast = ruled_anew(self._fits[key], known)
            self.fitted_at = period
        elif known.panel.calendar.periods > self.forecast.forecaster.panel_.calendar.periods:
            follow_forecast(self.forecast, known)
        look_ahead(self.forecast, known)
        return known
