"""The classic exponential smoothing methods, each series by itself, on the periods as they were observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import Frequency
from forecasting.kernels.factor_candidates import fit_trend_and_factors
from forecasting.kernels.level_candidates import fit_level_weight
from forecasting.kernels.recursions import ADDITIVE, MULTIPLICATIVE
from forecasting.kernels.trend_refinement import fit_trend_and_season
from forecasting.models.protocol import FitContext
from forecasting.models.recursive import RecursionFit, RecursionPaths
from forecasting.panel import DemandPanel

__all__ = ["Naive", "NaturalSmoothing", "fit_recursion", "natural_season"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Least and largest damping of the trend (Hyndman and Athanasopoulos 2021, Forecasting: Principles and Practice, 8.2).
DAMPED: Final = (0.8, 0.98)
_UNDAMPED: Final = (1.0, 1.0)
# A trend needs that many observed periods, a season two rounds.
_TREND_NEEDS = 6
# The least level of a multiplicative recursion, as a share of the mean.
_LEAST_LEVEL = 0.01
# Seasons of the kernels come in blocks; without a season the shortest is used and stays zero.
_NO_SEASON = 4
_SIMPLER: Final = {
    "holt_winters_multiplicative": "holt_winters",
    "holt_winters": "damped",
    "damped": "ses",
    "holt": "ses",
}


def natural_season(frequency: Frequency) -> int:
    """The periods after which demand repeats itself: 7 days, 52 weeks, 12 months."""
    return 7 if frequency.code == "D" else frequency.periods_per_year


@dataclass(frozen=True)
class Naive:
    """The last observed period goes on; its past changes are drawn: a random walk."""

    name: str = "naive"

    def fit(self, panel: DemandPanel, context: FitContext) -> RecursionPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        n = len(panel)
        known = panel.observed
        some = known.any(axis=1)
        start = np.zeros((n, 3))
        start[some, 0] = panel.quantity[some, known[some].argmax(axis=1)]
        fit = RecursionFit(
            np.full(n, ADDITIVE, dtype=np.int64),
            np.tile([1.0, 0.0, 0.0, 1.0], (n, 1)),
            start,
            np.full(n, -np.inf),
            np.where(some, "", "no evidence"),
        )
        return RecursionPaths.along(panel, context, fit)


@dataclass(frozen=True)
class NaturalSmoothing:
    """Exponential smoothing of level, trend and season with parameters of least squared one-step error.

    The season is the frequency's natural one: 7 days, 52 weeks, 12 months. Where there is too little evidence a series
    takes a simpler method, named in the column ``fallback`` of its parameters: ``holt_winters_multiplicative`` becomes
    ``holt_winters`` where an observed quantity is not above 0; with fewer than two seasons of observed periods a
    season becomes ``damped``; with fewer than six observed periods a trend becomes ``ses``.

    Parameters
    ----------
    name : ses, holt, damped, holt_winters or holt_winters_multiplicative.

    References
    ----------
    Holt (1957), reprinted in International Journal of Forecasting 20 (2004), 5-10; Winters (1960), Management Science
    6, 324-342; Gardner and McKenzie (1985), ibid. 31, 1237-1246. Hyndman and Athanasopoulos (2021), Forecasting:
    Principles and Practice, ch. 8.
    """

    name: str

    def fit(self, panel: DemandPanel, context: FitContext) -> RecursionPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        return RecursionPaths.along(panel, context, fit_recursion(panel, self.name))


def fit_recursion(panel: DemandPanel, name: str) -> RecursionFit:
    """Fit every series with the named method, or the simpler one that its evidence allows."""
    n = len(panel)
    season = natural_season(panel.calendar.frequency) if name.startswith("holt_winters") else _NO_SEASON
    taken = _affordable(panel, name, season)
    fit = RecursionFit(
        np.full(n, ADDITIVE, dtype=np.int64),
        np.tile([0.0, 0.0, 0.0, 1.0], (n, 1)),
        np.zeros((n, 2 + season)),
        np.full(n, -np.inf),
        np.where(taken == name, "", taken),
    )
    for method in np.unique(taken):
        rows = np.flatnonzero(taken == method)
        if method != "no evidence":
            _fit_rows(panel.take(rows), str(method), rows, fit)
    return fit


def _affordable(panel: DemandPanel, name: str, season: int) -> npt.NDArray[np.str_]:
    """The method that each series' evidence allows."""
    known = panel.observed
    observed = known.sum(axis=1)
    positive = (~known | (panel.quantity > 0)).all(axis=1)
    seasonal = observed >= 2 * season
    taken = np.full(len(panel), name, dtype="U32")
    for method, allowed in (
        ("holt_winters_multiplicative", positive),
        ("holt_winters", seasonal),
        ("damped", observed >= _TREND_NEEDS),
        ("holt", observed >= _TREND_NEEDS),
        ("ses", observed >= 1),
    ):
        taken[(taken == method) & ~allowed] = _SIMPLER.get(method, "no evidence")
        if method == "holt_winters_multiplicative":
            taken[(taken == method) & ~seasonal] = "damped"
    return taken


def _fit_rows(panel: DemandPanel, method: str, rows: npt.NDArray[np.int64], fit: RecursionFit) -> None:
    """Fit the series of ``panel`` and write the results to ``rows`` of ``fit``."""
    n = len(panel)
    damping = np.array(DAMPED if method == "damped" else _UNDAMPED)
    parameters = np.zeros((n, 4))
    if method == "ses":
        weight, level = np.zeros(n), np.zeros(n)
        one = np.ones((n, 1))
        fit_level_weight(panel.quantity, panel.status, 0.0 * one, one, np.zeros(n), weight, level)
        fit.parameters[rows, 0], fit.start[rows, 0] = weight, level
        return
    seasonal = method in ("holt_winters", "holt_winters_multiplicative")
    start = np.zeros((n, fit.start.shape[1] if seasonal else 2 + _NO_SEASON))
    if method == "holt_winters_multiplicative":
        known = panel.observed
        mean = np.where(known, panel.quantity, 0.0).sum(axis=1) / known.sum(axis=1)
        fit.kind[rows], fit.floor[rows] = MULTIPLICATIVE, _LEAST_LEVEL * mean
        fit_trend_and_factors(panel.quantity, panel.status, damping, _LEAST_LEVEL * mean, parameters, start)
    else:
        fit_trend_and_season(panel.quantity, panel.status, seasonal, damping, parameters, start)
    fit.parameters[rows] = parameters
    fit.start[rows, : start.shape[1] if seasonal else 2] = start if seasonal else start[:, :2]
