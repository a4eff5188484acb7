"""Every clock and mode: an item on a path, event by event in the order of its clock."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.chance import LEAD_TIMES, place, uniform
from replenishment.kernels.simulation.columns import (
    CANCELLED,
    COLUMNS,
    DEMAND_PERIODS,
    DEMANDED,
    FILLED_AT_ONCE,
    FILLED_LATER,
    LOST,
    ON_ORDER,
    OPENING_STOCK,
    ORDERED,
    ORDERS,
    READY_PERIODS,
    RECEIVED,
    SCRAPPED,
    SHORT,
    SHORT_PERIODS,
    STOCK,
    WAITING,
)
from replenishment.kernels.simulation.lines import (
    Queue,
    add_lines,
    cancel_impatient,
    drop_empty,
    leave_unmet,
    most_lines,
    new_queue,
    serve,
    with_room,
)
from replenishment.kernels.simulation.ordering import order_quantity
from replenishment.kernels.simulation.settings import (
    MAXIMUM,
    PLANNED,
    RAISE_TO,
    REORDER_POINT,
    REVIEW,
    RULES,
    Chances,
    Schedule,
    fill_day_rules,
    fill_mishaps,
)
from replenishment.kernels.simulation.shelf import drift, put, scrap_expired
from replenishment.kernels.simulation.supplier import fail_or_recover, receive, ship

__all__ = [
    "STATE",
    "begin",
    "due_slots",
    "live",
    "open_period",
    "run_events",
    "start_stock",
    "units_missing",
    "wanted_order",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

STATE: Final = np.dtype(
    [
        ("shelf", np.float64),  # units that can be sold
        ("hidden", np.float64),  # misplaced units
        ("phantom", np.float64),  # units on record that aren't there
        ("on_order", np.float64),  # with what the supplier owes
        ("owed", np.float64),  # ordered and not yet shipped by the supplier
        ("backlog", np.float64),
        ("lines", np.int64),  # waiting
        ("last_arrival", np.int64),
        ("counts_taken", np.int64),
        ("supplier_up", np.bool_),
        ("short_since_receipt", np.bool_),
        ("received", np.bool_),  # in this period
        ("filled", np.bool_),
    ]
)
# What is done in every period is inlined into a loop that counts no references to arrays (``_nrt=False``): to count
# them costs three times as much as all that is done with them. Such a loop can't make an array, nor hand one back.
# ``forceinline`` leaves the inlining to LLVM: each function is typed once, wherever and however often it is called.

# The places of the events in ``simulation.clock.EVENTS``.
_RECEIVE, _FILL, _REVIEW, _DEMAND = range(4)


@njit(nogil=True, cache=True)
def start_stock(item: Any, path: int) -> float:
    """Stock at the start of a path: the item's, and where it spreads a whole number of units more."""
    stock: float = item.stock
    if item.spread > 0.0:
        stock += np.floor(uniform(item.key, place(path, LEAD_TIMES - 1)) * (item.spread + 1.0))
    return stock


@njit(nogil=True, cache=True)
def run_events(
    demand: Floats32,
    items: Any,
    schedule: Schedule,
    chances: Chances,
    arrivals: Floats,
    events: Integers,
    warm_up: int,
    first_path: int,
    counts: Floats,
    waits: Floats,
    imbalance: Floats,
    trace: Floats,
) -> None:
    """Simulate every item on every path.

    Parameters
    ----------
    demand : (n, paths, periods) units; or (n, 1, periods) when every path meets the same demand.
    items : (n,) records of ITEM. schedule, chances : see there. arrivals : (n, a) on order, due in periods 0 ... a - 1.
    events : the order of events in a period as places in EVENTS.
    warm_up : periods that are not counted. first_path : number of the first path, for its random numbers.
    counts : (n, COLUMNS, paths) sums over the counted periods. waits : (n, groups, bins) units filled later by the
        periods that they waited, for as many groups of paths as there is room.
    imbalance : (n,) the largest difference between the units that came in and those that went out or remain.
    trace : (paths, periods, COLUMNS) of item 0, or empty.
    """
    n, paths, periods = counts.shape[0], counts.shape[2], demand.shape[2]
    due = np.empty(due_slots(schedule, chances, arrivals))
    batches = np.empty(max(items["shelf_life"].max(), 0) if n > 0 else 0)
    queue = new_queue(64)
    states = np.zeros(1, STATE)
    whole, counted, today = np.empty(len(COLUMNS)), np.empty(len(COLUMNS)), np.empty(len(COLUMNS))
    rules = np.empty((periods, RULES))
    untold = np.empty((0, len(COLUMNS)))
    for i in range(n):
        fill_day_rules(schedule, i, rules)
        fill_mishaps(schedule, i, rules)
        imbalance[i] = 0.0
        for p in range(paths):
            begin(states[0], items[i], first_path + p, batches, due, arrivals[i], queue)
            initial, waiting = states[0].shelf, states[0].backlog
            wanted = demand[i, p if demand.shape[1] > 1 else 0]
            counted[:] = 0.0
            whole[:] = 0.0
            told = trace[p] if i == 0 and trace.shape[0] > 0 else untold
            # Not the literal 0, for which all that is called would be compiled once more.
            t = np.int64(0)
            while t < periods:
                t = _live_on(
                    states, batches, due, queue, items, rules, chances, i, first_path + p, t, wanted, events, warm_up,
                    waits[i, p * waits.shape[1] // paths], today, whole, counted, told,
                )  # fmt: skip
                if t < periods:
                    queue = with_room(queue, states[0].lines, most_lines(chances, i, np.float64(wanted[t])))
            for c in range(counted.size):
                counts[i, c, p] = counted[c]
            imbalance[i] = max(imbalance[i], units_missing(states[0], whole, initial, waiting))


@njit(nogil=True, cache=True, _nrt=False)
def _live_on(
    states: Any, batches: Floats, due: Floats, queue: Queue, items: Any, rules: Floats, chances: Chances, i: int,
    path: int, start: int, wanted: Floats32, events: Integers, warm_up: int, waits: Floats, today: Floats,
    whole: Floats, counted: Floats, trace: Floats,
) -> int:  # fmt: skip
    """Live through the periods from ``start`` on; return the first one whose lines the queue may have no room for."""
    state, item = states[0], items[i]
    for t in range(start, wanted.size):
        if state.lines + most_lines(chances, i, np.float64(wanted[t])) > queue.left.size:
            return t
        open_period(state, batches, item, rules, path, t, today)
        live(
            state, batches, due, queue, item, rules, chances, i, path, t, np.float64(wanted[t]), events, warm_up,
            waits, today,
        )  # fmt: skip
        for c in range(today.size):
            whole[c] += today[c]
            if t >= warm_up:
                counted[c] += today[c]
            if trace.shape[0] > 0:
                trace[t, c] = today[c]
    return int(wanted.size)


@njit(nogil=True, cache=True)
def begin(state: Any, item: Any, path: int, batches: Floats, due: Floats, arrivals: Floats, queue: Queue) -> None:
    """Set everything to the start of a path."""
    state.shelf = state.hidden = state.on_order = state.owed = 0.0
    state.phantom = item.book_error
    state.counts_taken = state.last_arrival = 0
    state.supplier_up, state.short_since_receipt = True, False
    batches[:] = 0.0
    put(state, batches, item, start_stock(item, path))
    due[:] = 0.0
    for k in range(arrivals.size):
        due[k] = arrivals[k]
        state.on_order += arrivals[k]
    state.backlog = item.backlog
    state.lines = 1 if item.backlog > 0.0 else 0
    queue.period[0], queue.priority[0], queue.left[0] = -1, 0, item.backlog


@njit(nogil=True, cache=True)
def due_slots(schedule: Schedule, chances: Chances, arrivals: Floats) -> int:
    """Periods ahead, this one included, in which something may be due: the slots of a ring."""
    delay = schedule.delay.max() if schedule.delay.size > 0 else 0
    slots: int = max(chances.lead_time.shape[1] + delay, arrivals.shape[1]) + 1
    return slots


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def open_period(state: Any, batches: Floats, item: Any, rules: Floats, path: int, t: int, today: Floats) -> None:
    """Begin a period: what happens before its first event."""
    today[:] = 0.0
    today[OPENING_STOCK] = state.shelf + state.hidden
    state.received = state.filled = False
    fail_or_recover(state, item, path, t)
    drift(state, batches, item, rules, path, t, today)


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def live(
    state: Any, batches: Floats, due: Floats, queue: Queue, item: Any, rules: Floats, chances: Chances, i: int,
    path: int, t: int, wanted: float, events: Integers, warm_up: int, waits: Floats, today: Floats,
) -> None:  # fmt: skip
    """Live through some events of a period; the queue must have room for its lines."""
    ranks = max(chances.priority.shape[1], 1)
    for event in events:
        if event == _RECEIVE:
            receive(state, batches, due, item, rules, path, t, today)
            state.received = True
        elif event == _FILL:
            _fill(state, batches, queue, item, ranks, t, warm_up, waits, today)
            state.filled = True
        elif event == _REVIEW:
            _review(state, item, rules, t, today)
            here = ship(state, due, item, rules, chances.lead_time[i], path, t)
            if here and state.received:
                receive(state, batches, due, item, rules, path, t, today)
                if state.filled:
                    _fill(state, batches, queue, item, ranks, t, warm_up, waits, today)
        elif event == _DEMAND:
            first = state.lines
            add_lines(state, queue, item, chances, i, path, t, wanted, today)
            today[FILLED_AT_ONCE] = serve(state, batches, queue, item, ranks, first, t, warm_up, waits[:0], today)
            leave_unmet(state, queue, item, first, today)
            drop_empty(state, queue)
        else:
            scrap_expired(state, batches, item, today)
            cancel_impatient(state, queue, item, t, today)
            drop_empty(state, queue)
            _count(state, wanted, today)


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def _fill(
    state: Any, batches: Floats, queue: Queue, item: Any, ranks: int, t: int, warm_up: int, waits: Floats, today: Floats
) -> None:
    """Ship to those who wait."""
    shipped = serve(state, batches, queue, item, ranks, 0, t, warm_up, waits, today)
    if shipped > 0.0:
        state.backlog = max(state.backlog - shipped, 0.0)
        today[FILLED_LATER] += shipped
        drop_empty(state, queue)


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def _review(state: Any, item: Any, rules: Floats, t: int, today: Floats) -> None:
    """Order by what is on record, if a review is due."""
    if rules[t, REVIEW] > 0.0:
        units = wanted_order(state, item, rules, t)
        if units > 0.0:
            state.on_order += units
            state.owed += units
            today[ORDERED] += units
            today[ORDERS] += 1.0


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def wanted_order(state: Any, item: Any, rules: Floats, t: int) -> float:
    """Units that a review orders by what is on record."""
    position = state.shelf + state.hidden + state.phantom + state.on_order - state.backlog
    rule = (rules[t, REORDER_POINT], rules[t, RAISE_TO], item.lot, item.minimum)
    units: float = order_quantity(position, rules[t, PLANNED], rule, rules[t, MAXIMUM], item.max_stock)
    return units


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def _count(state: Any, wanted: float, today: Floats) -> None:
    """Write down what is there and what waits, and how the period's demand fared."""
    today[STOCK] = state.shelf + state.hidden
    today[WAITING] = state.backlog
    today[ON_ORDER] = state.on_order
    today[READY_PERIODS] = 1.0 if state.shelf > 0.0 else 0.0
    today[DEMANDED] = wanted
    if wanted > 0.0:
        today[DEMAND_PERIODS] = 1.0
        today[SHORT_PERIODS] = 1.0 if today[SHORT] > 0.0 else 0.0


@njit(nogil=True, cache=True)
def units_missing(state: Any, whole: Floats, initial: float, waiting: float) -> float:
    """Initial + received = on hand + shipped + scrapped; demanded = shipped + waiting + cancelled + lost."""
    shipped = whole[FILLED_AT_ONCE] + whole[FILLED_LATER]
    stock = initial + whole[RECEIVED] - (state.shelf + state.hidden) - shipped - whole[SCRAPPED]
    demand = waiting + whole[DEMANDED] - shipped - state.backlog - whole[CANCELLED] - whole[LOST]
    worst: float = max(abs(stock), abs(demand))
    return worst
