"""Exceptions of a plan: where someone must act, how much is at stake, and until when it helps.

Computed from stock, open orders and the mean demand of the coming periods; what is named *out* is expected to fall
below 0 at the end of a period. An item has at most one exception of shortage and one of surplus: the gravest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NO_DEADLINE", "Exceptions", "Outlook", "find_exceptions", "runs_out_at", "tracking_signal"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_DEADLINE: Final = -1
# More likely than not.
_LIKELY: Final = 0.5


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is known of n items at an opening; arrays (n,), units unless said.

    Attributes
    ----------
    demand : (n, t) mean of each coming period. arrivals : (n, a) due at openings 0, 1, ...
    net_stock : on hand less what waits. on_hand, excess : excess is the position above the order-up-to level.
    order : to be ordered now. lot : the least sensible order. safety_stock : may be negative.
    lead_time, review : periods. stock_out_probability : before an order placed now could arrive.
    units_at_risk : expected short over lead time and review if nothing is ordered.
    wanted : bool, demand is expected and shall be met. dead : bool, nothing was demanded for long.
    """

    demand: Floats
    arrivals: Floats
    net_stock: Floats
    on_hand: Floats
    excess: Floats
    order: Floats
    lot: Floats
    safety_stock: Floats
    lead_time: Integers
    review: Integers
    stock_out_probability: Floats
    units_at_risk: Floats
    wanted: Flags
    dead: Flags


@dataclass(frozen=True, eq=False)
class Exceptions:
    """The items with one kind of exception.

    Attributes
    ----------
    kind : its name. items : (k,) their rows. units : (k,) what it is about.
    last : (k,) opening after which it is too late, counted from now; NO_DEADLINE without one.
    until : (k,) a second opening that matters: when the stock runs out, or when a deferred order is needed.
    """

    kind: str
    items: Integers
    units: Floats
    last: Integers
    until: Integers


def runs_out_at(seen: Outlook) -> Integers:
    """The first period at whose end stock and open orders are expected to be used up; t where there is none; (n,)."""
    short = _available(seen) < -1e-9
    return np.asarray(np.where(short.any(axis=1), short.argmax(axis=1), short.shape[1]), dtype=np.int64)


def find_exceptions(seen: Outlook) -> list[Exceptions]:
    """Find all exceptions, the gravest kinds first."""
    out = runs_out_at(seen)
    stocked_out = seen.wanted & (seen.net_stock <= 0)
    expedite, rescue = _late_arrivals(seen, out)
    expedite &= ~stocked_out
    likely = seen.wanted & (seen.stock_out_probability > _LIKELY) & ~stocked_out & ~expedite
    due = (seen.order > 0) & ~stocked_out & ~expedite & ~likely
    surplus = (seen.excess > seen.lot) & ~seen.dead
    ordered = seen.arrivals.sum(axis=1) > 0
    cancel, excess = surplus & ordered, surplus & ~ordered
    defer, needed = _early_arrivals(seen)
    defer &= ~cancel & ~seen.dead & seen.wanted & ~stocked_out & ~likely
    coming = np.where(ordered, (seen.arrivals > 0).argmax(axis=1), NO_DEADLINE)
    none = np.full(len(out), NO_DEADLINE)
    latest = _latest_arrival(seen)[1]
    return [
        _exceptions("stocked out", stocked_out, _waiting(seen), np.zeros_like(out), out),
        _exceptions("expedite", expedite, rescue, out, out),
        _exceptions("potential stock-out", likely, seen.units_at_risk, np.minimum(out, seen.lead_time), out),
        _exceptions("order", due, seen.order, np.maximum(out - seen.lead_time, 0), out),
        _exceptions("cancel", cancel, np.minimum(seen.excess, seen.arrivals.sum(axis=1)), coming, none),
        _exceptions("defer", defer, latest, _latest_arrival(seen)[0], needed),
        _exceptions("excess", excess, seen.excess, none, none),
        _exceptions("dead stock", seen.dead, seen.on_hand, none, none),
    ]


def tracking_signal(actual: Floats, mean: Floats, sd: Floats) -> Floats:
    """Sum of the forecast errors of several windows in standard deviations of that sum; (n,).

    Parameters
    ----------
    actual, mean, sd : (n, w) demand and its forecast in windows that don't overlap; NaN where there is none.

    Notes
    -----
    Without bias the errors of separate windows are uncorrelated and the signal has mean 0 and variance 1 (compare
    Trigg 1964, Operational Research Quarterly 15, 271-274, whose smoothed signal has no such scale). 0 without windows.
    """
    known = np.isfinite(actual) & np.isfinite(mean) & np.isfinite(sd)
    error = np.where(known, actual - mean, 0.0).sum(axis=1)
    scale = np.sqrt(np.where(known, sd**2, 0.0).sum(axis=1))
    return np.asarray(np.divide(error, scale, out=np.zeros(len(error)), where=scale > 0))


def _exceptions(kind: str, here: Flags, units: Floats, last: Integers, until: Integers) -> Exceptions:
    items = np.flatnonzero(here)
    return Exceptions(kind, items, units[items], last[items], until[items])


def _due(seen: Outlook) -> Floats:
    """What arrives at each of the t openings; later arrivals are left out; (n, t)."""
    due = np.zeros_like(seen.demand)
    width = min(seen.arrivals.shape[1], due.shape[1])
    due[:, :width] = seen.arrivals[:, :width]
    return due


def _available(seen: Outlook) -> Floats:
    """Net stock at the end of each period if nothing is ordered; (n, t)."""
    return seen.net_stock[:, None] + np.cumsum(_due(seen) - seen.demand, axis=1)


def _waiting(seen: Outlook) -> Floats:
    """Units that wait now or will until the next arrival: of an open order, else of one placed now."""
    t = seen.demand.shape[1]
    ordered = _due(seen) > 0
    coming = np.where(ordered.any(axis=1), ordered.argmax(axis=1), np.minimum(seen.lead_time, t))
    before = np.arange(t)[None, :] < coming[:, None]
    return np.asarray(np.maximum(-seen.net_stock, 0.0) + np.where(before, seen.demand, 0.0).sum(axis=1))


def _late_arrivals(seen: Outlook, out: Integers) -> tuple[Flags, Floats]:
    """Items with an open order that comes after the stock is used up, no later than a new one could; units missing."""
    t = seen.demand.shape[1]
    due = _due(seen)
    after = (np.arange(t)[None, :] > out[:, None]) & (due > 0)
    first = np.where(after.any(axis=1), after.argmax(axis=1), 0)
    rows = np.arange(len(out))
    missing = np.where(first > 0, -_available(seen)[rows, np.maximum(first - 1, 0)], 0.0)
    late = seen.wanted & after.any(axis=1) & (first <= np.maximum(seen.lead_time, 1)) & (missing > 0)
    return late, np.minimum(np.maximum(missing, 0.0), due[rows, first])


def _latest_arrival(seen: Outlook) -> tuple[Integers, Floats]:
    """Opening and units of the last open order within the t periods; NO_DEADLINE and 0 without."""
    due = _due(seen)
    last = due.shape[1] - 1 - (due[:, ::-1] > 0).argmax(axis=1)
    there = (due > 0).any(axis=1)
    return np.where(there, last, NO_DEADLINE), np.where(there, due[np.arange(len(due)), last], 0.0)


def _early_arrivals(seen: Outlook) -> tuple[Flags, Integers]:
    """Items whose last open order comes more than a review before the stock needs it, and the opening that does."""
    last, units = _latest_arrival(seen)
    t = seen.demand.shape[1]
    arrived = np.arange(t)[None, :] >= last[:, None]
    without = _available(seen) - np.where(arrived & (last >= 0)[:, None], units[:, None], 0.0)
    short = without < np.maximum(seen.safety_stock, 0.0)[:, None] - 1e-9
    needed = np.where(short.any(axis=1), short.argmax(axis=1), t).astype(np.int64)
    return (last >= 0) & (needed - last > np.maximum(seen.review, 1)), needed
