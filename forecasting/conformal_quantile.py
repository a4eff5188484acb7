"""A bound that past errors vouch for: the split-conformal quantile."""

from __future__ import annotations

from math import ceil, inf

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["conformal_bound", "conformal_rank"]


def conformal_rank(count: int, level: float) -> int:
    """
    Return k = ceil((n + 1) level), the rank of the residual that bounds a new one with probability ``level``.

    Above n there is no such residual. Products that are whole numbers but for rounding count as whole.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level:g}; it must lie in (0, 1)")
    product = (count + 1) * level
    return round(product) if abs(product - round(product)) < 1e-9 else ceil(product)


def conformal_bound(residuals: ArrayLike, level: float) -> float:
    """
    Return the one-sided split-conformal bound: the k-th smallest residual, or infinity when k exceeds their number.

    Parameters
    ----------
    residuals
        Actual minus forecast on data that the model has not seen, exchangeable with the future, shape (n,).
    level
        Probability in (0, 1) with which a new residual is to lie at or below the bound.

    Notes
    -----
    Source: V. Vovk, A. Gammerman and G. Shafer, *Algorithmic Learning in a Random World* (2005); J. Lei, M. G'Sell, A.
    Rinaldo, R. J. Tibshirani and L. Wasserman (2018), "Distribution-free predictive inference for regression",
    *Journal of the American Statistical Association* 113(523), 1094-1111.
    """
    ordered = np.atleast_1d(np.asarray(residuals, dtype=np.float64))
    unknown = np.flatnonzero(~np.isfinite(ordered))
    if unknown.size:
        raise ValueError(f"residuals[{unknown[0]}] is {ordered[unknown[0]]:g}; it must lie in (-inf, inf)")
    ordered = np.sort(ordered)
    rank = conformal_rank(ordered.size, level)
    return inf if rank > ordered.size else float(ordered[rank - 1])
