"""The world that a policy is tried in: supplier, customers, warehouse, and what an order must look like.

Every part has defaults under which nothing goes wrong. Numbers are given once for all items or (n,); what may differ
by period also (1, periods) for all items alike or (n, periods).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from replenishment.simulation.sharing import SharedLimit

__all__ = ["Customers", "OrderLimits", "OrderSizes", "Supply", "Warehouse", "by_period", "each", "writable"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Supply:
    """How the supplier delivers, besides the lead time.

    Attributes
    ----------
    crossing : a later order may arrive before an earlier one; else none arrives before an earlier one.
    delay : whole periods more than the lead time for what is shipped in a period.
    capacity : units of an item that the supplier ships in a period, 0 while it is down; what was ordered beyond waits
        there, first come first served, and counts as on order. shared : the same of several items together.
    failure, recovery : chance a period that a supplier that ships stops, and that one that has stopped ships again;
        it ships at first. Nothing is lost meanwhile: what was ordered is shipped on recovery.
    least_yield, most_yield : share of a delivery that is good, uniform between them, by period of the receipt; the rest
        is rejected and scrapped. The good part of whole units is rounded to whole units.
    """

    crossing: bool | npt.ArrayLike = False
    delay: npt.ArrayLike = 0
    capacity: npt.ArrayLike = np.inf
    shared: Sequence[SharedLimit] = ()
    failure: npt.ArrayLike = 0.0
    recovery: npt.ArrayLike = 1.0
    least_yield: npt.ArrayLike = 1.0
    most_yield: npt.ArrayLike = 1.0


@dataclass(frozen=True, eq=False)
class OrderSizes:
    """Units of a customer's order line; (n, k).

    Attributes
    ----------
    values : sizes > 0, ascending along a row; infinite alone for an item whose demand of a period is one line.
    probability : of each.
    """

    values: Floats
    probability: Floats

    def __post_init__(self) -> None:
        p = self.probability
        if self.values.shape != p.shape or p.ndim != 2 or not (p >= 0).all() or not np.allclose(p.sum(axis=1), 1.0):
            raise ValueError("order sizes need as many probabilities as values, at least 0 and adding up to 1")
        if not (self.values > 0).all() or not (self.values[:, 1:] >= self.values[:, :-1]).all():
            raise ValueError("order sizes must be above 0 and ascending")

    def take(self, rows: npt.NDArray[np.int64]) -> Self:
        """Return the sizes of some items."""
        return type(self)(self.values[rows], self.probability[rows])

    @classmethod
    def from_lines(cls, item: npt.NDArray[np.int64], quantity: Floats, n: int) -> Self:
        """Recorded lines of n items: ``item[l]`` ordered ``quantity[l]`` > 0; without a line, one line a period."""
        import pandas as pd

        seen = pd.DataFrame({"item": item, "size": quantity}).value_counts().sort_index().reset_index()
        place = seen.groupby("item").cumcount().to_numpy()
        row = seen["item"].to_numpy()
        lines = np.bincount(row, seen["count"], minlength=n)
        largest = np.full(n, np.inf)
        largest[row] = seen["size"]
        # A row is filled up with its largest size and no more probability.
        values = np.repeat(largest[:, None], int(place.max(initial=0)) + 1, axis=1)
        probability = np.zeros(values.shape)
        probability[lines == 0, 0] = 1.0
        values[row, place] = seen["size"]
        probability[row, place] = seen["count"] / lines[row]
        return cls(values, probability)

    @classmethod
    def from_samples(cls, sizes: Sequence[npt.ArrayLike]) -> Self:
        """Recorded line sizes, each as likely as the other; one array an item, none means lines of one unit."""
        drawn = [np.sort(np.asarray(s, dtype=np.float64)) for s in sizes]
        drawn = [s if len(s) else np.ones(1) for s in drawn]
        width = max((len(s) for s in drawn), default=1)
        # A row is filled up with its largest size and no more probability.
        values = np.stack([np.pad(s, (0, width - len(s)), mode="edge") for s in drawn])
        probability = np.stack([np.pad(np.full(len(s), 1.0 / len(s)), (0, width - len(s))) for s in drawn])
        return cls(values, probability)


@dataclass(frozen=True, eq=False)
class Customers:
    """What customers do when stock doesn't suffice.

    Attributes
    ----------
    patience : whole periods; who has not been served at the end of so many periods after his own cancels. 0: unmet
        demand is lost; infinite: customers wait for ever. Used with ``unmet_demand="mixed"``.
    lost_share : share of unmet demand that is lost at once, with ``unmet_demand="mixed"``.
    shipment : "partial": a line is shipped as far as stock goes; "complete": whole or not at all, and smaller lines
        may overtake.
    order_sizes : a period's demand is split into lines of sizes drawn from these, the last line takes the rest;
        default: one line a period.
    priorities : shares of lines of priority 0 (served first), 1, ...; (c,) or (n, c). Within a priority: first come,
        first served.
    """

    patience: npt.ArrayLike = np.inf
    lost_share: npt.ArrayLike = 0.0
    shipment: Literal["partial", "complete"] = "partial"
    order_sizes: OrderSizes | None = None
    priorities: npt.ArrayLike = (1.0,)


@dataclass(frozen=True, eq=False)
class Warehouse:
    """What happens to stock.

    Attributes
    ----------
    shelf_life : counts that a unit survives before it is scrapped: with 1, what isn't sold in the period of its
        receipt is scrapped at the end of it. Infinite: it keeps. The oldest units are sold first; stock at the start
        is fresh.
    error_probability : chance a period, before its first event, that the share ``error_share`` of what is on the
        shelf leaves it while the record still shows it; both by period.
    misplaced : those units are found at the next stocktake; else they are gone, and the record is put right then.
    stocktake_every : periods from one stocktake to the next; 0 for never.
    book_error : units by which the record exceeds the shelf at the start; may be negative.
    """

    shelf_life: npt.ArrayLike = np.inf
    error_probability: npt.ArrayLike = 0.0
    error_share: npt.ArrayLike = 0.0
    misplaced: bool | npt.ArrayLike = False
    stocktake_every: npt.ArrayLike = 0
    book_error: npt.ArrayLike = 0.0


@dataclass(frozen=True, eq=False)
class OrderLimits:
    """What an order must look like besides the rule's lot and minimum, and when it can be placed.

    Attributes
    ----------
    open : bool by period: orders can be placed. A review due in another period is held in the next open one.
    maximum : largest order, by period. max_stock : an order never lifts the inventory position above it.
    shared : what the orders of an opening may take together, such as money; what is cut is not ordered.
    """

    open: npt.ArrayLike = True
    maximum: npt.ArrayLike = np.inf
    max_stock: npt.ArrayLike = np.inf
    shared: Sequence[SharedLimit] = ()


def each(name: str, value: npt.ArrayLike, n: int, low: float, high: float = np.inf, *, whole: bool = False) -> Floats:
    """Return a number for each item, (n,), or say which lies outside [low, high].

    Raises
    ------
    ValueError
        Another shape, an unknown number, one outside, a broken one where periods are meant.
    """
    given = np.asarray(value, dtype=np.float64)
    if given.shape not in ((), (1,), (n,)):
        raise ValueError(f"{name} has shape {given.shape}; expected one number or ({n},)")
    numbers = np.broadcast_to(given, (n,))
    _check(name, numbers, low, high, whole)
    return numbers


def by_period(
    name: str, value: npt.ArrayLike, n: int, periods: int, low: float, high: float = np.inf, *, whole: bool = False
) -> Floats:
    """Return a table (1 or n, 1 or periods) from one number, (n,), (1, periods) or (n, periods).

    Raises
    ------
    ValueError
        Another shape or a number outside [low, high].
    """
    given = np.asarray(value, dtype=np.float64)
    if given.ndim == 0:
        given = given[None, None]
    elif given.shape == (n,):
        given = given[:, None]
    if given.shape not in ((1, 1), (n, 1), (1, periods), (n, periods)):
        raise ValueError(
            f"{name} has shape {given.shape}; expected one number, ({n},), (1, {periods}) or ({n}, {periods})"
        )
    _check(name, given, low, high, whole)
    return writable(given)


def writable(table: Floats) -> Floats:
    """Return a table as compiled code takes it: for one that can't be written to all would be compiled once more."""
    return np.require(table, requirements=["C", "W"])


def _check(name: str, numbers: Floats, low: float, high: float, whole: bool) -> None:
    if numbers.size and not ((numbers >= low) & (numbers <= high)).all():
        bad = numbers[~((numbers >= low) & (numbers <= high))][0]
        raise ValueError(f"{name} is {bad}; it must lie between {low} and {high}")
    if whole and not np.equal(numbers, np.rint(numbers)).all():
        raise ValueError(f"{name} must be whole periods")
