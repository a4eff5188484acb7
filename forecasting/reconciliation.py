"""Forecasts that add up: bottom-up, top-down, and minimum trace without negative demand.

Tables have the rows of a hierarchy, a aggregates and then n bottom series, and a column a period. Results are made of
bottom forecasts and their sums, so that they are coherent by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.sparse.linalg import LinearOperator, cg

from forecasting.hierarchy import Hierarchy
from forecasting.kernels.paths import apply_ahead

__all__ = [
    "ErrorCovariance",
    "Reconciled",
    "average_proportions",
    "bottom_up",
    "forecast_proportions",
    "minimum_trace",
    "proportions_of_averages",
    "reconcile_paths",
    "top_down",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

_ACCURACY = 1e-11
_LEAST_SHRINKAGE = 1e-6
_MOST_STEPS = 5000
_SIGN = 1e-9
_MOST_EXCHANGES = 100
# Beyond this factor a path would be made of few huge demands: the rest of the mean is spread over all paths.
_LARGEST_FACTOR = 4.0
# Rounding of reconciled paths draws from streams of its own.
_OWN_STREAM = np.uint64(0x5EC0_11C1_1ED0_0001)


def bottom_up(hierarchy: Hierarchy, base: npt.ArrayLike) -> Floats:
    """Add up the bottom rows of ``base`` (a + n, h); (a + n, h)."""
    return hierarchy.aggregate(_table(hierarchy, base)[hierarchy.aggregates :])


def top_down(hierarchy: Hierarchy, base: npt.ArrayLike, proportions: npt.ArrayLike, level: str = "total") -> Floats:
    """Split the forecasts of one level among its bottom series; the middle-out approach where that isn't the total.

    Parameters
    ----------
    base : (a + n, h); only the rows of ``level`` are used.
    proportions : (n,) or (n, h); of each aggregate's bottom series, of sum 1.

    Returns
    -------
    (a + n, h)
    """
    share = np.asarray(proportions, dtype=np.float64).reshape(hierarchy.bottom, -1)
    return hierarchy.aggregate(_table(hierarchy, base)[hierarchy.members(level)] * share)


def average_proportions(hierarchy: Hierarchy, history: npt.ArrayLike, level: str = "total") -> Floats:
    """Mean over the past of each series' share of its aggregate (Gross and Sohl 1990, J. Forecasting 9, method A).

    Parameters
    ----------
    history : (n, T) units, not negative; periods in which the aggregate has no demand are left out.

    Returns
    -------
    (n,); equal shares within an aggregate that never had demand.
    """
    past, groups = np.asarray(history, dtype=np.float64), hierarchy.members(level)
    whole = _group_sums(past, groups)
    share = np.divide(past, whole, out=np.zeros_like(past), where=whole > 0)
    return _shares(share.sum(axis=1, keepdims=True), groups)[:, 0]


def proportions_of_averages(hierarchy: Hierarchy, history: npt.ArrayLike, level: str = "total") -> Floats:
    """Mean demand of each series over that of its aggregate (Gross and Sohl 1990, method F); as above."""
    past = np.asarray(history, dtype=np.float64)
    return _shares(past.sum(axis=1, keepdims=True), hierarchy.members(level))[:, 0]


def forecast_proportions(hierarchy: Hierarchy, base: npt.ArrayLike, levels: tuple[str, ...] = ("total",)) -> Floats:
    """Shares that follow the forecasts themselves, level by level down to the bottom.

    The share of a series is the product, over the levels, of a node's forecast over the sum of the forecasts of its
    siblings (Athanasopoulos, Ahmed and Hyndman 2009, Int. J. Forecasting 25, 146-166).

    Parameters
    ----------
    base : (a + n, h), not negative. levels : from coarse to fine, each nested in the one before.

    Returns
    -------
    (n, h), of sum 1 within each aggregate of the first level; siblings that are all forecast as 0 share equally.

    Raises
    ------
    ValueError
        Levels that do not nest.
    """
    table = _table(hierarchy, base)
    chain = [*(hierarchy.members(name) for name in levels), hierarchy.aggregates + np.arange(hierarchy.bottom)]
    share = np.ones((hierarchy.bottom, table.shape[1]))
    for parent, child in pairwise(chain):
        nodes, first, back = np.unique(child, return_index=True, return_inverse=True)
        if (parent[first][back] != parent).any():
            raise ValueError(f"levels {'; '.join(levels)} do not nest: give them from coarse to fine")
        share *= _shares(table[nodes], parent[first])[back]
    return share


@dataclass(frozen=True, eq=False)
class ErrorCovariance:
    """Covariance W = diag(``diagonal``) + ``factors`` ``factors``' of the base forecasts' errors, up to a constant.

    Attributes
    ----------
    diagonal : (a + n,), positive. factors : (a + n, r); r may be 0.
    """

    diagonal: Floats
    factors: Floats

    @classmethod
    def identity(cls, hierarchy: Hierarchy) -> ErrorCovariance:
        """All errors alike: ordinary least squares."""
        return cls.of_variances(np.ones(len(hierarchy)))

    @classmethod
    def structural(cls, hierarchy: Hierarchy) -> ErrorCovariance:
        """Variance in proportion to the number of bottom series: needs no history."""
        return cls.of_variances(np.asarray(hierarchy.summing.sum(axis=1), dtype=np.float64).ravel())

    @classmethod
    def variances(cls, errors: npt.ArrayLike) -> ErrorCovariance:
        """Each row's own mean squared error. ``errors`` : (a + n, T) one-step errors; NaN is left out."""
        past = np.asarray(errors, dtype=np.float64)
        known = ~np.isnan(past)
        return cls.of_variances((np.where(known, past, 0.0) ** 2).sum(axis=1) / np.maximum(known.sum(axis=1), 1))

    @classmethod
    def shrinkage(cls, errors: npt.ArrayLike) -> ErrorCovariance:
        """Mean squared errors and products, the products shrunk towards 0 as far as chance explains them.

        Kept as a diagonal and T factors, so that no table of (a + n)^2 is ever made.

        Parameters
        ----------
        errors : (a + n, T) one-step errors, all known, T at least 3.

        Raises
        ------
        ValueError
            Unknown errors or too few: cut them to the periods that all rows share, or use ``variances``.

        References
        ----------
        Schaefer and Strimmer (2005), Stat. Appl. Genet. Mol. Biol. 4, 32, as in Wickramasuriya, Athanasopoulos and
        Hyndman (2019), J. Am. Stat. Assoc. 114, 804-819, sec. 2.4.
        """
        past = np.asarray(errors, dtype=np.float64)
        periods = past.shape[1]
        if periods < 3 or not np.isfinite(past).all():
            raise ValueError("a shrunk covariance needs at least 3 periods in which the errors of all rows are known")
        variance = (past**2).mean(axis=1)
        intensity = _shrinkage_intensity(past / np.sqrt(np.where(variance > 0, variance, 1.0))[:, None])
        factors = past * np.sqrt((1.0 - intensity) / periods)
        # Without any shrinkage fewer periods than rows would leave no covariance to invert.
        return cls(max(intensity, _LEAST_SHRINKAGE) * _floored(variance), factors)

    @classmethod
    def of_variances(cls, variance: npt.ArrayLike) -> ErrorCovariance:
        """Independent errors with these variances (a + n,); those of 0 count as a millionth of the median."""
        diagonal = _floored(np.asarray(variance, dtype=np.float64))
        return cls(diagonal, np.empty((len(diagonal), 0)))


class Reconciled(NamedTuple):
    """A coherent table, and for which of its periods the best one was reached.

    table : (a + n, h). exact : bool (h,); False where the search stopped early: coherent and not negative, but
    perhaps not the best.
    """

    table: Floats
    exact: Flags


def minimum_trace(
    hierarchy: Hierarchy, base: npt.ArrayLike, covariance: ErrorCovariance, *, nonnegative: bool = True
) -> Reconciled:
    """Reconcile all rows at once: the coherent table closest to ``base``, weighted by the inverse covariance.

    Minimises (y - S b)' W^-1 (y - S b) over the bottom forecasts b of each period, by default over b >= 0. Without
    that bound it is b = (S' W^-1 S)^-1 S' W^-1 y, of all unbiased linear reconciliations the one with the smallest
    sum of variances.

    Parameters
    ----------
    base : (a + n, h), finite. covariance : W.

    Notes
    -----
    The normal equations are sparse and solved by conjugate gradients, scaled to a unit diagonal; the bound by block
    principal pivoting: series held at 0 and series that are free change sides until no sign is wrong.

    References
    ----------
    Wickramasuriya, Athanasopoulos and Hyndman (2019), J. Am. Stat. Assoc. 114, 804-819. Wickramasuriya, Turlach and
    Hyndman (2020), Optimal non-negative forecast reconciliation, Statistics and Computing 30, 1167-1182.
    """
    table = _table(hierarchy, base)
    if not np.isfinite(table).all():
        raise ValueError("base forecasts must be finite")
    equations = _NormalEquations(hierarchy, covariance)
    bottom, exact = np.empty((hierarchy.bottom, table.shape[1])), np.ones(table.shape[1], dtype=np.bool_)
    for period in range(table.shape[1]):
        bottom[:, period], exact[period] = equations.solve(table[:, period], nonnegative)
    return Reconciled(hierarchy.aggregate(bottom), exact)


class _NormalEquations:
    """S' W^-1 S, scaled so that its diagonal is 1."""

    def __init__(self, hierarchy: Hierarchy, covariance: ErrorCovariance) -> None:
        if len(covariance.diagonal) != len(hierarchy):
            raise ValueError(f"the covariance has {len(covariance.diagonal)} rows and the hierarchy {len(hierarchy)}")
        self._sums = hierarchy.summing
        self._parts = hierarchy.summing.T.tocsr()
        self._weight = 1.0 / covariance.diagonal
        self._weighted = covariance.factors * self._weight[:, None]
        inner = np.eye(covariance.factors.shape[1]) + covariance.factors.T @ self._weighted
        self._inner = cho_factor(inner, lower=True)
        shared = solve_triangular(self._inner[0], (self._parts @ self._weighted).T, lower=True)
        self._scale = 1.0 / np.sqrt(self._parts @ self._weight - (shared**2).sum(axis=0))

    def _precision(self, rows: Floats) -> Floats:
        """W^-1 times a column, by the formula of Woodbury."""
        return np.asarray(
            self._weight * rows - self._weighted @ cho_solve(self._inner, self._weighted.T @ rows), dtype=np.float64
        )

    def _apply(self, scaled: Floats) -> Floats:
        """The scaled matrix times a scaled column."""
        return np.asarray(self._scale * (self._parts @ self._precision(self._sums @ (self._scale * scaled))))

    def solve(self, base: Floats, nonnegative: bool) -> tuple[Floats, bool]:
        """Bottom forecasts of one period, and whether they are the best."""
        right = self._scale * (self._parts @ self._precision(base))
        free = np.ones(len(right), dtype=np.bool_)
        x, exact = self._restricted(right, free, np.zeros_like(right))
        if not nonnegative:
            return self._scale * x, exact
        fewest, patience = len(right) + 1, 10
        for _ in range(_MOST_EXCHANGES):
            slope = self._apply(x) - right
            wrong = np.where(free, x < -_SIGN * np.abs(x).max(), slope < -_SIGN * np.abs(right).max())
            if not wrong.any():
                return self._scale * np.maximum(x, 0.0), exact
            if wrong.sum() < fewest:
                fewest, patience = int(wrong.sum()), 10
            else:
                patience -= 1
            if patience < 0:
                # One at a time can't run in circles (Murty 1974).
                wrong = np.arange(len(wrong)) == np.flatnonzero(wrong)[-1]
            free = free ^ wrong
            x, exact = self._restricted(right, free, np.where(free, np.maximum(x, 0.0), 0.0))
        return self._scale * np.maximum(x, 0.0), False

    def _restricted(self, right: Floats, free: Flags, start: Floats) -> tuple[Floats, bool]:
        """Solve for the free unknowns, the others held at 0."""
        size = len(right)
        matrix = LinearOperator(
            (size, size), matvec=lambda x: np.where(free, self._apply(np.where(free, x, 0.0)), x), dtype=np.float64
        )
        x, steps = cg(matrix, np.where(free, right, 0.0), x0=start, rtol=_ACCURACY, maxiter=_MOST_STEPS)
        return x, steps == 0


def reconcile_paths(paths: Floats32, mean: npt.ArrayLike, keys: Keys, whole: Flags) -> Floats32:
    """Rescale the paths of the bottom series so that their means follow the reconciled ones.

    Parameters
    ----------
    paths : float32 (n, count, h). mean : (n, h) reconciled means, not negative.
    keys : uint64 (n,) streams of the series. whole : bool (n,); whole units are rounded at random, mean kept.

    Returns
    -------
    float32 (n, count, h); beyond a factor of 4, or where no path has demand, the rest of the mean is added to every
    path. Sums of these paths are the distributions of the aggregates.
    """
    target = np.asarray(mean, dtype=np.float64)
    before = paths.mean(axis=1, dtype=np.float64)
    factor = np.minimum(np.divide(target, before, out=np.zeros_like(target), where=before > 0), _LARGEST_FACTOR)
    extra = np.maximum(target - factor * before, 0.0).astype(np.float32)
    out = paths.copy()
    for i in range(len(out)):
        apply_ahead(keys[i] ^ _OWN_STREAM, factor[i].astype(np.float32), extra[i], whole[i], out[i])
    return out


def _table(hierarchy: Hierarchy, base: npt.ArrayLike) -> Floats:
    table = np.asarray(base, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(hierarchy):
        raise ValueError(f"base is of shape {table.shape}; it must have {len(hierarchy)} rows, a column a period")
    return table


def _group_sums(values: Floats, groups: npt.NDArray[np.int64]) -> Floats:
    """Sum of each row's group, row by row; the shape of ``values``."""
    place = np.unique(groups, return_inverse=True)[1]
    sums = np.zeros((int(place.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, place, values)
    return np.asarray(sums[place])


def _shares(values: Floats, groups: npt.NDArray[np.int64]) -> Floats:
    """Each row's share of its group; equal shares where the group has nothing."""
    total, members = _group_sums(values, groups), _group_sums(np.ones_like(values), groups)
    return np.where(total > 0, values / np.where(total > 0, total, 1.0), 1.0 / members)


def _floored(variance: Floats) -> Floats:
    positive = variance[variance > 0]
    return np.maximum(variance, 1e-6 * float(np.median(positive)) if positive.size else 1.0)


def _shrinkage_intensity(scaled: Floats) -> float:
    """Sum of the variances of the correlations over the sum of their squares, off the diagonal, in [0, 1].

    Of ``scaled`` errors (rows, T) with mean square 1. The sums over all pairs of rows are those over all pairs of
    periods, of which there are fewer: with x the errors, sum_ij (sum_t x_it x_jt)^2 = sum_st (sum_i x_is x_it)^2.
    """
    periods = scaled.shape[1]
    square = scaled**2
    own = square.sum(axis=1) / periods
    correlations = float(((scaled.T @ scaled) ** 2).sum()) / periods**2
    products = float((square.sum(axis=0) ** 2).sum()) / periods
    # On the diagonal stand the squares of own mean squares, 1 (or 0 for rows without any error).
    off = correlations - float((own**2).sum())
    off_products = products - float((square**2).sum()) / periods
    if off <= 0:
        return 1.0
    return float(np.clip((off_products - off) / (periods - 1) / off, 0.0, 1.0))
