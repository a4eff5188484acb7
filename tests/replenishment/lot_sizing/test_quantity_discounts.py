"""Discounts: no quantity is cheaper when all are tried."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.lot_sizing.quantity_discounts import PriceBreaks, all_units_discount, incremental_discount

breaks = st.lists(st.integers(5, 3_000), min_size=0, max_size=4, unique=True).map(lambda b: [0, *sorted(b)])


def _prices(quantities: list[int], first: float, steps: list[float]) -> PriceBreaks:
    return PriceBreaks(quantities, first * np.cumprod([1.0, *steps])[: len(quantities)])


@given(
    quantities=breaks,
    first=st.floats(0.5, 50),
    steps=st.lists(st.floats(0.7, 1.0), min_size=4, max_size=4),
    k=st.floats(0.5, 200),
    i=st.floats(0.05, 0.5),
    rate=st.floats(10, 5_000),
)
def test_no_quantity_is_cheaper(
    quantities: list[int], first: float, steps: list[float], k: float, i: float, rate: float
) -> None:
    prices = _prices(quantities, first, steps)
    grid = np.concatenate([np.geomspace(0.5, 1e6, 6_000), quantities[1:]])
    unit = prices.unit_costs[np.searchsorted(prices.quantities, grid, side="right") - 1]
    everything = unit * rate + k * rate / grid + i * unit * grid / 2
    best = all_units_discount(prices, fixed_cost=k, carrying_rate=i, demand_rate=rate)
    assert best.cost <= everything.min() * (1 + 1e-12)
    assert best.cost >= everything.min() * (1 - 2e-4)
    assert prices.region_of(best.quantity) == best.region
    paid = prices.cost_of_order(grid)
    beyond = (paid + k) * rate / grid + i * paid / 2
    part = incremental_discount(prices, fixed_cost=k, carrying_rate=i, demand_rate=rate)
    assert part.cost <= beyond.min() * (1 + 1e-12)
    assert part.cost >= beyond.min() * (1 - 2e-4)
    assert part.cost >= best.cost * (1 - 1e-12)


def test_without_a_discount_it_is_the_order_quantity() -> None:
    plain = economic_order(fixed_cost=8, holding_cost=0.3 * 0.75, demand_rate=1_300)
    for method in (all_units_discount, incremental_discount):
        found = method(PriceBreaks([0], [0.75]), fixed_cost=8, carrying_rate=0.3, demand_rate=1_300)
        assert found.quantity == pytest.approx(float(plain.quantity))
        assert found.cost == pytest.approx(float(plain.total_cost(0.75)))


def test_an_order_pays_each_price_for_its_own_units() -> None:
    prices = PriceBreaks([0, 100, 300], [10.0, 9.0, 8.0])
    assert prices.cost_of_order(350) == 100 * 10 + 200 * 9 + 50 * 8
    assert prices.region_of([1, 99, 100, 299, 300, 1e9]).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("message", "quantities", "costs"),
    [
        ("must begin at 0", [5, 10], [2, 1]),
        ("must begin at 0 and rise", [0, 10, 10], [3, 2, 1]),
        ("must not raise the price", [0, 10], [1, 2]),
        ("unit_costs", [0, 10], [1, 0]),
        ("shape", [0, 10], [1]),
    ],
)
def test_impossible_price_lists_are_refused(message: str, quantities: list[float], costs: list[float]) -> None:
    with pytest.raises(ValueError, match=message):
        PriceBreaks(quantities, costs)


@pytest.mark.parametrize("name", ["fixed_cost", "carrying_rate", "demand_rate"])
def test_impossible_parameters_are_refused(name: str) -> None:
    keywords = {"fixed_cost": 1.0, "carrying_rate": 0.2, "demand_rate": 1.0, name: -1.0}
    for method in (all_units_discount, incremental_discount):
        with pytest.raises(ValueError, match=rf"^{name} is -1"):
            method(PriceBreaks([0], [1.0]), **keywords)
