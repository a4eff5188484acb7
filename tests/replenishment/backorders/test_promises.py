"""Promised days are quantiles of the time until enough units have come: every outcome counted, and simulated."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.backorders.allocation import allocate
from replenishment.backorders.arrivals import arrival_distribution
from replenishment.backorders.promises import Promises, enough_has_come, first_day, promise_days
from tests.pipelines.shop import examples
from tests.replenishment.backorders.lines import AS_OF, ledger, supply

Floats = npt.NDArray[np.float64]


def cumulative(random: np.random.Generator, rows: int, days: int) -> Floats:
    return np.cumsum(random.dirichlet(np.full(days, 0.5), rows), axis=1)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32))
def test_every_subset_of_the_sources_is_counted(seed: int) -> None:
    random = np.random.default_rng(seed)
    k = int(random.integers(0, 6))
    units, arrival = random.integers(0, 5, k).astype(float), cumulative(random, k, 7)
    reach = np.array([0.5, 1.0, 3.0, 7.0, units.sum(), units.sum() + 1])
    naive = np.zeros((len(reach), 7))
    for come in product([False, True], repeat=k):
        chance = np.prod([arrival[i] if here else 1 - arrival[i] for i, here in enumerate(come)], axis=0)
        naive += (sum(units[i] for i, here in enumerate(come) if here) >= reach)[:, None] * chance
    assert enough_has_come(units, arrival, reach) == pytest.approx(naive)


def test_too_many_sums_are_rounded_down() -> None:
    random = np.random.default_rng(5)
    units, arrival = random.uniform(1, 2, 24), cumulative(random, 24, 5)
    reach = np.array([6.0, 18.0, 30.0])
    come = random.random((40_000, 24))[:, :, None] < arrival[None]
    simulated = ((come * units[None, :, None]).sum(axis=1)[:, None, :] >= reach[None, :, None]).mean(axis=0)
    found = enough_has_come(units, arrival, reach)
    assert found == pytest.approx(simulated, abs=0.015)
    shifted = enough_has_come(units, arrival, reach * (1 - 24 / 2048))
    assert (found <= shifted + 1e-12).all()


def test_a_line_waits_for_all_of_its_parts_and_for_those_ahead() -> None:
    """Three units are on hand; 4 and 6 come by day 0, 1, 2 with the chances below; lines of 2, 4 and 5 wait."""
    lines, sources = ledger([2, 4, 5]), supply([3, 4, 6], [AS_OF, AS_OF + 1, AS_OF + 2])
    first, second = np.array([0.2, 0.7, 1.0]), np.array([0.1, 0.5, 0.9])
    found = _promised(lines, sources, np.stack([np.ones(3), first, second]), (0.5, 0.85))
    either = 1 - (1 - first) * (1 - second)
    both = first * second
    assert found.line_day.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert found.line_chance == pytest.approx(np.array([[1, 1], [either[1]] * 2, [both[2]] * 2]))
    # The second line gets 1 from the shelf and 3 of what comes first: 6 in all, the third 7 to 11.
    assert found.entry_day[:, 0].tolist() == [0, 0, 1, 1, 2]
    assert found.entry_chance[3, 0] == pytest.approx(either[1])


def _promised(lines, sources, arrival, probabilities, *, uncovered=None, later=None, asked=None) -> Promises:  # type: ignore[no-untyped-def]
    allocation = allocate(lines, sources, np.zeros(1))
    n, days = len(lines), arrival.shape[1]
    return promise_days(
        allocation,
        sources,
        arrival,
        lines.item,
        lines.waiting - allocation.covered if uncovered is None else uncovered,
        np.linspace(0, 1, days)[None] if later is None else later,
        np.maximum(lines.wanted - AS_OF, 0),
        np.full(n, -1) if asked is None else asked,
        probabilities,
    )


def test_what_nothing_covers_comes_with_the_next_order() -> None:
    lines, sources = ledger([3, 2]), supply([4], [AS_OF])
    after = np.array([[0.0, 0.3, 0.6, 1.0]])
    found = _promised(lines, sources, np.ones((1, 4)), (0.5, 0.9), later=after)
    assert found.line_day.tolist() == [[0, 0], [2, 3]]
    assert found.line_chance[1].tolist() == [0.6, 1.0]
    never = _promised(lines, sources, np.ones((1, 4)), (0.5,), later=np.zeros((1, 4)))
    assert (never.line_day.tolist(), never.line_chance.tolist()) == ([[0], [-1]], [[1.0], [0.0]])


def test_nothing_is_promised_before_it_is_wanted_and_the_day_that_was_told_is_judged() -> None:
    lines, sources = ledger([3, 3], wanted=[AS_OF + 2, AS_OF]), supply([9], [AS_OF + 1])
    arrival = np.array([[0.0, 0.4, 0.7, 1.0]])
    found = _promised(lines, sources, arrival, (0.3,), asked=np.array([1, 2]))
    assert found.line_day.tolist() == [[2], [1]]
    assert found.line_chance.tolist() == [[0.7], [0.4]]
    # The first line does not leave before the day on which it is wanted, however early its units are there.
    assert found.asked_chance.tolist() == [0.0, 0.7]


def test_the_first_day_with_a_probability() -> None:
    by_day = np.array([[0.1, 0.5, 0.9], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    assert first_day(by_day, 0.5).tolist() == [1, -1, 0]


def test_an_order_is_judged_by_those_that_took_as_long() -> None:
    """P(L <= a | L > g) with P(L = 2, 3, 5) = 0.5, 0.3, 0.2, counted out by hand."""
    law = np.array([0, 0, 0.5, 0.3, 0, 0.2])
    new = arrival_distribution(law, -1, np.arange(7))
    assert new == pytest.approx([0, 0, 0.5, 0.8, 0.8, 1, 1])
    # Placed two days ago, not there by yesterday (one day): all outcomes are open; today is its second day.
    assert arrival_distribution(law, 1, np.arange(2, 7)) == pytest.approx([0.5, 0.8, 0.8, 1, 1])
    assert arrival_distribution(law, 2, np.arange(3, 7)) == pytest.approx([0.6, 0.6, 1, 1])
    assert arrival_distribution(law, 3, np.arange(4, 7)) == pytest.approx([0, 1, 1])


def test_an_order_later_than_anything_seen_begins_again() -> None:
    law = np.array([0, 0.4, 0.6])
    assert arrival_distribution(law, 9, np.arange(10, 14)) == pytest.approx([0, 0.4, 1, 1])
