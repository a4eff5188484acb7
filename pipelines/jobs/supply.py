"""Lead times, stock and what is on order, one row an item, from the checked tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from pipelines.checking import count_of
from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables
from pipelines.quarantine import Quarantined
from replenishment.lead_times import ENOUGH_RECEIPTS, LeadTimes, measure_receipts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StockPosition", "check_stock_age", "resolve_lead_times", "stock_position"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def resolve_lead_times(
    items: pd.DataFrame, tables: CheckedTables, config: PlanConfig, calendar: PeriodCalendar
) -> tuple[LeadTimes, pd.DataFrame]:
    """Choose each item's lead-time distribution from the nearest information.

    In this order: the item's own receipts (at least 8), a lead time that the item states differently from its
    supplier, the supplier's receipts (at least 8), what item, supplier or defaults state. An item without any
    gets 0 periods and the source "unknown"; the plan holds its orders.

    Returns
    -------
    lead_times : in periods from the as-of opening.
    facts : lead_time_source, stated_lead_time_days, stated_lead_time_sd_days, measured_lead_time_days,
        measured_lead_time_sd_days, receipts (behind the measure); one row an item.
    """
    import pandas as pd

    own, theirs = _measured(_known_by(tables.get("receipts"), "received_on", calendar.end_day))
    stated = items["lead_time_days"].to_numpy(float)
    spread = items["lead_time_sd_days"].fillna(0.0).to_numpy(float)
    exact = items["lead_time_periods"].to_numpy(float)
    differs = (items["lead_time_days_from"] == "item").to_numpy() & ~np.isclose(
        stated, items["supplier_lead_time_days"].to_numpy(float)
    )
    samples: list[Floats | None] = []
    source, measured = [], []
    for i, (supplier, sku, location) in enumerate(zip(items["supplier"], items["sku"], items["location"], strict=True)):
        item_days, supplier_days = own.get((supplier, sku, location)), theirs.get(supplier)
        best = item_days if item_days is not None else supplier_days
        use: Floats | None = None
        if not np.isnan(exact[i]):
            name = "stated in periods"
        elif config.lead_times == "nearest" and item_days is not None:
            name, use = "measured, item", item_days
        elif config.lead_times == "nearest" and supplier_days is not None and not differs[i]:
            name, use = "measured, supplier", supplier_days
        elif not np.isnan(stated[i]):
            name = f"stated, {items['lead_time_days_from'].iloc[i] or 'defaults'}"
        else:
            name = "unknown"
        samples.append(use)
        source.append(name)
        measured.append(best if best is not None else np.empty(0))
    facts = pd.DataFrame(
        {
            "lead_time_source": source,
            "stated_lead_time_days": stated,
            "stated_lead_time_sd_days": np.where(np.isnan(stated), np.nan, spread),
            "measured_lead_time_days": [d.mean() if len(d) else np.nan for d in measured],
            "measured_lead_time_sd_days": [d.std() if len(d) else np.nan for d in measured],
            "receipts": [len(d) for d in measured],
        }
    )
    return _in_periods(samples, stated, spread, exact, calendar), facts


def _known_by(frame: pd.DataFrame | None, column: str, day: int) -> pd.DataFrame | None:
    """Rows whose date lies before a day: a plan for a day of the past must not look ahead."""
    if frame is None:
        return None
    when = frame[column].to_numpy().astype("datetime64[D]")
    known: pd.DataFrame = frame.loc[np.isnat(when) | (when.astype(np.int64) < day)]
    return known


def _measured(receipts: pd.DataFrame | None) -> tuple[dict[Any, Floats], dict[Any, Floats]]:
    """Days of the receipts of each (supplier, sku, location) and of each supplier, where there are enough."""
    if receipts is None or not len(receipts):
        return {}, {}
    done = receipts[receipts["received_on"] >= receipts["ordered_on"]]
    own: dict[Any, Floats] = {}
    if "sku" in done.columns:
        table = measure_receipts(done.dropna(subset=["sku"]), ["supplier", "sku", "location"])
        table = table[table["receipts"] >= ENOUGH_RECEIPTS]
        own = dict(
            zip(zip(table["supplier"], table["sku"], table["location"], strict=True), table["days"], strict=True)
        )
    table = measure_receipts(done, ["supplier"])
    table = table[table["receipts"] >= ENOUGH_RECEIPTS]
    return own, dict(zip(table["supplier"], table["days"], strict=True))


def _in_periods(
    samples: list[Floats | None], stated: Floats, spread: Floats, exact: Floats, calendar: PeriodCalendar
) -> LeadTimes:
    days = np.where(np.isnan(stated), 0.0, stated)
    reach = max([float((days + 12.0 * spread).max(initial=0.0)), *(float(s.max()) for s in samples if s is not None)])
    count = int(calendar.openings_to_wait(reach)) + 2
    waits = calendar.openings_from(calendar.periods, count) - calendar.end_day
    out = LeadTimes.from_days(days, spread, waits)
    rows = np.array([i for i, s in enumerate(samples) if s is not None], dtype=np.int64)
    if len(rows):
        # Items of one supplier share one distribution: it is computed once.
        distinct = {id(s): s for s in samples if s is not None}
        place = {key: k for k, key in enumerate(distinct)}
        table = LeadTimes.from_samples(list(distinct.values()), waits)
        out = out.joined(table.take(np.array([place[id(samples[i])] for i in rows])), rows)
    told = np.flatnonzero(~np.isnan(exact))
    if len(told):
        out = out.joined(LeadTimes.constant(exact[told]), told)
    return out


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


def stock_position(tables: CheckedTables, keys: list[tuple[str, str]], calendar: PeriodCalendar) -> StockPosition:
    """Add up stock, open orders and waiting customer orders of each item.

    Rows of items that are not planned are set aside. Where customer orders are given, what waits is read from them
    and a negative stock is not subtracted a second time.
    """
    import pandas as pd

    index = pd.MultiIndex.from_tuples(keys, names=["sku", "location"]) if keys else pd.MultiIndex.from_arrays([[], []])
    n = len(keys)
    stock, orders, customers = (
        _known_rows(tables, name, index) for name in ("stock", "open_orders", "customer_orders")
    )
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
        backordered = _waiting(customers, n, calendar.end_day)
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
    import pandas as pd

    frame = tables.get(name)
    if frame is None:
        return None
    place = index.get_indexer(pd.MultiIndex.from_frame(frame[["sku", "location"]]))
    unknown = frame[place < 0]
    _set_aside_unknown(tables, name, unknown)
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


def _waiting(customers: pd.DataFrame, n: int, end_day: int) -> Floats:
    """Units ordered before as_of, by then not shipped and not cancelled."""
    ordered = _day_numbers(customers, "ordered_on") < end_day
    gone = _day_numbers(customers, "shipped_on") < end_day
    units = customers["quantity"].to_numpy(float)
    if "shipped_quantity" in customers:
        shipped = customers["shipped_quantity"].fillna(0.0).to_numpy(float)
        # Without a day of shipment the quantity stands for what has left so far.
        shipped = (
            np.where(gone | customers["shipped_on"].isna(), shipped, 0.0) if "shipped_on" in customers else shipped
        )
    else:
        shipped = np.where(gone, units, 0.0)
    cancelled = _day_numbers(customers, "cancelled_on") < end_day
    waiting = np.where(ordered & ~cancelled, np.maximum(units - shipped, 0.0), 0.0)
    return np.bincount(customers["place"].to_numpy(), weights=waiting, minlength=n).astype(np.float64)


def _day_numbers(frame: pd.DataFrame, column: str) -> Integers:
    """Days since 1970-01-01; the largest integer where there is no date or no such column."""
    if column not in frame.columns:
        return np.full(len(frame), np.iinfo(np.int64).max)
    when = frame[column].to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(when), np.iinfo(np.int64).max, when.astype(np.int64))


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
