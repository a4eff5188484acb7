"""How backorders went: rates, times to fill, cancellations, promises kept and customers who came back, by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.backorders.ledger import NEVER, OrderLedger

__all__ = ["LineFates", "distinct_pairs", "group_kpis", "line_fates", "ordered_again"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_NEARLY: Final = 1e-9


@dataclass(frozen=True, eq=False)
class LineFates:
    """What became of order lines; arrays (m,).

    Attributes
    ----------
    due : wanted before the opening, and ordered before it: only these are counted.
    backordered : due, and not all of it shipped by the day it was wanted on. Of a line the table knows one day of
        shipment, the last, so that all its units count as backordered.
    filled : all of it shipped. waited, delivered : days to the last shipment from the day wanted and from the order,
        NaN where not filled. given_up : some of it was cancelled.
    promised, kept : had a promised day that has passed or been met; all of it had shipped by then.
    """

    due: Flags
    backordered: Flags
    filled: Flags
    waited: Floats
    delivered: Floats
    given_up: Flags
    promised: Flags
    kept: Flags


def line_fates(ledger: OrderLedger, promised_on: Integers) -> LineFates:
    """Tell what became of each line by the opening; ``promised_on`` (m,) days, NEVER without."""
    filled = ledger.quantity - ledger.left <= _NEARLY
    due = (ledger.ordered < ledger.as_of) & (ledger.wanted < ledger.as_of)
    shipped = np.where(filled & (ledger.shipped_on != NEVER), ledger.shipped_on, ledger.as_of)
    at_once = filled & ((shipped <= ledger.wanted) | (ledger.shipped_on == NEVER))
    days = shipped.astype(np.float64)
    passed = (promised_on < ledger.as_of) & ~(ledger.cancelled & ~filled)
    return LineFates(
        due=due,
        backordered=due & ~at_once,
        filled=filled,
        waited=np.where(filled, np.maximum(days - ledger.wanted, 0.0), np.nan),
        delivered=np.where(filled, days - ledger.ordered, np.nan),
        given_up=ledger.cancelled & ~filled,
        promised=due & passed,
        kept=due & passed & filled & (shipped <= promised_on),
    )


def group_kpis(
    ledger: OrderLedger, fates: LineFates, order: Integers, price: Floats, group: Integers, groups: int
) -> dict[str, Floats]:
    """Return the figures of each group; (groups,), NaN where there is nothing to divide by.

    Parameters
    ----------
    order : (m,) number of the order of each line. price : (m,) money a unit. group : (m,), below 0 for none.

    Notes
    -----
    Times to fill are those of backordered lines that have been filled by now; those that still wait are not in them.
    """
    use = np.flatnonzero(fates.due & (group >= 0))
    late = use[fates.backordered[use]]
    value = ledger.quantity * price

    def total(rows: Integers, weight: Floats) -> Floats:
        return np.asarray(np.bincount(group[rows], weights=weight[rows], minlength=groups), dtype=np.float64)

    def orders(rows: Integers) -> Floats:
        of, _ = distinct_pairs(group[rows], order[rows])
        return np.asarray(np.bincount(of, minlength=groups), dtype=np.float64)

    one = np.ones(len(ledger))
    lines, late_lines, all_orders = total(use, one), total(late, one), orders(use)
    units, revenue, late_value = total(use, ledger.quantity), total(use, value), total(late, value)
    mean, median, q90 = _spread(fates.waited, group, late[fates.filled[late]], groups)
    delivery = _spread(fates.delivered, group, use[fates.filled[use]], groups)[0]
    earned = np.where(fates.filled, value, ledger.left * price)
    lost = np.where(ledger.cancelled, value - earned, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "orders": all_orders,
            "lines": lines,
            "units": units,
            "revenue": revenue,
            "backorder_rate_orders": orders(late) / all_orders,
            "backorder_rate_lines": late_lines / lines,
            "backorder_rate_units": total(late, ledger.quantity) / units,
            "backorder_rate_value": late_value / revenue,
            "time_to_fill_mean": mean,
            "time_to_fill_median": median,
            "time_to_fill_q90": q90,
            "order_to_delivery_mean": delivery,
            "cancellation_rate": total(late[fates.given_up[late]], one) / late_lines,
            "revenue_on_backorder": late_value,
            "revenue_earned": total(late, earned),
            "revenue_cancelled": total(late, lost),
            "revenue_waiting": total(late, value - earned - lost),
            "promise_kept": total(use[fates.kept[use]], one) / total(use[fates.promised[use]], one),
            "promise_kept_backordered": total(late[fates.kept[late]], one) / total(late[fates.promised[late]], one),
        }


def ordered_again(customer: Integers, order: Integers, ordered: Integers, as_of: int, within: int) -> Floats:
    """Return 1 for lines whose customer placed another order within some days, 0 where not, NaN where it is too early.

    Parameters
    ----------
    customer, order : (m,) numbers, below 0 for an unknown customer. ordered : (m,) days. within : days.
    """
    rows = np.lexsort((order, ordered, customer))
    who, day, number = customer[rows], ordered[rows], order[rows]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (np.diff(who) != 0) | (np.diff(day) != 0) | (np.diff(number) != 0)
    # Lines of one order count once; sorted by customer, then day: the next entry of the customer is the next order.
    which = np.cumsum(first) - 1
    who, day = who[first], day[first]
    again = np.zeros(len(who))
    again[:-1] = (who[:-1] == who[1:]) & (day[1:] - day[:-1] <= within)
    known = (who >= 0) & (day + within < as_of)
    found = np.empty(len(rows))
    found[rows] = np.where(known, again, np.nan)[which]
    return found


def distinct_pairs(group: Integers, order: Integers) -> tuple[Integers, Integers]:
    """The group of each different pair, in ascending order of pairs, and the first line with it; all at least 0."""
    pairs, first = np.unique(group * (order.max(initial=0) + 1) + order, return_index=True)
    return pairs // (order.max(initial=0) + 1), first


def _spread(days: Floats, group: Integers, rows: Integers, groups: int) -> tuple[Floats, Floats, Floats]:
    """Mean, median and 90th percentile (the smallest day that so many reach) of each group."""
    which = rows[np.lexsort((days[rows], group[rows]))]
    count = np.bincount(group[which], minlength=groups)
    begins = np.cumsum(count) - count
    ordered = np.append(days[which], np.nan)

    def quantile(share: float) -> Floats:
        at = begins + np.maximum(np.ceil(share * count).astype(np.int64) - 1, 0)
        return np.where(count > 0, ordered[np.minimum(at, len(which))], np.nan)

    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group[which], weights=days[which], minlength=groups) / count
    return mean, quantile(0.5), quantile(0.9)
