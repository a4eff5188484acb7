"""Forecasts from elsewhere: their quantiles and paths come out again, hung together as ours are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.forecaster import DemandForecaster
from forecasting.outside import OutsideForecast, quantile_function
from tests.forecasting.panels import panel_of

KEY = np.uint64(12345)
LEVELS = np.array([0.1, 0.5, 0.9, 0.99])
VALUES = np.array([[2.0, 0.0, 5.0], [6.0, 0.0, 5.0], [14.0, 3.0, 5.0], [30.0, 8.0, 9.0]])


def own_paths(count: int = 4000, horizon: int = 3, seed: int = 1) -> npt.NDArray[np.float32]:
    """Paths whose periods move together, many of them 0."""
    random = np.random.default_rng(seed)
    level = random.gamma(1.0, 4.0, (count, 1))
    return random.poisson(level, (count, horizon)).astype(np.float32)


# The quantile function


def quantile_by_hand(levels: list[float], values: list[float], u: float) -> float:
    """The same for one number, case by case."""
    if u > levels[-1]:
        lower = [k for k in range(len(levels)) if values[k] < values[-1]]
        if not lower:
            return values[-1]
        scale = (values[-1] - values[lower[-1]]) / math.log((1 - levels[lower[-1]]) / (1 - levels[-1]))
        return values[-1] + scale * math.log((1 - levels[-1]) / (1 - u))
    if u < levels[0]:
        higher = [k for k in range(len(levels)) if values[k] > values[0]]
        if not higher:
            return values[0]
        scale = (values[higher[0]] - values[0]) / math.log(levels[higher[0]] / levels[0])
        return max(values[0] - scale * math.log(levels[0] / u), 0.0)
    for k in range(1, len(levels)):
        if u <= levels[k]:
            share = (u - levels[k - 1]) / (levels[k] - levels[k - 1])
            return values[k - 1] + share * (values[k] - values[k - 1])
    raise AssertionError


@given(
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=6, unique=True).map(sorted),
    st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5, 40.0]), min_size=6, max_size=6).map(sorted),
    st.lists(st.floats(0.0001, 0.9999), min_size=1, max_size=5),
)
def test_quantiles_agree_with_a_calculation_case_by_case(
    levels: list[float], values: list[float], probabilities: list[float]
) -> None:
    given_values = np.array(values[: len(levels)])[:, None]
    found = quantile_function(np.array(levels), given_values, np.array(probabilities))
    wanted = [quantile_by_hand(levels, values[: len(levels)], u) for u in probabilities]
    np.testing.assert_allclose(found[:, 0], wanted, rtol=1e-6, atol=1e-9)


def test_the_levels_themselves_are_kept_and_the_tail_is_the_exponential_through_the_last_two() -> None:
    np.testing.assert_allclose(quantile_function(LEVELS, VALUES, LEVELS), VALUES)
    rate = math.log(10) / (30 - 14)  # from a survival of 0.1 at 14 to 0.01 at 30
    beyond = quantile_function(LEVELS, VALUES, np.array([0.999]))[0, 0]
    assert math.exp(-rate * (beyond - 14)) * 0.1 == pytest.approx(0.001)


def test_below_the_lowest_level_the_quantile_falls_exponentially_and_never_below_nothing() -> None:
    """From 6 at a probability of 0.5 to 2 at 0.1, and on at that rate."""
    rate = math.log(5) / 4
    lower = quantile_function(LEVELS[:2], np.array([[2.0], [6.0]]), np.array([0.05, 0.001]))[:, 0]
    assert math.exp(rate * (lower[0] - 2)) * 0.1 == pytest.approx(0.05)
    assert lower[1] == 0


# Quantiles of each period


def test_the_paths_have_the_given_quantiles_in_every_period() -> None:
    paths = OutsideForecast(VALUES, LEVELS).paths(own_paths(), 3, KEY, whole=False)
    np.testing.assert_allclose(np.quantile(paths, LEVELS, axis=0), VALUES, rtol=0.02, atol=0.02)


def test_the_paths_keep_the_order_of_ours_in_every_period() -> None:
    """The Schaake shuffle: who was higher among ours is not lower now."""
    own = own_paths(300)
    paths = OutsideForecast(VALUES, LEVELS).paths(own, 3, KEY, whole=False)
    for h in range(3):
        for a in range(0, 300, 7):
            higher = own[:, h] > own[a, h]
            assert (paths[higher, h] >= paths[a, h]).all()
    wide = OutsideForecast(np.array([[1.0] * 3, [9.0] * 3, [30.0] * 3]), np.array([0.1, 0.5, 0.9]))
    found = np.corrcoef(wide.paths(own_paths(), 3, KEY, whole=False).T)[0, 1]
    assert found == pytest.approx(np.corrcoef(own_paths().T)[0, 1], abs=0.1)


def test_draws_of_ours_that_tie_are_dealt_out_independently_from_period_to_period() -> None:
    """An item that never sold: all our draws are 0, and nothing may come of their order."""
    forecast = OutsideForecast(np.array([[1.0, 1.0], [9.0, 9.0]]), np.array([0.2, 0.8]))
    paths = forecast.paths(np.zeros((4000, 2), dtype=np.float32), 2, KEY, whole=False)
    assert abs(np.corrcoef(paths.T)[0, 1]) < 0.06
    np.testing.assert_allclose(np.quantile(paths, [0.2, 0.8], axis=0), [[1, 1], [9, 9]], rtol=0.02)


# Quantiles and paths of the sum


@pytest.mark.parametrize("whole", [False, True])
def test_the_sums_have_the_given_quantiles_and_the_shape_of_our_paths(whole: bool) -> None:
    own = own_paths(4000, 5)
    values = np.array([[3.0], [17.0], [60.0]])
    paths = OutsideForecast(values, np.array([0.1, 0.5, 0.9]), summed_over=5).paths(own, 5, KEY, whole)
    found = np.quantile(paths.sum(axis=1), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(found, values[:, 0], rtol=0.03, atol=1.0 if whole else 0.05)
    if not whole:
        some = own.sum(axis=1) > 0
        shares = own[some] / own[some].sum(axis=1, keepdims=True)
        np.testing.assert_allclose(paths[some], shares * paths[some].sum(axis=1, keepdims=True), rtol=1e-4)
        np.testing.assert_allclose(np.ptp(paths[~some], axis=1), 0, atol=1e-6)


def test_a_sum_is_kept_whatever_part_of_its_periods_is_asked_for() -> None:
    forecast = OutsideForecast(np.array([[3.0], [60.0]]), np.array([0.1, 0.9]), summed_over=5)
    own = own_paths(50, 5)
    assert forecast.needed(2) == 5
    np.testing.assert_array_equal(
        forecast.paths(own, 2, KEY, whole=True), forecast.paths(own, 5, KEY, whole=True)[:, :2]
    )


def test_paths_of_the_sum_are_sums_again() -> None:
    given = np.arange(40.0)[:, None]
    paths = OutsideForecast(given, summed_over=3).paths(own_paths(40), 3, KEY, whole=True)
    assert sorted(paths.sum(axis=1).tolist()) == given[:, 0].tolist()


# Paths


def test_given_paths_are_used_as_they_are_and_as_often_as_one_another() -> None:
    given = np.arange(60.0).reshape(20, 3)
    paths = OutsideForecast(given).paths(own_paths(60), 3, KEY, whole=True)
    assert sorted(map(tuple, paths.tolist())) == sorted(map(tuple, given.tolist() * 3))
    neighbours = np.abs(np.diff(paths[:20, 0])) == 3
    assert neighbours.mean() < 0.5, "sorted paths must not follow each other"


def test_fewer_paths_than_given_are_some_of_them() -> None:
    given = np.arange(300.0).reshape(100, 3)
    paths = OutsideForecast(given).paths(own_paths(30), 3, KEY, whole=False)
    assert len({tuple(row) for row in paths.tolist()} & {tuple(row) for row in given.tolist()}) == 30


# Whole units


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_whole_units_are_whole_and_no_running_sum_is_a_unit_off(seed: int, periods: int) -> None:
    values = np.random.default_rng(seed).gamma(0.5, 4.0, (20, periods))
    forecast = OutsideForecast(values)
    plain = forecast.paths(own_paths(25, periods), periods, KEY, whole=False).astype(float)
    whole = forecast.paths(own_paths(25, periods), periods, KEY, whole=True).astype(float)
    assert (whole == np.rint(whole)).all()
    assert whole.min() >= 0
    assert np.abs(np.cumsum(whole, axis=1) - np.cumsum(plain, axis=1)).max() < 1.001


def test_rounding_keeps_the_mean() -> None:
    paths = OutsideForecast(np.full((20, 4), 0.3)).paths(own_paths(4000, 4), 4, KEY, whole=True)
    assert paths.mean() == pytest.approx(0.3, abs=0.01)


# Beyond what is covered


def test_beyond_its_periods_the_forecast_repeats_whole_weeks_of_other_paths() -> None:
    """Ten days are covered; the last seven are repeated, so that weekdays stay in place."""
    days = np.arange(10) % 7 + 1.0
    given = days * 100 + np.arange(20.0)[:, None]
    paths = OutsideForecast(given).paths(own_paths(20, 30), 30, KEY, whole=False, season=7)
    np.testing.assert_array_equal(paths // 100, np.tile(np.arange(30) % 7 + 1.0, (20, 1)))
    of = paths % 100
    assert (of[:, 9] != of[:, 10]).all()
    assert (of[:, 16] != of[:, 17]).all()
    np.testing.assert_array_equal(np.sort(of, axis=0), np.tile(np.arange(20.0)[:, None], (1, 30)))


def test_a_forecast_shorter_than_a_season_repeats_all_of_itself() -> None:
    paths = OutsideForecast(VALUES, LEVELS).paths(own_paths(200, 9), 9, KEY, whole=False, season=52)
    np.testing.assert_allclose(np.sort(paths[:, 3:6], axis=0), np.sort(paths[:, :3], axis=0))


# The forecaster


def fitted() -> DemandForecaster:
    random = np.random.default_rng(3)
    return DemandForecaster(model="bootstrap", seed=4).fit(panel_of(random.poisson(5.0, (3, 60))))


def test_only_the_series_with_an_outside_forecast_follow_it() -> None:
    plain, other = fitted(), fitted()
    other.take_outside({1: OutsideForecast(VALUES, LEVELS)})
    before, after = plain.paths(3, 100), other.paths(3, 100)
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    assert (after[1] != before[1]).any()
    assert other.choice_["model"].tolist() == ["bootstrap", "outside", "bootstrap"]
    assert other.choice_["reason"][1] == (
        "an outside forecast was given: 4 quantiles of each of 3 periods; ours would be bootstrap"
    )


@pytest.mark.parametrize(
    "forecast",
    [OutsideForecast(VALUES, LEVELS), OutsideForecast(VALUES[:, :1], LEVELS, 7),
     OutsideForecast(np.arange(120.0).reshape(20, 6))],
    ids=["quantiles", "sum", "paths"],
)  # fmt: skip
def test_neither_the_order_of_series_nor_the_horizon_changes_a_draw(forecast: OutsideForecast) -> None:
    forecaster = fitted()
    forecaster.take_outside({1: forecast, 2: forecast})
    long = forecaster.paths(9, 50)
    for horizon in (1, 3, 6):
        rows = np.array([2, 0, 1])
        np.testing.assert_array_equal(forecaster.paths(horizon, 50, rows), long[rows, :, :horizon])


def test_what_is_known_ahead_is_not_applied_on_top() -> None:
    forecaster = fitted()
    forecaster.take_outside({1: OutsideForecast(VALUES, LEVELS), 2: OutsideForecast(VALUES[:, :1], LEVELS, 3)})
    before = forecaster.paths(3, 400)
    forecaster.look_ahead(np.full((3, 3), 2.0, dtype=np.float32), np.full((3, 3), 5.0, dtype=np.float32))
    after = forecaster.paths(3, 400)
    np.testing.assert_array_equal(after[0], 2 * before[0] + 5)
    np.testing.assert_allclose(np.sort(after[1].sum(axis=1)), np.sort(before[1].sum(axis=1)), atol=12)
    np.testing.assert_allclose(np.quantile(after[1], LEVELS, axis=0), VALUES, atol=2.5)
    np.testing.assert_array_equal(np.sort(after[2].sum(axis=1)), np.sort(before[2].sum(axis=1)))


@pytest.mark.parametrize(
    ("values", "levels", "more", "words"),
    [
        (VALUES[:, ::-1] * 0 - 1, LEVELS, {}, "at least 0"), (VALUES * np.nan, LEVELS, {}, "finite"),
        (VALUES[::-1], LEVELS, {}, "levels must rise"), (VALUES, LEVELS[::-1], {}, "levels must rise"),
        (VALUES, LEVELS[:2], {}, "levels must rise"), (VALUES, np.array([0.1, 0.5, 0.9, 1.0]), {}, "levels must rise"),
        (VALUES[:1], LEVELS[:1], {}, "at least 2 rows"), (np.ones((19, 3)), None, {}, "at least 20 rows"),
        (VALUES, LEVELS, {"summed_over": 4}, "one column"), (np.ones((20, 0)), None, {}, "1 period"),
    ],
)  # fmt: skip
def test_values_that_are_no_forecast_are_refused(values: Any, levels: Any, more: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OutsideForecast(values, levels, **more)


def test_a_forecast_without_any_spread_says_so() -> None:
    assert OutsideForecast(np.array([[2.0, 3.0]] * 4), LEVELS).certain
    assert not OutsideForecast(VALUES, LEVELS).certain
