"""Fitted models that are one of the exponential smoothing recursions: parameters, a start, states and past errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.kernels.recursion_paths import sample_recursions
from forecasting.kernels.recursions import point_forecasts, run_states
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys, memory_periods
from forecasting.panel import DemandPanel

__all__ = ["RecursionFit", "RecursionPaths"]

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]

# A forecast is never more than this many times the largest quantity that was observed.
_CEILING = 10.0


@dataclass(frozen=True, eq=False)
class RecursionFit:
    """What a fit decides; the rest follows from the history (``forecasting/kernels/recursions.py``).

    Attributes
    ----------
    kind : int64 (n,) ADDITIVE, SCALED or MULTIPLICATIVE.
    parameters : (n, 4) alpha, beta, gamma, phi.
    start : (n, 2 + m) level, trend and m seasons before the first observed period.
    floor : (n,) least level; minus infinity for none.
    fallback : (n,) name of the simpler method that a series had to take, or "".
    """

    kind: Integers
    parameters: Floats
    start: Floats
    floor: Floats
    fallback: Names


@dataclass(frozen=True, eq=False)
class RecursionPaths:
    """A smoothing recursion at the end of its history; paths draw past one-step errors and the states follow.

    Two clamps keep forecasts from exploding: the trend goes on for no more periods than were seen (``reach``), and
    no value exceeds ten times the largest observed quantity (``ceiling``).

    Attributes
    ----------
    fit : what was decided. first_day, periods : of the history.
    state : (n, 2 + m) after its last period. table : float32 (n, k) past errors; count : (n,) how many are in use.
    loss : (n,) mean squared one-step error over the history, units squared.
    ceiling : (n,) units. reach : int64 (n,) periods. whole : bool (n,).
    """

    fit: RecursionFit
    first_day: int
    periods: int
    state: Floats
    table: Floats32
    count: Integers
    loss: Floats
    ceiling: Floats
    reach: Integers
    whole: npt.NDArray[np.bool_]

    @classmethod
    def along(cls, panel: DemandPanel, context: FitContext, fit: RecursionFit) -> RecursionPaths:
        """Run a fit along a history."""
        n, periods = panel.quantity.shape
        state, loss = fit.start.copy(), np.zeros(n)
        table = np.zeros((n, memory_periods(context)), dtype=np.float32)
        count = np.zeros(n, dtype=np.int64)
        run_states(panel.quantity, panel.status, fit.kind, fit.parameters, fit.floor, state, table, count, loss)
        known = panel.observed
        largest = np.where(known, panel.quantity, 0.0).max(axis=1, initial=0.0)
        reach = np.where(known.any(axis=1), periods - known.argmax(axis=1), 0) if periods else np.zeros(n)
        return cls(
            fit, panel.calendar.first_day, periods, state, table, count, loss,
            _CEILING * largest.astype(np.float64), reach.astype(np.int64), panel.integral,
        )  # fmt: skip

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        sample_recursions(
            keys,
            self.fit.kind[rows],
            self.fit.parameters[rows],
            self.fit.floor[rows],
            self.ceiling[rows],
            self.reach[rows],
            self.state[rows],
            self.periods,
            self.table[rows],
            self.count[rows],
            self.whole[rows],
            out,
        )
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """See :class:`forecasting.models.protocol.Expects`."""
        out = np.empty((len(rows), horizon), dtype=np.float32)
        damping = np.ascontiguousarray(self.fit.parameters[rows, 3])
        clamps = self.fit.floor[rows], self.ceiling[rows], self.reach[rows]
        point_forecasts(self.fit.kind[rows], damping, *clamps, self.state[rows], self.periods, out)
        return out

    def follow(self, panel: DemandPanel, context: FitContext) -> RecursionPaths:
        """See :class:`forecasting.models.protocol.Follows`.

        Raises
        ------
        ValueError
            Another number of series, another first period or a shorter history.
        """
        same = len(panel) == len(self.count) and panel.calendar.first_day == self.first_day
        if not same or panel.calendar.periods < self.periods:
            raise ValueError("states can only be followed along a longer history of the same series")
        return RecursionPaths.along(panel, context, self.fit)

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """States and parameters by name, the clamps, and ``fallback``: the simpler method taken, or ""."""
        alpha, beta, gamma, phi = self.fit.parameters.T
        return {
            "level": self.state[:, 0],
            "trend": self.state[:, 1],
            "smoothing": alpha,
            "trend_smoothing": beta / np.where(alpha > 0, alpha, 1.0),
            "season_smoothing": gamma,
            "damping": phi,
            "mean_squared_error": self.loss,
            "past_values": self.count,
            "ceiling": self.ceiling,
            "reach": self.reach,
            "fallback": self.fit.fallback,
        }
