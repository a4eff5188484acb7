"""The classic smoothing methods of the zoo: what they fall back to, how they follow, what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models import model_named
from forecasting.models.exponential import NaturalSmoothing, natural_season
from forecasting.models.protocol import Expects, Follows
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import context_of, panel_of

METHODS = [
    "naive",
    "ses",
    "holt",
    "damped",
    "holt_winters",
    "holt_winters_multiplicative",
    "theta",
    "combined_smoothing",
]
ROW = np.array([0])


def seasonal(periods: int, zeros: bool = False) -> DemandPanel:
    rng = np.random.default_rng(0)
    rate = 30 + 0.1 * np.arange(periods) + 10 * np.sin(2 * np.pi * np.arange(periods) / 7)
    demand = rng.poisson(rate) + 1
    demand[3] *= not zeros
    return panel_of(demand, "D")


def fallback(name: str, panel: DemandPanel) -> str:
    return str(NaturalSmoothing(name).fit(panel, context_of(panel)).parameters()["fallback"][0])


@pytest.mark.parametrize(("frequency", "season"), [("D", 7), ("W-WED", 52), ("MS", 12)])
def test_the_season_is_the_natural_one(frequency: str, season: int) -> None:
    assert natural_season(panel_of([1.0], frequency).calendar.frequency) == season


def test_a_series_takes_the_simpler_method_that_its_evidence_allows() -> None:
    assert fallback("holt_winters_multiplicative", seasonal(50)) == ""
    assert fallback("holt_winters_multiplicative", seasonal(50, zeros=True)) == "holt_winters"
    assert fallback("holt_winters_multiplicative", seasonal(13)) == "damped"
    assert fallback("holt_winters", seasonal(14)) == ""
    assert fallback("holt_winters", seasonal(13)) == "damped"
    assert fallback("holt", seasonal(5)) == "ses"
    assert fallback("damped", seasonal(6)) == ""
    assert fallback("holt_winters", seasonal(5)) == "ses"
    assert fallback("ses", panel_of([3.0, 4], status=CellStatus.MISSING)) == "no evidence"


@pytest.mark.parametrize("name", METHODS[1:])  # a random walk comes near zero within ten steps
def test_the_mean_of_paths_is_near_the_point_forecast(name: str) -> None:
    """Far from zero and the ceiling the recursions are linear in the errors, which have mean 0."""
    panel = seasonal(210)
    fitted = model_named(name).fit(panel, context_of(panel))
    assert isinstance(fitted, Expects)
    paths = fitted.paths(ROW, panel.stream_keys(0), 10, 20_000)[0]
    error = 5 * paths.std(axis=0) / np.sqrt(20_000)
    slack = 0.03 * 30 if name == "combined_smoothing" else 0.0  # a mean of logarithms is no mean
    assert (np.abs(paths.mean(axis=0) - fitted.expected(ROW, 10)[0]) <= error + slack).all()


@pytest.mark.parametrize("name", METHODS)
def test_states_follow_a_longer_history_with_the_parameters_as_they_were(name: str) -> None:
    """Followed by nothing: the same. Followed by more: the forecast moves, the weights do not."""
    panel = seasonal(150)
    start = panel_of(panel.quantity[:, :120], "D")
    fitted = model_named(name).fit(start, context_of(start))
    assert isinstance(fitted, Follows)
    same = fitted.follow(start, context_of(start))
    np.testing.assert_array_equal(same.expected(ROW, 9), fitted.expected(ROW, 9))
    longer = fitted.follow(panel, context_of(panel))
    assert (longer.expected(ROW, 9) != fitted.expected(ROW, 9)).any()
    if name != "combined_smoothing":
        assert longer.parameters()["smoothing"][0] == fitted.parameters()["smoothing"][0]
    with pytest.raises(ValueError, match="longer history of the same series"):
        longer.follow(start, context_of(start))


def test_the_naive_forecast_is_the_last_known_value_and_its_errors_are_the_changes() -> None:
    panel = panel_of([2.0, 5, 99, 4, 99], status=[0, 0, 1, 0, 4])
    fitted = model_named("naive").fit(panel, context_of(panel))
    np.testing.assert_array_equal(fitted.expected(ROW, 3), [[4, 4, 4]])
    np.testing.assert_allclose(fitted.table[0, :3], np.array([0, 3, -1]) - 2 / 3, rtol=1e-6)


def test_a_steep_trend_ends_at_the_ceiling_and_within_its_reach() -> None:
    """Nine times steeper at the end: never more than ten times the largest, and no further than was seen."""
    panel = panel_of(2.0 ** np.arange(12))
    fitted = model_named("holt").fit(panel, context_of(panel))
    far = fitted.expected(ROW, 400)[0]
    assert far.max() <= 10 * 2.0**11
    np.testing.assert_array_equal(far[12:], far[11])
    assert fitted.paths(ROW, panel.stream_keys(0), 400, 50).max() <= 10 * 2.0**11
