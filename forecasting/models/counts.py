"""Negative-binomial exponential smoothing: counts whose level drifts, with all that is uncertain about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.kernels.count_paths import quantile_tables, sample_counts
from forecasting.kernels.counts import LOWEST_SHARE, choose_units, find_grain, fit_counts, follow_counts
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys
from forecasting.panel import DemandPanel
from forecasting.segments import INTERVAL_CUT_OFF, summarise

__all__ = ["CountPaths", "NegativeBinomial"]

Floats = npt.NDArray[np.float64]

# Candidates (weight, persistence): the level follows demand with the weight and returns to its long-run mean.
_BY_PERSISTENCE = {
    1.0: (0.0, 0.01, 0.02, 0.04, 0.07, 0.11, 0.17, 0.25, 0.4),
    0.98: (0.02, 0.04, 0.07, 0.11, 0.17, 0.25),
    0.93: (0.04, 0.07, 0.12, 0.2, 0.35),
    0.8: (0.1, 0.2, 0.35),
    0.5: (0.25,),
}
_LANES = np.array([(weight, persistence) for persistence, all in _BY_PERSISTENCE.items() for weight in all])
_WEIGHTS = np.ascontiguousarray(_LANES[:, 0])
_PERSISTENCE = np.ascontiguousarray(_LANES[:, 1])
# Excess variance over a Poisson count's, at the mean and in parts of the squared mean.
_DISPERSIONS = np.geomspace(1e-4, 50.0, 25)
# Series of similar volume: mean counts a period.
_VOLUMES = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
# From so many series the panel's habits are learned; a class leans on all as if they were this many of its own.
_POOLED_SERIES = 2000
_PRIOR_SERIES = 10.0
_ROUNDS = 30
# A level smoothed with weight w rests on so many times (2 - w) / w periods; its relative standard error is at most:
_EVIDENCE = 2.0
_LARGEST_SD = 1.2
# A constant series of at least so many periods is taken for steady.
_STEADY_PERIODS = 8


@dataclass(frozen=True, eq=False)
class Habits:
    """What all series teach together.

    Attributes
    ----------
    power : excess variance grows with this power of the mean, 1 or 2.
    lanes : (classes, lanes) log probability of each candidate; dispersions : (classes, dispersions) likewise.
    """

    power: float
    lanes: Floats
    dispersions: Floats
    absence: float
    resumption: float


@dataclass(frozen=True, eq=False)
class CountPaths:
    """Series whose counts are negative-binomial around a level that follows them.

    Attributes
    ----------
    mean, level, long_level, level_sd, unit, grain : see :func:`forecasting.kernels.count_paths.sample_counts`.
    lanes : float32 (n, lanes), dispersions : float32 (n, dispersions); posterior probabilities.
    """

    context: FitContext
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
    habits: Habits
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
            _WEIGHTS,
            _PERSISTENCE,
            _long_weight(self.context),
            self.habits.power,
            _DISPERSIONS,
            LOWEST_SHARE,
            self.context.future(horizon),
            self.context.profile[rows],
            *quantile_tables(),
            out,
        )
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Return the point forecast; float32 (k, horizon)."""
        raise NotImplementedError

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The level, its weight, persistence and standard error, the dispersion, the law of the counts."""
        best = self.lanes.argmax(axis=1)
        return {
            "level": self.level[np.arange(len(self.mean)), best],
            "smoothing": _WEIGHTS[best],
            "persistence": _PERSISTENCE[best],
            "dispersion": _DISPERSIONS[self.dispersions.argmax(axis=1)],
            "level_sd": self.level_sd,
            "unit": self.unit,
            "past_values": self.seen,
        }


@dataclass(frozen=True)
class NegativeBinomial:
    """TODO."""

    name: str = "negative_binomial"

    def pool(self, panel: DemandPanel, context: FitContext) -> Habits:
        """See :class:`forecasting.models.protocol.Pools`."""
        keys = panel.stream_keys(0)
        order = np.argsort(keys)
        alive = order[summarise(panel).demands[order] > 0][:_POOLED_SERIES]
        part = panel.take(alive)
        inner = replace(context, profile=context.profile[alive])
        fits = [_fit(part, inner, _no_habits(power)) for power in (1.0, 2.0)]
        marginal = [_log_mean(f.dispersion_likelihood).sum() for f in fits]
        fit = fits[int(np.argmax(marginal))]
        volume = _volume(fit)
        return Habits(
            (1.0, 2.0)[int(np.argmax(marginal))],
            _learn(fit.lane_likelihood, volume),
            _learn(fit.dispersion_likelihood, volume),
            # A few absences of a hundred periods stand for the panel that has none.
            (fit.absence[:, 1].sum() + 0.01) / (fit.seen.sum() + 100.0),
            (fit.absence[:, 2].sum() + 0.1) / (fit.absence[:, 3].sum() + 10.0),
        )

    def fit(self, panel: DemandPanel, context: FitContext) -> CountPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        habits = context.pooled if isinstance(context.pooled, Habits) else _no_habits(2.0)
        fit = _fit(panel, context, habits)
        volume = _volume(fit)
        lanes = _softmax(fit.lane_likelihood + habits.lanes[volume])
        dispersions = _softmax(fit.dispersion_likelihood + habits.dispersions[volume])
        spread = dispersions @ _DISPERSIONS
        relative = spread + np.where(fit.mean > 0, fit.unit / np.where(fit.mean > 0, fit.mean, 1.0), 0.0)
        weight = lanes @ _WEIGHTS
        evidence = np.maximum(np.minimum(fit.seen, _EVIDENCE * (2.0 - weight) / np.maximum(weight, 1e-9)), 1.0)
        level_sd = np.minimum(np.sqrt(relative / evidence), _LARGEST_SD)
        short = fit.seen / np.maximum(fit.seen - 1.0, 0.5) - 1.0
        # An absence is as likely as it began, over what the run of zeros at the end would be without one.
        odds = habits.absence * np.exp(np.minimum(-fit.absence[:, 0], 50.0))
        absent = np.where(fit.absence[:, 0] < 0, odds / (1.0 + odds), 0.0)
        return CountPaths(
            context, fit.mean, fit.level, fit.long_level, level_sd, fit.unit, fit.grain, relative * short, absent,
            lanes.astype(np.float32), dispersions.astype(np.float32), habits, fit.seen,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Fit:
    mean: Floats
    level: Floats
    long_level: Floats
    unit: Floats
    grain: Floats
    seen: Floats
    lane_likelihood: Floats
    dispersion_likelihood: Floats
    absence: Floats


def _fit(panel: DemandPanel, context: FitContext, habits: Habits) -> _Fit:
    n = len(panel)
    unit, grain, mean, long_level = (np.zeros(n) for _ in range(4))
    summary = summarise(panel)
    find_grain(panel.quantity, panel.status, grain)
    size = summary.mean * summary.observed / np.maximum(summary.demands, 1.0)
    least = np.where(panel.observed & (panel.quantity > 0), panel.quantity, np.inf).min(axis=1, initial=np.inf)
    smallest = np.where(grain > 0, grain, np.where(np.isfinite(least), least, 0.0))
    fine = np.maximum(size / np.where(smallest > 0, smallest, 1.0) / 4096.0, 1.0)
    smallest = smallest * 2.0 ** np.floor(np.log2(fine))
    rare = summary.mean_interval > INTERVAL_CUT_OFF
    choose_units(
        panel.quantity, panel.status, np.where(rare, summary.mean, 0.0), smallest, _DISPERSIONS[::2].copy(), unit
    )
    long_enough = summary.observed >= _STEADY_PERIODS
    no_zeros = summary.demands == summary.observed
    under = (summary.variance < 0.8 * grain * summary.mean) & (summary.mean >= grain)
    continuous = long_enough & (under | (no_zeros & ((grain == 0) | (summary.mean > 1e5 * grain))))
    unit = np.where(continuous, 0.0, unit)
    unit = np.where(long_enough & (summary.variance <= 1e-12 * summary.mean**2), -1.0, unit)
    volume = _classes(summary.mean, unit)
    level, lanes = np.zeros((n, len(_LANES))), np.zeros((n, len(_LANES)))
    dispersions = np.zeros((n, len(_DISPERSIONS)))
    absence = np.zeros((n, 4))
    fit_counts(
        panel.quantity,
        panel.status,
        context.past(),
        context.profile,
        unit,
        grain,
        _WEIGHTS,
        _PERSISTENCE,
        _long_weight(context),
        habits.power,
        _DISPERSIONS,
        np.ascontiguousarray(habits.lanes[volume]),
        np.ascontiguousarray(habits.dispersions[volume]),
        mean,
        level,
        long_level,
        lanes,
        dispersions,
        absence,
    )
    return _Fit(mean, level, long_level, unit, grain, summary.observed - absence[:, 3], lanes, dispersions, absence)


def _long_weight(context: FitContext) -> float:
    return 1.0 / context.season.calendar.frequency.periods_per_year


def _classes(mean: Floats, unit: Floats) -> Integers:
    counts = np.where(unit > 0, mean / np.where(unit > 0, unit, 1.0), np.inf)
    return np.searchsorted(_VOLUMES, counts)


def _volume(fit: _Fit) -> Integers:
    return _classes(fit.mean, fit.unit)


def _no_habits(power: float) -> Habits:
    classes = len(_VOLUMES) + 1
    return Habits(power, np.zeros((classes, len(_LANES))), np.zeros((classes, len(_DISPERSIONS))), 1e-4, 0.01)


def _log_mean(log_likelihood: Floats) -> Floats:
    top = log_likelihood.max(axis=1)
    return top + np.log(np.exp(log_likelihood - top[:, None]).mean(axis=1))


def _softmax(logs: Floats) -> Floats:
    share = np.exp(logs - logs.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def _learn(log_likelihood: Floats, volume: Integers) -> Floats:
    """Find by expectation-maximisation how often each candidate is the true one, by class of volume."""
    k = log_likelihood.shape[1]
    common = np.full(k, 1.0 / k)
    for _ in range(_ROUNDS):
        share = _softmax(log_likelihood + np.log(common))
        common = (share.sum(axis=0) + 1.0 / k * _PRIOR_SERIES) / (len(share) + _PRIOR_SERIES)
    out = np.tile(common, (len(_VOLUMES) + 1, 1))
    for c in range(len(out)):
        mine = log_likelihood[volume == c]
        for _ in range(_ROUNDS):
            share = _softmax(mine + np.log(out[c]))
            out[c] = (share.sum(axis=0) + _PRIOR_SERIES * common) / (len(share) + _PRIOR_SERIES)
    return np.log(out)
