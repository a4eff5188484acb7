"""The parametric demands agree with SciPy and with one another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.demand_distributions import (
    Demand,
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    count_demand,
)

PAIRS = [
    (NormalDemand(50, 8), stats.norm(50, 8)),
    (PoissonDemand(6.5), stats.poisson(6.5)),
    (NegativeBinomialDemand(5, 15), stats.nbinom(2.5, 1 / 3)),
    (GammaDemand(100, 60), stats.gamma((100 / 60) ** 2, scale=36.0)),
    (LognormalDemand(2.0, 0.7), stats.lognorm(0.7, scale=np.exp(2.0))),
]


@pytest.mark.parametrize(("demand", "law"), PAIRS, ids=lambda x: type(x).__name__)
def test_moments_and_probabilities_agree_with_scipy(demand: Demand, law: stats.rv_continuous) -> None:
    levels = np.array([-3.0, 0.0, 4.0, 7.5, 60.0, 200.0])
    assert demand.mean == pytest.approx(law.mean(), rel=1e-12)
    assert demand.variance == pytest.approx(law.var(), rel=1e-12)
    assert demand.cdf(levels) == pytest.approx(law.cdf(levels), abs=1e-12)
    assert demand.survival(levels) == pytest.approx(law.sf(levels), rel=1e-9)
    shares = np.array([0.001, 0.3, 0.5, 0.95, 0.9999])
    assert demand.quantile(shares) == pytest.approx(law.ppf(shares), rel=1e-9)
    assert isinstance(demand, Demand)


@pytest.mark.parametrize(("demand", "law"), PAIRS, ids=lambda x: type(x).__name__)
def test_the_loss_is_the_integral_of_the_survival(demand: Demand, law: stats.rv_continuous) -> None:
    grid = np.linspace(3.0, float(law.ppf(1 - 1e-10)), 200_001)
    # midpoints make the sum exact for steps as well, where the grid is fine enough
    middle = (grid[1:] + grid[:-1]) / 2
    integral = float(np.sum(law.sf(middle)) * (grid[1] - grid[0]))
    assert demand.loss(3.0) == pytest.approx(integral, rel=2e-4)


@pytest.mark.parametrize(
    "build",
    [
        lambda m: PoissonDemand(m),
        lambda m: NegativeBinomialDemand(m, 3 * m),
        lambda m: GammaDemand(m, m / 2),
        lambda m: NormalDemand(m, m / 4),
    ],
)
@given(mean=st.floats(0.01, 1e6), share=st.floats(1e-6, 1 - 1e-9))
def test_a_quantile_is_the_smallest_level_that_covers(
    build: Callable[[float], Demand], mean: float, share: float
) -> None:
    demand = build(mean)
    level = float(demand.quantile(share))
    assert demand.cdf(level) >= share - 1e-12
    below = level - 1.0 if np.all(demand.whole) else level * (1 - 1e-6) - 1e-9
    assert below < 0 or demand.cdf(below) < share + 1e-12


def test_sums_over_periods_have_the_right_moments_and_convolve() -> None:
    for demand in (PoissonDemand(1.3), NegativeBinomialDemand(2, 5)):
        one = demand.pmf(np.arange(200))
        two = np.convolve(one, one)[:200]
        assert demand.sum_over(2).pmf(np.arange(200)) == pytest.approx(two, abs=1e-14)
    assert GammaDemand(10, 4).sum_over(2.5).variance == pytest.approx(40.0)
    assert NormalDemand([10, 20], 4).sum_over([1, 4]).sd == pytest.approx([4.0, 8.0])
    fit = LognormalDemand(1.0, 0.8).sum_over(3)
    assert fit.mean == pytest.approx(3 * LognormalDemand(1.0, 0.8).mean)
    assert fit.variance == pytest.approx(3 * LognormalDemand(1.0, 0.8).variance)


def test_parameters_may_be_arrays() -> None:
    demand = NegativeBinomialDemand([0.5, 5.0, 50.0], [0.8, 15.0, 51.0])
    single = [float(NegativeBinomialDemand(m, v).quantile(0.9)) for m, v in ((0.5, 0.8), (5, 15), (50, 51))]
    assert demand.quantile(0.9).tolist() == single


def test_two_moments_choose_the_family() -> None:
    assert isinstance(count_demand(4.0, 4.0), PoissonDemand)
    assert isinstance(count_demand([4.0, 4.0], [4.0, 9.0]), NegativeBinomialDemand)
    with pytest.raises(ValueError, match="variance is 3"):
        count_demand(4.0, 3.0)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: NormalDemand(0, 1), "mean"),
        (lambda: NormalDemand(1, -1), "sd"),
        (lambda: PoissonDemand(-2), "mean"),
        (lambda: PoissonDemand(np.nan), "mean"),
        (lambda: NegativeBinomialDemand(5, 5), "variance"),
        (lambda: GammaDemand(5, 0), "sd"),
        (lambda: LognormalDemand(np.inf, 1), "mu"),
        (lambda: PoissonDemand(5).quantile(1.0), "probability"),
        (lambda: PoissonDemand(5).quantile(95), "probability"),
        (lambda: PoissonDemand(5).sum_over(0), "periods"),
        (lambda: NormalDemand(5, 1).sum_over(np.inf), "periods"),
    ],
)
def test_impossible_parameters_are_refused_by_name(build: Callable[[], object], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        build()
