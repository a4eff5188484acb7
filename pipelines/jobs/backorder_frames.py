"""The frames of the backorder desk: lines that wait, what covers them, and whom each purchase order serves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import day_to_date
from pipelines.jobs.backorder_desk import BackorderDesk
from pipelines.letters import Delivery, sentence
from replenishment.backorders.ledger import NEVER, LineStatus
from replenishment.backorders.relief import Relief

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ON_HAND", "backorder_frame", "coverage_frame", "days_to_dates", "purchase_order_frame", "source_names"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What covers a line that is covered by stock; purchase orders are named by their number.
ON_HAND: Final = "on hand"
_NEARLY: Final = 1e-9
# Days by which a date must have come nearer before a customer is written to.
_WORTH_TELLING: Final = 7
_KEPT: Final = ("customer", "channel", "priority", "ordered_on", "requested_on", "promised_on", "unit_price")
_LABELS: Final = {int(status): status.label for status in LineStatus}


def backorder_frame(desk: BackorderDesk, relief: list[Relief]) -> pd.DataFrame:
    """One row a line that waits, in the order of item and service; the columns of the contract and more.

    Parameters
    ----------
    relief : units of other items or places that could serve a line sooner.
    """
    import pandas as pd

    lines, ledger, n = desk.lines, desk.ledger, len(desk.ledger)
    covered_by, sources = _covered_by(desk)
    columns: dict[str, Any] = {
        "order_id": lines["order_id"].to_numpy(),
        "line": lines["line"].to_numpy() if "line" in lines.columns else np.full(n, None, dtype=object),
        "sku": lines["sku"].to_numpy(),
        "location": lines["location"].to_numpy(),
        "quantity_waiting": ledger.waiting,
        "age_days": ledger.age,
        "status": np.array([_LABELS[s] for s in desk.status.tolist()], dtype=object),
        "covered_by": covered_by,
        "promise_date": _promise_dates(desk, desk.promises.line_day[:, 0]),
        "promise_probability": desk.promises.line_chance[:, 0],
        "quantity": ledger.quantity,
        "quantity_on_hand": desk.on_hand,
        "quantity_uncovered": desk.uncovered,
        "deliveries": sources,
        "told_date": _told_dates(desk),
        "told_probability": np.where(desk.told == NEVER, np.nan, desk.promises.asked_chance),
        "change": _changes(desk),
        "sentence": _sentences(desk),
        "alternative": _alternatives(desk, relief),
    }
    for name in _KEPT:
        columns[name] = lines[name].to_numpy() if name in lines.columns else _missing(name, n)
    frame = pd.DataFrame(columns)
    order = np.lexsort((ledger.rank, ledger.ordered, ledger.item))
    return frame.iloc[order].reset_index(drop=True)


def coverage_frame(desk: BackorderDesk) -> pd.DataFrame:
    """One row a line and source: how many units of which purchase order (or of stock) it gets, and when."""
    import pandas as pd

    line, source = desk.allocation.line, desk.allocation.source
    frame = pd.DataFrame(
        {
            "order_id": desk.lines["order_id"].to_numpy()[line],
            "line": desk.lines["line"].to_numpy()[line] if "line" in desk.lines.columns else None,
            "sku": desk.lines["sku"].to_numpy()[line],
            "location": desk.lines["location"].to_numpy()[line],
            "source": source_names(desk)[source],
            "supplier": _of_source(desk, "supplier")[source],
            "due_date": _due_dates(desk)[source],
            "quantity": desk.allocation.units,
            "delivery_date": _promise_dates(desk, desk.promises.entry_day[:, 0]),
            "delivery_probability": desk.promises.entry_chance[:, 0],
        }
    )
    order = np.lexsort(
        (np.arange(len(line)), desk.ledger.rank[line], desk.ledger.ordered[line], desk.ledger.item[line])
    )
    return frame.iloc[order].reset_index(drop=True)


def purchase_order_frame(desk: BackorderDesk) -> pd.DataFrame:
    """One row a line of an open purchase order: when it is likely to come, and whom it serves."""
    import pandas as pd

    frame, as_of = desk.purchases.frame, desk.items.calendar.end_day
    n = len(frame)
    own = desk.allocation.source >= len(desk.stocked)
    source = desk.allocation.source[own] - len(desk.stocked)
    units = np.bincount(source, weights=desk.allocation.units[own], minlength=n)
    pairs = np.unique(np.stack([source, desk.allocation.line[own]]), axis=1)
    due = frame["due_date"].to_numpy().astype("datetime64[D]").astype(np.int64) - as_of
    in_time = desk.purchases.arrival[np.arange(n), np.clip(due, 0, desk.purchases.days - 1)]
    return pd.DataFrame(
        {
            "po": frame["po"].to_numpy(),
            "supplier": frame["supplier"].to_numpy(),
            "sku": frame["sku"].to_numpy(),
            "location": frame["location"].to_numpy(),
            "ordered_on": frame["ordered_on"].to_numpy().astype("datetime64[s]"),
            "due_date": frame["due_date"].to_numpy().astype("datetime64[s]"),
            "expected_date": days_to_dates(as_of + desk.purchases.expected),
            "late_probability": np.where(due < 0, 1.0, 1.0 - in_time),
            "quantity": frame["quantity"].to_numpy(float),
            "quantity_for_backorders": units,
            "quantity_free": frame["quantity"].to_numpy(float) - units,
            "lines_served": np.bincount(pairs[0], minlength=n),
            "released": frame["released"].to_numpy(np.bool_),
        }
    )


def days_to_dates(days: Integers) -> npt.NDArray[np.datetime64]:
    """Days since 1970-01-01 as dates."""
    return days.astype("datetime64[D]").astype("datetime64[s]")


def _promise_dates(desk: BackorderDesk, ahead: Integers) -> npt.NDArray[np.datetime64]:
    """Dates of promises so many days after as_of, processing included; none where the day is below 0."""
    dates = days_to_dates(desk.items.calendar.end_day + ahead + desk.config.processing_days)
    return np.where(ahead < 0, np.datetime64("NaT", "s"), dates)


def _told_dates(desk: BackorderDesk) -> npt.NDArray[np.datetime64]:
    known = desk.told != NEVER
    return np.where(known, days_to_dates(np.where(known, desk.told, 0)), np.datetime64("NaT", "s"))


def _changes(desk: BackorderDesk) -> npt.NDArray[np.object_]:
    """What a customer must hear: a first date, a later or an earlier one, or that there is none; else empty.

    A date is later when the one that was told will not be kept with the wanted probability, and earlier when the new
    one is a week or more before it.
    """
    day = desk.promises.line_day[:, 0]
    new = np.where(day < 0, NEVER, desk.items.calendar.end_day + day + desk.config.processing_days)
    told = desk.told
    cases = {
        "new": (told == NEVER) & (new != NEVER),
        "no date": (new == NEVER),
        "later": new > told,
        "earlier": new <= told - _WORTH_TELLING,
    }
    return np.select(list(cases.values()), list(cases), "").astype(object)


def _sentences(desk: BackorderDesk) -> npt.NDArray[np.object_]:
    """What each customer is told."""
    as_of = day_to_date(desk.items.calendar.end_day)
    parts = _deliveries(desk)
    never = np.isin(desk.status, (LineStatus.DISCONTINUED, LineStatus.OUT_OF_STOCK))
    ready = desk.status == LineStatus.ALLOCATED
    return np.array(
        [
            sentence(parts[k], as_of, desk.config.language, ready=bool(ready[k]), ended=bool(never[k]))
            for k in range(len(desk.ledger))
        ],
        dtype=object,
    )


def _alternatives(desk: BackorderDesk, relief: list[Relief]) -> npt.NDArray[np.object_]:
    """What a customer who would wait may be offered: a part at once, another item or place, or to cancel."""
    keys, ledger = desk.items.keys, desk.ledger
    offers: list[list[str]] = [[] for _ in range(len(ledger))]
    waits = (ledger.waiting - desk.on_hand > _NEARLY) & (ledger.wanted <= ledger.as_of)
    for line in np.flatnonzero(waits & (desk.on_hand > _NEARLY)).tolist():
        offers[line].append(f"{desk.on_hand[line]:g} of {ledger.waiting[line]:g} at once")
    for each in relief:
        giver, place = keys[each.way.giver]
        when = "at once" if each.way.days == 0 else f"in {each.way.days} days"
        what = f"from {place}" if giver == keys[ledger.item[each.line]][0] else f"of {giver} instead"
        offers[each.line].append(f"{each.units * each.way.ratio:g} {what} {when}")
    never = desk.promises.line_day[:, 0] < 0
    for line in np.flatnonzero(waits).tolist():
        offers[line].append("cancel" if never[line] else "wait or cancel")
    return np.array(["; ".join(each) for each in offers], dtype=object)


def _deliveries(desk: BackorderDesk) -> list[list[Delivery]]:
    """The parts in which each line comes, the earliest first; parts of the same date are one, and whole lines too."""
    promises, allocation, uncovered = desk.promises, desk.allocation, desk.uncovered
    found: list[dict[int, tuple[float, int]]] = [{} for _ in range(len(desk.ledger))]

    def add(line: int, units: float, first: int, last: int) -> None:
        before, earliest = found[line].get(last, (0.0, first))
        found[line][last] = (before + units, min(earliest, first))

    for k, line in enumerate(allocation.line.tolist()):
        if not desk.config.whole_lines:
            first, last = sorted(promises.entry_day[k, [1, 0]].tolist())
            add(line, float(allocation.units[k]), first, last)
    for line in np.flatnonzero((uncovered > _NEARLY) | desk.config.whole_lines).tolist():
        first, last = sorted(promises.line_day[line, [1, 0]].tolist())
        add(line, float(desk.ledger.waiting[line] if desk.config.whole_lines else uncovered[line]), first, last)
    return [
        [Delivery(units, _date(desk, first), _date(desk, last)) for last, (units, first) in sorted(each.items())]
        for each in found
    ]


def _date(desk: BackorderDesk, ahead: int) -> dt.date | None:
    if ahead < 0:
        return None
    return day_to_date(desk.items.calendar.end_day + ahead + desk.config.processing_days)


def _covered_by(desk: BackorderDesk) -> tuple[npt.NDArray[np.object_], Integers]:
    """The names of the sources of each line, the earliest first, and how many deliveries they are."""
    names, n = source_names(desk), len(desk.ledger)
    told: list[list[str]] = [[] for _ in range(n)]
    for line, source in zip(desk.allocation.line.tolist(), desk.allocation.source.tolist(), strict=True):
        name = names[source]
        if name not in told[line]:
            told[line].append(name)
    more = desk.uncovered > _NEARLY
    deliveries = np.array([len(each) for each in told], dtype=np.int64) + (
        more & desk.items.restocked[desk.ledger.item]
    )
    return np.array([", ".join(each) for each in told], dtype=object), deliveries


def source_names(desk: BackorderDesk) -> npt.NDArray[np.object_]:
    """``on hand``, or the number of the purchase order; its supplier and due date where it has none.

    One that was released here and that no table shows yet says so.
    """
    frame = desk.purchases.frame
    names = [
        (po if isinstance(po, str) else f"{supplier if isinstance(supplier, str) else 'order'} due {due:%Y-%m-%d}")
        + (" (released)" if released else "")
        for po, supplier, due, released in zip(
            frame["po"], frame["supplier"], frame["due_date"], frame["released"], strict=True
        )
    ]
    return np.array([*[ON_HAND] * len(desk.stocked), *names], dtype=object)


def _of_source(desk: BackorderDesk, column: str) -> npt.NDArray[np.object_]:
    values = np.full(len(desk.supply), None, dtype=object)
    values[len(desk.stocked) :] = desk.purchases.frame[column].to_numpy()
    return values


def _due_dates(desk: BackorderDesk) -> npt.NDArray[np.datetime64]:
    dates = np.full(len(desk.supply), np.datetime64("NaT", "s"))
    dates[len(desk.stocked) :] = desk.purchases.frame["due_date"].to_numpy().astype("datetime64[s]")
    return dates


def _missing(name: str, n: int) -> npt.NDArray[Any]:
    if name.endswith("_on"):
        return np.full(n, np.datetime64("NaT", "s"))
    return np.full(n, np.nan) if name in ("priority", "unit_price") else np.full(n, None, dtype=object)
