"""Order lines: a period's demand is split into them, they are shipped in turn, wait, and are cancelled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import draw
from replenishment.kernels.simulation.chance import LINES, chosen, place, stream, uniform
from replenishment.kernels.simulation.columns import (
    CANCELLED,
    COUNTED_WAIT_PERIODS,
    COUNTED_WAITS,
    LOST,
    SHORT,
    SHORT_LINES,
    WAITED_PERIODS,
)
from replenishment.kernels.simulation.columns import LINES as LINE_COUNT
from replenishment.kernels.simulation.settings import Chances
from replenishment.kernels.simulation.shelf import take

__all__ = [
    "Queue",
    "add_lines",
    "cancel_impatient",
    "drop_empty",
    "leave_unmet",
    "most_lines",
    "new_queue",
    "serve",
    "with_room",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Queue(NamedTuple):
    """Lines in the order of their arrival; the first ``state.lines`` places are in use."""

    period: Integers  # of the demand
    priority: Integers
    left: Floats  # units not yet shipped


@njit(nogil=True, cache=True, inline="always")
def new_queue(size: int) -> Queue:
    """Return room for so many lines."""
    return Queue(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64))


@njit(nogil=True, cache=True)
def with_room(queue: Queue, used: int, needed: int) -> Queue:
    """Return a queue with room for ``needed`` more lines and the same content."""
    wider: Queue = new_queue(2 * (used + needed))
    for k in range(used):
        wider.period[k], wider.priority[k], wider.left[k] = queue.period[k], queue.priority[k], queue.left[k]
    return wider


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def most_lines(chances: Chances, i: int, wanted: float) -> int:
    """The largest number of lines that a period's demand may come in."""
    return int(np.ceil(wanted / chances.size_values[i, 0])) + 1 if chances.size.shape[1] > 0 else 1


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def add_lines(
    state: Any, queue: Queue, item: Any, chances: Chances, i: int, path: int, t: int, wanted: float, today: Floats
) -> None:
    """Append the lines of a period's demand, for which there must be room; the last one takes what is left of it.

    Sizes and priorities come from a stream of this path and period: places 2 j and 2 j + 1 are those of line j.
    """
    sized, ranked = chances.size.shape[1] > 0, chances.priority.shape[1] > 1
    key = np.uint64(0)
    if sized or ranked:
        key = draw(stream(item.key, LINES), place(path, t))
    line = 0
    while wanted > 0.0:
        size = wanted
        if sized:
            which = chosen(uniform(key, np.uint64(2 * line)), chances.size[i])
            size = min(chances.size_values[i, which], wanted)
        rank = chosen(uniform(key, np.uint64(2 * line + 1)), chances.priority[i]) if ranked else 0
        here = state.lines + line
        queue.period[here], queue.priority[here], queue.left[here] = t, rank, size
        wanted -= size
        line += 1
    today[LINE_COUNT] += line
    state.lines += line


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def serve(
    state: Any,
    batches: Floats,
    queue: Queue,
    item: Any,
    ranks: int,
    first: int,
    t: int,
    warm_up: int,
    waits: Floats,
    today: Floats,
) -> float:
    """Ship to the lines from place ``first`` on by priority, then in their order; return the units shipped.

    Where lines are wanted whole, one for which stock doesn't suffice is passed over. How long the units have waited
    is written down unless ``waits`` is empty, as for demand that has just come.
    """
    shipped = 0.0
    for rank in range(ranks):
        for k in range(first, state.lines):
            if state.shelf <= 0.0:
                return shipped
            if queue.priority[k] != rank:
                continue
            units = min(queue.left[k], state.shelf)
            if units < queue.left[k] and item.complete:
                continue
            take(state, batches, item, units)
            queue.left[k] -= units
            shipped += units
            if waits.size > 0:
                _note_wait(queue.period[k], t, warm_up, units, waits, today)
    return shipped


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def _note_wait(period: int, t: int, warm_up: int, units: float, waits: Floats, today: Floats) -> None:
    """Write down how long units of a period's demand have waited; by age only those of counted periods."""
    waited = t - period
    today[WAITED_PERIODS] += waited * units
    if period >= warm_up:
        waits[min(waited, waits.size - 1)] += units
        today[COUNTED_WAITS] += units
        today[COUNTED_WAIT_PERIODS] += waited * units


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def leave_unmet(state: Any, queue: Queue, item: Any, first: int, today: Floats) -> None:
    """Decide of each new line what of it is lost; the rest waits."""
    for k in range(first, state.lines):
        short = queue.left[k]
        if short > 0.0:
            lost = short * item.lost_share
            today[SHORT] += short
            today[SHORT_LINES] += 1.0
            today[LOST] += lost
            queue.left[k] = short - lost
            state.backlog += short - lost
            state.short_since_receipt = True


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def cancel_impatient(state: Any, queue: Queue, item: Any, t: int, today: Floats) -> None:
    """At a count: lines that have waited as long as customers are ready to wait are cancelled."""
    if item.patience < 0:
        return
    for k in range(state.lines):
        if t - queue.period[k] >= item.patience:
            today[CANCELLED] += queue.left[k]
            state.backlog -= queue.left[k]
            queue.left[k] = 0.0


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def drop_empty(state: Any, queue: Queue) -> None:
    """Close the gaps that shipped and cancelled lines leave."""
    kept = 0
    for k in range(state.lines):
        if queue.left[k] > 0.0:
            queue.period[kept], queue.priority[kept], queue.left[kept] = (
                queue.period[k],
                queue.priority[k],
                queue.left[k],
            )
            kept += 1
    state.lines = kept
    if kept == 0:
        state.backlog = 0.0
