"""From a need to an order: against a plain loop that adds one lot after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.constraints import cap_at_maximum, cap_at_shelf_life, order_quantity, round_to_load_units

units = st.integers(-40, 120)
lots = st.sampled_from([0, 1, 3, 6, 12])


def order(position: float, reorder_point: float, raise_to: float, lot: float, minimum: float) -> tuple[float, float]:
    need, quantity = order_quantity(*(np.array([float(x)]) for x in (position, reorder_point, raise_to, lot, minimum)))
    return need[0], quantity[0]


def cap(quantity: float, position: float, maximum: float, lot: float, minimum: float) -> tuple[float, bool]:
    capped, exceeds = cap_at_maximum(*(np.array([float(x)]) for x in (quantity, position, maximum, lot, minimum)))
    return capped[0], bool(exceeds[0])


@given(position=units, reorder_point=units, above=st.integers(0, 60), lot=lots, least=st.integers(0, 4))
def test_an_order_is_the_fewest_lots_that_reach_the_level(
    position: int, reorder_point: int, above: int, lot: int, least: int
) -> None:
    raise_to, minimum = reorder_point + above, least * max(lot, 1)
    need, quantity = order(position, reorder_point, raise_to, lot, minimum)
    if position > reorder_point or raise_to <= position:
        assert (need, quantity) == (0, 0)
        return
    ordered = 0
    while position + ordered < raise_to:
        ordered += lot or 1
    assert need == raise_to - position
    assert quantity == max(ordered, minimum)
    assert quantity % max(lot, 1) == 0
    assert quantity >= max(minimum, lot)


def test_an_order_is_due_at_the_reorder_point_and_not_above_it() -> None:
    assert order(10, 10, 30, 0, 0) == (20, 20)
    assert order(11, 10, 30, 0, 0) == (0, 0)
    assert order(10.001, 10, 30, 0, 0) == (0, 0)


def test_a_need_of_exactly_some_lots_is_not_rounded_up_by_rounding_errors() -> None:
    """Three tenths of a unit in lots of a tenth are three lots."""
    assert order(0.0, 0.1, 0.1 + 0.2, 0.1, 0.0)[1] == pytest.approx(0.3)
    assert order(0.0, 0.1, 0.31, 0.1, 0.0)[1] == pytest.approx(0.4)


def test_a_minimum_that_is_no_multiple_of_the_lot_is_rounded_up() -> None:
    """Ten units at least, in boxes of six: two boxes."""
    assert order(0, 5, 6, 6, 10)[1] == 12


def test_items_are_ordered_for_one_by_one() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(-20, 60, 200).astype(float) for _ in range(3)]
    lot, minimum = rng.choice([0.0, 1.0, 6.0], 200), rng.choice([0.0, 12.0], 200)
    need, quantity = order_quantity(*arrays, lot, minimum)
    for i in range(200):
        assert order(*(a[i] for a in arrays), lot[i], minimum[i]) == (need[i], quantity[i])


@given(lots_ordered=st.integers(0, 12), position=units, maximum=st.integers(0, 500), lot=lots, least=st.integers(0, 4))
def test_an_order_is_cut_to_the_most_lots_that_fit_but_not_below_the_smallest_order(
    lots_ordered: int, position: int, maximum: int, lot: int, least: int
) -> None:
    size = lot or 1
    minimum = least * size
    quantity = max(lots_ordered * size, minimum) if lots_ordered else 0
    capped, exceeds = cap(quantity, position, maximum, lot, minimum)
    fitting = [q for q in range(0, quantity + 1, size) if position + q <= maximum and q >= max(minimum, lot)]
    if position + quantity <= maximum or quantity == 0:
        assert capped == quantity
    elif fitting:
        assert capped == max(fitting)
    else:
        assert capped == max(minimum, lot)
    assert exceeds == (capped > 0 and position + capped > maximum)
    assert capped <= quantity


def test_without_a_maximum_an_order_stays_as_it_is() -> None:
    assert cap(50, 1000, math.nan, 6, 12) == (50, False)


def test_without_lots_an_order_fills_the_room_to_the_last_bit() -> None:
    assert cap(50.0, 10.0, 22.5, 0.0, 0.0) == (12.5, False)
    assert cap(50.0, 30.0, 22.5, 0.0, 0.0) == (0.0, False)
    assert cap(50.0, 30.0, 22.5, 0.0, 4.0) == (4.0, True)


def test_room_for_exactly_some_lots_holds_them_in_spite_of_rounding_errors() -> None:
    assert cap(1.0, 0.0, 0.1 + 0.2, 0.1, 0.0) == (pytest.approx(0.3), False)


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


@given(
    st.integers(0, 200),
    st.integers(-20, 100),
    st.one_of(st.integers(0, 200), st.just(math.nan)),
    lots,
    st.integers(0, 3),
)
def test_no_order_outlives_its_shelf_life(quantity: int, position: int, sold: float, lot: int, packs: int) -> None:
    size = lot or 1
    minimum = packs * size
    quantity = max(-(-quantity // size) * size, minimum) if quantity else 0
    left, cut = cap_at_shelf_life(one(quantity), one(position), one(sold), one(lot), one(minimum))
    fitting = [q for q in range(0, quantity + 1, size) if q == 0 or q >= minimum]
    fitting = fitting if math.isnan(sold) else [q for q in fitting if q <= max(sold - position, 0)]
    assert left[0] == max(fitting)
    assert cut[0] == (left[0] < quantity)


@given(
    st.integers(0, 400),
    st.lists(st.sampled_from([math.nan, 4.0, 12.0, 40.0, 48.0, 240.0]), min_size=3, max_size=3),
    lots,
    st.one_of(st.integers(0, 500).map(float), st.just(math.inf)),
    st.floats(0, 1),
)
def test_load_units_are_filled_only_where_little_is_missing(
    quantity: int, sizes: list[float], lot: int, room: float, share: float
) -> None:
    """Against a plain loop from the smallest load unit to the largest."""
    pack = lot or 1
    quantity = -(-quantity // pack) * pack
    rounded = round_to_load_units(one(quantity), np.array([sizes]), one(lot), one(room), share)[0]
    expected = float(quantity)
    for size in sizes:
        if math.isnan(size) or size % pack:
            continue
        up = math.ceil(expected / size) * size
        if up <= quantity * (1 + share) + 1e-9 and up <= room + 1e-9:
            expected = up
    assert rounded == expected
    assert rounded % pack == 0


def test_ninety_five_of_a_pallet_of_a_hundred_become_one_and_eighty_stay() -> None:
    for quantity, becomes in ((95.0, 100.0), (80.0, 80.0), (195.0, 200.0), (0.0, 0.0)):
        sizes = np.array([[math.nan, 100.0, math.nan]])
        assert round_to_load_units(one(quantity), sizes, one(5), one(math.inf), 0.1)[0] == becomes
    with pytest.raises(ValueError, match="share is -1"):
        round_to_load_units(one(1), np.array([[2.0]]), one(1), one(9), -1)
