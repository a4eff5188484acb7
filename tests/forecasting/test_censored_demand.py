"""Censored means are where the likelihood is largest, and unbiased enough in repetition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from forecasting.censored_demand import censored_exponential_mean, censored_poisson_mean

SALES, CUT = np.array([2, 5, 3, 5, 1, 4, 5, 0]), np.array([0, 1, 0, 1, 0, 0, 1, 0], dtype=bool)


def _negative_log_likelihood(mean: float, sales: np.ndarray, cut: np.ndarray) -> float:
    return -float(stats.poisson.logpmf(sales[~cut], mean).sum() + stats.poisson.logsf(sales[cut] - 1, mean).sum())


@pytest.mark.parametrize("seed", range(5))
def test_the_poisson_mean_maximises_the_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demand, stock = rng.poisson(rng.uniform(0.5, 60), 30), rng.integers(0, 60, 30)
    sales, cut = np.minimum(demand, stock), demand >= stock
    cut[0] = False
    found = censored_poisson_mean(sales, cut)
    best = optimize.minimize_scalar(
        lambda m: _negative_log_likelihood(m, sales, cut),
        bounds=(1e-6, 300),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert found == pytest.approx(best.x, abs=1e-4)


def test_the_exponential_mean_maximises_the_likelihood() -> None:
    sales, cut = np.array([3.1, 5.0, 0.7, 5.0, 2.2, 5.0, 8.4, 1.9]), CUT
    best = optimize.minimize_scalar(
        lambda m: (~cut).sum() * np.log(m) + sales.sum() / m,
        bounds=(0.1, 50),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert censored_exponential_mean(sales, cut) == pytest.approx(best.x, rel=1e-6)


def test_stock_outs_hide_demand_that_the_estimate_finds() -> None:
    rng, found, naive = np.random.default_rng(3), [], []
    for _ in range(200):
        demand, stock = rng.poisson(8.0, 60), rng.integers(4, 12, 60)
        sales = np.minimum(demand, stock)
        found.append(censored_poisson_mean(sales, demand >= stock))
        naive.append(sales.mean())
    assert np.mean(naive) < 6.9
    assert abs(np.mean(found) - 8.0) < 4 * np.std(found) / 200**0.5


def test_without_stock_outs_it_is_the_average() -> None:
    assert censored_poisson_mean(SALES, np.zeros(8)) == pytest.approx(SALES.mean())
    assert censored_exponential_mean(SALES, np.zeros(8)) == pytest.approx(SALES.mean())
    assert censored_poisson_mean([0, 0], [False, True]) == 0.0


@pytest.mark.parametrize("method", [censored_poisson_mean, censored_exponential_mean])
def test_impossible_observations_are_refused(method: object) -> None:
    for sales, cut, message in (
        ([-1, 2], [0, 0], r"sales\[0\] is -1"),
        ([1, 2], [1, 1], "censored is true for every"),
        ([1, 2], [0], "censored has shape"),
        ([], [], "n >= 1"),
    ):
        with pytest.raises(ValueError, match=message):
            method(sales, cut)  # type: ignore[operator]
    with pytest.raises(ValueError, match="must be whole"):
        censored_poisson_mean([1.5], [False])
