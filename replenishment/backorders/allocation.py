"""Who gets what: stock on hand and coming receipts handed out to the lines that wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from replenishment.backorders.ledger import OrderLedger
from replenishment.kernels.allocation import serve_in_turn, share_fairly, stream_reach

__all__ = ["RULES", "Allocation", "AllocationRule", "Supply", "allocate"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AllocationRule = Literal["order_date", "priority", "requested_date", "fair_share"]
RULES: Final = ("order_date", "priority", "requested_date", "fair_share")


@dataclass(frozen=True, eq=False)
class Supply:
    """What can be handed out; arrays (s,). Stock on hand is a source like a purchase order, one an item.

    Attributes
    ----------
    item : row of the item. day : from which the units can be used, as far as is known. units : at least 0.
    rank : place among sources of the same item and day, the same whatever the order of rows.
    on_hand : it is stock on hand, of which some may be set aside; else it is still to come.
    """

    item: Integers
    day: Integers
    units: Floats
    rank: Integers
    on_hand: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, eq=False)
class Allocation:
    """Which source covers which line; one entry each, ordered by line, then by the day of the source.

    Attributes
    ----------
    line, source : rows of the ledger and of the supply. units : handed out. from_reserve : set aside before.
    reach : units of the item's sources, in the order of their days, that must have come for these to be there; what
        was set aside counts in none of it.
    covered : (m,) units of each line that something covers. left : (s,) units that are handed out to nobody.
    kept : (n,) units on hand that stay set aside although no line of the ledger waits for them.
    """

    line: Integers
    source: Integers
    units: Floats
    reach: Floats
    from_reserve: npt.NDArray[np.bool_]
    covered: Floats
    left: Floats
    kept: Floats


def allocate(
    ledger: OrderLedger,
    supply: Supply,
    reserved: Floats,
    *,
    rule: AllocationRule = "order_date",
    whole_lines: bool = False,
) -> Allocation:
    """Hand out stock and receipts to the lines that wait.

    Parameters
    ----------
    reserved : (n,) units on hand of each item that are promised already. They go to the lines that name them
        (``ledger.reserved``) and then, first come, first served, to those that wait; what is left of them is kept.
    rule : who is served first: the older order, the smaller priority number, the earlier requested day (the older
        order among equals); or "fair_share": each source is shared in proportion to what is still needed.
    whole_lines : a line is served when all of it is there. Not with "fair_share".

    Returns
    -------
    the same whatever the order of lines, sources and items. A line takes units from the day on from which it is
    wanted; no line delays one that is served before it.

    Raises
    ------
    ValueError
        Whole lines and fair shares together.
    """
    if whole_lines and rule == "fair_share":
        raise ValueError("fair shares are parts of lines: whole lines need another rule of allocation")
    n = len(reserved)
    needed = ledger.waiting
    units = supply.units.astype(np.float64)
    sources = np.lexsort((supply.rank, supply.day, supply.item))
    source_start = np.searchsorted(supply.item[sources], np.arange(n + 1))
    kept_pegs, kept = _from_reserve(ledger, needed, units, reserved, supply)
    waiting = np.flatnonzero(needed > 0)
    queue = waiting[_order(ledger, waiting, rule)]
    line_start = np.searchsorted(ledger.item[queue], np.arange(n + 1))
    free = units[sources]
    need, left = needed[queue], free.copy()
    arguments = (line_start, need, ledger.wanted[queue], source_start, supply.day[sources], left)
    step = np.ones(n)
    fractional = np.concatenate([ledger.item[queue[need % 1 > 0]], supply.item[sources[left % 1 > 0]]])
    step[fractional] = 0.0
    line, source, given = _pegs(arguments, rule, whole_lines, step)
    reach = stream_reach(source_start, free, source, given)
    return _joined(
        len(ledger), len(supply), kept_pegs, (queue[line], sources[source], given, reach), supply, kept, units
    )


def _order(ledger: OrderLedger, rows: Integers, rule: AllocationRule) -> Integers:
    """The places of ``rows`` in the order in which they are served, item by item."""
    keys = [ledger.quantity[rows], ledger.rank[rows], ledger.ordered[rows]]
    if rule == "priority":
        keys.append(ledger.priority[rows])
    elif rule == "requested_date":
        keys.append(ledger.wanted[rows])
    return np.lexsort((*keys, ledger.item[rows]))


def _from_reserve(
    ledger: OrderLedger, needed: Floats, units: Floats, reserved: Floats, supply: Supply
) -> tuple[tuple[Integers, Integers, Floats], Floats]:
    """Give what is set aside to the lines it is set aside for, and what names no line to those that came first.

    ``needed`` and ``units`` are reduced by it; what is set aside for nobody is taken out of ``units`` and returned.
    """
    n = len(reserved)
    shelf = np.full(n, -1, dtype=np.int64)
    stocked = np.flatnonzero(supply.on_hand)
    shelf[supply.item[stocked]] = stocked
    pool = np.zeros(n)
    held = np.flatnonzero(shelf >= 0)
    pool[held] = np.minimum(reserved[held], units[shelf[held]])
    units[shelf[held]] -= pool[held]
    found = []
    for named in (True, False):
        asked = np.minimum(ledger.reserved, needed) if named else needed
        rows = np.flatnonzero((asked > 0) & (pool[ledger.item] > 0))
        rows = rows[_order(ledger, rows, "order_date")]
        line_start = np.searchsorted(ledger.item[rows], np.arange(n + 1))
        one_each, now_each = np.arange(n + 1), np.zeros(n, dtype=np.int64)
        never_late = np.zeros(len(rows), dtype=np.int64)
        arguments = (line_start, asked[rows], never_late, one_each, now_each, pool)
        place, item, given = _pegs(arguments, "order_date", False, np.ones(n))
        needed[rows[place]] -= given
        found.append((rows[place], shelf[item], given))
    line, source, given = (np.concatenate(part) for part in zip(*found, strict=True))
    return (line, source, given), pool


def _pegs(
    arguments: tuple[Integers, Floats, Integers, Integers, Integers, Floats],
    rule: AllocationRule,
    whole_lines: bool,
    step: Floats,
) -> tuple[Integers, Integers, Floats]:
    """Run the kernels, with more room where the first guess was too small."""
    line_start, need, wanted, source_start, day, left = arguments
    room = len(need) + len(left)
    while True:
        line, source, units = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(room)
        still, free, count = need.copy(), left.copy(), 0
        if rule == "fair_share":
            count = share_fairly(line_start, still, wanted, source_start, day, free, step, line, source, units, count)
        count = serve_in_turn(
            line_start, still, wanted, source_start, day, free, whole_lines, line, source, units, count
        )
        if count <= room:
            left[:] = free
            return line[:count], source[:count], units[:count]
        room = count


def _joined(
    m: int,
    s: int,
    reserve: tuple[Integers, Integers, Floats],
    pegs: tuple[Integers, Integers, Floats, Floats],
    supply: Supply,
    kept: Floats,
    units: Floats,
) -> Allocation:
    line = np.concatenate([reserve[0], pegs[0]])
    source = np.concatenate([reserve[1], pegs[1]])
    given = np.concatenate([reserve[2], pegs[2]])
    reach = np.concatenate([np.zeros(len(reserve[0])), pegs[3]])
    aside = np.arange(len(line)) < len(reserve[0])
    order = np.lexsort((~aside, supply.rank[source], supply.day[source], line))
    handed = np.bincount(pegs[1], weights=pegs[2], minlength=s)
    return Allocation(
        line[order],
        source[order],
        given[order],
        reach[order],
        aside[order],
        np.asarray(np.bincount(line, weights=given, minlength=m), dtype=np.float64),
        units - handed,
        kept,
    )
