"""How large a demand is when it comes, and what all series teach of it and of how their levels move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.kernels.intermittent import newest_sizes
from forecasting.models.protocol import FitContext, Floats32, Integers, memory_periods
from forecasting.panel import DemandPanel

__all__ = ["DemandSizes", "PooledDemand", "demand_sizes", "pool_demand"]

Floats = npt.NDArray[np.float64]

# Pooled sizes count as so many past ones.
PRIOR_SIZES = 2
# Series with fewer demands tell nothing of the spread around their mean.
LEAST_DEMANDS = 5
_RATIOS = 32


@dataclass(frozen=True, eq=False)
class PooledDemand:
    """What the series of a panel have in common.

    Attributes
    ----------
    ratio : float64 (32,); sizes relative to the mean of their series, quantiles over all; mean 1.
    drift : variance by which the level of a series, relative to itself, moves in a period (a random walk).
    """

    ratio: Floats
    drift: float


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


def pool_demand(panel: DemandPanel, context: FitContext) -> PooledDemand:
    """Learn from the series with at least 5 demands how sizes spread around their mean and how levels move."""
    return PooledDemand(_pooled_ratios(panel, context), _pooled_drift(panel, context))


def _pooled_ratios(panel: DemandPanel, context: FitContext) -> Floats:
    table, count = _past_sizes(panel, context)
    used = (np.arange(table.shape[1])[None, :] < count[:, None]) & (count >= LEAST_DEMANDS)[:, None]
    if not used.any():
        return np.ones(_RATIOS)
    mean = _mean(table, count)
    ratio = (table / np.where(mean > 0, mean, 1.0)[:, None])[used]
    weight = np.broadcast_to(1.0 / np.maximum(count, 1)[:, None], table.shape)[used]
    # Equal ratios in an order of their own: the sum of the weights may not depend on the order of the series.
    order = np.lexsort((weight, ratio))
    share = np.cumsum(weight[order])
    middle = (np.arange(_RATIOS) + 0.5) / _RATIOS * share[-1]
    chosen = ratio[order][np.minimum(np.searchsorted(share, middle), len(order) - 1)]
    return np.asarray(chosen / chosen.mean())


def _pooled_drift(panel: DemandPanel, context: FitContext) -> float:
    """Random-walk variance of relative levels, from the two halves of what is remembered.

    The means of two adjacent halves of L periods of a random walk differ by a variance of 2/3 L times that of a
    step. What the variance within the halves explains is taken off first; a series counts by how well it tells.
    """
    periods = min(memory_periods(context), panel.calendar.periods) // 2 * 2
    half = periods // 2
    if half < LEAST_DEMANDS:
        return 0.0
    known = panel.observed[:, -periods:].reshape(len(panel), 2, half)
    season = context.past()[context.profile, -periods:].reshape(known.shape)
    value = np.where(known, panel.quantity[:, -periods:].reshape(known.shape) / season, 0.0).astype(np.float64)
    count = known.sum(axis=2)
    mean = value.sum(axis=2) / np.maximum(count, 1)
    noise = np.where(known, (value - mean[:, :, None]) ** 2, 0.0).sum(axis=(1, 2)) / np.maximum(
        count.sum(axis=1) - 2, 1
    )
    usable = (count >= LEAST_DEMANDS).all(axis=1) & ((value > 0).sum(axis=(1, 2)) >= LEAST_DEMANDS)
    level = np.where(usable, mean.mean(axis=1), 1.0)
    chance = noise * (1.0 / np.maximum(count, 1)).sum(axis=1) / level**2
    excess = ((mean[:, 1] - mean[:, 0]) / level) ** 2 - chance
    weight = np.where(usable, 1.0 / (0.5 + chance) ** 2, 0.0)
    # An exact sum does not depend on the order of the series.
    variance = math.fsum(weight * excess) / max(math.fsum(weight), 1e-300)
    return max(1.5 * variance / half, 0.0)


def demand_sizes(panel: DemandPanel, context: FitContext, pooled: PooledDemand | None) -> DemandSizes:
    """Collect the sizes of each series; without pooled knowledge its own alone."""
    table, count = _past_sizes(panel, context)
    own = _mean(table, count)
    filled = np.arange(table.shape[1])[None, :] < count[:, None]
    unit = np.where(panel.integral, _common_divisor(np.where(filled, table, 0.0)), 0.0)
    prior = PRIOR_SIZES if pooled is not None else 0
    ratio = pooled.ratio if pooled is not None else np.ones(_RATIOS)
    step = np.where(unit > 0, unit, 1.0)[:, None]
    lent = own[:, None] * ratio
    lent = np.where(unit[:, None] > 0, np.maximum(np.rint(lent / step), 1.0) * step, lent)
    entries = np.maximum(count + prior, 1)
    mean = (count * own + prior * lent.mean(axis=1)) / entries
    away = np.where(filled, (table - mean[:, None]) ** 2, 0.0).sum(axis=1)
    away += prior * ((lent - mean[:, None]) ** 2).mean(axis=1)
    cv2 = away / entries / np.where(mean > 0, mean, 1.0) ** 2
    return DemandSizes(table, count, lent.astype(np.float32), prior, mean, cv2, unit)


def _past_sizes(panel: DemandPanel, context: FitContext) -> tuple[Floats32, Integers]:
    table = np.zeros((len(panel), memory_periods(context)), dtype=np.float32)
    count = np.zeros(len(panel), dtype=np.int64)
    newest_sizes(panel.quantity, panel.status, table, count)
    return table, count


def _mean(table: Floats32, count: Integers) -> Floats:
    """Mean of the sizes in use; the others are 0."""
    return np.asarray(table.sum(axis=1, dtype=np.float64) / np.maximum(count, 1))


def _common_divisor(sizes: Floats) -> Floats:
    """Largest whole number that divides all whole sizes of a row; 1 where there are none or where they are huge."""
    whole = np.where(np.abs(sizes) < 2.0**53, sizes, 1.0).astype(np.int64)
    return np.asarray(np.maximum(np.gcd.reduce(whole, axis=1), 1), dtype=np.float64)
