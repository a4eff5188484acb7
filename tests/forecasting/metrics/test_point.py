"""Point errors: against plain loops, a table reckoned by hand, and what must hold for any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.metrics import (
    average,
    bias,
    mase,
    naive_scale,
    owa,
    relative_bias,
    rmsse,
    smape,
    tracking_signal,
    wape,
    wrmsse,
)

NAN = math.nan
units = st.integers(0, 50).map(float)
cells = arrays(np.float64, (3, 9), elements=st.one_of(units, st.just(NAN)))
known = arrays(np.float64, (3, 4), elements=units)


def loop_scale(past: list[float], season: int, power: int, from_first: bool) -> float:
    """Differences one by one."""
    start = next((t for t, v in enumerate(past) if v > 0), len(past)) if from_first else 0
    pairs = [(past[t - season], past[t]) for t in range(start + season, len(past))]
    steps = [abs(now - before) ** power for before, now in pairs if not math.isnan(before + now)]
    return sum(steps) / len(steps) if steps and sum(steps) > 0 else NAN


@given(history=cells, season=st.integers(1, 8), power=st.sampled_from([1, 2]), from_first=st.booleans())
def test_the_scale_is_the_mean_step_of_the_past(history, season, power, from_first) -> None:
    scale = naive_scale(history, season=season, power=power, from_first_demand=from_first)
    expected = [loop_scale(list(row), season, power, from_first) for row in history]
    np.testing.assert_allclose(scale, expected)


@given(history=cells, actual=arrays(np.float64, (3, 4), elements=st.one_of(units, st.just(NAN))), forecast=known)
def test_scaled_errors_are_those_of_plain_loops(history, actual, forecast) -> None:
    absolute, squared = mase(actual, forecast, history), rmsse(actual, forecast, history)
    for i in range(3):
        errors = [f - a for a, f in zip(actual[i], forecast[i], strict=True) if not math.isnan(a)]
        mean = sum(map(abs, errors)) / len(errors) if errors else NAN
        square = sum(e * e for e in errors) / len(errors) if errors else NAN
        assert absolute[i] == pytest.approx(mean / loop_scale(list(history[i]), 1, 1, False), nan_ok=True)
        expected = math.sqrt(square / loop_scale(list(history[i]), 1, 2, True))
        assert squared[i] == pytest.approx(expected, nan_ok=True)


def test_a_table_reckoned_by_hand() -> None:
    """Two series as in the M5: the first begins with its first sale; weights 3 to 1."""
    history = [[0, 0, 2, 4, 4, 1], [5, 6, 5, 6, 5, 6]]
    actual, forecast = [[3, 1], [5, 5]], [[2, 2], [8, 5]]
    # Steps of the first 2, 0, -3: squares 4, 0, 9; of the second all 1. Errors 1, 1 and 3, 0.
    np.testing.assert_allclose(rmsse(actual, forecast, history), [math.sqrt(1 / (13 / 3)), math.sqrt(4.5)])
    expected = 0.75 * math.sqrt(3 / 13) + 0.25 * math.sqrt(4.5)
    assert wrmsse(actual, forecast, history, [3, 1]) == (pytest.approx(expected), 2, 0)
    # The mean absolute step of the first counts the zeros before its first sale: 0, 2, 2, 0, 3.
    np.testing.assert_allclose(mase(actual, forecast, history), [1 / 1.4, 1.5])
    np.testing.assert_allclose(mase(actual, forecast, history, season=2), [1 / (11 / 4), NAN])
    assert wape(actual, forecast) == pytest.approx(5 / 14)
    np.testing.assert_allclose(wape(actual, forecast, axis=1), [2 / 4, 3 / 10])
    assert bias(actual, forecast) == pytest.approx(3 / 4)
    np.testing.assert_allclose(relative_bias(actual, forecast, axis=1), [0, 3 / 10])
    np.testing.assert_allclose(smape(actual, forecast), [100 * (1 / 5 + 1 / 3), 100 * 3 / 13])


def test_the_m5_average_over_levels_is_one_average_over_the_rows_of_all_levels() -> None:
    """Two items and their total; each level has weight 1, as in the M5's twelve levels of equal weight."""
    rng = np.random.default_rng(0)
    items = rng.poisson(5, (2, 40)).astype(float)
    rows = np.vstack([items, items.sum(axis=0)])
    history, actual, forecast = rows[:, :30], rows[:, 30:], np.full((3, 10), 5.0)
    money = np.array([30.0, 10.0])
    by_level = [
        wrmsse(actual[:2], forecast[:2], history[:2], money).value,
        wrmsse(actual[2:], forecast[2:], history[2:], [40.0]).value,
    ]
    together = wrmsse(actual, forecast, history, [0.75, 0.25, 1.0]).value
    assert together == pytest.approx(sum(by_level) / 2)


def test_owa_is_the_mean_of_two_relative_measures() -> None:
    """Reckoned by hand: one series, sMAPE 25 % and 50 % of the benchmark's forms, MASE likewise."""
    history, actual = [[1, 2, 3, 4]], [[5, 5]]
    ours, theirs = [[4, 5]], [[4, 4]]
    assert owa(actual, theirs, theirs, history) == 1.0
    assert owa(actual, ours, theirs, history) == pytest.approx(0.5)
    assert math.isnan(owa(actual, ours, actual, history))
    two = owa([[5], [10]], [[6], [10]], [[4], [8]], [[1, 2, 3], [2, 4, 6]])
    percent = (200 / 11) / (200 / 9 + 200 * 2 / 18)
    assert two == pytest.approx(0.5 * (percent + 1.0 / 2.0))


@given(actual=arrays(np.float64, (12,), elements=st.one_of(units, st.just(NAN))), forecast=units)
def test_the_tracking_signal_is_a_running_sum_over_a_running_mean(actual, forecast) -> None:
    signal = tracking_signal(actual, np.full(12, forecast))
    errors: list[float] = []
    for now, value in zip(actual, signal, strict=True):
        errors += [] if math.isnan(now) else [forecast - now]
        size = sum(map(abs, errors))
        expected = NAN if not errors else 0.0 if size == 0 else sum(errors) * len(errors) / size
        assert value == pytest.approx(expected, nan_ok=True)
        assert not errors or abs(value) <= len(errors) + 1e-9


def test_a_forecast_always_too_high_has_a_tracking_signal_that_grows_by_one() -> None:
    np.testing.assert_allclose(tracking_signal([[1, 1, 1]], [[3, 3, 3]]), [[1, 2, 3]])


def test_all_zero_series_are_left_out_and_counted() -> None:
    zeros, actual = np.zeros((1, 8)), [[0.0, 0.0]]
    assert np.isnan(mase(actual, actual, zeros)).all()
    assert np.isnan(rmsse(actual, actual, zeros)).all()
    assert np.isnan(wape(actual, [[1.0, 0.0]]))
    assert np.isnan(relative_bias(actual, [[1.0, 0.0]]))
    assert bias(actual, [[1.0, 0.0]]) == 0.5
    assert smape(actual, actual)[0] == 0
    assert (tracking_signal(actual, actual) == 0).all()
    both = wrmsse([[0.0], [2.0]], [[0.0], [1.0]], [[0.0, 0.0, 0.0], [1.0, 2.0, 1.0]], [5, 1])
    assert both == (1.0, 1, 1)


def test_a_forecast_that_is_missing_is_an_error_that_shows() -> None:
    """What was not observed is passed over; what was observed and not forecast is not."""
    assert wape([[1.0, NAN]], [[2.0, NAN]]) == 1.0
    assert np.isnan(wape([[1.0, 2.0]], [[2.0, NAN]]))
    assert np.isnan(mase([[1.0, 2.0]], [[2.0, NAN]], [[1.0, 2.0, 4.0]])).all()
    assert np.isnan(tracking_signal([[1.0, 2.0]], [[2.0, NAN]])[0, 1])


def test_an_average_scales_the_weights_of_what_is_left() -> None:
    assert average([1.0, NAN, 3.0]) == (2.0, 2, 1)
    assert average([1.0, NAN, 3.0], [1, 5, 3]) == (2.5, 2, 1)
    assert math.isnan(average([NAN]).value)
    assert math.isnan(average([]).value)
    assert math.isnan(average([1.0, 2.0], [0, 0]).value)
    with pytest.raises(ValueError, match="weights"):
        average([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="weights"):
        average([1.0, 2.0], [1.0, NAN])


@given(actual=known, forecast=known, scale=st.floats(0.01, 1000))
def test_relative_measures_do_not_depend_on_the_unit(actual, forecast, scale) -> None:
    history = np.arange(1.0, 10.0) ** 2 * np.ones((3, 1))
    for measure in (mase, rmsse):
        np.testing.assert_allclose(
            measure(actual * scale, forecast * scale, history * scale), measure(actual, forecast, history), rtol=1e-9
        )
    np.testing.assert_allclose(wape(actual * scale, forecast * scale), wape(actual, forecast), rtol=1e-9)
    np.testing.assert_allclose(smape(actual * scale, forecast * scale), smape(actual, forecast), rtol=1e-9)


def test_a_season_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="season is 0"):
        naive_scale([[1.0, 2.0]], season=0)
