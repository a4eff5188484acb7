"""Past periods drawn with replacement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.kernels.smoothing import last_observed
from forecasting.models.naive import mean_ratios
from forecasting.models.protocol import FitContext, memory_periods
from forecasting.models.sampled import LevelPaths
from forecasting.panel import DemandPanel

__all__ = ["Bootstrap"]


@dataclass(frozen=True)
class Bootstrap:
    """Each period is a past period drawn at random, seasons taken out and put back; the mean is uncertain too.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 6 (independent draws).
    """

    name: str = "bootstrap"

    def fit(self, panel: DemandPanel, context: FitContext) -> LevelPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        values = np.zeros((len(panel), memory_periods(context)), dtype=np.float32)
        count = np.zeros(len(panel), dtype=np.int64)
        last_observed(panel.quantity, panel.status, context.past(), context.profile, values, count)
        mean = values.sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
        return LevelPaths(context, *mean_ratios(values, count, mean, count), whole=panel.integral)
