"""From what each item wants to what is ordered today: suppliers' capacities and minimums, storage and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.config import PlanConfig
from pipelines.jobs.choosing import Choice
from pipelines.jobs.levels import ItemFacts, LevelResults
from pipelines.jobs.offers import Offers
from pipelines.jobs.order_desk import NEARLY, Desk, shown
from pipelines.jobs.scarcity import fit_budget_and_storage
from replenishment.next_packs import STEPS, RankedPacks
from replenishment.sourcing import split_order
from replenishment.supplier_minimum import URGENT, SupplierOrder, meet_minimum_value

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Orders", "SupplierTotal", "decide_orders"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SupplierTotal:
    """What is ordered from one supplier on one day, and how its minimum order value was met."""

    supplier: str
    order_date: str
    lines: int
    value: float
    min_order_value: float
    decision: str


@dataclass(frozen=True, eq=False)
class Orders:
    """What is ordered; arrays (n,).

    Attributes
    ----------
    quantity : units of all suppliers together. unit_cost : mean price of the order, the item's own without one.
    notes : what changed the order, in words; empty where nothing did. changes : the same in short names.
    lines : (item, offer, units) of every order line. packs : the next-pack list, of the items in ``pack_items``.
    totals : one a supplier with a minimum and order day.
    """

    quantity: Floats
    unit_cost: Floats
    notes: list[list[str]]
    changes: list[list[str]]
    lines: list[tuple[int, int, float]]
    packs: RankedPacks
    totals: list[SupplierTotal]


def decide_orders(
    offers: Offers,
    frame: pd.DataFrame,
    choice: Choice,
    offer_facts: ItemFacts,
    facts: ItemFacts,
    levels: LevelResults,
    held: Flags,
    position: Floats,
    delay: Integers,
    minimums: dict[str, float],
    config: PlanConfig,
    as_of: np.datetime64,
    released: Floats | None = None,
) -> Orders:
    """Take the order of each item through everything that it shares with others.

    In this order: no order for held items; what the supplier can deliver, the rest from the next; budget and storage
    by location, together; the suppliers' minimum order values.

    Parameters
    ----------
    offers, frame, offer_facts : of all offers. choice : of the items. facts, levels : of the items.
    held : (n,) no order. position : (n,) units on hand and on order. delay : of all offers, days to the order day.
    minimums : least value of an order by supplier.
    released : (m,) units released before for the order day of each offer; they have used capacity and budget.
    """
    prices, names = frame["unit_cost"].to_numpy(float), frame["supplier"].to_numpy()
    price = prices[choice.chosen]
    n = len(price)
    before = np.zeros(len(prices)) if released is None else released
    capacity = np.maximum(offers.most_at_a_review(offer_facts.review_periods) - before, 0.0)
    capital = np.where(frame["ownership"].to_numpy() == "consigned", 0.0, prices)
    config = _with_budget_left(config, float(np.nansum(before * capital)))
    wanted = np.where(held, 0.0, levels.order)
    desk = Desk(frame, names, prices, choice, facts, levels, capacity, capital, wanted, price)
    desk.notes, desk.changes = [[] for _ in range(n)], [[] for _ in range(n)]
    _say_what_items_did(desk, held)
    _split_at_capacity(desk, offer_facts, before)
    packs = fit_budget_and_storage(desk, position, config)
    totals = _meet_minimums(desk, held, position, delay, minimums, config, as_of)
    total = desk.total
    costs = np.array([desk.cost_of(i) for i in range(n)])
    with np.errstate(invalid="ignore"):
        mean = np.where(total > 0, costs / np.where(total > 0, total, 1.0), price)
    split = np.array([i in desk.splits for i in range(n)], dtype=np.bool_)
    lines = [(i, int(choice.chosen[i]), float(desk.quantity[i])) for i in np.flatnonzero(desk.quantity > 0).tolist()]
    lines += [(i, offer, units) for i, more in desk.splits.items() for offer, units in more if units > 0]
    return Orders(total, np.where(split, mean, price), desk.notes, desk.changes, sorted(lines), packs, totals)


def _say_what_items_did(desk: Desk, held: Flags) -> None:
    levels = desk.levels
    for i in np.flatnonzero(levels.perishable & ~held).tolist():
        if desk.quantity[i] > 0:
            what = f"cut from {shown(levels.need[i])} needed to what is likely to be sold within its shelf life"
        else:
            what = "no order, however small, is likely to be sold within its shelf life: a planner must decide"
        desk.say(i, "shelf life", what)


def _with_budget_left(config: PlanConfig, spent: float) -> PlanConfig:
    """The configuration with what is left of its budget."""
    if config.budget is None or spent == 0:
        return config
    return config.model_copy(update={"budget": max(config.budget - spent, 0.0)})


def _split_at_capacity(desk: Desk, offer_facts: ItemFacts, released: Floats) -> None:
    """Order what the chosen supplier can't deliver from the next one."""
    chosen = desk.choice.chosen
    for i in np.flatnonzero(desk.quantity > desk.capacity[chosen] + NEARLY).tolist():
        rows = np.array(desk.choice.ranked[i])
        shares = split_order(desk.quantity[i], desk.capacity[rows], offer_facts.pack[rows], offer_facts.minimum[rows])
        wanted = desk.quantity[i]
        desk.quantity[i] = shares[0]
        names = desk.names
        more = [(int(row), float(u)) for row, u in zip(rows[1:], shares[1:], strict=True) if u > 0]
        before = f" beside {shown(released[rows[0]])} released before" if released[rows[0]] else ""
        most = f"{names[rows[0]]} can deliver {shown(desk.capacity[rows[0]])} of {shown(wanted)}{before}"
        if more:
            desk.splits[i] = more
            desk.say(i, "split", f"{most}, {', '.join(f'{shown(u)} come from {names[row]}' for row, u in more)}")
        if shares.sum() < wanted - NEARLY:
            desk.say(i, "supplier capacity", f"{most}; {shown(wanted - shares.sum())} find no supplier")


def _meet_minimums(
    desk: Desk,
    held: Flags,
    position: Floats,
    delay: Integers,
    minimums: dict[str, float],
    config: PlanConfig,
    as_of: np.datetime64,
) -> list[SupplierTotal]:
    """Raise the orders of a supplier to its minimum value, or let them wait for the next review."""
    main = desk.names[desk.choice.chosen]
    totals: list[SupplierTotal] = []
    for supplier in sorted(minimums):
        lines = _lines_of(desk, supplier)
        value = float(np.nansum([units * desk.prices[offer] for _, offer, units in lines]))
        if value <= 0:
            continue
        urgent = any(desk.levels.chance_short[i] > URGENT for i, _, _ in lines)
        # Room that storage has left is not handed out again: with a capacity nothing is raised.
        own = np.flatnonzero((main == supplier) & ~held & (config.storage_capacity is None))
        money = np.inf if config.budget is None else max(config.budget - desk.spent, 0.0)
        least = minimums[supplier]
        found = meet_minimum_value(value, least, urgent, *_steps_beyond(desk, own, position), n=len(main), money=money)
        _carry_out(desk, supplier, lines, found, value, least)
        # All that is ordered from one supplier is ordered on its next order day.
        on = str(as_of + np.timedelta64(int(delay[lines[0][1]]), "D"))
        totals.append(SupplierTotal(supplier, on, len(lines), found.value, least, found.decision))
    desk.splits = {i: lines for i, lines in desk.splits.items() if lines}
    return totals


def _lines_of(desk: Desk, supplier: str) -> list[tuple[int, int, float]]:
    """The order lines of a supplier: item, offer, units; those of split orders included."""
    found = []
    for i in range(len(desk.quantity)):
        rows = [(int(desk.choice.chosen[i]), float(desk.quantity[i])), *desk.splits.get(i, [])]
        found += [(i, offer, units) for offer, units in rows if units > 0 and desk.names[offer] == supplier]
    return found


def _carry_out(
    desk: Desk, supplier: str, lines: list[tuple[int, int, float]], found: SupplierOrder, value: float, least: float
) -> None:
    """Do with the lines of a supplier what was decided, and say so."""
    minimum = f"the minimum order value {least:,.2f} of {supplier}"
    for i, offer, units in lines:
        if found.decision == "waits":
            if offer == desk.choice.chosen[i]:
                desk.quantity[i] = 0.0
            else:
                desk.splits[i].remove((offer, units))
            words = f"{value:,.2f} in all is below {minimum} and nothing is urgent, so it waits for the next review"
            desk.say(i, "supplier minimum: waits", words)
        elif found.decision == "below":
            words = f"{value:,.2f} in all stays below {minimum}: urgent, and no sensible raise reaches it, ask them"
            desk.say(i, "supplier minimum: below", words)
    for i in np.flatnonzero(found.extra > 0).tolist():
        desk.quantity[i] += found.extra[i]
        words = f"{shown(found.extra[i])} units on top, so that the order of {value:,.2f} reaches {minimum}"
        desk.say(i, "supplier minimum: raised", words)


def _steps_beyond(desk: Desk, rows: Integers, position: Floats) -> tuple[Integers, Floats, Floats, Floats]:
    """Packs on top of each item's order, as far as its maximum, shelf life and supplier's capacity allow."""
    item: list[Any] = []
    units: list[Any] = []
    cost: list[Any] = []
    avoided: list[Any] = []
    capacity = desk.capacity[desk.choice.chosen]
    for i in rows.tolist():
        rungs, short = desk.levels.rungs[i, STEPS:], desk.levels.short[i, STEPS:]
        cut = desk.quantity[i] < rungs[0] - NEARLY
        if cut or i in desk.splits or not desk.price[i] > 0 or not desk.levels.demand_mean[i] > 0:
            continue
        most = min(desk.levels.room[i], capacity[i], _year(desk, i) - position[i])
        fits = rungs <= most + NEARLY
        fits[0] = True
        rungs, short = rungs[fits], short[fits]
        item.append(np.full(len(rungs) - 1, i))
        units.append(np.diff(rungs))
        cost.append(np.diff(rungs) * desk.price[i])
        avoided.append(np.maximum(-np.diff(short), 0.0))
    if not item:
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0)
    return np.concatenate(item), np.concatenate(units), np.concatenate(cost), np.concatenate(avoided)


def _year(desk: Desk, item: int) -> float:
    """Mean demand of the longest cover that a lot may have."""
    periods = max(desk.levels.lead_time_mean[item] + desk.facts.review_periods[item], 1.0)
    return float(desk.levels.demand_mean[item] / periods * desk.facts.max_cover_periods[item])
