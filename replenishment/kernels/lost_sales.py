"""Stock under lost sales along sample paths: what an ordering rule costs in the long run, what an order costs now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.ordering_rule import rule_quantity

__all__ = ["order_costs", "rule_costs"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def rule_costs(
    demand: Floats32,
    lead_time: Integers,
    review: int,
    block: int,
    reorder_point: Floats,
    above: Floats,
    lot: Floats,
    minimum: Floats,
    holding: Floats,
    shortage: Floats,
) -> Floats:
    """Mean holding and shortage cost per period of ordering rules; (n, c).

    The first ``block`` periods of all paths follow each other as one long demand, so that stock and orders under way
    are those of the steady state. Opening of a period: receive, review (every ``review`` periods), then demand comes.

    Parameters
    ----------
    demand : (n, m, T) units. lead_time : (n, m) periods, of orders placed on that path; orders do not cross.
    block : at most T, a multiple of ``review``. reorder_point : (n, c) candidates. above : (n,) units from reorder
        point to raise-to. lot, minimum : (n,) of an order; a lot of 0 means any quantity.
    holding, shortage : (n,) money per unit and period, per unit lost.
    """
    n, paths = demand.shape[0], demand.shape[1]
    out = np.empty(reorder_point.shape)
    due = np.zeros(lead_time.max() + 1 if lead_time.size else 1)
    slots = due.size
    for i in range(n):
        for c in range(reorder_point.shape[1]):
            s = reorder_point[i, c]
            stock = max(s + above[i], 0.0)
            due[:] = 0.0
            under_way, cost, now, last = 0.0, 0.0, 0, 0
            for p in range(paths):
                for t in range(block):
                    arrived = due[now % slots]
                    due[now % slots] = 0.0
                    stock += arrived
                    under_way -= arrived
                    if t % review == 0:
                        ordered = rule_quantity(stock + under_way, (s, s + above[i], lot[i], minimum[i]))
                        last = max(last, now + lead_time[i, p])
                        if last == now:
                            stock += ordered
                        else:
                            due[last % slots] += ordered
                            under_way += ordered
                    left = stock - np.float64(demand[i, p, t])
                    stock = max(left, 0.0)
                    cost += holding[i] * left if left > 0.0 else -shortage[i] * left
                    now += 1
            out[i, c] = cost / (paths * block)
    return out


@njit(nogil=True, cache=True)
def order_costs(
    demand: Floats32,
    lead_time: Integers,
    review: int,
    reviews: int,
    stock: Floats,
    arrivals: Floats,
    quantity: Floats,
    reorder_point: Floats,
    above: Floats,
    lot: Floats,
    minimum: Floats,
    holding: Floats,
    shortage: Floats,
) -> Floats:
    """Expected holding and shortage cost after ordering some units now and by a rule at the coming reviews; (n, c).

    Each path is followed from now to the end of ``reviews`` review intervals after the order's arrival.

    Parameters
    ----------
    demand : (n, m, T) units. lead_time : (n, m) periods, of all orders of a path.
    stock : (n,) units on hand now, at least 0. arrivals : (n, a) units due at openings 0, 1, ...
    quantity : (n, c) units ordered now. reorder_point : (n, k) at the reviews 0 (now, not used), 1, 2, ...
    The others as for :func:`rule_costs`.
    """
    n, paths = demand.shape[0], demand.shape[1]
    out = np.zeros(quantity.shape)
    due = np.empty(demand.shape[2] + arrivals.shape[1] + 1)
    for i in range(n):
        on_order = arrivals[i].sum()
        for c in range(quantity.shape[1]):
            for p in range(paths):
                wait = lead_time[i, p]
                end = min(wait + reviews * review, demand.shape[2])
                due[:] = 0.0
                due[: arrivals.shape[1]] = arrivals[i]
                due[wait] += quantity[i, c]
                here, position = stock[i], stock[i] + on_order + quantity[i, c]
                for t in range(end):
                    here += due[t]
                    if t > 0 and t % review == 0 and t + wait < end:
                        s = reorder_point[i, t // review]
                        ordered = rule_quantity(position, (s, s + above[i], lot[i], minimum[i]))
                        position += ordered
                        if wait == 0:
                            here += ordered
                        else:
                            due[t + wait] += ordered
                    left = here - np.float64(demand[i, p, t])
                    position -= here - max(left, 0.0)
                    here = max(left, 0.0)
                    out[i, c] += holding[i] * left if left > 0.0 else -shortage[i] * left
            out[i, c] /= paths
    return out
