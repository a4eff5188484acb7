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

from replenishment.kernels.simulation.chance import LEAD_TIMES, chosen_from, fill_guide, place, uniform
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
from replenishment.kernels.simulation.settings import (
    DELAY,
    MAXIMUM,
    PLANNED,
    RAISE_TO,
    REORDER_POINT,
    REVIEW,
    RULES,
    Chances,
    Schedule,
    fill_day_rules,
)

__all__ = ["LANES", "run_lanes"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
# Numbers of lanes; small, for the first-level cache.
Lanes = npt.NDArray[np.uint8]
Guide = npt.NDArray[np.int16]

LANES: Final = 64
# Steps of the guide table to lead times: so many that hardly one holds two of them.
_GUIDE: Final = 1024
# A smaller share of a sum of units is what rounding left over.
_ROUNDING: Final = 1e-12
# Rows of the working arrays are a little wider: places of which the addresses agree in twelve bits wait for each other.
_ROW: Final = LANES + 8
# Rows of the working array: the columns' own, then these.
_COLUMNS: Final = len(COLUMNS)
_NET, _ON_ORDER, _SHORT_BEFORE, _LAST_ARRIVAL, _PERIODS = (_ROW * (_COLUMNS + k) for k in range(5))
_SIZE: Final = _ROW * (_COLUMNS + 5)
_DEMANDED, _SHORT, _STOCK, _WAITING = (_ROW * c for c in (DEMANDED, SHORT, STOCK, WAITING))
# Three counts of periods in one number: with demand, with unfilled demand, ending with stock. A double holds 53 bits.
_SHORT_PERIOD: Final = 2.0**17
_READY_PERIOD: Final = 2.0**34
MOST_PERIODS: Final = 2**17 - 1


@njit(nogil=True, cache=True, error_model="numpy")
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
    due, listed = np.zeros(reach * _ROW), np.zeros(reach * _ROW, np.uint8)
    lengths = np.zeros(reach, np.int64)
    work, before = np.empty(_SIZE), np.empty(_SIZE)
    buffer, rules = np.zeros((periods, LANES), np.float32), np.empty((periods, RULES))
    guide = np.empty(_GUIDE, np.int16)
    blocks = (paths + LANES - 1) // LANES
    width = min(((paths + blocks - 1) // blocks + 7) // 8 * 8, LANES)
    for i in range(items.size):
        imbalance[i] = 0.0
        fill_day_rules(schedule, i, rules)
        fill_guide(chances.lead_time[i], guide)
        for first in range(0, paths, width):
            used = min(width, paths - first)
            if demand.shape[0] > 0:
                _copy_demand(demand[i], first, used, buffer)
            else:
                draw_lanes(items[i].key, table, rows[i], first_path + first, used, buffer)
            _begin(work, items[i], first_path + first, used, arrivals[i], due, listed, lengths)
            group = np.empty(used, np.int64)
            for k in range(used):
                group[k] = (first + k) * waits.shape[1] // paths
            _live(
                work, before, buffer, rules, due, listed, lengths, used, items[i], chances.lead_time[i], guide, warm_up,
                first_path + first, ages, group, waits[i],
            )  # fmt: skip
            _finish(work, items[i].lost_share, used, first, counts[i])
            imbalance[i] = max(imbalance[i], _imbalance(work, before, items[i], first_path + first, used))


@njit(nogil=True, cache=True, error_model="numpy")
def _copy_demand(demand: Floats32, first: int, used: int, buffer: Floats32) -> None:
    """Copy (paths, periods) into the buffer, period by period; a single path serves all lanes."""
    for k in range(used):
        path = demand[first + k if demand.shape[0] > 1 else 0]
        for t in range(path.size):
            buffer[t, k] = path[t]


@njit(nogil=True, cache=True, error_model="numpy")
def _begin(
    work: Floats, item: Any, path: int, used: int, arrivals: Floats, due: Floats, listed: Lanes, lengths: Integers
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


@njit(nogil=True, cache=True, error_model="numpy")
def _expect(due: Floats, listed: Lanes, lengths: Integers, slot: int, k: int, units: float) -> None:
    """Put units on the list of a coming period."""
    here = slot * _ROW
    if due[here + k] == 0.0:
        listed[here + lengths[slot]] = k
        lengths[slot] += 1
    due[here + k] += units


@njit(nogil=True, cache=True, error_model="numpy")
def _slot(now: int, ahead: int, slots: int) -> int:
    """The slot of a coming period; less than ``slots`` ahead. (A remainder takes as long as all else here.)"""
    slot = now + ahead
    return slot - slots if slot >= slots else slot


@njit(nogil=True, cache=True, error_model="numpy")
def _set_aside(work: Floats, before: Floats) -> None:
    """At the end of the warm-up: keep what was counted so far apart."""
    for c in range(_COLUMNS * _ROW):
        before[c] = work[c]
        work[c] = 0.0
    for k in range(LANES):
        # Whether something was short since the last receipt is still known.
        work[_SHORT_BEFORE + k] = -1.0 if before[_SHORT + k] > work[_SHORT_BEFORE + k] else 0.0
        work[_PERIODS + k] = 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _live(
    work: Floats, before: Floats, buffer: Floats32, rules: Floats, due: Floats, listed: Lanes, lengths: Integers,
    used: int, item: Any, lead_time: Floats, guide: Guide, warm_up: int, path: int, ages: bool, group: Integers,
    waits: Floats,
) -> None:  # fmt: skip
    """Take the lanes through all periods."""
    before[:] = work
    below = np.empty(LANES, np.uint8)
    lost_share = item.lost_share
    slot = 0
    for t in range(buffer.shape[0]):
        if t == warm_up:
            _set_aside(work, before)
        slot = _slot(slot, 1, lengths.size) if t > 0 else 0
        _receive(work, buffer, due, slot, listed, slot * _ROW, lengths[slot], t, warm_up, ages, group, waits)
        lengths[slot] = 0
        if rules[t, REVIEW] > 0.0:
            count = _below(work, rules[t, REORDER_POINT], used, below)
            count = _order(work, rules, below, count, due, listed, lengths, slot, item, lead_time, guide, path, t)
            if count > 0:
                _receive(work, buffer, due, slot, below, 0, count, t, warm_up, ages, group, waits)
                lengths[slot] = 0
        _meet_demand(work, buffer[t], used, lost_share)


@njit(nogil=True, cache=True, error_model="numpy")
def _order(
    work: Floats, rules: Floats, below: Lanes, count: int, due: Floats, listed: Lanes, lengths: Integers, slot: int,
    item: Any, lead_time: Floats, guide: Guide, path: int, t: int,
) -> int:  # fmt: skip
    """Order for the lanes listed, and list instead those whose order is there at once; return their number."""
    rule = (rules[t, REORDER_POINT], rules[t, RAISE_TO], item.lot, item.minimum)
    planned, maximum, max_stock, delay = rules[t, PLANNED], rules[t, MAXIMUM], item.max_stock, int(rules[t, DELAY])
    key, crossing, slots = item.key, item.crossing, lengths.size
    here = 0
    for j in range(count):
        k = np.int64(below[j])
        units = order_quantity(work[_NET + k] + work[_ON_ORDER + k], planned, rule, maximum, max_stock)
        if units <= 0.0:
            continue
        number = uniform(key, place(path + k, LEAD_TIMES + t))
        ahead = chosen_from(number, lead_time, guide) + delay
        if not crossing:
            ahead = max(ahead, int(work[_LAST_ARRIVAL + k]) - t)
            work[_LAST_ARRIVAL + k] = t + ahead
        work[_ROW * ORDERS + k] += 1.0
        work[_ROW * ORDERED + k] += units
        work[_ON_ORDER + k] += units
        coming = _slot(slot, ahead, slots)
        if due[coming * _ROW + k] == 0.0:
            listed[coming * _ROW + lengths[coming]] = k
            lengths[coming] += 1
        due[coming * _ROW + k] += units
        if ahead == 0:
            below[here] = k
            here += 1
    return here


@njit(nogil=True, cache=True, error_model="numpy")
def _below(work: Floats, reorder_point: float, used: int, lanes: Lanes) -> int:
    """List the lanes of which the position is at the reorder point or below; return their number."""
    some = 0
    for k in range(used):
        some += int(work[_NET + k] + work[_ON_ORDER + k] <= reorder_point)
    if some == 0:
        return 0
    count = 0
    for k in range(used):
        lanes[count] = k
        count += int(work[_NET + k] + work[_ON_ORDER + k] <= reorder_point)
    return count


@njit(nogil=True, cache=True, error_model="numpy")
def _receive(
    work: Floats, buffer: Floats32, due: Floats, slot: int, lanes: Lanes, start: int, count: int, t: int, warm_up: int,
    ages: bool, group: Integers, waits: Floats,
) -> None:  # fmt: skip
    """Take in what is due for the lanes listed from ``start`` on and fill the backorders that it reaches."""
    for j in range(start, start + count):
        k = np.int64(lanes[j])
        units = due[slot * _ROW + k]
        due[slot * _ROW + k] = 0.0
        backlog = max(-work[_NET + k], 0.0)
        late = min(backlog, units)
        work[_NET + k] += units
        work[_ON_ORDER + k] -= units
        work[_ROW * RECEIVED + k] += units
        work[_ROW * FILLED_LATER + k] += late
        work[_ROW * CYCLES + k] += 1.0
        work[_ROW * SHORT_CYCLES + k] += 1.0 if work[_SHORT + k] > work[_SHORT_BEFORE + k] else 0.0
        work[_SHORT_BEFORE + k] = work[_SHORT + k]
        if late > 0.0 and ages:
            _note_waits(work, buffer, k, backlog, late, t, warm_up, group[k], waits)


@njit(nogil=True, cache=True, error_model="numpy")
def _note_waits(
    work: Floats,
    buffer: Floats32,
    k: int,
    backlog: float,
    late: float,
    t: int,
    warm_up: int,
    group: int,
    waits: Floats,
) -> None:
    """The last ``backlog`` units demanded wait; find the oldest of them and fill ``late`` units from there on."""
    period = t
    oldest = backlog
    nothing = _ROUNDING * backlog
    while oldest > nothing and period > 0:
        period -= 1
        backlog = oldest
        oldest -= np.float64(buffer[period, k])
    if oldest > nothing:
        # Waiting since before the start.
        period, backlog = -1, oldest
    while late > 0.0 and period < t:
        took = min(late, backlog)
        if took > 0.0:
            work[_ROW * WAITED_PERIODS + k] += took * (t - period)
            if period >= warm_up:
                waits[group, min(t - period, waits.shape[1] - 1)] += took
                work[_ROW * COUNTED_WAITS + k] += took
                work[_ROW * COUNTED_WAIT_PERIODS + k] += took * (t - period)
        late -= took
        period += 1
        backlog = np.float64(buffer[period, k])


@njit(nogil=True, cache=True, error_model="numpy")
def _meet_demand(work: Floats, demand: Floats32, used: int, lost_share: float) -> None:
    """Demand comes and the period is counted, on all lanes alike.

    ``demand`` is a row of its own: an index into a larger array would need a look at its sign, and no vector.
    """
    for k in range(used):
        wanted = np.float64(demand[k])
        net = work[_NET + k]
        at_once = min(max(net, 0.0), wanted)
        short = wanted - at_once
        net -= at_once + (short - short * lost_share)
        work[_NET + k] = net
        work[_DEMANDED + k] += wanted
        work[_SHORT + k] += short
        work[_STOCK + k] += max(net, 0.0)
        work[_WAITING + k] -= min(net, 0.0)
        with_demand = 1.0 if wanted > 0.0 else 0.0
        with_shortage = _SHORT_PERIOD if short > 0.0 else 0.0
        work[_PERIODS + k] += with_demand + with_shortage + (_READY_PERIOD if net > 0.0 else 0.0)


@njit(nogil=True, cache=True, error_model="numpy")
def _finish(work: Floats, lost_share: float, used: int, first: int, counts: Floats) -> None:
    """Write the counts of the lanes to their paths; a period's demand is one line."""
    for k in range(used):
        periods = work[_PERIODS + k]
        ready = np.floor(periods / _READY_PERIOD)
        short = np.floor((periods - ready * _READY_PERIOD) / _SHORT_PERIOD)
        work[_ROW * READY_PERIODS + k] = ready
        work[_ROW * SHORT_PERIODS + k] = work[_ROW * SHORT_LINES + k] = short
        with_demand = periods - ready * _READY_PERIOD - short * _SHORT_PERIOD
        work[_ROW * DEMAND_PERIODS + k] = work[_ROW * LINES + k] = with_demand
        work[_ROW * LOST + k] = work[_SHORT + k] * lost_share
        work[_ROW * FILLED_AT_ONCE + k] = work[_DEMANDED + k] - work[_SHORT + k]
    for c in range(_COLUMNS):
        for k in range(used):
            counts[c, first + k] = work[c * _ROW + k]


@njit(nogil=True, cache=True, error_model="numpy")
def _imbalance(work: Floats, before: Floats, item: Any, path: int, used: int) -> float:
    """The largest difference between what came in and what went out or remains; see ``events``."""
    worst = 0.0
    for k in range(used):
        net, initial = work[_NET + k], start_stock(item, path + k)
        short = work[_SHORT + k] + before[_SHORT + k]
        late = work[_ROW * FILLED_LATER + k] + before[_ROW * FILLED_LATER + k]
        shipped = work[_DEMANDED + k] + before[_DEMANDED + k] - short + late
        received = work[_ROW * RECEIVED + k] + before[_ROW * RECEIVED + k]
        worst = max(worst, abs(initial + received - max(net, 0.0) - shipped))
        worst = max(worst, abs(item.backlog + short - late - max(-net, 0.0) - short * item.lost_share))
    return worst
