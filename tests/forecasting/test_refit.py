"""Some series fitted anew: as a full fit would where nothing is shared, and nobody else's forecast moves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from tests.forecasting.panels import panel_of


def shop() -> DemandPanel:
    rng = np.random.default_rng(3)
    return panel_of(rng.poisson(np.linspace(0.2, 12, 9)[:, None], (9, 110)))


def changed(panel: DemandPanel, row: int) -> DemandPanel:
    quantity = panel.quantity.copy()
    quantity[row, -6:] += 5
    return replace(panel, quantity=quantity)


@pytest.fixture(scope="module")
def before() -> DemandForecaster:
    return DemandForecaster(seed=2).fit(shop())


def fresh() -> DemandForecaster:
    return DemandForecaster(seed=2).fit(shop())


def test_fitted_anew_to_the_same_demand_every_forecast_is_the_same(before: DemandForecaster) -> None:
    again = fresh()
    assert again.refit(shop(), np.arange(9)).tolist() == list(range(9))
    assert again.paths(7, 60).tobytes() == before.paths(7, 60).tobytes()
    assert again.choice_.equals(before.choice_)


def test_only_the_series_that_changed_has_another_forecast(before: DemandForecaster) -> None:
    now = fresh()
    assert now.refit(changed(shop(), 4), np.array([4])).tolist() == [4]
    paths, old = now.paths(7, 60), before.paths(7, 60)
    others = np.delete(np.arange(9), 4)
    assert paths[others].tobytes() == old[others].tobytes()
    # Five more a week in the last six weeks.
    assert paths[4].mean() > old[4].mean() + 1.0
    assert now.panel_.quantity[4, -1] == shop().quantity[4, -1] + 5
    assert now.blending_.weights.tobytes() == before.blending_.weights.tobytes()


@pytest.mark.parametrize("model", ["ses", "sba", "bootstrap"])
def test_without_anything_shared_it_is_the_full_fit(model: str) -> None:
    panel = changed(shop(), 4)
    full = DemandForecaster(model, seed=2).fit(panel)
    now = DemandForecaster(model, seed=2).fit(shop())
    now.season_ = full.season_
    now.refit(panel, np.array([4]))
    assert now.paths(7, 60)[4].tobytes() == full.paths(7, 60)[4].tobytes()


def test_another_model_for_one_series_is_fitted_to_it(before: DemandForecaster) -> None:
    now = fresh()
    names = ["auto"] * 9
    names[2] = "sba"
    now.refit(shop(), np.array([2]), models=names)
    assert now.choice_["model"].tolist()[2] == "sba"
    assert now.choice_["reason"].tolist()[2] == "set by configuration"
    alone = DemandForecaster("sba", seed=2).fit(shop())
    assert now.paths(7, 60)[2].tobytes() == alone.paths(7, 60)[2].tobytes()
    assert now.paths(7, 60)[3].tobytes() == before.paths(7, 60)[3].tobytes()


def test_a_series_cleaned_otherwise_on_account_of_others_is_fitted_too() -> None:
    """Three that spike together are believed; when one of them changes, the other two are slips."""
    quantity = np.tile(np.array([1.0, 2.0], dtype=np.float32), (4, 55))
    quantity[:3, 60] = 900.0
    panel = panel_of(quantity)
    now = DemandForecaster("ses").fit(panel)
    assert now.panel_.quantity[:3, 60].tolist() == [900.0] * 3
    corrected = panel.quantity.copy()
    corrected[0, 60] = 1.0
    corrected = replace(panel, quantity=corrected)
    assert now.refit(corrected, np.array([0])).tolist() == [0, 1, 2]
    full = DemandForecaster("ses").fit(corrected)
    assert now.panel_.quantity.tobytes() == full.panel_.quantity.tobytes()


def test_other_series_or_periods_are_refused() -> None:
    now = DemandForecaster("ses").fit(shop())
    for other in (shop().take(slice(0, 8)), shop().until(dt.date(2025, 9, 1))):
        with pytest.raises(ValueError, match="refit needs the same series and periods"):
            now.refit(other, np.array([0]))
