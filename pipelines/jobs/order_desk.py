"""The orders of a plan while they are being decided: quantities, further lines, and what is said of each change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.jobs.choosing import Choice
from pipelines.jobs.levels import ItemFacts, LevelResults

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NEARLY", "Desk", "shown"]

Floats = npt.NDArray[np.float64]

# Differences of units below this are rounding.
NEARLY: Final = 1e-9


@dataclass(eq=False)
class Desk:
    """The orders while they are being decided."""

    frame: pd.DataFrame  # of the offers, as are names and prices
    names: npt.NDArray[np.object_]
    prices: Floats
    choice: Choice
    facts: ItemFacts
    levels: LevelResults
    capacity: Floats  # of the offers, units an order
    capital: Floats  # of the offers, money that a unit ties up: its price, nothing where it stays the supplier's
    quantity: Floats
    price: Floats
    splits: dict[int, list[tuple[int, float]]] = field(default_factory=dict)  # further lines: offer, units
    notes: list[list[str]] = field(default_factory=list)
    changes: list[list[str]] = field(default_factory=list)

    def say(self, item: int, change: str, note: str) -> None:
        self.changes[item].append(change)
        self.notes[item].append(note)

    @property
    def total(self) -> Floats:
        """Units of each item from all suppliers."""
        out = self.quantity.copy()
        for item, lines in self.splits.items():
            out[item] += sum(units for _, units in lines)
        return out

    def cost_of(self, item: int) -> float:
        cost = self.quantity[item] * self.price[item]
        return float(cost + sum(units * self.prices[offer] for offer, units in self.splits.get(item, [])))

    @property
    def spent(self) -> float:
        """Money for all orders, as far as prices are known; consigned goods are paid for when they are sold."""
        further = sum(units * self.capital[offer] for lines in self.splits.values() for offer, units in lines)
        return float(np.nansum(self.quantity * self.capital[self.choice.chosen]) + further)

    def keep(self, item: int, units: float) -> None:
        """Cut an item's order to some units: its last lines go first."""
        lines = []
        left = max(units - self.quantity[item], 0.0)
        for offer, quantity in self.splits.pop(item, []):
            if quantity <= left + NEARLY:
                lines.append((offer, quantity))
                left -= quantity
        self.quantity[item] = min(self.quantity[item], units)
        if lines:
            self.splits[item] = lines


def shown(value: float) -> str:
    """Units or money in words: whole where they are."""
    return f"{value:,.0f}" if abs(value - round(value)) < NEARLY else f"{value:,.2f}"
