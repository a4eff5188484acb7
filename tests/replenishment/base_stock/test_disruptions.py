"""Base stock under disruptions agrees with a supplier who goes up and down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.base_stock.disruptions import base_stock_under_disruptions, base_stock_under_disruptions_cost

CASES = [(0.25, 3.0, 2_000.0, 0.04, 0.25), (1.0, 20.0, 10.0, 0.2, 0.4), (2.0, 5.0, 1.0, 0.5, 0.9)]


@pytest.mark.parametrize(("h", "p", "d", "fail", "mend"), CASES)
@pytest.mark.parametrize("factor", [1.0, 2.5, 4.0])
def test_the_cost_agrees_with_the_loop(h: float, p: float, d: float, fail: float, mend: float, factor: float) -> None:
    level, rng, costs, up, outage = factor * d, np.random.default_rng(3), [], True, 0
    for chance in rng.random(200_000):
        up = chance >= fail if up else chance < mend
        outage = 0 if up else outage + 1
        net = level - (outage + 1) * d
        costs.append(h * max(net, 0.0) + p * max(-net, 0.0))
    batches = np.array(costs).reshape(200, 1_000).mean(axis=1)
    exact = base_stock_under_disruptions_cost(
        level, holding_cost=h, stockout_cost=p, demand=d, disruption_probability=fail, recovery_probability=mend
    )
    assert abs(float(exact) - batches.mean()) < 4 * batches.std(ddof=1) / 200**0.5


@given(h=st.floats(0.1, 5), ratio=st.floats(0.5, 200), fail=st.floats(0.001, 0.9), mend=st.floats(0.05, 0.95))
def test_no_level_is_cheaper(h: float, ratio: float, fail: float, mend: float) -> None:
    keywords = {
        "holding_cost": h,
        "stockout_cost": h * ratio,
        "demand": 10.0,
        "disruption_probability": fail,
        "recovery_probability": mend,
    }
    best = base_stock_under_disruptions(**keywords)
    levels = np.linspace(0, float(best.base_stock) * 2 + 50, 301)
    assert best.cost <= base_stock_under_disruptions_cost(levels, **keywords).min() * (1 + 1e-9)


@pytest.mark.parametrize("name", ["disruption_probability", "recovery_probability"])
@pytest.mark.parametrize("value", [0.0, 1.0, 25.0])
def test_probabilities_are_no_percentages(name: str, value: float) -> None:
    keywords = {
        "holding_cost": 1.0,
        "stockout_cost": 9.0,
        "demand": 10.0,
        "disruption_probability": 0.1,
        "recovery_probability": 0.5,
        name: value,
    }
    with pytest.raises(ValueError, match=rf"^{name} is"):
        base_stock_under_disruptions(**keywords)
