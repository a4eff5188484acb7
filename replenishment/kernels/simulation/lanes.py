"""The ordinary case, fast: many paths of one item side by side, so that their arithmetic is done by vector.

The order of events is the default clock's; demand waits for ever or is lost. Then stock and backorders never exist
together, and one number a path, the net inventory, tells both. What happens to every path in every period is done
lane by lane without a branch; what is rare (orders, receipts) goes through lists of the lanes concerned.

How long backordered units waited follows from demand alone: served first come first served, those who wait are the
last ones who came.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.chance import LEAD_TIMES, chosen, place, uniform
from replenishment.kernels.simulation.columns import (
    COLUMNS,
    COUNTED_WAIT_PERIODS,
    COUNTED_WAITS,
    CYCLES,
    DEMAND_PERIODS,
    DEMANDED,
    FILLED_AT_ONCE,
    FILLED_LATER,
    LINES,
    LOST,
    ORDERED,
    ORDERS,
    READY_PERIODS,
    RECEIVED,
    SHORT,
    SHORT_CYCLES,
    SHORT_LINES,
    SHORT_PERIODS,
    STOCK,
    WAITED_PERIODS,
    WAITING,
)
from replenishment.kernels.simulation.events import start_stock
from replenishment.kernels.simulation.ordering import order_quantity
from replenishment.kernels.simulation.sampling import AliasTable, draw_lanes
from replenishment.kernels.simulation.settings import Chances, Schedule, at

__all__ = ["LANES", "run_lanes"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

LANES: Final = 64
# A smaller share of a sum of units is what rounding left over.
_ROUNDING: Final = 1e-12
# Rows of the working array, LANES wide: the columns' own, then these.
_COLUMNS: Final = len(COLUMNS)
_NET, _ON_ORDER, _SHORT_BEFORE, _LAST_ARRIVAL = (LANES * (_COLUMNS + k) for k in range(4))
_SIZE: Final = LANES * (_COLUMNS + 4)
_DEMANDED, _AT_ONCE, _SHORT, _STOCK, _WAITING = (LANES * c for c in (DEMANDED, FILLED_AT_ONCE, SHORT, STOCK, WAITING))
_DEMAND_PERIODS, _SHORT_PERIODS, _READY_PERIODS = (LANES * c for c in (DEMAND_PERIODS, SHORT_PERIODS, READY_PERIODS))


@njit(nogil=True, cache=True)
def run_lanes(
    demand: Floats32,
    table: AliasTable,
    rows: Integers,
    paths: int,
    periods: int,
    items: Any,
    schedule: Schedule,
    chances: Chances,
    arrivals: Floats,
    warm_up: int,
    first_path: int,
    ages: bool,
    counts: Floats,
    waits: Floats,
    imbalance: Floats,
) -> None:
    """Simulate every item on every path under the default clock.

    Parameters
    ----------
    demand : as for ``events.run_events``; or (0, 0, 0), to draw it from ``table``, at the places ``rows`` (n,).
    ages : count how long backordered units waited. The others as for ``events.run_events``.
    """
    reach = max(chances.lead_time.shape[1] + schedule.delay.max(), arrivals.shape[1]) + 1
    due, listed = np.zeros(reach * LANES), np.zeros(reach * LANES, np.int64)
    lengths = np.zeros(reach, np.int64)
    work, before = np.empty(_SIZE), np.empty(_SIZE)
    buffer = np.zeros(periods * LANES, np.float32)
    blocks = (paths + LANES - 1) // LANES
    width = min(((paths + blocks - 1) // blocks + 7) // 8 * 8, LANES)
    for i in range(items.size):
        imbalance[i] = 0.0
        for first in range(0, paths, width):
            used = min(width, paths - first)
            if demand.shape[0] > 0:
                _copy_demand(demand[i], first, used, buffer)
            else:
                draw_lanes(items[i].key, table, rows[i], first_path + first, used, LANES, buffer)
            _begin(work, items[i], first_path + first, used, arrivals[i], due, listed, lengths)
            before[:] = work
            for t in range(periods):
                if t == warm_up:
                    _set_aside(work, before)
                _open(
                    work, buffer, due, listed, lengths, items[i], schedule, chances, i, t, warm_up,
                    first_path, first, paths, used, ages, waits[i],
                )  # fmt: skip
                _meet_demand(work, buffer, t * LANES, used, items[i].lost_share)
            _finish(work, items[i].lost_share, used, first, counts[i])
            imbalance[i] = max(imbalance[i], _imbalance(work, before, items[i], first_path + first, used))


@njit(nogil=True, cache=True)
def _copy_demand(demand: Floats32, first: int, used: int, buffer: Floats32) -> None:
    """Copy (paths, periods) into the buffer, period by period; a single path serves all lanes."""
    for k in range(used):
        path = demand[first + k if demand.shape[0] > 1 else 0]
        for t in range(path.size):
            buffer[t * LANES + k] = path[t]


@njit(nogil=True, cache=True)
def _begin(
    work: Floats, item: Any, path: int, used: int, arrivals: Floats, due: Floats, listed: Integers, lengths: Integers
) -> None:
    """Set the lanes to the start of their paths."""
    work[:] = 0.0
    due[:] = 0.0
    lengths[:] = 0
    for k in range(used):
        work[_NET + k] = start_stock(item, path + k) - item.backlog
        for a in range(arrivals.size):
            if arrivals[a] > 0.0:
                work[_ON_ORDER + k] += arrivals[a]
                _expect(due, listed, lengths, a, k, arrivals[a])


@njit(nogil=True, cache=True)
def _expect(due: Floats, listed: Integers, lengths: Integers, slot: int, k: int, units: float) -> None:
    """Put units on the list of a coming period."""
    here = slot * LANES
    if due[here + k] == 0.0:
        listed[here + lengths[slot]] = k
        lengths[slot] += 1
    due[here + k] += units


@njit(nogil=True, cache=True)
def _set_aside(work: Floats, before: Floats) -> None:
    """At the end of the warm-up: keep what was counted so far apart."""
    for c in range(_COLUMNS * LANES):
        before[c] = work[c]
        work[c] = 0.0
    for k in range(LANES):
        work[_SHORT_BEFORE + k] -= before[_SHORT_PERIODS + k]


@njit(nogil=True, cache=True)
def _open(
    work: Floats, buffer: Floats32, due: Floats, listed: Integers, lengths: Integers, item: Any, schedule: Schedule,
    chances: Chances, i: int, t: int, warm_up: int, first_path: int, first: int, paths: int, used: int, ages: bool,
    waits: Floats,
) -> None:  # fmt: skip
    """Receive what is due, fill backorders, and order where a review says so."""
    slot = t % lengths.size
    for j in range(lengths[slot]):
        k = listed[slot * LANES + j]
        units = due[slot * LANES + k]
        due[slot * LANES + k] = 0.0
        _receive(work, buffer, k, units, t, warm_up, ages, waits[(first + k) * waits.shape[0] // paths])
    lengths[slot] = 0
    if not schedule.reviews[i, t]:
        return
    reorder_point = at(schedule.reorder_point, i, t)
    chosen_lanes = np.empty(LANES, np.int64)
    count = 0
    for k in range(used):
        chosen_lanes[count] = k
        count += 1 if work[_NET + k] + work[_ON_ORDER + k] <= reorder_point else 0
    for j in range(count):
        k = chosen_lanes[j]
        units = order_quantity(work[_NET + k] + work[_ON_ORDER + k], item, schedule, i, t)
        if units > 0.0:
            number = uniform(item.key, place(first_path + first + k, LEAD_TIMES + t))
            arrival = t + chosen(number, chances.lead_time[i]) + at(schedule.delay, i, t)
            if not item.crossing:
                arrival = max(arrival, np.int64(work[_LAST_ARRIVAL + k]))
                work[_LAST_ARRIVAL + k] = arrival
            work[LANES * ORDERS + k] += 1.0
            work[LANES * ORDERED + k] += units
            work[_ON_ORDER + k] += units
            if arrival > t:
                _expect(due, listed, lengths, arrival % lengths.size, k, units)
            else:
                _receive(work, buffer, k, units, t, warm_up, ages, waits[(first + k) * waits.shape[0] // paths])


@njit(nogil=True, cache=True)
def _receive(
    work: Floats, buffer: Floats32, k: int, units: float, t: int, warm_up: int, ages: bool, waits: Floats
) -> None:
    """Take in a delivery and fill the backorders that it reaches."""
    backlog = max(-work[_NET + k], 0.0)
    late = min(backlog, units)
    work[_NET + k] += units
    work[_ON_ORDER + k] -= units
    work[LANES * RECEIVED + k] += units
    work[LANES * FILLED_LATER + k] += late
    work[LANES * CYCLES + k] += 1.0
    if work[_SHORT_PERIODS + k] > work[_SHORT_BEFORE + k]:
        work[LANES * SHORT_CYCLES + k] += 1.0
        work[_SHORT_BEFORE + k] = work[_SHORT_PERIODS + k]
    if late > 0.0 and ages:
        _note_waits(work, buffer, k, backlog, late, t, warm_up, waits)


@njit(nogil=True, cache=True)
def _note_waits(
    work: Floats, buffer: Floats32, k: int, backlog: float, late: float, t: int, warm_up: int, waits: Floats
) -> None:
    """The last ``backlog`` units demanded wait; find the oldest of them and fill ``late`` units from there on."""
    period = t
    oldest = backlog
    nothing = _ROUNDING * backlog
    while oldest > nothing and period > 0:
        period -= 1
        backlog = oldest
        oldest -= np.float64(buffer[period * LANES + k])
    if oldest > nothing:
        # Waiting since before the start.
        period, backlog = -1, oldest
    while late > 0.0 and period < t:
        took = min(late, backlog)
        if took > 0.0:
            work[LANES * WAITED_PERIODS + k] += took * (t - period)
            if period >= warm_up:
                waits[min(t - period, waits.size - 1)] += took
                work[LANES * COUNTED_WAITS + k] += took
                work[LANES * COUNTED_WAIT_PERIODS + k] += took * (t - period)
        late -= took
        period += 1
        backlog = np.float64(buffer[period * LANES + k])


@njit(nogil=True, cache=True)
def _meet_demand(work: Floats, buffer: Floats32, here: int, used: int, lost_share: float) -> None:
    """Demand comes and the period is counted, on all lanes alike."""
    for k in range(used):
        wanted = np.float64(buffer[here + k])
        net = work[_NET + k]
        at_once = min(max(net, 0.0), wanted)
        short = wanted - at_once
        net -= at_once + (short - short * lost_share)
        work[_NET + k] = net
        work[_DEMANDED + k] += wanted
        work[_AT_ONCE + k] += at_once
        work[_SHORT + k] += short
        work[_STOCK + k] += max(net, 0.0)
        work[_WAITING + k] += max(-net, 0.0)
        work[_DEMAND_PERIODS + k] += 1.0 if wanted > 0.0 else 0.0
        work[_SHORT_PERIODS + k] += 1.0 if short > 0.0 else 0.0
        work[_READY_PERIODS + k] += 1.0 if net > 0.0 else 0.0


@njit(nogil=True, cache=True)
def _finish(work: Floats, lost_share: float, used: int, first: int, counts: Floats) -> None:
    """Write the counts of the lanes to their paths; a period's demand is one line."""
    for k in range(used):
        work[LANES * LOST + k] = work[_SHORT + k] * lost_share
        work[LANES * LINES + k] = work[_DEMAND_PERIODS + k]
        work[LANES * SHORT_LINES + k] = work[_SHORT_PERIODS + k]
    for c in range(_COLUMNS):
        for k in range(used):
            counts[c, first + k] = work[c * LANES + k]


@njit(nogil=True, cache=True)
def _imbalance(work: Floats, before: Floats, item: Any, path: int, used: int) -> float:
    """The largest difference between what came in and what went out or remains; see ``events``."""
    worst = 0.0
    for k in range(used):
        net, initial = work[_NET + k], start_stock(item, path + k)
        shipped = work[_AT_ONCE + k] + before[_AT_ONCE + k]
        shipped += work[LANES * FILLED_LATER + k] + before[LANES * FILLED_LATER + k]
        received = work[LANES * RECEIVED + k] + before[LANES * RECEIVED + k]
        demanded = work[_DEMANDED + k] + before[_DEMANDED + k]
        lost = (work[_SHORT + k] + before[_SHORT + k]) * item.lost_share
        worst = max(worst, abs(initial + received - max(net, 0.0) - shipped))
        worst = max(worst, abs(item.backlog + demanded - shipped - max(-net, 0.0) - lost))
    return worst
