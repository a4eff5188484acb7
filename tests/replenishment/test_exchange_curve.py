"""The exchange curve: the least stock value for every backorder rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from replenishment.exchange_curve import exchange_curve
from replenishment.total_target import points_for_total


def curves(seed: int, n: int = 5, k: int = 6) -> tuple[np.ndarray, ...]:
    """Rates that fall ever slower and values that rise; weights."""
    rng = np.random.default_rng(seed)
    rate = np.sort(rng.random((n, k)) ** 2, axis=1)[:, ::-1]
    value = np.cumsum(rng.gamma(2.0, 2.0, (n, k)), axis=1)
    return rate, value, rng.gamma(1.0, 3.0, n)


@pytest.mark.parametrize("seed", range(4))
def test_no_choice_of_levels_lies_below_the_curve(seed: int) -> None:
    """Against every combination of levels there is."""
    rate, value, weight = curves(seed)
    curve = exchange_curve(rate, value, weight)
    for choice in itertools.product(range(rate.shape[1]), repeat=len(rate)):
        at = np.array(choice)
        total = float(rate[np.arange(len(rate)), at] @ weight / weight.sum())
        money = float(value[np.arange(len(rate)), at].sum())
        if curve.rate[-1] <= total <= curve.rate[0]:
            assert money >= curve.value_at(total) - 1e-9
    # Its own points are such choices: the one for the total at a point costs what the point says.
    for r, v in zip(curve.rate[1:], curve.value[1:], strict=True):
        if r > 0:
            assert points_for_total(rate, value, weight, float(r) * (1 + 1e-9)).value.sum() == pytest.approx(v)


def test_the_curve_is_convex_and_its_slope_is_the_multiplier() -> None:
    rate, value, weight = curves(9, n=40, k=12)
    curve = exchange_curve(rate, value, weight)
    slope = -np.diff(curve.rate) * weight.sum() / np.diff(curve.value)
    np.testing.assert_allclose(slope, curve.multiplier[1:])
    assert (np.diff(curve.multiplier[1:]) <= 1e-12).all()
    # A budget and a target say the same.
    middle = len(curve) // 2
    assert curve.rate_at(curve.value[middle]) == pytest.approx(curve.rate[middle])
    assert np.isnan(curve.rate_at(0.0))
    assert np.isnan(curve.value_at(0.999))


def test_a_thinned_curve_keeps_its_ends_and_lies_on_the_whole_one() -> None:
    curve = exchange_curve(*curves(3, n=60, k=12))
    thin = curve.thinned(20)
    assert len(thin) <= 20 < len(curve)
    assert (thin.rate[0], thin.rate[-1]) == (curve.rate[0], curve.rate[-1])
    np.testing.assert_allclose(curve.value_at(thin.rate), thin.value)
    assert curve.thinned(10_000) is curve


def test_nothing_demanded_has_no_curve() -> None:
    with pytest.raises(ValueError, match="demanded"):
        exchange_curve(np.ones((1, 2)), np.ones((1, 2)), np.zeros(1))
