"""Demand is the inverse of its cumulative distribution at a number of its own stream, in lanes and in rows alike."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np
import pytest

from replenishment.kernels.simulation.sampling import STEPS, draw_lanes, fill_steps
from replenishment.simulation import SampledDemand
from tests.forecasting.kernels.splitmix import STRIDE, bits

DEMAND_SUBJECT = 5
KEY = 12345
TABLES = {
    "few": ([0.5, 0.125, 0.25, 0.125], [0.0, 1.0, 2.5, 4.0]),
    "impossible ones between and at the end": ([0.0, 0.3, 0.0, 0.7, 0.0, 0.0], [9.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    "one": ([1.0], [7.0]),
    "neighbours of one value": ([0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 3.0]),
    "more than steps": (list(np.arange(1, 3001) / np.arange(1, 3001).sum()), [float(k) for k in range(3000)]),
}


def expected(probability: list[float], values: list[float], path: int, period: int) -> float:
    """Of a draw of 64 bits the lower half is for an even period, the upper half for the odd one after it."""
    own = bits(KEY, 2**63 + DEMAND_SUBJECT)
    drawn = bits(own, path * STRIDE + period // 2)
    number = drawn >> 32 if period % 2 else drawn & 0xFFFFFFFF
    upto = [round(p * 2**32) for p in accumulate(probability)]
    possible = [k for k, p in enumerate(probability) if p > 0]
    return values[min(bisect_right(upto, number), possible[-1])]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("periods", [1, 60, 61])
def test_draws_invert_the_cumulative_distribution(name: str, periods: int) -> None:
    probability, values = TABLES[name]
    source = SampledDemand.from_probabilities([probability], [values])
    rows = source.draw(np.array([KEY], dtype=np.uint64), np.zeros(1, dtype=np.int64), 7, periods)[0]
    assert rows.tolist() == [[expected(probability, values, p, t) for t in range(periods)] for p in range(7)]
    upto, told = source.table.upto[0], source.table.values[0]
    steps, numbers = np.empty(STEPS, np.float32), np.empty((2, 16), np.uint32)
    fill_steps(upto, told, steps)
    lanes = np.zeros((periods, 16), np.float32)
    draw_lanes(np.uint64(KEY), upto, told, steps, 2, 5, numbers, lanes)
    assert np.array_equal(lanes[:, :5].T, rows[2:])


def test_history_is_drawn_from_in_its_own_shares() -> None:
    history = np.array([[3.0, 0.0, 0.0, 1.0, 0.0, 3.0, 0.0, 0.0]])
    table = SampledDemand.from_history(history).table
    assert table.values[0, :3].tolist() == [0.0, 1.0, 3.0]
    assert table.upto[0, :2].tolist() == [5 * 2**29, 6 * 2**29]
