"""What is written down of every period, and where; the counts of a path are the sums over its counted periods."""

from __future__ import annotations

from typing import Final

__all__ = ["COLUMNS", "COUNTS", "TRACE", "WAIT_BINS"]

COUNTS: Final = (
    "received",  # delivered, with what is rejected
    "ordered",
    "demanded",
    "filled_at_once",
    "filled_later",
    "lost",  # not filled at once and not waiting
    "cancelled",  # given up waiting
    "scrapped",  # rejected, past the shelf life, or gone
    "stock",  # at the count, misplaced units included
    "waiting",  # at the count
    "waited_periods",  # by the units filled later, since their demand
    "orders",
    "lines",
    "short_lines",  # not filled completely at once
    "demand_periods",
    "short_periods",
    "ready_periods",  # with stock > 0 at the count
    "cycles",  # receipts
    "short_cycles",  # receipts before which something had run short since the last
    "short",  # demanded and not filled at once
    "counted_waits",  # of the units filled later those demanded in a counted period
    "counted_wait_periods",
)
COLUMNS: Final = (*COUNTS, "opening_stock", "on_order")
TRACE: Final = (
    "opening_stock",
    "received",
    "ordered",
    "demanded",
    "filled_at_once",
    "filled_later",
    "lost",
    "cancelled",
    "scrapped",
    "stock",
    "waiting",
    "on_order",
    "waited_periods",
)
# Waits of 0, 1, 2, ... periods; the last bin takes all longer ones.
WAIT_BINS: Final = 256

(
    RECEIVED, ORDERED, DEMANDED, FILLED_AT_ONCE, FILLED_LATER, LOST, CANCELLED, SCRAPPED, STOCK, WAITING,
    WAITED_PERIODS, ORDERS, LINES, SHORT_LINES, DEMAND_PERIODS, SHORT_PERIODS, READY_PERIODS, CYCLES, SHORT_CYCLES,
    SHORT, COUNTED_WAITS, COUNTED_WAIT_PERIODS, OPENING_STOCK, ON_ORDER,
) = range(len(COLUMNS))  # fmt: skip
