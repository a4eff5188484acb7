"""Risk along paths agrees with a loop over periods; the ranking orders as the words say."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.backorders.risk import shortage_risk
from replenishment.backorders.snapshot_risk import SnapshotRisk, StockSnapshot, need_over_cover


def test_each_path_is_followed_period_by_period() -> None:
    random = np.random.default_rng(2)
    n, m, h = 6, 40, 9
    stock = random.integers(-5, 12, n).astype(float)
    received = random.integers(0, 2, (n, m, h)) * random.integers(0, 9, (n, m, h)).astype(float)
    demand = random.poisson(2.0, (n, m, h)).astype(np.float32)
    upto, protection = random.integers(0, h + 1, (n, m)), random.integers(1, h + 1, (n, m))
    found = shortage_risk(stock, received, demand, upto, protection)
    for i in range(n):
        early, within, units = 0, 0, 0.0
        for j in range(m):
            shelf, backlog = max(stock[i], 0.0), max(-stock[i], 0.0)
            short = []
            for t in range(h):
                shelf += received[i, j, t]
                served = min(shelf, backlog)
                shelf, backlog = shelf - served, backlog - served
                sold = min(shelf, demand[i, j, t])
                short.append(demand[i, j, t] - sold)
                shelf, backlog = shelf - sold, backlog + short[-1]
            early += any(x > 0 for x in short[: upto[i, j]])
            within += any(x > 0 for x in short[: protection[i, j]])
            units += sum(short[: protection[i, j]])
        assert found.before_receipt[i] == early / m
        assert found.within_protection[i] == within / m
        assert found.units[i] == pytest.approx(units / m)


def test_how_far_the_arrays_reach_changes_no_bit() -> None:
    """Beyond what an item asks about, its neighbours' horizon may go on."""
    random = np.random.default_rng(3)
    n, m, h = 5, 30, 24
    stock, received = random.uniform(-2, 9, n), random.uniform(0, 2, (n, m, h))
    demand = random.gamma(0.5, 3.0, (n, m, h)).astype(np.float32)
    upto, protection = random.integers(0, 9, (n, m)), random.integers(1, 9, (n, m))
    far = shortage_risk(stock, received, demand, upto, protection)
    near = shortage_risk(stock, received[:, :, :9].copy(), demand[:, :, :9].copy(), upto, protection)
    for name in ("before_receipt", "within_protection", "units"):
        assert getattr(far, name).tobytes() == getattr(near, name).tobytes()


def test_more_need_and_less_cover_rank_higher() -> None:
    def score(*values: float) -> float:
        return float(need_over_cover(*(np.array([value]) for value in values))[0])

    assert score(5, 0, 10, 10) > score(6, 0, 10, 10) > score(5, 3, 10, 10) > score(5, 3, 9, 2)
    assert score(-4, 0, 10, 10) == score(0, 0, 10, 10)
    assert score(5, 0, 0, 9) == score(5, 0, 9, 0) == pytest.approx(np.log(10 / 6))


def test_probabilities_are_those_of_the_whole_although_few_others_are_learnt_from() -> None:
    random = np.random.default_rng(0)
    n = 20_000
    need, cover = random.gamma(1, 10, (n, 1)), random.gamma(1, 30, n)
    chance = 0.05 / (1 + np.exp(-np.log(need[:, 0] + 1) + np.log(cover + 1)))
    snapshot = StockSnapshot(cover, np.zeros(n), need, need, np.empty((n, 0)))
    happened = random.random(n) < chance
    found = SnapshotRisk().fit(snapshot, happened).probability(snapshot)
    assert found.mean() == pytest.approx(happened.mean(), rel=0.15)
    with pytest.raises(ValueError, match="some of its items"):
        SnapshotRisk().fit(snapshot, np.zeros(n, dtype=np.bool_))
