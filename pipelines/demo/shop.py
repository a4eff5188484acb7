"""The shop at work: day by day from the first opening to the last close, all series at once.

Order of events in a day: arrivals from suppliers, other locations and customers are put on the shelf, what has
perished is scrapped, waiting backorders are filled, some of those who still wait cancel, a review may order, a
transfer may leave, demand comes and is filled, accepted on backorder or lost, and in the evening some shelves are
counted. The buyer sees the stock record, the customers see the shelf.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.chance import Chance
from pipelines.demo.deliveries import Deliveries, PurchaseOrders
from pipelines.demo.demand import on_sale
from pipelines.demo.history import Counts, History
from pipelines.demo.incidents import Cause, Incidents
from pipelines.demo.purchasing import LOOK_BACK_DAYS, Buyer, open_buyer, open_value_rule
from pipelines.demo.records import count_days
from pipelines.demo.sourcing import NO_SOURCE, Sourcing
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.transfers import TRANSFER_DAYS, TRANSFER_WEEKDAY, TransferDesk
from pipelines.demo.world import NEVER, World

__all__ = ["RETURN_DAYS", "live_through"]

Integers = npt.NDArray[np.int64]

_Lines = TypeVar("_Lines", PurchaseOrders, Deliveries)

RETURN_DAYS = 12  # from shipment to return

_CANCELLED_PER_DAY = 0.02  # share of the waiting units
_LONGEST_DELIVERY_DAYS = 500  # what would take longer is never seen
_STATED = np.array([supplier.stated_days for supplier in SUPPLIERS])


def live_through(
    world: World, demand: Integers, preordered: Integers, sourcing: Sourcing, chance: Chance, incidents: Incidents
) -> History:
    """Run the shop through the history.

    Parameters
    ----------
    demand : (days, series), units. preordered : (series,), units of it that were ordered before the first day on sale.
    """
    shop = Shop(world, demand, preordered, sourcing, chance, incidents)
    for day in range(world.days):
        shop.receive(day)
        shop.lose(day)
        shop.serve_waiting(day)
        shop.review(day)
        shop.send_transfers(day)
        shop.sell(day)
        shop.count(day)
    return shop.history()


class Shop:
    """State of the shop between two events; all arrays have one value a series, those of the record one a day too.

    Attributes
    ----------
    shelf : units that nobody has a claim to. hidden : what the stock record says beyond that.
    backlog : units that customers wait for. on_order : units confirmed by suppliers and not yet delivered.
    wanted_since : first review at which an order was due that has not been placed yet; NEVER without.
    """

    def __init__(
        self,
        world: World,
        demand: Integers,
        preordered: Integers,
        sourcing: Sourcing,
        chance: Chance,
        incidents: Incidents,
    ) -> None:
        self.world, self.demand, self.sourcing = world, demand, sourcing
        self.chance, self.incidents = chance, incidents
        self.buyer: Buyer = open_buyer(world, sourcing)
        self.value_rule = open_value_rule(world)
        self.reviewed = [np.flatnonzero(self.buyer.weekday == weekday) for weekday in range(7)]
        self.desk = TransferDesk(world, incidents)
        days, count = demand.shape
        launch, end = world.assortment.launch[world.series.sku], world.assortment.end[world.series.sku]
        self.launch, self.end = launch, end
        self.preordered = preordered
        self.patience = np.array([place.backorder_share for place in world.locations])[world.series.location]
        self.returned_share = np.array([place.returned_share for place in world.locations])[world.series.location]
        self.counted_on = count_days(world, incidents)
        self.days_before = np.zeros((days + 1, count), dtype=np.int64)
        np.cumsum(on_sale(world), axis=0, out=self.days_before[1:])
        self.accepted_before = np.zeros((days + 1, count), dtype=np.int64)
        (
            self.shipped, self.backordered, self.filled, self.cancelled, self.returned, self.scrapped, self.vanished,
            self.transferred, self.available, self.booked,
        ) = (np.zeros_like(demand) for _ in range(10))  # fmt: skip
        self.arriving = np.zeros((days + _LONGEST_DELIVERY_DAYS, count), dtype=np.int64)
        self.refused = np.zeros_like(self.arriving)
        none = np.zeros(0, dtype=np.int64)
        self.orders = [PurchaseOrders(*(none for _ in fields(PurchaseOrders)))]
        self.deliveries = [Deliveries(*(none for _ in fields(Deliveries)))]
        self.counts = [tuple(none for _ in fields(Counts))]
        self.lines = 0

        life = np.array([kind.shelf_life_days or 0 for kind in CATEGORIES])[world.assortment.category[world.series.sku]]
        self.perishable = np.flatnonzero(life)
        self.shelf_life = life[self.perishable]
        self.came_in = np.zeros((days + 1, self.perishable.size), dtype=np.int64)
        self.went_out = np.zeros(self.perishable.size, dtype=np.int64)

        self.opening = _opening_stock(self.buyer, launch)
        self.came_in[0] = self.opening[self.perishable]
        self.shelf = self.opening.copy()
        self.hidden, self.backlog, self.on_order = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self.wanted_since = np.full(count, NEVER)

    def receive(self, day: int) -> None:
        """Put on the shelf what comes from suppliers, other locations and customers."""
        arriving = self.arriving[day]
        self.on_order -= arriving + self.refused[day]
        coming = arriving + self.desk.arriving[day]
        self.transferred[day] += self.desk.arriving[day]
        if day >= RETURN_DAYS:
            gone = self.shipped[day - RETURN_DAYS] + self.filled[day - RETURN_DAYS]
            back = np.where(day < self.end, gone * self.returned_share + self.chance.bring_back[day], 0.0)
            self.returned[day] = np.minimum(back.astype(np.int64), gone)
            coming = coming + self.returned[day]
        self.shelf += coming
        self.came_in[day + 1] = self.came_in[day] + coming[self.perishable]

    def lose(self, day: int) -> None:
        """Scrap what has perished, first in first out; then units vanish or turn up without a record."""
        which = self.perishable
        old_day = np.maximum(day + 1 - self.shelf_life, 0)
        old = np.where(day >= self.shelf_life, self.came_in[old_day, np.arange(which.size)] - self.went_out, 0)
        scrapped = np.clip(old, 0, self.shelf[which])
        self.scrapped[day, which] = scrapped
        self.shelf[which] -= scrapped

        moves = self.chance.moves[day]
        struck = self.incidents.of(Cause.WRONG_RECORD)
        struck = struck[self.incidents.first[struck] == day]
        if struck.size or moves.any():
            moves = moves.copy()
            moves[struck] = np.ceil(self.shelf[struck] * self.incidents.strength[struck])
            vanished = np.minimum(moves, self.shelf)
            self.vanished[day] = vanished
            self.shelf -= vanished
            self.hidden += vanished
            self.came_in[day + 1] += np.maximum(-vanished, 0)[which]

    def serve_waiting(self, day: int) -> None:
        """Fill waiting backorders, first come first served; some of the others give up."""
        filled = np.minimum(self.shelf, self.backlog, out=self.filled[day])
        self.shelf -= filled
        self.backlog -= filled
        self.cancelled[day] = self.backlog * _CANCELLED_PER_DAY + self.chance.cancel[day] * (self.backlog > 0)
        self.backlog -= self.cancelled[day]

    def review(self, day: int) -> None:
        """Order for the series whose supplier takes orders on this day."""
        which = self.reviewed[(day + self.world.start.weekday()) % 7]
        if which.size == 0:
            return
        since = max(day - LOOK_BACK_DAYS, 0)
        position = (self.shelf + self.hidden + self.on_order - self.backlog)[which]
        quantity = self.buyer.orders(
            which,
            day,
            position,
            (self.accepted_before[day] - self.accepted_before[since])[which],
            (self.days_before[day] - self.days_before[since])[which],
            self.incidents.caution(day, which, self.buyer.caution[which]),
        )
        self.wanted_since[which] = np.where(quantity > 0, np.minimum(self.wanted_since[which], day), NEVER)
        quantity = np.where(self.incidents.at_work(Cause.LATE_ORDER, day, which), 0, quantity)
        # Who has nothing at all, and nothing on the road, buys from the dearer neighbour.
        second = self.sourcing.second[self.world.series.sku[which]]
        urgent = (position <= 0) & (second != NO_SOURCE) & (quantity > 0)
        first = np.where(urgent, 0, quantity)
        usual = self.world.assortment.supplier[self.world.series.sku[which]]
        self._place(day, which, usual, self.value_rule.apply(which, first))
        self._place(day, which, second, np.where(urgent, quantity, 0))

    def _place(self, day: int, which: Integers, supplier: Integers, quantity: Integers) -> None:
        ordered = np.flatnonzero(quantity)
        if ordered.size == 0:
            return
        which, supplier, quantity = which[ordered], supplier[ordered], quantity[ordered]
        supply, world = self.chance.supply, self.world
        confirmed = supply.confirm(self.incidents, day, which, quantity)
        deliveries = supply.deliver(world, self.incidents, day, which, supplier, confirmed)
        series = which[deliveries.line]
        inside = deliveries.received < self.arriving.shape[0]
        np.add.at(
            self.arriving,
            (deliveries.received[inside], series[inside]),
            (deliveries.sent - deliveries.rejected)[inside],
        )
        np.add.at(self.refused, (deliveries.received[inside], series[inside]), deliveries.rejected[inside])
        self.on_order[which] += confirmed
        stated = _STATED[supplier] + world.assortment.extra_lead_days[world.series.sku[which]]
        same_day = np.full(which.size, day)
        self.orders.append(
            PurchaseOrders(which, supplier, self.wanted_since[which], same_day, day + stated, quantity, confirmed)
        )
        self.deliveries.append(
            Deliveries(deliveries.line + self.lines, deliveries.received, deliveries.sent, deliveries.rejected)
        )
        self.lines += which.size
        self.wanted_since[which] = NEVER

    def send_transfers(self, day: int) -> None:
        """Let the first location help the others once a week."""
        if (day + self.world.start.weekday()) % 7 == TRANSFER_WEEKDAY and day + TRANSFER_DAYS < self.world.days:
            since = max(day - LOOK_BACK_DAYS, 0)
            weeks_sold = self.accepted_before[day] - self.accepted_before[since]
            sent = self.desk.send(day, self.shelf, self.backlog, weeks_sold / LOOK_BACK_DAYS)
            self.shelf -= sent
            self.transferred[day] -= sent

    def sell(self, day: int) -> None:
        """Fill demand from the shelf; the rest is accepted on backorder or lost."""
        demand = self.demand[day]
        shipped = np.minimum(self.shelf, demand, out=self.shipped[day])
        self.shelf -= shipped
        unmet = demand - shipped
        # Those who ordered ahead come first and wait; of the others some do.
        ahead = np.where(self.launch == day, np.maximum(self.preordered - shipped, 0), 0)
        self.backordered[day] = ahead + (
            (unmet - ahead) * self.patience + self.chance.accept[day] * (unmet > ahead)
        ).astype(np.int64)
        self.backlog += self.backordered[day]
        self.accepted_before[day + 1] = self.accepted_before[day] + shipped + self.backordered[day]
        self.available[day] = self.shelf
        which = self.perishable
        self.went_out = self.came_in[day + 1] - self.shelf[which]

    def count(self, day: int) -> None:
        """Count the shelves whose turn it is, and those that hold more than the record says."""
        wrong = self.shelf + self.hidden < 0
        which = np.flatnonzero(wrong | self.counted_on[day])
        if which.size:
            on_sale_now = (self.launch[which] <= day) & (day < self.end[which])
            which = which[on_sale_now | wrong[which]]
            shelf = self.shelf[which]
            self.counts.append((np.full(which.size, day), which, shelf + self.hidden[which], shelf))
            self.hidden[which] = 0
        self.booked[day] = self.shelf + self.hidden

    def history(self) -> History:
        """Collect what has been recorded."""
        days = self.world.days
        preordered = np.zeros_like(self.demand)
        new = np.flatnonzero((self.launch >= 0) & (self.launch < days))
        preordered[self.launch[new], new] = self.preordered[new]
        return History(
            demand=self.demand,
            preordered=preordered,
            shipped=self.shipped,
            backordered=self.backordered,
            filled=self.filled,
            cancelled=self.cancelled,
            received=self.arriving[:days],
            returned=self.returned,
            scrapped=self.scrapped,
            vanished=self.vanished,
            transferred=self.transferred,
            available=self.available,
            booked=self.booked,
            opening_stock=self.opening,
            orders=_joined(PurchaseOrders, self.orders),
            deliveries=_joined(Deliveries, self.deliveries),
            counts=Counts(*(np.concatenate(column) for column in zip(*self.counts, strict=True))),
            transfers=self.desk.transfers(),
        )


def _joined(kind: type[_Lines], parts: list[_Lines]) -> _Lines:
    return kind(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(kind)))


def _opening_stock(buyer: Buyer, launch: Integers) -> Integers:
    """Stock of the items on sale from the first day: enough for the first order to arrive, and half a lot."""
    mean = buyer.guess * buyer.protection
    lot = np.sqrt(buyer.guess * buyer.lot_factor)
    stock = np.ceil(mean + buyer.caution * np.sqrt(mean) + lot / 2).astype(np.int64)
    return np.where(launch < 0, stock, 0)
