"""One target for all items: against every combination of levels of small sets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from replenishment.total_target import TotalTarget, points_for_total

LEVELS = 12


def curves(mean: list[float], price: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Base stock under Poisson demand: the share short in a period of half the mean, and the mean stock's value."""
    level, unit = np.arange(LEVELS), np.arange(80)
    over = np.maximum(unit[None, :] - level[:, None], 0.0)
    rate, value = np.empty((len(mean), LEVELS)), np.empty((len(mean), LEVELS))
    for i, (m, p) in enumerate(zip(mean, price, strict=True)):
        through, before = (over @ stats.poisson(mu).pmf(unit) for mu in (m, m / 2))
        rate[i] = np.minimum((through - before) / (m / 2), 1.0)
        value[i] = p * (level - m + through)
    return np.minimum.accumulate(rate, axis=1), np.maximum.accumulate(value, axis=1)


def cheapest(rate: np.ndarray, value: np.ndarray, weight: np.ndarray, target: float) -> float:
    """The least value of all combinations that meet the total."""
    every = np.array(list(product(range(LEVELS), repeat=len(rate))))
    rows = np.arange(len(rate))
    meets = rate[rows, every] @ weight <= target * weight.sum() + 1e-12
    return float(value[rows, every[meets]].sum(axis=1).min())


def total_of(found: TotalTarget, weight: np.ndarray) -> float:
    return float(weight @ found.rate / weight.sum())


sets = st.lists(st.tuples(st.floats(0.3, 4.0), st.floats(0.2, 50.0)), min_size=3, max_size=4)


@settings(max_examples=15, deadline=None)
@given(sets, st.floats(0.02, 0.3))
def test_the_total_is_met_near_the_least_value_of_all_combinations(
    items: list[tuple[float, float]], target: float
) -> None:
    mean, price = (list(column) for column in zip(*items, strict=True))
    rate, value = curves(mean, price)
    weight = np.array(mean)
    found = points_for_total(rate, value, weight, target)
    assert found.reached
    assert found.total == pytest.approx(total_of(found, weight))
    assert found.total <= target * (1 + 1e-9)
    least = cheapest(rate, value, weight, target)
    steps = np.diff(value, axis=1)
    assert least - 1e-9 <= found.value.sum() <= least + steps.max()


def test_on_its_envelope_points_the_result_is_the_optimum() -> None:
    """At the totals which the multiplier itself produces no combination is cheaper."""
    rate, value = curves([1.0, 2.5, 0.6], [1.0, 8.0, 20.0])
    weight = np.array([1.0, 2.5, 0.6])
    for target in (0.25, 0.1, 0.04, 0.02):
        there = points_for_total(rate, value, weight, target)
        again = points_for_total(rate, value, weight, there.total)
        assert again.value.sum() == pytest.approx(cheapest(rate, value, weight, there.total), rel=0.02)


def test_cheap_items_get_more_service_than_dear_ones_and_the_value_is_below_that_of_equal_targets() -> None:
    mean, price = [2.0, 2.0, 2.0], [1.0, 5.0, 40.0]
    rate, value = curves(mean, price)
    weight = np.array(mean)
    equal = np.argmax(rate <= 0.1, axis=1)
    found = points_for_total(rate, value, weight, 0.1)
    assert found.rate[0] < found.rate[2]
    assert found.value.sum() < 0.9 * value[np.arange(3), equal].sum()
    assert 0.08 < found.total <= 0.1


@given(st.permutations(range(4)))
def test_the_order_of_items_changes_nothing(order: list[int]) -> None:
    rate, value = curves([1.0, 3.0, 0.5, 2.0], [4.0, 1.0, 9.0, 2.0])
    weight = np.array([1.0, 3.0, 0.5, 2.0])
    plain = points_for_total(rate, value, weight, 0.05)
    mixed = points_for_total(rate[order], value[order], weight[order], 0.05)
    assert mixed.point.tolist() == plain.point[order].tolist()


def test_points_that_are_not_allowed_are_not_chosen_and_an_unreachable_total_is_said() -> None:
    rate, value = curves([1.0, 1.0], [1.0, 1.0])
    value[0, 3:] = np.inf
    found = points_for_total(rate, value, np.ones(2), 0.1)
    assert found.point[0] < 3
    assert found.reached
    value[1, 3:] = np.inf
    assert not points_for_total(rate, value, np.ones(2), 1e-6).reached


def test_items_without_demand_and_no_items_at_all_do_no_harm() -> None:
    rate, value = curves([1.0, 1.0], [1.0, 1.0])
    assert points_for_total(rate, value, np.array([0.0, 1.0]), 0.05).point[0] == 0
    assert points_for_total(np.empty((0, 3)), np.empty((0, 3)), np.empty(0), 0.1).total == 0.0
    with pytest.raises(ValueError, match="target is 0"):
        points_for_total(rate, value, np.ones(2), 0.0)
