"""Sums over the series of a group, one pass over the panel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["demand_and_expectation", "describe_demand"]


@njit(nogil=True, cache=True)
def demand_and_expectation(
    quantity: npt.NDArray[np.float32],
    status: npt.NDArray[np.uint8],
    mean: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    group: npt.NDArray[np.int64],
    demand: npt.NDArray[np.float64],
    expected: npt.NDArray[np.float64],
) -> None:
    """Add up, over the observed cells of each group and period, weight x demand and weight x mean.

    A series with weight 0 is passed over.
    """
    for i in range(quantity.shape[0]):
        if weight[i] <= 0.0:
            continue
        g = group[i]
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                demand[g, t] += weight[i] * quantity[i, t]
                expected[g, t] += weight[i] * mean[i]


@njit(nogil=True, cache=True)
def describe_demand(
    quantity: npt.NDArray[np.float32], status: npt.NDArray[np.uint8], out: npt.NDArray[np.float64]
) -> None:
    """Write a row a series: observed periods, periods with demand, sum, sum of squares, first and last such period.

    Observed cells (status 0) only; the places are -1 where nothing was demanded.
    """
    for i in range(quantity.shape[0]):
        observed = 0
        demands = 0
        total = 0.0
        squares = 0.0
        first = -1
        last = -1
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                observed += 1
                value = np.float64(quantity[i, t])
                if value > 0.0:
                    demands += 1
                    total += value
                    squares += value * value
                    if first < 0:
                        first = t
                    last = t
        out[i, 0] = observed
        out[i, 1] = demands
        out[i, 2] = total
        out[i, 3] = squares
        out[i, 4] = first
        out[i, 5] = last
