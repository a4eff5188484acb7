"""Two plans over the same demand, SKU by SKU: is the difference more than chance?

Both are drawn together, so that what is hard about a SKU hits both alike and cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from forecasting.kernels.random import PATH_STRIDE, uniforms

__all__ = ["PairedDifference", "paired_difference"]

Floats = npt.NDArray[np.float64]
_WEIGHT_STEP: Final = PATH_STRIDE - 7


@dataclass(frozen=True)
class PairedDifference:
    """A difference, challenger less champion, with its interval; NaN where there is nothing to compare."""

    estimate: float
    low: float
    high: float


def paired_difference(
    challenger: Floats,
    champion: Floats,
    base: Floats,
    keys: npt.NDArray[np.uint64],
    level: float = 0.95,
    draws: int = 2000,
) -> PairedDifference:
    """Return sum(challenger - champion) / sum(base) with a percentile interval; whole SKUs are drawn again.

    Parameters
    ----------
    challenger, champion : (n,) units short, or stock, of each SKU under either plan. base : (n,) at least 0, what the
        difference is a share of. keys : uint64 (n,), one random stream a SKU. level : in (0, 1).

    Notes
    -----
    Each SKU is drawn a Poisson number of times of mean 1 (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
    ch. 13, for the percentiles). What one window holds for all SKUs alike is not in the interval.
    """
    if base.sum() <= 0:
        return PairedDifference(float("nan"), float("nan"), float("nan"))
    uniform = np.empty((len(keys), draws))
    uniforms(keys, _WEIGHT_STEP, uniform)
    times = np.searchsorted(stats.poisson.cdf(np.arange(12), 1.0), uniform, side="right").astype(np.float64)
    gain, whole = (challenger - champion) @ times, base @ times
    drawn = gain[whole > 0] / whole[whole > 0]
    low, high = np.quantile(drawn, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return PairedDifference(float((challenger - champion).sum() / base.sum()), float(low), float(high))
