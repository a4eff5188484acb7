"""When an order may be placed, and how much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.ordering_rule import Rule, rule_quantity
from replenishment.kernels.simulation.settings import at

__all__ = ["in_lots", "mark_reviews", "order_quantity"]


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


@njit(nogil=True, cache=True, error_model="numpy")
def in_lots(most: float, lot: float, minimum: float) -> float:
    """As many whole lots as fit into the most, if these are still the minimum; a lot of 0 means any quantity."""
    units = np.floor(most / lot + 1e-9) * lot if lot > 0.0 else most
    quantity: float = max(units, 0.0) if units >= minimum else 0.0
    return quantity


@njit(nogil=True, cache=True, error_model="numpy")
def order_quantity(position: float, planned: float, rule: Rule, maximum: float, max_stock: float) -> float:
    """Units to order at a review; 0 where the position lies above the reorder point.

    The smallest multiple of the lot that lifts the position to the level or more, at least the minimum. Where that
    exceeds the largest order or the room up to the maximum stock: as many whole lots as fit, if these are still the
    minimum. What is ``planned`` (-1 for nothing) is ordered as it is. All numbers and no array: this is called in the
    innermost loops, where a reference to an array costs more than the rest.
    """
    if planned >= 0.0:
        return planned
    units = rule_quantity(position, rule)
    most = min(maximum, max_stock - position)
    quantity: float = in_lots(most, rule[2], rule[3]) if units > most else max(units, 0.0)
    return quantity
