"""Policies besides the ordering rule: levels that differ by period, orders decided beforehand, Python functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from replenishment.policies import OrderingRule

__all__ = ["LevelsByPeriod", "PlannedOrders", "Policy", "PolicyFunction", "Seen"]

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
        return _stand_in(self.skus, self.locations)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a policy is shown at a review; copies (n, paths), which it may change as it likes without effect.

    Attributes
    ----------
    period : number of the period, from 0.
    stock : units on record. waiting, on_order : units; with what the supplier hasn't shipped yet.
    last : what happened in the period before, by the names of a trajectory ("demanded", "filled_at_once",
        "received", ...); empty in the first period.
    today : the same of this period so far; what the clock's later events bring is 0.
    open : bool (n,) an order can be placed; what is ordered elsewhere is dropped.
    """

    period: int
    stock: Floats
    waiting: Floats
    on_order: Floats
    last: Mapping[str, Floats]
    today: Mapping[str, Floats]
    open: npt.NDArray[np.bool_]

    @property
    def position(self) -> Floats:
        """The inventory position: on record and on order, less what waits."""
        return np.asarray(self.stock + self.on_order - self.waiting)


@dataclass(frozen=True, eq=False)
class PolicyFunction:
    """A policy in Python.

    Attributes
    ----------
    skus, locations : identifiers of the n items.
    order : from what is seen to units ordered, broadcast to (n, paths), at least 0. It is asked in every period.
        ``OrderLimits.maximum`` and ``max_stock`` don't bind it.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    order: Callable[[Seen], npt.ArrayLike]

    @property
    def rule(self) -> OrderingRule:
        """The rule of one review a period that stands in for the function; it starts without stock."""
        return _stand_in(self.skus, self.locations)


Policy: TypeAlias = OrderingRule | LevelsByPeriod | PlannedOrders | PolicyFunction


def _stand_in(skus: tuple[str, ...], locations: tuple[str, ...]) -> OrderingRule:
    none = np.zeros(len(skus))
    return OrderingRule(skus, locations, none, none, none, none, none, np.ones(len(skus), dtype=np.int64))
