"""The newsvendor's level is cheapest among all, its expectations those of a sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.demand_distributions import (
    Demand,
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
)
from replenishment.discrete_demand import DiscreteDemand
from replenishment.newsvendor import (
    NewsvendorPrices,
    critical_ratio,
    newsvendor_level,
    newsvendor_measures,
    newsvendor_optimum,
    single_order_cost,
    single_order_for_several_periods,
)

DEMANDS = [
    NormalDemand(50, 8),
    LognormalDemand(3.0, 0.6),
    GammaDemand(40, 30),
    PoissonDemand(6),
    NegativeBinomialDemand(6, 30),
    DiscreteDemand([1, 2, 5, 9], [0.4, 0.3, 0.2, 0.1]),
]


def _sample(demand: Demand, count: int = 100_000) -> np.ndarray:
    shares = (np.arange(count) + 0.5) / count
    return np.asarray(demand.quantile(shares))


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize(("overage", "underage"), [(1.0, 9.0), (2.0, 1.0), (0.18, 0.7)])
def test_no_level_is_cheaper(demand: Demand, overage: float, underage: float) -> None:
    best = newsvendor_level(demand, overage=overage, underage=underage)
    levels = np.arange(0, 200) if np.all(demand.whole) else np.linspace(0.1, 200, 5_000)
    costs = newsvendor_measures(demand, levels, overage=overage, underage=underage).cost
    assert best.cost <= costs.min() * (1 + 1e-12)
    if np.all(demand.whole):
        assert best.level == levels[int(np.argmin(np.round(costs, 10)))]


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda d: type(d).__name__)
def test_expectations_are_those_of_a_sample(demand: Demand) -> None:
    sample = _sample(demand)
    level = float(np.quantile(sample, 0.7)) + 0.5
    found = newsvendor_measures(demand, level, overage=2.0, underage=5.0)
    short, left = np.maximum(sample - level, 0).mean(), np.maximum(level - sample, 0).mean()
    assert found.expected_shortage == pytest.approx(short, rel=4e-3)
    assert found.expected_leftover == pytest.approx(left, rel=4e-3)
    assert found.cost == pytest.approx(2 * left + 5 * short, rel=4e-3)
    assert found.in_stock_probability == pytest.approx((sample <= level).mean(), abs=2e-3)


def test_profit_is_what_is_sold_less_what_is_bought() -> None:
    demand, prices = NormalDemand(3_192, 1_181), NewsvendorPrices(revenue=190, purchase_cost=110, salvage_value=90)
    sample, level = _sample(demand), 4_196.0
    profit = (190 * np.minimum(sample, level) + 90 * np.maximum(level - sample, 0) - 110 * level).mean()
    assert prices.expected_profit(demand, level) == pytest.approx(profit, rel=1e-4)
    best, greatest = newsvendor_optimum(demand, prices)
    around = prices.expected_profit(demand, best.level + np.linspace(-500, 500, 101))
    assert greatest >= around.max() - 1e-6
    assert prices.greatest_profit(demand) == 80 * 3_192


def test_several_periods_are_charged_one_by_one() -> None:
    cumulative = [PoissonDemand(4.0).sum_over(n) for n in (1, 2, 3)]
    rng = np.random.default_rng(7)
    running = np.cumsum(rng.poisson(4.0, (200_000, 3)), axis=1)
    seen = (np.maximum(12 - running, 0) + 5 * np.maximum(running - 12, 0)).sum(axis=1)
    assert single_order_cost(cumulative, 12, overage=1, underage=5) == pytest.approx(
        seen.mean(), abs=4 * seen.std() / 200_000**0.5
    )
    levels = np.arange(0, 40)
    costs = single_order_cost(cumulative, levels, overage=1, underage=5)
    assert single_order_for_several_periods(cumulative, overage=1, underage=5) == np.argmin(costs)


@given(mean=st.floats(1, 1e4), cv=st.floats(0.05, 1.0), ratio=st.floats(1.01, 50), more=st.floats(1, 4))
def test_a_dearer_shortage_and_more_variance_move_the_level_up(
    mean: float, cv: float, ratio: float, more: float
) -> None:
    def level(spread: float, underage: float) -> float:
        return float(newsvendor_level(NormalDemand(mean, spread * mean), overage=1.0, underage=underage).level)

    assert level(cv, ratio) <= level(cv, ratio * more)
    assert level(cv, ratio) <= level(cv * more, ratio) * (1 + 1e-12)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_impossible_costs_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="overage is"):
        critical_ratio(overage=value, underage=1.0)
    with pytest.raises(ValueError, match="underage is"):
        newsvendor_level(PoissonDemand(3), overage=1.0, underage=value)
    with pytest.raises(ValueError, match="level is"):
        newsvendor_measures(PoissonDemand(3), np.nan, overage=1.0, underage=1.0)


@pytest.mark.parametrize(
    ("name", "prices"), [("revenue", (1, 2, 0)), ("salvage_value", (3, 2, 2)), ("purchase_cost", (3, 0, 0))]
)
def test_prices_must_leave_something_to_win_and_to_lose(name: str, prices: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        NewsvendorPrices(revenue=prices[0], purchase_cost=prices[1], salvage_value=prices[2])
