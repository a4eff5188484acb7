"""The ordering rule of ``replenishment.policies`` at one review, for compiled loops."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["Rule", "rule_quantity"]

# Reorder point, raise to, lot, minimum.
Rule = tuple[float, float, float, float]


@njit(nogil=True, cache=True)
def rule_quantity(position: float, rule: Rule) -> float:
    """Units to order at a review; 0 or less where no order is due."""
    reorder_point, raise_to, lot, minimum = rule
    if position > reorder_point:
        return 0.0
    ordered = raise_to - position
    if lot > 0.0:
        ordered = np.ceil(ordered / lot - 1e-9) * lot
    return max(ordered, minimum)
