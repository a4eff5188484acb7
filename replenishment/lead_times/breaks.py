"""Has a supplier become slower? A test on its orders in sequence, open ones included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import kolmogorov

from replenishment.validation import checked

__all__ = ["FALSE_ALARM", "Break", "last_break"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# The chance that a supplier that never changed is said to have changed.
FALSE_ALARM: Final = 0.01
# So many orders must have come on either side of a break.
_ENOUGH: Final = 8


@dataclass(frozen=True)
class Break:
    """A supplier has become slower or faster.

    Attributes
    ----------
    day : of the first order after it, days since 1970-01-01. before, after : mean waits of the orders that came.
    probability : of so clear a break without any.
    """

    day: int
    before: float
    after: float
    probability: float


def last_break(ordered: Integers, days: Floats, received: Flags, false_alarm: float = FALSE_ALARM) -> Break | None:
    """Find the latest break in the lead times of one supplier; None where chance explains them.

    Parameters
    ----------
    ordered : (m,) days since 1970-01-01. days : (m,) waited so far. received : (m,) came; else still open.
        One entry a purchase order: lines of one order share their fate and would count as agreement.
    false_alarm : probability of a break where there is none, for one search; each further search needs a break first.

    Notes
    -----
    Orders get log-rank scores (came or not, less the cumulated hazard of their wait over all orders), which have mean
    zero however long an order could be watched, so that recent orders, most of them open, don't look slow. Sums of
    the scores along the dates of order are a Brownian bridge in the time of their variance where nothing changes; its
    largest excursion has the distribution of Kolmogorov. Source: Mandrekar, Mandrekar and Cha (2003) after Contal and
    O'Quigley (1999), Computational Statistics and Data Analysis 30, 253-270. Scores are ranks in effect: a few very
    late orders make no break. Where a break is found, the orders after it are searched again.
    """
    checked("days", days, "(-inf, inf)")
    checked("false_alarm", false_alarm, "(0, 1)")
    order = np.lexsort((received, days, ordered))
    when, waited, came = ordered[order], days[order], received[order]
    found: Break | None = None
    while True:
        here = _break_of(when, waited, came)
        if here is None or here.probability > false_alarm:
            return found
        found = here
        after = when >= here.day
        when, waited, came = when[after], waited[after], came[after]


def _break_of(ordered: Integers, days: Floats, received: Flags) -> Break | None:
    """The likeliest place of a break between days of order, with the probability of its excursion."""
    if received.sum() < 2 * _ENOUGH:
        return None
    hazard, variance = _cumulated(days, received)
    total = variance.sum()
    if total <= 0:
        return None
    # All orders of one day stand on the same side.
    ends = np.flatnonzero(np.diff(ordered, append=ordered[-1] + 1))
    excursion = np.cumsum(received - hazard)[ends] / np.sqrt(total)
    time = np.cumsum(variance)[ends] / total
    came = np.cumsum(received)[ends]
    allowed = (came >= _ENOUGH) & (came[-1] - came >= _ENOUGH)
    if not allowed.any():
        return None
    clearest = np.abs(excursion) / np.sqrt(np.maximum(time * (1.0 - time), 1e-12))
    cut = int(ends[np.argmax(np.where(allowed, clearest, -1.0))])
    early = np.arange(len(ordered)) <= cut
    return Break(
        day=int(ordered[cut + 1]),
        before=float(days[early & received].mean()),
        after=float(days[~early & received].mean()),
        probability=float(kolmogorov(np.abs(excursion).max())),
    )


def _cumulated(days: Floats, received: Flags) -> tuple[Floats, Floats]:
    """Nelson-Aalen's cumulated hazard of all orders at each one's days, and its variance (hazards are steps here)."""
    value, inverse = np.unique(days, return_inverse=True)
    came = np.bincount(inverse, weights=received.astype(np.float64), minlength=len(value))
    left = np.bincount(inverse, minlength=len(value)).astype(np.float64)
    step = came / (len(days) - np.cumsum(left) + left)
    return np.cumsum(step)[inverse], np.cumsum(step * (1.0 - step))[inverse]
