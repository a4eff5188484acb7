"""Chains of occurrences against the same draws in plain Python and against what is known of Markov chains."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from forecasting.identity import stream_keys
from forecasting.kernels.chains import chain_means, sample_chain
from tests.forecasting.kernels.splitmix import STRIDE, bits, entry_and_fraction, float32, level_factor

NORMAL = ndtri((np.arange(64) + 0.5) / 64)
SERIES, PATHS, PERIODS, PRIOR = 5, 8, 9, 2
KEYS = stream_keys([f"s{i}" for i in range(SERIES)], ["main"] * SERIES, 3)
SEASON = np.array([[1.0, 1.5, 0.5] * 3, [1.2, 0.2, 1.6] * 3], dtype=np.float32)
PROFILE = np.array([0, 1, 1, 0, 0])
COUNT = np.array([5, 3, 0, 1, 4])
OCCURRENCE = np.array([0.3, 0.9, 0.5, 0.15, 0.6])
PERSISTENCE = np.array([0.4, 0.0, 0.2, -0.5, 0.0])
LAST = np.array([1.0, 0.0, 0.0, 0.3, 1.0])
FEEDBACK = np.array([0.0, 0.2, 0.1, 0.0, 0.9])
SD = np.array([0.5, 0.0, 0.2, 0.3, 0.4])
UNIT = np.array([1.0, 0.0, 1.0, 6.0, 0.0])
JITTER = np.array([2.0, 1.0, 0.0, 9.0, 0.0])


def sizes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    table, pooled = rng.uniform(1, 9, (SERIES, 5)), rng.uniform(0.5, 20, (SERIES, 4))
    step = np.where(UNIT > 0, UNIT, 1.0)[:, None]
    table, pooled = (
        np.where(UNIT[:, None] > 0, np.maximum(np.rint(part / step), 1) * step, part) for part in (table, pooled)
    )
    return table.astype(np.float32), pooled.astype(np.float32)


def sample(first: int, out: np.ndarray) -> np.ndarray:
    table, pooled = sizes()
    sample_chain(
        KEYS, OCCURRENCE, PERSISTENCE, LAST, FEEDBACK, SD, SEASON, PROFILE, table, COUNT, pooled, PRIOR, JITTER, UNIT,
        NORMAL, first, out,
    )  # fmt: skip
    return out


def test_chains_are_those_of_a_plain_loop() -> None:
    """Persistence, feedback, season, uncertain level, own and pooled sizes, jitter, growth beyond certainty."""
    out = sample(2, np.full((SERIES, PATHS, PERIODS), -1, dtype=np.float32))
    table, pooled = sizes()
    met = set()
    for i in range(SERIES):
        for p in range(2, 2 + PATHS):
            key = int(KEYS[i])
            level, before = OCCURRENCE[i] * level_factor(key, p, SD[i], NORMAL), LAST[i]
            for h in range(PERIODS):
                entry, fraction = entry_and_fraction(key, p, h, int(COUNT[i]) + PRIOR)
                factor = float(SEASON[PROFILE[i], h])
                chance = min(level * factor, 1.0)
                r = max(PERSISTENCE[i], -min(chance, 1 - chance) / max(chance, 1 - chance))
                hit = fraction < (1 - r) * chance + r * before
                value = 0.0
                if hit and COUNT[i]:
                    more = bits(key, p * STRIDE + STRIDE // 2 + h)
                    own = entry < COUNT[i]
                    value = float(table[i, entry] if own else pooled[i, (more & 0xFFFFFFFF) * 4 >> 32])
                    error = NORMAL[(more >> 32) * 64 >> 32] * min(JITTER[i], math.sqrt(value))
                    step = round(error / UNIT[i]) * UNIT[i] if UNIT[i] else error
                    if JITTER[i] and value - abs(step) >= UNIT[i]:
                        met.add("jittered")
                        value += step
                    if level * factor > 1:
                        met.add("grown")
                        value *= level * factor
                        value = math.floor(value + fraction) if UNIT[i] else value
                    met.add("own" if own else "pooled")
                assert out[i, p - 2, h] == pytest.approx(float32(value), rel=1e-6)
                before = float(hit)
                level += min(FEEDBACK[i] * factor, 1.0) * (hit / factor - level)
    assert met == {"jittered", "grown", "own", "pooled"}


def test_paths_drawn_in_two_parts_are_the_paths_drawn_at_once() -> None:
    at_once = sample(0, np.empty((SERIES, 10, PERIODS), dtype=np.float32))
    for first, last in ((0, 4), (4, 10)):
        part = sample(first, np.empty((SERIES, last - first, PERIODS), dtype=np.float32))
        assert part.tobytes() == np.ascontiguousarray(at_once[:, first:last]).tobytes()


def one(occurrence: float, paths: int, periods: int, **other: float) -> np.ndarray:
    """Paths of one series with the single size 1 (or ``size``), everything else off unless given."""

    def array(name: str) -> np.ndarray:
        return np.array([other.get(name, 0.0)])

    size = np.full((1, 1), other.get("size", 1.0), dtype=np.float32)
    out = np.empty((1, paths, periods), dtype=np.float32)
    season, profile, count = np.ones((1, periods), np.float32), np.zeros(1, np.int64), np.ones(1, np.int64)
    normal = ndtri((np.arange(4096) + 0.5) / 4096)
    sample_chain(
        KEYS[:1], np.array([occurrence]), array("persistence"), array("last"), array("feedback"), array("sd"), season,
        profile, size, count, size, 0, array("jitter"), array("unit"), normal, 0, out,
    )  # fmt: skip
    return out[0]


@pytest.mark.parametrize(("occurrence", "persistence"), [(0.2, 0.5), (0.6, -0.3), (0.4, 0.0)])
def test_a_chain_has_its_stationary_share_and_its_autocorrelation(occurrence: float, persistence: float) -> None:
    """400 chains of 1,000 periods, the first 100 left out: share p and autocorrelation r^k at lag k."""
    y = one(occurrence, 400, 1000, persistence=persistence, last=1.0)[:, 100:].astype(float)
    inflation = (1 + persistence) / (1 - persistence)
    assert y.mean() == pytest.approx(
        occurrence, abs=4 * np.sqrt(occurrence * (1 - occurrence) * max(inflation, 1) / y.size)
    )
    away = y - y.mean()
    for lag in (1, 2, 3):
        found = (away[:, lag:] * away[:, :-lag]).mean() / away.var()
        assert found == pytest.approx(persistence**lag, abs=0.012)


def test_a_chain_starts_from_the_last_state_and_forgets_it() -> None:
    """P(demand in period h) = p + r^h (last - p), from paths and from the means."""
    exact = 0.2 + 0.6 ** np.arange(1, 9) * (1 - 0.2)
    drawn = one(0.2, 40_000, 8, persistence=0.6, last=1.0)
    np.testing.assert_allclose(drawn.mean(axis=0), exact, atol=4 * 0.5 / np.sqrt(40_000))
    out = np.empty((1, 8), dtype=np.float32)
    season, profile = np.ones((1, 8), np.float32), np.zeros(1, np.int64)
    chain_means(np.array([0.2]), np.array([0.6]), np.ones(1), np.array([5.0]), season, profile, out)
    np.testing.assert_allclose(out[0], 5 * exact, rtol=1e-6)


@pytest.mark.parametrize("occurrence", [0.1, 0.8, 1.0])
def test_a_persistence_below_what_probabilities_allow_keeps_the_mean(occurrence: float) -> None:
    drawn = one(occurrence, 20_000, 10, persistence=-0.9, last=occurrence)
    assert drawn.mean() == pytest.approx(occurrence, abs=4 * 0.5 / np.sqrt(drawn.size) + 1e-9)


def test_feedback_keeps_the_mean_and_widens_the_sum() -> None:
    """The smoothed probability is a martingale; a share that follows itself spreads more than a binomial one."""
    drawn = one(0.3, 40_000, 12, feedback=0.2)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.3, atol=4 * 0.5 / np.sqrt(40_000))
    assert drawn.sum(axis=1).var() > 2 * 12 * 0.3 * 0.7


@pytest.mark.parametrize(("size", "unit"), [(1, 1), (2, 1), (40, 1), (36, 12), (12, 12), (2.5, 0), (0.3, 0)])
def test_jitter_keeps_the_mean_the_unit_and_at_least_one(size: float, unit: float) -> None:
    drawn = one(1.0, 4000, 10, size=size, unit=unit, jitter=8.0)
    assert drawn.mean() == pytest.approx(size, abs=4 * min(8, np.sqrt(size)) / np.sqrt(drawn.size) + 1e-6)
    if unit:
        assert (drawn % unit == 0).all()
        assert drawn.min() >= unit
    else:
        assert drawn.min() >= 0
    assert (np.unique(drawn).size > 1) == (size > unit)
