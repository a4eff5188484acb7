"""What the loops are told: numbers of an item, tables by period, and cumulative probabilities."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["DAY_RULES", "ITEM", "RULES", "Chances", "Schedule", "at", "fill_day_rules", "fill_mishaps"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# One record an item; units and periods. -1 periods stand for never.
ITEM: Final = np.dtype(
    [
        ("key", np.uint64),
        ("stock", np.float64),  # at the start
        ("spread", np.float64),  # up to so many units more at the start, drawn on each path, evenly
        ("backlog", np.float64),  # waiting at the start
        ("lot", np.float64),
        ("minimum", np.float64),
        ("max_stock", np.float64),
        ("lost_share", np.float64),  # of unmet demand
        ("patience", np.int64),
        ("complete", np.bool_),  # lines are shipped whole
        ("crossing", np.bool_),  # later orders may arrive before earlier ones
        ("failure", np.float64),  # chance a period that the supplier stops shipping
        ("recovery", np.float64),  # chance a period that it starts again
        ("shelf_life", np.int64),
        ("misplaced", np.bool_),  # they are found at the next stocktake (else they are gone)
        ("stocktake_every", np.int64),
        ("book_error", np.float64),  # the record's surplus over the shelf at the start
    ]
)


class Schedule(NamedTuple):
    """What may differ by period: (1 or n, 1 or periods)."""

    reorder_point: Floats
    raise_to: Floats
    maximum: Floats  # of an order
    planned: Floats  # orders decided beforehand, (n, periods); (0, 0) where the rule decides
    capacity: Floats  # units that the supplier can ship in a period
    delay: Integers  # periods more than the lead time drawn for what is shipped in this period
    reviews: Flags  # (n, periods)
    least_yield: Floats  # share of a delivery that is good: uniform between these
    most_yield: Floats
    error_probability: Floats  # chance that units leave the shelf and the record doesn't know
    error_share: Floats  # so much of the shelf


class Chances(NamedTuple):
    """Cumulative probabilities, a row an item; the last entry takes the rest."""

    lead_time: Floats  # of 0, 1, 2, ... periods
    size: Floats  # of the sizes of order lines; (n, 0): a line is a period's demand
    size_values: Floats  # the sizes, ascending
    priority: Floats  # of 0 (first), 1, ...


# The columns of what holds in each period for one item; see ``fill_day_rules`` and ``fill_mishaps``.
REVIEW, REORDER_POINT, RAISE_TO, MAXIMUM, PLANNED, CAPACITY, DELAY = range(7)
LEAST_YIELD, MOST_YIELD, ERROR_PROBABILITY, ERROR_SHARE = range(7, 11)
DAY_RULES: Final = 7
RULES: Final = 11


@njit(nogil=True, cache=True)
def at(table, i, t):  # type: ignore[no-untyped-def]
    """Look up a table of which every axis of length 1 stands for all."""
    return table[i if table.shape[0] > 1 else 0, t if table.shape[1] > 1 else 0]


@njit(nogil=True, cache=True)
def fill_day_rules(schedule: Schedule, i: int, out: Floats) -> None:
    """Write the first DAY_RULES of what holds in each period for item i; PLANNED is -1 where the rule decides.

    The inner loops look things up here: to take an array out of a named tuple costs more than all they do with it.
    """
    for t in range(out.shape[0]):
        out[t, REVIEW] = schedule.reviews[i, t]
        out[t, REORDER_POINT] = at(schedule.reorder_point, i, t)
        out[t, RAISE_TO] = at(schedule.raise_to, i, t)
        out[t, MAXIMUM] = at(schedule.maximum, i, t)
        out[t, PLANNED] = schedule.planned[i, t] if schedule.planned.shape[0] > 0 else -1.0
        out[t, CAPACITY] = at(schedule.capacity, i, t)
        out[t, DELAY] = at(schedule.delay, i, t)


@njit(nogil=True, cache=True)
def fill_mishaps(schedule: Schedule, i: int, out: Floats) -> None:
    """Write the others of what holds in each period for item i, which the fast loop has no use for."""
    for t in range(out.shape[0]):
        out[t, LEAST_YIELD] = at(schedule.least_yield, i, t)
        out[t, MOST_YIELD] = at(schedule.most_yield, i, t)
        out[t, ERROR_PROBABILITY] = at(schedule.error_probability, i, t)
        out[t, ERROR_SHARE] = at(schedule.error_share, i, t)
