"""The ordinary case, fast: many paths of one item side by side, so that their arithmetic is done by vector.

The order of events is the default clock's; demand waits for ever or is lost. Then stock and backorders never exist
together, and one number a path, the net inventory, tells both. How long backordered units waited follows from demand
alone: served first come first served, those who wait are the last ones who came.

Items in whole units are reckoned in single precision, which is exact up to 2^24 and takes half the time. All sums grow,
so that one look at the end tells whether any was too large; the caller then has the item reckoned in double precision.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.chance import fill_guide
from replenishment.kernels.simulation.columns import (
    COLUMNS,
    DEMAND_PERIODS,
    DEMANDED,
    FILLED_AT_ONCE,
    FILLED_LATER,
    LINES,
    LOST,
    RECEIVED,
    SHORT,
    SHORT_LINES,
    SHORT_PERIODS,
)
from replenishment.kernels.simulation.events import start_stock
from replenishment.kernels.simulation.lane_events import LANES, NET, POSITION, ROW, ROWS, LaneWork, live_lanes
from replenishment.kernels.simulation.sampling import STEPS, DemandTable, draw_lanes, fill_steps
from replenishment.kernels.simulation.settings import (
    DAY_RULES,
    MAXIMUM,
    PLANNED,
    RAISE_TO,
    REORDER_POINT,
    Chances,
    Schedule,
    fill_day_rules,
)

__all__ = ["run_lanes"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# Steps of the guide table to lead times: so many that hardly one holds two of them.
_GUIDE: Final = 1024
# No sum of up to four numbers below it leaves what single precision holds exactly.
_EXACT: Final = np.float32(2.0**22)


@njit(nogil=True, cache=True, error_model="numpy")
def run_lanes(
    demand: Floats32,
    table: DemandTable,
    rows: Integers,
    items: Any,
    schedule: Schedule,
    chances: Chances,
    arrivals: Floats,
    warm_up: int,
    first_path: int,
    ages: bool,
    constants: Any,
    counts: Floats,
    waits: Floats,
    imbalance: Floats,
    exact: npt.NDArray[np.bool_],
) -> None:
    """Simulate every item on every path under the default clock.

    Parameters
    ----------
    demand : as for ``events.run_events``; or (0, 0, 0), to draw it from ``table``, at the places ``rows`` (n,).
    ages : count how long backordered units waited. constants : (3,) zeros; their precision is that of the simulation.
    exact : (n,) to fill: whether nothing was rounded to single precision, or would have been. What is written of
        other items is of no use. The other parameters as for ``events.run_events``.
    """
    paths, drawn = counts.shape[2], demand.shape[0] == 0
    blocks = (paths + LANES - 1) // LANES
    width = min(((paths + blocks - 1) // blocks + 15) // 16 * 16, LANES)
    reach = max(chances.lead_time.shape[1] + schedule.delay.max(), arrivals.shape[1]) + 1
    work = _new_work(reach, constants)
    buffer = np.zeros((schedule.reviews.shape[1], ROW), np.float32)
    rules = np.empty((buffer.shape[0], DAY_RULES))
    steps, numbers = np.empty(STEPS, np.float32), np.empty((2, ROW), np.uint32)
    guide, group = np.empty(_GUIDE, np.int16), np.zeros(width, np.int64)
    for i in range(items.size):
        fill_day_rules(schedule, i, rules)
        fill_guide(chances.lead_time[i], guide)
        exact[i] = _is_whole(items[i], rules, arrivals[i]) and _is_whole_demand(demand, i, table, rows[i])
        imbalance[i] = 0.0
        if not exact[i] and constants.itemsize < 8:
            continue
        if drawn:
            fill_steps(table.upto[rows[i]], table.values[rows[i]], steps)
        for first in range(0, paths, width):
            used = min(width, paths - first)
            for k in range(used):
                group[k] = (first + k) * waits.shape[1] // paths
            if drawn:
                own, values = table.upto[rows[i]], table.values[rows[i]]
                draw_lanes(items[i].key, own, values, steps, first_path + first, width, numbers, buffer)
            else:
                _copy_demand(demand[i], first, used, buffer)
            _begin(work, items[i], rules, first_path + first, used, arrivals[i])
            live_lanes(
                work, buffer, rules, items[i], chances.lead_time[i], guide, chances.size_values[i], chances.size[i],
                width, warm_up, first_path + first, ages, group, waits[i],
            )  # fmt: skip
            exact[i] = exact[i] and _is_exact(work.rows, used) and _is_exact(work.before, used)
            imbalance[i] = max(imbalance[i], _imbalance(work, items[i], first_path + first, used))
            sized = chances.size.shape[1] > 0 and chances.size_values[i, 0] < np.inf
            _finish(work, items[i].lost_share, sized, used, first, counts[i])


@njit(nogil=True, cache=True, error_model="numpy")
def _new_work(slots: int, constants: Any) -> LaneWork:
    """Working arrays in the precision of ``constants``."""
    constants[1] = 1.0
    rows, before = np.empty((ROWS, ROW), constants.dtype), np.empty((ROWS, ROW), constants.dtype)
    due, pending = np.zeros((slots, ROW), constants.dtype), np.zeros(slots, np.int64)
    below, served, ready = np.zeros(ROW, np.uint8), np.zeros(ROW, np.uint8), np.empty(ROW, np.uint8)
    return LaneWork(rows, before, due, pending, below, served, ready, constants)


@njit(nogil=True, cache=True, error_model="numpy")
def _all_whole(units: Any) -> bool:
    """Whether all numbers of a row are whole."""
    broken = 0
    for k in range(units.size):
        broken |= int(units[k] != np.floor(units[k]))
    return broken == 0


@njit(nogil=True, cache=True, error_model="numpy")
def _is_whole_demand(demand: Floats32, i: int, table: DemandTable, place: int) -> bool:
    """Whether an item is demanded in whole units."""
    if demand.shape[0] == 0:
        return bool(_all_whole(table.values[place]))
    broken = 0
    for p in range(demand.shape[1]):
        broken += int(not _all_whole(demand[i, p]))
    return broken == 0


@njit(nogil=True, cache=True, error_model="numpy")
def _is_whole(item: Any, rules: Floats, arrivals: Floats) -> bool:
    """Whether stock and orders of an item stay whole numbers, if demand is."""
    start = item.stock + item.spread + item.backlog + arrivals.sum()
    if start != np.floor(start) or item.stock != np.floor(item.stock) or item.backlog != np.floor(item.backlog):
        return False
    if item.lot != np.floor(item.lot) or item.minimum != np.floor(item.minimum) or not _all_whole(arrivals):
        return False
    if not _all_whole(rules[:, PLANNED]):
        return False
    # Without a lot an order is what is missing to the level, or to the most.
    whole_lots = item.lot > 0.0 or (item.max_stock == np.floor(item.max_stock) and _all_whole(rules[:, RAISE_TO]))
    return bool(whole_lots and (item.lot > 0.0 or _all_whole(rules[:, MAXIMUM])))


@njit(nogil=True, cache=True, error_model="numpy")
def _copy_demand(demand: Floats32, first: int, used: int, buffer: Floats32) -> None:
    """Copy (paths, periods) into the buffer, period by period; a single path serves all lanes."""
    for k in range(used):
        path = demand[first + k if demand.shape[0] > 1 else 0]
        for t in range(path.size):
            buffer[t, k] = path[t]


@njit(nogil=True, cache=True, error_model="numpy")
def _begin(work: LaneWork, item: Any, rules: Floats, path: int, used: int, arrivals: Floats) -> None:
    """Set the lanes to the start of their paths; those without one never order."""
    rows, due, pending, below = work.rows, work.due, work.pending, work.below
    rows[:] = 0.0
    rows[POSITION] = np.inf
    due[:] = 0.0
    pending[:] = 0
    below[:] = 0
    for k in range(used):
        rows[NET, k] = start_stock(item, path + k) - item.backlog
        for a in range(arrivals.size):
            if arrivals[a] > 0.0:
                due[a, k] = arrivals[a]
                pending[a] = 1
        rows[POSITION, k] = rows[NET, k] + arrivals.sum()
        below[k] = rows[POSITION, k] <= rules[0, REORDER_POINT]
    for c in range(ROWS):
        for k in range(ROW):
            work.before[c, k] = rows[c, k]


@njit(nogil=True, cache=True, error_model="numpy")
def _is_exact(rows: Any, used: int) -> bool:
    """Whether no number of the lanes in use is so large that single precision could have rounded."""
    large = 0
    for c in range(rows.shape[0]):
        row = rows[c]
        for k in range(used):
            large |= int(abs(row[k]) >= _EXACT)
    return large == 0


@njit(nogil=True, cache=True, error_model="numpy")
def _finish(work: LaneWork, lost_share: float, sized: bool, used: int, first: int, counts: Floats) -> None:
    """Write the counts of the lanes to their paths; without sizes of lines a period's demand is one."""
    rows = work.rows
    for k in range(used):
        if not sized:
            rows[SHORT_LINES, k] = rows[SHORT_PERIODS, k]
            rows[LINES, k] = rows[DEMAND_PERIODS, k]
        rows[LOST, k] = rows[SHORT, k] * lost_share
        rows[FILLED_AT_ONCE, k] = rows[DEMANDED, k] - rows[SHORT, k]
    for c in range(len(COLUMNS)):
        for k in range(used):
            counts[c, first + k] = rows[c, k]


@njit(nogil=True, cache=True, error_model="numpy")
def _imbalance(work: LaneWork, item: Any, path: int, used: int) -> float:
    """The largest difference between what came in and what went out or remains; see ``events``."""
    rows, before = work.rows, work.before
    worst = 0.0
    for k in range(used):
        net, initial = np.float64(rows[NET, k]), start_stock(item, path + k)
        short = np.float64(rows[SHORT, k]) + before[SHORT, k]
        late = np.float64(rows[FILLED_LATER, k]) + before[FILLED_LATER, k]
        shipped = np.float64(rows[DEMANDED, k]) + before[DEMANDED, k] - short + late
        received = np.float64(rows[RECEIVED, k]) + before[RECEIVED, k]
        worst = max(worst, abs(initial + received - max(net, 0.0) - shipped))
        worst = max(worst, abs(item.backlog + short - late - max(-net, 0.0) - short * item.lost_share))
    return worst
