"""The next-pack list: against every choice of packs, and what must hold of any list."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.next_packs import STEPS, STEPS_BEYOND, RankedPacks, Room, ladder_units, rank_packs

FALLING = st.lists(st.floats(0.001, 50), min_size=1, max_size=5).map(lambda x: sorted(x, reverse=True))


@st.composite
def concave_items(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Items whose packs cost the same and are worth less and less, as those of a loss function."""
    items = draw(st.lists(st.tuples(FALLING, st.floats(0.1, 20)), min_size=1, max_size=4))
    rows = [(i, 1.0, cost, worth) for i, (worths, cost) in enumerate(items) for worth in worths]
    which, units, cost, avoided = (np.array(column) for column in zip(*rows, strict=True))
    return which, units, cost, avoided


def best_worth(item: np.ndarray, cost: np.ndarray, avoided: np.ndarray, budget: float) -> float:
    """The most that any choice of so many first packs of each item avoids: tried one by one."""
    choices = []
    for i in np.unique(item):
        c, a = cost[item == i], avoided[item == i]
        choices.append([(c[:k].sum(), a[:k].sum()) for k in range(len(c) + 1)])
    affordable = [combination for combination in product(*choices) if sum(c for c, _ in combination) <= budget + 1e-9]
    return max(sum(a for _, a in combination) for combination in affordable)


def worth_of(packs: RankedPacks) -> float:
    return float(packs.avoided[packs.within_budget].sum())


@given(concave_items(), st.floats(0, 1))
def test_the_list_is_as_good_as_any_choice_that_costs_what_it_spends(
    packs: tuple[np.ndarray, ...], where: float
) -> None:
    """With concave worth each prefix of the list is optimal for its own cost (marginal analysis)."""
    item, units, cost, avoided = packs
    whole = rank_packs(item, units, cost, avoided)
    k = int(where * (len(whole.item) - 1))
    budget = whole.cumulative_cost[k]
    chosen = rank_packs(item, units, cost, avoided, budget)
    assert worth_of(chosen) == pytest.approx(best_worth(item, cost, avoided, budget), rel=1e-6)


@given(concave_items(), st.floats(0, 200))
def test_at_any_budget_no_choice_is_better_by_more_than_the_multiplier_allows(
    packs: tuple[np.ndarray, ...], budget: float
) -> None:
    """Everett: what the packs are worth beyond the multiplier, and the budget at the multiplier, bound every choice."""
    item, units, cost, avoided = packs
    chosen = rank_packs(item, units, cost, avoided, budget)
    spent = chosen.cost[chosen.within_budget].sum()
    assert spent <= budget * (1 + 1e-9)
    beyond = np.maximum(chosen.avoided - chosen.multiplier * chosen.cost, 0.0)[chosen.within_budget].sum()
    bound = beyond + chosen.multiplier * budget
    assert best_worth(item, cost, avoided, budget) <= bound + 1e-6


def taken_by(chosen: RankedPacks, volume: np.ndarray, place: np.ndarray, kept: np.ndarray, places: int) -> np.ndarray:
    return np.bincount(place[chosen.item[kept]], volume[chosen.item[kept]], minlength=places)


@given(concave_items(), st.floats(0, 200), st.lists(st.floats(0, 40), min_size=2, max_size=2), st.integers(0, 999))
def test_money_and_room_bound_every_choice_with_one_multiplier_each(
    packs: tuple[np.ndarray, ...], budget: float, limits: list[float], seed: int
) -> None:
    """The list stays within both; for any multipliers, and so for those found, the dual bounds every choice."""
    item, units, cost, avoided = packs
    rng, limit = np.random.default_rng(seed), np.array(limits)
    volume, place = rng.uniform(0.0, 10.0, item.max() + 1), rng.integers(0, 2, item.max() + 1)
    chosen = rank_packs(item, units, cost, avoided, budget, Room(place[item], volume[item], limit))
    kept = chosen.within_budget
    assert chosen.cost[kept].sum() <= budget * (1 + 1e-9)
    assert (taken_by(chosen, volume, place, kept, 2) <= limit * (1 + 1e-9) + 1e-12).all()
    price = chosen.multiplier * chosen.cost + (chosen.room_worth[place] * volume)[chosen.item]
    # What is worth more than both prices is bought, but for the last step that doesn't fit in whole.
    bound = np.maximum(chosen.avoided - price, 0.0).sum() + chosen.multiplier * budget + chosen.room_worth @ limit
    choices = product(*(range(int((item == i).sum()) + 1) for i in np.unique(item)))
    best = 0.0
    for counts in choices:
        rows = np.concatenate([np.flatnonzero(item == i)[:count] for i, count in enumerate(counts)])
        room = np.bincount(place[item[rows]], volume[item[rows]], minlength=2)
        if cost[rows].sum() <= budget and (room <= limit).all():
            best = max(best, float(avoided[rows].sum()))
    assert worth_of(chosen) <= best + 1e-9
    assert best <= bound * (1 + 1e-9) + 1e-9


def test_room_that_is_dear_in_money_is_not_kept_for_packs_that_the_budget_drops() -> None:
    """Cut at the room first, the small and dear item would take it all, and the budget would then drop it."""
    item = np.repeat([0, 1], 4)
    cost, volume = np.array([10.0] * 4 + [1.0] * 4), np.array([1.0] * 4 + [2.0] * 4)
    avoided = np.array([5.0, 4.9, 4.8, 4.7, 4.0, 3.9, 3.8, 3.7])
    chosen = rank_packs(item, np.ones(8), cost, avoided, 12.0, Room(np.zeros(8, dtype=int), volume, np.array([8.0])))
    assert chosen.bought(2).tolist() == [0.0, 4.0]
    assert chosen.multiplier > 0


@given(concave_items(), st.lists(st.floats(0, 200), min_size=2, max_size=6))
def test_more_budget_never_avoids_fewer(packs: tuple[np.ndarray, ...], budgets: list[float]) -> None:
    worths = [worth_of(rank_packs(*packs, budget=budget)) for budget in sorted(budgets)]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(worths))


@given(concave_items(), st.floats(0, 200), st.randoms(use_true_random=False))
def test_the_order_of_items_changes_nothing(packs: tuple[np.ndarray, ...], budget: float, random: object) -> None:
    item, units, cost, avoided = packs
    names = list(range(int(item.max()) + 1))
    random.shuffle(names)  # type: ignore[attr-defined]
    rows = np.concatenate([np.flatnonzero(item == name) for name in names])
    relabelled = np.array([names.index(i) for i in item])[rows]
    here = rank_packs(item, units, cost, avoided, budget)
    there = rank_packs(relabelled, units[rows], cost[rows], avoided[rows], budget)
    assert worth_of(here) == pytest.approx(worth_of(there))
    np.testing.assert_allclose(here.per_money, there.per_money)


@given(concave_items(), st.floats(0, 200))
def test_what_is_bought_is_marked_by_its_cumulative_cost(packs: tuple[np.ndarray, ...], budget: float) -> None:
    chosen = rank_packs(*packs, budget=budget)
    assert ((chosen.cumulative_cost <= budget * (1 + 1e-12)) == chosen.within_budget).all()
    for i in np.unique(chosen.item):
        steps = np.flatnonzero(chosen.item == i)
        assert (np.diff(chosen.number[steps]) > 0).all()
        assert (np.diff(chosen.within_budget[steps].astype(int)) <= 0).all()


def test_steps_that_are_worth_more_later_are_one_step() -> None:
    """The second pack is worth nothing without the first: 1 + 9 units for 2 money come before 3 for 1."""
    packs = rank_packs([0, 0, 1], [1, 1, 1], [1, 1, 1], [1, 9, 3])
    assert packs.item.tolist() == [0, 1]
    assert packs.units.tolist() == [2, 1]
    assert packs.per_money.tolist() == [5, 3]


def test_a_step_that_does_not_fit_lets_cheaper_ones_pass_but_none_of_its_own_item() -> None:
    packs = rank_packs([0, 0, 1], [10, 1, 1], [100, 1, 2], [1000, 9, 1], budget=5)
    assert packs.within_budget.tolist() == [False, False, True]
    assert packs.cumulative_cost.tolist() == [100, 101, 2]


def test_the_worth_of_a_pack_is_the_difference_of_two_expected_shortages() -> None:
    """With Poisson demand: E[(D - y)+] - E[(D - y - 1)+] = P(D > y), the classical stopping rule."""
    demand = stats.poisson(6.0)
    short = np.array([sum((d - y) * demand.pmf(d) for d in range(y, 60)) for y in range(10)])
    packs = rank_packs(np.zeros(9, dtype=int), np.ones(9), np.ones(9), -np.diff(short))
    np.testing.assert_allclose(packs.avoided, demand.sf(np.arange(9)), atol=1e-12)


@pytest.mark.parametrize(
    ("cost", "avoided", "budget"), [(-1, 1, 1), (1, -1, 1), (1, np.nan, 1), (1, 1, -1), (1, 1, np.nan)]
)
def test_impossible_numbers_are_refused(cost: float, avoided: float, budget: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, inf"):
        rank_packs([0], [1], [cost], [avoided], budget)


@given(st.integers(0, 500), st.integers(1, 40), st.sampled_from([0, 1, 6, 12]), st.floats(0.1, 80))
def test_a_ladder_climbs_in_packs_to_the_order_and_on(order: int, least: int, pack: int, stride: float) -> None:
    size = max(pack, 1)
    least = -(-least // size) * size
    quantity = float(max(-(-order // size) * size, least) if order else 0)
    rungs = ladder_units(*(np.array([float(x)]) for x in (quantity, least, pack, stride)))[0]
    assert len(rungs) == 1 + STEPS + STEPS_BEYOND
    assert rungs[0] == 0
    assert rungs[STEPS] == quantity
    assert (np.diff(rungs) >= -1e-9).all()
    placed = rungs[rungs > 0]
    assert (placed >= least - 1e-9).all()
    if pack:
        assert (np.abs(placed / pack - np.rint(placed / pack)) < 1e-9).all()
    assert (np.diff(rungs[STEPS:]) > 0).all()
