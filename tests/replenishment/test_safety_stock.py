"""The textbook formulas keep their promise where their assumptions hold, and say what those are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.demand_distributions import NormalDemand
from replenishment.reorder_point.measures import one_term_fill_rate, reorder_point_measures
from replenishment.safety_stock import (
    SafetyStock,
    average_demand_method,
    average_max_method,
    cycle_service_method,
    fill_rate_method,
    forecast_error_method,
    random_lead_time_method,
    reorder_point_method,
    root_lead_time_method,
)


def test_the_rules_of_thumb_are_arithmetic() -> None:
    rule = average_max_method(
        average_demand=[10, 20], maximum_demand=[16, 20], average_lead_time=5, maximum_lead_time=[8, 5]
    )
    assert rule.safety_stock.tolist() == [78, 0]
    assert rule.reorder_point.tolist() == [128, 100]
    cover = average_demand_method(average_demand=10, days_of_cover=4, lead_time=5)
    assert (float(cover.safety_stock), float(cover.reorder_point)) == (40, 90)
    left = reorder_point_method(reorder_point=[90, 30], average_demand=10, lead_time=5)
    assert left.safety_stock.tolist() == [40, -20]
    with pytest.raises(ValueError, match="maximum_demand is 9"):
        average_max_method(average_demand=10, maximum_demand=9, average_lead_time=5, maximum_lead_time=8)
    with pytest.raises(ValueError, match="maximum_lead_time is 4"):
        average_max_method(average_demand=10, maximum_demand=12, average_lead_time=5, maximum_lead_time=4)


@pytest.mark.parametrize("share", [0.8, 0.95, 0.99])
def test_normal_cycles_are_covered_as_promised(share: float) -> None:
    rng = np.random.default_rng(71)
    rule = root_lead_time_method(demand_mean=50, demand_sd=8, lead_time=4, cycle_service_level=share)
    demand = rng.normal(50, 8, (200_000, 4)).sum(axis=1)
    assert (demand <= rule.reorder_point).mean() == pytest.approx(share, abs=0.004)
    same = cycle_service_method(interval_mean=200, interval_sd=16, cycle_service_level=share)
    assert same.reorder_point == pytest.approx(float(rule.reorder_point))


def test_a_random_lead_time_has_this_mean_and_variance() -> None:
    rng, rule = (
        np.random.default_rng(72),
        random_lead_time_method(demand_mean=30, demand_sd=3, lead_time_mean=7, lead_time_sd=2, cycle_service_level=0.9),
    )
    times = np.clip(np.round(rng.normal(7, 2, 100_000)), 0, None).astype(int)
    demand = np.array([rng.normal(30 * n, 3 * n**0.5) for n in times])
    assert demand.std() == pytest.approx(float(rule.sd), rel=0.02)
    assert rule.reorder_point == pytest.approx(30 * 7 + float(rule.safety_stock))


@pytest.mark.parametrize(("quantity", "share"), [(200, 0.99), (60, 0.95), (20, 0.9)])
def test_fill_rates_are_kept_by_the_measure_that_goes_with_them(quantity: float, share: float) -> None:
    keywords: dict[str, Any] = {"interval_mean": 50.0, "interval_sd": 11.4, "order_quantity": quantity}
    demand = NormalDemand(50, 11.4)
    one, two = (fill_rate_method(**keywords, fill_rate=share, shortage=kind) for kind in ("one_term", "two_term"))
    assert one_term_fill_rate(demand, one.reorder_point, quantity) == pytest.approx(share)
    assert reorder_point_measures(demand, 1.0, two.reorder_point, quantity).fill_rate == pytest.approx(share)
    assert two.safety_stock <= one.safety_stock + 1e-9


def test_roots_of_the_lead_time_forget_that_a_level_is_misjudged_everywhere() -> None:
    rng = np.random.default_rng(73)
    # the level itself is uncertain: its error is the same in each of the nine periods
    misjudged, noise = rng.normal(0, 4, 4_000), rng.normal(0, 5, (4_000, 9))
    cumulative = (misjudged[:, None] + noise).sum(axis=1)
    right = forecast_error_method(cumulative, interval_mean=450, cycle_service_level=0.95)
    one_step = float(np.sqrt(np.mean((misjudged + noise[:, 0]) ** 2)))
    wrong = root_lead_time_method(demand_mean=50, demand_sd=one_step, lead_time=9, cycle_service_level=0.95)
    covered = [(cumulative <= float(rule.safety_stock)).mean() for rule in (right, wrong)]
    print(f"promised 95.0 %: cumulative errors {covered[0]:.1%}, root of the lead time {covered[1]:.1%}")
    assert covered[0] == pytest.approx(0.95, abs=0.01)
    assert covered[1] < 0.90
    with pytest.raises(ValueError, match="errors has 1 entries"):
        forecast_error_method([3.0], interval_mean=1, cycle_service_level=0.9)


positive = st.floats(0.1, 1e3)


@given(mean=positive, sd=positive, time=positive, share=st.floats(0.51, 0.998), more=st.floats(1.0, 4.0))
def test_service_time_and_variance_up_means_stock_up(
    mean: float, sd: float, time: float, share: float, more: float
) -> None:
    def stock(d: float = sd, t: float = time, p: float = share) -> SafetyStock:
        return root_lead_time_method(demand_mean=mean, demand_sd=d, lead_time=t, cycle_service_level=p)

    base = stock()
    assert base.safety_stock <= stock(d=sd * more).safety_stock
    assert base.safety_stock <= stock(p=(1 + share) / 2).safety_stock
    assert base.reorder_point <= stock(t=time * more).reorder_point
    dozens = root_lead_time_method(demand_mean=mean / 12, demand_sd=sd / 12, lead_time=time, cycle_service_level=share)
    assert dozens.safety_stock * 12 == pytest.approx(float(base.safety_stock))


@pytest.mark.parametrize(
    ("method", "keywords"),
    [
        (average_demand_method, {"average_demand": 1, "days_of_cover": 1, "lead_time": 1}),
        (reorder_point_method, {"reorder_point": 1, "average_demand": 1, "lead_time": 1}),
        (cycle_service_method, {"interval_mean": 1, "interval_sd": 1, "cycle_service_level": 0.9}),
        (root_lead_time_method, {"demand_mean": 1, "demand_sd": 1, "lead_time": 1, "cycle_service_level": 0.9}),
        (
            random_lead_time_method,
            {"demand_mean": 1, "demand_sd": 1, "lead_time_mean": 1, "lead_time_sd": 1, "cycle_service_level": 0.9},
        ),
        (fill_rate_method, {"interval_mean": 1, "interval_sd": 1, "order_quantity": 1, "fill_rate": 0.9}),
    ],
)
def test_every_formula_says_what_it_assumes_and_refuses_nonsense(
    method: Callable[..., SafetyStock], keywords: dict[str, Any]
) -> None:
    assert method(**keywords).assumes
    for name in keywords:
        bad = [np.nan, np.inf] + ([1.0, 0.0, 95] if keywords[name] == 0.9 else [])
        for value in bad:
            with pytest.raises(ValueError, match=rf"^{name} is"):
                method(**{**keywords, name: value})
