"""Allocation agrees with one that moves single units, and never depends on the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.backorders.allocation import RULES, AllocationRule, Supply, allocate
from replenishment.backorders.ledger import OrderLedger
from tests.pipelines.shop import examples
from tests.replenishment.backorders.lines import AS_OF, entries, ledger, ready_on, served_order, supply, unit_by_unit

NOTHING = np.zeros(3)
IN_TURN: tuple[AllocationRule, ...] = ("order_date", "priority", "requested_date")


def random_case(random: np.random.Generator, *, late: bool = True) -> tuple[OrderLedger, Supply]:
    """Lines and sources of three items; ``late``: some lines are wanted later."""
    n, s = int(random.integers(1, 25)), int(random.integers(0, 12))
    lines = ledger(
        random.integers(1, 9, n).tolist(),
        item=random.integers(0, 3, n),
        rank=random.permutation(n),
        ordered=AS_OF - random.integers(1, 5, n),
        wanted=AS_OF + np.maximum(random.integers(-20, 20, n), 0) * late,
        priority=random.integers(1, 4, n),
    )
    days = (AS_OF + random.integers(0, 20, s)).tolist()
    return lines, supply(random.integers(0, 15, s).astype(float).tolist(), days, random.integers(0, 3, s).tolist())


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(IN_TURN), st.booleans())
def test_serving_in_turn_moves_single_units(seed: int, rule: AllocationRule, whole: bool) -> None:
    lines, sources = random_case(np.random.default_rng(seed))
    found = allocate(lines, sources, NOTHING, rule=rule, whole_lines=whole)
    assert entries(found) == unit_by_unit(lines, sources, rule, whole)
    if whole:
        assert ((found.covered == 0) | (found.covered == lines.waiting)).all()


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(RULES), st.booleans())
def test_rows_in_any_order_get_the_same(seed: int, rule: AllocationRule, whole: bool) -> None:
    random = np.random.default_rng(seed)
    lines, sources = random_case(random)
    whole = whole and rule != "fair_share"
    rows, columns = random.permutation(len(lines)), random.permutation(len(sources))
    names = ("item", "day", "units", "rank", "on_hand")
    mixed = Supply(*(getattr(sources, name)[columns] for name in names))
    reserved = random.integers(0, 4, 3).astype(float)
    one = allocate(lines, sources, reserved, rule=rule, whole_lines=whole)
    other = allocate(lines.take(rows), mixed, reserved, rule=rule, whole_lines=whole)
    back = {(int(rows[k]), int(columns[s])): u for (k, s), u in entries(other).items()}
    assert back == entries(one)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(IN_TURN), st.booleans())
def test_nobody_is_delayed_by_those_who_come_after(seed: int, rule: AllocationRule, whole: bool) -> None:
    lines, sources = random_case(np.random.default_rng(seed))
    order = served_order(lines, rule)
    everybody = allocate(lines, sources, NOTHING, rule=rule, whole_lines=whole)
    for k in range(1, len(order)):
        first = np.array(order[:k])
        alone = allocate(lines.take(first), sources, NOTHING, rule=rule, whole_lines=whole)
        assert (ready_on(alone, sources, lines.take(first)) == ready_on(everybody, sources, lines)[first]).all()


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2**32))
def test_fair_shares_are_fair_to_a_unit(seed: int) -> None:
    random = np.random.default_rng(seed)
    lines, sources = random_case(random, late=False)
    found = allocate(lines, sources, NOTHING, rule="fair_share")
    still = lines.waiting.copy()
    given_to = entries(found)
    for s in np.lexsort((sources.rank, sources.day, sources.item)).tolist():
        here = np.flatnonzero(lines.item == sources.item[s])
        total = still[here].sum()
        for k in here.tolist():
            fair = still[k] * min(sources.units[s] / total, 1.0) if total > 0 else 0.0
            assert abs(given_to.get((k, s), 0.0) - fair) < 1 + 1e-9
        shared = sum(given_to.get((k, s), 0.0) for k in here.tolist())
        assert shared == min(sources.units[s], total)
        for k in here.tolist():
            still[k] -= given_to.get((k, s), 0.0)


def test_parts_of_units_are_shared_exactly() -> None:
    found = allocate(ledger([1.5, 3.0]), supply([3.0], [AS_OF]), NOTHING, rule="fair_share")
    assert found.covered == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize(
    ("rule", "covered"),
    [("order_date", [4, 2, 0]), ("priority", [1, 0, 5]), ("requested_date", [0, 4, 2]), ("fair_share", [2, 2, 2])],
)
def test_each_rule_serves_another_first(rule: AllocationRule, covered: list[float]) -> None:
    lines = ledger([4, 4, 5], priority=[2, 3, 1], wanted=[AS_OF - 1, AS_OF - 3, AS_OF - 2])
    found = allocate(lines, supply([6], [AS_OF]), NOTHING, rule=rule)
    assert found.covered.tolist() == covered


def test_a_line_for_later_leaves_the_shelf_to_one_for_now() -> None:
    lines = ledger([5, 5], wanted=[AS_OF + 10, AS_OF])
    found = allocate(lines, supply([5, 5], [AS_OF, AS_OF + 7]), NOTHING)
    assert entries(found) == {(0, 1): 5, (1, 0): 5}


def test_what_is_set_aside_stays_set_aside() -> None:
    """Three of five units are set aside: two for the second line by name, one for whoever came first."""
    lines = ledger([4, 4], reserved=[0, 2])
    found = allocate(lines, supply([5, 9], [AS_OF, AS_OF + 3]), np.array([3.0]))
    aside = {
        (k, s): u for k, s, u, a in zip(found.line, found.source, found.units, found.from_reserve, strict=True) if a
    }
    assert aside == {(1, 0): 2, (0, 0): 1}
    assert entries(found) == {(0, 0): 3, (1, 0): 2, (0, 1): 1, (1, 1): 2}
    assert found.kept.tolist() == [0]


def test_what_is_set_aside_for_nobody_in_the_ledger_is_not_handed_out() -> None:
    found = allocate(ledger([2]), supply([9], [AS_OF]), np.array([5.0]))
    assert found.kept.tolist() == [3]
    assert found.left.tolist() == [4]
    nobody = allocate(ledger([0]), supply([9], [AS_OF]), np.array([5.0]))
    assert (nobody.kept[0], nobody.left[0]) == (5, 4)


def test_reach_counts_the_units_that_must_have_come() -> None:
    found = allocate(ledger([5, 8]), supply([4, 6, 9], [AS_OF, AS_OF + 1, AS_OF + 2]), np.array([1.0]))
    kept = ~found.from_reserve
    assert found.reach[kept].tolist() == [3, 4, 9, 12]
    assert found.units[kept].tolist() == [3, 1, 5, 3]


def test_whole_lines_have_no_fair_shares() -> None:
    with pytest.raises(ValueError, match="fair shares are parts of lines"):
        allocate(ledger([1]), supply([1], [AS_OF]), NOTHING, rule="fair_share", whole_lines=True)


@pytest.mark.parametrize("case", [([], [1.0]), ([3.0], []), ([], [])])
def test_nothing_to_do(case: Any) -> None:
    wanted, units = case
    found = allocate(ledger(wanted), supply(units, [AS_OF] * len(units)), NOTHING)
    assert (len(found.line), found.covered.sum(), found.left.sum()) == (0, 0, sum(units))
