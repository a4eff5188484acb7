"""Several models as one: their quantiles averaged, corrected by what earlier origins showed, as sample paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.calibration import Calibration
from forecasting.combination import LEVELS, average_weights
from forecasting.distributions import TAIL_SHARE
from forecasting.fitted import FittedSeries, Mapper, side_by_side
from forecasting.kernels.blending import blend_paths, blend_totals
from forecasting.kernels.paths import sums_at
from forecasting.models.protocol import FitContext
from forecasting.panel import DemandPanel
from forecasting.segments import CLASSES
from forecasting.trials import Trials

__all__ = ["BlendedSeries", "Blending", "learn_blending"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

# How strongly weights stay near equal ones, and those of a class near those of all series.
STRENGTH: Final = 0.03
STRENGTH_CLASS: Final = 0.1
# Pools of the calibration: quarters of the series by mean demand over the interval. Slow movers' tails are missed in
# another way than fast movers'; the class tells less, and pools of both would be thin.
POOLS: Final = 4
# Numbers that one model's paths may hold at once: buffers that fit into the caches are used again.
_CELLS_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, eq=False)
class Blending:
    """What earlier origins teach about a set of models.

    Attributes
    ----------
    weights : float64 (c, j), for each class of ``CLASSES``; rows sum to 1.
    calibration : coverage seen and the map that follows, by quarter of volume.
    volume_limits : float64 (3,) mean demand over the protection interval that parts the quarters.
    origins : how many there were; 0: nothing is known, weights are equal.
    """

    weights: Floats
    calibration: Calibration
    volume_limits: Floats
    origins: int

    @classmethod
    def unknown(cls, models: int) -> Blending:
        """Equal weights and no correction."""
        equal = np.full((len(CLASSES), models), 1.0 / models)
        return cls(equal, Calibration.nothing_seen(POOLS), np.zeros(POOLS - 1), 0)

    def pool(self, volume: Floats) -> Integers:
        """The calibration pool of each series; ``volume`` is its mean demand over the protection interval."""
        return np.asarray(np.searchsorted(self.volume_limits, volume), dtype=np.int64)


def learn_blending(trials: Trials, protection: Integers) -> Blending:
    """Estimate weights and calibration from trials.

    Parameters
    ----------
    trials : of j models. protection : (k,) periods, of the series in the trials.
    """
    models = len(trials.sums)
    draws = trials.sums.shape[3]
    at = [max(int(np.ceil(level * draws)) - 1, 0) for level in LEVELS]
    quantiles = trials.sums[..., at].astype(np.float64)
    known, volume = trials.known, trials.mean * protection
    # The loss of a window grows with its volume; its root lets small series speak too.
    worth = np.where(volume > 0, 1.0 / np.sqrt(np.maximum(volume, 1e-9)), 0.0)

    def best(where: npt.NDArray[np.bool_], toward: Floats, strength: float) -> Floats:
        return average_weights(quantiles[:, where], trials.actual[where], worth[where], toward, strength)

    common = best(known, np.full(models, 1.0 / models), STRENGTH)
    weights = np.array([best(known & (trials.class_number == c), common, STRENGTH_CLASS) for c in range(len(CLASSES))])
    limits = np.quantile(volume[known], np.arange(1, POOLS) / POOLS) if known.any() else np.zeros(POOLS - 1)
    blending = replace(Blending.unknown(models), weights=weights, volume_limits=limits)
    calibration = Calibration.nothing_seen(POOLS)
    for o in range(len(trials.origins)):
        mixed = np.einsum("kj,jkm->km", weights[trials.class_number[o]], trials.sums[:, o].astype(np.float64))
        below, at_actual = place_of_actual(mixed, trials.whole, trials.actual[o])
        calibration = calibration.after(below, at_actual, known[o], blending.pool(volume[o]))
    return replace(blending, calibration=calibration, origins=len(trials.origins))


def place_of_actual(sums: Floats, whole: npt.NDArray[np.bool_], actual: Floats) -> tuple[Floats, Floats]:
    """P(D < actual) and P(D = actual) of averaged draws (n, m), which whole-number series round at random.

    The actual is one more draw: among m of them it falls into each of the m + 1 gaps with the same chance, so that a
    few draws are not taken for a distribution without a tail.
    """
    at_most = np.where(whole[:, None], np.clip(actual[:, None] + 1.0 - sums, 0.0, 1.0), sums <= actual[:, None])
    below = np.where(whole[:, None], np.clip(actual[:, None] - sums, 0.0, 1.0), sums < actual[:, None])
    gaps = sums.shape[1] + 1.0
    return below.sum(axis=1) / gaps, (at_most.sum(axis=1) - below.sum(axis=1) + 1.0) / gaps


@dataclass(frozen=True, eq=False)
class BlendedSeries:
    """Models fitted to the same series, drawn as one.

    Attributes
    ----------
    members : j fitted models; rows : int64 (n,), ascending, their series in the panel.
    weights : float64 (n, j). pool : int64 (n,) of the calibration. protection : int64 (n,) periods over which
        quantiles are averaged and corrected.
    """

    members: tuple[FittedSeries, ...]
    rows: Integers
    weights: Floats
    pool: Integers
    protection: Integers
    calibration: Calibration
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """Draw paths of some series, told by their rows in the panel; float32 (k, count, horizon)."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        targets = self._targets(count)
        at_once = max(_CELLS_AT_ONCE // (count * max(horizon, int(self.protection.max(initial=1)))), 1)
        for first in range(0, len(rows), at_once):
            part = slice(first, first + at_once)
            self._some(rows[part], keys[part], targets, out[part])
        return out

    def _some(self, rows: Integers, keys: Keys, targets: RankTargets, out: Floats32) -> None:
        """Draw the paths ``out`` (k, count, horizon) of a few series."""
        count, horizon = out.shape[1:]
        at = np.searchsorted(self.rows, rows)
        length = self.protection[at]
        reach = max(horizon, int(length.max()))
        used = np.flatnonzero((self.weights[at] > 0).any(axis=0))
        # The average needs every model's total over the whole interval, however short the path that is wanted.
        paths = tuple(self.members[j].paths(rows, keys, reach, count) for j in used)
        periods = np.repeat(length[:, None], count, axis=1)
        sums = np.empty((len(used), len(rows), count), dtype=np.float32)
        for j in range(len(used)):
            sums_at(paths[j], periods, sums[j])
        order, ascending = _ranked(sums)
        weight = np.ascontiguousarray(self.weights[at][:, used])
        mixed = np.einsum("kj,jkm->km", weight, ascending)
        pool = self.pool[at]
        total = np.empty_like(mixed)
        blend_totals(mixed, pool, *targets.places(), _mean_excess(mixed, targets.kept), targets.kept, total)
        blend_paths(keys, paths, order, ascending, weight, targets.source[pool], total, self.whole[at], out)

    def _targets(self, count: int) -> RankTargets:
        """From where the calibration takes each rank of ``count`` averaged draws."""
        middle = (np.arange(count) + 0.5) / count
        asked = self.calibration.asked(np.arange(POOLS), middle)
        # Rounded, so that the last bits of the map don't decide whose path is taken, or whether the tail is.
        unbounded = np.round(asked * count - 0.5, 9)
        place = np.clip(unbounded, 0.0, count - 1.0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, count - 1)
        kept = count - max(int(TAIL_SHARE * count), 1)
        excesses = np.log((1.0 - kept / count) / np.maximum(1.0 - asked, 1e-12))
        beyond = np.where(unbounded > count - 1.0, excesses, np.nan)
        return RankTargets(low, high, place - low, beyond, kept)

    def follow(self, panel: DemandPanel, context: FitContext, run: Mapper) -> BlendedSeries:
        """Take in a longer history; weights and calibration stay."""
        run_models, run_pieces = side_by_side(run, len(self.rows))
        members = tuple(run_models(lambda member: member.follow(panel, context, run_pieces), self.members))
        return replace(self, members=members)

    def parameters(self) -> list[tuple[Integers, dict[str, npt.NDArray[np.generic]]]]:
        """The weighted mean of the members' levels and the weight of each member."""
        level = np.zeros(len(self.rows))
        for j, member in enumerate(self.members):
            for rows, values in member.parameters():
                at = np.searchsorted(self.rows, rows)
                level[at] += self.weights[at, j] * np.asarray(values["level"], dtype=np.float64)
        weights = {f"weight_{m.model.name}": self.weights[:, j] for j, m in enumerate(self.members)}
        return [(self.rows, {"level": level, **weights})]


@dataclass(frozen=True, eq=False)
class RankTargets:
    """For each pool and rank of m averaged draws, what its total is taken from; arrays (POOLS, m).

    Attributes
    ----------
    low, high : two neighbouring ranks. share : of the higher one.
    beyond : beyond the largest draw, how many mean excesses above the draw of rank ``kept`` - 1; elsewhere NaN.
    """

    low: Integers
    high: Integers
    share: Floats
    beyond: Floats
    kept: int

    @property
    def source(self) -> Integers:
        """The rank whose path is taken."""
        return np.where(self.share > 0, self.high, self.low)

    def places(self) -> tuple[Integers, Integers, Floats, Floats]:
        """All four arrays."""
        return self.low, self.high, self.share, self.beyond


def _ranked(sums: Floats32) -> tuple[Integers, Floats]:
    """Ascending order along the last axis, equal sums in the order of their places, and the sums in that order.

    The bits of numbers that are not negative rise with them: with the place behind them they are sorted as integers,
    which vector units do ten times as fast as a stable ``argsort``.
    """
    keyed = sums.view(np.uint32).astype(np.uint64) << np.uint64(32)
    keyed |= np.arange(sums.shape[-1], dtype=np.uint64)
    keyed.sort(axis=-1)
    ascending = (keyed >> np.uint64(32)).astype(np.uint32).view(np.float32).astype(np.float64)
    keyed &= np.uint64(0xFFFFFFFF)
    return keyed.view(np.int64), ascending


def _mean_excess(mixed: Floats, kept: int) -> Floats:
    """How much the largest draws of each series lie above the one of rank ``kept`` - 1 on the average; (n,)."""
    return np.asarray(mixed[:, kept:].mean(axis=1) - mixed[:, max(kept - 1, 0)])


def describe_weights(names: Sequence[str], weights: Floats) -> str:
    """Name the models with their shares, largest first."""
    order = np.argsort(-weights, kind="stable")
    return ", ".join(f"{names[j]} {weights[j]:.0%}" for j in order if weights[j] >= 0.005)
