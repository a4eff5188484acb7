"""Small ledgers and supplies for tests, and allocation done unit by unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from replenishment.backorders.allocation import Allocation, AllocationRule, Supply
from replenishment.backorders.ledger import NEVER, OrderLedger

AS_OF = 1000


def ledger(quantity: list[float], **more: Any) -> OrderLedger:
    """Lines of one item, ordered one a day, the last one yesterday, wanted at once; columns may be replaced."""
    n = len(quantity)
    columns: dict[str, Any] = {
        "item": np.zeros(n),
        "rank": np.arange(n),
        "quantity": quantity,
        "shipped": np.zeros(n),
        "ordered": AS_OF - n + np.arange(n),
        "wanted": np.full(n, AS_OF),
        "shipped_on": np.full(n, NEVER),
        "cancelled_on": np.full(n, NEVER),
        "priority": np.full(n, np.inf),
        "reserved": np.zeros(n),
        **more,
    }
    floats = ("quantity", "shipped", "priority", "reserved")
    return OrderLedger(AS_OF, **{k: np.array(v, dtype=float if k in floats else np.int64) for k, v in columns.items()})


def supply(units: list[float], day: list[int], item: list[int] | None = None) -> Supply:
    """Sources; the first of an item that is there at AS_OF is stock on hand."""
    n = len(units)
    items = np.array(item or [0] * n, dtype=np.int64)
    days = np.array(day, dtype=np.int64)
    on_hand = [days[k] <= AS_OF and not ((items == items[k]) & (days <= AS_OF))[:k].any() for k in range(n)]
    return Supply(items, days, np.array(units, float), np.arange(n), np.array(on_hand, dtype=np.bool_))


def served_order(lines: OrderLedger, rule: AllocationRule) -> list[int]:
    """The lines that wait, in the order in which they are served."""
    keys = {
        "order_date": lambda k: (),
        "fair_share": lambda k: (),
        "priority": lambda k: (lines.priority[k],),
        "requested_date": lambda k: (lines.wanted[k],),
    }[rule]
    waiting = [k for k in range(len(lines)) if lines.waiting[k] > 0]
    return sorted(waiting, key=lambda k: (*keys(k), lines.ordered[k], lines.rank[k], lines.quantity[k]))


def unit_by_unit(lines: OrderLedger, sources: Supply, rule: AllocationRule, whole: bool) -> dict[tuple[int, int], int]:
    """Units of each (line, source), found with a list of single units; whole quantities, nothing reserved."""
    found: dict[tuple[int, int], int] = {}
    shelf = {
        item: sorted(
            (int(sources.day[s]), int(sources.rank[s]), s)
            for s in range(len(sources))
            if sources.item[s] == item
            for _ in range(int(sources.units[s]))
        )
        for item in set(lines.item.tolist())
    }
    for k in served_order(lines, rule):
        units, need = shelf[lines.item[k]], int(lines.waiting[k])
        early = [u for u in units if u[0] <= lines.wanted[k]]
        late = [u for u in units if u[0] > lines.wanted[k]]
        if whole:
            if len(units) < need:
                continue
            chosen = sorted(early, reverse=True)[:need]
            if len(early) < need:
                last = units[need - 1]
                # All units of the source that completes the line are there on its day: the latest come first.
                there = [u for u in units if u[:2] <= last[:2]]
                chosen = sorted(there, reverse=True)[:need]
        else:
            chosen = (sorted(early, reverse=True) + late)[:need]
        for unit in chosen:
            units.remove(unit)
            found[k, unit[2]] = found.get((k, unit[2]), 0) + 1
    return found


def entries(allocation: Allocation) -> dict[tuple[int, int], float]:
    """Units of each (line, source)."""
    found: dict[tuple[int, int], float] = {}
    for line, source, units in zip(
        allocation.line.tolist(), allocation.source.tolist(), allocation.units.tolist(), strict=True
    ):
        found[line, source] = found.get((line, source), 0.0) + units
    return found


def ready_on(allocation: Allocation, sources: Supply, lines: OrderLedger) -> npt.NDArray[np.float64]:
    """Day on which all of each line is there, infinite where it never is; -inf for lines that don't wait."""
    day = np.where(lines.waiting > 0, -np.inf, -np.inf)
    np.maximum.at(day, allocation.line, sources.day[allocation.source].astype(float))
    return np.where(allocation.covered < lines.waiting, np.inf, day)
