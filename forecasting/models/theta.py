"""The Theta method: half the slope of a straight line as drift of simple exponential smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.level_candidates import fit_level_weight
from forecasting.kernels.recursions import ADDITIVE, SCALED
from forecasting.models.exponential import natural_season
from forecasting.models.protocol import FitContext
from forecasting.models.recursive import RecursionFit, RecursionPaths
from forecasting.panel import DemandPanel

__all__ = ["Theta", "classical_season", "has_season", "straight_slope"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Two-sided 10 % point of the normal distribution: the season's significance.
_SIGNIFICANT: Final = 1.645
_LINE_NEEDS = 4


@dataclass(frozen=True)
class Theta:
    """The standard Theta model: the mean of a straight line and of exponential smoothing of the line with theta 2.

    That mean is simple exponential smoothing with a drift of half the line's slope. Where the autocorrelation at the
    season is significant, the season of a classical decomposition is taken out first: multiplicative where every
    observed quantity is above 0, else additive. With fewer than four observed periods the method becomes ``ses``.

    References
    ----------
    Assimakopoulos and Nikolopoulos (2000), International Journal of Forecasting 16, 521-530. Hyndman and Billah
    (2003), ibid. 19, 287-290, eq. 5.
    """

    name: str = "theta"

    def fit(self, panel: DemandPanel, context: FitContext) -> RecursionPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        n, season = len(panel), natural_season(panel.calendar.frequency)
        known = panel.observed
        values = np.where(known, panel.quantity, 0.0).astype(np.float64)
        observed = known.sum(axis=1)
        seasonal = has_season(values, known, season)
        scaled = seasonal & (~known | (values > 0)).all(axis=1)
        offset, factor = np.zeros((n, season)), np.ones((n, season))
        offset[seasonal] = classical_season(values[seasonal], known[seasonal], season, multiplicative=False)
        factor[scaled] = classical_season(values[scaled], known[scaled], season, multiplicative=True)
        # A decomposition may yield a factor of 0 or less; then the season is additive.
        scaled &= (factor > 0).all(axis=1)
        offset[scaled], factor[~scaled] = 0.0, 1.0
        place = np.arange(values.shape[1]) % season
        drift = 0.5 * straight_slope((values - offset[:, place]) / factor[:, place], known)
        drift[observed < _LINE_NEEDS] = 0.0
        weight, level = np.zeros(n), np.zeros(n)
        fit_level_weight(panel.quantity, panel.status, offset, factor, drift, weight, level)
        fallback = np.where(observed >= _LINE_NEEDS, "", np.where(observed > 0, "ses", "no evidence"))
        fit = RecursionFit(
            np.where(scaled, SCALED, ADDITIVE).astype(np.int64),
            np.column_stack([weight, np.zeros(n), np.zeros(n), np.ones(n)]),
            np.column_stack([level - drift, drift, np.where(scaled[:, None], factor, offset)]),
            np.full(n, -np.inf),
            fallback,
        )
        return RecursionPaths.along(panel, context, fit)


def straight_slope(values: Floats, known: Flags) -> Floats:
    """Slope of each row's least-squares line over its known cells, per period; (n,), 0 for fewer than two cells."""
    time = np.arange(values.shape[1], dtype=np.float64)
    count = np.maximum(known.sum(axis=1), 1)
    centred = np.where(known, time - ((known * time).sum(axis=1) / count)[:, None], 0.0)
    square = (centred**2).sum(axis=1)
    return np.asarray((centred * values).sum(axis=1) / np.where(square > 0, square, 1.0))


def has_season(values: Floats, known: Flags, season: int) -> Flags:
    """Whether the autocorrelation at the season is significant; bool (n,).

    The test of the M competitions: |r_m| > 1.645 sqrt((1 + 2 (r_1^2 + ... + r_(m-1)^2)) / n). Pairs with an unknown
    cell add nothing. Fewer than two seasons of known cells show none.
    """
    n = known.sum(axis=1)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(n, 1)
    centred = np.where(known, values - mean[:, None], 0.0)
    square = (centred**2).sum(axis=1)
    # Rounding alone is no variance.
    alive = (n >= 2 * season) & (square > 1e-12 * n * mean**2)
    unit = np.where(alive, square, 1.0)
    lagged = [
        (centred[:, k:] * centred[:, :-k]).sum(axis=1) / unit for k in range(1, min(season, values.shape[1] - 1) + 1)
    ]
    if len(lagged) < season:
        return np.zeros(len(values), dtype=np.bool_)
    spread = 1.0 + 2.0 * np.sum(np.square(lagged[:-1]), axis=0)
    return np.asarray(alive & (np.abs(lagged[-1]) > _SIGNIFICANT * np.sqrt(spread / np.maximum(n, 1))))


def classical_season(values: Floats, known: Flags, season: int, *, multiplicative: bool) -> Floats:
    """Season of a classical decomposition: the mean deviation from (or ratio to) a centred moving average.

    Parameters
    ----------
    values, known : (n, T). Moving averages are over the known cells of their window.

    Returns
    -------
    (n, season), place t mod season; sums to 0, or has mean 1 if multiplicative.
    """
    kernel = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    half = len(kernel) // 2
    out = np.full((len(values), season), 1.0 if multiplicative else 0.0)
    for i in range(len(values)):
        weight = np.convolve(known[i].astype(np.float64), kernel, mode="valid")
        average = np.convolve(np.where(known[i], values[i], 0.0), kernel, mode="valid") / np.maximum(weight, 1e-12)
        inner = np.flatnonzero(known[i, half : half + len(average)] & (weight > 0.5 * season))
        now = values[i, inner + half]
        deviation = now / average[inner] if multiplicative else now - average[inner]
        place = (inner + half) % season
        seen = np.bincount(place, minlength=season)
        total = np.bincount(place, weights=deviation, minlength=season)
        if (seen > 0).all():
            mean = total / seen
            out[i] = mean / mean.mean() if multiplicative else mean - mean.mean()
    return out
