"""The customer_orders table as a ledger of order lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from replenishment.backorders.ledger import NEVER, OrderLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["day_numbers", "order_ledger"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def order_ledger(customers: pd.DataFrame, as_of: int, available_from: Integers | None = None) -> OrderLedger:
    """Read order lines from a checked table.

    Parameters
    ----------
    customers : rows of planned items; the column ``place`` is the row of the item.
    as_of : day since 1970-01-01. available_from : first day on sale of each item; lines are not wanted before it.

    Notes
    -----
    Without ``shipped_quantity`` a line that has a day of shipment has left whole. Without ``requested_on`` a line is
    wanted on the day of its order.
    """
    quantity = customers["quantity"].to_numpy(float)
    shipped_on = day_numbers(customers, "shipped_on")
    shipped = (
        customers["shipped_quantity"].fillna(0.0).to_numpy(float)
        if "shipped_quantity" in customers.columns
        else np.where(shipped_on < NEVER, quantity, 0.0)
    )
    ordered = day_numbers(customers, "ordered_on")
    requested = day_numbers(customers, "requested_on")
    item = customers["place"].to_numpy(np.int64)
    wanted = np.where(requested < NEVER, requested, ordered)
    if available_from is not None:
        wanted = np.maximum(wanted, available_from[item])
    ledger = OrderLedger(
        as_of=as_of,
        item=item,
        rank=np.zeros(len(customers), dtype=np.int64),
        quantity=quantity,
        shipped=shipped,
        ordered=ordered,
        wanted=wanted,
        shipped_on=shipped_on,
        cancelled_on=day_numbers(customers, "cancelled_on"),
        priority=_number(customers, "priority", np.inf),
        reserved=_number(customers, "allocated_quantity", 0.0),
    )
    waiting = np.flatnonzero(ledger.waiting > 0)
    ledger.rank[waiting] = _rank(customers.iloc[waiting])
    return ledger


def day_numbers(frame: pd.DataFrame, column: str) -> Integers:
    """Days since 1970-01-01; NEVER where there is no date or no such column."""
    if column not in frame.columns:
        return np.full(len(frame), NEVER)
    when = frame[column].to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(when), NEVER, when.astype(np.int64))


def _number(frame: pd.DataFrame, column: str, missing: float) -> Floats:
    if column not in frame.columns:
        return np.full(len(frame), missing)
    return np.asarray(frame[column].fillna(missing).to_numpy(float))


def _rank(lines: pd.DataFrame) -> Integers:
    """Place of each line by the text of its order, then by its line: 2 before 10."""
    order = _codes(lines["order_id"])
    if "line" not in lines.columns:
        return order
    text = lines["line"].fillna("").astype(str)
    keys = (_codes(text), text.str.len().to_numpy(), order)
    place = np.empty(len(lines), dtype=np.int64)
    place[np.lexsort(keys)] = np.arange(len(lines))
    return place


def _codes(texts: pd.Series[Any]) -> Integers:
    import pandas as pd

    return np.asarray(pd.factorize(texts, sort=True)[0], dtype=np.int64)
