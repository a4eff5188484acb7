"""All items side by side, period by period: where a policy in Python is asked, or where items share what is scarce."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS
from replenishment.kernels.simulation.events import STATE, due_slots
from replenishment.kernels.simulation.settings import CAPACITY, REVIEW, RULES, fill_day_rules, fill_mishaps
from replenishment.kernels.simulation.steps import Worlds, missing, room_needed, rule_orders, start_worlds, step
from replenishment.simulation.clock import EVENTS
from replenishment.simulation.setting import Piece, Setting

__all__ = ["Orders", "RuleOrders", "run_together"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_FIRST_ROOM = 8


class Orders(Protocol):
    """Where the orders of a period come from."""

    def at_review(self, worlds: Worlds, t: int) -> Floats:
        """Units that every item orders on every path; (n, paths)."""

    def after(self, worlds: Worlds, t: int) -> None:
        """Learn what has become of the period."""


class RuleOrders:
    """The orders of the items' own rules, or of a plan."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._rules = setting, _rules(setting)

    def at_review(self, worlds: Worlds, t: int) -> Floats:
        """Apply the rule to what is on record."""
        out = np.empty(worlds.states.shape)
        rule_orders(worlds, self._setting.items, self._rules, t, out)
        return out

    def after(self, worlds: Worlds, t: int) -> None:
        """Nothing is learnt."""


def run_together(setting: Setting, orders: Orders, row: int | None = None) -> tuple[Piece, Floats]:
    """Simulate all items and paths period by period.

    Demand is a local variable here, and a slice of it goes only to compiled code: nothing that the source of orders is
    handed leads to it.

    Returns
    -------
    What was counted, and the trace (paths, periods, COLUMNS) of the item ``row``, without one of no periods.

    Raises
    ------
    ValueError
        Orders that make no sense.
    """
    n, paths, items = len(setting.items), setting.paths, setting.items
    demand = setting.demand(np.arange(n))
    rules = _rules(setting)
    capacity = rules[:, :, CAPACITY].copy()
    events = np.array(setting.clock.codes, dtype=np.int64)
    review = int(np.flatnonzero(events == EVENTS.index("review"))[0])
    worlds = _worlds(setting)
    start_worlds(worlds, items, setting.arrivals)
    initial, waiting = worlds.states["shelf"].copy(), worlds.states["backlog"].copy()
    piece = Piece(np.zeros((n, len(COLUMNS) + setting.money, paths)), np.zeros((n, *setting.wait_shape)), np.empty(n))
    trace = np.empty((paths, 0 if row is None else setting.periods, len(COLUMNS)))
    none = np.zeros((n, paths))
    for t in range(setting.periods):
        now = np.ascontiguousarray(demand[:, :, t])
        worlds = _with_room(worlds, room_needed(worlds, setting.chances, now))
        told = (worlds, items, rules, setting.chances, t, now)
        counted = (setting.warm_up, piece.waits, piece.counts)
        step(*told, none, none, events[:review], False, *counted)
        ordered = np.where(rules[:, t, REVIEW, None] > 0, orders.at_review(worlds, t), 0.0)
        ordered, able = _shared_out(setting, worlds, t, ordered, capacity[:, t])
        step(*told, ordered, able, events[review:], True, *counted)
        orders.after(worlds, t)
        if row is not None:
            trace[:, t] = worlds.today[row]
    missing(worlds, initial, waiting, piece.imbalance)
    return piece, trace


def _shared_out(setting: Setting, worlds: Worlds, t: int, ordered: Floats, capacity: Floats) -> tuple[Floats, Floats]:
    """Cut orders to what all of them share, and say what the supplier can ship of each item; (n, paths)."""
    able = np.array(np.broadcast_to(capacity[:, None], ordered.shape))
    if not setting.shares:
        return ordered, able
    states, items = worlds.states, setting.items
    on_record = states["shelf"] + states["hidden"] + states["phantom"]
    position = on_record + states["on_order"] - states["backlog"]
    if setting.shared_orders is not None:
        ordered = setting.shared_orders.cut(ordered, position, t, items["lot"].copy(), items["minimum"].copy())
    if setting.shared_shipments is not None:
        owed = np.where(states["supplier_up"], np.minimum(states["owed"] + ordered, able), 0.0)
        none = np.zeros(len(items))
        # What the supplier has yet to ship is no cover.
        able = setting.shared_shipments.cut(owed, position - states["owed"], t, none, none)
    return ordered, able


def _rules(setting: Setting) -> Floats:
    rules = np.empty((len(setting.items), setting.periods, RULES))
    for i in range(len(rules)):
        fill_day_rules(setting.schedule, i, rules[i])
        fill_mishaps(setting.schedule, i, rules[i])
    return rules


def _worlds(setting: Setting) -> Worlds:
    shape = len(setting.items), setting.paths
    longest = max(int(setting.items["shelf_life"].max(initial=0)), 0)
    return Worlds(
        np.zeros(shape, STATE),
        np.zeros((*shape, longest)),
        np.zeros((*shape, due_slots(setting.schedule, setting.chances, setting.arrivals))),
        np.zeros((*shape, _FIRST_ROOM), np.int64),
        np.zeros((*shape, _FIRST_ROOM), np.int64),
        np.zeros((*shape, _FIRST_ROOM)),
        np.zeros((*shape, len(COLUMNS))),
        np.zeros((*shape, len(COLUMNS))),
    )


def _with_room(worlds: Worlds, needed: int) -> Worlds:
    """The same worlds with room for so many lines in each."""
    have = worlds.line_left.shape[2]
    if needed <= have:
        return worlds

    def wider(lines: Any) -> Any:
        return np.concatenate([lines, np.zeros((*lines.shape[:2], 2 * needed - have), lines.dtype)], axis=2)

    return worlds._replace(
        line_period=wider(worlds.line_period),
        line_priority=wider(worlds.line_priority),
        line_left=wider(worlds.line_left),
    )
