"""The sum of many decision trees, walked over plain arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["sum_of_trees"]

Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def sum_of_trees(
    root: Integers,
    feature: Integers,
    threshold: npt.NDArray[np.float64],
    left: Integers,
    right: Integers,
    missing_left: npt.NDArray[np.bool_],
    value: npt.NDArray[np.float64],
    rows: npt.NDArray[np.float32],
    out: npt.NDArray[np.float64],
) -> None:
    """Add to ``out[i]`` the value of the leaf that row i reaches in each tree, trees in their order.

    ``root[k]`` is the first node of tree k. Node j of all trees splits on ``feature[j]``: at most ``threshold[j]``
    goes to node ``left[j]``, more to ``right[j]``, a missing value (NaN) where ``missing_left[j]`` says; a leaf has
    feature -1.
    """
    for i in range(rows.shape[0]):
        for k in range(root.size):
            node = root[k]
            while feature[node] >= 0:
                x = np.float64(rows[i, feature[node]])
                goes_left = missing_left[node] if np.isnan(x) else x <= threshold[node]
                node = left[node] if goes_left else right[node]
            out[i] += value[node]
