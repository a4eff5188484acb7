"""Policies given as arrays: levels that differ by period, and orders decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from replenishment.policies import OrderingRule

__all__ = ["LevelsByPeriod", "PlannedOrders"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LevelsByPeriod:
    """An ordering rule of which the levels differ by period.

    Attributes
    ----------
    rule : identifiers, lots, minima and review intervals; its own levels set the stock at the start.
    reorder_point, raise_to : (n, periods) the levels in force in each period.
    """

    rule: OrderingRule
    reorder_point: Floats
    raise_to: Floats

    def __post_init__(self) -> None:
        for name in ("reorder_point", "raise_to"):
            levels = getattr(self, name)
            if levels.ndim != 2 or len(levels) != len(self.rule) or not np.isfinite(levels).all():
                raise ValueError(f"{name} must be finite and of shape ({len(self.rule)}, periods), got {levels.shape}")

    def take(self, rows: Integers) -> LevelsByPeriod:
        """Return the policy of some items."""
        return LevelsByPeriod(self.rule.take(rows), self.reorder_point[rows], self.raise_to[rows])


@dataclass(frozen=True, eq=False)
class PlannedOrders:
    """Orders decided beforehand, whatever happens.

    Attributes
    ----------
    skus, locations : identifiers of the n items. quantity : (n, periods) units ordered in each period, at least 0;
        what is planned for a period in which no orders can be placed is not ordered.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    quantity: Floats

    def __post_init__(self) -> None:
        if self.quantity.ndim != 2 or len(self.quantity) != len(self.skus) or len(self.skus) != len(self.locations):
            raise ValueError(f"quantity has shape {self.quantity.shape}; expected ({len(self.skus)}, periods)")
        if not (np.isfinite(self.quantity) & (self.quantity >= 0)).all():
            raise ValueError("quantity must be known, finite and at least 0")

    def take(self, rows: Integers) -> PlannedOrders:
        """Return the orders of some items."""
        return PlannedOrders(
            tuple(self.skus[i] for i in rows), tuple(self.locations[i] for i in rows), self.quantity[rows]
        )

    @property
    def rule(self) -> OrderingRule:
        """The rule of one review a period that stands in for the plan; it starts without stock."""
        n = len(self.skus)
        nothing = np.zeros(n)
        return OrderingRule(
            self.skus, self.locations, nothing, nothing, nothing, nothing, nothing, np.ones(n, dtype=np.int64)
        )
