"""Stock and backorders along sampled or recorded demand, period by period."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw

__all__ = ["COUNTS", "TRACE", "WAIT_BINS", "run_paths"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# What is counted on every path, after the warm-up; the engine turns it into service measures.
COUNTS: Final = (
    "demanded",
    "short",  # units not filled from stock in the period in which they were demanded
    "lost",
    "demand_periods",
    "short_periods",
    "ready_periods",  # periods that end with stock > 0
    "stock_sum",  # stock at the ends of periods
    "backorder_sum",  # units waiting at the ends of periods
    "orders",
    "ordered",
    "cycles",  # receipts
    "short_cycles",
    "received",
    "filled",  # units shipped, at once or later
)
TRACE: Final = (
    "opening_stock",
    "received",
    "ordered",
    "demanded",
    "filled_at_once",
    "filled_later",
    "lost",
    "stock",
    "waiting",
)
# Waits of 1, 2, ... periods; the last bin takes all longer ones.
WAIT_BINS: Final = 256

_ORDER_STEP: Final = PATH_STRIDE // 2


@njit(nogil=True, cache=True)
def run_paths(
    demand: Floats32,
    keys: npt.NDArray[np.uint64],
    stock_at_start: Floats,
    start_spread: Floats,
    backorders_at_start: Floats,
    arrivals: Floats,
    reorder_point: Floats,
    raise_to: Floats,
    lot: Floats,
    minimum: Floats,
    review: Integers,
    first_review: int,
    lead_time: Floats,
    lost_share: Floats,
    warm_up: int,
    first_path: int,
    counts: Floats,
    waits: Floats,
    trace: Floats,
) -> None:
    """Simulate every series on every path under the clock of ``simulation.clock``.

    Parameters
    ----------
    demand : (n, paths, periods) units; or (n, 1, periods) when every path meets the same demand.
    keys : (n,) random streams of the lead times.
    stock_at_start, backorders_at_start : (n,) at the first opening, before arrivals.
    start_spread : (n,) up to so many units more at the start, drawn on each path, evenly.
    arrivals : (n, a) units already on order, due at openings 0 ... a - 1.
    reorder_point, raise_to, lot, minimum : (n,) the ordering rule (see ``replenishment.policies``).
    review : (n,) periods between reviews, at least 1. first_review : the opening of the first one.
    lead_time : (n, k) cumulative probabilities of lead times 0 ... k - 1. Orders do not cross.
    lost_share : (n,) share of unmet demand that is lost: 0 backordered, 1 lost.
    counts : (n, paths, len(COUNTS)); waits : (n, WAIT_BINS) backordered units by periods waited.
    trace : (paths, periods, len(TRACE)) of series 0, or empty.
    """
    n, paths = counts.shape[0], counts.shape[1]
    periods = demand.shape[2]
    longest = max(lead_time.shape[1], arrivals.shape[1], 1)
    due = np.empty(periods + longest + 1)
    waiting = np.empty(periods + 1)
    for i in range(n):
        for p in range(paths):
            path = demand[i, p if demand.shape[1] > 1 else 0]
            base = np.uint64(first_path + p) * np.uint64(PATH_STRIDE) + np.uint64(_ORDER_STEP)
            due[:] = 0.0
            on_order = 0.0
            for k in range(arrivals.shape[1]):
                due[k] = arrivals[i, k]
                on_order += arrivals[i, k]
            # waiting[k] is what still waits of the demand of period k - 1; place 0 is what waited at the start.
            waiting[0] = backorders_at_start[i]
            oldest = 0
            stock = stock_at_start[i]
            if start_spread[i] > 0.0:
                bits = draw(keys[i], base - np.uint64(1))
                stock += np.floor(np.float64(bits >> np.uint64(11)) * 2.0**-53 * (start_spread[i] + 1.0))
            backlog = backorders_at_start[i]
            last_arrival = 0
            cycle_short = False
            out = counts[i, p]
            out[:] = 0.0
            for t in range(periods):
                counted = t >= warm_up
                opening = stock
                receipt = due[t]
                ordered = 0.0
                late = 0.0
                if receipt > 0.0:
                    on_order -= receipt
                    if counted:
                        out[10] += 1.0
                        out[11] += 1.0 if cycle_short else 0.0
                    cycle_short = False
                    stock += receipt
                if stock > 0.0 and backlog > 0.0:
                    late = min(stock, backlog)
                    oldest = _fill(waiting, oldest, late, t, warm_up, waits[i])
                    stock -= late
                    backlog = max(backlog - late, 0.0)
                if t >= first_review and (t - first_review) % review[i] == 0:
                    position = stock + on_order - backlog
                    if position <= reorder_point[i]:
                        ordered = raise_to[i] - position
                        if lot[i] > 0.0:
                            ordered = np.ceil(ordered / lot[i] - 1e-9) * lot[i]
                        ordered = max(ordered, minimum[i])
                    if ordered > 0.0:
                        bits = draw(keys[i], base + np.uint64(t))
                        uniform = np.float64(bits >> np.uint64(11)) * 2.0**-53
                        wait = 0
                        while wait < lead_time.shape[1] - 1 and uniform >= lead_time[i, wait]:
                            wait += 1
                        last_arrival = max(last_arrival, t + wait)
                        if last_arrival == t:
                            receipt += ordered
                            stock += ordered
                            if counted:
                                out[10] += 1.0
                                out[11] += 1.0 if cycle_short else 0.0
                            cycle_short = False
                            if backlog > 0.0:
                                more = min(stock, backlog)
                                oldest = _fill(waiting, oldest, more, t, warm_up, waits[i])
                                stock -= more
                                backlog = max(backlog - more, 0.0)
                                late += more
                        else:
                            on_order += ordered
                            if last_arrival < due.size:
                                due[last_arrival] += ordered
                wanted = np.float64(path[t])
                at_once = min(stock, wanted)
                short = wanted - at_once
                stock -= at_once
                gone = short * lost_share[i]
                waiting[t + 1] = short - gone
                backlog += short - gone
                if short > 0.0:
                    cycle_short = True
                if counted:
                    out[0] += wanted
                    out[1] += short
                    out[2] += gone
                    if wanted > 0.0:
                        out[3] += 1.0
                        if short > 0.0:
                            out[4] += 1.0
                    if stock > 0.0:
                        out[5] += 1.0
                    out[6] += stock
                    out[7] += backlog
                    if ordered > 0.0:
                        out[8] += 1.0
                        out[9] += ordered
                    out[12] += receipt
                    out[13] += at_once + late
                if i == 0 and trace.shape[0] > 0:
                    row = trace[p, t]
                    row[0], row[1], row[2], row[3], row[4] = opening, receipt, ordered, wanted, at_once
                    row[5], row[6], row[7], row[8] = late, gone, stock, backlog


@njit(nogil=True, cache=True)
def _fill(waiting: Floats, oldest: int, units: float, now: int, warm_up: int, waits: Floats) -> int:
    """Fill the oldest waiting demand first and note how long it waited; return the oldest place still waiting."""
    left = units
    while left > 0.0 and oldest <= now:
        took = min(left, waiting[oldest])
        if took > 0.0 and oldest - 1 >= warm_up:
            waits[min(now - (oldest - 1), waits.size) - 1] += took
        waiting[oldest] -= took
        left -= took
        if waiting[oldest] <= 0.0:
            oldest += 1
        else:
            break
    return oldest
