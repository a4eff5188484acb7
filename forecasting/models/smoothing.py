"""Simple exponential smoothing with seasons that a group shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.kernels.smoothing import fit_level
from forecasting.models.protocol import FitContext, memory_periods
from forecasting.models.sampled import LevelPaths
from forecasting.panel import DemandPanel

__all__ = ["ExponentialSmoothing"]


@dataclass(frozen=True)
class ExponentialSmoothing:
    """Exponential smoothing of the level, pooled seasons, errors that grow with the level.

    The smoothing weight minimises the squared one-step error of each series. Paths draw past errors, relative to
    the level plus the series' mean, and let the level follow, so that the spread of a sum grows as in truth.

    References
    ----------
    Hyndman, Koehler, Ord and Snyder (2008), Forecasting with Exponential Smoothing, ch. 2 and 6: between (A,N,N)
    and (M,N,N).
    """

    name: str = "exponential_smoothing"
    weights: tuple[float, ...] = (
        0.01,
        0.02,
        0.04,
        0.06,
        0.08,
        0.1,
        0.13,
        0.16,
        0.2,
        0.25,
        0.3,
        0.35,
        0.4,
        0.5,
        0.6,
        0.8,
    )

    def fit(self, panel: DemandPanel, context: FitContext) -> LevelPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        n = len(panel)
        level, scale, weight = np.zeros(n), np.zeros(n), np.zeros(n)
        table = np.zeros((n, memory_periods(context)), dtype=np.float32)
        count = np.zeros(n, dtype=np.int64)
        fit_level(
            panel.quantity,
            panel.status,
            context.past(),
            context.profile,
            np.array(self.weights),
            level,
            scale,
            weight,
            table,
            count,
        )
        return LevelPaths(context, level, scale, weight, np.zeros(n), table, count, panel.integral)
