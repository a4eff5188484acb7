"""Which model forecasts which series, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import Frequency
from forecasting.models import model_named
from forecasting.segments import DemandSummary

__all__ = ["choose_models"]

_BY_CLASS: Final = {
    "smooth": (
        "exponential_smoothing",
        "demand comes often and evenly: its level is followed, seasons are shared by the category",
    ),
    "erratic": (
        "exponential_smoothing",
        "demand comes often in uneven sizes: its level is followed, past errors are drawn",
    ),
    "intermittent": (
        "sba",
        "demand comes rarely in even sizes: its rate is Syntetos and Boylan's, past sizes are drawn",
    ),
    "lumpy": ("bootstrap", "demand comes rarely in uneven sizes: past periods are drawn as they were"),
    "no demand": ("bootstrap", "nothing was demanded in the periods observed: the forecast is zero"),
}


def choose_models(
    wanted: Sequence[str], classes: npt.NDArray[np.str_], summary: DemandSummary, frequency: Frequency
) -> tuple[list[str], list[str]]:
    """Return a model name and a reason for each series.

    Parameters
    ----------
    wanted : n names as configured; "auto" chooses by Syntetos-Boylan class and length of history.
    classes, summary : of the n series.
    frequency : of the panel; a history below 56 days, 13 weeks or 6 months is short.

    Raises
    ------
    ValueError
        An unknown model name.
    """
    enough = {"D": 56, "MS": 6}.get(frequency.code, 13)
    names, reasons = [], []
    for i, name in enumerate(wanted):
        if name != "auto":
            names.append(model_named(name).name)
            reasons.append("set by configuration")
        elif summary.demands[i] > 0 and summary.observed[i] < enough:
            names.append("moving_average")
            reasons.append(f"only {int(summary.observed[i])} observed periods: too short to fit more than a mean")
        else:
            model, reason = _BY_CLASS[str(classes[i])]
            names.append(model)
            reasons.append(reason)
    return names, reasons
