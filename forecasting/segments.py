"""Segments of series: how often and how evenly demand comes (Syntetos and Boylan)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.pooling import describe_demand
from forecasting.panel import DemandPanel

__all__ = ["CLASSES", "DemandSummary", "summarise", "syntetos_boylan_classes"]

Floats = npt.NDArray[np.float64]

CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy", "no demand")
# Cut-offs of Syntetos, Boylan and Croston (2005), J. Opl. Res. Soc. 56, 495-503, fig. 1.
INTERVAL_CUT_OFF: Final = 1.32
SIZE_CUT_OFF: Final = 0.49


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
