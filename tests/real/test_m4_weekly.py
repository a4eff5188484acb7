"""Weekly series of the M4 competition: point forecasts of the combined smoothing model against Naive2.

The model was chosen on origins 26 and more weeks before the end of the series. Weekly series have no season in the
competition's Naive2, so that it is the naive forecast, and the scale of the errors is that of one-week differences.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from forecasting.models import model_named
from forecasting.models.protocol import Expects
from forecasting.panel import CellStatus
from tests.forecasting.panels import context_of, panel_of
from tests.real.development_data import needs, read

pytestmark = needs("m4_weekly")
HORIZON = 13


def overall_weighted_average(name: str, back: int) -> float:
    """OWA of the 13 weeks that end ``back`` weeks before the end, over series with 80 weeks or more before them."""
    series = [part["value"].to_numpy() for _, part in read("m4_weekly", "series").groupby("series", sort=False)]
    cut = [values[: len(values) - back] for values in series]
    usable = [values for values in cut if len(values) >= 67 + HORIZON]
    periods = max(len(values) for values in usable) - HORIZON
    past = np.zeros((len(usable), periods), dtype=np.float32)
    status = np.full(past.shape, CellStatus.NOT_LAUNCHED, dtype=np.uint8)
    for i, values in enumerate(usable):
        past[i, periods - len(values) + HORIZON :] = values[:-HORIZON]
        status[i, periods - len(values) + HORIZON :] = CellStatus.OBSERVED
    panel = panel_of(past, "W-MON", dt.date(1970, 1, 5), status)
    fitted = model_named(name).fit(panel, context_of(panel))
    assert isinstance(fitted, Expects)
    forecast = fitted.expected(np.arange(len(usable)), HORIZON).astype(np.float64)
    actual = np.array([values[-HORIZON:] for values in usable])
    naive = np.repeat([[values[-HORIZON - 1]] for values in usable], HORIZON, axis=1)
    scale = np.array([np.abs(np.diff(values[:-HORIZON])).mean() for values in usable])

    def scores(guess: np.ndarray) -> np.ndarray:
        symmetric = 2 * np.abs(guess - actual) / (np.abs(guess) + np.abs(actual))
        return np.array([symmetric.mean(), (np.abs(guess - actual).mean(axis=1) / scale).mean()])

    return float((scores(forecast) / scores(naive)).mean())


@pytest.mark.parametrize("back", [13, 26, 39])
def test_earlier_windows_are_forecast_better_than_by_naive2(back: int) -> None:
    assert overall_weighted_average("combined_smoothing", back) < 1.0
