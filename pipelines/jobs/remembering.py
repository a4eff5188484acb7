"""What the memory of a workspace means for a plan: orders released and not yet seen count as on order."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.inputs import CheckedTables
from pipelines.memory import Memory
from pipelines.released_orders import recorded_columns, still_unseen

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["released_units", "unseen_releases"]


def unseen_releases(memory: Memory, tables: CheckedTables, as_of: dt.date) -> pd.DataFrame:
    """Released lines that no table shows yet, with the columns of open orders: ordered and due as they were planned."""
    if memory.released is None:
        return recorded_columns().assign(ordered_on=[], due_date=[])
    found = still_unseen(memory.released, tables.get("open_orders"), tables.get("receipts"), as_of)
    supplier = found["supplier"].where(found["supplier"] != "", None)
    return found.assign(supplier=supplier, ordered_on=found["order_date"], due_date=found["arrival_date"])


def released_units(unseen: pd.DataFrame, keys: list[tuple[str, str]]) -> npt.NDArray[np.float64]:
    """Units of each item that were released and are not seen yet; (n,)."""
    units = dict.fromkeys(keys, 0.0)
    for sku, location, quantity in zip(unseen["sku"], unseen["location"], unseen["quantity"], strict=True):
        if (sku, location) in units:
            units[sku, location] += quantity
    return np.array(list(units.values()), dtype=np.float64)
