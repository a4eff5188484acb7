"""Calibration against a plain loop, and what it does as evidence grows or disagrees."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from forecasting.calibration import HALF_LIFE, KNOTS, LEAST_WINDOWS, PRIOR_SPREAD, PRIOR_SPREAD_POOL, Calibration

Floats = npt.NDArray[np.float64]
WANTED = np.array([0.02, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 0.998])


def learn(place: Floats, pools: int = 1, pool: npt.NDArray[np.int64] | None = None) -> Calibration:
    """From places in the distribution (origins, windows): continuous demand, so that nothing is drawn."""
    calibration = Calibration.nothing_seen(pools)
    known = np.ones(place.shape[1], dtype=np.bool_)
    number = np.zeros(place.shape[1], dtype=np.int64) if pool is None else pool
    for row in place:
        calibration = calibration.after(row, np.zeros_like(row), known, number)
    return calibration


def log_odds(p: float) -> float:
    return math.log(p / (1.0 - p))


def shrunk(hits: list[float], windows: list[float], toward: float, spread: float, knot: float) -> float:
    """The logit shift of one knot, origin by origin; an origin counts half of one ``HALF_LIFE`` later."""
    worth = [0.5 ** ((len(hits) - 1 - o) / HALF_LIFE) for o in range(len(hits))]
    seen = [(h * v, w * v) for h, w, v in zip(hits, windows, worth, strict=True) if w > 0]
    total = sum(w for _, w in seen)
    if len(seen) < 2 or total < LEAST_WINDOWS:
        return toward
    covered = sum(h for h, _ in seen) / total
    clustered = sum((h - w * covered) ** 2 for h, w in seen) / total**2 * len(seen) / (len(seen) - 1)
    variance = max(clustered, knot * (1 - knot) / total) / (knot * (1 - knot)) ** 2
    observed = log_odds((covered * total + 0.5) / (total + 1.0)) - log_odds(knot)
    return toward + (observed - toward) * spread**2 / (spread**2 + variance)


def test_the_shifts_are_those_of_a_plain_loop() -> None:
    """Two pools and whole-number demand: a window counts in part where the knot falls into a jump."""
    rng = np.random.default_rng(0)
    origins, n = 5, 300
    low = rng.uniform(0, 1, (origins, n)) ** 1.3
    width = rng.uniform(0, 1, (origins, n)) * (1.0 - low)
    known = rng.random((origins, n)) < 0.8
    pool = rng.integers(0, 2, n)
    calibration = Calibration.nothing_seen(2)
    for o in range(origins):
        calibration = calibration.after(low[o], width[o], known[o], pool)
    hits = np.zeros((origins, 2, len(KNOTS)))
    windows = np.zeros((origins, 2))
    for o in range(origins):
        for i in range(n):
            if known[o, i]:
                windows[o, pool[i]] += 1
                for k, knot in enumerate(KNOTS):
                    hits[o, pool[i], k] += min(max((knot - low[o, i]) / width[o, i], 0.0), 1.0)
    np.testing.assert_allclose(calibration.hits, hits, rtol=1e-9)
    np.testing.assert_array_equal(calibration.windows, windows)
    shift = calibration.shift()
    for k, knot in enumerate(KNOTS):
        together = shrunk(hits[:, :, k].sum(axis=1).tolist(), windows.sum(axis=1).tolist(), 0.0, PRIOR_SPREAD, knot)
        for s in range(2):
            own = shrunk(hits[:, s, k].tolist(), windows[:, s].tolist(), together, PRIOR_SPREAD_POOL, knot)
            assert shift[s, k] == pytest.approx(own, rel=1e-9)
    assert abs(shift).max() > 0.1


def test_the_map_turns_the_coverage_of_the_knots_around() -> None:
    """Asking for what a knot stands for, where demand stayed below it with another probability, gives the knot."""
    calibration = learn(np.random.default_rng(1).uniform(0, 1, (6, 400)) ** 0.7)
    covered = 1.0 / (1.0 + np.exp(-(np.log(np.array(KNOTS) / (1 - np.array(KNOTS))) + calibration.shift()[0])))
    assert (np.diff(covered) > 0).all()
    np.testing.assert_allclose(calibration.asked(np.zeros(1, dtype=np.int64), covered)[0], KNOTS, rtol=1e-6)


def test_nothing_seen_changes_nothing() -> None:
    for calibration in (Calibration.nothing_seen(3), learn(np.full((1, 500), 0.99), 3)):
        asked = calibration.asked(np.array([2, 0]), WANTED)
        np.testing.assert_allclose(asked, np.tile(WANTED, (2, 1)), rtol=1e-6)


def test_right_forecasts_stay_as_they_are() -> None:
    """Places spread evenly, with the noise of 8 origins x 2,000 windows."""
    asked = learn(np.random.default_rng(2).uniform(0, 1, (8, 2000))).asked(np.zeros(1, dtype=np.int64), WANTED)[0]
    np.testing.assert_allclose(ndtri(asked), ndtri(WANTED), atol=0.08)


def test_evidence_recovers_a_forecast_that_is_too_narrow() -> None:
    """A normal forecast whose sd is 0.7 of the true one: for p ask ndtr(ndtri(p) / 0.7); nearer the more is seen.

    Knots from 0.1 to 0.99 see what covers 0.19 to 0.94; beyond that nothing can be recovered.
    """
    true = ndtr(ndtri(WANTED) / 0.7)
    inside = (WANTED > 0.19) & (WANTED < 0.94)
    error = []
    for windows in (30, 300, 20_000):
        spread = ndtr(ndtri((np.arange(windows) + 0.5) / windows) / 0.7)
        asked = learn(np.tile(spread, (6, 1))).asked(np.zeros(1, dtype=np.int64), WANTED)[0]
        error.append(abs(ndtri(asked[inside]) - ndtri(true[inside])).max())
    assert error[0] > error[1] > error[2]
    assert error[2] < 0.05


def test_origins_that_disagree_say_little_however_many_series_they_have() -> None:
    """All demand of an origin lies low or high together: coverage is 0.25 / 0.75 by origin, not by series."""
    low, high = np.full(5000, 0.02), np.full(5000, 0.97)
    wild = learn(np.array([low, low, low, high]))
    calm = learn(np.tile(np.concatenate([np.full(3750, 0.02), np.full(1250, 0.97)]), (4, 1)))
    middle = KNOTS.index(0.5)
    assert calm.shift()[0, middle] == pytest.approx(math.log(3), rel=0.01)
    assert 0 < wild.shift()[0, middle] < 0.25 * calm.shift()[0, middle]


def test_a_pool_leans_on_all_series_as_far_as_it_has_seen_little() -> None:
    rng = np.random.default_rng(3)
    pool = np.array([0] * 2000 + [1] * 2000 + [2] * 5)
    place = rng.uniform(0, 1, (6, 4005))
    place[:, 2000:4000] **= 2.0
    shift = learn(place, 3, pool).shift()
    middle = KNOTS.index(0.5)
    assert abs(shift[0, middle]) < abs(shift[2, middle]) < abs(shift[1, middle])


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 300), st.floats(0.2, 5.0))
def test_maps_always_rise_within_zero_and_one(seed: int, origins: int, windows: int, power: float) -> None:
    """However odd the coverage that was seen."""
    rng = np.random.default_rng(seed)
    place = np.round(rng.uniform(0, 1, (origins, windows)) ** power, rng.integers(0, 3))
    calibration = learn(place, 3, rng.integers(0, 3, windows))
    wanted = np.linspace(0.0005, 0.9995, 400)
    asked = calibration.asked(np.arange(3), wanted)
    assert (np.diff(asked, axis=1) >= -1e-12).all()
    assert ((asked > 0) & (asked < 1)).all()


def test_origins_are_added_one_at_a_time_and_leave_the_former_alone() -> None:
    rng = np.random.default_rng(4)
    place, pool = rng.uniform(0, 1, (3, 80)), rng.integers(0, 2, 80)
    known = rng.random(80) < 0.5
    first = Calibration.nothing_seen(2).after(place[0], np.zeros(80), known, pool)
    second = first.after(place[1], np.zeros(80), known, pool)
    assert first.hits.shape == (1, 2, len(KNOTS))
    np.testing.assert_array_equal(second.hits[0], first.hits[0])
    np.testing.assert_array_equal(second.windows[:, 0], [(known & (pool == 0)).sum()] * 2)


def test_the_newest_origins_say_most() -> None:
    """Forecasts that were too low and are right by now need less correction than those that became too low."""
    right, low = (np.arange(400) + 0.5) / 400, ((np.arange(400) + 0.5) / 400) ** 0.5
    middle = KNOTS.index(0.5)
    mended, spoilt = (
        learn(np.array(rows)).shift()[0, middle] for rows in ([low] * 4 + [right] * 4, [right] * 4 + [low] * 4)
    )
    assert spoilt < 1.5 * mended < 0


def test_windows_that_are_not_known_count_for_nothing() -> None:
    place, pool = np.array([0.3, 0.99, np.nan]), np.zeros(3, dtype=np.int64)
    known = np.array([True, False, False])
    calibration = Calibration.nothing_seen(1).after(place, np.zeros(3), known, pool)
    assert calibration.windows.tolist() == [[1.0]]
    np.testing.assert_array_equal(calibration.hits[0, 0], [float(knot > 0.3) for knot in KNOTS])
