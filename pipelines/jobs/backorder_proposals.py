"""What to do about backorders: order, expedite, defer, cancel, transfer, substitute; each with units, money, a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.jobs.backorder_desk import BackorderDesk
from pipelines.jobs.backorder_frames import days_to_dates, source_names
from replenishment.backorders.expediting import time_orders
from replenishment.backorders.promises import first_day
from replenishment.backorders.relief import Relief, Way, find_relief

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["find_alternatives", "proposal_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_COLUMNS: Final = (
    "action", "sku", "location", "supplier", "po", "from", "quantity", "money", "date", "last_date", "reason",
)  # fmt: skip
# Worst first: what helps those who wait, then what saves money.
_ACTIONS: Final = ("order", "expedite", "transfer", "substitute", "defer", "cancel")
# An order is worth a call to defer it when it is needed a fortnight or more after it comes.
_WORTH_DEFERRING: Final = 14
# No delivery is quicker than all but one in twenty of its like.
_QUICKEST: Final = 0.05
_NEARLY: Final = 1e-9


def proposal_frame(made: Plan, desk: BackorderDesk, relief: list[Relief]) -> pd.DataFrame:
    """One row a proposal, in the order in which they help those who wait.

    ``money`` : the price of the units that come sooner; for an order its cost, for a deferred one the holding cost
    saved, for a cancelled one the capital. ``date`` : when the units come, or should. ``last_date`` : the last day on
    which the proposal helps.
    """
    import pandas as pd

    rows = [*_orders(made, desk), *_purchase_orders(made, desk), *_relief(made, desk, relief)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("date", "last_date"):
        frame[name] = frame[name].astype("datetime64[s]")
    rank = frame["action"].map({name: k for k, name in enumerate(_ACTIONS)})
    order = np.lexsort((frame["po"].fillna("").astype(str), frame["location"], frame["sku"], -frame["money"], rank))
    return frame.iloc[order].reset_index(drop=True)


def _orders(made: Plan, desk: BackorderDesk) -> list[tuple[Any, ...]]:
    """New order lines of the plan for what nothing covers; what is uncovered and not ordered is said, too."""
    as_of, frame = desk.items.calendar.end_day, made.sources.frame
    uncovered = np.bincount(desk.ledger.item, weights=desk.uncovered, minlength=len(desk.items.keys))
    rows: list[tuple[Any, ...]] = []
    ordered = np.zeros(len(uncovered))
    for item, offer, units in made.orders.lines:
        short = uncovered[item] - ordered[item]
        if short <= _NEARLY:
            continue
        ordered[item] += units
        comes = int(first_day(desk.next_order[[item]], 0.5)[0])
        on = as_of + int(made.sources.days.delay[offer])
        reason = f"{short:,.0f} units wait that nothing covers; the rest raises the position to its level"
        rows.append(
            (
                "order", *desk.items.keys[item], frame["supplier"].iloc[offer], None, None, units,
                units * float(frame["unit_cost"].iloc[offer]), _date(as_of + comes), _date(on), reason,
            )
        )  # fmt: skip
    for item in np.flatnonzero(uncovered - ordered > _NEARLY).tolist():
        why = made.why_held[item] or ", ".join(made.orders.notes[item]) or "the plan orders none or less"
        left = float(uncovered[item] - ordered[item])
        reason = f"nothing covers them and the plan does not order them: {why}"
        supplier = made.items["supplier"].iloc[item]
        cost = left * float(made.items["unit_cost"].iloc[item])
        rows.append(("order", *desk.items.keys[item], supplier, None, None, left, cost, None, _date(as_of), reason))
    return rows


def _purchase_orders(made: Plan, desk: BackorderDesk) -> list[tuple[Any, ...]]:
    """Open orders that come too late (first), or are not needed when they come."""
    frame, as_of = desk.purchases.frame, desk.items.calendar.end_day
    place = frame["place"].to_numpy(np.int64)
    order = np.lexsort((np.arange(len(place)), desk.purchases.expected, place))
    item, arrives = place[order], desk.purchases.expected[order].astype(np.float64)
    rate = _rate(made)
    ends = np.where(made.held, 0.0, float(made.config.max_cover_days))
    timing = time_orders(
        item,
        arrives,
        frame["quantity"].to_numpy(float)[order],
        made.stock.net,
        rate,
        made.levels.policies.safety_stock,
        ends,
    )
    fastest = first_day(desk.next_order, _QUICKEST)
    names = source_names(desk)[len(desk.stocked) :]
    price, cost, rate_a_year = _prices(made)
    rows = []
    for k, line in enumerate(order.tolist()):
        i, supplier = int(item[k]), frame["supplier"].iloc[line]
        comes = as_of + int(arrives[k])
        who = (*desk.items.keys[i], supplier, names[line], None)
        if timing.short[k] > 0.5 and arrives[k] > 0:
            last = max(comes - max(int(fastest[i]), 1), as_of)
            units = float(np.ceil(timing.short[k]))
            reason = f"{units:,.0f} units are missing for up to {timing.short_days[k]:,.0f} days before it comes"
            missed = _date(comes - int(np.ceil(timing.short_days[k])))
            rows.append(("expedite", *who, units, units * price[i], missed, _date(last), reason))
        elif timing.surplus[k] >= 1:
            units = float(np.floor(timing.surplus[k]))
            reason = made.why_held[i] or f"not used up within {made.config.max_cover_days:,.0f} days"
            rows.append(("cancel", *who, units, units * cost[i], _date(comes), _date(comes - 1), reason))
        elif timing.needed_in[k] - arrives[k] >= _WORTH_DEFERRING:
            later = int(timing.needed_in[k])
            units = float(frame["quantity"].iloc[line])
            saved = units * cost[i] * rate_a_year[i] * (later - arrives[k]) / 365
            reason = f"stock lasts {later - arrives[k]:,.0f} days beyond its arrival"
            rows.append(("defer", *who, units, saved, _date(as_of + later), _date(comes - 1), reason))
    return rows


def find_alternatives(made: Plan, desk: BackorderDesk) -> list[Relief]:
    """Transfers and substitutes for lines that would otherwise wait, from what others can spare."""
    late = np.flatnonzero(desk.ledger.waiting - desk.on_hand > _NEARLY)
    ledger = desk.ledger
    late = late[np.lexsort((ledger.rank[late], ledger.ordered[late], ledger.item[late]))]
    late = late[ledger.wanted[late] <= ledger.as_of]
    day = desk.promises.line_day[late, 0]
    wait = np.where(day < 0, np.inf, day)
    # What others wait for, and what the giver itself must hold against its demand, is not to spare.
    free = np.zeros(len(desk.items.keys))
    free[desk.stocked] = desk.allocation.left[: len(desk.stocked)]
    spare = np.maximum(free - np.maximum(made.levels.policies.reorder_point, 0.0), 0.0)
    spare = np.where(made.held, free, spare)
    units = (ledger.waiting - desk.on_hand)[late]
    return find_relief(late, ledger.item[late], units, wait, _ways(desk, made), spare)


def _relief(made: Plan, desk: BackorderDesk, found: list[Relief]) -> list[tuple[Any, ...]]:
    """One row an item and way."""
    as_of, price = desk.items.calendar.end_day, _prices(made)[0]
    total: dict[tuple[int, Way], tuple[float, int]] = {}
    for each in found:
        key = (int(desk.ledger.item[each.line]), each.way)
        units, lines = total.get(key, (0.0, 0))
        total[key] = (units + each.units, lines + 1)
    rows = []
    for (item, way), (units, lines) in total.items():
        sku, location = desk.items.keys[item]
        giver, place = desk.items.keys[way.giver]
        action = "transfer" if giver == sku else "substitute"
        what = f"{units * way.ratio:,.0f} of {giver} at {place} are not needed there; they serve {lines} waiting lines"
        day = _date(as_of + way.days)
        rows.append(
            (
                action,
                sku,
                location,
                None,
                None,
                f"{giver} at {place}",
                units,
                units * price[item],
                day,
                _date(as_of),
                what,
            )
        )
    return rows


def _ways(desk: BackorderDesk, made: Plan) -> dict[int, list[Way]]:
    """Of each item: the same SKU elsewhere, the quickest first, then substitutes at the same place."""
    number = {key: k for k, key in enumerate(desk.items.keys)}
    found: dict[int, list[Way]] = {}
    transfers, substitutes = made.tables.get("transfers"), made.tables.get("substitutes")
    if transfers is not None:
        to_place: dict[str, list[tuple[float, str]]] = {}
        columns = (transfers[name].tolist() for name in ("from_location", "to_location", "lead_time_days"))
        for giver, receiver, days in zip(*columns, strict=True):
            to_place.setdefault(str(receiver), []).append((float(days), str(giver)))
        for (sku, place), k in number.items():
            others = [(number.get((sku, other)), days) for days, other in sorted(to_place.get(place, []))]
            found[k] = [Way(other, 1.0, int(np.ceil(days))) for other, days in others if other is not None]
    if substitutes is not None:
        several = "ratio" in substitutes.columns
        ratio = substitutes["ratio"].fillna(1.0).to_numpy(float) if several else np.ones(len(substitutes))
        pairs = sorted(zip(substitutes["sku"], substitutes["substitute"], ratio.tolist(), strict=True))
        instead: dict[str, list[tuple[str, float]]] = {}
        for sku, other, each in pairs:
            instead.setdefault(str(sku), []).append((str(other), each))
        for (sku, place), k in number.items():
            others = [(number.get((other, place)), each) for other, each in instead.get(sku, [])]
            found.setdefault(k, []).extend(Way(other, each, 0) for other, each in others if other is not None)
    return found


def _rate(made: Plan) -> Floats:
    """Mean demand of each item in units a day over its protection interval."""
    periods = np.maximum(made.levels.lead_time_mean + made.facts.review_periods, 1.0)
    return np.asarray(made.levels.demand_mean / periods / made.panel.calendar.frequency.mean_days)


def _prices(made: Plan) -> tuple[Floats, Floats, Floats]:
    """Selling price (else cost), cost and holding rate a year of each item; 0 where unknown."""
    cost = made.items["unit_cost"].fillna(0.0).to_numpy(float)
    price = made.items["unit_price"].to_numpy(float)
    rate = made.items["holding_rate"].fillna(0.0).to_numpy(float)
    return np.where(np.isnan(price), cost, price), cost, rate


def _date(day: int) -> Any:
    return days_to_dates(np.array([day]))[0]
