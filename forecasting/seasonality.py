"""Seasonal factors that the series of a group share.

One SKU's history is too noisy for 52 weekly factors; a category's is not. The factors are multiplicative, have
mean 1 over their cycle, and are shrunk to 1 as far as the years (or weeks) disagree with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from forecasting.kernels.pooling import demand_and_expectation
from forecasting.panel import DemandPanel
from forecasting.segments import DemandSummary

__all__ = ["PooledSeasonality", "fit_pooled_seasonality"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEK = 7
# A factor may move demand by at most this much either way.
LARGEST_FACTOR = 8.0
# Days of the year are smoothed over this many neighbours on each side, weeks over one.
SMOOTHED_DAYS = 10
# The factors of a year need so many years of history.
LEAST_YEARS = 2
# A moving average costs half a cycle at both ends: from so many cycles on it can be spared, else a straight line does.
LONG_HISTORY = 4
LOWEST_TREND = 0.25
LEAST_SELLING = 0.5
# A group's factors lean on all groups' as if the latter were this many further series.
PRIOR_SERIES = 10.0


@dataclass(frozen=True)
class PooledSeasonality:
    """Factors by group: within the week (days only) and within the year.

    Attributes
    ----------
    calendar : PeriodCalendar that the factors were fitted on.
    groups : names of the g groups.
    profile : int64 (n,); the group of each series.
    weekly : float64 (g, 7), Monday first; all 1 where the frequency is not daily.
    yearly : float64 (g, periods per year); all 1 where the history is shorter than two years.
    """

    calendar: PeriodCalendar
    groups: tuple[str, ...]
    profile: Integers
    weekly: Floats
    yearly: Floats

    def factors(self, start: int, periods: int) -> npt.NDArray[np.float32]:
        """Return the factor of each group in ``periods`` periods from index ``start`` on; float32 (g, periods)."""
        day = self.calendar.openings_from(start, periods)
        place = _place_in_year(self.calendar, day, self.yearly.shape[1])
        together = self.yearly[:, place] * self.weekly[:, (day + 3) % WEEK]
        return np.ascontiguousarray(together, dtype=np.float32)


def fit_pooled_seasonality(panel: DemandPanel, summary: DemandSummary, groups: Sequence[str]) -> PooledSeasonality:
    """Estimate the factors of each group from the ratio of its demand to its own trend.

    Parameters
    ----------
    panel : DemandPanel of n series.
    summary : their mean demand.
    groups : n names, one a series.

    Notes
    -----
    Classical decomposition of the pooled series: ratio to moving average or, with less than four cycles of history,
    to a straight line: a moving average would leave one or two cycles of two or three. On weekly grocery sales with
    two years and a half of history the line cut the pinball loss at 0.95 by a fifth. Members are weighted by
    mean / variance, which is best for a ratio that all of them share.
    """
    names = tuple(sorted(set(groups)))
    number = {name: g for g, name in enumerate(names)}
    profile = np.array([number[name] for name in groups], dtype=np.int64)
    calendar = panel.calendar
    demand = np.zeros((len(names), calendar.periods))
    expected = np.zeros_like(demand)
    # Inverse-variance weights for the common ratio of demand to mean: noisy and slow series count less.
    # A variance that is only rounding would give a series all the weight: it tells nothing of seasons.
    varies = summary.variance > 1e-9 * summary.mean**2
    weight = np.where(varies, summary.mean / np.where(varies, summary.variance, 1.0), 0.0)
    demand_and_expectation(panel.quantity, panel.status, summary.mean, weight, profile, demand, expected)
    members = np.bincount(profile[summary.mean > 0], minlength=len(names)).astype(np.float64)
    weekly = np.ones((len(names), WEEK))
    day = calendar.openings[:-1]
    if calendar.frequency.code == "D" and calendar.periods >= 4 * WEEK:
        weekly = _pooled_factors(demand, expected, members, (day + 3) % WEEK, WEEK, WEEK, 0)
        demand = demand / weekly[:, (day + 3) % WEEK]
    year = calendar.frequency.periods_per_year
    yearly = np.ones((len(names), year))
    if calendar.periods >= LEAST_YEARS * year:
        smoothed = {"D": SMOOTHED_DAYS, "MS": 0}.get(calendar.frequency.code, 1)
        yearly = _pooled_factors(demand, expected, members, _place_in_year(calendar, day, year), year, year, smoothed)
    return PooledSeasonality(calendar, names, profile, weekly, yearly)


def _place_in_year(calendar: PeriodCalendar, day: Integers, places: int) -> Integers:
    """Number the periods of a year; the last place also takes the surplus day or week."""
    date = day.astype("datetime64[D]")
    if calendar.frequency.code == "MS":
        return np.asarray(date.astype("datetime64[M]").astype(np.int64) % 12)
    day_of_year = (date - date.astype("datetime64[Y]")).astype(np.int64)
    step = 1 if calendar.frequency.code == "D" else WEEK
    return np.asarray(np.minimum(day_of_year // step, places - 1))


def _pooled_factors(
    demand: Floats, expected: Floats, members: Floats, place: Integers, places: int, window: int, smoothed: int
) -> Floats:
    """Factors of each group, leaning on those of all groups together."""
    common, _ = _factors(demand.sum(axis=0), expected.sum(axis=0), place, places, window, smoothed)
    out = np.empty((len(demand), places))
    for g in range(len(demand)):
        own, reliable = _factors(demand[g], expected[g], place, places, window, smoothed)
        weight = members[g] / (members[g] + PRIOR_SERIES) if reliable else 0.0
        mixed = np.exp(weight * np.log(own) + (1.0 - weight) * np.log(common))
        out[g] = mixed / mixed.mean()
    return out


def _factors(
    demand: Floats, expected: Floats, place: Integers, places: int, window: int, smoothed: int
) -> tuple[Floats, bool]:
    """Ratio to the trend by place in the cycle, smoothed over neighbours and shrunk; and whether there was any."""
    flat = np.ones(places)
    long = places == WEEK or len(demand) >= LONG_HISTORY * window
    with np.errstate(invalid="ignore", divide="ignore"):
        level = demand / expected
        ratio = level / (_centred_mean(level, window) if long else _line(level, window))
    usable = np.isfinite(ratio) & (expected > 0)
    if usable.sum() < 2 * places:
        return flat, False
    # A group that sells in few periods is too rare to know a season: one accident would be one.
    if not long and (demand[usable] > 0).mean() < LEAST_SELLING:
        return flat, False
    place, ratio = place[usable], ratio[usable]
    total, times, squares = (
        _circular_sum(np.bincount(place, weights=weights, minlength=places).astype(np.float64), smoothed)
        for weights in (ratio, None, ratio**2)
    )
    if (times < 2).any():
        return flat, False
    mean = total / times
    noise = np.maximum(squares / times - mean**2, 0.0) / np.maximum(times - 1.0, 1.0)
    signal = max(float(mean.var() - noise.mean()), 0.0)
    if signal == 0.0:
        return flat, True
    shrunk = 1.0 + (mean / mean.mean() - 1.0) * signal / (signal + float(noise.mean()))
    shrunk = np.clip(shrunk, 1.0 / LARGEST_FACTOR, LARGEST_FACTOR)
    return shrunk / shrunk.mean(), True


def _line(series: Floats, window: int) -> Floats:
    """Straight line whose slope is the mean change over a full cycle; never below a quarter of the mean.

    A slope by least squares would take part of the season for growth.
    """
    time = np.arange(len(series), dtype=np.float64)
    known = np.isfinite(series)
    change = series[window:] - series[:-window]
    if not np.isfinite(change).any():
        return np.full(len(series), np.nan)
    slope = change[np.isfinite(change)].mean() / window
    mean = series[known].mean()
    return np.asarray(np.maximum(mean + slope * (time - time[known].mean()), LOWEST_TREND * mean))


def _centred_mean(series: Floats, window: int) -> Floats:
    """Centred moving average over a full cycle (half weights at both ends of an even window); NaN at the ends."""
    kernel = np.ones(window) / window if window % 2 else np.r_[0.5, np.ones(window - 1), 0.5] / window
    out = np.full(len(series), np.nan)
    half = len(kernel) // 2
    if len(series) >= len(kernel):
        known = np.isfinite(series)
        total = np.convolve(np.where(known, series, 0.0), kernel, mode="valid")
        weight = np.convolve(known.astype(np.float64), kernel, mode="valid")
        out[half : half + len(total)] = np.where(weight > 0.5, total / np.maximum(weight, 1e-12), np.nan)
    return out


def _circular_sum(array: Floats, neighbours: int) -> Floats:
    """Sum each place with its neighbours around the cycle."""
    return np.asarray(sum(np.roll(array, shift) for shift in range(-neighbours, neighbours + 1)))
