"""From the orders that the policies want to those that stand: earlier plans that hold, and what planners overrule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.config import PlanConfig
from pipelines.jobs.levels import expected_short
from pipelines.jobs.ordering import Orders
from pipelines.jobs.stages import Knowledge, Levels
from pipelines.memory import Memory
from pipelines.overrides import in_force
from replenishment.order_stability import keep_earlier

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.forecaster import DemandForecaster

__all__ = ["Settled", "settle_orders"]

Floats = npt.NDArray[np.float64]

# A hold that stands for good is not overruled by a quantity; these wait for a planner's word.
_PLANNER_MAY = ("nothing was ever demanded", "no lead time is known")


@dataclass(frozen=True, eq=False)
class Settled:
    """The orders that stand, and what became of every override in force."""

    orders: Orders
    overrides: pd.DataFrame


def settle_orders(
    known: Knowledge,
    found: Levels,
    forecaster: DemandForecaster,
    orders: Orders,
    why_held: npt.NDArray[np.object_],
    memory: Memory,
) -> Settled:
    """Keep what an earlier plan said where that is wanted, then carry out the overrides."""
    config = known.config
    if memory.before is not None and (config.frozen_days or config.order_stability):
        orders = _keep_earlier(known, found, orders, memory, config)
    return _override(known, found, forecaster, orders, why_held, memory)


def _keep_earlier(known: Knowledge, found: Levels, orders: Orders, memory: Memory, config: PlanConfig) -> Orders:
    before = memory.before
    if before is None or not before.has("planned_orders"):
        return orders
    as_of = np.datetime64(known.panel.as_of, "D")
    age = int((as_of - np.datetime64(before.as_of, "D")).astype(int))
    if age < 0:
        return orders
    days = as_of + known.days.delay[found.sources.choice.chosen].astype("timedelta64[D]")
    earlier = _planned_for(memory, known.panel.keys, days)
    frozen = (days - np.datetime64(before.as_of, "D")).astype(int) < config.frozen_days
    quantity, kept = keep_earlier(
        orders.quantity,
        np.where(found.held, np.nan, earlier),
        np.asarray(frozen),
        config.order_stability,
        found.facts.pack,
        found.levels.policies.minimum,
        found.levels.room,
    )
    words = {
        i: f"{_n(orders.quantity[i])} would be ordered; the plan of {before.as_of} said {_n(quantity[i])} for this day"
        + (", which is frozen" if frozen[i] else f", and a change of up to {config.order_stability:.0%} is not made")
        for i in np.flatnonzero(kept).tolist()
    }
    names = {i: "frozen" if frozen[i] else "kept" for i in words}
    return _with_quantities(orders, found, {i: float(quantity[i]) for i in words}, names, words)


def _planned_for(memory: Memory, keys: list[tuple[str, str]], days: npt.NDArray[np.datetime64]) -> Floats:
    """What the run before planned to order of each item on its day, less what was released of it; NaN if unknown."""
    before = memory.before
    if before is None:
        return np.full(len(keys), np.nan)
    items = before.frame("recommendations")[["sku", "location"]]
    known = set(items.itertuples(index=False, name=None))
    planned = _by_item_and_day(before.frame("planned_orders"))
    gone = _by_item_and_day(memory.released) if memory.released is not None else {}
    out = np.full(len(keys), np.nan)
    for i, (key, day) in enumerate(zip(keys, days, strict=True)):
        if key in known:
            out[i] = max(planned.get((*key, day), 0.0) - gone.get((*key, day), 0.0), 0.0)
    return out


def _by_item_and_day(lines: pd.DataFrame) -> dict[tuple[str, str, np.datetime64], float]:
    out: dict[tuple[str, str, np.datetime64], float] = {}
    days = lines["order_date"].to_numpy().astype("datetime64[D]")
    for sku, location, day, units in zip(lines["sku"], lines["location"], days, lines["quantity"], strict=True):
        out[sku, location, day] = out.get((sku, location, day), 0.0) + units
    return out


def _override(
    known: Knowledge,
    found: Levels,
    forecaster: DemandForecaster,
    orders: Orders,
    why_held: npt.NDArray[np.object_],
    memory: Memory,
) -> Settled:
    """Put the planners' quantities in place of the recommended ones, and say what that is expected to change."""
    import pandas as pd

    wanted = in_force(memory.overrides, memory.released, known.panel.as_of, known.config.override_days)
    place = {key: i for i, key in enumerate(known.panel.keys)}
    if wanted is not None:
        wanted = wanted[[(s, p) in place for s, p in zip(wanted["sku"], wanted["location"], strict=True)]]
    if wanted is None or not len(wanted):
        return Settled(orders, pd.DataFrame())
    rows = np.array([place[s, p] for s, p in zip(wanted["sku"], wanted["location"], strict=True)], dtype=np.int64)
    refused = [str(why_held[i]) if why_held[i] and not str(why_held[i]).startswith(_PLANNER_MAY) else "" for i in rows]
    carried = np.array([not why for why in refused], dtype=np.bool_)
    recommended = orders.quantity[rows]
    quantity = np.where(carried, wanted["quantity"].to_numpy(float), recommended)
    effects = _effects(found, forecaster, rows, recommended, quantity)
    words, names = {}, {}
    for k, i in enumerate(rows.tolist()):
        row = wanted.iloc[k]
        why = f": {row['why']}" if row["why"] else ""
        if carried[k]:
            names[i] = "override"
            words[i] = f"{row['by']} set {_n(quantity[k])} in place of {_n(recommended[k])}{why}"
        else:
            names[i], words[i] = "override refused", f"{row['by']} wanted {_n(row['quantity'])}{why}; {refused[k]}"
    settled = _with_quantities(orders, found, dict(zip(rows.tolist(), quantity.tolist(), strict=True)), names, words)
    frame = wanted[["sku", "location", "by", "at", "why"]].reset_index(drop=True)
    return Settled(settled, frame.assign(recommended=recommended, quantity=quantity, refused=refused, **effects))


def _effects(
    found: Levels, forecaster: DemandForecaster, rows: npt.NDArray[np.int64], recommended: Floats, quantity: Floats
) -> dict[str, Floats]:
    """What other quantities are expected to change by the end of the protection interval.

    ``backorders_change`` : units short. ``purchase_change`` : money for the order. ``holding_change`` : money for the
    stock left, held over one review interval. ``shortage_change`` : money for the units short. NaN where unknown.
    """
    facts, levels = found.facts, found.levels
    position = levels.position.effective[rows]
    both = np.stack([position + recommended, position + quantity], axis=1)
    short = np.concatenate(
        [expected_short(rows[[k]], forecaster, found.lead_times, facts, both[[k]]) for k in range(len(rows))]
    )
    fewer, more = short[:, 1] - short[:, 0], quantity - recommended
    review = np.maximum(facts.review_periods[rows], 1)
    price = found.items["unit_cost"].to_numpy(float)[rows]
    return {
        "backorders_change": fewer,
        "purchase_change": more * price,
        "holding_change": (more + fewer) * facts.holding_cost[rows] * review,
        "shortage_change": fewer * facts.shortage_cost[rows],
    }


def _with_quantities(
    orders: Orders, found: Levels, quantities: dict[int, float], names: dict[int, str], words: dict[int, str]
) -> Orders:
    """Replace the orders of some items; all of a new quantity comes from the item's own supplier."""
    quantity, notes, changes = orders.quantity.copy(), list(orders.notes), list(orders.changes)
    price = orders.unit_cost.copy()
    for i, text in words.items():
        notes[i], changes[i] = [*notes[i], text], [*changes[i], names[i]]
    changed = {i: units for i, units in quantities.items() if units != orders.quantity[i]}
    chosen = found.sources.choice.chosen
    own = found.sources.frame["unit_cost"].to_numpy(float)
    for i, units in changed.items():
        quantity[i], price[i] = units, own[chosen[i]]
    lines = [line for line in orders.lines if line[0] not in changed]
    lines += [(i, int(chosen[i]), units) for i, units in changed.items() if units > 0]
    return replace(orders, quantity=quantity, unit_cost=price, notes=notes, changes=changes, lines=sorted(lines))


def _n(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.2f}"
