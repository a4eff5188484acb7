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
from forecasting.fitted import FittedSeries, Mapper
from forecasting.kernels.blending import blend_paths
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
        at_once = max(_CELLS_AT_ONCE // (count * max(horizon, int(self.protection.max(initial=1)))), 1)
        for first in range(0, len(rows), at_once):
            part = slice(first, first + at_once)
            out[part] = self._some(rows[part], keys[part], horizon, count)
        return out

    def _some(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
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
        order = np.argsort(sums, axis=2, kind="stable")
        ascending = np.take_along_axis(sums, order, axis=2).astype(np.float64)
        weight = np.ascontiguousarray(self.weights[at][:, used])
        source, total = self._targets(np.einsum("kj,jkm->km", weight, ascending), self.pool[at])
        out = np.empty((len(rows), count, reach), dtype=np.float32)
        blend_paths(keys, paths, order, ascending, weight, source, total, self.whole[at], out)
        return out[:, :, :horizon]

    def _targets(self, mixed: Floats, pool: Integers) -> tuple[Integers, Floats]:
        """For each rank of the averaged draws (n, m): which rank it is taken from, and its total; (n, m) each."""
        count = mixed.shape[1]
        middle = (np.arange(count) + 0.5) / count
        asked = self.calibration.asked(pool, middle)
        # Rounded, so that the last bits of the map don't decide whose path is taken, or whether the tail is.
        unbounded = np.round(asked * count - 0.5, 9)
        place = np.clip(unbounded, 0.0, count - 1.0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, count - 1)
        share = place - low
        within = np.take_along_axis(mixed, low, 1) * (1.0 - share) + np.take_along_axis(mixed, high, 1) * share
        # Beyond the largest draw an exponential tail with the mean excess of the largest twentieth.
        kept = count - max(int(TAIL_SHARE * count), 1)
        threshold = mixed[:, max(kept - 1, 0)][:, None]
        excess = mixed[:, kept:].mean(axis=1, keepdims=True) - threshold
        beyond = threshold + excess * np.log((1.0 - kept / count) / np.maximum(1.0 - asked, 1e-12))
        total = np.where(unbounded > count - 1.0, np.maximum(within, beyond), within)
        return np.ascontiguousarray(np.where(share > 0, high, low)), np.ascontiguousarray(total)

    def follow(self, panel: DemandPanel, context: FitContext, run: Mapper) -> BlendedSeries:
        """Take in a longer history; weights and calibration stay."""
        return replace(self, members=tuple(member.follow(panel, context, run) for member in self.members))

    def parameters(self) -> list[tuple[Integers, dict[str, npt.NDArray[np.generic]]]]:
        """The weighted mean of the members' levels and the weight of each member."""
        level = np.zeros(len(self.rows))
        for j, member in enumerate(self.members):
            for rows, values in member.parameters():
                at = np.searchsorted(self.rows, rows)
                level[at] += self.weights[at, j] * np.asarray(values["level"], dtype=np.float64)
        weights = {f"weight_{m.model.name}": self.weights[:, j] for j, m in enumerate(self.members)}
        return [(self.rows, {"level": level, **weights})]


def describe_weights(names: Sequence[str], weights: Floats) -> str:
    """Name the models with their shares, largest first."""
    order = np.argsort(-weights, kind="stable")
    return ", ".join(f"{names[j]} {weights[j]:.0%}" for j in order if weights[j] >= 0.005)
