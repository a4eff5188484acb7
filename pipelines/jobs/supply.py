"""Stock and what is on order, one row an item, from the checked tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from pipelines.checking import count_of
from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables
from pipelines.jobs.customer_ledger import order_ledger
from pipelines.quarantine import Quarantined

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StockPosition", "check_stock_age", "key_index", "nothing_in_stock", "placed_rows", "stock_position"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StockPosition:
    """Where each item stands at the as-of opening, before arrivals; arrays (n,), units.

    Attributes
    ----------
    on_hand : counted, not below 0. allocated : of it, promised to waiting customers already.
    backordered : units that customers wait for. net : on hand less the larger of the two.
    arrivals : (n, a) units due at openings 0, 1, ... ; overdue orders are expected at the next opening.
    on_order : all units on order. overdue : those due before as_of.
    next_arrival : index of the next opening with an arrival, -1 without.
    counted : bool, whether the stock table has a row.
    """

    on_hand: Floats
    allocated: Floats
    backordered: Floats
    net: Floats
    arrivals: Floats
    on_order: Floats
    overdue: Floats
    next_arrival: Integers
    counted: npt.NDArray[np.bool_]


def nothing_in_stock(count: int) -> StockPosition:
    """Nothing on hand, on order or waiting, of so many items."""
    nothing = np.zeros(count)
    return StockPosition(
        on_hand=nothing,
        allocated=nothing,
        backordered=nothing,
        net=nothing,
        arrivals=np.zeros((count, 1)),
        on_order=nothing,
        overdue=nothing,
        next_arrival=np.full(count, -1, dtype=np.int64),
        counted=np.ones(count, dtype=np.bool_),
    )


def stock_position(
    tables: CheckedTables,
    keys: list[tuple[str, str]],
    calendar: PeriodCalendar,
    released: pd.DataFrame | None = None,
) -> StockPosition:
    """Add up stock, open orders and waiting customer orders of each item.

    ``released``: further open orders (sku, location, quantity, due_date) that the tables don't show yet.

    Rows of items that are not planned are set aside. Where customer orders are given, what waits is read from them
    and a negative stock is not subtracted a second time.
    """
    import pandas as pd

    index = key_index(keys)
    n = len(keys)
    stock, orders, customers = (
        _known_rows(tables, name, index) for name in ("stock", "open_orders", "customer_orders")
    )
    if released is not None and len(released):
        orders = pd.concat([table for table in (orders, placed_rows(released, index)) if table is not None])
    counted = np.zeros(n, dtype=np.bool_)
    raw, allocated = np.zeros(n), np.zeros(n)
    if stock is not None:
        place = stock["place"].to_numpy()
        counted[place] = True
        raw[place] = stock["on_hand"].to_numpy(float)
        if "allocated" in stock.columns:
            allocated[place] = stock["allocated"].fillna(0.0).to_numpy(float)
    backordered = np.maximum(-raw, 0.0)
    if customers is not None:
        backordered = order_ledger(customers, calendar.end_day).waiting_by_item(n)
    _note_negative(tables, keys, raw, customers is not None)
    on_hand = np.maximum(raw, 0.0)
    arrivals, overdue, on_order = _arrivals(orders, n, calendar)
    due = arrivals > 0
    return StockPosition(
        on_hand=on_hand,
        allocated=allocated,
        backordered=backordered,
        net=on_hand - np.maximum(backordered, allocated),
        arrivals=arrivals,
        on_order=on_order,
        overdue=overdue,
        next_arrival=np.where(due.any(axis=1), due.argmax(axis=1), -1).astype(np.int64)
        if due.shape[1]
        else np.full(n, -1),
        counted=counted,
    )


def key_index(keys: list[tuple[str, str]]) -> pd.MultiIndex:
    """Where each SKU and location stands among the planned items."""
    import pandas as pd

    return pd.MultiIndex.from_tuples(keys, names=["sku", "location"]) if keys else pd.MultiIndex.from_arrays([[], []])


def _note_negative(tables: CheckedTables, keys: list[tuple[str, str]], raw: Floats, ledger: bool) -> None:
    """Say what stock below nothing was taken for."""
    below = np.flatnonzero(raw < 0)
    if len(below):
        shown = ", ".join(f"{keys[i][0]!r} at {keys[i][1]!r} ({raw[i]:,g})" for i in below[:5])
        taken = "as 0: customer_orders say who waits" if ledger else "as units that customers wait for"
        tables.findings.notice(
            "negative_stock", "stock", f"{count_of(len(below), 'item')} below 0, taken {taken}: {shown}"
        )


def check_stock_age(tables: CheckedTables, config: PlanConfig, as_of: dt.date) -> None:
    """Refuse a stock snapshot of another time than the plan's; note one that is only somewhat old.

    Raises
    ------
    InputError
        A snapshot counted after as_of, or more than ``max_stock_age_days`` before it.
    """
    stock = tables.get("stock")
    name = next((c for c in ("as_of", "date") if stock is not None and c in stock.columns), None)
    if stock is None or name is None or not stock[name].notna().any():
        return
    oldest, newest = stock[name].min().date(), stock[name].max().date()
    if newest > as_of:
        raise InputError(
            f"stock: {tables.readers['stock'].file} was counted on {newest}, after as_of {as_of}: "
            "a plan can't know that yet; use the snapshot of as_of",
            code="stock_from_the_future",
        )
    age = (as_of - oldest).days
    if age > config.max_stock_age_days:
        raise InputError(
            f"stock: {tables.readers['stock'].file} was counted on {oldest}, {age} days before as_of {as_of}; "
            f"max_stock_age_days = {config.max_stock_age_days:g} allows no more: export it again",
            code="stock_too_old",
        )
    if age > 0:
        tables.findings.notice(
            "stale_stock", "stock", f"counted up to {age} days before as_of {as_of}; what sold since is not in it"
        )


def _known_rows(tables: CheckedTables, name: str, index: pd.MultiIndex) -> pd.DataFrame | None:
    """Rows of planned items with their place; the others are set aside."""
    frame = tables.get(name)
    if frame is None:
        return None
    known = placed_rows(frame, index)
    _set_aside_unknown(tables, name, frame.drop(index=known.index))
    return known


def placed_rows(frame: pd.DataFrame, index: pd.MultiIndex) -> pd.DataFrame:
    """Rows of planned items, with the row of the item in the column ``place``."""
    import pandas as pd

    place = index.get_indexer(pd.MultiIndex.from_frame(frame[["sku", "location"]]))
    return frame.assign(place=place)[place >= 0]


def _set_aside_unknown(tables: CheckedTables, table: str, rows: pd.DataFrame) -> None:
    if not len(rows):
        return
    places = tables.readers[table].locate([int(row) for row in rows.index])
    for place, sku, location in zip(places, rows["sku"], rows["location"], strict=True):
        message = f"sku {sku!r} at location {location!r} is neither in items nor in sales"
        hint = "add it to items, or remove the row"
        tables.findings.set_aside(
            [Quarantined(table, place.file, place.line, "location", location, "unknown_item", message, hint, place.raw)]
        )
    tables.findings.notice("unknown_item", table, f"{len(rows)} rows of items that are not planned were set aside")


def _arrivals(orders: pd.DataFrame | None, n: int, calendar: PeriodCalendar) -> tuple[Floats, Floats, Floats]:
    if orders is None or not len(orders):
        return np.zeros((n, 1)), np.zeros(n), np.zeros(n)
    due = orders["due_date"].to_numpy().astype("datetime64[D]").astype(np.int64) - calendar.end_day
    opening = np.where(due < 0, 1, calendar.openings_to_wait(np.maximum(due, 0)))
    place, units = orders["place"].to_numpy(), orders["quantity"].to_numpy(float)
    arrivals = np.zeros((n, int(opening.max()) + 1))
    np.add.at(arrivals, (place, opening), units)
    return arrivals, _summed(place, np.where(due < 0, units, 0.0), n), _summed(place, units, n)


def _summed(place: Integers, units: Floats, n: int) -> Floats:
    """Add up the units of each of n places."""
    return np.asarray(np.bincount(place, weights=units, minlength=n), dtype=np.float64)
