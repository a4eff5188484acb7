"""What is scarce is handed out among items, path by path, in the order of their claims."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.ordering import in_lots

__all__ = ["Limits", "hand_out", "mark_scarce"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What exceeds a limit by so small a share of it is a rounding error.
_MORE: Final = 1.0 + 1e-9


class Limits(NamedTuple):
    """What there is of several things in a period; l of them."""

    group: Integers  # (l, n) of an item, -1 where it takes nothing
    weight: Floats  # (l, n) what a unit takes
    most: Floats  # (l, groups)


@njit(nogil=True, cache=True)
def mark_scarce(limits: Limits, wanted: Floats, rank: Integers, out: Flags) -> None:
    """Mark the paths on which more is wanted of anything than there is.

    Parameters
    ----------
    wanted : (n, paths) units. rank : (n,) the items in the order in which they are added up. out : (paths,) to fill.
    """
    group, weight, most = limits
    taken = np.empty(most.shape)
    for p in range(out.size):
        taken[:] = 0.0
        out[p] = False
        for i in rank:
            for m in range(group.shape[0]):
                g = group[m, i]
                if g >= 0 and wanted[i, p] > 0.0:
                    taken[m, g] += wanted[i, p] * weight[m, i]
                    out[p] |= taken[m, g] > most[m, g] * _MORE


@njit(nogil=True, cache=True)
def hand_out(limits: Limits, claims: Integers, paths: Integers, lot: Floats, minimum: Floats, units: Floats) -> None:
    """Cut what items want to what is left when it is their turn.

    Parameters
    ----------
    claims : (n, len(paths)) the items in the order in which they are served. paths : the scarce ones.
    lot, minimum : (n,) what is cut keeps to them; see ``ordering.in_lots``. units : (n, paths) wanted, to be cut.
    """
    group, weight, most = limits
    left = np.empty(most.shape)
    for c in range(paths.size):
        p = paths[c]
        for m in range(most.shape[0]):
            for g in range(most.shape[1]):
                left[m, g] = most[m, g]
        for i in claims[:, c]:
            fits = np.inf
            for m in range(group.shape[0]):
                if group[m, i] >= 0 and weight[m, i] > 0.0:
                    fits = min(fits, left[m, group[m, i]] / weight[m, i])
            if units[i, p] > fits * _MORE:
                whole = lot[i] <= 0.0 and units[i, p] == np.floor(units[i, p])
                units[i, p] = in_lots(fits, 1.0 if whole else lot[i], minimum[i])
            for m in range(group.shape[0]):
                if group[m, i] >= 0:
                    left[m, group[m, i]] = max(left[m, group[m, i]] - weight[m, i] * units[i, p], 0.0)
