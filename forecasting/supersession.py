"""Supersession: the history of an item that replaces others is that of the whole chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from forecasting.calendars import date_to_day, day_to_date
from forecasting.cleaning import log_frame
from forecasting.cleaning_rules import CleaningRules
from forecasting.panel import CellStatus, DemandPanel

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

__all__ = ["join_chains"]

Key = tuple[str, str]
Floats32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


def join_chains(
    panel: DemandPanel,
    predecessors: Mapping[Key, Sequence[str]],
    available_from: Mapping[Key, dt.date],
    rules: CleaningRules | None = None,
) -> tuple[DemandPanel, dict[Key, tuple[str, dt.date]], pd.DataFrame]:
    """Give every successor the demand of its chain (A, then B, then C), location by location.

    The change is on the successor's declared ``available_from``, else in the period of its first demand, else at the
    as-of opening. The units of a period are the sum over the chain. Before the change they are known as well as the
    predecessors' were, from it on as well as the successor's: a predecessor whose last pieces are gone tells no
    shortage. A predecessor that has been replaced keeps its own units to look at, but is discontinued throughout:
    its demand is evidence once, in its successor. One whose change is still ahead goes on until then.

    Parameters
    ----------
    panel : n series. predecessors : by (sku, location) the SKUs that it replaces.
    available_from : by (sku, location), where declared.
    rules : a ``keep`` with the code history_joined leaves a successor its own history.

    Returns
    -------
    panel : joined. replaced : by (sku, location) of a predecessor its successor and the day of the change.
    log : rows of the cleaning log, codes history_joined (successor) and superseded (predecessor).

    Raises
    ------
    ValueError
        A chain that runs in a circle, or two successors of one item at one location.
    """
    rules = rules or CleaningRules()
    place = {key: i for i, key in enumerate(panel.keys)}
    chains = _known_chains(predecessors, place)
    order = _oldest_first(chains)
    _refuse_splits(chains)
    quantity, status = panel.quantity.copy(), panel.status.copy()
    replaced: dict[Key, tuple[str, dt.date]] = {}
    rows: list[tuple[object, ...]] = []
    for key in order:
        at, before = place[key], [place[p] for p in chains[key]]
        day = _day_of_change(panel, at, available_from.get(key))
        if any(k.covers("history_joined", *key, day) for k in rules.keep):
            continue
        change = int(np.searchsorted(panel.calendar.openings, day, side="right")) - 1
        own = _units(quantity[at])
        status[at] = _known_as(_together([status[i] for i in before]), status[at], max(change, 0))
        quantity[at] = quantity[[at, *before]].sum(axis=0, dtype=np.float64).astype(np.float32)
        rows.append(_joined_row(key, chains[key], day, own, _units(quantity[at])))
        for predecessor in chains[key]:
            replaced[predecessor] = (key[0], day_to_date(day))
            units = _units(quantity[place[predecessor]])
            rows.append(_superseded_row(predecessor, key[0], day, units, gone=day <= panel.calendar.end_day))
    # Only now: a predecessor in the middle of a chain hands on what it was given itself.
    for predecessor, (_, on) in replaced.items():
        if date_to_day(on) <= panel.calendar.end_day:
            i = place[predecessor]
            quantity[i] = panel.quantity[i]
            status[i] = CellStatus.DISCONTINUED
    joined = replace(panel, quantity=quantity, status=status) if replaced else panel
    return joined, replaced, log_frame(rows)


def _known_chains(predecessors: Mapping[Key, Sequence[str]], place: Mapping[Key, int]) -> dict[Key, list[Key]]:
    """What each successor of the panel replaces at its location, as far as the panel has it."""
    chains: dict[Key, list[Key]] = {}
    for key, skus in predecessors.items():
        found = [(sku, key[1]) for sku in dict.fromkeys(skus) if (sku, key[1]) in place]
        if key in place and found:
            chains[key] = found
    return chains


def _units(quantity: Floats32) -> float:
    return float(quantity.sum(dtype=np.float64))


def _joined_row(key: Key, chain: list[Key], day: int, own: float, total: float) -> tuple[object, ...]:
    """The row of the log that tells of a successor's history, before and after."""
    why = f"replaces {', '.join(sku for sku, _ in chain)}: its history is the sum of both"
    return ("history_joined", *key, _stamp(day), own, total, why, np.nan, np.nan)


def _superseded_row(key: Key, successor: str, day: int, units: float, *, gone: bool) -> tuple[object, ...]:
    """The row of the log that tells of a predecessor, whose demand counts until it is ``gone``."""
    why = f"replaced by {successor}, which takes over its history; nothing is forecast from then on"
    return ("superseded", *key, _stamp(day), units, 0.0 if gone else units, why, np.nan, np.nan)


def _stamp(day: int) -> object:
    """The day as the log writes it."""
    return np.datetime64(day, "D").astype("datetime64[s]")


def _oldest_first(chains: Mapping[Key, list[Key]]) -> list[Key]:
    """Order successors so that each comes after those that it replaces; refuse a circle."""
    order: list[Key] = []
    done: set[Key] = set()
    for start in sorted(chains):
        trail: list[Key] = []
        stack = [(start, False)]
        while stack:
            key, left = stack.pop()
            if left:
                trail.pop()
                done.add(key)
                order.append(key)
                continue
            if key in trail:
                circle = " -> ".join(sku for sku, _ in [*trail[trail.index(key) :], key])
                raise ValueError(
                    f"successor_of runs in a circle at {key[1]!r}: {circle}; an item can't replace itself: correct "
                    "one of these rows of items"
                )
            if key in done or key not in chains:
                continue
            trail.append(key)
            stack.append((key, True))
            stack += [(p, False) for p in reversed(chains[key])]
    return order


def _refuse_splits(chains: Mapping[Key, list[Key]]) -> None:
    """One history can't be handed to two successors: its demand would count twice."""
    heir: dict[Key, str] = {}
    for key in sorted(chains):
        for predecessor in chains[key]:
            if predecessor in heir:
                raise ValueError(
                    f"{predecessor[0]!r} at {predecessor[1]!r} is replaced by both {heir[predecessor]!r} and "
                    f"{key[0]!r} (successor_of); its demand can't count twice: name it at the one that takes over"
                )
            heir[predecessor] = key[0]


def _day_of_change(panel: DemandPanel, row: int, declared: dt.date | None) -> int:
    if declared is not None:
        return date_to_day(declared)
    sold = panel.quantity[row] > 0
    return int(panel.calendar.openings[sold.argmax() if sold.any() else panel.calendar.periods])


def _together(status: list[Bytes]) -> Bytes:
    """How well the sum of several items is known: short of one is short of all, one seen is enough else."""
    stacked = np.stack(status)
    out: Bytes = stacked[0].copy()
    for wanted in (CellStatus.MISSING, CellStatus.OBSERVED, CellStatus.OUT_OF_STOCK):
        out[(stacked == wanted).any(axis=0)] = wanted
    return out


def _known_as(old: Bytes, new: Bytes, change: int) -> Bytes:
    """The predecessors' status before the change, the successor's from it on; the other where one says nothing."""
    first = np.r_[old[:change], new[change:]]
    second = np.r_[new[:change], old[change:]]
    says = (first == CellStatus.OBSERVED) | (first == CellStatus.OUT_OF_STOCK)
    other = (second == CellStatus.OBSERVED) | (second == CellStatus.OUT_OF_STOCK)
    return np.asarray(np.where(~says & other, second, first), dtype=np.uint8)
