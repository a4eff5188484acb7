"""Intervals of an achieved rate: a bootstrap clustered by SKU and by blocks of time.

What runs short of one SKU runs short in neighbouring periods too, and a busy season runs all SKUs short at once: units
are no independent trials, neither along a row nor down a column. The estimate is a ratio of sums, short / demanded.
Its deviations are drawn twice, once with whole SKUs and once with whole blocks drawn again; both hold the noise of the
single cells, so that the second is shrunk until the variances add up to that of two-way clusters,

    V = V(SKU) + V(block) - V(SKU and block)

(Cameron, Gelbach and Miller 2011, Robust Inference with Multiway Clustering, Journal of Business and Economic
Statistics 29, 238-249, eq. 2.10). The pigeonhole bootstrap (Owen 2007, Annals of Applied Statistics 1, 386-411) draws
both at once and counts that noise three times: its intervals are too wide where cells are nearly independent.

Deviations are studentised, each by the standard error of its own draw (Efron and Tibshirani 1993, An Introduction to
the Bootstrap, sec. 12.5): small rates are skewed, and percentiles of the plain deviations end too low.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from forecasting.kernels.random import PATH_STRIDE, uniforms

__all__ = ["FEWEST_BLOCKS", "rate_interval", "sum_blocks"]

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

# Of fewer blocks nothing can be learned about what they have in common: then SKUs alone are clusters.
FEWEST_BLOCKS: Final = 5
DRAWS: Final = 1000
_WEIGHT_STEP: Final = PATH_STRIDE - 6
_SKUS_AT_ONCE: Final = 2048


def sum_blocks(values: Floats, length: int) -> Floats:
    """Add up whole blocks of ``length`` periods from the end on; what is left at the beginning joins the first.

    Parameters
    ----------
    values : (n, T). length : at least 1.

    Returns
    -------
    (n, max(T // length, 1))
    """
    periods = values.shape[1]
    blocks = max(periods // length, 1)
    first = periods - length * (blocks - 1)
    starts = np.concatenate([[0], first + length * np.arange(blocks - 1)]).astype(np.int64)
    return np.asarray(np.add.reduceat(values, starts, axis=1))


def rate_interval(
    short: Floats, demanded: Floats, keys: Keys, level: float = 0.95, draws: int = DRAWS
) -> tuple[float, float]:
    """Interval of sum(short) / sum(demanded) that holds the true rate with probability ``level``.

    Parameters
    ----------
    short, demanded : (n, b) units by SKU and block of time; 0 <= short <= demanded.
    keys : uint64 (n,), one random stream a SKU: the draws of a SKU don't depend on the others.

    Returns
    -------
    low, high : within [0, 1], around the estimate. Without any demand (NaN, NaN).

    Notes
    -----
    Where nothing ran short no draw can differ: the upper end is that of a binomial with as many trials as there are
    effective cells, (sum d)^2 / sum d^2; the lower end likewise where all ran short, and all of [0, 1] with one SKU.
    """
    demanding = demanded.sum(axis=1) > 0
    short, demanded, keys = short[demanding], demanded[demanding], keys[demanding]
    if not len(keys):
        return float("nan"), float("nan")
    rate = float(short.sum() / demanded.sum())
    tail = (1.0 - level) / 2.0
    if rate <= 0 or rate >= 1:
        trials = float(demanded.sum() ** 2 / (demanded**2).sum())
        most = 1.0 - tail ** (1.0 / trials)
        return (0.0, most) if rate <= 0 else (1.0 - most, 1.0)
    if len(keys) == 1:
        return 0.0, 1.0
    by_sku = _sku_deviations(short.sum(axis=1), demanded.sum(axis=1), keys, rate, draws)
    drawn, variance, own = by_sku.drawn, by_sku.variance, by_sku.own
    if short.shape[1] >= FEWEST_BLOCKS and (share := _block_share(short - rate * demanded)) > 0:
        by_block = _block_deviations(short.sum(axis=0), demanded.sum(axis=0), rate, draws)
        drawn = drawn + np.sqrt(share) * by_block.drawn
        variance, own = variance + share * by_block.variance, own + share * by_block.own
    studentised = drawn / np.sqrt(np.maximum(variance, 1e-300))
    least, most = np.quantile(studentised, [tail, 1.0 - tail])
    return float(np.clip(rate - most * np.sqrt(own), 0.0, rate)), float(np.clip(rate - least * np.sqrt(own), rate, 1.0))


@dataclass(frozen=True, eq=False)
class _Deviations:
    """Deviations of a rate when its clusters are drawn again.

    Attributes
    ----------
    drawn : (draws,) rate of each draw less the estimate. variance : (draws,) squared standard error of each draw.
    own : squared standard error of the estimate.
    """

    drawn: Floats
    variance: Floats
    own: float


def _sku_deviations(short: Floats, demanded: Floats, keys: Keys, rate: float, draws: int) -> _Deviations:
    """Draw each SKU a Poisson number of times of mean 1; ``short`` and ``demanded`` are (n,)."""
    limits = stats.poisson.cdf(np.arange(12), 1.0)
    moments = _moments(short, demanded)
    sums = np.zeros((len(moments), draws))
    for first in range(0, len(keys), _SKUS_AT_ONCE):
        part = slice(first, first + _SKUS_AT_ONCE)
        uniform = np.empty((len(keys[part]), draws))
        uniforms(keys[part], _WEIGHT_STEP, uniform)
        sums += moments[:, part] @ np.searchsorted(limits, uniform, side="right").astype(np.float64)
    return _deviations(sums, moments.sum(axis=1), rate, len(keys))


def _block_deviations(short: Floats, demanded: Floats, rate: float, draws: int) -> _Deviations:
    """Draw as many blocks as there are, with replacement; ``short`` and ``demanded`` are (b,)."""
    blocks = len(short)
    times = np.random.default_rng(blocks).multinomial(blocks, np.full(blocks, 1.0 / blocks), draws)
    moments = _moments(short, demanded)
    return _deviations(moments @ times.T.astype(np.float64), moments.sum(axis=1), rate, blocks)


def _moments(short: Floats, demanded: Floats) -> Floats:
    return np.stack([short, demanded, short**2, short * demanded, demanded**2])


def _deviations(sums: Floats, own: Floats, rate: float, clusters: int) -> _Deviations:
    """From sums of the moments over the clusters drawn, (5, draws), and over all of them, (5,)."""
    demanded = np.where(sums[1] > 0, sums[1], 1.0)
    drawn = np.where(sums[1] > 0, sums[0] / demanded, rate)
    correction = clusters / max(clusters - 1, 1)

    def squared_error(at: Any, moments: Any, total: Any) -> Any:
        residuals = moments[2] - 2.0 * at * moments[3] + at**2 * moments[4]
        return correction * np.maximum(residuals, 0.0) / total**2

    return _Deviations(drawn - rate, squared_error(drawn, sums, demanded), float(squared_error(rate, own, own[1])))


def _block_share(residual: Floats) -> float:
    """The share of the variance between blocks that is not the noise of their single cells; ``residual`` (n, b).

    What a SKU has in all of its cells is no noise between blocks: cells are held against the mean of their SKU.
    """
    between = float((residual.sum(axis=0) ** 2).sum())
    within = float(((residual - residual.mean(axis=1, keepdims=True)) ** 2).sum())
    return max(1.0 - within / between, 0.0) if between > 0 else 0.0
