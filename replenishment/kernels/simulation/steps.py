"""All items and paths one event-filled step after the other, with a pause in every period for a decision."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.columns import COUNTS
from replenishment.kernels.simulation.events import begin, live, open_period, units_missing, wanted_order
from replenishment.kernels.simulation.lines import Queue, most_lines
from replenishment.kernels.simulation.settings import CAPACITY, PLANNED, REVIEW, Chances

__all__ = ["Worlds", "look", "missing", "room_needed", "rule_orders", "start_worlds", "step"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Worlds(NamedTuple):
    """The state of every item on every path; arrays (n, paths, ...)."""

    states: Any  # (n, paths) records of events.STATE
    batches: Floats
    due: Floats
    line_period: Integers
    line_priority: Integers
    line_left: Floats
    today: Floats  # (n, paths, COLUMNS)
    whole: Floats  # (n, paths, COLUMNS) sums over all periods


@njit(nogil=True, cache=True)
def _queue(worlds: Worlds, i: int, p: int) -> Queue:
    return Queue(worlds.line_period[i, p], worlds.line_priority[i, p], worlds.line_left[i, p])


@njit(nogil=True, cache=True)
def start_worlds(worlds: Worlds, items: Any, arrivals: Floats) -> None:
    """Set every item on every path to its start."""
    for i in range(items.size):
        for p in range(worlds.states.shape[1]):
            state = worlds.states[i, p]
            begin(state, items[i], p, worlds.batches[i, p], worlds.due[i, p], arrivals[i], _queue(worlds, i, p))


@njit(nogil=True, cache=True)
def room_needed(worlds: Worlds, chances: Chances, demand: Floats32) -> int:
    """Places for lines that the next demand (n, paths or 1) may take at most."""
    most = 0
    for i in range(worlds.states.shape[0]):
        for p in range(worlds.states.shape[1]):
            wanted = np.float64(demand[i, p if demand.shape[1] > 1 else 0])
            most = max(most, worlds.states[i, p].lines + most_lines(chances, i, wanted))
    return most


@njit(nogil=True, cache=True)
def rule_orders(worlds: Worlds, items: Any, rules: Floats, t: int, out: Floats) -> None:
    """What the rule, or the plan, of each item orders at its review in period t; (n, paths)."""
    for i in range(items.size):
        for p in range(out.shape[1]):
            out[i, p] = wanted_order(worlds.states[i, p], items[i], rules[i], t) if rules[i, t, REVIEW] > 0.0 else 0.0


@njit(nogil=True, cache=True)
def step(
    worlds: Worlds, items: Any, rules: Floats, chances: Chances, t: int, demand: Floats32, orders: Floats,
    able: Floats, events: Integers, closes: bool, warm_up: int, waits: Floats, counts: Floats,
) -> None:  # fmt: skip
    """Take every world through the first events of period t, or through the others, the review among them.

    Parameters
    ----------
    rules : (n, periods, RULES). demand : (n, paths or 1) of the period; not looked at unless it is among the events.
    orders : (n, paths) what is ordered at the review, if an order can be placed. able : (n, paths) what the supplier
        can ship then.
    closes : the events are the last ones of the period.
    counts : (n, COLUMNS, paths) to add to when a counted period closes.
    """
    for i in range(items.size):
        for p in range(worlds.states.shape[1]):
            state, today = worlds.states[i, p], worlds.today[i, p]
            if closes:
                rules[i, t, PLANNED], rules[i, t, CAPACITY] = orders[i, p], able[i, p]
            else:
                open_period(state, worlds.batches[i, p], items[i], rules[i], p, t, today)
            live(
                state, worlds.batches[i, p], worlds.due[i, p], _queue(worlds, i, p), items[i], rules[i], chances, i, p,
                t, np.float64(demand[i, p if demand.shape[1] > 1 else 0]), events, warm_up,
                waits[i, p * waits.shape[1] // worlds.states.shape[1]], today,
            )  # fmt: skip
            if closes:
                for c in range(today.size):
                    worlds.whole[i, p, c] += today[c]
                    if t >= warm_up:
                        counts[i, c, p] += today[c]


@njit(nogil=True, cache=True)
def look(worlds: Worlds, on_record: Floats, waiting: Floats, on_order: Floats, columns: Floats) -> None:
    """Copy what the records show; ``columns`` (COUNTS, n, paths) of the period so far."""
    for i in range(on_record.shape[0]):
        for p in range(on_record.shape[1]):
            state = worlds.states[i, p]
            on_record[i, p] = state.shelf + state.hidden + state.phantom
            waiting[i, p] = state.backlog
            on_order[i, p] = state.on_order
            for c in range(len(COUNTS)):
                columns[c, i, p] = worlds.today[i, p, c]


@njit(nogil=True, cache=True)
def missing(worlds: Worlds, initial: Floats, waiting: Floats, imbalance: Floats) -> None:
    """The largest difference between the units that came in and those that went out or remain; (n,)."""
    for i in range(imbalance.size):
        imbalance[i] = 0.0
        for p in range(initial.shape[1]):
            lost = units_missing(worlds.states[i, p], worlds.whole[i, p], initial[i, p], waiting[i, p])
            imbalance[i] = max(imbalance[i], lost)
