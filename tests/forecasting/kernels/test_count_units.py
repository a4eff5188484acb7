"""Pieces, packs and lots."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.kernels.count_units import choose_units, find_grain


def grain_of(values: list[float], unknown: float | None = None) -> float:
    quantity = np.array([[*values, unknown or 0.0]], dtype=np.float32)
    status = np.zeros(quantity.shape, np.uint8)
    status[0, -1] = 1
    grain = np.full(1, -1.0)
    find_grain(quantity, status, grain)
    return float(grain[0])


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_the_grain_of_whole_numbers_is_their_common_divisor(values: list[int]) -> None:
    assert grain_of([float(value) for value in values], 7.0) == math.gcd(*values)


@pytest.mark.parametrize(
    ("values", "grain"),
    [([0.37, 1.48, 0, 3.7], 0.37), ([12.5, 25, 37.5], 12.5), ([1.0, 1.5, 0.5], 0.5), ([2.5, 1], 0.5)],
)
def test_fractional_packs_are_found(values: list[float], grain: float) -> None:
    assert grain_of(values) == pytest.approx(grain, rel=1e-6)


def test_amounts_that_share_nothing_have_no_grain() -> None:
    assert grain_of(list(np.random.default_rng(0).uniform(1, 9, 10))) == 0


def unit_of(quantity: np.ndarray, smallest: float = 1.0) -> float:
    cells = quantity[None].astype(np.float32)
    unit = np.zeros(1)
    dispersions = np.geomspace(1e-4, 50, 13)
    mean = np.array([quantity.mean()])
    choose_units(cells, np.zeros(cells.shape, np.uint8), mean, np.array([smallest]), dispersions, unit)
    return float(unit[0])


def test_single_pieces_are_counted_singly_and_lots_in_lots() -> None:
    """Rare demands of 60 to 68 pieces are one lot, or two halves of one, and no negative-binomial count of pieces."""
    rng = np.random.default_rng(1)
    assert unit_of(rng.poisson(0.6, 300)) == 1
    assert unit_of(rng.negative_binomial(0.5, 0.2, 300)) == 1
    lots = (rng.random(300) < 0.1) * rng.integers(60, 69, 300)
    assert unit_of(lots) in (32, 64)
    assert unit_of(lots * 0.25, 0.25) in (8, 16)


def test_a_series_with_one_demand_keeps_its_smallest_unit() -> None:
    assert unit_of(np.eye(1, 50)[0] * 40, 5.0) == 5
