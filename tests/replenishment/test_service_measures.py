"""Targets are read as tolerable shortfalls, and impossible ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.service_measures import MEASURES, ServiceMeasures, allowed_shortfall
from replenishment.validation import as_floats


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("target", [1.0, 0.0, -0.1, 95.0, np.nan])
def test_impossible_targets_are_refused(measure: str, target: float) -> None:
    if measure == "expected_backorders" and target > 0:
        assert allowed_shortfall(measure, target) == target
        return
    with pytest.raises(ValueError, match="target is"):
        allowed_shortfall(measure, target)


def test_more_service_is_less_shortfall() -> None:
    assert allowed_shortfall("fill_rate", 0.98) == pytest.approx(0.02)
    assert allowed_shortfall("backorder_rate", [0.02, 0.05]) == pytest.approx([0.02, 0.05])
    assert allowed_shortfall("expected_backorders", 3.0) == 3.0
    with pytest.raises(ValueError, match="measure is 'service'"):
        allowed_shortfall("service", 0.95)


def test_the_wait_of_those_who_wait() -> None:
    numbers = [as_floats(x) for x in (0.9, 0.8, 0.8, 0.85, 0.4, 3.0, 1.0, 0.2)]
    assert ServiceMeasures(*numbers).mean_wait_of_backordered == pytest.approx(1.0)
    assert ServiceMeasures(*numbers).backorder_rate == pytest.approx(0.2)
    always = [as_floats(x) for x in (1, 1, 1, 1, 0, 3, 1, 0)]
    assert np.isnan(ServiceMeasures(*always).mean_wait_of_backordered)
