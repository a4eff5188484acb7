"""The ordering rule of ``replenishment.policies`` at one review, for compiled loops."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

__all__ = ["Rule", "rule_quantity"]

# What is less than this share of the level is a rounding error and no order.
_NOTHING: Final = 1e-9
# Reorder point, raise to, lot, minimum.
Rule = tuple[float, float, float, float]


@njit(nogil=True, cache=True, error_model="numpy")
def rule_quantity(position: float, rule: Rule) -> float:
    """Units to order at a review; 0 where no order is due."""
    reorder_point, raise_to, lot, minimum = rule
    if position > reorder_point:
        return 0.0
    ordered = raise_to - position
    if ordered <= _NOTHING * abs(raise_to):
        return 0.0
    if ordered <= lot:
        # The usual case by far, and a division less.
        ordered = lot
    elif lot > 0.0:
        ordered = np.ceil(ordered / lot - 1e-9) * lot
    return max(ordered, minimum)
