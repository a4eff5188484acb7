"""A policy written in Python is asked once a period, for all items and paths, and shown what is known then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS, COUNTS
from replenishment.kernels.simulation.events import STATE, due_slots
from replenishment.kernels.simulation.settings import RULES, fill_day_rules
from replenishment.kernels.simulation.steps import Worlds, look, missing, room_needed, start_worlds, step
from replenishment.simulation.clock import EVENTS
from replenishment.simulation.policies import Seen
from replenishment.simulation.setting import Piece, Setting
from replenishment.simulation.world import writable

__all__ = ["run_function"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

_FIRST_ROOM = 8


def run_function(order: Callable[[Seen], npt.ArrayLike], setting: Setting) -> Piece:
    """Simulate all items and paths period by period.

    Demand is a local variable here, and a slice of it goes only to compiled code: nothing that the function is handed
    leads to it.

    Raises
    ------
    ValueError
        Orders that are negative, unknown, or of another shape.
    """
    n, paths = len(setting.items), setting.paths
    demand = setting.demand(np.arange(n))
    rules = _rules(setting)
    events = np.array(setting.clock.codes, dtype=np.int64)
    review = int(np.flatnonzero(events == EVENTS.index("review"))[0])
    worlds = _worlds(setting)
    start_worlds(worlds, setting.items, setting.arrivals)
    initial, waiting = worlds.states["shelf"].copy(), worlds.states["backlog"].copy()
    counts = np.zeros((n, len(COLUMNS) + setting.money, paths))
    waits = np.zeros((n, *setting.wait_shape))
    last: Mapping[str, Floats] = MappingProxyType({})
    none = np.zeros((n, paths))
    for t in range(setting.periods):
        now = np.ascontiguousarray(demand[:, :, t])
        worlds = _with_room(worlds, room_needed(worlds, setting.chances, now))
        told = (worlds, setting.items, rules, setting.chances, t, now)
        step(*told, none, events[:review], True, False, setting.warm_up, waits, counts)
        seen = _seen(worlds, t, last, setting.schedule.reviews[:, t])
        orders = _checked(order(seen), n, paths, t)
        step(*told, orders, events[review:], False, True, setting.warm_up, waits, counts)
        last = _seen(worlds, t, last, seen.open).today
    imbalance = np.empty(n)
    missing(worlds, initial, waiting, imbalance)
    return Piece(counts, waits, imbalance)


def _rules(setting: Setting) -> Floats:
    rules = np.empty((len(setting.items), setting.periods, RULES))
    for i in range(len(rules)):
        fill_day_rules(setting.schedule, i, rules[i])
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


def _seen(worlds: Worlds, t: int, last: Mapping[str, Floats], is_open: npt.NDArray[np.bool_]) -> Seen:
    """Copies of what the records show."""
    shape = worlds.states.shape
    stock, waiting, on_order = np.empty(shape), np.empty(shape), np.empty(shape)
    columns = np.empty((len(COUNTS), *shape))
    look(worlds, stock, waiting, on_order, columns)
    today = MappingProxyType({name: columns[c].copy() for c, name in enumerate(COUNTS)})
    return Seen(t, stock, waiting, on_order, last, today, is_open.copy())


def _checked(orders: npt.ArrayLike, n: int, paths: int, t: int) -> Floats:
    units = np.asarray(orders, dtype=np.float64)
    if units.shape == (n,) and n != paths:
        units = units[:, None]
    if units.ndim not in (0, 2) or units.shape not in ((), (n, 1), (1, paths), (1, 1), (n, paths)):
        raise ValueError(f"period {t}: orders have shape {units.shape}; expected ({n}, {paths})")
    if not (np.isfinite(units) & (units >= 0)).all():
        raise ValueError(f"period {t}: orders must be known, finite and at least 0")
    return writable(np.broadcast_to(units, (n, paths)))
