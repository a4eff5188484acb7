"""The mean of a demand that was cut off by the stock: maximum likelihood with censored observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.count_probabilities import poisson_pmf, poisson_survival
from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, checked

__all__ = ["censored_exponential_mean", "censored_poisson_mean"]


def _observations(sales: ArrayLike, censored: ArrayLike) -> tuple[FloatArray, NDArray[np.bool_]]:
    sold = np.atleast_1d(checked("sales", sales, "[0, inf)"))
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
    The log-likelihood is concave; the root of its slope is bisected: the sum of x / m - 1 over complete periods plus
    the sum of P(D = x - 1) / P(D >= x) over censored ones with x >= 1.
    """
    sold, cut = _observations(sales, censored)
    if np.any(sold != np.round(sold)):
        raise ValueError(f"sales is {sold.tolist()}; Poisson demand must be whole and in [0, inf)")
    complete, limits = sold[~cut], sold[cut & (sold > 0)]
    if complete.sum() == 0 and limits.size == 0:
        return 0.0

    def past_the_top(mean: FloatArray) -> NDArray[np.bool_]:
        m = float(mean)
        if m <= 0:
            return np.asarray(False)
        survival = np.maximum(poisson_survival(limits - 1.0, m), 1e-300)
        slope = complete.sum() / m - complete.size + float(np.sum(poisson_pmf(limits - 1.0, m) / survival))
        return np.asarray(slope <= 0)

    return float(smallest_real(past_the_top, max(float(sold.mean()), 1e-3), max(float(sold.std()), 1e-3)))
