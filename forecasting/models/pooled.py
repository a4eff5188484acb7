"""What the series of a panel teach together of rare demand: its sizes, how its levels move, how often it comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, expit

from forecasting.kernels.intermittent import newest_sizes
from forecasting.models.protocol import FitContext, Floats32, Integers, memory_periods
from forecasting.panel import DemandPanel
from forecasting.segments import DemandSummary, summarise

__all__ = ["RATIOS", "PooledDemand", "a_sample", "mean_size", "past_sizes", "pool_demand", "thin_evidence"]

Floats = npt.NDArray[np.float64]

RATIOS = 32
# Series with fewer demands tell nothing of the spread around their mean, with fewer periods nothing of their share.
LEAST_DEMANDS = 5
LARGEST_SAMPLE = 3000
# Longer histories are scaled down to so many periods: their shares are known well enough.
_LONGEST = 200


@dataclass(frozen=True, eq=False)
class PooledDemand:
    """What the series of a panel have in common.

    Attributes
    ----------
    ratio : float64 (32,); sizes relative to the mean of their series, quantiles over all; mean 1.
    drift : variance by which the level of a series, relative to itself, moves in a period (a random walk).
    demands, periods : how often demand comes, as if so many demands in so many periods more had been observed.
    """

    ratio: Floats
    drift: float
    demands: float
    periods: float


def pool_demand(panel: DemandPanel, context: FitContext) -> PooledDemand:
    """Learn from the whole panel; series with fewer than 5 demands count for their shares alone."""
    panel, context = a_sample(panel, context)
    demands, periods = _pooled_share(summarise(panel))
    return PooledDemand(_pooled_ratios(panel, context), _pooled_drift(panel, context), demands, periods)


def a_sample(panel: DemandPanel, context: FitContext) -> tuple[DemandPanel, FitContext]:
    """Return at most 3,000 series, chosen and ordered by their identity alone: more would teach nothing more."""
    if len(panel) <= LARGEST_SAMPLE:
        return panel, context
    rows = np.sort(np.argsort(panel.stream_keys(0))[:LARGEST_SAMPLE])
    return panel.take(rows), replace(context, profile=context.profile[rows])


def thin_evidence(summary: DemandSummary, pooled: PooledDemand | None) -> Floats:
    """Return the factor by which the share of periods with demand changes when it leans on that of all series; (n,).

    An item that was asked for once in three years was not asked for with a probability of 1/36: most such items are
    asked for more often than that, by chance they were not. With many demands the factor is 1.

    References
    ----------
    Robbins (1956), Proceedings of the Third Berkeley Symposium 1, 157-163. Carlin and Louis (2000), Bayes and
    Empirical Bayes Methods for Data Analysis, sec. 3.3 (beta-binomial).
    """
    if pooled is None:
        return np.ones(len(summary.demands))
    own = np.maximum(summary.demands, 1.0) / np.maximum(summary.observed, 1.0)
    leaning = (summary.demands + pooled.demands) / np.maximum(summary.observed + pooled.periods, 1.0)
    return np.asarray(np.where(summary.demands > 0, leaning / own, 1.0))


def _pooled_share(summary: DemandSummary) -> tuple[float, float]:
    """Fit a beta distribution to the shares of periods with demand by maximum likelihood: (a, a + b).

    The number of demands is beta-binomial, given that there was any: series without demand are forecast to have none,
    and how many of them a panel holds says nothing of the others.
    """
    from scipy.optimize import minimize

    used = (summary.demands > 0) & (summary.observed >= LEAST_DEMANDS)
    observed = np.minimum(summary.observed[used], _LONGEST)
    demands = np.maximum(np.rint(summary.demands[used] * observed / summary.observed[used]), 1.0)
    if not (demands < observed).any():
        return 0.0, 0.0
    pairs, times = np.unique(np.stack([demands, observed], axis=1), axis=0, return_counts=True)
    n, periods = pairs[:, 0], pairs[:, 1]

    def loss(place: Floats) -> float:
        share, strength = expit(place[0]), np.exp(place[1])
        a, b = share * strength, (1.0 - share) * strength
        some = -np.expm1(betaln(a, periods + b) - betaln(a, b))
        likelihood = betaln(n + a, periods - n + b) - betaln(a, b) - np.log(np.maximum(some, 1e-300))
        return -float(np.sum(times * likelihood))

    best = minimize(loss, np.array([0.0, 1.0]), method="Nelder-Mead", bounds=[(-10.0, 10.0), (-3.0, 7.0)])
    strength = math.exp(best.x[1])
    return float(expit(best.x[0])) * strength, strength


def _pooled_ratios(panel: DemandPanel, context: FitContext) -> Floats:
    table, count = past_sizes(panel, context)
    used = (np.arange(table.shape[1])[None, :] < count[:, None]) & (count >= LEAST_DEMANDS)[:, None]
    if not used.any():
        return np.ones(RATIOS)
    mean = mean_size(table, count)
    ratio = (table / np.where(mean > 0, mean, 1.0)[:, None])[used]
    weight = np.broadcast_to(1.0 / np.maximum(count, 1)[:, None], table.shape)[used]
    # Equal ratios in an order of their own: the sum of the weights may not depend on the order of the series.
    order = np.lexsort((weight, ratio))
    share = np.cumsum(weight[order])
    middle = (np.arange(RATIOS) + 0.5) / RATIOS * share[-1]
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


def past_sizes(panel: DemandPanel, context: FitContext) -> tuple[Floats32, Integers]:
    """Return the newest demand sizes of each series, (n, k) units, oldest first, and how many there are, (n,)."""
    table = np.zeros((len(panel), memory_periods(context)), dtype=np.float32)
    count = np.zeros(len(panel), dtype=np.int64)
    newest_sizes(panel.quantity, panel.status, table, count)
    return table, count


def mean_size(table: Floats32, count: Integers) -> Floats:
    """Mean of the sizes in use; the others are 0."""
    return np.asarray(table.sum(axis=1, dtype=np.float64) / np.maximum(count, 1))
