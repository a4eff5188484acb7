"""The recursions along histories against statsmodels and plain loops; their paths number by number."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import ExponentialSmoothing, Holt

from forecasting.identity import stream_keys
from forecasting.kernels.recursion_paths import sample_recursions
from forecasting.kernels.recursions import ADDITIVE, MULTIPLICATIVE, SCALED, point_forecasts, run_states
from tests.forecasting.kernels.recursions import plain_recursion
from tests.forecasting.kernels.splitmix import entry_and_fraction, float32

KINDS = [ADDITIVE, SCALED, MULTIPLICATIVE]
NO_FLOOR = -np.inf


def run(kind: int, values: np.ndarray, status: np.ndarray, parameters: list, start: list, room: int = 99) -> tuple:
    """One series through the kernel: state, errors, mean squared error."""
    state, table = np.array([start], dtype=float), np.zeros((1, room), dtype=np.float32)
    count, loss = np.zeros(1, dtype=np.int64), np.zeros(1)
    run_states(
        values[None].astype(np.float32), status[None].astype(np.uint8), np.array([kind]),
        np.array([parameters], dtype=float), np.array([NO_FLOOR]), state, table, count, loss,
    )  # fmt: skip
    return state[0], table[0, : count[0]].astype(float), float(loss[0])


def history(seed: int, kind: int, periods: int = 60) -> tuple[np.ndarray, list[float]]:
    rng = np.random.default_rng(seed)
    season = rng.uniform(0.6, 1.4, 4) if kind != ADDITIVE else rng.normal(0, 4, 4)
    level = 40 + 0.4 * np.arange(periods) + np.cumsum(rng.normal(0, 1, periods))
    place = season[np.arange(periods) % 4]
    values = (level + place if kind == ADDITIVE else level * place) + rng.normal(0, 1, periods)
    return np.float32(values).astype(float), [39.0, 0.5, *season]


@pytest.mark.parametrize("kind", [ADDITIVE, MULTIPLICATIVE])
@pytest.mark.parametrize("damping", [1.0, 0.9])
def test_holt_winters_is_that_of_statsmodels(kind: int, damping: float) -> None:
    """Given parameters and start: level, trend, seasons, one-step errors and forecasts agree to 1e-6."""
    values, start = history(0, kind)
    model = ExponentialSmoothing(
        values, trend="add", damped_trend=damping < 1, seasonal="add" if kind == ADDITIVE else "mul",
        seasonal_periods=4, initialization_method="known", initial_level=start[0], initial_trend=start[1],
        initial_seasonal=start[2:],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.fit(
            smoothing_level=0.3, smoothing_trend=0.2, smoothing_seasonal=0.25,
            damping_trend=damping if damping < 1 else None, optimized=False,
        )  # fmt: skip
    state, errors, loss = run(kind, values, np.zeros(60), [0.3, 0.06, 0.25, damping], start)
    np.testing.assert_allclose(state[:2], [theirs.level[-1], theirs.trend[-1]], rtol=1e-6)
    np.testing.assert_allclose(state[2:], theirs.season[-4:], rtol=1e-6)
    raw = values - theirs.fittedvalues if kind == ADDITIVE else values / theirs.fittedvalues - 1
    np.testing.assert_allclose(errors, raw - raw.mean(), atol=2e-6)
    assert loss == pytest.approx(theirs.sse / 60, rel=1e-6)
    out = np.empty((1, 11), dtype=np.float32)
    clamps = np.array([NO_FLOOR]), np.array([1e9]), np.array([99])
    point_forecasts(np.array([kind]), np.array([damping]), *clamps, state[None], 60, out)
    further, _ = plain_recursion(kind, [0.0] * 11, [False] * 11, [0, 0, 0, damping], state)
    np.testing.assert_allclose(out[0], further, rtol=1e-6)
    # In every fourth step statsmodels forgets the season's very last update.
    at = np.arange(11) % 4 != 3
    np.testing.assert_allclose(out[0, at], theirs.forecast(11)[at], rtol=1e-6)


@pytest.mark.parametrize("damping", [1.0, 0.85])
def test_holt_is_that_of_statsmodels(damping: float) -> None:
    values, _ = history(1, ADDITIVE)
    model = Holt(values, damped_trend=damping < 1, initialization_method="known", initial_level=35.0, initial_trend=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extra = {"damping_trend": damping} if damping < 1 else {}
        theirs = model.fit(smoothing_level=0.4, smoothing_trend=0.1, optimized=False, **extra)
    state, _, loss = run(ADDITIVE, values, np.zeros(60), [0.4, 0.04, 0, damping], [35.0, 1.0, 0, 0, 0, 0])
    np.testing.assert_allclose(state[:2], [theirs.level[-1], theirs.trend[-1]], rtol=1e-6)
    assert loss == pytest.approx(theirs.sse / 60, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), first=st.integers(0, 9), share=st.floats(0.3, 1.0))
def test_cells_without_evidence_carry_the_state_along(kind: int, seed: int, first: int, share: float) -> None:
    """A plain loop in component form with gaps of every kind, from the first observed cell on."""
    rng = np.random.default_rng(seed)
    values, start = history(seed, kind)
    known = rng.random(60) < share
    known[:first], known[first] = False, True
    status = np.where(known, 0, rng.integers(1, 5, 60))
    parameters = [0.35, 0.05, 0.0 if kind == SCALED else 0.3, 0.95]
    state, errors, loss = run(kind, values, status, parameters, start)
    forecasts, expected = plain_recursion(kind, values, known, parameters, start, first)
    np.testing.assert_allclose(state, expected, rtol=1e-7)
    surprise = (values[first:] - forecasts)[known[first:]]
    assert loss == pytest.approx(float((surprise**2).mean()), rel=1e-7)
    if kind == ADDITIVE:
        np.testing.assert_allclose(errors, surprise - surprise.mean(), atol=1e-4)


def test_a_short_memory_keeps_the_newest_errors_and_centres_those() -> None:
    values, start = history(3, ADDITIVE)
    parameters = [0.3, 0.02, 0.2, 1.0]
    _, errors, _ = run(ADDITIVE, values, np.zeros(60), parameters, start)
    _, few, _ = run(ADDITIVE, values, np.zeros(60), parameters, start, 7)
    np.testing.assert_allclose(few, errors[-7:] - errors[-7:].mean(), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("whole", [True, False])
def test_paths_are_those_of_a_plain_loop(kind: int, whole: bool) -> None:
    """Each draw is a past error; value and states as in the recursion, within 0 and the ceiling, trend in reach."""
    keys = stream_keys(["a", "b"], ["main"] * 2, 3)
    rng = np.random.default_rng(4)
    table = rng.uniform(-0.9, 0.9, (2, 9)).astype(np.float32) * (1 if kind == MULTIPLICATIVE else 9)
    seasons = rng.uniform(0.5, 1.5, (2, 4)) if kind != ADDITIVE else rng.normal(0, 3, (2, 4))
    state = np.column_stack([[7.0, 12.0], [0.8, -1.5], seasons])
    parameters = np.array([[0.3, 0.1, 0.2 * (kind != SCALED), 0.9], [0.5, 0.05, 0.1 * (kind != SCALED), 1.0]])
    floor, ceiling, reach = np.array([0.5, 0.5]), np.array([20.0, 18.0]), np.array([99, 3])
    out = np.empty((2, 5, 8), dtype=np.float32)
    sample_recursions(
        keys, np.full(2, kind), parameters, floor, ceiling, reach, state, 6, table, np.array([9, 4]),
        np.full(2, whole), out,
    )  # fmt: skip
    for i, entries in enumerate((9, 4)):
        alpha, beta, gamma, phi = parameters[i]
        for p in range(5):
            level, slope, *season = state[i]
            for h in range(8):
                entry, fraction = entry_and_fraction(int(keys[i]), p, h, entries)
                error, place = float(table[i, entry]), (6 + h) % 4
                slope = phi * slope if h < reach[i] else 0.0
                base, s = max(level + slope, 0.5), season[place]
                forecast = base + s if kind == ADDITIVE else base * s
                raw = {ADDITIVE: forecast + error, SCALED: (base + error) * s, MULTIPLICATIVE: forecast * (1 + error)}
                value = min(max(raw[kind], 0.0), ceiling[i])
                along = (value - forecast) / (1.0 if kind == ADDITIVE else s)
                level, slope = max(base + alpha * along, 0.5), slope + beta * along
                season[place] += gamma * (value - forecast) / (base if kind == MULTIPLICATIVE else 1.0)
                season[place] = max(season[place], 1e-3) if kind == MULTIPLICATIVE else season[place]
                shown = np.floor(value + fraction) if whole else value
                assert out[i, p, h] == pytest.approx(float32(shown), rel=1e-5, abs=1e-6)
    assert out.max() <= 20.0
    assert (out == 20).any() or (out == 18).any()
