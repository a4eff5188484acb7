"""Minimum and maximum straight from a demand history, without any family of distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.cycle_demand import CycleDemand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.order_up_to.targets import order_up_to_for
from replenishment.reorder_point.periodic import periodic_reorder_point_for
from replenishment.validation import FloatArray, checked, checked_whole

__all__ = ["HistoricalMinMax", "has_review_demand", "min_max_from_history", "overlapping_sums"]


@dataclass(frozen=True)
class HistoricalMinMax:
    """
    Minimum and maximum, and what they rest on.

    Attributes
    ----------
    minimum
        Order when the inventory position at a review is at or below it.
    maximum
        Order up to it.
    windows
        How many (overlapping) windows of history carry the minimum; few windows, little trust.
    """

    minimum: float
    maximum: float
    windows: int


def overlapping_sums(demand: ArrayLike, periods: int) -> FloatArray:
    """Return the sums of all runs of some consecutive periods, in order; shape (T - periods + 1,)."""
    history = np.atleast_1d(checked("demand", demand, "[0, inf)"))
    length = checked_whole("periods", periods, "[1, inf)")
    if history.size < length:
        raise ValueError(f"demand has {history.size} periods; it must have at least {length} for one window")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(history, length).sum(axis=-1))


def has_review_demand(demand: ArrayLike, *, lead_time: int, review: int = 1) -> bool:
    """
    Say whether the windows of a history show any demand in the review that follows a lead time.

    Those of an item that sold only in its first L periods don't: there is nothing then that could have been filled or
    not, and no level to be found. A history shorter than the protection interval has no window.
    """
    history = np.atleast_1d(checked("demand", demand, "[0, inf)"))
    wait, cycle = checked_whole("lead_time", lead_time, "[0, inf)"), checked_whole("review", review, "[1, inf)")
    return bool(history.size >= wait + cycle and history[wait:].any())


def min_max_from_history(
    demand: ArrayLike,
    *,
    lead_time: int,
    review: int = 1,
    measure: str,
    target: float,
    order_quantity: float = 0.0,
) -> HistoricalMinMax:
    """
    Return (min, max) levels from the windows of a demand history.

    Parameters
    ----------
    demand
        Units in each period, shape (T,); periods without stock must be treated before.
    lead_time, review
        L >= 0 and R >= 1 in periods.
    measure, target
        A word of :mod:`replenishment.service_measures` and its target.
    order_quantity
        Q, the order that pays; 0 to order whatever is missing at each review.

    Notes
    -----
    With a quantity, (min, max) = (s, s + Q) with s the reorder point of an (R, s, nQ) policy over the windows of the
    history, undershoot included. Without one the maximum is the order-up-to level S and the minimum one unit below it
    (S itself where demand isn't whole). Overlapping windows keep the correlation between periods that the square-root
    rule forgets; they can't show a demand larger than any that has happened.

    Raises
    ------
    ValueError
        For a history shorter than the protection interval, all zero or without demand in any review (see
        :func:`has_review_demand`), or parameters out of range.
    """
    history = np.atleast_1d(checked("demand", demand, "[0, inf)"))
    wait, cycle = checked_whole("lead_time", lead_time, "[0, inf)"), checked_whole("review", review, "[1, inf)")
    quantity = float(checked("order_quantity", order_quantity, "[0, inf)"))
    if not history.any():
        raise ValueError("demand is zero in every period; there is nothing to plan for")
    # Windows that begin in the same periods: what came through less what came before is then the demand of the reviews.
    count = history.size - wait - cycle + 1
    sums = [overlapping_sums(history, wait + i)[:count] for i in range(1, cycle + 1)]
    if not has_review_demand(history, lead_time=wait, review=cycle):
        raise ValueError("demand falls in no review that follows a lead time; there is nothing to plan for")
    parts = tuple(DiscreteDemand.from_sample(window) for window in sums)
    before = DiscreteDemand.from_sample(overlapping_sums(history, wait)[:count]) if wait else parts[0]
    protected = CycleDemand(before, parts, delayed=wait > 0)
    if quantity == 0:
        level = float(order_up_to_for(protected, measure, target))
        return HistoricalMinMax(level - 1.0 if parts[0].whole else level, level, sums[-1].size)
    between = DiscreteDemand.from_sample(overlapping_sums(history, cycle))
    point = float(periodic_reorder_point_for(protected, quantity, measure, target, between_reviews=between))
    return HistoricalMinMax(point, point + quantity, sums[-1].size)
