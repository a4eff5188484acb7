"""What befalls a block of lanes period by period; see ``lanes``.

What happens to many lanes is done to all of them without a branch, by vector; only orders go lane by lane. All is
inlined into one loop over rows taken apart once: to hand an array from one compiled function to the next, or to slice
one, costs more than what is done with it here.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import draw
from replenishment.kernels.simulation.chance import (
    LEAD_TIMES,
    chosen,
    chosen_from,
    place,
    stream,
    uniform,
)
from replenishment.kernels.simulation.chance import LINES as LINE_STREAM
from replenishment.kernels.simulation.columns import (
    COLUMNS,
    COUNTED_WAIT_PERIODS,
    COUNTED_WAITS,
    CYCLES,
    DEMAND_PERIODS,
    DEMANDED,
    FILLED_LATER,
    LINES,
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
from replenishment.kernels.simulation.ordering import order_quantity
from replenishment.kernels.simulation.settings import DELAY, MAXIMUM, PLANNED, RAISE_TO, REORDER_POINT, REVIEW

__all__ = [
    "LANES",
    "LAST_ARRIVAL",
    "NET",
    "POSITION",
    "ROW",
    "ROWS",
    "SHORT_BEFORE",
    "LaneWork",
    "live_lanes",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
# Numbers of lanes.
Lanes = npt.NDArray[np.uint8]

LANES: Final = 128
# Rows are a little wider: places of which the addresses agree in twelve bits wait for each other.
ROW: Final = LANES + 16
# The rows of a block: the columns', then its state.
NET, POSITION, SHORT_BEFORE, LAST_ARRIVAL, _BACKLOG, _LATE, _MISSED = (len(COLUMNS) + k for k in range(7))
ROWS: Final = len(COLUMNS) + 7
# A smaller share of a sum of units is what rounding left over.
_ROUNDING: Final = 1e-12
# Eight marks of 0 or 1, a byte each, times this hold the eight as bits in their upper byte.
_GATHER: Final = np.uint64(0x0102040810204080)
# The place of the only bit in a power of two: a de Bruijn sequence times it holds it in the upper six bits. Leiserson,
# Prokop and Randall (1998), Using de Bruijn sequences to index a 1 in a computer word.
_SEQUENCE: Final = np.uint64(0x03F79D71B4CB0A89)
_PLACES: Final = np.empty(64, np.uint8)
for _bit in range(64):
    _PLACES[(0x03F79D71B4CB0A89 << _bit) % 2**64 >> 58] = _bit


class LaneWork(NamedTuple):
    """Working arrays of a block, all but the lists in the same precision."""

    rows: Any  # (ROWS, ROW)
    before: Any  # (ROWS, ROW) what was counted before the warm-up ended
    due: Any  # (slots, ROW) units due in each coming period
    pending: Integers  # (slots,) orders due in it
    below: Lanes  # (ROW,) 1 where the position is at the next reorder point or below
    served: Lanes  # (ROW,) 1 where a receipt reaches backorders
    ready: Lanes  # (ROW,) a list of lanes
    constants: Any  # (3,) 0, 1 and a number, in the precision of the block


@njit(nogil=True, cache=True, error_model="numpy", _nrt=False)
def live_lanes(
    work: LaneWork, buffer: Floats32, rules: Floats, item: Any, lead_time: Floats, guide: npt.NDArray[np.int16],
    sizes: Floats, upto: Floats, width: int, warm_up: int, path: int, ages: bool, group: Integers, waits: Floats,
) -> None:  # fmt: skip
    """Take a block through all periods.

    Parameters
    ----------
    buffer : (periods, >= width) demand. rules : (periods, DAY_RULES). lead_time, guide : see ``chance.chosen_from``.
    sizes, upto : (k,) sizes of order lines and their cumulative probabilities; none, or an infinite first one: a
        period's demand is one line.
    width : lanes in use. path : the number of the first lane's path. ages : count how long units waited.
    group : (width,) the row of ``waits`` (groups, bins) that takes the waits of a lane.
    """
    rows, before, due, pending, below, served, ready, constants = work
    net, position, short_before, last_arrival = rows[NET], rows[POSITION], rows[SHORT_BEFORE], rows[LAST_ARRIVAL]
    demanded, short, stock, waiting = rows[DEMANDED], rows[SHORT], rows[STOCK], rows[WAITING]
    demand_periods, short_periods, ready_periods = rows[DEMAND_PERIODS], rows[SHORT_PERIODS], rows[READY_PERIODS]
    orders, ordered, received, filled_later = rows[ORDERS], rows[ORDERED], rows[RECEIVED], rows[FILLED_LATER]
    cycles, short_cycles, waited = rows[CYCLES], rows[SHORT_CYCLES], rows[WAITED_PERIODS]
    counted_waits, counted_wait_periods = rows[COUNTED_WAITS], rows[COUNTED_WAIT_PERIODS]
    backlog, late, missed = rows[_BACKLOG], rows[_LATE], rows[_MISSED]
    lines, short_lines = rows[LINES], rows[SHORT_LINES]
    sized, line_key = sizes.size > 0 and sizes[0] < np.inf, stream(item.key, LINE_STREAM)
    below_by_eight, served_by_eight = below.view(np.uint64), served.view(np.uint64)
    key, lot, minimum, max_stock, crossing = item.key, item.lot, item.minimum, item.max_stock, item.crossing
    slots, last, slot = pending.size, buffer.shape[0] - 1, 0
    constants[2] = item.lost_share
    zero, one, lost_share = constants[0], constants[1], constants[2]
    for t in range(buffer.shape[0]):
        if t == warm_up:
            _set_aside(rows, before)
        # What is due comes in; then, after the review, what was ordered with no lead time.
        for turn in range(2):
            if turn == 1 and rules[t, REVIEW] > 0.0:
                count = _list_marked(below_by_eight, ready)
                _order(
                    ready, count, position, orders, ordered, last_arrival, due, pending, slot, slots, key, path, t,
                    lead_time, guide, crossing, (rules[t, REORDER_POINT], rules[t, RAISE_TO], lot, minimum),
                    rules[t, PLANNED], rules[t, MAXIMUM], max_stock, int(rules[t, DELAY]),
                )  # fmt: skip
            if pending[slot] > 0:
                pending[slot] = 0
                some = _receive(
                    due, slot, net, received, filled_later, cycles, short_cycles, short, short_before,
                    backlog, late, served, width, zero, one,
                )  # fmt: skip
                if some and ages:
                    for j in range(_list_marked(served_by_eight, ready)):
                        k = np.int64(ready[j])
                        _note_waits(
                            waited, counted_waits, counted_wait_periods, buffer, k, np.float64(backlog[k]),
                            np.float64(late[k]), t, warm_up, group[k], waits,
                        )  # fmt: skip
        constants[2] = rules[min(t + 1, last), REORDER_POINT]
        _meet_demand(
            net, position, demanded, short, missed, stock, waiting, demand_periods, short_periods, ready_periods, below,
            buffer, t, width, zero, one, lost_share, constants[2],
        )  # fmt: skip
        if sized:
            _count_lines(lines, short_lines, missed, buffer, t, width, line_key, path, sizes, upto)
        slot = slot + 1 if slot + 1 < slots else 0


@njit(nogil=True, cache=True, error_model="numpy")
def _set_aside(rows: Any, before: Any) -> None:
    """At the end of the warm-up: keep what was counted so far apart."""
    for c in range(len(COLUMNS)):
        for k in range(ROW):
            before[c, k] = rows[c, k]
            rows[c, k] = 0.0
    for k in range(ROW):
        # Whether something was short since the last receipt is still known.
        rows[SHORT_BEFORE, k] = -1.0 if before[SHORT, k] > rows[SHORT_BEFORE, k] else 0.0


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _list_marked(eights: npt.NDArray[np.uint64], ready: Lanes) -> int:
    """List the lanes that are marked, 64 marks at once and without a branch on any; return their number."""
    count = 0
    for start in range(0, LANES // 8, 8):
        marks = np.uint64(0)
        for w in range(8):
            marks |= ((eights[start + w] * _GATHER) >> np.uint64(56)) << np.uint64(8 * w)
        while marks != 0:
            lowest = marks & (~marks + np.uint64(1))
            ready[count] = 8 * start + np.int64(_PLACES[(lowest * _SEQUENCE) >> np.uint64(58)])
            marks ^= lowest
            count += 1
    return count


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _order(
    ready: Lanes, count: int, position: Any, orders: Any, ordered: Any, last_arrival: Any, due: Any,
    pending: Integers, slot: int, slots: int, key: np.uint64, path: int, t: int, lead_time: Floats,
    guide: npt.NDArray[np.int16], crossing: bool, rule: tuple[float, float, float, float], planned: float,
    maximum: float, max_stock: float, delay: int,
) -> None:  # fmt: skip
    """Order for the lanes listed."""
    for j in range(count):
        k = np.int64(ready[j])
        units = order_quantity(np.float64(position[k]), planned, rule, maximum, max_stock)
        if units > 0.0:
            ahead = chosen_from(uniform(key, place(path + k, LEAD_TIMES + t)), lead_time, guide) + delay
            if not crossing:
                ahead = max(ahead, int(last_arrival[k]) - t)
                last_arrival[k] = t + ahead
            amount = position.dtype.type(units)
            orders[k] += position.dtype.type(1)
            ordered[k] += amount
            position[k] += amount
            # A remainder would take as long as all else here.
            coming = slot + ahead if slot + ahead < slots else slot + ahead - slots
            due[coming, k] += amount
            pending[coming] += 1


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _receive(
    due: Any, slot: int, net: Any, received: Any, filled_later: Any, cycles: Any, short_cycles: Any, short: Any,
    short_before: Any, backlog: Any, late: Any, served: Lanes, width: int, zero: Any, one: Any,
) -> int:  # fmt: skip
    """Take in what is due and fill the backorders that it reaches; say whether there were any."""
    some = 0
    for k in range(width):
        units = due[slot, k]
        due[slot, k] = zero
        waited_for = max(-net[k], zero)
        reached = min(waited_for, units)
        came = units > zero
        ran_short = short[k] > short_before[k]
        net[k] += units
        received[k] += units
        filled_later[k] += reached
        cycles[k] += one if came else zero
        short_cycles[k] += one if came and ran_short else zero
        short_before[k] = short[k] if came else short_before[k]
        backlog[k] = waited_for
        late[k] = reached
        served[k] = reached > zero
        some |= int(reached > zero)
    return some


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _meet_demand(
    net: Any, position: Any, demanded: Any, short: Any, missed: Any, stock: Any, waiting: Any, demand_periods: Any,
    short_periods: Any, ready_periods: Any, below: Lanes, buffer: Floats32, t: int, width: int, zero: Any, one: Any,
    lost_share: Any, next_point: Any,
) -> None:  # fmt: skip
    """Demand comes, the period is counted, and it is marked whose position is due for an order in the next one."""
    for k in range(width):
        wanted = buffer[t, k]
        before = net[k]
        unmet = wanted - min(max(before, zero), wanted)
        went = wanted - unmet * lost_share
        after = before - went
        left = position[k] - went
        net[k] = after
        position[k] = left
        demanded[k] += wanted
        missed[k] = unmet
        short[k] += unmet
        stock[k] += max(after, zero)
        waiting[k] -= min(after, zero)
        demand_periods[k] += one if wanted > zero else zero
        short_periods[k] += one if unmet > zero else zero
        ready_periods[k] += one if after > zero else zero
        below[k] = left <= next_point


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _count_lines(
    lines: Any, short_lines: Any, missed: Any, buffer: Floats32, t: int, width: int, line_key: np.uint64, path: int,
    sizes: Floats, upto: Floats,
) -> None:  # fmt: skip
    """Split the period's demand into lines, as ``lines.add_lines`` does, and count those not filled completely."""
    for k in range(width):
        left = np.float64(buffer[t, k])
        if left > 0.0:
            filled = left - np.float64(missed[k])
            key = draw(line_key, place(path + k, t))
            line = 0
            while left > 0.0:
                size = min(sizes[chosen(uniform(key, np.uint64(2 * line)), upto)], left)
                lines[k] += 1.0
                short_lines[k] += 1.0 if filled < size else 0.0
                filled = max(filled - size, 0.0)
                left -= size
                line += 1


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _note_waits(
    waited: Any, counted_waits: Any, counted_wait_periods: Any, buffer: Floats32, k: int, backlog: float, late: float,
    t: int, warm_up: int, group: int, waits: Floats,
) -> None:  # fmt: skip
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
            waited[k] += took * (t - period)
            if period >= warm_up:
                waits[group, min(t - period, waits.shape[1] - 1)] += took
                counted_waits[k] += took
                counted_wait_periods[k] += took * (t - period)
        late -= took
        period += 1
        backlog = np.float64(buffer[period, k])
