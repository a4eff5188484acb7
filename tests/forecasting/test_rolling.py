"""Smoothing states at many origins: the same as a refit at each."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.panel import DemandPanel
from forecasting.rolling import rolling_states
from tests.forecasting.panels import panel_of

ORIGINS = [0, 10, 20, 60, 90, 100]


def shop() -> DemandPanel:
    rng = np.random.default_rng(0)
    rate = 5 + 4 * np.sin(2 * np.pi * np.arange(100) / 7)
    status = rng.choice([0, 0, 0, 0, 1], size=(5, 100))
    status[0] = 4
    return panel_of(rng.poisson(rate, (5, 100)), "D", status=status)


@pytest.mark.parametrize("method", ["ses", "damped_holt_winters"])
def test_every_origin_is_a_refit_on_what_was_known(method: str) -> None:
    """Cut off at the origin, the panel gives the same parameters, states and forecasts."""
    panel = shop()
    rolled = rolling_states(panel, ORIGINS, method)
    for j, origin in enumerate(ORIGINS):
        known = panel_of(panel.quantity[:, :origin], "D", status=panel.status[:, :origin])
        alone = rolling_states(known, [origin], method)
        np.testing.assert_array_equal(alone.parameters[:, 0], rolled.parameters[:, j])
        np.testing.assert_allclose(alone.state[:, 0], rolled.state[:, j], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(alone.expected(9)[:, 0], rolled.expected(9)[:, j], rtol=1e-5, atol=1e-6)


def test_too_short_a_past_has_the_level_alone_and_none_at_all_nothing() -> None:
    panel = shop()
    rolled, level = rolling_states(panel, ORIGINS), rolling_states(panel, ORIGINS, "ses")
    assert (rolled.parameters[1:, 3:, 2] > 0).any()
    assert (rolled.state[:, 1, 1:] == 0).all()
    np.testing.assert_array_equal(rolled.state[:, 1, 0], level.state[:, 1, 0])
    assert (rolled.expected(5)[0] == 0).all()
    assert (rolled.expected(5)[:, 0] == 0).all()


def test_a_weekly_rhythm_is_continued_from_every_origin() -> None:
    """Of a season without noise the forecast errs by less than a hundredth of its swing."""
    wave = 20 + 8 * np.sin(2 * np.pi * np.arange(400) / 7)
    forecast = rolling_states(panel_of(wave, "D"), [200, 301, 350]).expected(14)[0]
    for j, origin in enumerate((200, 301, 350)):
        np.testing.assert_allclose(forecast[j], wave[origin : origin + 14], atol=0.08)


def test_origins_must_ascend_within_the_history_and_methods_be_known() -> None:
    with pytest.raises(ValueError, match=r"must ascend within 0 \.\.\. 100"):
        rolling_states(shop(), [50, 40])
    with pytest.raises(ValueError, match=r"must ascend within 0 \.\.\. 100"):
        rolling_states(shop(), [101])
    with pytest.raises(ValueError, match="must be ses or damped_holt_winters"):
        rolling_states(shop(), [50], "arima")  # type: ignore[arg-type]
