"""Open purchase orders: when each is likely to come, from its supplier's lead times and the time it has taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from pipelines.config import PlanConfig
from pipelines.jobs.customer_ledger import day_numbers
from pipelines.jobs.lead_times import KnownLeadTimes
from replenishment.backorders.arrivals import arrival_distribution
from replenishment.backorders.ledger import NEVER
from replenishment.backorders.promises import first_day
from replenishment.lead_times import LeadTimes, OpenDays
from replenishment.lead_times.suppliers import stated_laws

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OpenPurchases", "next_order_arrival", "open_purchases"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Beyond four years nobody waits.
_LONGEST: Final = 1461


@dataclass(frozen=True, eq=False)
class OpenPurchases:
    """Lines of open purchase orders, in an order that does not depend on that of the table's rows; arrays (s,).

    Attributes
    ----------
    frame : po, supplier, sku, location, ordered_on, due_date, quantity, place (row of the item), released (it was
        released here, and no table shows it yet).
    arrival : (s, t) P(it is there by day 0, 1, ... after as_of). expected : its median, days after as_of.
    """

    frame: pd.DataFrame
    arrival: Floats
    expected: Integers

    @property
    def days(self) -> int:
        """How many days the distributions reach."""
        return int(self.arrival.shape[1])


def open_purchases(
    orders: pd.DataFrame | None,
    offers: pd.DataFrame,
    known: KnownLeadTimes,
    config: PlanConfig,
    calendar: PeriodCalendar,
    released: pd.DataFrame | None = None,
) -> OpenPurchases:
    """Return the open orders with the distribution of their arrival.

    Parameters
    ----------
    orders : rows of ``open_orders`` of planned items with their place. offers : who delivers which item on which terms.
    known : what is known of the lead time of each offer.
    released : the same of orders that were released and that the supplier's side does not show yet.

    Notes
    -----
    The law is that of the order's own supplier for the item, given that the order has not come yet. An order without
    a day of order was placed as long before its due date as the law's median; one of a supplier of which nothing is
    known comes when it is due, or at the next opening where that has passed.
    """
    frame = _in_order(orders, released)
    laws = [None if row < 0 else _law(known, config, int(known.of[row])) for row in _offer_rows(frame, offers)]
    days = _reach(laws, frame, calendar.end_day)
    arrival = np.empty((len(frame), days))
    due, ordered = day_numbers(frame, "due_date"), day_numbers(frame, "ordered_on")
    ahead = calendar.end_day + np.arange(days)
    for k, law in enumerate(laws):
        if law is None:
            arrival[k] = np.arange(days) >= _when_due(int(due[k]) - calendar.end_day)
            continue
        begun = int(ordered[k])
        if begun == NEVER:
            begun = int(due[k]) - int(np.argmax(np.cumsum(law.days) >= 0.5))
        start = law.clock.reading(begun)
        gone = int(law.clock.reading(calendar.end_day - 1) - start)
        arrival[k] = arrival_distribution(law.days, gone, law.clock.reading(ahead) - start)
    return OpenPurchases(frame, arrival, first_day(arrival, 0.5))


def next_order_arrival(lead_times: LeadTimes, ordered: npt.NDArray[np.bool_], calendar: PeriodCalendar) -> Floats:
    """Return P(what is ordered next is there by day 0, 1, ... after as_of); zeros for items not ordered; (n, t).

    Parameters
    ----------
    lead_times : of the next order, in openings from as_of.
    """
    cumulative = np.minimum(np.cumsum(lead_times.probability, axis=1), 1.0) * ordered[:, None]
    openings = calendar.openings_from(calendar.periods, cumulative.shape[1])
    days = np.arange(min(int(openings[-1]) - calendar.end_day + 1, _LONGEST))
    passed = np.searchsorted(openings - calendar.end_day, days, side="right") - 1
    return np.asarray(cumulative[:, passed])


def _in_order(*tables: pd.DataFrame | None) -> pd.DataFrame:
    """The rows of open orders, then of released ones, as one frame in the order of their items and due dates."""
    import pandas as pd

    columns = ["po", "supplier", "sku", "location", "ordered_on", "due_date", "quantity", "place"]
    dates = {"ordered_on": "datetime64[s]", "due_date": "datetime64[s]"}
    parts = [
        (pd.DataFrame(columns=columns) if table is None else table.reindex(columns=columns))
        .astype({**dates, "quantity": float, "place": np.int64, "po": object, "supplier": object})
        .assign(released=released)
        for table, released in zip(tables, (False, True), strict=True)
    ]
    frame = pd.concat(parts)
    keys = ["place", "due_date", "ordered_on", "po", "supplier", "quantity"]
    return frame[frame["quantity"] > 0].sort_values(keys, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Law:
    """Days from an order to its arrival on a clock of open days."""

    days: Floats
    clock: OpenDays


def _offer_rows(frame: pd.DataFrame, offers: pd.DataFrame) -> Integers:
    """The offer that each order was placed on; the item's first one where it names no supplier; else -1."""
    import pandas as pd

    first = offers.drop_duplicates(["sku", "location"])
    usual = first.set_index(["sku", "location"])["supplier"].reindex(
        pd.MultiIndex.from_frame(frame[["sku", "location"]])
    )
    theirs = frame["supplier"].where(frame["supplier"].notna(), usual.to_numpy())
    on = ["sku", "location", "supplier"]
    kept = np.flatnonzero(~offers.duplicated(on).to_numpy())
    at = pd.MultiIndex.from_frame(offers.iloc[kept][on].fillna("")).get_indexer(
        pd.MultiIndex.from_frame(frame.assign(supplier=theirs)[on].fillna(""))
    )
    return np.where(at >= 0, kept[at], -1).astype(np.int64) if len(kept) else np.full(len(frame), -1)


def _law(known: KnownLeadTimes, config: PlanConfig, row: int) -> _Law | None:
    """The nearest law: measured, else stated; None where nothing is known."""
    if known.fit is not None and config.lead_times == "nearest":
        rows = known.measured_rows
        at = int(np.searchsorted(rows, row))
        if at < len(rows) and rows[at] == row:
            place = int(np.searchsorted(known.fit.rows, row))
            return _Law(known.fit.laws[place], known.clocks[known.supplier[row]])
    if np.isnan(known.stated[row]):
        return None
    number = int(known.supplier[row])
    clock = OpenDays((), known.clocks[number].periods) if number >= 0 else OpenDays()
    return _Law(stated_laws(known.stated[[row]], known.spread[[row]])[0], clock)


def _reach(laws: list[_Law | None], frame: pd.DataFrame, as_of: int) -> int:
    """Days ahead by which every order has come; at least 1."""
    found = [1]
    due = day_numbers(frame, "due_date")
    ordered = day_numbers(frame, "ordered_on")
    for law, day, begun in zip(laws, due.tolist(), ordered.tolist(), strict=True):
        closed = sum(last - first + 1 for first, last in law.clock.periods) if law else 0
        # What was released today may be ordered on a later day only.
        delay = max(begun - as_of, 0) if begun != NEVER else 0
        found.append(int(len(law.days) / law.clock.per_day) + 8 + closed + delay if law else max(day - as_of, 1) + 1)
    return min(max(found), _LONGEST)


def _when_due(days: int) -> int:
    """Days after as_of on which an order is expected that is due then; an overdue one at the next opening."""
    return days if days >= 0 else 1
