"""Levels from a history keep what the history shows."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import PoissonDemand
from replenishment.min_max.from_history import has_review_demand, min_max_from_history, overlapping_sums
from replenishment.order_up_to.targets import order_up_to_for
from replenishment.reorder_point.periodic import periodic_reorder_point_for


def test_windows_are_all_runs() -> None:
    assert overlapping_sums([1, 2, 3, 4], 2).tolist() == [3, 5, 7]
    with pytest.raises(ValueError, match="demand has 2 periods"):
        overlapping_sums([1, 2], 3)


def test_a_long_history_gives_the_level_of_its_law() -> None:
    history = np.random.default_rng(6).poisson(4.0, 40_000)
    found = min_max_from_history(history, lead_time=2, review=2, measure="fill_rate", target=0.97)
    exact = order_up_to_for(CycleDemand.independent(PoissonDemand(4.0), 2, 2), "fill_rate", 0.97)
    assert found.maximum == pytest.approx(float(exact), abs=1)
    assert found.minimum == found.maximum - 1
    assert found.windows == 40_000 - 3


def test_correlation_between_periods_is_kept() -> None:
    rng = np.random.default_rng(7)
    bursts = np.repeat(rng.poisson(4.0, 5_000), 4)
    shuffled = rng.permutation(bursts)
    levels = [
        min_max_from_history(h, lead_time=3, measure="cycle_service_level", target=0.95).maximum
        for h in (bursts, shuffled)
    ]
    assert levels[0] > levels[1] + 3


def test_with_a_quantity_the_minimum_is_the_reorder_point_of_the_law() -> None:
    history = np.random.default_rng(6).poisson(4.0, 40_000)
    protected = CycleDemand.independent(PoissonDemand(4.0), 2, 2)
    for measure in ("fill_rate", "cycle_service_level"):
        found = min_max_from_history(history, lead_time=2, review=2, measure=measure, target=0.9, order_quantity=20)
        exact = periodic_reorder_point_for(protected, 20, measure, 0.9, between_reviews=PoissonDemand(8.0))
        assert found.minimum == pytest.approx(float(exact), abs=1)
        assert found.maximum == found.minimum + 20


def test_a_larger_order_needs_a_lower_minimum() -> None:
    history = [3, 0, 0, 5, 1, 0, 2, 8, 0, 0, 1, 4]
    minima = [
        min_max_from_history(history, lead_time=2, measure="fill_rate", target=0.9, order_quantity=q).minimum
        for q in (0, 5, 30)
    ]
    assert minima == sorted(minima, reverse=True)
    with pytest.raises(ValueError, match="demand is zero"):
        min_max_from_history([0, 0, 0, 0], lead_time=1, measure="fill_rate", target=0.9)


@pytest.mark.parametrize("history", [[5, 3, 0, 0, 0, 0], [0, 0, 0, 4, 0, 0], [9, 9, 1, 0, 0, 0], [0, 2]])
def test_a_history_without_demand_in_any_review_has_no_level(history: list[int]) -> None:
    """Of windows of three periods, the demand of the first two of which comes before an order arrives."""
    told = sum(sum(history[k + 2 : k + 3]) for k in range(len(history) - 2)) > 0
    assert has_review_demand(history, lead_time=2) == told
    for q in (0, 5):
        if told:
            found = min_max_from_history(history, lead_time=2, measure="fill_rate", target=0.9, order_quantity=q)
            assert found.minimum >= -q
        else:
            with pytest.raises(ValueError, match="demand"):
                min_max_from_history(history, lead_time=2, measure="fill_rate", target=0.9, order_quantity=q)
