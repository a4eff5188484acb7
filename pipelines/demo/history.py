"""The inventory history: day by day from the first opening to the last close, all series at once.

Order of events in a day, as in the planner: arrivals are received, waiting backorders are filled, some of those
who still wait cancel, a review may order, demand comes and is filled, accepted on backorder or lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.demand import on_sale
from pipelines.demo.purchasing import REVIEW_DAYS, Buyer, PurchaseOrders, draw_lead_times, stated_lead_time
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import World

__all__ = ["History", "live_through"]

Integers = npt.NDArray[np.int64]

_CANCELLED_PER_DAY = 0.02  # share of the waiting units


@dataclass(frozen=True, eq=False)
class History:
    """What happened: units, shape (days, series).

    demand = shipped + backordered + lost on each day, and
    available = opening stock + received - filled - shipped, both accumulated.

    Attributes
    ----------
    demand : what customers asked for.
    shipped : filled from stock on the day of the demand.
    backordered : accepted although there was no stock.
    filled : shipped on this day to customers who had waited.
    cancelled : waiting units given up on this day.
    received : from suppliers.
    available : stock at the close that nobody has a claim to.
    opening_stock : (series,), units at the first opening.
    orders : all purchase order lines.
    """

    demand: Integers
    shipped: Integers
    backordered: Integers
    filled: Integers
    cancelled: Integers
    received: Integers
    available: Integers
    opening_stock: Integers
    orders: PurchaseOrders

    @property
    def lost(self) -> Integers:
        """Demand neither shipped nor accepted on backorder, (days, series)."""
        return self.demand - self.shipped - self.backordered


def live_through(world: World, demand: Integers, buyer: Buyer) -> History:
    """Run the shop through the history.

    Parameters
    ----------
    demand : (days, series), units.
    """
    days, count = demand.shape
    accept, cancel = _rounding_draws(world)
    share = np.array([place.backorder_share for place in world.locations])[world.series.location]
    lead_time = draw_lead_times(world)
    stated = stated_lead_time(world)
    shipped, backordered, filled, cancelled, available_at_close = (np.zeros_like(demand) for _ in range(5))
    arriving = np.zeros((days + int(lead_time.max()) + 1, count), dtype=np.int64)
    sold_before = np.zeros((days + 1, count), dtype=np.int64)
    days_on_sale_before = np.zeros((days + 1, count), dtype=np.int64)
    np.cumsum(on_sale(world), axis=0, out=days_on_sale_before[1:])

    opening = _opening_stock(world, buyer)
    available = opening.copy()
    backlog, on_order = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    first_review = -world.start.weekday() % 7
    lines: list[tuple[Integers, int, Integers]] = []
    for day in range(days):
        available += arriving[day]
        on_order -= arriving[day]
        filled[day] = np.minimum(available, backlog)
        available -= filled[day]
        backlog -= filled[day]
        cancelled[day] = backlog * _CANCELLED_PER_DAY + cancel[day]
        backlog -= cancelled[day]

        if day % REVIEW_DAYS == first_review:
            since = buyer.look_back(day)
            quantity = buyer.orders(
                day,
                available + on_order - backlog,
                sold_before[day] - sold_before[since],
                days_on_sale_before[day] - days_on_sale_before[since],
            )
            series = np.flatnonzero(quantity)
            # Distinct series, so that the fancy index adds each line once.
            arriving[day + lead_time[day, series], series] += quantity[series]
            on_order += quantity
            lines.append((series, day, quantity[series]))

        np.minimum(available, demand[day], out=shipped[day])
        available -= shipped[day]
        backordered[day] = (demand[day] - shipped[day]) * share + accept[day]
        backlog += backordered[day]
        sold_before[day + 1] = sold_before[day] + shipped[day] + backordered[day]
        available_at_close[day] = available

    series = np.concatenate([line[0] for line in lines])
    ordered = np.repeat([line[1] for line in lines], [line[0].size for line in lines])
    orders = PurchaseOrders(
        series=series,
        ordered=ordered,
        promised=ordered + stated[series],
        received=ordered + lead_time[ordered, series],
        quantity=np.concatenate([line[2] for line in lines]),
    )
    return History(
        demand=demand,
        shipped=shipped,
        backordered=backordered,
        filled=filled,
        cancelled=cancelled,
        received=arriving[:days],
        available=available_at_close,
        opening_stock=opening,
        orders=orders,
    )


def _opening_stock(world: World, buyer: Buyer) -> Integers:
    """Stock of the items on sale from the first day: enough for the first order to arrive, and half a lot."""
    established = world.assortment.launch[world.series.sku] < 0
    mean = buyer.guess * buyer.protection
    lot = np.sqrt(buyer.guess * buyer.lot_factor)
    stock = np.ceil(mean + buyer.caution * np.sqrt(mean) + lot / 2).astype(np.int64)
    return np.where(established, stock, 0)


def _rounding_draws(world: World) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Uniform numbers (days, series) that turn shares of units into whole units without bias: floor(share + u)."""
    series = world.series
    drawn = np.empty((series.sku.size, 2, world.days))
    for k, (i, j) in enumerate(zip(series.sku, series.location, strict=True)):
        keyed_stream(world.seed, "customers' patience", i, j).random(out=drawn[k])
    accept, cancel = np.ascontiguousarray(drawn.transpose(1, 2, 0))
    return accept, cancel
