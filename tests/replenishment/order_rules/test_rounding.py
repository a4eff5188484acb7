"""Minimums and packs, for ordinary and awkward numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.order_rules.rounding import raise_to_minimum, round_up_to_packs, round_with_tolerance


def test_a_minimum_enlarges_an_order_and_never_creates_one() -> None:
    assert raise_to_minimum([0.0, 850.0, 1_200.0], 1_000.0).tolist() == [0.0, 1_000.0, 1_200.0]


@given(need=st.floats(0, 1e6), pack=st.floats(0.1, 500))
def test_packs_cover_the_need_with_less_than_one_to_spare(need: float, pack: float) -> None:
    order = float(round_up_to_packs(need, pack))
    assert order >= need - 1e-8 * pack
    assert order - need < pack * (1 + 1e-8)
    assert order / pack == pytest.approx(round(order / pack))


def test_binary_fractions_buy_no_extra_pack() -> None:
    assert round_up_to_packs(0.3, 0.1) == pytest.approx(0.3)
    assert round_up_to_packs([24.0, 25.0, 8.0], [12.0, 12.0, 6.0]).tolist() == [24.0, 36.0, 12.0]
    assert round_up_to_packs(0.0, 6.0) == 0.0


@pytest.mark.parametrize(
    ("need", "order"), [(502, 500), (525, 500), (525.1, 750), (530, 750), (20, 0), (26, 250), (250, 250), (0, 0)]
)
def test_a_tolerance_rounds_small_remainders_down(need: float, order: float) -> None:
    assert round_with_tolerance(need, 250, 0.10) == order


@given(need=st.integers(0, 10_000), pack=st.integers(1, 300))
def test_no_tolerance_is_rounding_up_and_full_tolerance_rounding_down(need: int, pack: int) -> None:
    assert round_with_tolerance(need, pack, 0.0) == round_up_to_packs(need, pack) == -(-need // pack) * pack
    assert round_with_tolerance(need, pack, 1.0) == need // pack * pack


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_impossible_quantities_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="need is"):
        round_up_to_packs(value, 6)
    with pytest.raises(ValueError, match="pack_size is"):
        round_up_to_packs(5, value)
    with pytest.raises(ValueError, match="minimum_quantity is"):
        raise_to_minimum(5, value)
    with pytest.raises(ValueError, match="pack_size is 0"):
        round_up_to_packs(5, 0)
    with pytest.raises(ValueError, match="tolerance is 10"):
        round_with_tolerance(5, 5, 10)
