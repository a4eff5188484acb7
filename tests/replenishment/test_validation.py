"""Every refusal names the parameter, its value and the allowed range."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.validation import as_floats, checked, checked_choice, checked_total, checked_whole


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (-1.0, "(0, inf)"),
        (0.0, "(0, inf)"),
        (np.inf, "(0, inf)"),
        (np.nan, "[0, inf)"),
        (1.0, "(0, 1)"),
        (0.0, "(0, 1)"),
        (1.5, "[0, 1]"),
        (-np.inf, "(-inf, inf)"),
    ],
)
def test_a_value_outside_is_refused_with_its_name_value_and_range(value: float, allowed: str) -> None:
    with pytest.raises(ValueError, match="holding_cost is") as caught:
        checked("holding_cost", value, allowed)
    assert f"{value:g}" in str(caught.value)
    assert allowed in str(caught.value)


def test_a_percentage_gets_a_hint() -> None:
    with pytest.raises(ValueError, match=r"write 0\.95 for 95 %"):
        checked("target", 95, "(0, 1)")


def test_an_array_names_the_place_of_its_first_offender() -> None:
    with pytest.raises(ValueError, match=r"demand\[1, 0\] is -3"):
        checked("demand", [[1.0, 2.0], [-3.0, np.nan]], "[0, inf)")


@pytest.mark.parametrize("value", ["twelve", None, [1, "x"]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must"):
        checked("demand", value, "[0, inf)")  # type: ignore[arg-type]


def test_values_inside_come_back_as_float64_in_their_shape() -> None:
    assert isinstance(checked("x", 3, "[0, inf)"), float)
    assert checked("x", [[1, 2]], "[0, inf)").shape == (1, 2)
    assert checked("x", np.inf, "(0, inf]") == np.inf
    assert as_floats([1, 2]).dtype == np.float64


@pytest.mark.parametrize("value", [1.5, -1, np.nan])
def test_whole_numbers_are_whole_and_in_range(value: float) -> None:
    with pytest.raises(ValueError, match="periods is"):
        checked_whole("periods", value, "[0, inf)")
    assert checked_whole("periods", 3.0, "[0, inf)") == 3


def test_words_and_probabilities() -> None:
    with pytest.raises(ValueError, match="measure is 'fil_rate'; it must be one of fill_rate, ready_rate"):
        checked_choice("measure", "fil_rate", ("fill_rate", "ready_rate"))
    with pytest.raises(ValueError, match=r"weights adds up to 0\.9"):
        checked_total("weights", [0.5, 0.4])
    assert checked_total("weights", [0.25, 0.75]).sum() == 1.0
