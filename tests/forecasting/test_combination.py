"""Weights of averaged quantiles against a general solver of the same convex loss, and what must always hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import softmax

from forecasting.combination import LEVELS, average_weights

Floats = npt.NDArray[np.float64]


def windows(seed: int, models: int = 3, count: int = 120) -> tuple[Floats, Floats, Floats]:
    """Gamma demand, and models whose quantiles are off by a factor and a noise of their own."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(2.0, 30.0, count)
    actual = rng.gamma(4.0, mean / 4.0)
    draws = np.sort(rng.gamma(4.0, 0.25, (models, count, 200)), axis=2)
    factor = rng.uniform(0.6, 1.5, (models, 1)) * rng.lognormal(0.0, 0.2, (models, count))
    at = [int(np.ceil(level * 200)) - 1 for level in LEVELS]
    return draws[:, :, at] * (factor * mean)[:, :, None], actual, 1.0 / np.sqrt(mean)


def loss_by_level(weight: Floats, quantiles: Floats, actual: Floats, worth: Floats) -> Floats:
    """Pinball loss of each level, averaged over the windows."""
    loss = np.zeros(len(LEVELS))
    for k, level in enumerate(LEVELS):
        asked = sum(weight[j] * quantiles[j, :, k] for j in range(len(weight)))
        loss[k] = (worth * np.where(actual > asked, level * (actual - asked), (1 - level) * (asked - actual))).sum()
    return loss / worth.sum()


def objective(weight: Floats, data: tuple[Floats, Floats, Floats], toward: Floats, strength: float) -> float:
    """Loss relative to that of ``toward``, level by level, and the relative entropy to it."""
    relative = loss_by_level(weight, *data) / loss_by_level(toward, *data)
    return float(relative.mean() + strength * (weight * np.log(weight / toward)).sum())


@pytest.mark.parametrize("strength", [0.02, 0.1, 1.0])
def test_the_weights_are_those_of_a_general_solver(strength: float) -> None:
    """The loss has kinks and the steps are few: they end within two ten-thousandths of the least loss."""
    toward = np.array([0.5, 0.3, 0.2])
    moved = 0.0
    for seed in range(8):
        data = windows(seed, count=400)

        def of_logits(z: Floats, data: tuple[Floats, Floats, Floats] = data) -> float:
            return objective(softmax(np.append(z, 0.0)), data, toward, strength)

        solved = minimize(of_logits, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-8})
        weights = average_weights(*data, toward, strength)
        assert objective(weights, data, toward, strength) <= solved.fun + 2e-4
        np.testing.assert_allclose(weights, softmax(np.append(solved.x, 0.0)), atol=0.01)
        moved = max(moved, float(abs(weights - toward).max()))
    assert moved > 0.05


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.sampled_from([0.01, 0.1, 1.0]))
def test_weights_are_a_mean_and_never_worse_than_equal_ones_where_they_were_learned(
    seed: int, models: int, strength: float
) -> None:
    data = windows(seed, models, 30)
    equal = np.full(models, 1.0 / models)
    weights = average_weights(*data, equal, strength)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0)
    gained = loss_by_level(weights, *data) / loss_by_level(equal, *data)
    assert gained.mean() <= 1.0 + 1e-9


@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
def test_another_order_of_models_is_another_order_of_weights(seed: int, order: list[int]) -> None:
    quantiles, actual, worth = windows(seed, 4, 25)
    toward = np.array([0.4, 0.3, 0.2, 0.1])
    weights = average_weights(quantiles, actual, worth, toward, 0.1)
    permuted = average_weights(quantiles[order], actual, worth, toward[order], 0.1)
    np.testing.assert_allclose(permuted, weights[order], rtol=1e-6)


def test_an_infinite_strength_keeps_the_weights_that_were_wanted() -> None:
    toward = np.array([0.6, 0.3, 0.1])
    np.testing.assert_allclose(average_weights(*windows(4), toward, 1e12), toward, rtol=1e-6)
    assert abs(average_weights(*windows(4), toward, 0.01) - toward).max() > 0.05


def test_the_unit_of_demand_and_the_unit_of_worth_say_nothing() -> None:
    quantiles, actual, worth = windows(5)
    toward = np.full(3, 1.0 / 3.0)
    weights = average_weights(quantiles, actual, worth, toward, 0.1)
    np.testing.assert_allclose(average_weights(quantiles * 1e6, actual * 1e6, worth, toward, 0.1), weights, rtol=1e-6)
    np.testing.assert_allclose(average_weights(quantiles, actual, worth * 7.0, toward, 0.1), weights, rtol=1e-6)


def test_windows_without_worth_have_no_say() -> None:
    quantiles, actual, worth = windows(6)
    worth[::2] = 0.0
    toward = np.full(3, 1.0 / 3.0)
    other = np.where(worth > 0, actual, actual * 50.0)
    np.testing.assert_allclose(
        average_weights(quantiles, other, worth, toward, 0.1),
        average_weights(quantiles, actual, worth, toward, 0.1),
        rtol=1e-12,
    )


def test_a_model_that_is_right_takes_the_weight_of_one_that_is_off() -> None:
    quantiles, actual, worth = windows(7)
    quantiles[0] = actual[:, None]
    quantiles[1] = actual[:, None] * 3.0
    weights = average_weights(quantiles[:2], actual, worth, np.array([0.5, 0.5]), 0.1)
    assert weights[0] > 0.99


@pytest.mark.parametrize("models", [1, 3])
def test_nothing_seen_keeps_the_weights_that_were_wanted(models: int) -> None:
    quantiles, actual, worth = windows(8, models)
    toward = np.array([0.7, 0.2, 0.1])[:models]
    toward /= toward.sum()
    np.testing.assert_array_equal(average_weights(quantiles, actual, worth * 0.0, toward, 0.1), toward)
    nowhere = np.zeros(0)
    np.testing.assert_array_equal(average_weights(quantiles[:, :0], nowhere, nowhere, toward, 0.1), toward)


def test_forecasts_without_any_loss_keep_the_weights_that_were_wanted() -> None:
    """Series that never move: every model is right, and there is nothing to divide by."""
    quantiles = np.full((2, 10, len(LEVELS)), 4.0)
    toward = np.array([0.8, 0.2])
    np.testing.assert_array_equal(average_weights(quantiles, np.full(10, 4.0), np.ones(10), toward, 0.1), toward)
