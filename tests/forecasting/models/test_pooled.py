"""What all series teach together: sizes, how levels move, and how often demand comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import betabinom

from forecasting.models.pooled import PooledDemand, a_sample, pool_demand, thin_evidence
from forecasting.segments import summarise
from tests.forecasting.panels import context_of, panel_of


def world(series: int, drift: float, seed: int = 0, periods: int = 156) -> np.ndarray:
    """Gamma sizes of cv 0.7 in six periods of ten, on levels that walk with the variance ``drift`` a period."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, np.sqrt(drift), (series, periods)), axis=1)) * 20
    return level * rng.gamma(2, 0.5, level.shape) * (rng.random(level.shape) < 0.6)


def test_pooled_ratios_are_the_quantiles_of_all_sizes_to_their_means() -> None:
    """Every size of 200 series that stay, relative to its series' mean; series with four demands do not count."""
    demand = world(200, 0.0)
    demand[0] = 0
    demand[0, :4] = [1, 1, 1, 1e6]
    panel = panel_of(demand)
    pooled = pool_demand(panel, context_of(panel))
    ratios = np.concatenate([row[row > 0] / row[row > 0].mean() for row in demand[1:]])
    expected = np.quantile(ratios, (np.arange(32) + 0.5) / 32)
    np.testing.assert_allclose(pooled.ratio, expected / expected.mean(), rtol=0.01)
    assert pooled.ratio.mean() == pytest.approx(1)


@pytest.mark.parametrize("drift", [0.0, 0.001, 0.004])
def test_the_drift_of_levels_is_recovered(drift: float) -> None:
    panel = panel_of(world(1500, drift, 1))
    assert pool_demand(panel, context_of(panel)).drift == pytest.approx(drift, rel=0.25, abs=5e-5)


def test_what_is_pooled_depends_neither_on_order_nor_on_cells_that_are_no_evidence() -> None:
    demand = np.rint(world(60, 0.002, 2))
    status = np.random.default_rng(3).choice([0, 0, 0, 1, 2], size=demand.shape)
    panel = panel_of(demand, status=status)
    first = pool_demand(panel, context_of(panel))
    order = np.random.default_rng(4).permutation(60)
    other = panel_of(np.where(status > 0, demand + 99, demand), status=status).take(order)
    second = pool_demand(other, context_of(other))
    assert second.ratio.tobytes() == first.ratio.tobytes()
    assert second.drift == first.drift > 0


def test_a_panel_that_teaches_nothing_lends_nothing() -> None:
    for demand in (np.zeros((3, 40)), np.eye(3, 40), np.full((3, 4), 7.0), np.full((3, 100), 7.0)):
        panel = panel_of(demand)
        pooled = pool_demand(panel, context_of(panel))
        np.testing.assert_array_equal(pooled.ratio, np.ones(32))
        assert (pooled.drift, pooled.demands) == (0, 0) or (demand == np.eye(3, 40)).all()


def test_a_large_panel_is_sampled_by_the_identity_of_its_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same ten of 60 series in whatever order these come, with the groups they belong to."""
    monkeypatch.setattr("forecasting.models.pooled.LARGEST_SAMPLE", 10)
    panel = panel_of(world(60, 0.0))
    context = replace(context_of(panel), profile=np.arange(60))
    order = np.random.default_rng(0).permutation(60)
    first, known = a_sample(panel, context)
    second, other = a_sample(panel.take(order), replace(context, profile=order))
    assert len(first) == 10
    assert set(first.skus) == set(second.skus) != set(panel.skus[:10])
    np.testing.assert_array_equal(first.quantity, panel.quantity[known.profile])
    np.testing.assert_array_equal(second.quantity, panel.quantity[other.profile])
    assert pool_demand(panel, context_of(panel)).drift == pool_demand(panel.take(order), context_of(panel)).drift


@pytest.mark.parametrize(("a", "b"), [(0.6, 2.0), (4.0, 2.0)])
def test_how_often_demand_comes_is_a_beta_distribution(a: float, b: float) -> None:
    """Shares of 3,000 series drawn from it over 40 periods, those without demand unseen; and the best of a grid."""
    rng = np.random.default_rng(5)
    demand = rng.random((3000, 40)) < rng.beta(a, b, 3000)[:, None]
    panel = panel_of(demand)
    pooled = pool_demand(panel, context_of(panel))
    assert pooled.demands / pooled.periods == pytest.approx(a / (a + b), rel=0.1)
    assert pooled.periods == pytest.approx(a + b, rel=0.2)
    n = demand.sum(axis=1)

    def likelihood(a: float, b: float) -> float:
        law = betabinom(40, a, b)
        return float((law.logpmf(n[n > 0]) - np.log1p(-law.pmf(0))).sum())

    found = likelihood(pooled.demands, pooled.periods - pooled.demands)
    for x in (0.9, 1.0, 1.1):
        for y in (0.9, 1.0, 1.1):
            assert found >= likelihood(x * pooled.demands, y * (pooled.periods - pooled.demands)) - 1e-3


def test_one_demand_counts_for_more_and_many_for_what_they_are() -> None:
    """1 demand in 40 periods, 20 in 40 and 2,000 in 4,000 with 2 demands in 5 periods lent."""
    demand = np.zeros((3, 40))
    demand[0, 3], demand[1, ::2] = 7, 1
    summary = summarise(panel_of(demand))
    factor = thin_evidence(summary, PooledDemand(np.ones(32), 0.0, 2.0, 5.0))
    np.testing.assert_allclose(factor, [3 / 45 * 40, 22 / 45 * 2, 1])
    np.testing.assert_array_equal(thin_evidence(summary, None), 1)
    long = summarise(panel_of(np.tile([0, 1], 2000), "D"))
    assert thin_evidence(long, PooledDemand(np.ones(32), 0.0, 2.0, 5.0))[0] == pytest.approx(1, abs=1e-3)
