"""The season ago, and the mean of the newest periods."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.naive import MovingAverage, SeasonalNaive, mean_ratios
from forecasting.panel import CellStatus
from tests.forecasting.panels import context_of, panel_of

WINDOW = {"D": 28, "W-MON": 13, "MS": 6}


@pytest.mark.parametrize(("frequency", "season"), [("D", 7), ("W-MON", 52), ("MS", 12)])
def test_a_history_that_repeats_exactly_is_repeated(frequency: str, season: int) -> None:
    """Longer than one season ahead; there are no errors to draw, so all paths agree."""
    cycle = np.arange(1, season + 1)
    demand = np.tile(cycle, 3)[: 3 * season - 2]
    panel = panel_of(demand, frequency)
    fitted = SeasonalNaive().fit(panel, context_of(panel))
    paths = fitted.paths(np.array([0]), panel.stream_keys(0), 2 * season + 3, 5)
    expected = np.tile(cycle, 6)[3 * season - 2 :][: 2 * season + 3]
    np.testing.assert_array_equal(paths[0], np.tile(expected, (5, 1)))


def test_errors_are_the_differences_to_the_season_ago() -> None:
    """Only where both cells are known, oldest first; a plain loop over the pairs."""
    rng = np.random.default_rng(0)
    demand, status = rng.integers(0, 9, (4, 40)), rng.choice([0, 0, 0, 1, 4], size=(4, 40))
    panel = panel_of(demand, "D", status=status)
    fitted = SeasonalNaive().fit(panel, context_of(panel))
    for i in range(4):
        errors = [demand[i, t] - demand[i, t - 7] for t in range(7, 40) if status[i, t] == 0 and status[i, t - 7] == 0]
        np.testing.assert_array_equal(fitted.table[i, : fitted.count[i]], errors)
        known = demand[i][status[i] == 0]
        cycle = [demand[i, t] if status[i, t] == 0 else known.mean() for t in range(33, 40)]
        np.testing.assert_allclose(fitted.cycle[i], cycle, rtol=1e-6)


def test_a_history_below_two_seasons_repeats_its_last_period() -> None:
    panel = panel_of([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9], "D")
    fitted = SeasonalNaive().fit(panel, context_of(panel))
    np.testing.assert_array_equal(fitted.cycle, [[9]])
    np.testing.assert_array_equal(fitted.table[0, : fitted.count[0]], np.diff(panel.quantity[0]))


def test_errors_older_than_the_memory_are_forgotten() -> None:
    demand = np.tile(np.arange(7), 100)
    demand[10] = 500
    panel = panel_of(demand, "D")
    fitted = SeasonalNaive().fit(panel, context_of(panel))
    assert fitted.count[0] == 364
    assert (fitted.table == 0).all()


@pytest.mark.parametrize("frequency", ["D", "W-MON", "MS"])
def test_the_level_is_the_mean_of_the_newest_known_window(frequency: str) -> None:
    """28 days, 13 weeks or 6 months of known periods, seasons taken out; errors are relative to four of them."""
    rng = np.random.default_rng(1)
    window = WINDOW[frequency]
    demand = rng.poisson(9, (3, 150)).astype(float)
    status = rng.choice([0, 0, 0, CellStatus.OUT_OF_STOCK], size=demand.shape)
    panel = panel_of(demand, frequency, status=status)
    places = panel.calendar.frequency.periods_per_year
    context = context_of(panel, rng.uniform(0.5, 1.5, places))
    fitted = MovingAverage().fit(panel, context)
    for i in range(3):
        values = (demand[i] / context.past()[0].astype(float))[status[i] == 0]
        assert fitted.level[i] == pytest.approx(values[-window:].mean(), rel=1e-6)
        remembered = values[-4 * window :]
        ratios = remembered / remembered.mean() - 1
        assert fitted.count[i] == len(remembered)
        np.testing.assert_allclose(fitted.table[i, : fitted.count[i]], ratios, atol=1e-5)
        assert fitted.level_sd[i] == pytest.approx(ratios.std() / np.sqrt(window), rel=1e-5)


def test_paths_of_a_moving_average_have_its_mean_in_season_and_the_spread_of_the_past() -> None:
    """20,000 draws against level x factor and the variance of (level factor) x (1 + ratio), within standard errors."""
    demand = np.tile([2.5, 4.5, 9.5, 0.5], 30)
    panel = panel_of(demand, "MS")
    context = context_of(panel, np.linspace(0.6, 1.4, 12))
    fitted = MovingAverage().fit(panel, context)
    paths = fitted.paths(np.array([0]), panel.stream_keys(0), 12, 20_000)[0]
    ratio_variance = float((fitted.table[0, : fitted.count[0]].astype(float) ** 2).mean())
    spread = (1 + ratio_variance) * np.exp(fitted.level_sd[0] ** 2) - 1
    for h, factor in enumerate(context.future(12)[0]):
        mean = fitted.level[0] * factor
        assert paths[:, h].mean() == pytest.approx(mean, abs=4 * mean * np.sqrt(spread / 20_000))
        assert paths[:, h].std() == pytest.approx(mean * np.sqrt(spread), rel=0.05)


def test_ratios_have_mean_zero_and_a_standard_error_that_falls_with_the_evidence() -> None:
    values = np.array([[1.0, 2, 6, 0], [5, 5, 5, 5], [0, 0, 0, 0], [100, 0, 0, 0]])
    count = np.array([3, 4, 4, 4])
    level = np.array([3.0, 5, 0, 25])
    _, scale, feedback, sd, table, alive = mean_ratios(values, count, level, count)
    np.testing.assert_allclose(table[0], [1 / 3 - 1, 2 / 3 - 1, 1, 0], atol=1e-6)
    assert sd[0] == pytest.approx(np.std([1, 2, 6]) / 3 / np.sqrt(3))
    assert sd[1] == 0
    assert sd[3] == 0.5  # no less than half is believed
    np.testing.assert_array_equal(alive, [3, 4, 0, 4])
    assert not scale.any()
    assert not feedback.any()
