"""Order weekdays: when a supplier takes the next order, and how long that order must last.

Days are counted from 1970-01-01, a Thursday; weekday 0 is Monday.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from replenishment.validation import checked

__all__ = ["days_between_orders", "days_to_order_day"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_EPOCH_WEEKDAY = 3


def days_to_order_day(day: npt.ArrayLike, weekdays: Flags) -> Integers:
    """Days until the first order day at or after a day; (n,).

    Parameters
    ----------
    day : one or (n,) days since 1970-01-01. weekdays : bool (n, 7), Monday first; a row of none means every day.
    """
    allowed = weekdays | ~weekdays.any(axis=1, keepdims=True)
    number = checked("day", day, "(-inf, inf)").astype(np.int64)
    weekday = np.broadcast_to((number + _EPOCH_WEEKDAY) % 7, (len(weekdays),))
    ahead = (weekday[:, None] + np.arange(7)) % 7
    first: Integers = np.argmax(np.take_along_axis(allowed, ahead, axis=1), axis=1).astype(np.int64)
    return first


def days_between_orders(day: npt.ArrayLike, weekdays: Flags, review_days: npt.ArrayLike) -> Integers:
    """Days from an order to the next one: the first order day at least a review interval later; (n,).

    An order placed on Thursday with MON and THU as order days must last for four days, one of Monday for three.

    Parameters
    ----------
    day : the day of the order. review_days : (n,) whole days between orders; below 1 counts as 1.
    """
    wait = np.maximum(checked("review_days", review_days, "[0, inf)").astype(np.int64), 1)
    following: Integers = wait + days_to_order_day(checked("day", day, "(-inf, inf)").astype(np.int64) + wait, weekdays)
    return following
