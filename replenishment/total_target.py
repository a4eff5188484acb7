"""One target for all items together, met with the least stock value: one multiplier over all of them.

Each item trades stock value against backorders along a curve of its own. The least value for a total is found where
the next unit of money avoids the same number of backorders everywhere (Lagrange; Sherbrooke 2004, Optimal Inventory
Modeling of Systems, sec. 2.5-2.6; Thonemann, Brown and Hausman 2002, Management Science 48, 1213-1225): cheap and fast
items get more service than the total, dear and slow ones less.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from replenishment.validation import checked

__all__ = ["MultiplierSteps", "TotalTarget", "multiplier_steps", "points_for_total"]

# So many items at most are lowered after the multiplier has done its work.
_MOST_GIVEN_BACK = 50

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TotalTarget:
    """A point of each item's curve.

    Attributes
    ----------
    point : int (n,), column of the curve. rate : (n,) backorder rate there. value : (n,) stock value there.
    multiplier : backorders per period avoided by the last unit of money. total : demand-weighted backorder rate.
    last : the item that took the last step, -1 where none was needed.
    reached : whether the total is at most the target.
    """

    point: Integers
    rate: Floats
    value: Floats
    multiplier: float
    total: float
    last: int
    reached: bool


def points_for_total(rate: Floats, value: Floats, weight: Floats, target: float) -> TotalTarget:
    """Choose a point of each curve so that the weighted rate meets a target with the least value.

    Parameters
    ----------
    rate : (n, k) backorder rate along each curve, not rising. value : (n, k) stock value, money, not falling; infinite
        for points that are not allowed. weight : (n,) mean demand, at least 0.
    target : demand-weighted rate, above 0.

    Notes
    -----
    The points on the lower convex envelope of each curve are taken in the order of backorders avoided per money, as
    one multiplier would, until the target is met. What the last step avoids too much is given back where it saves most
    money, off the envelope too. On the envelope the result is optimal; elsewhere it costs at most the last step more.
    """
    checked("target", target, "(0, inf)")
    checked("rate", rate, "[0, 1]")
    checked("value", value, "(-inf, inf]")
    checked("weight", weight, "[0, inf)")
    n = len(rate)
    short = rate * weight[:, None]
    allowed = target * float(weight.sum())
    steps = multiplier_steps(short, value)
    point = steps.begin.copy()
    left = float(short[np.arange(n), point].sum())
    multiplier, last = 0.0, -1
    for k in range(len(steps.item)):
        if left <= allowed * (1 + 1e-12):
            break
        point[steps.item[k]] = steps.end[k]
        left -= float(steps.saved[k])
        multiplier, last = float(steps.worth[k]), int(steps.item[k])
    point = _give_back(point, short, value, allowed)
    rows = np.arange(n)
    total = float(short[rows, point].sum())
    mean = total / float(weight.sum()) if weight.sum() > 0 else 0.0
    reached = total <= allowed * (1 + 1e-9) + 1e-15
    return TotalTarget(point, rate[rows, point], value[rows, point], multiplier, mean, last, reached)


@dataclass(frozen=True, eq=False)
class MultiplierSteps:
    """The steps along n curves in the order in which one multiplier takes them.

    Attributes
    ----------
    begin : int (n,), column at which each curve begins. item, end : int (s,), which curve steps to which column.
    saved : (s,) backorders that a step avoids. cost : (s,) what it costs. worth : (s,) their ratio, falling.
    """

    begin: Integers
    item: Integers
    end: Integers
    saved: Floats
    cost: Floats
    worth: Floats


def multiplier_steps(short: Floats, value: Floats) -> MultiplierSteps:
    """Order the steps along the lower convex envelopes of curves by backorders avoided per money.

    Parameters
    ----------
    short : (n, k) backorders a period along each curve, not rising. value : (n, k) as for :func:`points_for_total`.
    """
    begin, item, start, end, saved, cost = _envelope_steps(short, value)
    with np.errstate(divide="ignore"):
        worth = np.where(cost > 0, saved / np.where(cost > 0, cost, 1.0), np.inf)
    order = np.lexsort((start, item, -worth))
    return MultiplierSteps(begin, item[order], end[order], saved[order], cost[order], worth[order])


def _envelope_steps(short: Floats, value: Floats) -> tuple[Integers, Integers, Integers, Integers, Floats, Floats]:
    """The lower convex envelope of each curve: where it begins (n,), and its steps: item, from, to, saved, cost."""
    found: list[tuple[int, int, int, float, float]] = []
    begin = np.zeros(len(short), dtype=np.int64)
    for i, (rates, values) in enumerate(zip(short.tolist(), value.tolist(), strict=True)):
        hull: list[int] = []
        for j in np.flatnonzero(np.isfinite(value[i])).tolist():
            if hull and rates[j] >= rates[hull[-1]]:
                continue
            while hull and values[j] <= values[hull[-1]]:
                hull.pop()
            while len(hull) > 1 and _bends_up(rates, values, hull[-2], hull[-1], j):
                hull.pop()
            hull.append(j)
        begin[i] = hull[0]
        found += [(i, a, b, rates[a] - rates[b], values[b] - values[a]) for a, b in itertools.pairwise(hull)]
    columns = list(zip(*found, strict=True)) if found else [()] * 5
    whole = [np.array(column, dtype=np.int64) for column in columns[:3]]
    return begin, whole[0], whole[1], whole[2], np.array(columns[3], dtype=float), np.array(columns[4], dtype=float)


def _bends_up(rates: list[float], values: list[float], a: int, b: int, c: int) -> bool:
    """Whether the step b -> c saves more per money than a -> b, so that b is on no envelope."""
    return (rates[b] - rates[c]) * (values[b] - values[a]) >= (rates[a] - rates[b]) * (values[c] - values[b])


def _give_back(point: Integers, short: Floats, value: Floats, allowed: float) -> Integers:
    """Lower single items while the total stays allowed, each time where it saves most money."""
    point = point.copy()
    rows = np.arange(len(point))
    for _ in range(_MOST_GIVEN_BACK):
        slack = allowed * (1 + 1e-12) - float(short[rows, point].sum())
        if slack <= 0:
            break
        more = short - short[rows, point][:, None]
        gain = np.where(more <= slack, value[rows, point][:, None] - value, -np.inf)
        k = int(np.argmax(gain))
        if not gain.flat[k] > 1e-12:
            break
        point[k // value.shape[1]] = k % value.shape[1]
    return point
