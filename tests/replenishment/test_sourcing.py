"""Suppliers of one item: the textbook cost, the ranking, and the split against a plain search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.sourcing import can_deliver, choose_offers, cost_per_year, split_order


def test_the_cost_of_a_year_is_the_textbook_one_at_the_economic_order_quantity() -> None:
    """With stock Q / 2: purchase and the known optimum sqrt(2 K D h)."""
    demand, price, fixed, rate = 1200.0, 4.0, 30.0, 0.25
    lot = float(economic_order(fixed_cost=fixed, holding_cost=rate * price, demand_rate=demand).quantity)
    found = cost_per_year(*(np.array([x]) for x in (demand, price, lot, fixed, lot / 2, rate, 0.0, np.nan)))
    assert found[0] == pytest.approx(demand * price + np.sqrt(2 * fixed * demand * rate * price))


def test_safety_stock_makes_a_cheap_and_slow_supplier_the_dearer_one() -> None:
    price, stock = np.array([10.0, 9.9]), np.array([20.0, 120.0])
    same = [np.full(2, x) for x in (100.0, 10.0, 0.0, 0.25)]
    cost = cost_per_year(same[0], price, same[1], same[2], stock, same[3], np.zeros(2), np.full(2, np.nan))
    assert cost[0] < cost[1]


def test_units_short_are_paid_for_and_may_decide() -> None:
    """A year of 100 units: 0.1 dearer a unit costs 10, two units short more at 8 each cost 16."""
    price, short = np.array([10.1, 10.0]), np.array([1.0, 3.0])
    same = [np.full(2, x) for x in (100.0, 10.0, 5.0, 0.0, 0.25)]
    told, untold = (
        cost_per_year(same[0], price, same[1], same[2], same[3], same[4], short, np.full(2, each))
        for each in (8.0, np.nan)
    )
    assert told - untold == pytest.approx(8.0 * short)
    assert told[0] < told[1]
    assert untold[0] > untold[1]


def test_an_unknown_price_makes_an_unknown_cost() -> None:
    assert np.isnan(cost_per_year(*(np.array([x]) for x in (1.0, np.nan, 1.0, 0.0, 1.0, 0.2, 0.0, 1.0))))[0]


def ranked(by_priority: bool, **changes: list[float]) -> list[list[int]]:
    given = {"usable": [1, 1, 1, 1], "priority": [2, 1, np.nan, np.nan], "cost": [5.0, 6.0, 9.0, 7.0], **changes}
    order, first = choose_offers(
        np.array([0, 0, 1, 1]),
        np.array(given["usable"], dtype=bool),
        np.array(given["priority"], dtype=float),
        np.array(given["cost"], dtype=float),
        by_priority,
    )
    return [part.tolist() for part in np.split(order, first[1:])]


def test_priority_or_cost_decides_and_what_cannot_be_used_or_is_unknown_comes_last() -> None:
    assert ranked(by_priority=True) == [[1, 0], [3, 2]]
    assert ranked(by_priority=False) == [[0, 1], [3, 2]]
    assert ranked(by_priority=False, usable=[0, 1, 1, 0]) == [[1, 0], [2, 3]]
    assert ranked(by_priority=False, cost=[np.nan, 6.0, 1.0, 1.0]) == [[1, 0], [2, 3]]


suppliers = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 60).map(float), st.just(np.inf)), st.sampled_from([0, 1, 6]), st.integers(0, 20)
    ),
    min_size=1,
    max_size=4,
)


@given(st.integers(0, 150), suppliers)
def test_a_split_keeps_every_supplier_s_terms_and_asks_them_in_turn(
    quantity: int, terms: list[tuple[float, int, int]]
) -> None:
    limit, pack, minimum = (np.array(column, dtype=float) for column in zip(*terms, strict=True))
    given_units = split_order(float(quantity), limit, pack, minimum)
    left = float(quantity)
    for units, (most, size, least) in zip(given_units, terms, strict=True):
        step = size or 1
        feasible = [u for u in range(0, 400, step) if u == 0 or (least <= u <= most)]
        enough = [u for u in feasible if u >= left]
        # The fewest units that are enough; where none are, the most that this supplier can deliver.
        assert units == (0 if left <= 0 else min(enough) if enough else max(feasible))
        left -= units


@given(suppliers)
def test_who_can_deliver_gets_a_share_of_an_order_without_end(terms: list[tuple[float, int, int]]) -> None:
    limit, pack, minimum = (np.array(column, dtype=float) for column in zip(*terms, strict=True))
    alone = [split_order(1e9, limit[k : k + 1], pack[k : k + 1], minimum[k : k + 1])[0] > 0 for k in range(len(terms))]
    assert can_deliver(limit, pack, minimum).tolist() == alone


def test_without_a_limit_the_first_supplier_delivers_everything() -> None:
    assert split_order(7.0, np.array([np.inf, np.inf]), np.array([5.0, 1.0]), np.zeros(2)).tolist() == [10.0, 0.0]
