"""How long the stock lasts, how fast an item really sells, and from when on it may be promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from replenishment.order_rules.netting import OpenOrder
from replenishment.validation import FloatArray, as_floats, checked, checked_whole

__all__ = ["InStockRate", "StockCover", "in_stock_rate", "promise_date", "stock_cover"]


@dataclass(frozen=True)
class StockCover:
    """
    When the stock runs out, in days from now.

    Attributes
    ----------
    first_stockout
        The stock on hand is gone and no delivery has come by then.
    last_stockout
        Everything, deliveries included, is gone on a real time line; demand in between is lost.
    vendor_sum
        Selling days plus, for every delivery that comes too late, its *whole* time from now: the figure that some
        vendors print. It counts the days until the stock-out twice.
    """

    first_stockout: float
    last_stockout: float
    vendor_sum: float


def stock_cover(*, on_hand: float, daily_demand: float, open_orders: Iterable[OpenOrder] = ()) -> StockCover:
    """
    Return when the stock runs out at a steady demand, with deliveries at their own days.

    Parameters
    ----------
    on_hand
        Units now, at least 0.
    daily_demand
        Units a day, above 0.
    open_orders
        Deliveries; one that is overdue counts as arriving now, one on the very day of the stock-out is in time.
    """
    stock = float(checked("on_hand", on_hand, "[0, inf)"))
    rate = float(checked("daily_demand", daily_demand, "(0, inf)"))
    empty, first, selling, waiting, last_wait = stock / rate, None, stock / rate, 0.0, 0.0
    for order in sorted(open_orders, key=lambda order: order.due_in_days):
        due, lasts = max(order.due_in_days, 0.0), order.quantity / rate
        if due > empty + 1e-12:
            first = empty if first is None else first
            waiting, last_wait = waiting + due - last_wait, due
            empty = due
        empty += lasts
        selling += lasts
    return StockCover(empty if first is None else first, empty, selling + waiting)


@dataclass(frozen=True)
class InStockRate:
    """Units sold per day with stock, and the units that were missed on the other days at that rate."""

    per_day: FloatArray
    missed: FloatArray


def in_stock_rate(*, units: ArrayLike, days: ArrayLike, days_out: ArrayLike) -> InStockRate:
    """
    Return sales per day on which there was something to sell.

    Parameters
    ----------
    units
        Units sold in the whole span.
    days, days_out
        Days of the span, and those of them without stock; fewer than all.
    """
    sold, span = checked("units", units, "[0, inf)"), checked("days", days, "(0, inf)")
    out = checked("days_out", days_out, "[0, inf)")
    if np.any(out >= span):
        raise ValueError(f"days_out is {days_out!r}; it must lie in [0, days), and that is {days!r}")
    rate = as_floats(sold / (span - out))
    return InStockRate(rate, as_floats(rate * out))


def promise_date(first_positive: date, buffer_days: int = 0) -> date:
    """Return the date to promise: the first day with uncommitted stock plus whole days for handling."""
    return first_positive + timedelta(days=checked_whole("buffer_days", buffer_days, "[0, inf)"))
