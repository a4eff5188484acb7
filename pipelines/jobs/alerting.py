"""Alerts: the exceptions of a plan in sentences, with units, money, a verb and a last date; worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.jobs.holding import HELD
from pipelines.trust import DEAD_DAYS, concerns_of, dead_stock
from replenishment.alerts import NO_DEADLINE, Exceptions, Outlook, find_exceptions, runs_out_at

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan
    from pipelines.jobs.projecting import Projection

__all__ = ["SEVERITIES", "alert_frame"]

Floats = npt.NDArray[np.float64]

SEVERITIES: Final = ("now", "soon", "watch")
# A forecast error of so many standard deviations is hardly chance (about 3 in 1,000).
_BIASED: Final = 3.0
# What the concerns tell that is an alert of its own here.
_TOLD_ELSEWHERE: Final = ("lead_time_drift", "dead_stock", "negative_stock")
_NEVER: Final = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class _Alert:
    """One alert. ``sku`` and ``location`` are empty where it is about a supplier or a table."""

    kind: str
    severity: str
    sku: str
    location: str
    supplier: str
    units: float
    money: float
    verb: str
    last_date: np.datetime64
    sentence: str


def alert_frame(made: Plan, seen: Projection, bias: Floats) -> pd.DataFrame:
    """Everything that someone should act on, the worst first: by severity, then by money, then by units.

    Parameters
    ----------
    bias : (n,) tracking signal of the forecasts of earlier runs, 0 where there is none.
    """
    import pandas as pd

    found = [*_of_items(made, seen), *_unseen(made), *_new(made), *_biased(made, bias), *_drifting(made), *_data(made)]
    rows = sorted(
        found,
        key=lambda a: (SEVERITIES.index(a.severity), -np.nan_to_num(a.money), -a.units, a.kind, a.sku, a.location),
    )
    names = list(_Alert.__dataclass_fields__)
    frame = pd.DataFrame([attrgetter(*names)(row) for row in rows], columns=names)
    return frame.astype({"units": np.float64, "money": np.float64, "last_date": "datetime64[s]"})


def _of_items(made: Plan, seen: Projection) -> Iterator[_Alert]:
    """The exceptions of single items."""
    outlook = _outlook(made, seen)
    out, price, cost = runs_out_at(outlook), _price(made), made.items["unit_cost"].to_numpy(float)
    supplier = made.items["supplier"].to_numpy(object)
    for each in find_exceptions(outlook):
        for k, item in enumerate(each.items.tolist()):
            worth = float(cost[item] if each.kind in ("cancel", "defer", "excess", "dead stock") else price[item])
            yield _told(made, seen, each, k, item, int(out[item]), worth, supplier[item])


def _outlook(made: Plan, seen: Projection) -> Outlook:
    stock, levels, policies = made.stock, made.levels, made.levels.policies
    position = stock.net + stock.on_order
    gone = np.char.startswith(made.why_held.astype(str), "discontinued")
    return Outlook(
        demand=seen.demand,
        arrivals=stock.arrivals,
        net_stock=stock.net,
        on_hand=stock.on_hand,
        excess=np.maximum(position - np.maximum(policies.order_up_to, 0.0), 0.0),
        order=made.orders.quantity,
        lot=np.maximum(policies.lot, policies.minimum),
        safety_stock=policies.safety_stock,
        lead_time=seen.lead_time,
        review=np.maximum(made.facts.review_periods, 1),
        stock_out_probability=levels.position.stock_out_probability,
        units_at_risk=levels.position.units_at_risk,
        wanted=(levels.demand_mean > 0) & ~gone,
        dead=dead_stock(made),
    )


def _told(
    made: Plan, seen: Projection, each: Exceptions, k: int, item: int, out: int, worth: float, supplier: Any
) -> _Alert:
    """One exception of one item, in words; ``worth`` : money a unit."""
    # What an order costs is no loss; what is lost without it is.
    at_stake = worth * float(made.levels.position.units_at_risk[item] if each.kind == "order" else each.units[k])
    day = _day(seen, int(each.last[k]))
    soon = 0 <= each.last[k] <= max(int(made.facts.review_periods[item]), 1)
    severity = "watch" if each.kind in ("excess", "dead stock") else "now" if soon else "soon"
    ordered = bool(made.stock.on_order[item] > 0)
    verb = _VERBS[each.kind] or ("expedite" if ordered else "order")
    sentence = _SENTENCES[each.kind](
        units=_n(each.units[k]),
        day=str(day),
        until=str(_day(seen, int(each.until[k]))) if each.until[k] < len(seen.openings) - 1 else "the weeks planned",
        verb=verb,
        order=_n(made.orders.quantity[item]),
        late=int(seen.lead_time[item]) > out,
        chance=f"{made.levels.position.stock_out_probability[item]:.0%}",
        wait=f" and {_n(-made.stock.net[item])} units wait" if made.stock.net[item] < 0 else "",
    )
    return _Alert(
        each.kind,
        severity,
        made.panel.skus[item],
        made.panel.locations[item],
        supplier if isinstance(supplier, str) else "",
        float(each.units[k]),
        at_stake,
        verb,
        day,
        sentence,
    )


_VERBS: Final = {
    "stocked out": "", "potential stock-out": "", "expedite": "expedite", "order": "order", "cancel": "cancel",
    "defer": "defer", "excess": "sell off", "dead stock": "clear",
}  # fmt: skip


def _order_sentence(**told: Any) -> str:
    if told["late"]:
        return f"Order {told['order']} now: it will come after stock runs out in the period of {told['until']}."
    return f"Order {told['order']} by {told['day']}: later, it comes after stock runs out."


_SENTENCES: Final[dict[str, Callable[..., str]]] = {
    "stocked out": lambda **t: f"Nothing is left{t['wait']}; {t['units']} will wait by the next arrival: {t['verb']}.",
    "potential stock-out": lambda **t: (
        f"Stock runs out with a chance of {t['chance']} before a new order can arrive, {t['units']} units short on "
        f"average: {t['verb']}."
    ),
    "expedite": lambda **t: (
        f"Stock is expected to run out in the period of {t['until']}, before the open order comes: {t['units']} units "
        "are needed sooner."
    ),
    "order": _order_sentence,
    "cancel": lambda **t: (
        f"{t['units']} units on order are above the order-up-to level: cancel them before {t['day']}, when they come."
    ),
    "defer": lambda **t: f"{t['units']} units come on {t['day']} and are not needed before {t['until']}: defer them.",
    "excess": lambda **t: f"{t['units']} units lie above the order-up-to level, and nothing on order can be cancelled.",
    "dead stock": lambda **t: f"{t['units']} units, and nobody asked for one in {DEAD_DAYS} days.",
}


def _unseen(made: Plan) -> Iterator[_Alert]:
    """Released orders that the ERP should show by now."""
    as_of = np.datetime64(made.panel.as_of, "D")
    for row in made.unseen.to_dict("records"):
        released = np.datetime64(row["released_at"][:10], "D")
        ordered = max(released, np.datetime64(row["order_date"], "D"))
        days = int((as_of - ordered).astype(int))
        if days < made.config.released_alert_days:
            continue
        text = (
            f"Order {row['po']} of {_n(row['quantity'])} was released on {released} and is neither in open_orders nor "
            f"in receipts: was it sent? `restock released forget {row['po']}` if not."
        )
        last = np.datetime64(row["arrival_date"], "s")
        money = float(row["quantity"]) * float(row["unit_cost"])
        place = (row["sku"], row["location"], row["supplier"])
        yield _Alert("released and not seen", "now", *place, float(row["quantity"]), money, "check", last, text)


def _new(made: Plan) -> Iterator[_Alert]:
    """Items without history for which a planner must decide."""
    for item in np.flatnonzero(made.never_demanded & (made.why_held != "")).tolist():
        if str(made.why_held[item]).startswith(("discontinued", *HELD)):
            continue
        first = made.items["available_from"].to_numpy().astype("datetime64[s]")[item]
        text = "Nothing was ever demanded: set available_from and a category to have it forecast, or order by hand."
        supplier = made.items["supplier"].to_numpy()[item]
        place = (made.panel.skus[item], made.panel.locations[item], supplier if isinstance(supplier, str) else "")
        yield _Alert("new item without history", "soon", *place, 0.0, float("nan"), "decide", first, text)


def _biased(made: Plan, bias: Floats) -> Iterator[_Alert]:
    """Items whose earlier forecasts erred to one side by more than chance."""
    for item in np.flatnonzero(np.abs(bias) > _BIASED).tolist():
        side = "more" if bias[item] > 0 else "less"
        text = (
            f"Demand was {side} than forecast by {abs(bias[item]):.1f} standard deviations over the last runs: look at "
            "its history, or give a forecast of your own."
        )
        units = float(made.levels.demand_mean[item])
        place = (made.panel.skus[item], made.panel.locations[item], "")
        money = units * float(_price(made)[item])
        yield _Alert("forecast biased", "watch", *place, units, money, "review", _NEVER, text)


def _drifting(made: Plan) -> Iterator[_Alert]:
    """Suppliers that don't keep their word on lead times."""
    cost = np.nan_to_num(made.items["unit_cost"].to_numpy(float))
    for drift in made.drifting:
        of = (made.items["supplier"] == drift.supplier).to_numpy()
        since = "" if np.isnat(drift.since) else f" since {drift.since}"
        text = (
            f"{drift.supplier} states {drift.stated:.0f} days and takes {drift.measured:.0f}{since}; {drift.items:,} "
            "items are planned with what was measured: agree on a new word."
        )
        units, money = float(made.stock.on_order[of].sum()), float((made.stock.on_order * cost)[of].sum())
        yield _Alert("lead time drifted", "watch", "", "", drift.supplier, units, money, "agree", _NEVER, text)


def _data(made: Plan) -> Iterator[_Alert]:
    """What can hardly be true in the tables."""
    for concern in concerns_of(made):
        if concern.severity == "worth knowing" or concern.code in _TOLD_ELSEWHERE:
            continue
        severity = "now" if concern.severity == "wrong" else "watch"
        text = concern.message[:1].upper() + concern.message[1:].removesuffix(".") + "."
        count = float(concern.count)
        yield _Alert("data suspicious", severity, "", "", "", count, float("nan"), "check", _NEVER, text)


def _price(made: Plan) -> Floats:
    """What a unit sells for, or costs where that is unknown; (n,)."""
    return np.asarray(made.items["unit_price"].fillna(made.items["unit_cost"]).to_numpy(float))


def _day(seen: Projection, opening: int) -> np.datetime64:
    if opening == NO_DEADLINE:
        return _NEVER
    return np.datetime64(int(seen.openings[min(opening, len(seen.openings) - 1)]), "D")


def _n(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 0.05 else f"{value:,.1f}"
