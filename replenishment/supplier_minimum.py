"""A supplier's minimum order value: raise the order by the packs worth most, or wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from replenishment.next_packs import rank_packs
from replenishment.validation import checked

__all__ = ["URGENT", "Decision", "SupplierOrder", "meet_minimum_value"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

Decision = Literal["met", "raised", "waits", "below"]
# Urgent is what would more likely than not run short before an order of the next review could come.
URGENT: Final = 0.5


@dataclass(frozen=True, eq=False)
class SupplierOrder:
    """What becomes of all that is ordered from one supplier on one day.

    Attributes
    ----------
    decision : "met", nothing to do; "raised", by further packs; "waits", nothing is ordered until the next review;
        "below", something is urgent and no sensible raise reaches the minimum: the order stands and must be agreed.
    extra : (n,) units added to each item. value : money of the whole order in the end (0 where it waits).
    """

    decision: Decision
    extra: Floats
    value: float


def meet_minimum_value(
    value: float,
    minimum: float,
    urgent: bool,
    item: Integers,
    units: Floats,
    cost: Floats,
    avoided: Floats,
    n: int,
    money: float = np.inf,
) -> SupplierOrder:
    """Decide about an order whose value may lie below the supplier's minimum.

    Parameters
    ----------
    value, minimum : money. urgent : whether any of its items can't wait for the next review.
    item, units, cost, avoided : (m,) further packs that could be ordered, as for
        :func:`replenishment.next_packs.rank_packs`. n : number of items.
    money : the most that a raise may cost.

    Notes
    -----
    Packs are added by backorders avoided per money until the minimum is reached; of those that would each reach it as
    the last one, the cheapest is taken.
    """
    checked("value", value, "[0, inf)")
    checked("minimum", minimum, "[0, inf)")
    checked("money", money, "[0, inf]")
    for name, numbers in (("units", units), ("cost", cost), ("avoided", avoided)):
        checked(name, numbers, "[0, inf)")
    none = np.zeros(n)
    if value <= 0 or value >= minimum * (1 - 1e-12):
        return SupplierOrder("met", none, value)
    if not urgent:
        return SupplierOrder("waits", none, 0.0)
    short = minimum - value
    ranked = rank_packs(item, units, cost, avoided)
    enough = np.flatnonzero(np.cumsum(ranked.cost) >= short * (1 - 1e-12))
    if not len(enough):
        return SupplierOrder("below", none, value)
    last = int(enough[0])
    taken = np.arange(len(ranked.item)) < last
    taken[_cheapest_last(ranked.item, ranked.cost, taken, last, short)] = True
    added = float(ranked.cost[taken].sum())
    if added > money * (1 + 1e-12):
        return SupplierOrder("below", none, value)
    extra = np.bincount(ranked.item[taken], ranked.units[taken], minlength=n).astype(np.float64)
    return SupplierOrder("raised", extra, value + added)


def _cheapest_last(item: Integers, cost: Floats, taken: npt.NDArray[np.bool_], last: int, short: float) -> int:
    """The cheapest step that reaches the minimum as the last one: the next of its item, or the one that ranks next."""
    missing = short - float(cost[taken].sum())
    seen = set[int]()
    best = last
    for k in range(last, len(item)):
        if int(item[k]) not in seen:
            seen.add(int(item[k]))
            if missing * (1 - 1e-12) <= cost[k] < cost[best]:
                best = k
    return best
