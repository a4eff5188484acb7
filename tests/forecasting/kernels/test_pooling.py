"""Sums over the series of a group against plain loops."""

from __future__ import annotations

import numpy as np

from forecasting.kernels.pooling import demand_and_expectation


def test_demand_and_expectation_of_a_group_are_weighted_sums_over_known_cells() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.integers(0, 9, (6, 8)).astype(np.float32)
    status = rng.choice([0, 1, 4], size=quantity.shape).astype(np.uint8)
    mean, weight = rng.random(6), np.array([1.0, 0.5, 0.0, 2.0, 0.25, 1.0])
    group = np.array([0, 1, 0, 1, 2, 0])
    demand, expected = np.zeros((3, 8)), np.zeros((3, 8))
    demand_and_expectation(quantity, status, mean, weight, group, demand, expected)
    for g in range(3):
        for t in range(8):
            members = [i for i in range(6) if group[i] == g and status[i, t] == 0]
            np.testing.assert_allclose(demand[g, t], sum(weight[i] * float(quantity[i, t]) for i in members))
            np.testing.assert_allclose(expected[g, t], sum(weight[i] * mean[i] for i in members))
    assert (expected > 0).any()
