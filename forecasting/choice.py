"""Which model forecasts which series, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forecasting.calendars import Frequency
from forecasting.models import model_named
from forecasting.segments import DemandSummary

__all__ = ["COMBINATION", "NEWCOMERS", "choose_models"]

COMBINATION: Final = "combination"
# For series that never had demand.
NEWCOMERS: Final = "category_prior"


def choose_models(
    wanted: Sequence[str], summary: DemandSummary, frequency: Frequency, own: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Return a model name and a reason for each series.

    Parameters
    ----------
    wanted : n names as configured; "auto" takes the combination where there is demand and history enough.
    summary : of the n series.
    frequency : of the panel; a history below 56 days, 13 weeks or 6 months is short.
    own : names of models that are not in the zoo.

    Raises
    ------
    ValueError
        An unknown model name.
    """
    enough = {"D": 56, "MS": 6}.get(frequency.code, 13)
    names, reasons = [], []
    for i, name in enumerate(wanted):
        if name not in ("auto", COMBINATION):
            names.append(name if name in own else model_named(name).name)
            reasons.append("set by configuration")
        elif name == "auto" and summary.demands[i] > 0 and summary.observed[i] < enough:
            names.append("moving_average")
            reasons.append(f"only {int(summary.observed[i])} observed periods: too short to fit more than a mean")
        elif summary.demands[i] == 0:
            names.append(NEWCOMERS)
            reasons.append("nothing was demanded in the periods observed: what its category's items do is expected")
        else:
            names.append(COMBINATION)
            reasons.append("")
    return names, reasons
