"""Paths with the timing of one model and the total that several agree on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw

__all__ = ["blend_paths", "blend_totals"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
_BLEND_STEP = PATH_STRIDE - 3


@njit(nogil=True, cache=True)
def blend_totals(
    mixed: Floats,
    pool: Integers,
    low: Integers,
    high: Integers,
    share: Floats,
    beyond: Floats,
    excess: Floats,
    kept: int,
    out: Floats,
) -> None:
    """Write what each rank shall add up to: between two averaged draws, and beyond the largest an exponential tail.

    Parameters
    ----------
    mixed : (n, m) averaged draws, ascending. pool : (n,) rows of ``low``, ``high``, ``share`` and ``beyond``, see
        ``forecasting.blended.RankTargets``. excess : (n,) mean excess of the draws from rank ``kept`` on. out : (n, m).
    """
    for i in range(mixed.shape[0]):
        t = pool[i]
        threshold = mixed[i, max(kept - 1, 0)]
        for r in range(mixed.shape[1]):
            within = mixed[i, low[t, r]] * (1.0 - share[t, r]) + mixed[i, high[t, r]] * share[t, r]
            if beyond[t, r] == beyond[t, r]:
                within = max(within, threshold + excess[i] * beyond[t, r])
            out[i, r] = within


@njit(nogil=True, cache=True)
def blend_paths(
    keys: npt.NDArray[np.uint64],
    paths: tuple[Floats32, ...],
    order: Integers,
    sums: Floats,
    weight: Floats,
    source: Integers,
    total: Floats,
    whole: npt.NDArray[np.bool_],
    out: Floats32,
) -> None:
    """Write a path a rank: a path of one model, drawn by weight, stretched to the wanted total.

    Parameters
    ----------
    paths : (n, m, h) of each of j models. order : (j, n, m) their paths by ascending total over the protection
        interval; ``sums`` : (j, n, m) these totals, ascending. weight : (n, j).
    source : (n, m) the rank from which rank r is taken. total : (n, m) what it shall add up to.
    out : (n, m, k), the first k <= h periods; rank r takes the place that the path of that rank has of the
        first model with weight, so that neighbouring paths are as independent as that model's. Whole-number series are
        rounded along the path: every partial sum is rounded with the same random offset, which keeps its mean and moves
        it by less than 1.
    """
    series, count, horizon = out.shape
    for i in range(series):
        # Not just the first: whether that one is here may depend on the series that are drawn together.
        first = 0
        while first < weight.shape[1] - 1 and weight[i, first] <= 0.0:
            first += 1
        for r in range(count):
            place = order[first, i, r]
            bits = draw(keys[i], np.uint64(r) * np.uint64(PATH_STRIDE) + np.uint64(_BLEND_STEP))
            chosen = _template(np.float64(bits >> _HALF) * _UNIT, weight[i], sums[:, i], source[i, r])
            have = sums[chosen, i, source[i, r]]
            ratio = total[i, r] / have if have > 0.0 else 1.0
            path = paths[chosen][i, order[chosen, i, source[i, r]]]
            if not whole[i]:
                for h in range(horizon):
                    out[i, place, h] = path[h] * ratio
                continue
            offset = np.float64(bits & _LOW) * _UNIT
            reached = 0.0
            before = 0.0
            for h in range(horizon):
                reached += path[h] * ratio
                now = np.floor(reached + offset)
                out[i, place, h] = now - before
                before = now


@njit(nogil=True, cache=True)
def _template(uniform: float, weight: Floats, sums: Floats, rank: int) -> int:
    """The model drawn by weight among those whose path of this rank holds demand; if none does, among all."""
    models = weight.size
    alive = 0.0
    for j in range(models):
        if sums[j, rank] > 0.0:
            alive += weight[j]
    share = uniform * (alive if alive > 0.0 else weight.sum())
    last = 0
    for j in range(models):
        if weight[j] > 0.0 and (alive == 0.0 or sums[j, rank] > 0.0):
            last = j
            share -= weight[j]
            if share < 0.0:
                break
    return last
