"""Fitted models that draw past errors: a few numbers and a table of past values a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from forecasting.kernels.paths import sample_additive, sample_dense
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys

__all__ = ["ErrorPaths", "LevelPaths"]

Floats = npt.NDArray[np.float64]
# Normal quantiles at the middles of 4,096 equal slices: a draw is a look-up.
_NORMAL: Floats = np.asarray(ndtri((np.arange(4096) + 0.5) / 4096))


@dataclass(frozen=True, eq=False)
class LevelPaths:
    """Demand = (level + (level + scale) x a past relative error) x season, never below 0.

    Attributes
    ----------
    level : (n,) units a period at season 1.
    scale : (n,) units; with 0 the errors are plain ratios to the level, less 1.
    feedback : (n,) weight with which the level follows drawn demand (0: it stays).
    level_sd : (n,) relative standard error of the level, drawn once a path.
    table : float32 (n, k) past relative errors, mean 0; count : (n,) how many are in use.
    whole : bool (n,) series in whole units.
    """

    context: FitContext
    level: Floats
    scale: Floats
    feedback: Floats
    level_sd: Floats
    table: Floats32
    count: Integers
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        sample_dense(
            keys,
            self.level[rows],
            self.scale[rows],
            self.feedback[rows],
            self.level_sd[rows],
            self.context.future(horizon),
            self.context.profile[rows],
            self.table[rows],
            self.count[rows],
            self.whole[rows],
            _NORMAL,
            0,
            out,
        )
        return out

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The level, its feedback weight, its relative standard error and the number of past values."""
        return {"level": self.level, "smoothing": self.feedback, "level_sd": self.level_sd, "past_values": self.count}


@dataclass(frozen=True, eq=False)
class ErrorPaths:
    """Demand = what was demanded a season ago plus a past error, never below 0.

    Attributes
    ----------
    cycle : float32 (n, s) the newest season, oldest period first.
    table : float32 (n, k) past errors; count : (n,) how many are in use. whole : bool (n,).
    """

    context: FitContext
    cycle: Floats32
    table: Floats32
    count: Integers
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        season = self.cycle.shape[1]
        base = np.ascontiguousarray(self.cycle[rows][:, np.arange(horizon) % season])
        sample_additive(keys, base, self.table[rows], self.count[rows], self.whole[rows], 0, out)
        return out

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The mean of the newest season and the number of past errors."""
        return {"level": self.cycle.mean(axis=1, dtype=np.float64), "past_values": self.count}
