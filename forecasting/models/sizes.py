"""How large a demand is when it comes: past sizes of the series, and as if there were two more, all series'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.models.pooled import RATIOS, PooledDemand, mean_size, past_sizes
from forecasting.models.protocol import FitContext, Floats32, Integers
from forecasting.panel import DemandPanel

__all__ = ["DemandSizes", "demand_sizes"]

Floats = npt.NDArray[np.float64]

# Pooled sizes count as so many past ones.
PRIOR_SIZES = 2


@dataclass(frozen=True, eq=False)
class DemandSizes:
    """What a demand may amount to, for n series.

    Attributes
    ----------
    table : float32 (n, k) past sizes, oldest first. count : (n,) how many are in use.
    pooled : float32 (n, 32) pooled ratios times the series' mean, in its units. prior : how many sizes they count as.
    mean, cv2 : (n,) of a draw from both.
    unit : (n,) the largest whole number that divides all sizes; 0 for a series that is not in whole units.
    """

    table: Floats32
    count: Integers
    pooled: Floats32
    prior: int
    mean: Floats
    cv2: Floats
    unit: Floats

    @property
    def sd(self) -> Floats:
        """Standard deviation of a size, units."""
        return np.asarray(self.mean * np.sqrt(self.cv2))


def demand_sizes(panel: DemandPanel, context: FitContext, pooled: PooledDemand | None) -> DemandSizes:
    """Collect the sizes of each series; without pooled knowledge its own alone."""
    table, count = past_sizes(panel, context)
    own = mean_size(table, count)
    filled = np.arange(table.shape[1])[None, :] < count[:, None]
    unit = np.where(panel.integral, _common_divisor(np.where(filled, table, 0.0)), 0.0)
    prior = PRIOR_SIZES if pooled is not None else 0
    ratio = pooled.ratio if pooled is not None else np.ones(RATIOS)
    step = np.where(unit > 0, unit, 1.0)[:, None]
    lent = own[:, None] * ratio
    lent = np.where(unit[:, None] > 0, np.maximum(np.rint(lent / step), 1.0) * step, lent)
    entries = np.maximum(count + prior, 1)
    mean = (count * own + prior * lent.mean(axis=1)) / entries
    away = np.where(filled, (table - mean[:, None]) ** 2, 0.0).sum(axis=1)
    away += prior * ((lent - mean[:, None]) ** 2).mean(axis=1)
    cv2 = away / entries / np.where(mean > 0, mean, 1.0) ** 2
    return DemandSizes(table, count, lent.astype(np.float32), prior, mean, cv2, unit)


def _common_divisor(sizes: Floats) -> Floats:
    """Largest whole number that divides all whole sizes of a row; 1 where there are none or where they are huge."""
    whole = np.where(np.abs(sizes) < 2.0**53, sizes, 1.0).astype(np.int64)
    return np.asarray(np.maximum(np.gcd.reduce(whole, axis=1), 1), dtype=np.float64)
