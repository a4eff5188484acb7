"""The date that may be promised: a quantile of the time until enough units have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.backorders.allocation import Allocation, Supply

__all__ = ["Promises", "enough_has_come", "first_day", "promise_days"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NEARLY: Final = 1e-9
# More different sums than this are told on a grid.
_MOST_SUMS: Final = 2048


@dataclass(frozen=True, eq=False)
class Promises:
    """Days after as_of by which lines are there with k wanted probabilities, and the probability of each day.

    Attributes
    ----------
    line_day, line_chance : (m, k) for all that waits of each line; -1 and 0 where no day is so sure, because nothing
        covers a part of it and nothing will be ordered.
    entry_day, entry_chance : (p, k) for each entry of the allocation: the parts in which a line can be delivered.
    asked_chance : (m,) probability that a line is there by the day asked for; 0 for lines that don't wait.
    """

    line_day: Integers
    line_chance: Floats
    entry_day: Integers
    entry_chance: Floats
    asked_chance: Floats


def promise_days(
    allocation: Allocation,
    supply: Supply,
    arrival: Floats,
    item: Integers,
    uncovered: Floats,
    next_order: Floats,
    earliest: Integers,
    asked: Integers,
    probabilities: Sequence[float],
) -> Promises:
    """Return the days that may be promised.

    Parameters
    ----------
    arrival : (s, t) P(each source is there by day 0, 1, ... after as_of); independent of each other.
    item, uncovered : (m,) of the lines; units that no source covers. next_order : (n, t) P(what is ordered next is
        there by each day); zeros where nothing will be ordered.
    earliest : (m,) day after as_of before which nothing is promised. asked : (m,) day whose probability is asked for,
        below 0 where it has passed. probabilities : (k,) wanted.

    Notes
    -----
    Units of an item are alike, so an entry is there when as many units have come, of whichever source, as all those
    before it in the queue and its own: P(sum of the units that have come >= reach). What was set aside is there at
    once; what nothing covers comes with the next order, independent of those on the way.
    """
    m, p, k = len(item), len(allocation.line), len(probabilities)
    last = arrival.shape[1] - 1
    found = Promises(np.full((m, k), -1), np.zeros((m, k)), np.full((p, k), -1), np.zeros((p, k)), np.zeros(m))
    lines = np.union1d(allocation.line, np.flatnonzero(uncovered > _NEARLY))
    lines = lines[np.argsort(item[lines], kind="stable")]
    entries = np.argsort(item[allocation.line], kind="stable")
    sources = np.lexsort((supply.rank, supply.day, supply.item))
    of_entry, of_source = item[allocation.line[entries]], supply.item[sources]
    place = np.empty(m, dtype=np.int64)
    for first, end in _runs(item[lines]):
        own = lines[first:end]
        here = item[own[0]]
        rows = entries[slice(*np.searchsorted(of_entry, [here, here + 1]))]
        theirs = sources[slice(*np.searchsorted(of_source, [here, here + 1]))]
        by_entry = enough_has_come(supply.units[theirs], arrival[theirs], allocation.reach[rows])
        by_entry[allocation.from_reserve[rows]] = 1.0
        place[own] = np.arange(len(own))
        by_line = np.ones((len(own), last + 1))
        np.minimum.at(by_line, place[allocation.line[rows]], by_entry)
        by_line[uncovered[own] > _NEARLY] *= next_order[here]
        kept = by_line[np.arange(len(own)), np.clip(asked[own], 0, last)]
        found.asked_chance[own] = np.where(asked[own] < earliest[own], 0.0, kept)
        for j, probability in enumerate(probabilities):
            for day, chance, where, table, least in (
                (found.line_day, found.line_chance, own, by_line, earliest[own]),
                (found.entry_day, found.entry_chance, rows, by_entry, earliest[allocation.line[rows]]),
            ):
                sure = first_day(table, probability)
                on = np.minimum(np.maximum(sure, least), last)
                day[where, j] = np.where(sure < 0, -1, np.maximum(sure, least))
                chance[where, j] = np.where(sure < 0, 0.0, table[np.arange(len(where)), on])
    return found


def enough_has_come(units: Floats, arrival: Floats, reach: Floats) -> Floats:
    """Return P(at least ``reach`` units have come by each day); (q, t).

    Parameters
    ----------
    units : (k,) of the sources of an item. arrival : (k, t) P(each has come by each day), independent.
    reach : (q,) units.

    Notes
    -----
    Exact: the sums of all subsets of the sources, those of equal size taken together and all beyond the largest reach
    as one. With more than 2,048 different sums they are rounded down onto a grid of as many steps, so that nothing is
    said to come earlier than it does.
    """
    most = float(reach.max(initial=0.0))
    sums, chance = np.zeros(1), np.ones((1, arrival.shape[1]))
    for k in np.argsort(-units, kind="stable"):
        if units[k] <= 0:
            continue
        added = np.minimum(np.concatenate([sums, sums + units[k]]), most)
        both = np.concatenate([chance * (1.0 - arrival[k]), chance * arrival[k]])
        sums, place = np.unique(_on_grid(added, most), return_inverse=True)
        chance = np.zeros((len(sums), arrival.shape[1]))
        np.add.at(chance, place, both)
    beyond = np.cumsum(chance[::-1], axis=0)[::-1]
    first = np.searchsorted(sums, reach - _NEARLY)
    return np.minimum(beyond[np.minimum(first, len(sums) - 1)], 1.0) * (first < len(sums))[:, None]


def _on_grid(sums: Floats, most: float) -> Floats:
    """The sums themselves, or rounded down onto a grid that ends with ``most`` where they are too many."""
    if len(sums) <= _MOST_SUMS:
        return sums
    step = most / _MOST_SUMS
    return np.asarray(np.minimum(np.floor(sums / step + _NEARLY) * step, most))


def first_day(by_day: Floats, probability: float) -> Integers:
    """Return the first day by which something is there with a probability; -1 where it never is so sure; (q,)."""
    kept = by_day >= probability - _NEARLY
    return np.where(kept.any(axis=1), kept.argmax(axis=1), -1).astype(np.int64)


def _runs(values: Integers) -> list[tuple[int, int]]:
    """Begin and end of each run of equal values."""
    if not len(values):
        return []
    cuts = np.flatnonzero(np.diff(values)) + 1
    return list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(values)], strict=True))
