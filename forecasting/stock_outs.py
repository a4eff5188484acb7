"""What would have been demanded while there was nothing to sell: an estimate to look at, never evidence.

A period without stock stays censored in the panel, whatever is estimated here: models see what was observed once,
and not again through its estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammainc, gammaincc

from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import PooledSeasonality
from forecasting.segments import DemandSummary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METHODS", "estimate_stock_outs", "expected_beyond", "neighbouring_level"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

METHODS: Final = (
    "level of the observed neighbours x season, given what was sold",
    "nothing observed: only what was sold is known",
)
# Neighbours count by this factor less for each usual interval between demands that lies between, by frequency; beside
# them the series' own mean counts like one neighbour. Measured on observed periods that were hidden in blocks of three.
DECAY: Final = {"MS": 0.7}
_USUAL_DECAY: Final = 0.8
MEAN_COUNTS: Final = 1.0
_SERIES_AT_ONCE: Final = 1024


def estimate_stock_outs(panel: DemandPanel, summary: DemandSummary, season: PooledSeasonality) -> pd.DataFrame:
    """Estimate the demand of every period out of stock.

    The level is that of the observed periods around it (before and after), times the season; the expected demand given
    that at least what was sold was demanded follows from a negative binomial distribution (a gamma where quantities
    are not whole) with that mean and the series' own variance in proportion. It is never below what was sold.

    Parameters
    ----------
    panel : n series, cleaned. summary, season : of the same panel.

    Returns
    -------
    frame : sku, location, date, sold, estimated_demand (units a period), method (one of ``METHODS``); one row a cell
        out of stock, in the order of the panel.
    """
    import pandas as pd

    rows, periods = np.nonzero(panel.status == CellStatus.OUT_OF_STOCK)
    sold = panel.quantity[rows, periods].astype(np.float64)
    factors = season.factors(0, panel.calendar.periods).astype(np.float64)
    mean = np.zeros(len(rows))
    touched = np.unique(rows)
    usual = DECAY.get(panel.calendar.frequency.code, _USUAL_DECAY)
    decay = usual ** (np.maximum(summary.demands, 1.0) / np.maximum(summary.observed, 1.0))
    for first in range(0, len(touched), _SERIES_AT_ONCE):
        part = touched[first : first + _SERIES_AT_ONCE]
        factor = factors[season.profile[part]]
        level = neighbouring_level(panel.quantity[part] / factor, panel.observed[part], decay[part])
        here = np.flatnonzero((rows >= part[0]) & (rows <= part[-1]))
        at = np.searchsorted(part, rows[here])
        mean[here] = level[at, periods[here]] * factor[at, periods[here]]
    unknown = summary.observed[rows] == 0
    # Variance in proportion to the mean, as the series shows it over all its observed periods.
    ratio = summary.variance / np.maximum(summary.mean, 1e-12)
    whole = panel.integral
    estimate = np.where(unknown, sold, expected_beyond(sold, mean, ratio[rows], whole[rows]))
    names = np.array(panel.skus, dtype=object), np.array(panel.locations, dtype=object)
    return pd.DataFrame(
        {
            "sku": names[0][rows],
            "location": names[1][rows],
            "date": panel.calendar.dates[periods].astype("datetime64[s]"),
            "sold": sold,
            "estimated_demand": estimate,
            "method": np.where(unknown, METHODS[1], METHODS[0]).astype(object),
        }
    )


def neighbouring_level(quantity: npt.NDArray[np.generic], known: Flags, decay: Floats) -> Floats:
    """Mean of the known periods on both sides, each counting ``decay`` (n,) to the power of its distance; (n, T).

    The period itself never counts, so that a known one can be compared with what its neighbours say. The mean of all
    known periods counts like one neighbour more; 0 where nothing is known.
    """
    weight = known.astype(np.float64)
    value = np.where(known, quantity, 0.0).astype(np.float64)
    mean = value.sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    total, count = MEAN_COUNTS * mean + _around(value, decay), MEAN_COUNTS + _around(weight, decay)
    return np.asarray(total / count)


def _around(values: Floats, decay: Floats) -> Floats:
    """Sum of the values before and after each period, discounted by distance."""
    out, before, after = np.zeros_like(values), np.zeros(len(values)), np.zeros(len(values))
    last = values.shape[1] - 1
    for t in range(last):
        before = decay * (before + values[:, t])
        after = decay * (after + values[:, last - t])
        out[:, t + 1] += before
        out[:, last - t - 1] += after
    return out


def expected_beyond(sold: Floats, mean: Floats, ratio: Floats, whole: Flags) -> Floats:
    """E[D | D >= sold] of negative binomial (whole) or gamma demand; all (k,).

    Parameters
    ----------
    sold : units, at least 0. mean : of D. ratio : variance over mean; a whole D with a ratio of 1 at most is Poisson.

    Notes
    -----
    With N(r, p) the negative binomial, E[D; D >= s] = m P(D' >= s - 1) where D' is N(r + 1, p); with G(k) the gamma,
    E[D; D > s] = m P(D' > s) where D' is G(k + 1) (Johnson, Kemp and Kotz 2005, Univariate Discrete Distributions,
    sec. 5.4, and the recursion of the incomplete gamma function). P(N(r, p) >= s) is the incomplete beta function
    I(s, r) at 1 - p, that of a Poisson number the incomplete gamma function P(s, m) (NIST Handbook of Mathematical
    Functions, 8.17.5 and 8.4.10): SciPy's distributions say the same and take half a second to load. Where what was
    sold lies beyond what such a distribution ever shows, what was sold is all that can be said.
    """
    out = np.maximum(sold, mean)
    counted = whole & (mean > 0) & (ratio > 1.0 + 1e-6) & (sold > 0)
    poisson = whole & (mean > 0) & ~counted & (sold > 0)
    smooth = ~whole & (mean > 0) & (ratio > 0) & (sold > 0)
    m, s = mean[counted], np.ceil(sold[counted])
    p, r = 1.0 / ratio[counted], mean[counted] / (ratio[counted] - 1.0)
    reached = _reached(s - 1.0, lambda k: betainc(k, r + 1.0, 1.0 - p))
    reached = _reached(s - 1.0, lambda k: betainc(k, r + 1.0, 1.0 - p))
    out[counted] = _given(m, reached, betainc(s, r, 1.0 - p), s)
    m, s = mean[poisson], np.ceil(sold[poisson])
    out[poisson] = _given(m, _reached(s - 1.0, lambda k: gammainc(k, m)), gammainc(s, m), s)
    m, s, shape = mean[smooth], sold[smooth], mean[smooth] / np.maximum(ratio[smooth], 1e-12)
    scale = m / shape
    out[smooth] = _given(m, gammaincc(shape + 1.0, s / scale), gammaincc(shape, s / scale), s)
    return out


def _reached(least: Floats, chance: Callable[[Floats], Floats]) -> Floats:
    """P(D >= least) of a count: ``chance`` from 1 on, and certain at 0."""
    return np.where(least > 0, chance(np.maximum(least, 1.0)), 1.0)


def _given(mean: Floats, shifted: Floats, beyond: Floats, sold: Floats) -> Floats:
    """Mean times the ratio of two survival functions, at least what was sold."""
    sure = beyond > 1e-280
    return np.maximum(np.where(sure, mean * shifted / np.where(sure, beyond, 1.0), sold), sold)
