"""The backorder desk: what waits, what covers it, and the date that may be promised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables
from pipelines.jobs.customer_ledger import day_numbers, order_ledger
from pipelines.jobs.lead_times import KnownLeadTimes
from pipelines.jobs.open_purchases import OpenPurchases, next_order_arrival, open_purchases
from pipelines.jobs.supply import StockPosition, key_index, placed_rows
from replenishment.backorders.allocation import Allocation, Supply, allocate
from replenishment.backorders.ledger import NEVER, ItemState, OrderLedger, line_status
from replenishment.backorders.promises import Promises, promise_days
from replenishment.lead_times import LeadTimes

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan
    from pipelines.jobs.stages import Knowledge

__all__ = [
    "LINE_KEY",
    "BackorderDesk",
    "DeskItems",
    "items_of_knowledge",
    "items_of_plan",
    "last_told",
    "open_desk",
    "with_new_order",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What names a line of a customer's order.
LINE_KEY: Final = ("order_id", "line", "sku", "location")
_ALWAYS: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class DeskItems:
    """What the desk knows of n items.

    Attributes
    ----------
    keys : sku and location. frame : the resolved parameters of each item. offers : the same of every offer.
    known : what is known of the lead time of each offer.
    lead_times : of the next order of each item, in openings from as_of, the wait for its order day included.
    """

    keys: list[tuple[str, str]]
    frame: pd.DataFrame
    offers: pd.DataFrame
    known: KnownLeadTimes
    lead_times: LeadTimes
    calendar: PeriodCalendar

    @property
    def discontinued(self) -> npt.NDArray[np.bool_]:
        """Items that are no longer ordered."""
        ended = self.frame["discontinued_on"].to_numpy().astype("datetime64[D]")
        return np.asarray(ended <= np.datetime64(self.calendar.end_day, "D"))

    @property
    def restocked(self) -> npt.NDArray[np.bool_]:
        """Items that will be ordered again, as far as the tables say."""
        hold = np.array([value is True for value in self.frame["hold"]], dtype=np.bool_)
        unknown = (self.frame["lead_time_source"] == "unknown").to_numpy()
        return np.asarray(~self.discontinued & ~hold & ~unknown)

    @property
    def available_from(self) -> Integers:
        """First day on sale of each item, the smallest integer where it has always been."""
        day = day_numbers(self.frame, "available_from")
        return np.where(day == NEVER, _ALWAYS, day)


@dataclass(frozen=True, eq=False)
class BackorderDesk:
    """The lines that wait, allocated and promised.

    Attributes
    ----------
    lines : the rows of customer_orders that wait, in the order of ``ledger``. told : the day that the customer of each
        was told last, NEVER where none was.
    supply : stock on hand of the items in ``stocked``, then the open purchase orders in their order.
    arrival, next_order : distributions as :func:`promise_days` takes them. status : values of LineStatus.
    """

    config: PlanConfig
    items: DeskItems
    stock: StockPosition
    lines: pd.DataFrame
    told: Integers
    ledger: OrderLedger
    purchases: OpenPurchases
    stocked: Integers
    supply: Supply
    arrival: Floats
    next_order: Floats
    allocation: Allocation
    promises: Promises
    status: Integers

    @property
    def uncovered(self) -> Floats:
        """Units of each line that neither stock nor an open purchase order covers."""
        return self.ledger.waiting - self.allocation.covered

    @property
    def on_hand(self) -> Floats:
        """Units of each line that stock on hand covers."""
        rows = self.allocation.source < len(self.stocked)
        return _by_line(self.allocation.line[rows], self.allocation.units[rows], len(self.ledger))

    def entries_of(self, source: int) -> npt.NDArray[np.bool_]:
        """The entries of the allocation that a source serves."""
        return np.asarray(self.allocation.source == source)


def items_of_plan(made: Plan) -> DeskItems:
    """The items of a plan, each with the supplier that was chosen for it."""
    sources = made.sources
    return DeskItems(made.panel.keys, made.items, sources.frame, sources.known, made.lead_times, made.panel.calendar)


def items_of_knowledge(known: Knowledge) -> DeskItems:
    """The items before anything is forecast, each with its first supplier."""
    first = np.unique(known.offers.item, return_index=True)[1]
    offers = known.offers.frame.join(known.lead_time_facts)
    return DeskItems(
        known.panel.keys,
        offers.iloc[first].reset_index(drop=True),
        offers,
        known.known_lead_times,
        known.lead_times.take(first),
        known.panel.calendar,
    )


def open_desk(
    items: DeskItems,
    stock: StockPosition,
    tables: CheckedTables,
    config: PlanConfig,
    told: pd.DataFrame | None = None,
    released: pd.DataFrame | None = None,
) -> BackorderDesk:
    """Read the lines that wait, hand out stock and coming receipts, and find the dates to promise.

    Parameters
    ----------
    told : what customers were told: order_id, line, sku, location, told_on, promise_date; the last word of each line
        counts. Without one it is ``promised_on`` of the line.
    released : purchase orders that were released and that no table shows yet; they cover lines as open orders do.

    Notes
    -----
    Promises are given with ``promise_probability`` and, for the first day that customers are named, its complement.
    """
    index = key_index(items.keys)
    customers, orders, further = (
        None if table is None else placed_rows(table, index)
        for table in (tables.get("customer_orders"), tables.get("open_orders"), released)
    )
    purchases = open_purchases(orders, items.offers, items.known, config, items.calendar, further)
    lines = _no_lines() if customers is None else customers
    ledger = order_ledger(lines, items.calendar.end_day, items.available_from)
    waiting = np.flatnonzero(ledger.waiting > 0)
    lines = lines.iloc[waiting].reset_index(drop=True)
    probability = config.promise_probability
    return _allocated(
        config,
        items,
        stock,
        lines,
        ledger.take(waiting),
        purchases,
        last_told(lines, told),
        (probability, 1.0 - probability),
    )


def last_told(lines: pd.DataFrame, told: pd.DataFrame | None) -> Integers:
    """The day that the customer of each line was told last, NEVER where none was."""
    day = day_numbers(lines, "promised_on")
    if told is None or not len(told) or not len(lines):
        return day
    last = told.sort_values(["told_on", "promise_date"]).drop_duplicates(list(LINE_KEY), keep="last")
    named = lines.reindex(columns=list(LINE_KEY)).astype(object).fillna("").astype(str)
    found = named.merge(
        last.astype({"line": object}).fillna({"line": ""}).astype(dict.fromkeys(LINE_KEY, str)),
        on=list(LINE_KEY),
        how="left",
    )
    recorded = day_numbers(found, "promise_date")
    return np.where(recorded == NEVER, day, recorded)


def with_new_order(desk: BackorderDesk, item: int, quantity: float, probabilities: tuple[float, ...]) -> BackorderDesk:
    """Return the desk of one item with a further line, ordered at this opening and wanted at once: the last one.

    The line is that of the last row; lines of other items are left out. Promises are given with each probability.
    """
    here = np.flatnonzero(desk.ledger.item == item)
    old = desk.ledger.take(here)
    as_of = old.as_of
    last = {
        "item": item,
        "rank": int(old.rank.max(initial=0)) + 1,
        "quantity": quantity,
        "shipped": 0.0,
        # Placed before the opening like all that the ledger counts, and after every other.
        "ordered": as_of - 1,
        "wanted": max(as_of, int(desk.items.available_from[item])),
        "shipped_on": NEVER,
        "cancelled_on": NEVER,
        "priority": np.inf,
        "reserved": 0.0,
    }
    ledger = OrderLedger(as_of, *(np.append(getattr(old, name), value) for name, value in last.items()))
    lines = desk.lines.iloc[here].reindex(range(len(here) + 1))
    untold = np.full(len(ledger), NEVER)
    # What is set aside for orders that the ledger does not know is not there for a new one.
    aside = np.minimum(desk.stock.allocated, desk.stock.on_hand)
    kept = desk.allocation.kept
    stock = replace(desk.stock, on_hand=desk.stock.on_hand - kept, allocated=aside - kept)
    return _allocated(desk.config, desk.items, stock, lines, ledger, desk.purchases, untold, probabilities)


def _allocated(
    config: PlanConfig,
    items: DeskItems,
    stock: StockPosition,
    lines: pd.DataFrame,
    ledger: OrderLedger,
    purchases: OpenPurchases,
    told: Integers,
    probabilities: tuple[float, ...],
) -> BackorderDesk:
    stocked = np.flatnonzero(stock.on_hand > 0)
    supply = _supply(stock, stocked, purchases, items.calendar.end_day)
    allocation = allocate(
        ledger,
        supply,
        np.minimum(stock.allocated, stock.on_hand),
        rule=config.allocation,
        whole_lines=config.whole_lines,
    )
    arrival, next_order = _same_reach(
        np.concatenate([np.ones((len(stocked), purchases.days)), purchases.arrival]),
        next_order_arrival(items.lead_times, items.restocked, items.calendar),
    )
    # Promises count days from the opening, and processing begins when the units are there.
    begins = items.calendar.end_day + config.processing_days
    promises = promise_days(
        allocation,
        supply,
        arrival,
        ledger.item,
        ledger.waiting - allocation.covered,
        next_order,
        np.maximum(ledger.wanted - begins, 0),
        np.where(told == NEVER, -1, told - begins),
        probabilities,
    )
    no_status = np.empty(0, dtype=np.int64)
    desk = BackorderDesk(
        config, items, stock, lines, told, ledger, purchases, stocked, supply, arrival, next_order, allocation,
        promises, no_status,
    )  # fmt: skip
    return replace(desk, status=line_status(ledger, _item_states(desk), desk.on_hand, allocation.covered))


def _supply(stock: StockPosition, stocked: Integers, purchases: OpenPurchases, as_of: int) -> Supply:
    """Stock on hand of the items in ``stocked``, then open purchase orders on the days on which they are expected."""
    place = purchases.frame["place"].to_numpy(np.int64)
    return Supply(
        item=np.concatenate([stocked, place]),
        day=np.concatenate([np.full(len(stocked), as_of), as_of + purchases.expected]),
        units=np.concatenate([stock.on_hand[stocked], purchases.frame["quantity"].to_numpy(float)]),
        rank=np.concatenate([np.zeros(len(stocked), dtype=np.int64), 1 + np.arange(len(place))]),
        on_hand=np.arange(len(stocked) + len(place)) < len(stocked),
    )


def _item_states(desk: BackorderDesk) -> ItemState:
    """What the statuses need to know of the items."""
    frame, items = desk.purchases.frame, desk.items
    on_order = _by_line(frame["place"].to_numpy(np.int64), frame["quantity"].to_numpy(float), len(items.keys))
    return ItemState(items.available_from, items.discontinued, items.restocked, on_order)


def _no_lines() -> pd.DataFrame:
    import pandas as pd

    columns = ("order_id", "sku", "location", "quantity", "ordered_on")
    return pd.DataFrame({name: [] for name in columns}).assign(place=np.empty(0, dtype=np.int64))


def _same_reach(arrival: Floats, next_order: Floats) -> tuple[Floats, Floats]:
    """Both distributions over as many days, their last day repeated."""
    days = max(arrival.shape[1], next_order.shape[1])
    first, second = (
        np.pad(table, ((0, 0), (0, days - table.shape[1])), mode="edge") for table in (arrival, next_order)
    )
    return first, second


def _by_line(line: Integers, units: Floats, m: int) -> Floats:
    return np.asarray(np.bincount(line, weights=units, minlength=m), dtype=np.float64)
