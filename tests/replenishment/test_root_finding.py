"""The smallest level is found whatever the guess, for one entry or many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.root_finding import smallest_integer, smallest_level, smallest_real

finite = st.floats(-1e6, 1e6)


@given(edge=finite, guess=finite, spread=st.floats(1e-3, 1e4))
def test_integer_edge_is_found_from_any_guess(edge: float, guess: float, spread: float) -> None:
    assert smallest_integer(lambda k: k >= edge, guess, spread) == np.ceil(edge)


@given(edge=finite, guess=finite, spread=st.floats(1e-3, 1e4))
def test_real_edge_is_found_from_any_guess(edge: float, guess: float, spread: float) -> None:
    found = float(smallest_real(lambda x: x >= edge, guess, spread))
    assert found >= edge
    assert found - edge <= 1e-14 * spread + 4e-16 * abs(edge)


def test_entries_are_independent() -> None:
    edges = np.array([-7.5, 0.0, 3.2, 1e9])
    assert np.array_equal(smallest_integer(lambda k: k >= edges, np.zeros(4), np.ones(4)), np.ceil(edges))
    mixed = smallest_level(lambda k: k >= edges, np.zeros(4), np.ones(4), whole=np.array([True, True, False, True]))
    assert mixed == pytest.approx([-7.0, 0.0, 3.2, 1e9], abs=1e-12)


def test_a_condition_that_never_holds_is_reported() -> None:
    with pytest.raises(ValueError, match="no finite level"):
        smallest_integer(lambda k: np.zeros(np.shape(k), dtype=bool), 0.0, 1.0)
