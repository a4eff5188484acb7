"""Why an item was out of stock: rules over purchase orders, counts and demand; the first that holds names the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["CAUSES", "Attribution", "Deliveries", "ItemRecord", "attribute", "shortage_episodes"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CAUSES: Final = (
    "stock record wrong",
    "quality rejected",
    "supplier at capacity",
    "order placed late",
    "demand above forecast",
    "supplier late",
    "no order placed",
    "target low",
    "safety stock low",
)
# A delivery refused by more than half, or an order confirmed to less than half, left the shelf empty.
_MOST: Final = 0.5
# An order was forgotten when it was placed ten days after it was wanted: a weekly review may cost seven.
_FORGOTTEN_DAYS: Final = 10
# A delivery up to so many days after its promise is not what emptied a shelf.
_GRACE_DAYS: Final = 3
# Demand beyond this share of like windows of half a year, and twice the mean of the last eight weeks, was not foreseen.
_FORESEEN: Final = 0.95
_TWICE: Final = 2.0
_LIKE_WINDOWS_DAYS: Final = 182
_RECENT_DAYS: Final = 56
# A target this many times the usual one was set low on purpose.
_TIMES_USUAL: Final = 3.0
# Two spells of shortage no further apart are one.
_GAP_DAYS: Final = 3


@dataclass(frozen=True, eq=False)
class Deliveries:
    """Deliveries of order lines of an item; arrays (d,), days since 1970-01-01, NaN where nothing is known.

    Attributes
    ----------
    order : number of the order line; it may come in several deliveries. proposed, ordered, promised, received : days.
    ordered_quantity : of the line. quantity, rejected : units put on the shelf (or to come), and refused.
    """

    order: Integers
    proposed: Floats
    ordered: Floats
    promised: Floats
    received: Floats
    ordered_quantity: Floats
    quantity: Floats
    rejected: Floats


@dataclass(frozen=True, eq=False)
class ItemRecord:
    """What the books of an item show.

    Attributes
    ----------
    deliveries : of its purchase orders. count_day, book, counted : (c,) stock counts.
    begins : day of ``demand[0]``. demand : (t,) units demanded a day, as far as they were recorded.
    lead_time, review : days, as the supplier states and the shop plans. target, usual_target : backorder rates wanted
        of this item and of most.
    """

    deliveries: Deliveries
    count_day: Integers
    book: Floats
    counted: Floats
    begins: int
    demand: Floats
    lead_time: float
    review: float
    target: float
    usual_target: float


@dataclass(frozen=True)
class Attribution:
    """A cause, and the rule that named it, with its numbers."""

    cause: str
    rule: str


def shortage_episodes(days: Integers) -> list[tuple[int, int]]:
    """Join days of shortage into episodes, first and last day; gaps of up to three days are bridged."""
    if not len(days):
        return []
    day = np.unique(days)
    cuts = np.flatnonzero(np.diff(day) > _GAP_DAYS + 1)
    first, last = day[np.concatenate([[0], cuts + 1])], day[np.concatenate([cuts, [len(day) - 1]])]
    return list(zip(first.tolist(), last.tolist(), strict=True))


def attribute(record: ItemRecord, first: int, last: int) -> Attribution:
    """Name the cause of a shortage from its first to its last day: the first rule whose evidence is there."""
    for rule in _RULES:
        found = rule(record, first, last)
        if found is not None:
            return found
    return Attribution(
        "safety stock low", "orders, suppliers, records and demand were as expected: the stock meant for chance ran out"
    )


def _record_wrong(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """A count in the shortage, or within two reviews of its end, found a review's demand less than the book said."""
    near = (record.count_day >= first - 1) & (record.count_day <= last + 2 * record.review)
    missing = record.book - record.counted
    wrong = np.flatnonzero(near & (missing > 0) & (missing >= record.review * _daily(record, first)))
    if not len(wrong):
        return None
    k = wrong[np.argmax(missing[wrong])]
    return Attribution(
        "stock record wrong", f"a count found {record.counted[k]:g} where the book said {record.book[k]:g}"
    )


def _quality_rejected(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """More than half of a delivery in the shortage, or up to two reviews before it, was refused."""
    d = record.deliveries
    came = (d.received >= first - 2 * record.review) & (d.received <= last + 1)
    refused = np.flatnonzero(came & (d.rejected > _MOST * (d.quantity + d.rejected)))
    if not len(refused):
        return None
    k = refused[np.argmax(d.rejected[refused])]
    return Attribution("quality rejected", f"{d.rejected[k]:g} of {d.quantity[k] + d.rejected[k]:g} units were refused")


def _at_capacity(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """An order due in the shortage, or within its lead time before, was confirmed to less than half."""
    d = record.deliveries
    due = (d.promised >= first - max(record.lead_time, 2 * record.review)) & (d.promised <= last + 1)
    for order in np.unique(d.order[due]):
        own = d.order == order
        wanted, confirmed = float(d.ordered_quantity[own][0]), float((d.quantity + d.rejected)[own].sum())
        if confirmed < (1 - _MOST) * wanted:
            return Attribution("supplier at capacity", f"{confirmed:g} of {wanted:g} units ordered were confirmed")
    return None


def _order_late(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """An order placed ten days or more after it was wanted would have come by the shortage, and did not."""
    d = record.deliveries
    late = d.ordered - d.proposed
    in_time = d.proposed + record.lead_time <= last
    too_late = d.ordered + record.lead_time > first
    found = np.flatnonzero((late >= _FORGOTTEN_DAYS) & in_time & too_late)
    if not len(found):
        return None
    k = found[np.argmax(late[found])]
    return Attribution("order placed late", f"an order was placed {late[k]:g} days after it was wanted")


def _demand_surge(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """Demand up to the shortage was above 95 % of like windows before it, and twice that of the last eight weeks."""
    span = int(2 * record.review)
    most: tuple[float, float] | None = None
    for end in range(first, min(last, first + span) + 1):
        begin = max(end - span - record.begins, 0)
        past, now = record.demand[:begin][-_LIKE_WINDOWS_DAYS:], record.demand[begin : max(end - record.begins, 0)]
        if len(past) < _RECENT_DAYS or len(now) < span:
            continue
        usual, total = float(past[-_RECENT_DAYS:].mean()) * span, float(now.sum())
        if total <= _TWICE * usual or (most is not None and total <= most[0]):
            continue
        # Asked last: most windows are out of the question by now.
        windows = np.convolve(past, np.ones(span), mode="valid")
        if total > float(np.quantile(windows, _FORESEEN)):
            most = total, usual
    if most is None:
        return None
    return Attribution(
        "demand above forecast", f"{most[0]:g} units were wanted in {span} days, {most[1]:.0f} are usual"
    )


def _supplier_late(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """An order was due before or in the shortage and came more than three days late, in it or after."""
    d = record.deliveries
    came = np.where(np.isnan(d.received), np.inf, d.received)
    late = came - d.promised
    found = np.flatnonzero((late > _GRACE_DAYS) & (d.promised <= last) & (came > first))
    if not len(found):
        return None
    k = found[np.argmax(late[found])]
    days = f"{late[k]:g} days after its promise" if np.isfinite(late[k]) else "not at all so far"
    return Attribution("supplier late", f"an order came {days}")


def _no_order(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """Nothing was on order when the shortage began, and nothing was ordered for as long as a lead time before."""
    d = record.deliveries
    if not len(d.ordered):
        return None
    came = np.where(np.isnan(d.received), np.inf, d.received)
    under_way = (d.ordered < first) & (came >= first)
    since = first - float(d.ordered[d.ordered < first].max(initial=-np.inf))
    if under_way.any() or not np.isfinite(since) or since < record.lead_time + 2 * record.review:
        return None
    return Attribution("no order placed", f"nothing was on order, the last order was {since:g} days old")


def _target_low(record: ItemRecord, first: int, last: int) -> Attribution | None:
    """The target asks for no more."""
    if not record.target >= _TIMES_USUAL * record.usual_target:
        return None
    return Attribution(
        "target low", f"the target allows {record.target:.0%} backorders, {record.usual_target:.0%} is usual"
    )


def _daily(record: ItemRecord, before: int) -> float:
    """Mean demand a day of the half year before a day."""
    past = record.demand[: max(before - record.begins, 0)][-_LIKE_WINDOWS_DAYS:]
    return float(past.mean()) if len(past) else 0.0


_RULES: Final[tuple[Callable[[ItemRecord, int, int], Attribution | None], ...]] = (
    _record_wrong,
    _quality_rejected,
    _at_capacity,
    _order_late,
    _target_low,
    _demand_surge,
    _supplier_late,
    _no_order,
)
