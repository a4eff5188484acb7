"""Stock and backorders along sampled or recorded demand, period by period."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw
from replenishment.kernels.ordering_rule import Rule, rule_quantity

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
# Where each count stands: the places of COUNTS.
_DEMANDED, _SHORT, _LOST, _DEMAND_PERIODS, _SHORT_PERIODS, _READY_PERIODS, _STOCK_SUM = range(7)
_BACKORDER_SUM, _ORDERS, _ORDERED, _CYCLES, _SHORT_CYCLES, _RECEIVED, _FILLED = range(7, 14)


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
    due = np.empty(demand.shape[2] + max(lead_time.shape[1], arrivals.shape[1], 1) + 1)
    waiting = np.empty(demand.shape[2] + 1)
    untraced = np.empty((0, len(TRACE)))
    for i in range(n):
        rule = (reorder_point[i], raise_to[i], lot[i], minimum[i])
        for p in range(paths):
            base = np.uint64(first_path + p) * np.uint64(PATH_STRIDE) + np.uint64(_ORDER_STEP)
            stock = stock_at_start[i]
            if start_spread[i] > 0.0:
                stock += np.floor(_uniform(keys[i], base - np.uint64(1)) * (start_spread[i] + 1.0))
            _run_path(
                demand[i, p if demand.shape[1] > 1 else 0],
                keys[i],
                base,
                stock,
                backorders_at_start[i],
                arrivals[i],
                rule,
                review[i],
                first_review,
                lead_time[i],
                lost_share[i],
                warm_up,
                due,
                waiting,
                counts[i, p],
                waits[i],
                trace[p] if i == 0 and trace.shape[0] > 0 else untraced,
            )


@njit(nogil=True, cache=True)
def _run_path(
    path: Floats32,
    key: np.uint64,
    base: np.uint64,
    stock: float,
    backlog: float,
    arrivals: Floats,
    rule: Rule,
    review: int,
    first_review: int,
    lead_time: Floats,
    lost_share: float,
    warm_up: int,
    due: Floats,
    waiting: Floats,
    out: Floats,
    waits: Floats,
    trace: Floats,
) -> None:
    """Follow one series along one path; ``due`` and ``waiting`` are room to work in, the rest is as above.

    ``waiting[k]`` is what still waits of the demand of period k - 1; place 0 is what waited at the start.
    """
    out[:] = 0.0
    on_order = _place_arrivals(arrivals, due)
    waiting[0] = backlog
    oldest = 0
    last_arrival = 0
    next_review = first_review
    cycle_short = False
    for t in range(path.size):
        counted = t >= warm_up
        opening = stock
        receipt = due[t]
        ordered = 0.0
        late = 0.0
        if receipt > 0.0:
            on_order -= receipt
            stock += receipt
            if counted:
                _count_cycle(out, cycle_short)
            cycle_short = False
        if stock > 0.0 and backlog > 0.0:
            late = min(stock, backlog)
            oldest = _fill(waiting, oldest, late, t, warm_up, waits)
            stock -= late
            backlog = max(backlog - late, 0.0)
        if t == next_review:
            next_review += review
            ordered = rule_quantity(stock + on_order - backlog, rule)
        if ordered > 0.0:
            last_arrival = max(last_arrival, t + _lead_time(_uniform(key, base + np.uint64(t)), lead_time))
            if last_arrival > t:
                on_order += ordered
                if last_arrival < due.size:
                    due[last_arrival] += ordered
            else:
                receipt += ordered
                stock += ordered
                if counted:
                    _count_cycle(out, cycle_short)
                cycle_short = False
                if backlog > 0.0:
                    more = min(stock, backlog)
                    oldest = _fill(waiting, oldest, more, t, warm_up, waits)
                    stock -= more
                    backlog = max(backlog - more, 0.0)
                    late += more
        wanted = np.float64(path[t])
        at_once = min(stock, wanted)
        short = wanted - at_once
        lost = short * lost_share
        stock -= at_once
        waiting[t + 1] = short - lost
        backlog += short - lost
        if short > 0.0:
            cycle_short = True
        if counted:
            _count_demand(out, wanted, short, lost)
            _count_stock(out, stock, backlog)
            _count_flow(out, ordered, receipt, at_once + late)
        if trace.shape[0] > 0:
            row = trace[t]
            row[0], row[1], row[2], row[3], row[4] = opening, receipt, ordered, wanted, at_once
            row[5], row[6], row[7], row[8] = late, lost, stock, backlog


@njit(nogil=True, cache=True)
def _place_arrivals(arrivals: Floats, due: Floats) -> float:
    """Write what is on order at the start into ``due``; return its sum."""
    due[:] = 0.0
    on_order = 0.0
    for k in range(arrivals.size):
        due[k] = arrivals[k]
        on_order += arrivals[k]
    return on_order


@njit(nogil=True, cache=True)
def _uniform(key: np.uint64, counter: np.uint64) -> float:
    """Draw a number in [0, 1)."""
    value: float = np.float64(draw(key, counter) >> np.uint64(11)) * 2.0**-53
    return value


@njit(nogil=True, cache=True)
def _lead_time(uniform: float, cumulative: Floats) -> int:
    """Turn a uniform number into periods by inversion of the cumulative probabilities."""
    wait = 0
    while wait < cumulative.size - 1 and uniform >= cumulative[wait]:
        wait += 1
    return wait


@njit(nogil=True, cache=True)
def _count_cycle(out: Floats, short: bool) -> None:
    """Count a receipt, and whether something ran short since the one before."""
    out[_CYCLES] += 1.0
    out[_SHORT_CYCLES] += 1.0 if short else 0.0


@njit(nogil=True, cache=True)
def _count_demand(out: Floats, wanted: float, short: float, lost: float) -> None:
    """Count the demand of a period and what of it was not filled at once."""
    out[_DEMANDED] += wanted
    out[_SHORT] += short
    out[_LOST] += lost
    if wanted > 0.0:
        out[_DEMAND_PERIODS] += 1.0
        if short > 0.0:
            out[_SHORT_PERIODS] += 1.0


@njit(nogil=True, cache=True)
def _count_stock(out: Floats, stock: float, backlog: float) -> None:
    """Count what is there and what waits at the end of a period."""
    if stock > 0.0:
        out[_READY_PERIODS] += 1.0
    out[_STOCK_SUM] += stock
    out[_BACKORDER_SUM] += backlog


@njit(nogil=True, cache=True)
def _count_flow(out: Floats, ordered: float, received: float, filled: float) -> None:
    """Count what was ordered, received and shipped in a period."""
    if ordered > 0.0:
        out[_ORDERS] += 1.0
        out[_ORDERED] += ordered
    out[_RECEIVED] += received
    out[_FILLED] += filled


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
