"""Customer orders: the accepted demand of the last weeks split into order lines, each followed to its shipment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.customers import open_circles
from pipelines.demo.deliveries import PurchaseOrders
from pipelines.demo.demand import PREORDER_DAYS
from pipelines.demo.history import History
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import HAND, NEVER, World

__all__ = ["LEDGER_DAYS", "CustomerOrders", "dispatch_day", "units_in_dispatch", "write_ledger"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEDGER_DAYS = 365  # order lines of this many days, and all older ones that are still open

_SUNDAY = 6
_PROMISE_SLACK_DAYS, _PROMISE_DAYS = 3, 28


@dataclass(frozen=True, eq=False)
class CustomerOrders:
    """Customer order lines, arrays of equal length, sorted by location, day, customer and SKU.

    Days are counted from the start of the history; NEVER where something has not happened.

    Attributes
    ----------
    series, customer : positions; the customer's within the circle of the SKU and location, see ``Circle.choose``.
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


@dataclass(frozen=True, eq=False)
class _Cells:
    """Accepted demand of one series and day each, sorted by series and day; arrays of equal length.

    Attributes
    ----------
    series, day : the day is that of the sale. units : accepted; at_once : of these, shipped on that day.
    ahead : of these, ordered before the item was available; they come first.
    queue : units of the series that had begun to wait before.
    first : position of the first unit of the cell among the units of all cells.
    """

    series: Integers
    day: Integers
    units: Integers
    at_once: Integers
    ahead: Integers
    queue: Integers
    first: Integers


def dispatch_day(world: World, series: Integers, day: Integers) -> Integers:
    """The day on which units allocated on ``day`` leave: Monday instead of Sunday where Sunday is free."""
    rests: Flags = np.array([not place.ships_on_sunday for place in world.locations])[world.series.location[series]]
    return np.asarray(day + (rests & (world.weekdays(day) == _SUNDAY)))


def units_in_dispatch(world: World, history: History) -> Integers:
    """Units that are allocated to orders but have not yet left at the close of each day, (days, series)."""
    series, day = np.arange(world.series.sku.size)[None, :], np.arange(world.days)[:, None]
    leaves_later = dispatch_day(world, series, day) > day
    return np.where(leaves_later, history.shipped + history.filled, 0)


def write_ledger(world: World, history: History, preordered: Integers, days: int = LEDGER_DAYS) -> CustomerOrders:
    """Split accepted units into lines and follow each unit: shipped at once, shipped later, cancelled or waiting.

    Waiting units are served and given up first come, first served. The units of a cell are cut into pieces that
    share their line and their fate, so that the work grows with the lines and not with the units.

    Parameters
    ----------
    preordered : (series,), units ordered before the item is available.
    days : length of the complete ledger; of the time before it, open lines only.
    """
    departed = np.cumsum(history.filled + history.cancelled, axis=0)
    cells = _cells(world, history, preordered, departed[-1], days)
    streams = _streams(world, cells)
    cuts = _random_cuts(world, cells, streams)
    pieces = _distinct(np.concatenate([cuts, *_turns(history, cells, departed)]))
    at = np.searchsorted(cells.first, pieces, side="right") - 1
    length = np.diff(np.append(pieces, cells.units.sum()))
    rank, series, day = pieces - cells.first[at], cells.series[at], cells.day[at]
    waits = rank >= cells.at_once[at]
    number = np.where(waits, cells.queue[at] + rank - cells.at_once[at], 0)
    departure, cancelled = _departures(history, departed, series, number)
    departure = np.where(waits, departure, day)
    cancelled &= waits

    leaves = dispatch_day(world, series, departure)
    gone = ~cancelled & (leaves < world.days)
    promised = dispatch_day(world, series, day)
    ahead = rank < cells.ahead[at]
    late = waits & ~ahead
    promised[late] = _promise(world, history.orders, series[late], day[late])

    starts = np.zeros(pieces.size, dtype=bool)
    starts[np.searchsorted(pieces, cuts)] = True
    starts |= rank == cells.ahead[at]
    starts[1:] |= cancelled[1:] != cancelled[:-1]
    first = np.flatnonzero(starts)
    uniform = _line_luck(series[first], streams)
    # A line that waits in part counts as one that waited.
    waited = np.maximum.reduceat(waits, first)
    ordered = np.where(ahead[first], day[first] - 1 - (PREORDER_DAYS * uniform[2]).astype(np.int64), day[first])
    lines = CustomerOrders(
        series=series[first],
        customer=_customers(world, series[first], ordered, waited, uniform[:2]),
        line=np.zeros(first.size, dtype=np.int64),
        ordered=ordered,
        requested=dispatch_day(world, series[first], day[first]),
        promised=np.maximum.reduceat(promised, first),
        shipped=_or_never(np.maximum.reduceat(np.where(gone, leaves, -1), first)),
        cancelled=_or_never(np.maximum.reduceat(np.where(cancelled, departure, -1), first)),
        quantity=np.add.reduceat(length, first),
        shipped_quantity=np.add.reduceat(np.where(gone, length, 0), first),
    )
    is_open = (lines.shipped_quantity < lines.quantity) & (lines.cancelled == NEVER)
    wanted = (is_open | (day[first] >= world.days - days)) & (ordered < world.days)
    return _numbered(world, lines, np.flatnonzero(wanted))


def _cells(world: World, history: History, preordered: Integers, departed: Integers, days: int) -> _Cells:
    accepted = history.shipped + history.backordered
    waited_for = np.cumsum(history.backordered, axis=0)
    wanted = (accepted > 0) & (np.arange(world.days) >= world.days - days)[:, None]
    wanted |= (history.backordered > 0) & (waited_for > departed)
    series, day = np.nonzero(wanted.T)
    launch = world.assortment.launch[world.series.sku]
    still = np.flatnonzero((launch >= world.days) & (preordered > 0))  # items that are not yet available
    zero = np.zeros(still.size, dtype=np.int64)
    fields = (
        np.append(series, still),
        np.append(day, launch[still]),
        np.append(accepted[day, series], preordered[still]),
        np.append(history.shipped[day, series], zero),
        np.append(history.preordered[day, series], preordered[still]),
        np.append((waited_for - history.backordered)[day, series], zero),
    )
    order = np.argsort(fields[0], kind="stable")
    series, day, units, at_once, ahead, queue = (values[order] for values in fields)
    return _Cells(series, day, units, at_once, ahead, queue, np.cumsum(units) - units)


def _streams(world: World, cells: _Cells) -> dict[int, np.random.Generator]:
    """The order lines' stream of each series that has any."""
    place = world.series
    return {
        int(k): keyed_stream(world.seed, "order lines", int(place.sku[k]), int(place.location[k]))
        for k in np.unique(cells.series)
    }


def _random_cuts(world: World, cells: _Cells, streams: dict[int, np.random.Generator]) -> Integers:
    """Units that open a line: the first of each cell, and each further one with a probability.

    The probability is one over the usual size of an order, which grows with the rate of the series.
    """
    usual = np.maximum(world.series.rate / 1.5, 1.3)
    present = np.array(list(streams))
    bound = np.append(cells.first, cells.units.sum())[np.searchsorted(cells.series, np.append(present, NEVER))]
    cuts = [cells.first]
    for k, begin, end in zip(streams, bound[:-1], bound[1:], strict=True):
        expected = (end - begin) / usual[k]
        gaps = streams[k].geometric(1.0 / usual[k], int(expected + 5.0 * np.sqrt(expected)) + 5)
        cut = begin - 1 + np.cumsum(gaps)
        cuts.append(cut[cut < end])
    return _distinct(np.concatenate(cuts))


def _turns(history: History, cells: _Cells, departed: Integers) -> list[Integers]:
    """Units at which the fate within a cell changes: where waiting begins, and where a day's departures end."""
    last = cells.first + cells.units
    turns = [(cells.first + cut)[cut < cells.units] for cut in (cells.at_once, cells.ahead)]
    day, series = np.nonzero(history.filled + history.cancelled)
    for number in (departed[day, series], departed[day, series] - history.cancelled[day, series]):
        # The cell of the series whose waiting units include this number; cells are sorted by series and queue.
        band = int(max(departed.max(initial=0), cells.queue.max(initial=0))) + 2
        at = np.searchsorted(cells.series * band + cells.queue, series * band + number, side="right") - 1
        at = np.maximum(at, 0)
        unit = cells.first[at] + cells.at_once[at] + number - cells.queue[at]
        turns.append(unit[(cells.series[at] == series) & (unit < last[at])])
    return turns


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

    The next one is that with the earliest promise which is not yet past; never before tomorrow. Where there is none,
    four weeks.
    """
    by_promise = np.lexsort((orders.promised, orders.series))
    band = world.days + int(orders.promised.max(initial=0)) + 2
    ladder = orders.series[by_promise] * band + orders.promised[by_promise]
    following = np.searchsorted(ladder, series * band + day, side="right")
    at = by_promise[np.minimum(following, ladder.size - 1)]
    known = (following < ladder.size) & (orders.series[at] == series) & (orders.ordered[at] <= day)
    return np.where(known, np.maximum(orders.promised[at] + _PROMISE_SLACK_DAYS, day + 1), day + _PROMISE_DAYS)


def _line_luck(series: Integers, streams: dict[int, np.random.Generator]) -> Floats:
    """Three uniform numbers for each line, (3, lines); the lines are sorted by series."""
    count = np.bincount(series)
    return np.concatenate([stream.random((count[k], 3)) for k, stream in streams.items()]).T


def _customers(world: World, series: Integers, day: Integers, waited: Flags, uniform: Floats) -> Integers:
    location = world.series.location[series]
    customer = np.zeros(series.size, dtype=np.int64)
    for j, circle in enumerate(open_circles(world)):
        here = np.flatnonzero(location == j)
        customer[here] = circle.choose(day[here], waited[here], uniform[:, here])
    return customer


def _numbered(world: World, lines: CustomerOrders, keep: Integers) -> CustomerOrders:
    """Keep the lines asked for, sort them into orders and number them within each."""
    fields = {name: getattr(lines, name)[keep] for name in CustomerOrders.__dataclass_fields__}
    location, circle = world.series.location[fields["series"]], world.series.sku[fields["series"]] // HAND
    customers, circles = int(fields["customer"].max(initial=0)) + 1, int(circle.max(initial=0)) + 1
    begins = int(fields["ordered"].min(initial=0))
    key = (location * (world.days - begins) + fields["ordered"] - begins) * circles + circle
    key = key * customers + fields["customer"]
    # Lines come sorted by series, hence by SKU within a location.
    order = np.argsort(key, kind="stable")
    fields = {name: values[order] for name, values in fields.items()}
    key = key[order]
    opens = np.append(True, key[1:] != key[:-1])[: keep.size]
    position = np.arange(keep.size)
    fields["line"] = position - np.maximum.accumulate(np.where(opens, position, 0)) + 1
    return CustomerOrders(**fields)


def _distinct(values: Integers) -> Integers:
    """Sorted values without repetition; faster than ``numpy.unique`` where most differ."""
    ascending = np.sort(values)
    return np.asarray(ascending[np.append(True, ascending[1:] != ascending[:-1])[: values.size]])


def _or_never(day: Integers) -> Integers:
    return np.where(day < 0, NEVER, day)
