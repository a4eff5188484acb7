"""Sample paths against the same draws in plain Python, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from forecasting.identity import stream_keys
from forecasting.kernels.paths import apply_ahead, running_totals, sample_additive, sample_dense, sums_at
from tests.forecasting.kernels.splitmix import entry_and_fraction, float32, level_factor

NORMAL = ndtri((np.arange(64) + 0.5) / 64)
SERIES, PATHS, PERIODS = 4, 6, 9
KEYS = stream_keys([f"s{i}" for i in range(SERIES)], ["main"] * SERIES, 3)
SEASON = np.array([[1.0, 1.5, 0.5] * 3, [1.2, 0.2, 1.6] * 3], dtype=np.float32)
PROFILE = np.array([0, 1, 1, 0])
COUNT = np.array([5, 3, 0, 1])
FIRST_PATH = 2


def table(low: float, high: float) -> np.ndarray:
    return np.random.default_rng(4).uniform(low, high, (SERIES, 5)).astype(np.float32)


def test_dense_paths_are_those_of_a_plain_loop() -> None:
    """Level, scale, feedback, uncertain level, season, floor at zero and random rounding; one series has no past."""
    level, scale = np.array([8.0, 0.4, 3.0, 100.0]), np.array([0.0, 2.0, 1.0, 9.0])
    feedback, sd = np.array([0.3, 0.5, 0.1, 0.0]), np.array([0.4, 0.0, 0.2, 0.3])
    errors, whole = table(-1.2, 1.0), np.array([True, False, True, False])
    out = np.full((SERIES, PATHS, PERIODS), -1, dtype=np.float32)
    sample_dense(KEYS, level, scale, feedback, sd, SEASON, PROFILE, errors, COUNT, whole, NORMAL, FIRST_PATH, out)
    for i in range(SERIES):
        for p in range(PATHS):
            key, path = int(KEYS[i]), FIRST_PATH + p
            now = level[i] * level_factor(key, path, sd[i], NORMAL)
            for h in range(PERIODS):
                if COUNT[i] == 0:
                    assert out[i, p, h] == 0
                    continue
                entry, fraction = entry_and_fraction(key, path, h, int(COUNT[i]))
                plain = max(now + (now + scale[i]) * float(errors[i, entry]), 0.0)
                value = plain * float(SEASON[PROFILE[i], h])
                value = np.floor(value + fraction) if whole[i] else value
                assert out[i, p, h] == pytest.approx(float32(value), rel=1e-6)
                now += feedback[i] * (plain - now)


def test_additive_paths_are_those_of_a_plain_loop() -> None:
    """The base line plus a past error, not below zero, rounded in whole units; one series has no past errors."""
    base = np.random.default_rng(5).uniform(0, 6, (SERIES, PERIODS)).astype(np.float32)
    errors, whole = table(-5, 5), np.array([True, False, True, False])
    out = np.full((SERIES, PATHS, PERIODS), -1, dtype=np.float32)
    sample_additive(KEYS, base, errors, COUNT, whole, FIRST_PATH, out)
    for i in range(SERIES):
        for p in range(PATHS):
            for h in range(PERIODS):
                value = float(base[i, h])
                if COUNT[i]:
                    entry, _ = entry_and_fraction(int(KEYS[i]), FIRST_PATH + p, h, int(COUNT[i]))
                    value += float(errors[i, entry])
                value = max(value, 0.0)
                assert out[i, p, h] == float32(round(value) if whole[i] else value)


def test_paths_drawn_in_two_parts_are_the_paths_drawn_at_once() -> None:
    errors = table(-1, 1)
    arguments = (np.full(SERIES, 5.0), np.ones(SERIES), np.full(SERIES, 0.2), np.full(SERIES, 0.3), SEASON, PROFILE)
    at_once = np.empty((SERIES, 10, PERIODS), dtype=np.float32)
    sample_dense(KEYS, *arguments, errors, COUNT, np.zeros(SERIES, bool), NORMAL, 0, at_once)
    for first, last in ((0, 4), (4, 10)):
        part = np.empty((SERIES, last - first, PERIODS), dtype=np.float32)
        sample_dense(KEYS, *arguments, errors, COUNT, np.zeros(SERIES, bool), NORMAL, first, part)
        assert part.tobytes() == np.ascontiguousarray(at_once[:, first:last]).tobytes()


def test_random_rounding_keeps_the_mean() -> None:
    """A level of 2.3 whole units without errors is 2 or 3, on the average of 40,000 draws 2.3."""
    out = np.empty((1, 5000, 8), dtype=np.float32)
    one, nothing = np.ones((1, 8), dtype=np.float32), np.zeros(1)
    place, none = np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.float32)
    whole, count = np.ones(1, bool), np.ones(1, np.int64)
    sample_dense(KEYS[:1], np.array([2.3]), nothing, nothing, nothing, one, place, none, count, whole, NORMAL, 0, out)
    assert set(np.unique(out)) == {2.0, 3.0}
    assert out.mean() == pytest.approx(2.3, abs=4 * np.sqrt(0.21 / out.size))


def test_an_uncertain_level_keeps_its_mean_and_is_one_draw_a_path() -> None:
    out = np.empty((1, 8000, 2), dtype=np.float32)
    one, nothing = np.ones((1, 2), dtype=np.float32), np.zeros(1)
    place, none = np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.float32)
    level, sd = np.array([10.0]), np.array([0.5])
    normal = ndtri((np.arange(4096) + 0.5) / 4096)
    count = np.ones(1, np.int64)
    sample_dense(KEYS[:1], level, nothing, nothing, sd, one, place, none, count, np.zeros(1, bool), normal, 0, out)
    np.testing.assert_array_equal(out[0, :, 0], out[0, :, 1])
    spread = 10 * np.sqrt(np.expm1(0.25))
    assert out[0, :, 0].mean() == pytest.approx(10, abs=4 * spread / np.sqrt(8000))
    assert np.log(out[0, :, 0]).std() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_known_ahead_multiplies_and_raises_the_first_periods(whole: bool) -> None:
    """A plain product and sum; whole units are rounded up or down at random and keep the mean, later periods stay."""
    drawn = np.random.default_rng(7).integers(0, 9, (4000, 5)).astype(np.float32)
    out, factor, extra = drawn.copy(), np.float32([1.3, 0.0, 1.0]), np.float32([0.0, 2.25, 3.0])
    apply_ahead(KEYS[0], factor, extra, whole, out)
    exact = drawn.astype(float)
    exact[:, :3] = exact[:, :3] * factor.astype(float) + extra
    if whole:
        assert (np.abs(out - exact) < 1).all()
        assert (out == np.rint(out)).all()
        np.testing.assert_allclose(out.mean(axis=0), exact.mean(axis=0), atol=4 * 0.5 / np.sqrt(4000))
    else:
        np.testing.assert_allclose(out, exact, rtol=1e-6)
    np.testing.assert_array_equal(out[:, 2:], exact[:, 2:])


def test_sums_end_where_each_path_is_told_to_end() -> None:
    rng = np.random.default_rng(6)
    paths = rng.integers(0, 9, (3, 5, 7)).astype(np.float32)
    periods = rng.integers(0, 8, (3, 5))
    out = np.empty((3, 5), dtype=np.float32)
    sums_at(paths, periods, out)
    for i in range(3):
        for p in range(5):
            assert out[i, p] == sum(float(paths[i, p, h]) for h in range(periods[i, p]))


def test_running_totals_go_to_their_rows_and_stay_beyond_the_last_period() -> None:
    """NumPy's cumulative sums, to the bit."""
    paths = np.random.default_rng(8).gamma(0.5, 2.0, (2, 5, 7)).astype(np.float32)
    out = np.full((4, 5, 9), np.float32(-1))
    running_totals(paths, np.array([3, 1]), out)
    np.testing.assert_array_equal(out[[3, 1], :, :7], np.cumsum(paths, axis=2))
    np.testing.assert_array_equal(out[[3, 1], :, 7:], np.repeat(out[[3, 1], :, 6:7], 2, axis=2))
    assert (out[[0, 2]] == -1).all()


def test_more_paths_than_are_run_together_are_those_of_a_few() -> None:
    """Path 700 is the same whether it is drawn among 800 or begins its own block."""
    numbers = np.array([2.0, 0.4, 30.0, 5.0]), np.zeros(SERIES), np.full(SERIES, 0.2), np.full(SERIES, 0.3)
    whole = np.arange(SERIES) % 2 == 0
    many, few = np.empty((SERIES, 800, 4), np.float32), np.empty((SERIES, 100, 4), np.float32)
    sample_dense(KEYS, *numbers, SEASON, PROFILE, table(-1.2, 1.0), COUNT, whole, NORMAL, 0, many)
    sample_dense(KEYS, *numbers, SEASON, PROFILE, table(-1.2, 1.0), COUNT, whole, NORMAL, 700, few)
    np.testing.assert_array_equal(many[:, 700:], few)
