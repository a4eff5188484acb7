"""The next-pack list: which pack of which item avoids most backorders for its money, and where the money ends.

With q units ordered an item is expected to be short of E[(D - position - q)+] units at the end of its protection
interval. Each further pack lowers that by less than the one before (the loss function is convex), so the packs of all
items, ranked by backorders avoided per unit of money, are the stock that a single Lagrange multiplier on the budget
would buy: the multiplier is the worth of the first pack that is left out (Everett 1963, Operations Research 11,
399-417; marginal analysis as in Sherbrooke 2004, Optimal Inventory Modeling of Systems, ch. 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from replenishment.validation import checked

__all__ = ["STEPS", "STEPS_BEYOND", "RankedPacks", "ladder_units", "rank_packs"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# An order is cut into at most so many steps; one of more packs has several packs a step.
STEPS: Final = 16
# Steps beyond the order, for orders that must be raised.
STEPS_BEYOND: Final = 12
_NEARLY: Final = 1e-9


def ladder_units(order: Floats, least: Floats, pack: Floats, stride: Floats) -> Floats:
    """Cut orders into steps of whole packs, and go on beyond them.

    Parameters
    ----------
    order : (n,) units, 0 for none. least : (n,) the smallest order possible. pack : (n,) units, 0 for any quantity.
    stride : (n,) units that a step beyond the order should have, about; it is rounded up to packs.

    Returns
    -------
    float64 (n, 1 + STEPS + STEPS_BEYOND); units ordered in all after each step, from 0 on, never falling. Column STEPS
    holds the order itself; steps of an order that has fewer are empty (the same number again).
    """
    for name, units in (("order", order), ("least", least), ("pack", pack), ("stride", stride)):
        checked(name, units, "[0, inf)")
    first = np.where(order > 0, np.minimum(least, order), 0.0)
    rest = order - first
    packs = np.ceil(rest / np.where(pack > 0, pack, 1.0) / (STEPS - 1) - _NEARLY)
    step = np.where(pack > 0, pack * np.maximum(packs, 1.0), rest / (STEPS - 1))
    up = first[:, None] + step[:, None] * np.arange(STEPS)
    size = np.where(pack > 0, pack, np.maximum(stride, _NEARLY))
    wide = size * np.maximum(np.ceil(stride / size - _NEARLY), 1.0)
    begin = np.where(order > 0, order + wide, np.maximum(least, size))
    beyond = begin[:, None] + wide[:, None] * np.arange(STEPS_BEYOND)
    inside = np.minimum(up, order[:, None])
    inside[:, -1] = order
    return np.concatenate([np.zeros((len(order), 1)), inside, beyond], axis=1)


@dataclass(frozen=True, eq=False)
class RankedPacks:
    """Packs in the order in which they should be bought; arrays (m,).

    Attributes
    ----------
    item : index of the item. units, cost, avoided : of this step alone: units, money, backorders avoided.
    number : units of the item up to and with this step. per_money : avoided / cost (infinite where it costs nothing).
    cumulative_cost : money spent with this step: on it, on what was bought before it, and on earlier steps of its item
        that it needs. within_budget : whether it is bought, which is the case where that is at most the budget.
    """

    item: Integers
    units: Floats
    cost: Floats
    avoided: Floats
    number: Floats
    per_money: Floats
    cumulative_cost: Floats
    within_budget: Flags

    def bought(self, n: int) -> Floats:
        """Units of each of n items that are within the budget."""
        kept = self.within_budget
        return np.asarray(np.bincount(self.item[kept], self.units[kept], minlength=n), dtype=np.float64)

    @property
    def multiplier(self) -> float:
        """Backorders that one more unit of money would avoid: the best step left out; 0 where none is."""
        return float(self.per_money[~self.within_budget].max(initial=0.0))


class _Steps(NamedTuple):
    """Steps of items, those of an item together and in their order; arrays (m,)."""

    item: Integers
    units: Floats
    cost: Floats
    avoided: Floats


def _pooled(steps: _Steps) -> _Steps:
    """Join steps until those of each item are worth less and less per unit of money.

    A step that is worth more than the one before it is never bought without it: the two are one step.
    """
    item, ratio = steps.item, _ratio(steps.avoided, steps.cost)
    rises = (item[1:] == item[:-1]) & (ratio[1:] > ratio[:-1] * (1 + _NEARLY) + 1e-15)
    if not rises.any():
        return steps
    odd = np.isin(item, np.unique(item[1:][rises]))
    rows: list[tuple[int, float, float, float]] = []
    for row in zip(*(part[odd].tolist() for part in steps), strict=True):
        rows.append(row)
        while len(rows) > 1 and rows[-1][0] == rows[-2][0] and rows[-1][3] * rows[-2][2] > rows[-2][3] * rows[-1][2]:
            (_, u, c, a), (i, v, d, b) = rows.pop(), rows.pop()
            rows.append((i, u + v, c + d, a + b))
    joined = [np.array(column) for column in zip(*rows, strict=True)]
    order = np.argsort(np.concatenate([item[~odd], joined[0]]), kind="stable")
    together = [np.concatenate([part[~odd], new])[order] for part, new in zip(steps, joined, strict=True)]
    return _Steps(together[0].astype(np.int64), *together[1:])


def rank_packs(
    item: npt.ArrayLike, units: npt.ArrayLike, cost: npt.ArrayLike, avoided: npt.ArrayLike, budget: float = np.inf
) -> RankedPacks:
    """Rank steps by backorders avoided per money and buy them as far as a budget reaches.

    A step that doesn't fit is left out with all later ones of its item; cheaper steps further down may still fit. More
    budget never avoids fewer backorders: what takes the place of a better step is worth less per unit of money.

    Parameters
    ----------
    item : int (m,), the steps of an item together and in their order. units : (m,) above 0. cost, avoided : (m,) at
        least 0; the cost may be of any scarce thing, such as volume.
    budget : at least 0.

    Raises
    ------
    ValueError
        For a negative or unknown budget, cost or worth.
    """
    which = np.asarray(item, dtype=np.int64)
    given = (("units", units), ("cost", cost), ("avoided", avoided))
    numbers = [checked(name, values, "[0, inf)") for name, values in given]
    checked("budget", budget, "[0, inf]")
    steps = _pooled(_Steps(which, *numbers))
    which, ratio = steps.item, _ratio(steps.avoided, steps.cost)
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    begins = np.repeat(starts, np.diff(np.append(starts, len(which))))
    along = np.cumsum(steps.units)
    number = along - (along - steps.units)[begins]
    step = np.arange(len(which)) - begins
    # Ties: the cheaper step first, an item's own steps always in their order.
    order = np.lexsort((step, which, steps.cost, -_monotone(ratio, step)))
    order = _steps_in_order(order, which, step)
    spent, kept = _buy(which[order], steps.cost[order], budget)
    units, cost, avoided = (part[order] for part in (steps.units, steps.cost, steps.avoided))
    return RankedPacks(which[order], units, cost, avoided, number[order], ratio[order], spent, kept)


def _ratio(avoided: Floats, cost: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.where(cost > 0, avoided / np.where(cost > 0, cost, 1.0), np.where(avoided > 0, np.inf, 0.0))
        )


def _monotone(ratio: Floats, step: Integers) -> Floats:
    """Ratios that rounding lets rise within an item, levelled."""
    levelled = ratio.copy()
    for k in range(1, int(step.max(initial=0)) + 1):
        rows = np.flatnonzero(step == k)
        levelled[rows] = np.minimum(levelled[rows], levelled[rows - 1])
    return levelled


def _steps_in_order(order: Integers, item: Integers, step: Integers) -> Integers:
    """Where steps of one item are worth the same, put them in their own order without moving other items."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    by_item = np.lexsort((place, item))
    result = order.copy()
    result[place[by_item]] = np.lexsort((step, item))
    return result


def _buy(item: Integers, cost: Floats, budget: float) -> tuple[Floats, Flags]:
    """Go down the ranked list; money spent with each step, and whether it is bought."""
    limit = budget * (1 + 1e-12)
    along = np.cumsum(cost)
    if not len(along) or along[-1] <= limit:
        return along, np.ones(len(along), dtype=np.bool_)
    out, kept = np.empty(len(along)), np.zeros(len(along), dtype=np.bool_)
    spent, missing = 0.0, dict[int, float]()
    for k, (i, c) in enumerate(zip(item.tolist(), cost.tolist(), strict=True)):
        needs = c + missing.get(i, 0.0)
        out[k] = spent + needs
        if i not in missing and out[k] <= limit:
            spent, kept[k] = spent + c, True
        else:
            missing[i] = needs
    return out, kept
