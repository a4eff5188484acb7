"""How good a forecast was: points, quantiles, calibration, and what it added to a naive one.

Conventions of all: an error is forecast - actual, so that a positive bias is a forecast too high. A cell whose actual
is NaN was not observed and is left out; a forecast that is NaN where something was observed makes the result NaN. What
is not defined (a scale of 0, no demand at all) is NaN, never 0 and never infinite; ``average`` leaves NaN out and says
how many.
"""

from __future__ import annotations

from forecasting.metrics.calibration import (
    calibration_curve,
    expected_coverage,
    lead_time_probabilities,
    pit_histogram,
    randomised_pit,
)
from forecasting.metrics.point import (
    Average,
    average,
    bias,
    mase,
    naive_scale,
    owa,
    relative_bias,
    rmsse,
    smape,
    tracking_signal,
    wape,
    wrmsse,
)
from forecasting.metrics.quantile import (
    crps,
    interval_score,
    lead_time_crps,
    lead_time_pinball,
    msis,
    pinball,
    scaled_pinball,
    scaled_quantile_loss,
    wspl,
)
from forecasting.metrics.value import clustered_se, forecast_value_added

__all__ = [
    "Average",
    "average",
    "bias",
    "calibration_curve",
    "clustered_se",
    "crps",
    "expected_coverage",
    "forecast_value_added",
    "interval_score",
    "lead_time_crps",
    "lead_time_pinball",
    "lead_time_probabilities",
    "mase",
    "msis",
    "naive_scale",
    "owa",
    "pinball",
    "pit_histogram",
    "randomised_pit",
    "relative_bias",
    "rmsse",
    "scaled_pinball",
    "scaled_quantile_loss",
    "smape",
    "tracking_signal",
    "wape",
    "wrmsse",
    "wspl",
]
