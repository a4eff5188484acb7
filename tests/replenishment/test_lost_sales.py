"""Lost-sales service agrees with loops in which what is not there is gone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.lost_sales import (
    erlang_loss,
    erlang_loss_base_stock,
    lost_sales_measures,
    lost_sales_order_up_to_for,
)
from replenishment.order_up_to.targets import order_up_to_for
from tests.replenishment.brute_force import continuous


@pytest.mark.parametrize("kind", ["constant", "exponential", "uniform"])
@pytest.mark.parametrize(("rate", "level"), [(1.5, 5), (2.25, 3), (6.0, 15)])
def test_erlang_agrees_with_the_loop_whatever_the_lead_time(kind: str, rate: float, level: int) -> None:
    rng = np.random.default_rng(51)
    draw = {"constant": lambda: 2.0, "exponential": lambda: rng.exponential(2.0), "uniform": lambda: rng.uniform(0, 4)}
    exact = erlang_loss(rate * 2.0, level)
    seen = continuous(rng, rate, lambda: 1, draw[kind], level - 1, 1, lost=True, length=800)
    seen.agrees("fill_rate", float(exact.fill_rate))
    seen.agrees("expected_on_hand", float(exact.expected_on_hand))


def test_erlang_agrees_with_its_sum_and_takes_large_systems() -> None:
    load, terms = 4.5, PoissonDemand(4.5).pmf(np.arange(8))
    assert erlang_loss(load, 7).lost_fraction == pytest.approx(terms[7] / terms.sum())
    assert erlang_loss(load, 0).lost_fraction == 1.0
    large = erlang_loss([5_000.0, 4_000.0], 5_000)
    assert large.lost_fraction[0] == pytest.approx(np.sqrt(2 / (np.pi * 5_000)), rel=0.02)
    level = erlang_loss_base_stock(40.0, 0.99)
    assert erlang_loss(40.0, level).fill_rate >= 0.99 > erlang_loss(40.0, level - 1).fill_rate


def _loop(mean: float, variance: float, top: int, lead_time: int, periods: int = 150_000) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(52)
    size = mean**2 / max(variance - mean, 1e-12)
    demand = rng.poisson(mean, periods) if mean == variance else rng.negative_binomial(size, mean / variance, periods)
    on_hand, pipeline, sold, left = top, [0] * lead_time, np.zeros(periods), np.zeros(periods)
    for period, wanted in enumerate(demand):
        order = top - on_hand - sum(pipeline)
        if lead_time:
            pipeline.append(order)
            on_hand += pipeline.pop(0)
        else:
            on_hand += order
        sold[period] = min(on_hand, wanted)
        on_hand -= int(sold[period])
        left[period] = on_hand
    return demand[100:], sold[100:], left[100:]


@pytest.mark.parametrize(
    ("mean", "variance", "top", "lead_time"),
    [(5, 5, 12, 1), (1, 1, 4, 1), (2, 6, 9, 2), (1.5, 1.5, 7, 3), (3, 3, 5, 0)],
)
def test_the_chain_agrees_with_the_loop(mean: float, variance: float, top: int, lead_time: int) -> None:
    # the loop orders before it receives: its lead time is one longer than the number of queued orders
    demand, sold, left = _loop(mean, variance, top, lead_time)
    law = PoissonDemand(mean) if mean == variance else NegativeBinomialDemand(mean, variance)
    exact = lost_sales_measures(law, top, lead_time)

    def near(series: np.ndarray, value: float) -> None:
        batches = series[: series.size // 100 * 100].reshape(100, -1).mean(axis=1)
        assert abs(batches.mean() - value) < 4 * batches.std(ddof=1) / 10 + 1e-9

    near(demand - sold, exact.lost_per_period)
    near(left, exact.end_on_hand)
    near(sold, exact.mean_order)
    near((left > 0).astype(float), exact.ready_rate)
    assert exact.fill_rate == pytest.approx(1 - exact.lost_per_period / mean)


@given(mean=st.floats(0.2, 6), top=st.integers(1, 15))
def test_more_stock_fills_more(mean: float, top: int) -> None:
    lower, higher = (lost_sales_measures(PoissonDemand(mean), level, 1).fill_rate for level in (top, top + 1))
    assert lower <= higher + 1e-12


def test_the_backorder_level_keeps_too_much_when_sales_are_lost() -> None:
    lost = lost_sales_order_up_to_for(PoissonDemand(3.0), 2, 0.9)
    backordered = int(order_up_to_for(CycleDemand.independent(PoissonDemand(3.0), 2), "fill_rate", 0.9))
    print(f"lost sales {lost}, backorders {backordered}")
    assert lost <= backordered
    assert lost_sales_measures(PoissonDemand(3.0), lost, 2).fill_rate >= 0.9
    assert lost_sales_measures(PoissonDemand(3.0), lost - 1, 2).fill_rate < 0.9


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("lead_time_demand", lambda: erlang_loss(0.0, 3)),
        ("base_stock", lambda: erlang_loss(1.0, -1)),
        ("fill_rate", lambda: erlang_loss_base_stock(1.0, 1.0)),
        ("order_up_to", lambda: lost_sales_measures(PoissonDemand(1.0), 0, 1)),
        ("order_up_to", lambda: lost_sales_measures(PoissonDemand(1.0), 100, 6)),
        ("lead_time", lambda: lost_sales_measures(PoissonDemand(1.0), 3, -1)),
        ("fill_rate", lambda: lost_sales_order_up_to_for(PoissonDemand(1.0), 1, 95)),
    ],
)
def test_impossible_parameters_are_refused(name: str, build: object) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        build()  # type: ignore[operator]
