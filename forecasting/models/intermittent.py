"""Croston's method with the correction of Syntetos and Boylan, as a distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.kernels.smoothing import fit_croston
from forecasting.models.protocol import FitContext, memory_periods
from forecasting.models.sampled import IntermittentPaths
from forecasting.panel import DemandPanel
from forecasting.segments import summarise

__all__ = ["SyntetosBoylan"]


@dataclass(frozen=True)
class SyntetosBoylan:
    """The rate is SBA's; sizes are drawn from past demands; the rate carries its own standard error.

    References
    ----------
    Croston (1972), Operational Research Quarterly 23, 289-303. Syntetos and Boylan (2005), International Journal
    of Forecasting 21, 303-314. That the estimate itself is uncertain: Prak and Teunter (2019), ibid. 35, 454-461.
    """

    name: str = "sba"
    weights: tuple[float, ...] = (0.02, 0.05, 0.1, 0.15, 0.2)

    def fit(self, panel: DemandPanel, context: FitContext) -> IntermittentPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        n = len(panel)
        rate, weight = np.zeros(n), np.zeros(n)
        sizes = np.zeros((n, memory_periods(context)), dtype=np.float32)
        count = np.zeros(n, dtype=np.int64)
        fit_croston(
            panel.quantity,
            panel.status,
            context.past(),
            context.profile,
            np.array(self.weights),
            rate,
            weight,
            sizes,
            count,
        )
        filled = np.arange(sizes.shape[1])[None, :] < count[:, None]
        mean_size = np.where(filled, sizes, 0.0).sum(axis=1) / np.maximum(count, 1)
        occurrence = rate / np.where(mean_size > 0, mean_size, 1.0)
        summary = summarise(panel)
        # An average with weight w rests on about (2 - w) / w demands, and on no more than there were.
        evidence = np.minimum((2.0 - weight) / np.where(weight > 0, weight, 1.0), summary.demands)
        per_demand = np.maximum(1.0 - 1.0 / summary.mean_interval, 0.0) + summary.size_cv2
        level_sd = np.minimum(np.sqrt(per_demand / np.maximum(evidence, 1.0)), 0.8)
        return IntermittentPaths(context, occurrence, weight, level_sd, sizes, count, panel.integral)
