"""Calibration: noise-free coverage against chance, perfect forecasts of counts, and what zeros do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecasting.distributions import LeadTimeDemand
from forecasting.identity import stream_keys
from forecasting.metrics import (
    calibration_curve,
    clustered_se,
    expected_coverage,
    lead_time_probabilities,
    pit_histogram,
    randomised_pit,
)

NAN = math.nan
share = st.floats(0, 1)
KEYS = stream_keys([f"s{i}" for i in range(4000)], ["main"] * 4000, 0)


@given(below=share, part=share, level=st.floats(0.001, 0.999))
def test_expected_coverage_is_the_chance_that_the_randomised_transform_stays_below(below, part, level) -> None:
    at = part * (1 - below)
    chance = (below + (np.arange(20_000) + 0.5) / 20_000 * at < level).mean()
    assert expected_coverage(below, at, level) == pytest.approx(chance, abs=1e-4)


@given(below=share, part=share, levels=st.lists(share, min_size=2, max_size=5))
def test_coverage_never_falls_as_the_level_rises(below, part, levels) -> None:
    covered = expected_coverage(below, part * (1 - below), sorted(levels))
    assert (np.diff(covered) >= 0).all()
    assert ((covered >= 0) & (covered <= 1)).all()


def test_a_perfect_forecast_of_counts_covers_exactly() -> None:
    """Each count with its own probability: the mean coverage is the level, without any draw."""
    k = np.arange(60)
    for distribution in (stats.poisson(0.2), stats.poisson(7), stats.nbinom(0.7, 0.2)):
        pmf = distribution.pmf(k)
        below = distribution.cdf(k - 1)
        for level in (0.1, 0.5, 0.9, 0.99):
            covered = (pmf * expected_coverage(below, pmf, level)).sum()
            assert covered == pytest.approx(level, abs=1e-4)


def test_an_all_zero_series_forecast_as_such_is_covered_at_the_level() -> None:
    demand = LeadTimeDemand.from_samples(np.zeros((1, 50)), True)
    below, at = lead_time_probabilities(demand, [0.0])
    assert (below[0], at[0]) == (0.0, 1.0)
    assert expected_coverage(below, at, 0.95)[0] == 0.95
    below, at = lead_time_probabilities(demand, [3.0])
    assert (below[0], at[0]) == (1.0, 0.0)
    assert expected_coverage(below, at, 0.95)[0] == 0.0


def test_probabilities_of_a_sum_are_those_of_its_draws() -> None:
    """In the body the shares of draws below and at the actual; also where the actual comes in 64 bits."""
    counts = np.repeat([0, 1, 2, 9], 25)
    whole = LeadTimeDemand.from_samples(counts, True)
    assert [float(x[0]) for x in lead_time_probabilities(whole, [1.0])] == pytest.approx([0.25, 0.25])
    assert [float(x[0]) for x in lead_time_probabilities(whole, [1.5])] == pytest.approx([0.5, 0.0])
    parts = LeadTimeDemand.from_samples(np.repeat([0.1, 0.7, 1.3, 2.1], 25))
    assert [float(x[0]) for x in lead_time_probabilities(parts, [0.7])] == pytest.approx([0.25, 0.25])
    # A tenth is a little more in 32 bits than in 64: the actual must still meet its own draws.
    assert [float(x[0]) for x in lead_time_probabilities(parts, [0.1])] == pytest.approx([0.0, 0.25])
    assert all(np.isnan(x).all() for x in lead_time_probabilities(parts, [NAN]))
    below, at = lead_time_probabilities(whole, [40.0])
    assert below[0] + at[0] == pytest.approx(whole.cdf(40)[0])


def test_draws_of_the_transform_have_the_expected_histogram() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(1.5, 4000)
    below, at = stats.poisson(2.0).cdf(counts - 1), stats.poisson(2.0).pmf(counts)
    drawn = randomised_pit(below, at, KEYS)
    expected = pit_histogram(below, at, 8)
    seen = np.histogram(drawn, np.linspace(0, 1, 9))[0] / 4000
    assert expected.sum() == pytest.approx(1)
    assert expected[0] > 0.15
    np.testing.assert_allclose(seen, expected, atol=4 * math.sqrt(0.25 / 4000))
    assert (drawn >= below).all()
    assert (drawn <= below + at + 1e-12).all()


def test_the_histogram_of_a_perfect_forecast_is_flat() -> None:
    counts = np.random.default_rng(1).poisson(0.7, 20_000)
    histogram = pit_histogram(stats.poisson(0.7).cdf(counts - 1), stats.poisson(0.7).pmf(counts), 5)
    np.testing.assert_allclose(histogram, 0.2, atol=0.01)


def test_the_histogram_is_the_mean_of_overlaps() -> None:
    """One forecast whose mass lies in [0.15, 0.35], one that said 1 for certain, one unknown."""
    histogram = pit_histogram([0.15, 1.0, NAN], [0.2, 0.0, 0.1], 10)
    expected = np.zeros(10)
    expected[1], expected[2], expected[3], expected[9] = 0.125, 0.25, 0.125, 0.5
    np.testing.assert_allclose(histogram, expected, atol=1e-12)
    assert np.isnan(pit_histogram([NAN], [NAN])).all()


def test_a_draw_belongs_to_its_row_and_not_to_its_place() -> None:
    rng = np.random.default_rng(2)
    below, at, order = rng.random(50) / 2, rng.random(50) / 2, rng.permutation(50)
    drawn = randomised_pit(below, at, KEYS[:50])
    np.testing.assert_array_equal(randomised_pit(below[order], at[order], KEYS[:50][order]), drawn[order])
    table = randomised_pit(np.tile(below[:, None], 3), np.tile(at[:, None], 3), KEYS[:50])
    assert table.shape == (50, 3)
    np.testing.assert_array_equal(table[:, 0], drawn)
    assert (table[:, 1] != drawn).all()
    assert np.isnan(randomised_pit(np.array([NAN]), np.array([0.5]), KEYS[:1])).all()


def test_the_curve_is_the_mean_coverage_with_an_error_by_origin() -> None:
    rng = np.random.default_rng(3)
    below, origin = rng.random(200) * 0.9, np.repeat(np.arange(10), 20)
    at = np.full(200, 0.1)
    below[7] = NAN
    mean, error = calibration_curve(below, at, [0.5, 0.9], origin)
    for k, level in enumerate([0.5, 0.9]):
        covered = expected_coverage(below, at, level)
        assert mean[k] == pytest.approx(np.nanmean(covered))
        assert error[k] == pytest.approx(clustered_se(covered, origin))
    alone = calibration_curve(below, at, [0.5])[1][0]
    known = np.delete(expected_coverage(below, at, 0.5), 7)
    assert alone == pytest.approx(known.std(ddof=1) / math.sqrt(199))
