"""The inventory history: what happened to each SKU at each location on each day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.deliveries import Deliveries, PurchaseOrders
from pipelines.demo.transfers import Transfers

__all__ = ["Counts", "History"]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Stock counts in the evening, arrays of equal length: day, series, units booked and units found."""

    day: Integers
    series: Integers
    book: Integers
    counted: Integers


@dataclass(frozen=True, eq=False)
class History:
    """What happened: units, shape (days, series).

    demand = shipped + backordered + lost on each day, and, both accumulated,
    available = opening stock + received + transferred + returned - scrapped - vanished - filled - shipped.

    Attributes
    ----------
    demand : what customers asked for; preordered : of the demand of the first day on sale, ordered before it.
    shipped : filled from stock on the day of the demand.
    backordered : accepted although there was no stock.
    filled : shipped on this day to customers who had waited.
    cancelled : waiting units given up on this day.
    received : from suppliers, without what was refused.
    returned : brought back by customers and put on the shelf.
    scrapped : perished. vanished : gone from the shelf without a record, below zero where some turned up.
    transferred : from other locations, below zero where it leaves for them; on the road in neither.
    available : stock at the close that nobody has a claim to.
    booked : what the stock record says of it.
    opening_stock : (series,), units at the first opening.
    """

    demand: Integers
    preordered: Integers
    shipped: Integers
    backordered: Integers
    filled: Integers
    cancelled: Integers
    received: Integers
    returned: Integers
    scrapped: Integers
    vanished: Integers
    transferred: Integers
    available: Integers
    booked: Integers
    opening_stock: Integers
    orders: PurchaseOrders
    deliveries: Deliveries
    counts: Counts
    transfers: Transfers

    @property
    def lost(self) -> Integers:
        """Demand neither shipped nor accepted on backorder, (days, series)."""
        return self.demand - self.shipped - self.backordered

    @property
    def unmet(self) -> Integers:
        """Demand not filled from stock at once, (days, series)."""
        return self.demand - self.shipped
