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

__all__ = ["released_for_the_day", "released_units", "unseen_releases"]


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


def released_for_the_day(
    memory: Memory, offers: pd.DataFrame, delay: npt.NDArray[np.int64], as_of: dt.date
) -> npt.NDArray[np.float64]:
    """Units that were released before for the very day on which each offer would be ordered from; (m,).

    They are one order with today's: they share the supplier's capacity and the budget, seen by the ERP or not.

    Parameters
    ----------
    offers : (m rows) sku, location, supplier. delay : (m,) days to the order day.
    """
    if memory.released is None:
        return np.zeros(len(offers))
    lines = memory.released
    days = lines["order_date"].to_numpy().astype("datetime64[D]")
    units: dict[tuple[str, str, str, np.datetime64], float] = {}
    for *key, day, quantity in zip(
        lines["sku"], lines["location"], lines["supplier"], days, lines["quantity"], strict=True
    ):
        units[*key, day] = units.get((*key, day), 0.0) + quantity
    dates = np.datetime64(as_of, "D") + delay.astype("timedelta64[D]")
    of = zip(offers["sku"], offers["location"], offers["supplier"].fillna(""), dates, strict=True)
    return np.array([units.get(key, 0.0) for key in of], dtype=np.float64)
