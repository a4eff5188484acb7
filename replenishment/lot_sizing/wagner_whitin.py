"""Wagner-Whitin in O(T log T): dynamic lot sizes without a capacity, with or without planned backorders."""

from __future__ import annotations

import numpy as np

from replenishment.lot_sizing.lot_size_problem import LotSizePlan, LotSizeProblem
from replenishment.lot_sizing.lower_envelope import LowerEnvelope
from replenishment.validation import FloatArray

__all__ = ["wagner_whitin_plan"]


def _before(values: FloatArray) -> FloatArray:
    """Return running totals that start at 0: entry t adds up the first t values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def wagner_whitin_plan(problem: LotSizeProblem) -> LotSizePlan:
    """
    Return a cheapest plan when orders are not limited.

    Costs may vary from period to period in any way (also so that buying early pays). Periods of zero demand neither
    need nor pay an order. Of plans that cost the same one with early orders is returned.

    Notes
    -----
    An optimal order, when it comes, serves a run of consecutive periods: those u + 1 ... i - 1 that have waited for
    it (only with backorders) and i ... v. With F(v) the least cost of serving the first v periods,

    G(i) = min over u < i of F(u) + cost of waiting and price for periods u + 1 ... i - 1,
    F(v) = min over i <= v of G(i) + K_i + price and holding cost for periods i ... v.

    Both minima are over straight lines in a known abscissa, so that lower envelopes find them in O(log T) each.

    Source: H. M. Wagner and T. M. Whitin (1958), "Dynamic version of the economic lot size model", *Management
    Science* 5(1), 89-96; W. I. Zangwill (1966) for backlogging; A. Wagelmans, S. van Hoesel and A. Kolen (1992),
    "Economic lot sizing: an O(n log n) algorithm that runs in linear time in the Wagner-Whitin case", *Operations
    Research* 40(S1), 145-156; A. Federgruen and M. Tzur (1991), *Management Science* 37(8), 909-925.
    """
    demand, periods = problem.net_demand, problem.periods
    total = _before(demand)
    price, setup = problem.unit_cost, problem.fixed_cost
    held = _before(problem.holding_cost)
    held_units = _before(demand * held[:-1])
    waiting = problem.backorder_cost is not None
    waited = _before(problem.backorder_cost) if problem.backorder_cost is not None else np.zeros(periods + 1)
    waited_units = _before(demand * waited[:-1])

    ends = LowerEnvelope(total[1:])
    starts = LowerEnvelope(waited[:-1] + price)
    least = np.zeros(periods + 1)
    order_of, start_of = np.full(periods + 1, -1), np.arange(periods)
    for i in range(periods):
        # lines over u: what is already served when the order of period i begins to count
        if waiting:
            starts.add(-float(total[i]), float(least[i] + waited_units[i]), i)
            open_cost, start_of[i] = starts.minimum(float(waited[i] + price[i]))
        else:
            open_cost = float(least[i] - price[i] * total[i])
        begun = open_cost + waited[i] * total[i] - waited_units[i]
        ends.add(float(price[i] - held[i]), float(begun + setup[i] + held[i] * total[i] - held_units[i]), i)
        value, winner = ends.minimum(float(total[i + 1]))
        least[i + 1], order_of[i + 1] = value + held_units[i + 1], winner
        if demand[i] == 0 and least[i] <= least[i + 1]:
            least[i + 1], order_of[i + 1] = least[i], -1
    orders, v = np.zeros(periods), periods
    while v > 0:
        i = order_of[v]
        if i < 0:
            v -= 1
            continue
        orders[i] = total[v] - total[start_of[i]]
        v = int(start_of[i])
    return problem.plan(orders)
