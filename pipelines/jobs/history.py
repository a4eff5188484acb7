"""What history is taken to be: declared lives, chains of successors, repairs, and what is said of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import date_to_day
from forecasting.choice import NEWCOMERS
from forecasting.cleaning_rules import CleaningRules, Keep, OrderLines
from forecasting.forecaster import DemandForecaster
from forecasting.panel import CellStatus, DemandPanel
from forecasting.supersession import join_chains
from pipelines.checking import count_of
from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables
from pipelines.quarantine import Findings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["History", "declared_new", "known_history", "note_history"]

Key = tuple[str, str]
# An item is new for half a year from its available_from on, and before.
NEW_DAYS: Final = 182
# Of fewer periods with stock than these, or than a tenth of those without, little can be told.
FEW_OBSERVED: Final = 8
_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class History:
    """The demand as it is planned with.

    Attributes
    ----------
    panel : chains joined, lives marked. own : lives marked, what was demanded of each item itself.
    items : with ``replaced_by`` and the ends that follow from it.
    rules : how it is cleaned. log : of the chains.
    """

    panel: DemandPanel
    own: DemandPanel
    items: pd.DataFrame
    rules: CleaningRules
    log: pd.DataFrame

    def with_log(self, cleaning: pd.DataFrame) -> pd.DataFrame:
        """One log of everything."""
        import pandas as pd

        parts = [part for part in (self.log, cleaning) if len(part)]
        return pd.concat(parts, ignore_index=True) if parts else cleaning


def known_history(panel: DemandPanel, items: pd.DataFrame, tables: CheckedTables, config: PlanConfig) -> History:
    """Mark lives, join chains of successors, and collect what cleaning must know.

    Raises
    ------
    InputError
        Successors in a circle, or two of one item.
    """
    keep = tuple(
        Keep(k.code or "", k.sku or "", k.location or "", None if k.date is None else date_to_day(k.date))
        for k in config.keep
    )
    marked = _with_life(panel, items)
    rules = CleaningRules(keep)
    begins = {
        key: day.date()
        for key, day in zip(panel.keys, items["available_from"], strict=True)
        if day == day and day is not None
    }
    try:
        joined, replaced, log = join_chains(marked, _predecessors(items, tables.findings), begins, rules)
    except ValueError as problem:
        raise InputError(f"items: {problem}", code="successors") from None
    rules = CleaningRules(keep, _order_lines(tables, panel, replaced))
    return History(joined, marked, _with_ends(items, panel.keys, replaced), rules, log)


def _predecessors(items: pd.DataFrame, findings: Findings) -> dict[Key, list[str]]:
    """By successor the SKUs that it replaces: one, or several separated by a comma, semicolon or bar."""
    known = set(items["sku"])
    found: dict[Key, list[str]] = {}
    missing: list[str] = []
    for sku, location, text in items[["sku", "location", "successor_of"]].itertuples(index=False):
        if not isinstance(text, str) or not text:
            continue
        named = [text] if text in known else [part.strip() for part in re.split(r"[,;|]", text) if part.strip()]
        missing += [f"{part!r} of {sku!r}" for part in named if part not in known]
        found[sku, location] = [part for part in named if part in known]
    if missing:
        shown = ", ".join(dict.fromkeys(missing))
        findings.notice(
            "unknown_predecessor",
            "items",
            f"successor_of names SKUs that neither sold nor are items: {shown}; they hand on nothing",
        )
    return found


def _with_ends(items: pd.DataFrame, keys: list[Key], replaced: dict[Key, tuple[str, dt.date]]) -> pd.DataFrame:
    """An item that is replaced ends with the change, unless it was declared to end earlier."""
    heir = [replaced[key][0] if key in replaced else None for key in keys]
    if not replaced:
        return items.assign(replaced_by=np.array(heir, dtype=object))
    ends = np.array(
        [np.datetime64(replaced[key][1], "ns") if key in replaced else np.datetime64("NaT", "ns") for key in keys]
    )
    declared = items["discontinued_on"].to_numpy().astype("datetime64[ns]")
    return items.assign(discontinued_on=np.fmin(declared, ends), replaced_by=np.array(heir, dtype=object))


def _order_lines(tables: CheckedTables, panel: DemandPanel, replaced: dict[Key, tuple[str, dt.date]]) -> OrderLines:
    """The customers' order lines before as_of, under the item that their demand counts for."""
    import pandas as pd

    lines = tables.get("customer_orders")
    if lines is None or not len(lines):
        return OrderLines()
    days = lines["ordered_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    past = lines[days < panel.calendar.end_day]
    item, keys = pd.MultiIndex.from_frame(past[["sku", "location"]]).factorize()
    of = [_heir(key, replaced) for key in keys]
    return OrderLines(
        tuple(sku for sku, _ in of),
        tuple(place for _, place in of),
        item.astype(np.int64),
        days[days < panel.calendar.end_day],
        past["quantity"].to_numpy(float),
    )


def _heir(key: Key, replaced: dict[Key, tuple[str, dt.date]]) -> Key:
    while key in replaced:
        key = (replaced[key][0], key[1])
    return key


def declared_new(items: pd.DataFrame, forecaster: DemandForecaster) -> npt.NDArray[np.bool_]:
    """Items without demand that may be ordered all the same: declared new, or given the prior of their category."""
    as_of = np.datetime64(forecaster.panel_.as_of, "ns")
    begins = items["available_from"].to_numpy().astype("datetime64[ns]")
    chosen = forecaster.choice_
    asked = (chosen["model"] == NEWCOMERS) & (chosen["reason"] == "set by configuration")
    return np.asarray((begins > as_of - np.timedelta64(NEW_DAYS, "D")) | asked.to_numpy())


def note_history(log: pd.DataFrame, forecaster: DemandForecaster, findings: Findings) -> None:
    """Say which demands were too large to be true, which items may have ended, and what was never seen."""
    _note_spikes(log, findings)
    for code, table, noun, words in (
        (
            "bulk_order_tamed",
            "sales",
            "demand",
            "made by one order line far beyond the usual; the usual largest counts",
        ),
        ("end_suspected", "sales", "item", "may have ended: nothing was demanded for longer than chance explains"),
        ("history_joined", "items", "item", "took over the history of what it replaces"),
    ):
        rows = log[log["code"] == code]
        if len(rows):
            shown = ", ".join(f"{sku!r} on {day:%Y-%m-%d}" for sku, day in rows[["sku", "date"]].head(_SHOWN).values)
            findings.notice(code, table, f"{count_of(len(rows), noun)} {words}: {shown}")
    _note_rarely_in_stock(forecaster, findings)


def _note_rarely_in_stock(forecaster: DemandForecaster, findings: Findings) -> None:
    """Name items of whose demand stock-outs leave next to nothing to see."""
    panel, observed = forecaster.panel_, forecaster.summary_.observed
    out = (panel.status == CellStatus.OUT_OF_STOCK).sum(axis=1)
    rare = np.flatnonzero((out > 0) & (observed < np.maximum(FEW_OBSERVED, out / 9)))
    if len(rare):
        shown = ", ".join(
            f"{panel.skus[i]!r} ({int(observed[i])} of {int(observed[i] + out[i])})" for i in rare[:_SHOWN]
        )
        findings.notice(
            "rarely_in_stock",
            "sales",
            f"{count_of(len(rare), 'item')} out of stock so often that hardly anything of the demand was observed "
            f"(periods with stock): {shown}; the forecast is little more than a guess",
        )


def _with_life(panel: DemandPanel, items: pd.DataFrame) -> DemandPanel:
    limits = np.iinfo(np.int64)
    days = {}
    for name, missing in (("available_from", limits.min), ("discontinued_on", limits.max)):
        column = items[name].to_numpy().astype("datetime64[D]")
        days[name] = np.where(np.isnat(column), missing, column.astype(np.int64))
    return panel.mark_life(days["available_from"], days["discontinued_on"])


def _note_spikes(log: pd.DataFrame, findings: Findings) -> None:
    """Name the demands that were too large to be true."""
    spikes = log[log["code"] == "spike_tamed"]
    if len(spikes):
        shown = ", ".join(
            f"{sku!r} on {date:%Y-%m-%d} ({before:,g} units, usually at most {after:,g})"
            for sku, date, before, after in spikes[["sku", "date", "before", "after"]].head(5).itertuples(index=False)
        )
        findings.notice(
            "spike",
            "sales",
            f"{count_of(len(spikes), 'demand')} far beyond the usual of the item, in another unit of measure? {shown}; "
            "the forecast takes the usual largest one in its place",
        )
    kept = log[log["code"] == "spike_kept"]
    if len(kept):
        largest = kept.sort_values(["before", "sku", "date"], ascending=[False, True, True]).head(5)
        shown = ", ".join(
            f"{sku!r} on {date:%Y-%m-%d} ({before:,g} units)"
            for sku, date, before in largest[["sku", "date", "before"]].itertuples(index=False)
        )
        findings.notice(
            "bulk_demand",
            "sales",
            f"{count_of(len(kept), 'demand')} of more than 100 times the usual came together or again and count as "
            f"they are, largest {shown}: if they are no demand to plan for, take them out",
        )
