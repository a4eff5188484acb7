"""The ledger of customer order lines: what has left, what was given up, and what still waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER", "ItemState", "LineStatus", "OrderLedger", "line_status"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# A day that no calendar reaches: not shipped, not cancelled, not promised.
NEVER: Final = np.iinfo(np.int64).max
_NEARLY: Final = 1e-9


class LineStatus(IntEnum):
    """What has become of an order line; of several that are true of it the first holds."""

    CANCELLED = 0  # given up before all of it had left
    SHIPPED = 1  # all of it has left
    PRE_ORDER = 2  # waits for the first day on sale
    ALLOCATED = 3  # waits, and all of it is on hand
    DISCONTINUED = 4  # nothing covers a part of it, and the item is no longer ordered
    OUT_OF_STOCK = 5  # nothing covers a part of it, nothing is on order, and nothing will be ordered
    OPEN = 6  # wanted on a later day
    PARTLY_SHIPPED = 7  # a part has left, the rest is backordered
    BACKORDERED = 8  # accepted and due, and not on hand

    @property
    def label(self) -> str:
        """The status in words."""
        return self.name.lower().replace("_", " ").replace("pre order", "pre-order")


@dataclass(frozen=True, eq=False)
class OrderLedger:
    """Customer order lines as they stand at an opening; arrays (m,), days since 1970-01-01.

    Attributes
    ----------
    as_of : the opening; what is dated on it or later has not happened yet.
    item : row of the item. rank : place among lines of the same day, the same whatever the order of rows.
    quantity, shipped : units ordered, and shipped by ``shipped_on`` (the day of the last shipment, NEVER without).
        Where ``shipped`` is given without a day it stands for what has left so far.
    ordered, wanted : day of the order, and from which it is to be shipped (requested day, or first day on sale).
    cancelled_on : the rest was given up, or NEVER. priority : smaller is served first, infinite without.
    reserved : units on hand that are set aside for this very line.
    """

    as_of: int
    item: Integers
    rank: Integers
    quantity: Floats
    shipped: Floats
    ordered: Integers
    wanted: Integers
    shipped_on: Integers
    cancelled_on: Integers
    priority: Floats
    reserved: Floats

    def __len__(self) -> int:
        return len(self.item)

    @property
    def left(self) -> Floats:
        """Units that have left before the opening, at most those ordered."""
        gone = (self.shipped_on < self.as_of) | (self.shipped_on == NEVER)
        return np.where(gone, np.minimum(self.shipped, self.quantity), 0.0)

    @property
    def cancelled(self) -> Flags:
        """Whether what had not left was given up before the opening."""
        return self.cancelled_on < self.as_of

    @property
    def waiting(self) -> Floats:
        """Units ordered before the opening that have neither left nor been given up."""
        open_lines = (self.ordered < self.as_of) & ~self.cancelled
        return np.where(open_lines, self.quantity - self.left, 0.0)

    @property
    def age(self) -> Integers:
        """Days since the order."""
        return self.as_of - self.ordered

    def waiting_by_item(self, n: int) -> Floats:
        """Units that wait for each of n items."""
        return np.asarray(np.bincount(self.item, weights=self.waiting, minlength=n), dtype=np.float64)

    def take(self, rows: Integers | Flags) -> OrderLedger:
        """Return some of the lines."""
        return OrderLedger(
            self.as_of,
            *(
                getattr(self, name)[rows]
                for name in (
                    "item",
                    "rank",
                    "quantity",
                    "shipped",
                    "ordered",
                    "wanted",
                    "shipped_on",
                    "cancelled_on",
                    "priority",
                    "reserved",
                )
            ),
        )


@dataclass(frozen=True, eq=False)
class ItemState:
    """What the statuses need to know of each of n items.

    Attributes
    ----------
    available_from : first day on sale, the smallest integer where it has always been. discontinued : no longer ordered.
    restocked : will be ordered again. on_order : units on order.
    """

    available_from: Integers
    discontinued: Flags
    restocked: Flags
    on_order: Floats


def line_status(ledger: OrderLedger, items: ItemState, on_hand: Floats, covered: Floats) -> Integers:
    """Tell the status of each line.

    Parameters
    ----------
    on_hand, covered : (m,) units of what waits that stock on hand covers, and stock or a purchase order.

    Returns
    -------
    int64 (m,), values of LineStatus.
    """
    waiting, item = ledger.waiting, ledger.item
    uncovered = waiting - covered > _NEARLY
    done = ledger.quantity - ledger.left <= _NEARLY
    cases = {
        LineStatus.SHIPPED: done,
        LineStatus.CANCELLED: ledger.cancelled,
        LineStatus.PRE_ORDER: items.available_from[item] > ledger.as_of,
        LineStatus.ALLOCATED: waiting - on_hand <= _NEARLY,
        LineStatus.DISCONTINUED: uncovered & items.discontinued[item],
        LineStatus.OUT_OF_STOCK: uncovered & ~items.restocked[item] & (items.on_order[item] <= 0),
        LineStatus.OPEN: ledger.wanted > ledger.as_of,
        LineStatus.PARTLY_SHIPPED: ledger.left > 0,
    }
    return np.select(list(cases.values()), [int(s) for s in cases], int(LineStatus.BACKORDERED)).astype(np.int64)
