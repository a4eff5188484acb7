"""Ordering rules for tests."""

from __future__ import annotations

import numpy as np

from replenishment.policies import OrderingRule


def rule(n=1, *, reorder_point=5.0, raise_to=6.0, lot=1.0, minimum=0.0, highest=None, review=1):
    """Return an ordering rule of n items, the same for all unless arrays are given."""
    values = [np.broadcast_to(np.asarray(v, dtype=float), (n,)).copy() for v in (reorder_point, raise_to, lot, minimum)]
    top = values[1] + np.maximum(values[2] - 1, 0) if highest is None else np.broadcast_to(float(highest), (n,)).copy()
    reviews = np.broadcast_to(np.asarray(review, dtype=np.int64), (n,)).copy()
    return OrderingRule(tuple(f"{i:05d}" for i in range(n)), ("main",) * n, *values, top, reviews)
