"""Lead times from the nearest information: measured and weighted by evidence, or stated; one row an item."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar, date_to_day, day_to_date
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables
from pipelines.jobs.order_records import order_lines, order_records
from pipelines.quarantine import Findings
from replenishment.lead_times import (
    ItemBases,
    LeadTimeFit,
    LeadTimes,
    OpenDays,
    OrderRecords,
    SupplierLaw,
    closed_weekdays,
    fit_lead_times,
    gamma_reach,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEAD_TIME_FACTS",
    "Drift",
    "KnownLeadTimes",
    "drifting_suppliers",
    "gather_lead_times",
    "resolve_lead_times",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEAD_TIME_FACTS: Final = (
    "lead_time_source",
    "stated_lead_time_days",
    "stated_lead_time_sd_days",
    "measured_lead_time_days",
    "measured_lead_time_sd_days",
    "receipts",
    "purchase_orders",
    "lead_time_own_weight",
    "lead_time_supplier_weight",
    "lead_time_prior_weight",
    "lead_time_prior",
    "lead_time_changed_on",
    "lead_time_days_before",
    "lead_time_days_after",
    "promised_day_kept",
)
# A supplier whose receipts take longer or shorter than it states by this share (and two days) deserves a word.
LEAD_TIME_DRIFT: Final = 0.15
_LEAST_DRIFT_DAYS: Final = 2.0
# Fewer purchase orders than this say too little about a supplier's word.
_LEAST_ORDERS: Final = 3
# Days waited at openings before the order.
_NOT_PLACED: Final = -1
_NEVER: Final = np.datetime64("NaT", "D")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def resolve_lead_times(
    items: pd.DataFrame,
    tables: CheckedTables,
    config: PlanConfig,
    calendar: PeriodCalendar,
    delay: Integers | None = None,
) -> tuple[LeadTimes, pd.DataFrame, KnownLeadTimes]:
    """Choose each item's lead-time distribution from the nearest information.

    Exact periods win. Where the supplier has delivered before, the law is the item's own orders, its supplier's and
    what is stated or usual of all suppliers, each weighted by its evidence (``replenishment.lead_times``); an item
    that states another lead time than its supplier leaves that only by orders of its own. Without receipts what item,
    supplier or defaults state holds. An item without any gets 0 periods and the source "unknown"; the plan holds its
    orders.

    Parameters
    ----------
    delay : (n,) days from as_of until each order is placed, the same for all items of a supplier; default: none.

    Returns
    -------
    lead_times : in periods from the as-of opening, the delay included.
    facts : the columns LEAD_TIME_FACTS, one row an item, the delay left out. ``lead_time_source`` names what weighs
        most.
    known : what they were chosen from.
    """
    # Steps of one supplier's price differ in nothing here.
    terms = items[["sku", "location", "supplier", "lead_time_days", "lead_time_periods"]]
    first = np.flatnonzero(~terms.duplicated().to_numpy())
    of = terms.groupby(list(terms.columns), dropna=False, sort=False).ngroup().to_numpy().astype(np.int64)
    placed = np.zeros(len(items), dtype=np.int64) if delay is None else delay
    frame = items.iloc[first].reset_index(drop=True)
    known = gather_lead_times(frame, tables, config, calendar)
    lead_times, facts = _resolve(frame, known, tables, config, calendar, placed[first])
    return lead_times.take(of), facts.iloc[of].reset_index(drop=True), replace(known, of=of)


def _resolve(
    items: pd.DataFrame,
    known: KnownLeadTimes,
    tables: CheckedTables,
    config: PlanConfig,
    calendar: PeriodCalendar,
    delay: Integers,
) -> tuple[LeadTimes, pd.DataFrame]:
    import pandas as pd

    used = np.zeros(len(items), dtype=np.bool_)
    if known.fit is not None and config.lead_times == "nearest":
        used[known.measured_rows] = True
    facts = pd.DataFrame({"lead_time_source": _sources(items, known, used), **_stated_and_measured(known)})
    facts = facts.assign(**_weights(known, used), **_of_suppliers(known))[list(LEAD_TIME_FACTS)]
    if known.records is not None:
        _tell(tables.findings, known)
        _tell_drift(tables.findings, items["supplier"], facts)
    return _in_periods(known, used, calendar, delay), facts


@dataclass(frozen=True, eq=False)
class KnownLeadTimes:
    """What is known of the lead times of n items: stated days and their spread, exact periods (NaN where nothing is),
    the number of the supplier (-1 for none), names and clocks of the suppliers, and what the receipts say; ``of``: the
    row here of each row of the table that was resolved, in which several may say the same."""

    stated: Floats
    spread: Floats
    exact: Floats
    supplier: Integers
    names: list[str]
    clocks: list[OpenDays]
    records: OrderRecords | None = None
    fit: LeadTimeFit | None = None
    of: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def per_day(self) -> Floats:
        """Open days in a calendar day of each item's supplier; (n,)."""
        return np.array([clock.per_day for clock in self.clocks] + [1.0])[self.supplier]

    @property
    def measured_rows(self) -> Integers:
        """The items whose law comes from receipts; exact periods win."""
        rows = self.fit.rows if self.fit else np.empty(0, dtype=np.int64)
        return rows[np.isnan(self.exact[rows])]

    def law(self, number: int) -> SupplierLaw | None:
        """The law of a supplier, None where it has never delivered."""
        return self.fit.suppliers.get(int(number)) if self.fit else None


def gather_lead_times(
    items: pd.DataFrame, tables: CheckedTables, config: PlanConfig, calendar: PeriodCalendar
) -> KnownLeadTimes:
    """Gather what is known of the lead times of items (or offers): what is stated, and what the receipts say."""
    lines = order_lines(tables, items)
    own = {s for s in items["supplier"] if isinstance(s, str)}
    names = sorted(own | set(() if lines is None else lines["supplier"]))
    numbers = {name: k for k, name in enumerate(names)}
    stated = items["lead_time_days"].to_numpy(float)
    known = KnownLeadTimes(
        stated=stated,
        spread=np.where(np.isnan(stated), np.nan, items["lead_time_sd_days"].fillna(0.0).to_numpy(float)),
        exact=items["lead_time_periods"].to_numpy(float),
        supplier=np.array(
            [numbers.get(s, -1) if isinstance(s, str) else -1 for s in items["supplier"]], dtype=np.int64
        ),
        names=names,
        clocks=_clocks(names, lines, config, calendar.end_day),
    )
    if lines is None or not len(items):
        return known
    differs = (items["lead_time_days_from"] == "item").to_numpy() & ~np.isclose(
        stated, items["supplier_lead_time_days"].to_numpy(float)
    )
    bases = ItemBases(known.supplier, stated * known.per_day, known.spread * known.per_day, differs)
    records = order_records(lines, items, numbers, known.clocks, calendar.end_day)
    return replace(known, records=records, fit=fit_lead_times(records, bases))


def _clocks(names: list[str], lines: pd.DataFrame | None, config: PlanConfig, end_day: int) -> list[OpenDays]:
    """The open days of each supplier: weekdays on which receipts come, less announced shutdowns."""
    weekdays: tuple[int, ...] = ()
    if lines is not None:
        received = lines.drop_duplicates(["supplier", "po", "received_on"])["received_on"].dropna()
        day = received.to_numpy().astype("datetime64[D]").astype(np.int64)
        weekdays = closed_weekdays(day[day < end_day])
    return [
        OpenDays(
            weekdays,
            tuple((date_to_day(c.first), date_to_day(c.last)) for c in config.closed if c.supplier in (None, name)),
        )
        for name in names
    ]


def _sources(items: pd.DataFrame, known: KnownLeadTimes, used: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Name what weighs most in each item's lead time."""
    told = np.array([f"stated, {source or 'defaults'}" for source in items["lead_time_days_from"]], dtype=object)
    source = np.where(np.isnan(known.stated), "unknown", told)
    if known.fit is not None:
        prior = np.where(known.fit.prior_is_class, "measured, all suppliers", told)
        heaviest = np.stack([known.fit.own_weight, known.fit.supplier_weight, known.fit.prior_weight]).argmax(axis=0)
        measured = np.choose(heaviest, [np.full(len(items), "measured, item"), "measured, supplier", prior])
        source = np.where(used, measured, source)
    return np.asarray(np.where(np.isnan(known.exact), source, "stated in periods"), dtype=object)


def _stated_and_measured(known: KnownLeadTimes) -> dict[str, Any]:
    fit, n = known.fit, len(known.stated)
    nothing = np.full(n, np.nan)
    return {
        "stated_lead_time_days": known.stated,
        "stated_lead_time_sd_days": known.spread,
        "measured_lead_time_days": fit.measured_mean / known.per_day if fit else nothing,
        "measured_lead_time_sd_days": fit.measured_sd / known.per_day if fit else nothing,
        "receipts": fit.receipts if fit else np.zeros(n, dtype=np.int64),
    }


def _weights(known: KnownLeadTimes, used: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """What counts how much; ``lead_time_prior`` says what the prior is."""
    fit, n = known.fit, len(used)
    return {
        "lead_time_own_weight": np.where(used, fit.own_weight, 0.0) if fit else np.zeros(n),
        "lead_time_supplier_weight": np.where(used, fit.supplier_weight, 0.0) if fit else np.zeros(n),
        "lead_time_prior_weight": np.where(used, fit.prior_weight, 1.0) if fit else np.ones(n),
        "lead_time_prior": np.where(used & fit.prior_is_class, "all suppliers", "stated").astype(object)
        if fit
        else np.full(n, "stated", dtype=object),
    }


def _of_suppliers(known: KnownLeadTimes) -> dict[str, Any]:
    """What is known of each item's supplier: orders, its last break, and how often it kept the promised day."""
    laws = [known.law(k) for k in known.supplier]
    changes = [law.change if law else None for law in laws]
    kept = {k: _kept(known.records, law.rows) for k, law in known.fit.suppliers.items()} if known.fit else {}
    return {
        "purchase_orders": [law.orders if law else 0.0 for law in laws],
        "lead_time_changed_on": np.array([c.day if c else _NEVER for c in changes], dtype="datetime64[D]").astype(
            "datetime64[s]"
        ),
        "lead_time_days_before": np.array([c.before if c else np.nan for c in changes]) / known.per_day,
        "lead_time_days_after": np.array([c.after if c else np.nan for c in changes]) / known.per_day,
        "promised_day_kept": [kept.get(int(k), np.nan) for k in known.supplier],
    }


def _kept(records: OrderRecords | None, rows: Integers) -> float:
    """The share of promised lines that came on the very day; NaN where nothing was promised."""
    late = records.late[rows] if records is not None else np.empty(0)
    promised = late[np.isfinite(late)]
    return float((promised == 0).mean()) if len(promised) else np.nan


def _in_periods(
    known: KnownLeadTimes, used: npt.NDArray[np.bool_], calendar: PeriodCalendar, delay: Integers
) -> LeadTimes:
    """Wait the days out at openings, from the order day on; the clocks of the suppliers stand still on closed days.

    The law is that of the next order: a shutdown ahead makes it longer. Levels, and the simulation of a year, take it
    for every order.
    """
    days, spread = np.nan_to_num(known.stated), np.nan_to_num(known.spread)
    fit = known.fit if used.any() else None
    pauses = sum(last - first + 1 for clock in known.clocks for first, last in clock.periods)
    wait = pauses + int(delay.max(initial=0))
    slowest = min((clock.per_day for clock in known.clocks), default=1.0)
    # What is stated is overwritten where something is measured: a wild statement must not make the table wide.
    reach = gamma_reach(np.where(used, 0.0, days), np.where(used, 0.0, spread)).max(initial=0.0)
    count = int(calendar.openings_to_wait(max(float(reach), fit.reach / slowest + 7 if fit else 0.0) + wait)) + 2
    openings = calendar.openings_from(calendar.periods, count)

    def waits(rows: Integers, weekly: bool) -> Integers:
        # Stated days are calendar days: only announced shutdowns stretch them.
        clocks = [c if weekly else OpenDays((), c.periods) for c in (*known.clocks, OpenDays())]
        waited = np.empty((len(rows), count), dtype=np.int64)
        for number in np.unique(known.supplier[rows]):
            of = np.flatnonzero(known.supplier[rows] == number)
            placed = openings[0] + delay[rows[of[0]]]
            waited[of] = clocks[number].reading(openings) - clocks[number].reading(placed)
            waited[of, : np.searchsorted(openings, placed)] = _NOT_PLACED
        return waited

    everything = np.arange(len(days))
    steady = not any(clock.periods for clock in known.clocks) and not delay.any()
    stated = np.where(used, 0.0, days)
    out = LeadTimes.from_days(
        stated, np.where(used, 0.0, spread), openings - openings[0] if steady else waits(everything, weekly=False)
    )
    if fit is not None:
        kept = np.flatnonzero(used[fit.rows])
        measured = fit.lead_times(lambda rows: waits(rows, weekly=True))
        out = out.joined(measured.take(kept), fit.rows[kept])
    told = np.flatnonzero(~np.isnan(known.exact))
    exact = known.exact[told] + calendar.openings_to_wait(delay[told])
    return out.joined(LeadTimes.constant(exact), told) if len(told) else out


def _tell(findings: Findings, known: KnownLeadTimes) -> None:
    """Say what was found in the receipts, and what of them was left out."""
    records, fit = known.records, known.fit
    if records is None or fit is None:
        return
    closed = sorted({day for clock in known.clocks for day in clock.weekdays})
    if closed:
        text = f"nothing is received on {' and '.join(_WEEKDAYS[day] for day in closed)}; lead times wait them out"
        findings.notice("closed_weekdays", "receipts", text)
    if records.forgotten:
        text = f"{records.forgotten} lines open for more than three times the longest lead time are taken for forgotten"
        findings.notice("forgotten_orders", "receipts", text)
    if records.too_young:
        text = (
            f"no order is open in the tables, so long lead times of young orders are missing: {records.too_young} "
            "lines placed lately do not count; give open orders with ordered_on, or receipts with an empty received_on"
        )
        findings.notice("delivered_orders_only", "receipts", text)
    for number, law in sorted(fit.suppliers.items()):
        if law.change is not None:
            before, after = (days / known.clocks[number].per_day for days in (law.change.before, law.change.after))
            findings.notice(
                "lead_time_break",
                "receipts",
                f"supplier {known.names[number]} has become {'slower' if after > before else 'faster'} since "
                f"{day_to_date(law.change.day)}: {after:.1f} days on average, {before:.1f} before; only orders since "
                "then count",
            )


class Drift(NamedTuple):
    """A supplier that does not keep its word: days stated and measured (medians over its items), how many items they
    are, and since when, where a break was found (else NaT)."""

    supplier: str
    stated: float
    measured: float
    items: int
    since: np.datetime64


def drifting_suppliers(supplier: pd.Series[Any], facts: pd.DataFrame) -> list[Drift]:
    """Suppliers that take longer or shorter than they state by more than chance and a word's worth."""
    table = facts.assign(supplier=supplier.to_numpy())
    found = []
    for name, part in table[table["purchase_orders"] >= _LEAST_ORDERS].groupby("supplier"):
        stated, measured, spread = (
            float(part[column].median())
            for column in ("stated_lead_time_days", "measured_lead_time_days", "measured_lead_time_sd_days")
        )
        chance = 2.0 * spread / np.sqrt(float(part["purchase_orders"].iloc[0]))
        if abs(measured - stated) > max(LEAD_TIME_DRIFT * stated, _LEAST_DRIFT_DAYS, chance):
            since = part["lead_time_changed_on"].to_numpy().astype("datetime64[D]")[0]
            found.append(Drift(str(name), stated, measured, len(part), since))
    return found


def _tell_drift(findings: Findings, supplier: pd.Series[Any], facts: pd.DataFrame) -> None:
    told = [
        f"{each.supplier} states {each.stated:.0f} days and takes {each.measured:.0f}"
        for each in drifting_suppliers(supplier, facts)
    ]
    if told:
        more = f" and {len(told) - 5} more" if len(told) > 5 else ""
        findings.notice("lead_time_drift", "receipts", f"supplier {', '.join(told[:5])}{more}")
