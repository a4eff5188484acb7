"""The mean of a demand that was cut off by the stock: maximum likelihood with censored observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import poisson

__all__ = ["censored_exponential_mean", "censored_poisson_mean"]

Floats = NDArray[np.float64]


def _observations(sales: ArrayLike, censored: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    sold = np.atleast_1d(np.asarray(sales, dtype=np.float64))
    wrong = np.flatnonzero(~((sold >= 0) & np.isfinite(sold)))
    if wrong.size:
        raise ValueError(f"sales[{wrong[0]}] is {sold.ravel()[wrong[0]]:g}; it must be in [0, inf)")
    cut = np.atleast_1d(np.asarray(censored, dtype=np.bool_))
    if sold.shape != cut.shape or sold.ndim != 1 or sold.size == 0:
        raise ValueError(f"censored has shape {cut.shape} and sales {sold.shape}; both must be (n,) with n >= 1")
    if cut.all():
        raise ValueError(
            "censored is true for every observation; at least one must be complete, or the mean is not bounded"
        )
    return sold, cut


def censored_exponential_mean(sales: ArrayLike, censored: ArrayLike) -> float:
    """
    Return the maximum-likelihood mean of exponential demand: all sales over the number of *complete* observations.

    Parameters
    ----------
    sales
        Units sold in each period, shape (n,).
    censored
        Whether the period ended without stock, so that demand was at least the sales, shape (n,).
    """
    sold, cut = _observations(sales, censored)
    return float(sold.sum() / (~cut).sum())


def censored_poisson_mean(sales: ArrayLike, censored: ArrayLike) -> float:
    """
    Return the maximum-likelihood mean of Poisson demand when censored periods had demand **>=** sales.

    Parameters as in :func:`censored_exponential_mean`, with whole sales.

    Notes
    -----
    The log-likelihood is concave; its slope has one root: the sum of x / m - 1 over complete periods plus the sum of
    P(D = x - 1) / P(D >= x) over censored ones with x >= 1.
    """
    sold, cut = _observations(sales, censored)
    if np.any(sold != np.round(sold)):
        raise ValueError(f"sales is {sold.tolist()}; Poisson demand must be whole and in [0, inf)")
    complete, limits = sold[~cut], sold[cut & (sold > 0)]
    if complete.sum() == 0 and limits.size == 0:
        return 0.0

    def slope(mean: float) -> float:
        hazard = np.exp(poisson.logpmf(limits - 1.0, mean) - poisson.logsf(limits - 1.0, mean))
        return float(complete.sum() / mean - complete.size + hazard.sum())

    low = high = max(float(sold.mean()), 1e-3)
    while slope(low) <= 0:
        low /= 2
    while slope(high) >= 0:
        high *= 2
    return float(brentq(slope, low, high, xtol=1e-12, rtol=1e-14))
