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
    """Write a row a series: observed periods, periods with demand, sum, variance of sizes and of periods, places.

    The places are the first and last period with demand, -1 where nothing was demanded. Observed cells (status 0)
    only. Squares are taken of distances to the first value: a constant series has a variance of exactly 0.
    """
    for i in range(quantity.shape[0]):
        observed = 0
        demands = 0
        total = 0.0
        first = -1
        last = -1
        period_origin = 0.0
        period_sum = 0.0
        period_squares = 0.0
        size_origin = 0.0
        size_sum = 0.0
        size_squares = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                value = np.float64(quantity[i, t])
                if observed == 0:
                    period_origin = value
                observed += 1
                distance = value - period_origin
                period_sum += distance
                period_squares += distance * distance
                if value > 0.0:
                    if demands == 0:
                        size_origin = value
                        first = t
                    demands += 1
                    last = t
                    total += value
                    distance = value - size_origin
                    size_sum += distance
                    size_squares += distance * distance
        periods = max(observed, 1)
        sizes = max(demands, 1)
        out[i, 0] = observed
        out[i, 1] = demands
        out[i, 2] = total
        out[i, 3] = max(size_squares - size_sum * size_sum / sizes, 0.0) / sizes
        out[i, 4] = max(period_squares - period_sum * period_sum / periods, 0.0) / periods
        out[i, 5] = first
        out[i, 6] = last
