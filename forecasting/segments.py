"""Segments of series: how often and evenly demand comes (Syntetos and Boylan), what hangs on it (ABC), XYZ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.pooling import describe_demand
from forecasting.panel import DemandPanel

__all__ = ["CLASSES", "DemandSummary", "abc_classes", "summarise", "syntetos_boylan_classes", "xyz_classes"]

Floats = npt.NDArray[np.float64]

CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy", "no demand")
# Cut-offs of Syntetos, Boylan and Croston (2005), J. Opl. Res. Soc. 56, 495-503, fig. 1.
INTERVAL_CUT_OFF: Final = 1.32
SIZE_CUT_OFF: Final = 0.49
# Customary cut-offs: cumulative shares of the value, and coefficients of variation of demand.
ABC_SHARES: Final = (0.80, 0.95)
XYZ_VARIATIONS: Final = (0.5, 1.0)


@dataclass(frozen=True)
class DemandSummary:
    """Facts of each series' observed periods; arrays of shape (n,).

    Attributes
    ----------
    observed : periods in which demand is known.
    demands : those of them with demand.
    mean : units a period. variance : of the quantity of a period.
    mean_interval : periods between demands (observed / demands; infinite without demand).
    size_cv2 : squared coefficient of variation of the demand sizes.
    first, last : index of the first and last period with demand; -1 without.
    """

    observed: Floats
    demands: Floats
    mean: Floats
    variance: Floats
    mean_interval: Floats
    size_cv2: Floats
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


def summarise(panel: DemandPanel) -> DemandSummary:
    """Describe each series' demand in one pass."""
    raw = np.empty((len(panel), 7))
    describe_demand(panel.quantity, panel.status, raw)
    observed, demands, total = raw[:, 0], raw[:, 1], raw[:, 2]
    mean = total / np.maximum(observed, 1.0)
    size = total / np.maximum(demands, 1.0)
    return DemandSummary(
        observed=observed,
        demands=demands,
        mean=mean,
        variance=raw[:, 4].copy(),
        mean_interval=np.where(demands > 0, observed / np.maximum(demands, 1.0), np.inf),
        size_cv2=np.where(size > 0, raw[:, 3] / np.maximum(size**2, 1e-300), 0.0),
        first=raw[:, 5].astype(np.int64),
        last=raw[:, 6].astype(np.int64),
    )


def syntetos_boylan_classes(summary: DemandSummary) -> npt.NDArray[np.str_]:
    """Name each series' class: smooth, erratic, intermittent, lumpy, or "no demand"."""
    rare = summary.mean_interval > INTERVAL_CUT_OFF
    uneven = summary.size_cv2 > SIZE_CUT_OFF
    names = np.select(
        [summary.demands == 0, rare & uneven, rare, uneven], ["no demand", "lumpy", "intermittent", "erratic"], "smooth"
    )
    return names.astype(np.str_)


def abc_classes(value: npt.ArrayLike, shares: tuple[float, float] = ABC_SHARES) -> npt.NDArray[np.str_]:
    """Name each item's class by its share of the value: A, B or C.

    Parameters
    ----------
    value : (n,) at least 0, such as money a year. shares : cumulative shares of the value at which B and C begin.

    Returns
    -------
    (n,): "A" for the most valuable items up to and with the one that reaches the first share, "B" up to the second,
    "C" for the rest and for items without any value. Of equal values the earlier item counts as the more valuable.
    """
    worth = np.asarray(value, dtype=np.float64)
    if not (np.isfinite(worth).all() and (worth >= 0).all()):
        raise ValueError("value must be finite and at least 0")
    order = np.argsort(-worth, kind="stable")
    total = float(worth.sum())
    before = (np.cumsum(worth[order]) - worth[order]) / (total if total > 0 else 1.0)
    named = np.select([before < shares[0], before < shares[1]], ["A", "B"], "C")
    out = np.empty(len(worth), dtype="<U1")
    out[order] = np.where(worth[order] > 0, named, "C")
    return out


def xyz_classes(
    summary: DemandSummary, periods: int = 1, variations: tuple[float, float] = XYZ_VARIATIONS
) -> npt.NDArray[np.str_]:
    """Name each series' class by the coefficient of variation of its demand: X steady, Y changing, Z erratic or none.

    Parameters
    ----------
    periods : taken together, as if they were independent: that of a month of days is 1 / sqrt(30) of a day's.
    variations : up to and with the first a series is X, up to and with the second Y.
    """
    mean = np.where(summary.mean > 0, summary.mean, 1.0)
    variation = np.where(summary.mean > 0, np.sqrt(summary.variance / periods) / mean, np.inf)
    return np.select([variation <= variations[0], variation <= variations[1]], ["X", "Y"], "Z").astype(np.str_)
