"""Blended series: the average of quantiles as sample paths, whatever series are drawn together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import ndtr, ndtri

from forecasting.blended import (
    POOLS,
    BlendedSeries,
    Blending,
    _ranked,
    describe_weights,
    learn_blending,
    place_of_actual,
)
from forecasting.calibration import Calibration
from forecasting.combination import LEVELS
from forecasting.fitted import fit_series
from forecasting.models import model_named
from forecasting.panel import DemandPanel
from forecasting.segments import CLASSES
from forecasting.trials import Trials
from tests.forecasting.panels import context_of, panel_of

Floats = npt.NDArray[np.float64]
MEMBERS = ("bootstrap", "exponential_smoothing", "seasonal_naive")
SERIES = 10


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    """Rates from one in ten periods to 30 a period; every third series moves in fractions."""
    rng = np.random.default_rng(0)
    demand = rng.poisson(np.exp(np.linspace(-2.3, 3.4, SERIES))[:, None], (SERIES, 90)).astype(float)
    demand[::3] *= 0.37
    return panel_of(demand)


def blended(panel: DemandPanel, calibration: Calibration | None = None) -> BlendedSeries:
    """Weights, intervals and pools of all kinds; some weights are 0."""
    rows = np.arange(len(panel))
    weights = np.random.default_rng(1).dirichlet(np.ones(3), len(panel))
    weights[1] = [0.0, 0.4, 0.6]
    weights[2] = [0.0, 0.0, 1.0]
    weights[5] = [0.7, 0.3, 0.0]
    members = tuple(fit_series(model_named(name), panel, rows, context_of(panel)) for name in MEMBERS)
    return BlendedSeries(
        members,
        rows,
        weights,
        rows % POOLS,
        np.array([4, 1, 3, 4, 2, 6, 4, 3, 5, 4])[: len(panel)],
        calibration or Calibration.nothing_seen(POOLS),
        panel.integral,
    )


def narrow() -> Calibration:
    """What rolling origins show of forecasts whose spread is six tenths of the true one."""
    place = ndtr(ndtri((np.arange(2000) + 0.5) / 2000) / 0.6)
    calibration = Calibration.nothing_seen(POOLS)
    for _ in range(6):
        calibration = calibration.after(place, np.zeros(2000), np.ones(2000, dtype=bool), np.arange(2000) % POOLS)
    return calibration


def sorted_sums(paths: npt.NDArray[np.float32], periods: int) -> list[float]:
    return sorted(sum(float(x) for x in path[:periods]) for path in paths)


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("count", [1, 2, 60, 101, 200])
def test_sums_are_the_weighted_average_of_the_members_sums(panel: DemandPanel, count: int, calibrated: bool) -> None:
    """Rank by rank, by a plain loop; whole numbers within a unit of it, fractions up to rounding."""
    calibration = narrow() if calibrated else Calibration.nothing_seen(POOLS)
    series, keys = blended(panel, calibration), panel.stream_keys(0)
    draws = count
    paths = series.paths(series.rows, keys, 7, count)
    middle = (np.arange(count) + 0.5) / count
    beyond = 0
    for i in range(len(panel)):
        length, weight = int(series.protection[i]), series.weights[i]
        row = np.array([i])
        members = [sorted_sums(m.paths(row, keys[row], 6, draws)[0], length) for m in series.members]
        mixed = [sum(weight[j] * members[j][r] for j in range(3)) for r in range(draws)]
        kept = draws - max(int(0.05 * draws), 1)
        threshold = mixed[max(kept - 1, 0)]
        excess = sum(x - threshold for x in mixed[kept:]) / (draws - kept)
        wanted = []
        for asked in calibration.asked(series.pool[row], middle)[0]:
            value = float(np.interp(asked * draws - 0.5, np.arange(draws), mixed))
            if asked > 1.0 - 0.5 / draws + 1e-9:
                beyond += 1
                value = max(value, threshold + excess * np.log((1 - kept / draws) / (1 - asked)))
            wanted.append(value)
        got = sorted_sums(paths[i], length)
        if series.whole[i]:
            assert abs(np.array(got) - wanted).max() < 1.0
            assert np.mean(got) == pytest.approx(np.mean(wanted), abs=4 * 0.5 / np.sqrt(count))
        else:
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
    assert (beyond > 0) == ((calibrated and count > 1) or draws < count)


def test_whole_numbers_stay_whole_and_nothing_is_negative(panel: DemandPanel) -> None:
    for calibration in (None, narrow()):
        series = blended(panel, calibration)
        paths = series.paths(series.rows, panel.stream_keys(0), 12, 80)
        assert np.isfinite(paths).all()
        assert (paths >= 0).all()
        assert (paths[series.whole] == np.rint(paths[series.whole])).all()
        assert series.whole.any()
        assert not series.whole.all()


def test_totals_reach_beyond_the_largest_draw_where_demand_did(panel: DemandPanel) -> None:
    """Forecasts that were too narrow are widened past what was drawn, never clamped at it."""
    plain, wide = blended(panel), blended(panel, narrow())
    keys, rows = panel.stream_keys(0), np.array([9])
    largest = [s.paths(rows, keys[rows], 4, 80).sum(axis=2).max() for s in (plain, wide)]
    assert largest[1] > 1.04 * largest[0]


def test_neither_company_nor_order_nor_threads_nor_blocks_change_a_bit(
    panel: DemandPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a neighbour uses a model that the series itself gives no weight."""
    series, keys = blended(panel, narrow()), panel.stream_keys(0)
    everything = series.paths(series.rows, keys, 8, 60)
    order = np.array([7, 1, 1, 9, 0, 2, 5])
    with ThreadPoolExecutor(2) as pool:
        for part in pool.map(lambda r: (r, series.paths(r, keys[r], 8, 60)), [order, np.array([2]), np.array([1, 5])]):
            assert part[1].tobytes() == np.ascontiguousarray(everything[part[0]]).tobytes()
    for cells in (1, 60 * 8 * 3):
        monkeypatch.setattr("forecasting.blended._CELLS_AT_ONCE", cells)
        assert series.paths(series.rows, keys, 8, 60).tobytes() == everything.tobytes()


@pytest.mark.parametrize("count", [60, 200])
def test_a_shorter_path_is_the_beginning_of_a_longer_one(panel: DemandPanel, count: int) -> None:
    """Below and beyond the protection interval."""
    series, keys = blended(panel, narrow()), panel.stream_keys(0)
    longest = series.paths(series.rows, keys, 12, count)
    for horizon in (1, 3, 6, 9):
        shorter = series.paths(series.rows, keys, horizon, count)
        assert shorter.tobytes() == np.ascontiguousarray(longest[:, :, :horizon]).tobytes()


@pytest.mark.parametrize("count", [1, 2, 3, 21])
def test_few_paths_are_paths_too(panel: DemandPanel, count: int) -> None:
    series = blended(panel, narrow())
    paths = series.paths(series.rows, panel.stream_keys(0), 5, count)
    assert paths.shape == (SERIES, count, 5)
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()


def test_one_model_alone_keeps_its_own_paths(panel: DemandPanel) -> None:
    """All weight on one model and nothing to correct: the same paths in the same order."""
    series = blended(panel)
    only = np.zeros_like(series.weights)
    only[:, 1] = 1.0
    keys = panel.stream_keys(0)
    paths = replace(series, weights=only).paths(series.rows, keys, 6, 70)
    np.testing.assert_allclose(paths, series.members[1].paths(series.rows, keys, 6, 70), rtol=1e-5, atol=1e-5)


def test_levels_are_the_weighted_mean_of_the_members(panel: DemandPanel) -> None:
    series = blended(panel)
    [(rows, values)] = series.parameters()
    levels = np.array([member.parameters()[0][1]["level"] for member in series.members])
    np.testing.assert_array_equal(rows, series.rows)
    np.testing.assert_allclose(values["level"], (series.weights.T * levels).sum(axis=0))
    np.testing.assert_array_equal(values["weight_bootstrap"], series.weights[:, 0])


def trials(seed: int = 0, origins: int = 6, series: int = 80, draws: int = 50) -> Trials:
    """The first of three models is right, the second twice too high, the third too wide; two classes."""
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.uniform(0, 4, series))
    sums = rng.gamma(3.0, mean[:, None] / 3.0, (3, origins, series, draws))
    sums[1] *= 2.0
    sums[2] = mean[:, None] * (sums[2] / mean[:, None]) ** 2
    return Trials(
        tuple(range(20, 20 + origins)),
        np.arange(series),
        np.sort(sums, axis=3).astype(np.float32),
        rng.gamma(3.0, mean / 3.0, (origins, series)),
        rng.random((origins, series)) < 0.9,
        np.tile(np.arange(series) % 2, (origins, 1)),
        np.tile(mean / 3.0, (origins, 1)),
        np.zeros(series, dtype=np.bool_),
    )


def test_the_model_that_was_right_weighs_most_and_classes_without_windows_take_the_common_weights() -> None:
    seen = trials()
    blending = learn_blending(seen, np.full(80, 3))
    np.testing.assert_allclose(blending.weights.sum(axis=1), 1.0)
    assert (blending.weights.argmax(axis=1) == 0).all()
    assert blending.origins == 6
    assert blending.weights.shape == (len(CLASSES), 3)
    np.testing.assert_array_equal(blending.weights[2], blending.weights[4])
    assert (blending.weights[0] != blending.weights[1]).any()


def test_what_is_learned_depends_neither_on_the_order_of_series_nor_on_windows_that_are_not_known() -> None:
    seen = trials(1)
    order = np.random.default_rng(2).permutation(80)
    hidden = np.where(seen.known, seen.actual, 1e6)
    other = replace(
        seen,
        sums=seen.sums[:, :, order],
        actual=hidden[:, order],
        known=seen.known[:, order],
        class_number=seen.class_number[:, order],
        mean=seen.mean[:, order],
    )
    one, two = learn_blending(seen, np.full(80, 3)), learn_blending(other, np.full(80, 3))
    np.testing.assert_allclose(one.weights, two.weights, rtol=1e-6)
    np.testing.assert_allclose(one.volume_limits, two.volume_limits)
    np.testing.assert_allclose(one.calibration.shift(), two.calibration.shift(), atol=1e-6)


def test_pools_are_quarters_of_the_volume() -> None:
    seen = trials(3)
    blending = learn_blending(seen, np.full(80, 3))
    volume = (seen.mean * 3)[seen.known]
    shares = np.bincount(blending.pool(volume), minlength=POOLS) / len(volume)
    np.testing.assert_allclose(shares, 0.25, atol=0.02)
    assert (np.diff(blending.pool(np.sort(volume))) >= 0).all()
    np.testing.assert_array_equal(
        blending.calibration.windows.sum(axis=0), np.bincount(blending.pool(volume), minlength=POOLS)
    )


def test_the_calibration_counts_where_demand_fell_in_the_averaged_draws() -> None:
    """By a plain loop over windows; with m draws there are m + 1 gaps in which the actual may lie."""
    seen = trials(4, origins=3, series=40)
    blending = learn_blending(seen, np.full(40, 3))
    below, within = [], []
    for o, i in zip(*np.nonzero(seen.known), strict=True):
        weight = blending.weights[seen.class_number[o, i]]
        draws = [sum(weight[j] * float(seen.sums[j, o, i, m]) for j in range(3)) for m in range(50)]
        below.append(sum(x < seen.actual[o, i] for x in draws) / 51)
        within.append(1 / 51)
    covered = [np.clip((0.9 - b) / w, 0, 1) for b, w in zip(below, within, strict=True)]
    assert blending.calibration.hits[:, :, 4].sum() == pytest.approx(sum(covered))


def test_the_place_of_an_actual_among_draws_rounded_at_random() -> None:
    """Against what many random roundings give."""
    rng = np.random.default_rng(5)
    sums = np.sort(rng.uniform(0, 6, (3, 40)), axis=1)
    actual = np.array([0.0, 3.0, 9.0])
    below, at = place_of_actual(sums, np.array([True, True, True]), actual)
    rounded = np.floor(sums + rng.random((4000, 3, 40)))
    np.testing.assert_allclose(below, (rounded < actual[:, None]).mean(axis=0).sum(axis=1) / 41, atol=0.003)
    np.testing.assert_allclose(at, ((rounded == actual[:, None]).mean(axis=0).sum(axis=1) + 1) / 41, atol=0.003)
    below, at = place_of_actual(sums, np.zeros(3, dtype=bool), sums[:, 20])
    np.testing.assert_allclose(below, 20 / 41)
    np.testing.assert_allclose(at, 2 / 41)


def test_nothing_known_weighs_equally_and_corrects_nothing() -> None:
    blending = Blending.unknown(3)
    np.testing.assert_array_equal(blending.weights, np.full((len(CLASSES), 3), 1 / 3))
    wanted = np.array(LEVELS)
    np.testing.assert_allclose(blending.calibration.asked(np.array([0]), wanted)[0], wanted)
    assert blending.origins == 0


def test_weights_are_named_largest_first_and_small_ones_not_at_all() -> None:
    assert describe_weights(["a", "b", "c"], np.array([0.3, 0.697, 0.003])) == "b 70%, a 30%"


def test_ranks_are_those_of_a_stable_sort() -> None:
    """Among many equal sums, and zeros."""
    sums = np.random.default_rng(3).poisson(0.7, (2, 3, 400)).astype(np.float32) * np.float32(0.37)
    order, ascending = _ranked(sums)
    np.testing.assert_array_equal(order, np.argsort(sums, axis=2, kind="stable"))
    np.testing.assert_array_equal(ascending, np.sort(sums, axis=2).astype(np.float64))
