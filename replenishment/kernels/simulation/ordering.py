"""When an order may be placed, and how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.settings import Schedule, at

__all__ = ["mark_reviews", "order_quantity"]

# What is less than this share of the level is a rounding error and no order.
_NOTHING = 1e-9


@njit(nogil=True, cache=True)
def mark_reviews(
    first: int, every: npt.NDArray[np.int64], open_days: npt.NDArray[np.bool_], out: npt.NDArray[np.bool_]
) -> None:
    """Mark the periods in which each item is reviewed.

    A review is due in period ``first`` and then ``every[i]`` periods after the last one; on a closed day it is held
    in the next open period. ``open_days`` (1 or n, 1 or periods), ``out`` (n, periods).
    """
    for i in range(out.shape[0]):
        due = first
        for t in range(out.shape[1]):
            out[i, t] = t >= due and at(open_days, i, t)
            if out[i, t]:
                due = t + every[i]


@njit(nogil=True, cache=True)
def order_quantity(position: float, item: Any, schedule: Schedule, i: int, t: int) -> float:
    """Units to order at a review; 0 where the position lies above the reorder point.

    The smallest multiple of the lot that lifts the position to the level or more, at least the minimum. Where that
    exceeds the largest order or the room up to the maximum stock: as many whole lots as fit, if these are still the
    minimum.
    """
    if schedule.planned.shape[0] > 0:
        planned: float = schedule.planned[i, t]
        return planned
    level = at(schedule.raise_to, i, t)
    if position > at(schedule.reorder_point, i, t):
        return 0.0
    units = level - position
    if units <= _NOTHING * abs(level):
        return 0.0
    if item.lot > 0.0:
        units = np.ceil(units / item.lot - 1e-9) * item.lot
    units = max(units, item.minimum)
    most = min(at(schedule.maximum, i, t), item.max_stock - position)
    if units > most:
        units = np.floor(most / item.lot + 1e-9) * item.lot if item.lot > 0.0 else most
        if units < item.minimum:
            return 0.0
    quantity: float = max(units, 0.0)
    return quantity
