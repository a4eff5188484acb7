"""Smoothing states at many origins at once: a refit at each of them costs a single pass over the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from forecasting.kernels.level_candidates import origins_of_level
from forecasting.kernels.recursions import ADDITIVE, point_forecasts
from forecasting.kernels.trend_candidates import origins_of_trend_and_season
from forecasting.models.exponential import DAMPED, natural_season
from forecasting.panel import DemandPanel

__all__ = ["RollingStates", "rolling_states"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RollingStates:
    """Parameters and states of n series at k origins.

    Attributes
    ----------
    origins : int64 (k,) ascending; an origin has seen the periods before it.
    parameters : (n, k, 4) alpha, beta, gamma, phi as in ``forecasting/kernels/recursions.py``; alpha is 0 where there
        was too little to fit.
    state : (n, k, 2 + m) level, trend and m seasons at the origin, units.
    """

    origins: Integers
    parameters: Floats
    state: Floats

    def expected(self, horizon: int) -> npt.NDArray[np.float32]:
        """Return the point forecasts from every origin on; float32 (n, k, horizon), not negative."""
        n, k = self.state.shape[:2]
        out = np.empty((n, k, horizon), dtype=np.float32)
        endless = np.full(n, -np.inf), np.full(n, np.inf), np.full(n, horizon, dtype=np.int64)
        for j, origin in enumerate(self.origins):
            forecast = np.empty((n, horizon), dtype=np.float32)
            state = np.ascontiguousarray(self.state[:, j])
            damping = np.ascontiguousarray(self.parameters[:, j, 3])
            point_forecasts(np.full(n, ADDITIVE, dtype=np.int64), damping, *endless, state, int(origin), forecast)
            out[:, j] = forecast
        return out


def rolling_states(
    panel: DemandPanel,
    origins: Sequence[int] | Integers,
    method: Literal["ses", "damped_holt_winters"] = "damped_holt_winters",
) -> RollingStates:
    """Refit every series at every origin in one sweep.

    Each candidate's running loss is its objective at every origin, so that the best candidate at an origin is the
    one that a fit on the periods before it would choose among the same candidates.

    Parameters
    ----------
    panel : n series. origins : k ascending positions in 0 ... T.
    method : ses (32 weights, the start free), or Holt-Winters with a damped trend and the natural additive season
        (64 combinations, a start from the first three seasons); where fewer than three seasons lie before an origin
        the latter stays at the level of ``ses``.

    Raises
    ------
    ValueError
        Origins that descend or lie outside the history; an unknown method.
    """
    at = np.asarray(origins, dtype=np.int64)
    if at.ndim != 1 or (np.diff(at) < 0).any() or (at < 0).any() or (at > panel.calendar.periods).any():
        raise ValueError(f"origins must ascend within 0 ... {panel.calendar.periods}, got {list(at)}")
    if method not in ("ses", "damped_holt_winters"):
        raise ValueError(f"method is {method!r}; it must be ses or damped_holt_winters")
    n, k = len(panel), len(at)
    season = natural_season(panel.calendar.frequency) if method == "damped_holt_winters" else 1
    parameters, state = np.zeros((n, k, 4)), np.zeros((n, k, 2 + season))
    if method == "damped_holt_winters":
        origins_of_trend_and_season(panel.quantity, panel.status, at, True, np.array(DAMPED), parameters, state)
    unfitted = parameters[:, :, 0] == 0
    if unfitted.any():
        weight, level = np.zeros((n, k)), np.zeros((n, k))
        origins_of_level(panel.quantity, panel.status, at, weight, level)
        parameters[unfitted, 0], parameters[unfitted, 3] = weight[unfitted], 1.0
        state[unfitted, 0] = level[unfitted]
    return RollingStates(at, parameters, state)
