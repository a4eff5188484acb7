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

__all__ = ["STEPS", "STEPS_BEYOND", "RankedPacks", "Room", "ladder_units", "rank_packs"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# An order is cut into at most so many steps; one of more packs has several packs a step.
STEPS: Final = 16
# Steps beyond the order, for orders that must be raised.
STEPS_BEYOND: Final = 12
_NEARLY: Final = 1e-9
# Halvings of the range in which the worth of money lies.
_BISECTIONS: Final = 50


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


class Room(NamedTuple):
    """What steps take of a second scarce thing that each place has its own of, such as storage.

    Attributes
    ----------
    place : int (m,), index of the place that each step goes to. taken : (m,) what the step takes there, at least 0.
    limit : (places,) what there is, at least 0, infinite without a limit.
    """

    place: Integers
    taken: Floats
    limit: Floats


@dataclass(frozen=True, eq=False)
class RankedPacks:
    """Packs in the order in which they should be bought; arrays (m,).

    Attributes
    ----------
    item : index of the item. units, cost, avoided : of this step alone: units, money, backorders avoided.
    number : units of the item up to and with this step. per_money : avoided / cost (infinite where it costs nothing).
    cumulative_cost : money spent with this step: on it, on what was bought before it, and on earlier steps of its item
        that it needs. within_budget : whether it is bought, which is the case where that is at most the budget (and
        its place has room for it).
    multiplier : backorders that one more unit of money would avoid; 0 where all that is wanted is bought.
    room_worth : (places,) backorders that one more unit of room would avoid at each place; empty without any room.
    """

    item: Integers
    units: Floats
    cost: Floats
    avoided: Floats
    number: Floats
    per_money: Floats
    cumulative_cost: Floats
    within_budget: Flags
    multiplier: float
    room_worth: Floats

    def bought(self, n: int) -> Floats:
        """Units of each of n items that are within the budget."""
        kept = self.within_budget
        return np.asarray(np.bincount(self.item[kept], self.units[kept], minlength=n), dtype=np.float64)


class _Steps(NamedTuple):
    """Steps of items, those of an item together and in their order; arrays (m,)."""

    item: Integers
    units: Floats
    cost: Floats
    avoided: Floats
    taken: Floats
    place: Integers


def _in_order(steps: _Steps, order: Integers) -> _Steps:
    item, units, cost, avoided, taken, place = steps
    return _Steps(item[order], units[order], cost[order], avoided[order], taken[order], place[order])


def _pooled(steps: _Steps) -> _Steps:
    """Join steps until those of each item are worth less and less per unit of money.

    A step that is worth more than the one before it is never bought without it: the two are one step.
    """
    item, ratio = steps.item, _ratio(steps.avoided, steps.cost)
    rises = (item[1:] == item[:-1]) & (ratio[1:] > ratio[:-1] * (1 + _NEARLY) + 1e-15)
    if not rises.any():
        return steps
    odd = np.isin(item, np.unique(item[1:][rises]))
    rows: list[tuple[int, float, float, float, float, int]] = []
    for row in zip(*(part[odd].tolist() for part in steps), strict=True):
        rows.append(row)
        while len(rows) > 1 and rows[-1][0] == rows[-2][0] and rows[-1][3] * rows[-2][2] > rows[-2][3] * rows[-1][2]:
            (_, u, c, a, t, _), (i, v, d, b, s, where) = rows.pop(), rows.pop()
            rows.append((i, u + v, c + d, a + b, s + t, where))
    joined = [np.array(column) for column in zip(*rows, strict=True)]
    order = np.argsort(np.concatenate([item[~odd], joined[0]]), kind="stable")
    which, *numbers, place = (np.concatenate([part[~odd], new])[order] for part, new in zip(steps, joined, strict=True))
    units, cost, avoided, taken = numbers
    return _Steps(which.astype(np.int64), units, cost, avoided, taken, place.astype(np.int64))


def rank_packs(
    item: npt.ArrayLike,
    units: npt.ArrayLike,
    cost: npt.ArrayLike,
    avoided: npt.ArrayLike,
    budget: float = np.inf,
    room: Room | None = None,
) -> RankedPacks:
    """Rank steps by backorders avoided per money and buy them as far as a budget, and the room of places, reach.

    A step that doesn't fit is left out with all later ones of its item; cheaper steps further down may still fit. More
    budget never avoids fewer backorders: what takes the place of a better step is worth less per unit of money.

    Parameters
    ----------
    item : int (m,), the steps of an item together and in their order. units : (m,) above 0. cost, avoided : (m,) at
        least 0; the cost may be of any scarce thing, such as volume.
    budget : at least 0. room : what else is scarce; steps of an item go to one place.

    Notes
    -----
    With room, money and the room of each place have a multiplier each, found together: a step is worth its backorders
    avoided over (multiplier of money x cost + multiplier of its place x room taken), so that what is short decides, and
    neither is cut after the other. The multipliers are those of the Lagrangian dual; what they leave is bought down
    the list.

    Raises
    ------
    ValueError
        For a negative or unknown budget, cost or worth.
    """
    checked("budget", budget, "[0, inf]")
    steps, limit = _checked_steps(item, units, cost, avoided, room)
    money, space = (1.0, np.zeros(1)) if room is None else _multipliers(steps, budget, limit)
    free = money == 0 and not (space > 0).any()
    ratio = _ratio(steps.avoided, steps.cost if free else money * steps.cost + space[steps.place] * steps.taken)
    order = _best_first(steps, ratio)
    ranked = _in_order(steps, order)
    spent, kept = _buy(ranked, budget, limit)
    worth = _ratio(ranked.avoided, ranked.cost)
    return RankedPacks(
        ranked.item,
        ranked.units,
        ranked.cost,
        ranked.avoided,
        (np.cumsum(steps.units) - _before_item(steps.item, steps.units))[order],
        worth,
        spent,
        kept,
        # of one scarce thing the multiplier is the worth of the best step left out
        float(worth[~kept].max(initial=0.0)) if room is None else money,
        space[: len(limit)],
    )


def _checked_steps(
    item: npt.ArrayLike, units: npt.ArrayLike, cost: npt.ArrayLike, avoided: npt.ArrayLike, room: Room | None
) -> tuple[_Steps, Floats]:
    """The steps, worth less and less per unit of money within each item, and the room of the places."""
    which = np.asarray(item, dtype=np.int64)
    given = (("units", units), ("cost", cost), ("avoided", avoided))
    amounts, prices, worths = (checked(name, values, "[0, inf)") for name, values in given)
    if room is None:
        nowhere = np.zeros(len(which), dtype=np.int64)
        return _pooled(_Steps(which, amounts, prices, worths, np.zeros(len(which)), nowhere)), np.empty(0)
    taken, limit = checked("room", room.taken, "[0, inf)"), checked("room", room.limit, "[0, inf]")
    place = np.asarray(room.place, dtype=np.int64)
    return _pooled(_Steps(which, amounts, prices, worths, taken, place)), limit


def _best_first(steps: _Steps, ratio: Floats) -> Integers:
    """The order of the steps by their worth; ties: the cheaper first, an item's own always in their order."""
    step = np.arange(len(steps.item)) - _before_item(steps.item, np.ones(len(steps.item))).astype(np.int64)
    order = np.lexsort((step, steps.item, steps.cost, -_monotone(ratio, step)))
    return _steps_in_order(order, steps.item, step)


def _before_item(item: Integers, amount: Floats) -> Floats:
    """Sum of all amounts before the first entry of each entry's item; the entries of an item lie together."""
    starts = np.flatnonzero(np.diff(item, prepend=-1))
    before = np.cumsum(amount) - amount
    return np.repeat(before[starts], np.diff(np.append(starts, len(item))))


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


def _multipliers(steps: _Steps, budget: float, limit: Floats) -> tuple[float, Floats]:
    """Return what money and the room of each place are worth together, in backorders avoided.

    The spending falls as money is worth more, each time with the worth of room that goes with it: bisection.
    """
    order = np.lexsort((np.arange(len(steps.item)), steps.place))
    space = _room_worth(steps, 0.0, limit, order)
    if _spent(steps, 0.0, space) <= budget * (1 + 1e-12):
        return 0.0, space
    dear = _ratio(steps.avoided, steps.cost)
    low, high = 0.0, float(dear[np.isfinite(dear)].max(initial=0.0)) * (1 + _NEARLY)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        affordable = _spent(steps, middle, _room_worth(steps, middle, limit, order)) <= budget
        low, high = (low, middle) if affordable else (middle, high)
    return high, _room_worth(steps, high, limit, order)


def _room_worth(steps: _Steps, money: float, limit: Floats, by_place: Integers) -> Floats:
    """Return the worth of room at each place at which the steps that are worth it just fit in."""
    gain = steps.avoided - money * steps.cost
    each = np.where((steps.taken > 0) & (gain > 0), gain / np.where(steps.taken > 0, steps.taken, 1.0), 0.0)
    order = by_place[np.lexsort((-each[by_place], steps.place[by_place]))]
    place, taken = steps.place[order], np.where(each[order] > 0, steps.taken[order], 0.0)
    along = np.cumsum(taken)
    before = np.searchsorted(place, np.arange(len(limit)))
    start = np.where(before > 0, along[np.maximum(before - 1, 0)], 0.0) if len(along) else np.zeros(len(limit))
    over = (along - start[place] > limit[place] * (1 + 1e-12)) & (taken > 0) if len(along) else np.zeros(0, dtype=bool)
    worth = np.zeros(len(limit))
    np.maximum.at(worth, place[over], each[order][over])
    return worth


def _spent(steps: _Steps, money: float, space: Floats) -> float:
    worth_it = steps.avoided > money * steps.cost + space[steps.place] * steps.taken
    return float(steps.cost[worth_it].sum())


def _buy(steps: _Steps, budget: float, room: Floats) -> tuple[Floats, Flags]:
    """Go down the ranked list; money spent with each step, and whether it is bought."""
    most, left = budget * (1 + 1e-12), room * (1 + 1e-12)
    along = np.cumsum(steps.cost)
    if not len(room) and (not len(along) or along[-1] <= most):
        return along, np.ones(len(along), dtype=np.bool_)
    out, kept = np.empty(len(along)), np.zeros(len(along), dtype=np.bool_)
    spent, missing = 0.0, dict[int, float]()
    rows = zip(*(part.tolist() for part in (steps.item, steps.cost, steps.taken, steps.place)), strict=True)
    for k, (i, cost, taken, place) in enumerate(rows):
        needs = cost + missing.get(i, 0.0)
        out[k] = spent + needs
        if i not in missing and out[k] <= most and (not len(room) or taken <= left[place]):
            spent, kept[k] = spent + cost, True
            if len(room):
                left[place] -= taken
        else:
            missing[i] = needs
    return out, kept
