"""Customer orders: the accepted demand of the last weeks split into order lines, each followed to its shipment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.history import History
from pipelines.demo.purchasing import PurchaseOrders
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import NEVER, World

__all__ = ["LEDGER_DAYS", "CustomerOrders", "dispatch_day", "units_in_dispatch", "write_ledger"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

LEDGER_DAYS = 60  # order lines of this many days, and all older ones that are still open

_SUNDAY = 6
_PROMISE_SLACK_DAYS, _PROMISE_DAYS = 3, 28


@dataclass(frozen=True, eq=False)
class CustomerOrders:
    """Customer order lines, arrays of equal length, sorted by location, day, customer and SKU.

    Days are counted from the start of the history; NEVER where something has not happened.

    Attributes
    ----------
    series, customer : positions; the customer's among those of the location.
    line : number within the order; one order is what a customer asks of a location on one day.
    ordered, requested, promised, shipped, cancelled : days; ``shipped`` is the day of the last shipment.
    quantity, shipped_quantity : units.
    """

    series: Integers
    customer: Integers
    line: Integers
    ordered: Integers
    requested: Integers
    promised: Integers
    shipped: Integers
    cancelled: Integers
    quantity: Integers
    shipped_quantity: Integers


def dispatch_day(world: World, series: Integers, day: Integers) -> Integers:
    """The day on which units allocated on ``day`` leave: Monday instead of Sunday where Sunday is free."""
    rests: Flags = np.array([not place.ships_on_sunday for place in world.locations])[world.series.location[series]]
    return np.asarray(day + (rests & (world.weekdays(day) == _SUNDAY)))


def units_in_dispatch(world: World, history: History) -> Integers:
    """Units that are allocated to orders but have not yet left at the close of each day, (days, series)."""
    series, day = np.arange(world.series.sku.size)[None, :], np.arange(world.days)[:, None]
    leaves_later = dispatch_day(world, series, day) > day
    return np.where(leaves_later, history.shipped + history.filled, 0)


def write_ledger(world: World, history: History) -> CustomerOrders:
    """Split accepted units into lines and follow each unit: shipped at once, shipped later, cancelled or waiting.

    Waiting units are served and given up first come, first served.
    """
    accepted = history.shipped + history.backordered
    departed = np.cumsum(history.filled + history.cancelled, axis=0)
    waited_for = np.cumsum(history.backordered, axis=0)
    wanted = (accepted > 0) & (np.arange(world.days) >= world.days - LEDGER_DAYS)[:, None]
    wanted |= (history.backordered > 0) & (waited_for > departed[-1])

    series, day = np.nonzero(wanted.T)
    units = accepted[day, series]
    cell = np.repeat(np.arange(units.size), units)
    rank = np.arange(cell.size) - np.repeat(np.cumsum(units) - units, units)
    series, day = series[cell], day[cell]
    waits = rank >= history.shipped[day, series]
    # The waiting units of a series are numbered from zero in the order of their demand.
    number = np.where(waits, (waited_for - history.backordered - history.shipped)[day, series] + rank, 0)
    departure, cancelled = _departures(history, departed, series, number)
    departure = np.where(waits, departure, day)
    cancelled &= waits

    leaves = dispatch_day(world, series, departure)
    gone = ~cancelled & (leaves < world.days)
    promised = dispatch_day(world, series, day)
    promised[waits] = _promise(world, history.orders, series[waits], day[waits])

    starts, customer = _lines(world, series, cell, cancelled)
    first = np.flatnonzero(starts)
    lines = CustomerOrders(
        series=series[first],
        customer=customer[first],
        line=np.zeros(first.size, dtype=np.int64),
        ordered=day[first],
        requested=dispatch_day(world, series[first], day[first]),
        promised=np.maximum.reduceat(promised, first),
        shipped=_or_never(np.maximum.reduceat(np.where(gone, leaves, -1), first)),
        cancelled=_or_never(np.maximum.reduceat(np.where(cancelled, departure, -1), first)),
        quantity=np.diff(np.append(first, starts.size)),
        shipped_quantity=np.add.reduceat(gone.astype(np.int64), first),
    )
    is_open = (lines.shipped_quantity < lines.quantity) & (lines.cancelled == NEVER)
    return _numbered(world, lines, np.flatnonzero(is_open | (lines.ordered >= world.days - LEDGER_DAYS)))


def _departures(history: History, departed: Integers, series: Integers, number: Integers) -> tuple[Integers, Flags]:
    """Day on which each waiting unit leaves the queue (NEVER: still in it), and whether by cancellation."""
    days = departed.shape[0]
    # One sorted array for all series: each occupies a band of its own.
    band = int(max(departed.max(initial=0), number.max(initial=0))) + 2
    ladder = (departed + np.arange(departed.shape[1]) * band).T.ravel()
    day = np.searchsorted(ladder, number + series * band, side="right") - series * days
    left = day < days
    at = np.where(left, day, 0)
    served_by = departed[at, series] - history.cancelled[at, series]  # fills come before cancellations
    return np.where(left, day, NEVER), left & (number >= served_by)


def _promise(world: World, orders: PurchaseOrders, series: Integers, day: Integers) -> Integers:
    """What the shop tells a customer who waits: the promised date of the next purchase order and a few days more.

    Never before tomorrow; where nothing is on order yet, four weeks.
    """
    by_arrival = np.lexsort((orders.received, orders.series))
    band = world.days + int(orders.received.max(initial=0)) + 2
    ladder = orders.series[by_arrival] * band + orders.received[by_arrival]
    following = np.searchsorted(ladder, series * band + day, side="right")
    at = by_arrival[np.minimum(following, ladder.size - 1)]
    known = (following < ladder.size) & (orders.series[at] == series) & (orders.ordered[at] <= day)
    return np.where(known, np.maximum(orders.promised[at] + _PROMISE_SLACK_DAYS, day + 1), day + _PROMISE_DAYS)


def _lines(world: World, series: Integers, cell: Integers, cancelled: Flags) -> tuple[Flags, Integers]:
    """Where a new order line starts among the units of a cell (SKU, location, day), and each unit's customer.

    Each further unit of a day opens a new line with a probability of one over the usual size of an order, which
    grows with the rate of the series. A line that is given up only in part is split in two.
    """
    usual = np.maximum(world.series.rate / 1.5, 1.3)[series]
    drawn = np.empty((2, series.size))
    bounds = np.searchsorted(series, np.arange(world.series.sku.size + 1))
    for k in np.flatnonzero(np.diff(bounds)):
        stream = keyed_stream(world.seed, "customers", world.series.sku[k], world.series.location[k])
        drawn[:, bounds[k] : bounds[k + 1]] = stream.random((bounds[k + 1] - bounds[k], 2)).T
    starts = drawn[0] * usual < 1.0
    starts[0] = True
    starts[1:] |= (cell[1:] != cell[:-1]) | (cancelled[1:] != cancelled[:-1])
    pool = np.array([place.customers for place in world.locations])[world.series.location[series]]
    # The square makes the first customers of the list the frequent ones.
    return starts, (pool * drawn[1] ** 2).astype(np.int64)


def _numbered(world: World, lines: CustomerOrders, keep: Integers) -> CustomerOrders:
    """Keep the lines asked for, sort them into orders and number them within each."""
    fields = {name: getattr(lines, name)[keep] for name in CustomerOrders.__dataclass_fields__}
    location = world.series.location[fields["series"]]
    order = np.lexsort((fields["series"], fields["customer"], fields["ordered"], location))
    fields = {name: values[order] for name, values in fields.items()}
    key = np.stack([location[order], fields["ordered"], fields["customer"]])
    opens = np.append(True, (key[:, 1:] != key[:, :-1]).any(axis=0))[: keep.size]
    position = np.arange(keep.size)
    fields["line"] = position - np.maximum.accumulate(np.where(opens, position, 0)) + 1
    return CustomerOrders(**fields)


def _or_never(day: Integers) -> Integers:
    return np.where(day < 0, NEVER, day)
