"""Which model, and the reason that is shown for it."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.calendars import Frequency
from forecasting.choice import choose_models
from forecasting.models import model_names
from forecasting.segments import CLASSES, DemandSummary


def summary_of(observed: list[float], demands: list[float]) -> DemandSummary:
    number, nothing = np.array(observed), np.zeros(len(observed))
    index = nothing.astype(np.int64)
    return DemandSummary(number, np.array(demands), nothing, nothing, nothing, nothing, index, index)


def choose(wanted: str, kind: str, observed: float = 1000, demands: float = 500, code: str = "D") -> tuple[str, str]:
    names, reasons = choose_models([wanted], np.array([kind]), summary_of([observed], [demands]), Frequency(code))
    return names[0], reasons[0]


@pytest.mark.parametrize(
    ("kind", "model", "reason"),
    [
        ("smooth", "exponential_smoothing", "often and evenly"),
        ("erratic", "exponential_smoothing", "often in uneven sizes"),
        ("intermittent", "sba", "rarely in even sizes"),
        ("lumpy", "bootstrap", "rarely in uneven sizes"),
        ("no demand", "bootstrap", "forecast is zero"),
    ],
)
def test_every_class_has_a_model_and_a_reason(kind: str, model: str, reason: str) -> None:
    assert kind in CLASSES
    name, why = choose("auto", kind)
    assert name == model
    assert reason in why
    assert name in model_names()


@pytest.mark.parametrize(("code", "enough"), [("D", 56), ("W-MON", 13), ("W-SUN", 13), ("MS", 6)])
def test_a_short_history_gets_a_mean_and_the_number_of_its_periods(code: str, enough: int) -> None:
    assert choose("auto", "smooth", enough, 3, code)[0] == "exponential_smoothing"
    name, why = choose("auto", "smooth", enough - 1, 3, code)
    assert name == "moving_average"
    assert f"only {enough - 1} observed periods" in why


def test_a_short_history_without_demand_is_no_demand() -> None:
    assert choose("auto", "no demand", 3, 0) == choose("auto", "no demand", 1000, 0)


@pytest.mark.parametrize("model", model_names())
def test_configuration_wins_over_class_and_length_of_history(model: str) -> None:
    assert choose(model, "lumpy", 2, 1) == (model, "set by configuration")


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no model 'prophet'; known are auto, seasonal_naive, .*sba"):
        choose("prophet", "smooth")


def test_each_series_is_chosen_for_by_itself() -> None:
    names, reasons = choose_models(
        ["auto", "bootstrap", "auto"],
        np.array(["smooth", "smooth", "smooth"]),
        summary_of([100, 100, 5], [50, 50, 5]),
        Frequency("W-MON"),
    )
    assert names == ["exponential_smoothing", "bootstrap", "moving_average"]
    assert len(set(reasons)) == 3
