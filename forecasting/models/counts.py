"""Negative-binomial exponential smoothing: counts around a level that follows them, and all that is unsure about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from forecasting.kernels.count_paths import path_tables, sample_counts
from forecasting.kernels.count_units import choose_units, find_grain
from forecasting.kernels.counts import LOWEST_SHARE, filter_counts
from forecasting.models.count_habits import DISPERSIONS, PERSISTENCE, WEIGHTS, CountHabits, normalise, volume_class
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys
from forecasting.panel import DemandPanel
from forecasting.segments import INTERVAL_CUT_OFF, DemandSummary, summarise

__all__ = ["CountPaths", "NegativeBinomial"]

Floats = npt.NDArray[np.float64]

# From at most so many series the panel's habits are learned.
_POOLED_SERIES = 600
# A constant series is steady, a series with less variance than a Poisson count is not one, from so many periods on.
_LONG_ENOUGH = 8
_LEAST_VARIANCE = 0.8
# A level smoothed with weight w rests on so many times (2 - w) / w periods; its relative standard error is at most:
_EVIDENCE = 2.0
_LARGEST_SD = 1.2
# Counts are exact up to about this many units a demand; beyond, coarser units do.
_LARGEST_COUNT = 4096.0
_CONTINUOUS_COUNT = 1e5


@dataclass(frozen=True, eq=False)
class CountPaths:
    """Demand = unit x a negative-binomial count around level x season; the level follows it.

    Every path has a smoothing weight, a persistence and a dispersion of its own, drawn from what the history and
    the other series leave possible, and a level that is off by its standard error.

    Attributes
    ----------
    mean : (n,) units a period at season 1; level : (n, lanes); long_level : (n,).
    level_sd : (n,) relative standard error of the level, drawn once a path.
    unit : (n,) what is counted; 0 for a gamma variable instead of a count, -1 for a steady series.
    grain : (n,) the amount of which all demands are multiples; 0 for none.
    stretch : (n,) dispersion added for the mean that was fitted to few periods.
    absent : (n,) probability that nothing is on offer at the end of the history.
    lanes : float32 (n, lanes); dispersions : float32 (n, dispersions); probabilities of the candidates.
    seen : (n,) periods behind it.
    """

    expected_is_mean: ClassVar[bool] = True

    context: FitContext
    habits: CountHabits
    mean: Floats
    level: Floats
    long_level: Floats
    level_sd: Floats
    unit: Floats
    grain: Floats
    stretch: Floats
    absent: Floats
    lanes: Floats32
    dispersions: Floats32
    seen: Floats

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        sample_counts(
            keys,
            self.mean[rows],
            self.level[rows],
            self.long_level[rows],
            self.level_sd[rows],
            self.unit[rows],
            self.grain[rows],
            self.stretch[rows],
            self.absent[rows],
            self.habits.resumption,
            np.cumsum(self.lanes[rows], axis=1, dtype=np.float32),
            np.cumsum(self.dispersions[rows], axis=1, dtype=np.float32),
            WEIGHTS,
            PERSISTENCE,
            _long_weight(self.context),
            self.habits.power,
            DISPERSIONS,
            LOWEST_SHARE,
            self.context.future(horizon),
            self.context.profile[rows],
            *path_tables(),
            out,
        )
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Return the mean of the paths without drawing them; float32 (k, horizon).

        A level that returns to its long-run mean is taken to do so during an absence, too.
        """
        out = np.empty((len(rows), horizon))
        share = self.lanes[rows] / self.lanes[rows].sum(axis=1, keepdims=True)
        level = self.level[rows].copy()
        long = np.repeat(self.long_level[rows][:, None], len(WEIGHTS), axis=1)
        silent = self.absent[rows].copy()
        for h in range(horizon):
            silent *= 1.0 - self.habits.resumption
            out[:, h] = (share * level).sum(axis=1) * (1.0 - silent)
            back = (1.0 - PERSISTENCE) * (long - level)
            long += _long_weight(self.context) * (level - long)
            level += back
        return np.asarray(out * self.context.future(horizon)[self.context.profile[rows]], dtype=np.float32)

    def follow(self, panel: DemandPanel, context: FitContext) -> CountPaths:
        """See :class:`forecasting.models.protocol.Follows`: new levels and absences, everything else as it was."""
        fit = _filter(panel, context, self.habits, self.unit, self.grain, judge=False)
        absent = _absence(fit.absence, self.habits)
        return replace(self, context=context, level=fit.level, long_level=fit.long_level, absent=absent)

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """What is most probable of the level, its weight and persistence, and the dispersion; and what is counted.

        ``law`` is "negative binomial", or the name of what stands in for it: "gamma", "steady", "no demand".
        """
        best = self.lanes.argmax(axis=1)
        law = np.select(
            [self.mean <= 0, self.unit < 0, self.unit == 0], ["no demand", "steady", "gamma"], "negative binomial"
        )
        return {
            "level": self.level[np.arange(len(self.mean)), best],
            "smoothing": WEIGHTS[best],
            "persistence": PERSISTENCE[best],
            "dispersion": DISPERSIONS[self.dispersions.argmax(axis=1)],
            "level_sd": self.level_sd,
            "unit": self.unit,
            "absent": self.absent,
            "past_values": self.seen,
            "fallback": np.where(law == "negative binomial", "", law),
        }


@dataclass(frozen=True)
class NegativeBinomial:
    """Exponential smoothing of counts with shared seasons, shared habits and paths with level feedback.

    The level l of a series follows its demand and returns to a long-run mean; demand is negative-binomial around
    l x season. Candidates for weight and persistence, and for the dispersion, are judged by their likelihood and by
    how often they are true of series of similar volume (empirical Bayes). Whether the variance is linear or
    quadratic in the mean is decided by the likelihood of all series together. Long runs of zeros that chance can't
    explain are taken for absences: they are no evidence, and an absence that lasts ends by chance.

    Series that come in lots are counted in lots (``choose_units``). Where a count is the wrong picture a named
    fallback stands in (``parameters()["fallback"]``): "gamma" for fractional demand without zeros and for demand
    with less variance than a Poisson count's, rounded at random to the series' grain; "steady" for a constant.

    References
    ----------
    Snyder, Ord and Beaumont (2012), International Journal of Forecasting 28, 485-496 (damped dynamic, negative
    binomial). De Rezende, Egert, Marin and Thompson (2022), ibid. 38, 1460-1467, arXiv 2111.14721 (shared seasons,
    sample paths).
    """

    name: str = "negative_binomial"

    def pool(self, panel: DemandPanel, context: FitContext) -> CountHabits:
        """See :class:`forecasting.models.protocol.Pools`; learns from the series with the smallest stream keys."""
        order = np.argsort(panel.stream_keys(0), kind="stable")
        chosen = order[summarise(panel).demands[order] > 0][:_POOLED_SERIES]
        if not len(chosen):
            return CountHabits.unknown()
        part, inner = panel.take(chosen), replace(context, profile=context.profile[chosen])
        unit, grain = _units(part, summarise(part))
        fits = {
            power: _filter(part, inner, CountHabits.unknown(power), unit, grain, judge=True) for power in (1.0, 2.0)
        }
        power = max(fits, key=lambda power: _evidence(fits[power].dispersion_scores))
        fit = fits[power]
        volume = volume_class(fit.mean, unit)
        return CountHabits.learn(
            power, fit.lane_scores, fit.dispersion_scores, volume, fit.absence, float(part.observed.sum())
        )

    def fit(self, panel: DemandPanel, context: FitContext) -> CountPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        habits = context.pooled if isinstance(context.pooled, CountHabits) else CountHabits.unknown()
        summary = summarise(panel)
        unit, grain = _units(panel, summary)
        fit = _filter(panel, context, habits, unit, grain, judge=True)
        volume = volume_class(fit.mean, unit)
        lanes = normalise(fit.lane_scores + habits.lanes[volume])
        dispersions = normalise(fit.dispersion_scores + habits.dispersions[volume])
        seen = np.maximum(summary.observed - fit.absence[:, 3], 0.0)
        weight = (lanes * WEIGHTS).sum(axis=1)
        evidence = np.minimum(np.maximum(seen, 1.0), _EVIDENCE * (2.0 - weight) / np.maximum(weight, 1e-9))
        # Squared coefficient of variation of a period at the mean.
        scatter = (dispersions * DISPERSIONS).sum(axis=1)
        scatter += np.where(fit.mean > 0, np.maximum(unit, 0.0) / np.where(fit.mean > 0, fit.mean, 1.0), 0.0)
        return CountPaths(
            context=context,
            habits=habits,
            mean=fit.mean,
            level=fit.level,
            long_level=fit.long_level,
            level_sd=np.minimum(np.sqrt(scatter / np.maximum(evidence, 1.0)), _LARGEST_SD),
            unit=unit,
            grain=grain,
            # The variance about a fitted mean is too small by 1 / n.
            stretch=scatter / np.maximum(seen - 1.0, 1.0),
            absent=_absence(fit.absence, habits),
            lanes=lanes.astype(np.float32),
            dispersions=dispersions.astype(np.float32),
            seen=seen,
        )


@dataclass(frozen=True, eq=False)
class _Filtered:
    mean: Floats
    level: Floats
    long_level: Floats
    absence: Floats
    lane_scores: Floats
    dispersion_scores: Floats


def _filter(
    panel: DemandPanel, context: FitContext, habits: CountHabits, unit: Floats, grain: Floats, *, judge: bool
) -> _Filtered:
    n = len(panel)
    volume = volume_class(summarise(panel).mean, unit)
    out = _Filtered(
        np.zeros(n), np.zeros((n, len(WEIGHTS))), np.zeros(n), np.zeros((n, 4)),
        np.zeros((n, len(WEIGHTS))), np.zeros((n, len(DISPERSIONS))),
    )  # fmt: skip
    filter_counts(
        panel.quantity,
        panel.status,
        context.past(),
        context.profile,
        unit,
        grain,
        WEIGHTS,
        PERSISTENCE,
        _long_weight(context),
        habits.power,
        DISPERSIONS,
        habits.lanes[volume],
        habits.dispersions[volume],
        judge,
        out.mean,
        out.level,
        out.long_level,
        out.absence,
        out.lane_scores,
        out.dispersion_scores,
    )
    return out


def _units(panel: DemandPanel, summary: DemandSummary) -> tuple[Floats, Floats]:
    """In what each series is counted, and of what its demands are multiples; see CountPaths."""
    grain, unit = np.zeros(len(panel)), np.zeros(len(panel))
    find_grain(panel.quantity, panel.status, grain)
    positive = np.where(panel.observed & (panel.quantity > 0), panel.quantity, np.float32(np.inf))
    least = positive.min(axis=1, initial=np.float32(np.inf)).astype(np.float64)
    smallest = np.where(grain > 0, grain, np.where(np.isfinite(least), least, 0.0))
    size = summary.mean * summary.observed / np.maximum(summary.demands, 1.0)
    doublings = np.log2(np.maximum(size / np.where(smallest > 0, smallest, 1.0) / _LARGEST_COUNT, 1.0))
    smallest = smallest * 2.0 ** np.floor(doublings)
    # Lots are looked for where demand is rare: elsewhere a season would be taken for them.
    rare = np.where(summary.mean_interval > INTERVAL_CUT_OFF, summary.mean, 0.0)
    choose_units(panel.quantity, panel.status, rare, smallest, DISPERSIONS[::2].copy(), unit)
    no_zeros = summary.demands == summary.observed
    calm = (summary.variance < _LEAST_VARIANCE * grain * summary.mean) & (summary.mean >= grain)
    fluid = no_zeros & ((grain == 0) | (summary.mean > _CONTINUOUS_COUNT * grain))
    steady = summary.variance <= 1e-12 * summary.mean**2
    unit[(summary.observed >= _LONG_ENOUGH) & (calm | fluid)] = 0.0
    unit[(summary.observed >= _LONG_ENOUGH) & steady] = -1.0
    return unit, grain


def _absence(absence: Floats, habits: CountHabits) -> Floats:
    """Probability of an absence: as likely as one begins, over the chance of the run of zeros without one."""
    odds = habits.absence * np.exp(np.minimum(-absence[:, 0], 50.0))
    return np.where(absence[:, 0] < 0, odds / (1.0 + odds), 0.0)


def _evidence(scores: Floats) -> float:
    """Log likelihood of all series when every candidate is as likely as any other."""
    top = scores.max(axis=1)
    return float((top + np.log(np.exp(scores - top[:, None]).mean(axis=1))).sum())


def _long_weight(context: FitContext) -> float:
    """The long-run mean remembers about a year."""
    return 1.0 / context.season.calendar.frequency.periods_per_year
