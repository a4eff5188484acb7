"""What all orders share: one budget, and the storage of each location, each with one multiplier over all items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.config import PlanConfig
from pipelines.jobs.order_desk import Desk, shown
from replenishment.next_packs import STEPS, RankedPacks, Room, rank_packs

__all__ = ["fit_budget_and_storage"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class OrderSteps:
    """The steps up to each item's order, as :func:`rank_packs` takes them."""

    def __init__(self, desk: Desk, rows: Integers) -> None:
        item, number, cost, short = [], [], [], []
        for i in rows.tolist():
            upto = np.unique(np.minimum(desk.levels.rungs[i, : STEPS + 1], desk.quantity[i]))
            spent = upto * desk.capital[desk.choice.chosen[i]]
            for offer, units in desk.splits.get(i, []):
                upto = np.append(upto, upto[-1] + units)
                spent = np.append(spent, spent[-1] + units * desk.capital[offer])
            item.append(np.full(len(upto) - 1, i))
            number.append(np.diff(upto))
            cost.append(np.diff(spent))
            short.append(-np.diff(np.interp(upto, desk.levels.rungs[i], desk.levels.short[i])))
        self.item = np.concatenate(item) if item else np.empty(0, dtype=np.int64)
        self.units, self.cost = (np.concatenate(x) if x else np.empty(0) for x in (number, cost))
        self.avoided = np.maximum(np.concatenate(short) if short else np.empty(0), 0.0)


def fit_budget_and_storage(desk: Desk, position: Floats, config: PlanConfig) -> RankedPacks:
    """Rank the packs of all orders by backorders avoided for the money and the room that they take; cut at both."""
    ordered = np.flatnonzero(desk.total > 0)
    capital = desk.capital[desk.choice.chosen]
    known = (desk.price > 0) | (capital == 0)
    unpriced = ordered[~known[ordered]]
    if config.budget is not None:
        for i in unpriced.tolist():
            desk.keep(i, 0.0)
            desk.say(i, "budget", "no unit cost is known, and a budget is set: a planner must decide")
    # Without a budget, items of unknown price still need their room; they cost the list nothing.
    desk.capital = np.where(np.isnan(desk.capital), 0.0, desk.capital)
    within = ordered[known[ordered]] if config.budget is not None or config.storage_capacity is None else ordered
    steps = OrderSteps(desk, within)
    places, room = _room(desk, steps, position, config)
    money = np.inf if config.budget is None else config.budget
    ranked = rank_packs(steps.item, steps.units, steps.cost, steps.avoided, money, room)
    kept = ranked.bought(len(desk.quantity))
    total = desk.total
    for i in within[kept[within] < total[within] - 1e-6].tolist():
        _say_what_cut(desk, i, float(kept[i]), float(total[i]), ranked, places)
    return ranked


def _room(
    desk: Desk, steps: OrderSteps, position: Floats, config: PlanConfig
) -> tuple[npt.NDArray[np.object_], Room | None]:
    """The location of each item, and the room that the steps take and find there; None without a storage capacity."""
    items = desk.frame.iloc[desk.choice.chosen]
    locations = items["location"].to_numpy()
    if config.storage_capacity is None:
        return locations, None
    volume, limit = items["volume"].fillna(0.0).to_numpy(float), config.storage_capacity
    names, place = np.unique(locations.astype(str), return_inverse=True)
    most = np.array([limit.get(str(name), np.inf) if isinstance(limit, dict) else limit for name in names])
    used = np.bincount(place, np.maximum(position, 0.0) * volume, minlength=len(names))
    return locations, Room(
        place[steps.item].astype(np.int64), steps.units * volume[steps.item], np.maximum(most - used, 0.0)
    )


def _say_what_cut(
    desk: Desk, item: int, kept: float, total: float, ranked: RankedPacks, locations: npt.NDArray[np.object_]
) -> None:
    """Cut an item's order to what was bought of it, and say what was scarce: money, room or both."""
    desk.keep(item, kept)
    names = np.unique(locations.astype(str))
    full = len(ranked.room_worth) and ranked.room_worth[int(np.searchsorted(names, str(locations[item])))] > 0
    causes = [("storage", f"the storage of {locations[item]}")] if full else []
    if ranked.multiplier > 0 or not causes:
        causes.append(("budget", "the budget"))
    left = f"{shown(desk.total[item])} of {shown(total)}" if kept > 0 else f"none of {shown(total)}"
    verb = "leaves" if len(causes) == 1 else "leave"
    words = f"{' and '.join(said for _, said in causes)} {verb} {left}; other packs avoid more backorders for the same"
    desk.say(item, " and ".join(change for change, _ in causes), words)
