"""A supplier's minimum: against every choice of packs, and the three other decisions."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.supplier_minimum import SupplierOrder, meet_minimum_value

PACKS = st.lists(
    st.tuples(st.lists(st.floats(0.01, 9), min_size=1, max_size=4), st.floats(0.5, 30)), min_size=1, max_size=3
)


def decide(
    items: list[tuple[list[float], float]], value: float, minimum: float, urgent: bool, money: float = np.inf
) -> SupplierOrder:
    rows = [(i, 2.0, cost, w) for i, (worths, cost) in enumerate(items) for w in sorted(worths, reverse=True)]
    item, units, cost, avoided = (np.array(column) for column in zip(*rows, strict=True))
    return meet_minimum_value(value, minimum, urgent, item, units, cost, avoided, len(items), money)


@given(PACKS, st.floats(1, 100), st.floats(0, 200))
def test_a_raise_reaches_the_minimum_in_whole_packs_without_one_too_many(
    items: list[tuple[list[float], float]], value: float, short: float
) -> None:
    found = decide(items, value, value + short, urgent=True)
    packs = found.extra / 2.0
    cost = np.array([cost for _, cost in items])
    assert found.value == pytest.approx(value + float(packs @ cost))
    assert all(p == round(p) and p <= len(worths) for p, (worths, _) in zip(packs, items, strict=True))
    reachable = sum(len(worths) * c for worths, c in items)
    if found.decision == "below":
        assert reachable < short
        return
    assert found.value >= (value + short) * (1 - 1e-9)
    if found.decision == "raised":
        # Without its dearest pack the order would not reach the minimum, or another choice of packs is as cheap.
        assert found.value - (value + short) <= cost[packs > 0].max() + 1e-9


@given(PACKS, st.floats(0.1, 120))
def test_what_a_raise_costs_stays_near_the_cheapest_way_to_the_minimum(
    items: list[tuple[list[float], float]], short: float
) -> None:
    """Against all choices: the list may spend one pack more, since it looks for worth and not for the exact sum."""
    found = decide(items, 1.0, 1.0 + short, urgent=True)
    sums = [
        sum(k * c for k, (_, c) in zip(count, items, strict=True))
        for count in product(*(range(len(worths) + 1) for worths, _ in items))
    ]
    enough = [total for total in sums if total >= short * (1 - 1e-9)]
    assert (found.decision == "raised") == bool(enough)
    if enough:
        assert min(enough) - 1e-6 <= found.value - 1.0 <= min(enough) + max(c for _, c in items) + 1e-6


def test_nothing_urgent_waits_and_something_urgent_is_raised_by_the_pack_worth_most() -> None:
    items = [([5.0, 4.0, 3.0], 10.0), ([1.0], 10.0)]
    assert decide(items, 80.0, 100.0, urgent=False).decision == "waits"
    assert decide(items, 80.0, 100.0, urgent=False).value == 0.0
    raised = decide(items, 80.0, 100.0, urgent=True)
    assert raised.decision == "raised"
    assert raised.extra.tolist() == [4.0, 0.0]
    assert raised.value == 100.0


def test_an_order_that_reaches_the_minimum_and_one_of_nothing_are_left_alone() -> None:
    items = [([5.0], 10.0)]
    assert decide(items, 100.0, 100.0, urgent=False).decision == "met"
    assert decide(items, 0.0, 100.0, urgent=False).decision == "met"


def test_a_minimum_out_of_reach_or_beyond_the_money_left_is_said() -> None:
    items = [([5.0, 4.0], 10.0)]
    assert decide(items, 10.0, 100.0, urgent=True).decision == "below"
    assert decide(items, 85.0, 100.0, urgent=True, money=19.0).decision == "below"
    assert decide(items, 85.0, 100.0, urgent=True, money=20.0).decision == "raised"


def test_the_last_pack_is_the_cheapest_that_will_do() -> None:
    """5 are missing: after nothing else, the pack for 6 takes the place of the better one for 500."""
    found = decide([([900.0], 500.0), ([2.0], 6.0)], 95.0, 100.0, urgent=True)
    assert found.extra.tolist() == [0.0, 2.0]
