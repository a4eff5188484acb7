"""What a replay leaves behind as arrays: every item in every period, and every promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from replenishment.simulation.stepping import PeriodCounts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReplayTrace"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_COUNTED = ("received", "ordered", "demanded", "filled", "backordered", "lost", "stock", "waiting")


@dataclass(frozen=True, eq=False)
class ReplayTrace:
    """Arrays (n, T) over n items and the T replayed periods, units unless said otherwise.

    Attributes
    ----------
    dates : (T,) first day of each period.
    items : n rows: sku, location, class, category, supplier (None where nothing is known), demanded_before (whether
        any demand was known at the first opening), unit_cost, order_cost, holding_cost, shortage_cost (NaN: unknown).
    received, ordered, demanded, filled, backordered, lost, stock, waiting : see
        :class:`replenishment.simulation.stepping.PeriodCounts`.
    lines : order lines placed. spent : money for what was ordered, unknown prices as 0.
    promised : backorder rate promised at a review, NaN without one. weight : units that the forecast means for the
        review interval of that promise.
    planned : orders might be proposed. censored : the demand was not fully recorded (out of stock, or no row), so that
        it is not measured.
    protection : (n,) periods H of the protection interval at the first opening. warm_up : (n,) periods at the
        beginning that are not measured.
    """

    dates: npt.NDArray[np.datetime64]
    items: pd.DataFrame
    received: Floats
    ordered: Floats
    demanded: Floats
    filled: Floats
    backordered: Floats
    lost: Floats
    stock: Floats
    waiting: Floats
    lines: Integers
    spent: Floats
    promised: Floats
    weight: Floats
    planned: Flags
    censored: Flags
    protection: Integers
    warm_up: Integers

    @classmethod
    def empty(cls, items: pd.DataFrame, dates: npt.NDArray[np.datetime64], censored: Flags) -> Self:
        """Room for a replay of some items over some periods."""
        shape = (len(items), len(dates))
        counted: dict[str, Any] = {name: np.zeros(shape) for name in _COUNTED}
        return cls(
            dates=dates,
            items=items,
            **counted,
            lines=np.zeros(shape, dtype=np.int64),
            spent=np.zeros(shape),
            promised=np.full(shape, np.nan),
            weight=np.zeros(shape),
            planned=np.zeros(shape, dtype=np.bool_),
            censored=censored,
            protection=np.ones(len(items), dtype=np.int64),
            warm_up=np.zeros(len(items), dtype=np.int64),
        )

    def note(self, counts: PeriodCounts) -> None:
        """Write down what happened in a period."""
        for name in _COUNTED:
            getattr(self, name)[:, counts.opening] = getattr(counts, name)

    @property
    def after_warm_up(self) -> Flags:
        """Periods after an item's warm-up."""
        return np.asarray(np.arange(len(self.dates))[None, :] >= self.warm_up[:, None])

    @property
    def measured(self) -> Flags:
        """Periods that say whether a promise was kept: after the warm-up, planned, their demand recorded."""
        return self.after_warm_up & self.planned & ~self.censored

    @property
    def short(self) -> Floats:
        """Units not filled in the period in which they were demanded: backordered, or lost at once."""
        return np.asarray(self.demanded - self.filled)
