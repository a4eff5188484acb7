"""Backorders over time: figures by SKU, category, supplier, channel, location and month, and the causes behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.jobs.backorder_causes import BooksOfItems, cause_frame
from pipelines.jobs.customer_ledger import day_numbers, order_ledger
from pipelines.jobs.supply import key_index, placed_rows
from replenishment.backorders.kpis import LineFates, distinct_pairs, group_kpis, line_fates, ordered_again
from replenishment.backorders.ledger import NEVER, OrderLedger

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["OrderHistory", "causes_of_history", "kpi_frame", "order_history"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BACK_WITHIN_DAYS: Final = 30
_YEAR: Final = 365


@dataclass(frozen=True, eq=False)
class OrderHistory:
    """All order lines of planned items, and what became of each."""

    lines: pd.DataFrame
    ledger: OrderLedger
    fates: LineFates


def order_history(made: Plan) -> OrderHistory | None:
    """Read the whole table of customer orders; None without one."""
    table = made.tables.get("customer_orders")
    if table is None:
        return None
    lines = placed_rows(table, key_index(made.panel.keys)).reset_index(drop=True)
    available = day_numbers(made.items, "available_from")
    always = np.where(available == NEVER, np.iinfo(np.int64).min, available)
    ledger = order_ledger(lines, made.panel.calendar.end_day, always)
    return OrderHistory(lines, ledger, line_fates(ledger, day_numbers(lines, "promised_on")))


def kpi_frame(made: Plan, history: OrderHistory | None) -> pd.DataFrame:
    """One row a group and value, the first ``total``, ``all``; rates are NaN where there is nothing to divide by.

    ``month`` is that of the order; ``month_shipped`` that of the (last) shipment, so that ``revenue_on_backorder`` of
    the first was accepted in a month and ``revenue_earned`` of the second was earned in it.
    ``repeat_rate_waited`` and ``repeat_rate_served`` : of the orders placed at least 30 days ago with and without a
    backordered line, the share whose customer ordered again within 30 days. ``turnover`` : cost of goods sold in the
    last year over the mean value of stock, which is followed back from the last count by sales and receipts.
    """
    import pandas as pd

    if history is None:
        return pd.DataFrame({"group": [], "value": [], "lines": []})
    lines, ledger = history.lines, history.ledger
    order = pd.factorize(lines["order_id"])[0].astype(np.int64)
    price = _prices(made, lines, ledger.item)
    customer = pd.factorize(lines["customer"])[0] if "customer" in lines.columns else np.full(len(lines), -1)
    again = ordered_again(customer.astype(np.int64), order, ledger.ordered, ledger.as_of, _BACK_WITHIN_DAYS)
    moved = _moved(made)
    frames = []
    for name, of_line, of_item in _groupings(made, lines, ledger):
        code, values = of_line
        figures = group_kpis(ledger, history.fates, order, price, code, len(values))
        figures |= _repeat_rates(history.fates, order, again, code, len(values))
        turnover = np.full(len(values), np.nan) if of_item is None else _turnover(moved.assign(value=of_item), values)
        frames.append(pd.DataFrame({"group": name, "value": values.astype(str), **figures, "turnover": turnover}))
    return pd.concat(frames, ignore_index=True)


def causes_of_history(made: Plan, history: OrderHistory | None) -> pd.DataFrame:
    """One row an episode of shortage of the order history: its days, what was short, its cause and the rule."""
    import pandas as pd

    calendar, items = made.panel.calendar, made.items
    usual = made.config.target if made.config.measure in ("backorder_rate",) else np.nan
    review = items["review_days"].fillna(7.0).to_numpy(float)
    facts = pd.DataFrame(
        {
            "lead_time": items["stated_lead_time_days"].to_numpy(float),
            "review": np.maximum(review, 7.0),
            "target": np.where(items["measure"] == "backorder_rate", items["target"], np.nan),
        }
    )
    books = BooksOfItems(made.tables, made.panel.keys, facts, calendar.first_day, _daily_demand(made), usual)
    if history is None:
        return cause_frame(books, made.panel.keys, *(np.empty(0, dtype=np.int64),) * 2, np.empty(0))
    late = history.fates.backordered
    item, day = history.ledger.item[late], history.ledger.wanted[late]
    return cause_frame(books, made.panel.keys, item, day, history.ledger.quantity[late])


def _groupings(
    made: Plan, lines: pd.DataFrame, ledger: OrderLedger
) -> list[tuple[str, _Coded, npt.NDArray[np.object_] | None]]:
    """Each grouping: the value of each line, and that of each item where it is one of items."""
    n = len(made.panel.keys)
    of_items: dict[str, npt.NDArray[np.object_]] = {
        "total": np.full(n, "all", dtype=object),
        "location": np.array(made.panel.locations, dtype=object),
        "category": made.items["category"].to_numpy(object),
        "supplier": made.items["supplier"].to_numpy(object),
        "sku": np.array(made.panel.skus, dtype=object),
    }
    found: list[tuple[str, _Coded, Any]] = [(name, _coded(of, ledger.item), of) for name, of in of_items.items()]
    if "channel" in lines.columns:
        found.append(("channel", _coded(lines["channel"].to_numpy(object), np.arange(len(lines))), None))
    shipped = np.where(ledger.left <= 0, NEVER, ledger.shipped_on)
    for name, days in (("month", ledger.ordered), ("month_shipped", shipped)):
        day, place = np.unique(days, return_inverse=True)
        found.append((name, _coded(_months(day), place), None))
    return found


# The number of the value of each line, below 0 for none; the values, ascending.
_Coded = tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]


def _coded(values: npt.NDArray[np.object_], place: Integers) -> _Coded:
    """Number the values that lines have; ``place`` is where the value of each line stands."""
    import pandas as pd

    used = np.bincount(place, minlength=len(values)) > 0
    named = values.copy()
    named[~used] = None
    code, known = pd.factorize(named, sort=True)
    return code.astype(np.int64)[place], known


def _months(days: Integers) -> npt.NDArray[np.object_]:
    """The month of each day, as text such as 2025-05; None for never."""
    months = np.where(days == NEVER, 0, days).astype("datetime64[D]").astype("datetime64[M]").astype(str).astype(object)
    months[days == NEVER] = None
    return np.asarray(months)


def _prices(made: Plan, lines: pd.DataFrame, item: Integers) -> Floats:
    """Price of each line: its own, else the item's, else its cost, else 0."""
    own = lines["unit_price"].to_numpy(float) if "unit_price" in lines.columns else np.full(len(lines), np.nan)
    usual = made.items["unit_price"].fillna(made.items["unit_cost"]).fillna(0.0).to_numpy(float)
    return np.where(np.isnan(own), usual[item], own)


def _repeat_rates(fates: LineFates, order: Integers, again: Floats, group: Integers, groups: int) -> dict[str, Floats]:
    """Share of orders after which the customer came back, of those that waited and those that did not."""
    late = np.zeros(int(order.max(initial=-1)) + 1, dtype=np.bool_)
    late[order[fates.backordered]] = True
    known = ~np.isnan(again) & (group >= 0)
    found = {}
    for name, rows in (("waited", known & late[order]), ("served", known & ~late[order])):
        of, first = distinct_pairs(group[rows], order[rows])
        count = np.bincount(of, minlength=groups)
        back = np.bincount(of, weights=again[rows][first], minlength=groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[f"repeat_rate_{name}"] = back / count
    return found


def _moved(made: Plan) -> pd.DataFrame:
    """One row an item: cost of goods sold in the last year, and the mean value of stock."""
    import pandas as pd

    calendar, cost = made.panel.calendar, made.items["unit_cost"].fillna(0.0).to_numpy(float)
    periods = min(calendar.periods, max(round(_YEAR / calendar.frequency.mean_days), 1))
    sold = np.nan_to_num(made.panel.quantity[:, calendar.periods - periods :].astype(np.float64))
    # Followed back from the count: a period opens with what it closes with, less receipts, more sales.
    change = sold - _received(made, periods)
    stock = made.stock.on_hand[:, None] + np.cumsum(change[:, ::-1], axis=1)[:, ::-1]
    mean = np.maximum(stock, 0.0).mean(axis=1) * cost
    spent = sold.sum(axis=1) * cost * _YEAR / (periods * calendar.frequency.mean_days)
    return pd.DataFrame({"spent": spent, "mean": mean})


def _turnover(moved: pd.DataFrame, values: Any) -> Floats:
    """Cost of goods sold in the last year over the mean value of stock, of each value of a grouping."""
    found = moved.groupby("value")[["spent", "mean"]].sum().reindex(values)
    return np.where(found["mean"] > 0, found["spent"] / found["mean"].where(found["mean"] > 0), np.nan).astype(
        np.float64
    )


def _received(made: Plan, periods: int) -> Floats:
    """Units received in each of the last periods; (n, periods)."""
    received = np.zeros((len(made.panel.keys), periods))
    table = made.tables.get("receipts")
    if table is None or "sku" not in table.columns or "quantity" not in table.columns:
        return received
    rows = placed_rows(table, key_index(made.panel.keys))
    day = day_numbers(rows, "received_on")
    rows, day = rows[day < made.panel.calendar.end_day], day[day < made.panel.calendar.end_day]
    place = made.panel.calendar.index_of(day) - (made.panel.calendar.periods - periods)
    inside = place >= 0
    units = rows["quantity"].fillna(0.0).to_numpy(float)[inside]
    np.add.at(received, (rows["place"].to_numpy(np.int64)[inside], place[inside]), units)
    return received


def _daily_demand(made: Plan) -> npt.NDArray[np.floating[Any]]:
    """Units a day of each item; a longer period's are spread evenly over its days."""
    calendar = made.panel.calendar
    days = np.diff(calendar.openings)
    if (days == 1).all():
        return made.panel.quantity
    return np.repeat(made.panel.quantity / days, days, axis=1)
