"""Purchase-order lines from the receipts and open-orders tables, as records of waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.inputs import CheckedTables
from replenishment.lead_times import OpenDays, OrderRecords

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["order_lines", "order_records"]

Floats = npt.NDArray[np.float64]

_COLUMNS: Final = ("supplier", "sku", "location", "po", "ordered_on", "promised_on", "received_on")
_DAYS: Final = ("ordered_on", "promised_on", "received_on")


def order_lines(tables: CheckedTables, items: pd.DataFrame) -> pd.DataFrame | None:
    """Return the lines of both tables under the headings of receipts; None without any receipt.

    An open order counts once: lines of open_orders that receipts hold as open already are left out. Open orders
    without a day of order say nothing; without a supplier they are the item's.
    """
    import pandas as pd

    receipts = tables.get("receipts")
    if receipts is None or not len(receipts):
        return None
    lines = _under_headings(receipts)
    orders = tables.get("open_orders")
    if orders is None or "ordered_on" not in orders.columns:
        return lines
    waiting = _under_headings(
        orders.rename(columns={"due_date": "promised_on"}).drop(columns="received_on", errors="ignore")
    )
    # The first of an item's suppliers is the usual one.
    usual = items.drop_duplicates(["sku", "location"]).set_index(["sku", "location"])["supplier"]
    theirs = usual.reindex(pd.MultiIndex.from_frame(waiting[["sku", "location"]])).to_numpy()
    waiting["supplier"] = waiting["supplier"].where(waiting["supplier"].notna(), theirs)
    waiting = waiting[waiting["supplier"].notna() & waiting["ordered_on"].notna()]
    known = lines[lines["received_on"].isna()]
    for same in (["supplier", "po"], ["supplier", "sku", "location", "ordered_on"]):
        there = pd.MultiIndex.from_frame(known.dropna(subset=same)[same])
        waiting = waiting[~pd.MultiIndex.from_frame(waiting[same]).isin(there)]
    return pd.concat([lines, waiting], ignore_index=True) if len(waiting) else lines


def _under_headings(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a record, in one order and of one type; empty where the table lacks them."""
    import pandas as pd

    empty: dict[str, Any] = {name: np.datetime64("NaT", "ns") if name in _DAYS else None for name in _COLUMNS}
    kinds = {name: "datetime64[ns]" if name in _DAYS else "object" for name in _COLUMNS}
    values = {name: frame[name].to_numpy() if name in frame.columns else empty[name] for name in _COLUMNS}
    index = np.arange(len(frame))
    return pd.DataFrame({name: pd.Series(values[name], index, dtype=kinds[name]) for name in _COLUMNS})


def order_records(
    lines: pd.DataFrame, items: pd.DataFrame, numbers: dict[str, int], clocks: Sequence[OpenDays], as_of: int
) -> OrderRecords:
    """Number suppliers, items and orders of the lines.

    Parameters
    ----------
    items : sku, location and supplier of each. numbers : the number of each supplier. clocks : one a supplier number.
    as_of : day since 1970-01-01.
    """
    import pandas as pd

    offer = ["sku", "location", "supplier"]
    # Of several steps of one supplier's price the first stands for all.
    first = np.flatnonzero(~items.duplicated(offer).to_numpy())
    at = pd.MultiIndex.from_frame(items.iloc[first][offer]).get_indexer(pd.MultiIndex.from_frame(lines[offer]))
    place = np.where(at >= 0, first[at], -1)
    # Lines without a number of their order: what is ordered of one supplier on one day for one place is one order.
    named = lines["po"].notna()
    same = pd.DataFrame(
        {
            "supplier": lines["supplier"],
            "ordered_on": lines["ordered_on"],
            "po": lines["po"].where(named, ""),
            "location": lines["location"].where(~named, ""),
        }
    ).fillna("")
    return OrderRecords.from_days(
        supplier=lines["supplier"].map(numbers).to_numpy().astype(np.int64),
        item=place.astype(np.int64),
        order=same.groupby(list(same.columns), sort=True).ngroup().to_numpy().astype(np.int64),
        ordered=_day_numbers(lines["ordered_on"]).astype(np.int64),
        received_on=_day_numbers(lines["received_on"]),
        promised_on=_day_numbers(lines["promised_on"]),
        as_of=as_of,
        clocks=clocks,
    )


def _day_numbers(dates: pd.Series[Any]) -> Floats:
    """Days since 1970-01-01, NaN where there is no date."""
    when = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(when), np.nan, when.astype(np.int64).astype(np.float64))
