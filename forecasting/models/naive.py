"""The season ago, and the mean of the newest periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.kernels.smoothing import last_observed
from forecasting.models.protocol import FitContext, Floats32, Integers, memory_periods
from forecasting.models.sampled import ErrorPaths, Floats, LevelPaths
from forecasting.panel import DemandPanel

__all__ = ["MovingAverage", "SeasonalNaive", "mean_ratios"]


@dataclass(frozen=True)
class SeasonalNaive:
    """Demand repeats the season before: a week of days, else a year; its errors are drawn from the past.

    A history shorter than two seasons falls back to a season of one period (the plain naive forecast).
    Unobserved cells of the newest season are filled with the mean of the observed ones.
    """

    name: str = "seasonal_naive"

    def fit(self, panel: DemandPanel, context: FitContext) -> ErrorPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        frequency = panel.calendar.frequency
        season = 7 if frequency.code == "D" else frequency.periods_per_year
        if panel.calendar.periods < 2 * season:
            season = 1
        known = panel.observed
        demand = np.where(known, panel.quantity, np.float32(0))
        mean = demand.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        cycle = np.where(known[:, -season:], demand[:, -season:], mean[:, None]).astype(np.float32)
        newest = memory_periods(context)
        error = (demand[:, season:] - demand[:, :-season])[:, -newest:]
        paired = (known[:, season:] & known[:, :-season])[:, -newest:]
        # A stable sort of the flags moves the usable errors to the front and keeps their order.
        front = np.argsort(~paired, axis=1, kind="stable")
        table = np.ascontiguousarray(np.take_along_axis(error, front, axis=1), dtype=np.float32)
        return ErrorPaths(context, cycle, table, paired.sum(axis=1).astype(np.int64), panel.integral)


@dataclass(frozen=True)
class MovingAverage:
    """The mean of the newest observed periods (28 days, 13 weeks, 6 months), seasons taken out and put back.

    The relative errors of four such windows are drawn; the level carries its own standard error.
    """

    name: str = "moving_average"

    def fit(self, panel: DemandPanel, context: FitContext) -> LevelPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        window = {"D": 28, "MS": 6}.get(panel.calendar.frequency.code, 13)
        n = len(panel)
        recent = np.zeros((n, 4 * window), dtype=np.float32)
        count = np.zeros(n, dtype=np.int64)
        last_observed(panel.quantity, panel.status, context.past(), context.profile, recent, count)
        place = np.arange(4 * window)[None, :]
        newest = (place < count[:, None]) & (place >= count[:, None] - window)
        used = newest.sum(axis=1)
        level = np.where(newest, recent, 0.0).sum(axis=1) / np.maximum(used, 1)
        return LevelPaths(context, *mean_ratios(recent, count, level, used), whole=panel.integral)


def mean_ratios(
    values: Floats32, count: Integers, level: Floats, used: Integers
) -> tuple[Floats, Floats, Floats, Floats, Floats32, Integers]:
    """Describe a level that stays and the spread of past values around it.

    A series whose remembered values are all 0 keeps no ratio: it draws nothing but zeros.

    Parameters
    ----------
    values : float32 (n, k) past demand with seasons taken out, units; count : (n,) how many of them are in use.
    level : (n,) units a period. used : (n,) how many values the level rests on.

    Returns
    -------
    The fields of LevelPaths: level, scale 0, feedback 0, the level's relative standard error over ``used`` values,
    the values' relative errors to their mean, and how many of these are in use.
    """
    filled = np.arange(values.shape[1])[None, :] < count[:, None]
    mean = np.where(filled, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    error = np.where(filled, values / np.where(mean > 0, mean, 1.0)[:, None] - 1.0, 0.0)
    variance = np.where(filled, error**2, 0.0).sum(axis=1) / np.maximum(count, 1)
    level_sd = np.minimum(np.sqrt(variance / np.maximum(used, 1)), 0.5)
    alive = np.where((mean > 0) & (level > 0), count, 0)
    nothing = np.zeros(len(level))
    return level, nothing, nothing, level_sd, np.ascontiguousarray(error, dtype=np.float32), alive
