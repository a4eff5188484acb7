"""What each decision of a plan was made of, written down so that a later run can take it up again.

A run that comes after exchanges these one at a time for its own, to say why an order changed; a review of overrides
replays the order from them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.jobs.levels import ItemFacts
from replenishment.lead_times import LeadTimes

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["PARAMETERS", "STOCK", "decision_frame", "facts_before", "lead_times_before", "stacked"]

Floats = npt.NDArray[np.float64]

STOCK: Final = ("net_stock", "arrivals")
PARAMETERS: Final = (
    "review_periods", "policy", "measure", "target", "lost", "patience", "order_cost", "holding_cost", "shortage_cost",
    "minimum", "pack", "maximum", "load_units", "shelf_periods", "max_cover_periods",
)  # fmt: skip


def decision_frame(made: Plan) -> pd.DataFrame:
    """One row an item: parameters, stock and arrivals, the chances of each lead time, what was wanted and ordered."""
    import pandas as pd

    columns: dict[str, Any] = {"sku": made.panel.skus, "location": made.panel.locations}
    for name in (*PARAMETERS, *STOCK):
        values = getattr(made.facts, name)
        columns[name] = list(values) if values.ndim > 1 else values
    columns["lead_time_probability"] = list(made.lead_times.probability)
    columns["wanted"] = np.where(made.held, 0.0, made.levels.order)
    columns["ordered"] = made.orders.quantity
    return pd.DataFrame(columns)


def facts_before(facts: ItemFacts, before: pd.DataFrame, names: tuple[str, ...]) -> ItemFacts:
    """Replace some facts by those of an earlier run; ``before``: its rows of the same items in the same order."""
    earlier: dict[str, Any] = {name: _column(before, name, getattr(facts, name)) for name in names}
    return replace(facts, **earlier)


def lead_times_before(before: pd.DataFrame) -> LeadTimes:
    """The lead times of an earlier run."""
    return LeadTimes(stacked(before["lead_time_probability"]))


def stacked(values: pd.Series[Any]) -> Floats:
    """Put rows of different lengths below each other, filled up with zeros."""
    rows = [np.asarray(row, dtype=np.float64) for row in values]
    out = np.zeros((len(rows), max((len(row) for row in rows), default=1)))
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out


def _column(before: pd.DataFrame, name: str, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One fact as the array that :class:`ItemFacts` has it."""
    if like.ndim > 1:
        return stacked(before[name])
    return before[name].to_numpy(str) if like.dtype.kind == "U" else before[name].to_numpy(like.dtype)
