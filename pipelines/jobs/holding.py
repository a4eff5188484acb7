"""Holds: items that must not be ordered for a while, from the configuration."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.config import PlanConfig

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HELD", "with_holds"]

# How the reason of every held item begins, from the table or the configuration.
HELD: Final = ("items.hold is set", "held until")


def with_holds(items: pd.DataFrame, config: PlanConfig, as_of: dt.date) -> pd.DataFrame:
    """Set ``hold`` and ``hold_reason`` of the items that the configuration holds at ``as_of``; returns a copy."""
    hold = items["hold"].to_numpy(object).copy()
    reason = np.full(len(items), "", dtype=object)
    for each in config.holds:
        if as_of > each.until:
            continue
        here = (items["sku"] == each.sku).to_numpy()
        if each.location is not None:
            here = here & (items["location"] == each.location).to_numpy()
        hold[here] = True
        reason[here] = f"held until {each.until}" + (f": {each.why}" if each.why else "")
    return items.assign(hold=hold, hold_reason=reason)
