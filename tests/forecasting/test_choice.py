"""Which model, and the reason that is shown for it."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.calendars import Frequency
from forecasting.choice import COMBINATION, NEWCOMERS, choose_models
from forecasting.models import model_names
from forecasting.segments import DemandSummary


def summary_of(observed: list[float], demands: list[float]) -> DemandSummary:
    number, nothing = np.array(observed), np.zeros(len(observed))
    index = nothing.astype(np.int64)
    return DemandSummary(number, np.array(demands), nothing, nothing, nothing, nothing, index, index)


def choose(wanted: str, observed: float = 1000, demands: float = 500, code: str = "D") -> tuple[str, str]:
    names, reasons = choose_models([wanted], summary_of([observed], [demands]), Frequency(code))
    return names[0], reasons[0]


@pytest.mark.parametrize("wanted", ["auto", COMBINATION])
def test_demand_and_history_enough_get_the_combination(wanted: str) -> None:
    """Its reason is known only when the weights are."""
    assert choose(wanted) == (COMBINATION, "")
    assert choose(wanted, demands=1) == (COMBINATION, "")


@pytest.mark.parametrize("wanted", ["auto", COMBINATION])
@pytest.mark.parametrize("observed", [0, 3, 1000])
def test_series_that_never_had_demand_take_what_their_category_did(wanted: str, observed: float) -> None:
    name, why = choose(wanted, observed, 0)
    assert name == NEWCOMERS
    assert name in model_names()
    assert "nothing was demanded" in why


@pytest.mark.parametrize(("code", "enough"), [("D", 56), ("W-MON", 13), ("W-SUN", 13), ("MS", 6)])
def test_a_short_history_gets_a_mean_and_the_number_of_its_periods(code: str, enough: int) -> None:
    assert choose("auto", enough, 3, code)[0] == COMBINATION
    name, why = choose("auto", enough - 1, 3, code)
    assert name == "moving_average"
    assert f"only {enough - 1} observed periods" in why


@pytest.mark.parametrize("model", model_names())
@pytest.mark.parametrize("demands", [0, 1])
def test_configuration_wins_over_demand_and_length_of_history(model: str, demands: int) -> None:
    assert choose(model, 2, demands) == (model, "set by configuration")


def test_the_combination_may_be_asked_for_where_history_is_short() -> None:
    assert choose(COMBINATION, 5, 5)[0] == COMBINATION


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no model 'prophet'; known are auto, seasonal_naive, .*sba"):
        choose("prophet")


def test_a_model_of_ones_own_is_known_by_its_name_alone() -> None:
    summary, frequency = summary_of([100, 100], [50, 0]), Frequency("D")
    names, reasons = choose_models(["mine", "mine"], summary, frequency, own=["mine"])
    assert (names, set(reasons)) == (["mine", "mine"], {"set by configuration"})
    with pytest.raises(ValueError, match="no model 'mine'"):
        choose_models(["mine", "mine"], summary, frequency, own=["yours"])


def test_each_series_is_chosen_for_by_itself() -> None:
    names, reasons = choose_models(
        ["auto", "bootstrap", "auto", "auto"], summary_of([100, 100, 5, 100], [50, 50, 5, 0]), Frequency("W-MON")
    )
    assert names == [COMBINATION, "bootstrap", "moving_average", NEWCOMERS]
    assert len(set(reasons)) == 4
