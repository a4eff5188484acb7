"""The Theta method against statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel, ThetaModelResults
from statsmodels.tsa.seasonal import seasonal_decompose

from forecasting.models.theta import Theta, classical_season, has_season, straight_slope
from tests.forecasting.panels import context_of, panel_of


def monthly(seed: int, seasonal: bool, periods: int = 90) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factor = 1 + 0.4 * np.sin(2 * np.pi * np.arange(periods) / 12) * seasonal
    return np.float32((80 + 0.6 * np.arange(periods) + np.cumsum(rng.normal(0, 2, periods))) * factor).astype(float)


@pytest.mark.parametrize("seasonal", [True, False])
def test_forecasts_are_those_of_statsmodels_with_the_same_weight(seasonal: bool) -> None:
    """Its decomposition, its slope and its formula, given our smoothing weight and level."""
    values = monthly(0, seasonal)
    panel = panel_of(values, "MS")
    fitted = Theta().fit(panel, context_of(panel))
    alpha, start = fitted.fit.parameters[0, 0], fitted.fit.start[0]
    assert (fitted.fit.kind[0] == 1) == seasonal
    model = ThetaModel(pd.Series(values), period=12, deseasonalize=seasonal, use_test=False, method="mul")
    free = model.fit()
    factors = np.ones(90) if not seasonal else np.resize(free._seasonal, 90)
    plain = values / factors
    # The level of plain smoothing: its start is ours, without the drift that ours carries along.
    level = start[0] + start[1]
    drift = 0.5 * free.params["b0"]
    for value in plain:
        level += alpha * (value - level)
    # Plain smoothing from the start s is drifting smoothing from s - drift (Hyndman and Billah 2003, eq. 5).
    theirs = ThetaModelResults(
        free.params["b0"], alpha, 1.0, np.array([level]), free._seasonal if seasonal else np.empty(0), False, model
    )
    assert start[1] == pytest.approx(drift, rel=1e-5)
    np.testing.assert_allclose(fitted.expected(np.array([0]), 18)[0], theirs.forecast(18), rtol=1e-5)


@pytest.mark.parametrize("multiplicative", [True, False])
@pytest.mark.parametrize("season", [7, 12])
def test_the_decomposition_is_that_of_statsmodels(multiplicative: bool, season: int) -> None:
    values = np.random.default_rng(1).uniform(5, 15, (3, 61))
    mine = classical_season(values, np.ones(values.shape, bool), season, multiplicative=multiplicative)
    for i in range(3):
        theirs = seasonal_decompose(values[i], "mul" if multiplicative else "add", period=season).seasonal
        np.testing.assert_allclose(mine[i], theirs[:season], rtol=1e-9, atol=1e-9)


def test_slopes_are_least_squares_over_the_known_cells() -> None:
    rng = np.random.default_rng(2)
    values, known = rng.normal(0, 9, (4, 40)), rng.random((4, 40)) < 0.6
    known[3] = False
    slopes = straight_slope(np.where(known, values, 0.0), known)
    for i in range(3):
        assert slopes[i] == pytest.approx(np.polyfit(np.flatnonzero(known[i]), values[i, known[i]], 1)[0])
    assert slopes[3] == 0


def test_a_season_is_seen_where_there_is_one() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, (200, 96))
    wave = noise + 2 * np.sin(2 * np.pi * np.arange(96) / 12)
    known = np.ones(noise.shape, bool)
    assert has_season(wave, known, 12).all()
    assert 0.02 < has_season(noise, known, 12).mean() < 0.2
    assert not has_season(wave[:, :23], known[:, :23], 12).any()


def test_a_short_history_is_smoothed_without_a_line_and_says_so() -> None:
    panel = panel_of([[3.0, 9, 4]], "MS")
    shown = Theta().fit(panel, context_of(panel)).parameters()
    assert shown["fallback"][0] == "ses"
    assert shown["trend"][0] == 0
