"""The frames of a plan: recommendations with status and reason, policy, forecast, and the summary."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from forecasting.choice import NEWCOMERS
from pipelines.config import LearnedCorrection
from pipelines.jobs.holding import HELD
from pipelines.jobs.lead_times import LEAD_TIME_FACTS
from pipelines.jobs.levels import QUANTILES
from pipelines.jobs.lost_sales import at_least_cost_when_lost
from pipelines.jobs.order_frames import describe_orders
from pipelines.jobs.remembering import released_units
from replenishment.lost_sales_orders import REVIEWS_AHEAD

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan
    from replenishment.simulation.results import SimulationResult

__all__ = ["STATUSES", "describe_plan", "forecast_frame", "policy_frame", "recommendation_frame"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Worst first.
STATUSES: Final = (
    "stocked out",
    "potential stock-out",
    "needs planner",
    "surplus on order",
    "excess",
    "discontinued",
    "new",
    "on hold",
    "fine",
)
# Tables and columns that a later version will act on: whoever fills them must not believe that they already count.
_NOT_USED_YET: Final = (
    "known_ahead.price",
    "known_ahead.promotion",
    "events",
)
# What the policy frame takes over from the items as it was resolved.
_ITEM_COLUMNS: Final = (
    *LEAD_TIME_FACTS,
    "order_cost",
    "holding_rate",
    "unit_cost",
    "moq",
    "pack_size",
    "max_stock",
)


def recommendation_frame(made: Plan) -> pd.DataFrame:
    """One row an item: what to order, when it comes, and why."""
    import pandas as pd

    items, levels, stock = made.items, made.levels, made.stock
    policies, panel = levels.policies, made.panel
    held, why_held = made.held, made.why_held
    orders, choice = made.orders, made.sources.choice
    order = orders.quantity
    wait = made.sources.days.delay[choice.chosen].astype("timedelta64[D]")
    position = stock.net + stock.on_order
    excess = np.maximum(position - np.maximum(policies.order_up_to, 0.0), 0.0)
    status = _status(made, why_held, excess)
    unit_cost = orders.unit_cost
    never = np.datetime64("NaT", "s")
    return pd.DataFrame(
        {
            "sku": panel.skus,
            "location": panel.locations,
            "supplier": items["supplier"].to_numpy(),
            "status": status,
            "order_quantity": order,
            "need": np.where(held, 0.0, levels.need),
            "order_date": np.where(order > 0, (np.datetime64(panel.as_of, "D") + wait).astype("datetime64[s]"), never),
            "arrival_date": _opening_dates(made, np.rint(levels.lead_time_mean).astype(np.int64), order > 0),
            "reorder_point": policies.reorder_point,
            "order_up_to": policies.order_up_to,
            "safety_stock": policies.safety_stock,
            "economic_order_quantity": levels.economic_lot,
            "on_hand": stock.on_hand,
            "on_order": stock.on_order,
            "released": released_units(made.unseen, panel.keys),
            "next_arrival_date": _opening_dates(made, stock.next_arrival, stock.next_arrival >= 0),
            "backordered": stock.backordered,
            "allocated": stock.allocated,
            "inventory_position": position,
            "position_in_time": levels.position.effective,
            "demand_mean": levels.demand_mean,
            "demand_quantile": levels.quantiles[:, QUANTILES.index(0.95)],
            "days_of_cover": _days_of_cover(made, stock.net),
            "days_of_cover_after": _days_of_cover(made, position + order),
            "excess": excess,
            "stock_out_probability": levels.position.stock_out_probability,
            "units_at_risk": levels.position.units_at_risk,
            "expected_backorder_rate": policies.expected_backorder_rate,
            "unit_cost": unit_cost,
            "order_value": order * unit_cost,
            "adjustment": [", ".join(dict.fromkeys(changes)) for changes in orders.changes],
            "supplier_reason": choice.why,
            "supplier_cost": choice.cost,
            "alternative_supplier": choice.alternative,
            "alternative_cost": choice.alternative_cost,
            "priority": _priority(made, status),
            "reason": _reasons(made, order, held, why_held),
            "rule": items["rule"].to_numpy(),
            "model": made.forecaster.choice_["model"].to_numpy(),
        }
    )


def _status(made: Plan, why_held: npt.NDArray[np.object_], excess: Floats) -> npt.NDArray[np.str_]:
    """The status of each item from the projection over its lead time: the first case that holds."""
    stock, levels = made.stock, made.levels
    wanted = levels.demand_mean > 0
    lot = np.maximum(levels.policies.lot, levels.policies.minimum)
    cases: dict[str, Flags] = {
        "discontinued": np.char.startswith(why_held.astype(str), "discontinued"),
        "needs planner": np.char.startswith(why_held.astype(str), "no lead time"),
        # One that was declared new is ordered like any other.
        "new": made.never_demanded & (why_held != ""),
        "stocked out": (stock.net <= 0) & wanted,
        "potential stock-out": (levels.position.stock_out_probability > 0.5) & wanted,
        "surplus on order": (excess > lot) & (stock.on_order > 0),
        "excess": excess > lot,
        "on hold": np.array([str(why).startswith(HELD) for why in why_held], dtype=np.bool_),
    }
    return np.select(list(cases.values()), list(cases), "fine").astype(np.str_)


def _priority(made: Plan, status: npt.NDArray[np.str_]) -> Integers:
    """Rank items from 1 on: the worst status first, then by the money at risk over the protection interval."""
    items = made.items
    price = items["unit_price"].fillna(items["unit_cost"]).fillna(1.0).to_numpy(float)
    risk = made.levels.position.units_at_risk * price
    badness = np.array([STATUSES.index(name) for name in status], dtype=np.int64)
    priority = np.empty(len(items), dtype=np.int64)
    priority[np.lexsort((np.arange(len(items)), -risk, badness))] = np.arange(1, len(items) + 1)
    return priority


def _opening_dates(made: Plan, ahead: Integers, known: Flags) -> npt.NDArray[np.datetime64]:
    """Date the opening that lies ``ahead`` periods after as_of; NaT where it is not ``known``."""
    calendar = made.panel.calendar
    openings = calendar.openings_from(calendar.periods, int(ahead.max(initial=0)) + 1)
    dates = openings[np.maximum(ahead, 0)].astype("datetime64[D]").astype("datetime64[s]")
    return np.where(known, dates, np.datetime64("NaT", "s"))


def _days_of_cover(made: Plan, units: Floats) -> Floats:
    """How many days of mean demand ``units`` last; NaN without demand."""
    periods = made.levels.lead_time_mean + np.maximum(made.facts.review_periods, 1)
    daily = made.levels.demand_mean / (periods * made.panel.calendar.frequency.mean_days)
    cover = np.full(len(units), np.nan)
    return np.asarray(np.divide(np.maximum(units, 0.0), daily, out=cover, where=daily > 0))


class _Line(NamedTuple):
    """What the reason of one order line is made of; quantities in units."""

    order: float
    held: bool
    why_held: str
    need: float
    position: float
    reorder_point: float
    order_up_to: float
    kind: str
    lot: float
    minimum: float
    safety_stock: float
    exceeds: bool
    in_time: float
    overdue: float
    lost: bool
    cheapest: bool
    unpriced: bool
    notes: list[str]
    wanted: float


def _reasons(made: Plan, order: Floats, held: Flags, why_held: npt.NDArray[np.object_]) -> list[str]:
    """One sentence an item."""
    levels, policies = made.levels, made.levels.policies
    columns: tuple[npt.NDArray[Any], ...] = (
        order,
        held,
        why_held,
        levels.need,
        levels.position.effective,
        policies.reorder_point,
        policies.order_up_to,
        policies.kind,
        policies.lot,
        policies.minimum,
        policies.safety_stock,
        levels.exceeds_maximum,
        levels.position.in_time,
        made.stock.overdue,
        made.facts.lost,
        at_least_cost_when_lost(made.facts) & (policies.kind == "order_up_to"),
        ~(made.facts.holding_cost > 0),
    )
    rows = zip(*(column.tolist() for column in columns), made.orders.notes, levels.order.tolist(), strict=True)
    return [_reason(_Line(*row)) for row in rows]


def _reason(line: _Line) -> str:
    if line.held:
        return "; ".join([line.why_held, *line.notes])
    parts = [_decision(line), *line.notes]
    if line.lost and not line.cheapest and abs(line.position - line.in_time) > 1e-9:
        parts.append("demand that is lost before the order arrives is not ordered")
    elif not line.lost and line.position < line.in_time - 1e-9:
        counted = f"{_n(line.in_time)} in time count as {_n(line.position)}"
        parts.append(f"an open order inside the protection interval comes late: {counted}")
    if line.overdue > 0:
        parts.append(f"{_n(line.overdue)} units are overdue and expected at the next opening")
    if line.unpriced and line.order > 0:
        parts.append("no economic lot without a unit cost and a holding rate above 0")
    if line.exceeds:
        parts.append("even the smallest order exceeds max_stock")
    if line.safety_stock < 0:
        parts.append("safety stock is negative: the lot alone meets the target")
    return "; ".join(parts)


def _decision(line: _Line) -> str:
    """Where the position stands against its level, and what follows."""
    if line.cheapest:
        return _cheapest(line)
    up_to = line.kind == "order_up_to"
    name, units = ("order-up-to level", line.order_up_to) if up_to else ("reorder point", line.reorder_point)
    position, level = f"position {_n(line.position)}", f"the {name} {_n(units)}"
    if line.notes and (line.order != line.wanted or line.order <= 0 < line.need):
        wanted = f"{_n(line.wanted)} wanted (need {_n(line.need)})" if line.wanted > 0 else f"need {_n(line.need)}"
        below = ("below" if up_to else "at or below") if line.need > 0 else "above"
        return f"{position} is {below} {level}: {wanted}, order {_n(line.order)}"
    if line.order <= 0 < line.need:
        return f"{position} is {'below' if up_to else 'at or below'} {level}, but max_stock leaves no room for an order"
    if line.order <= 0:
        return f"{position} {'reaches' if up_to else 'is above'} {level}"
    lots = f", lots of {_n(line.lot)}" if line.lot > 1 else ""
    minimum = f", minimum {_n(line.minimum)}" if line.minimum > 0 else ""
    order = f"order {_n(line.order)} (need {_n(line.need)}{lots}{minimum})"
    return f"{position} is {'below' if up_to else 'at or below'} {level}: {order}"


def _cheapest(line: _Line) -> str:
    """What costs least where stock was followed along sample paths; the level alone doesn't decide."""
    why = (
        f"least cost from its arrival over {REVIEWS_AHEAD} reviews, stock and lost sales followed on every sample path"
    )
    if line.need <= 0:
        return f"no order: {why}"
    if line.order <= 0 and not line.notes:
        return f"need {_n(line.need)}, but max_stock leaves no room for an order"
    minimum = f", minimum {_n(line.minimum)}" if line.minimum > 0 else ""
    lots = f", lots of {_n(line.lot)}" if line.lot > 1 else ""
    wanted = f"{_n(line.wanted)} wanted, " if line.order != line.wanted else ""
    return f"{wanted}order {_n(line.order)} (need {_n(line.need)}{lots}{minimum}): {why}"


def _n(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.2f}"


def policy_frame(made: Plan) -> pd.DataFrame:
    """One row an item: how reorder point, level and lot came about."""
    import pandas as pd

    items, levels, policies = made.items, made.levels, made.levels.policies
    return pd.DataFrame(
        {
            "sku": made.panel.skus,
            "location": made.panel.locations,
            "policy": policies.kind,
            "measure": items["measure"].to_numpy(),
            "target": items["target"].to_numpy(),
            "target_asked": made.facts.target,
            "unmet_demand": items["unmet_demand"].to_numpy(),
            "patience_days": items["patience_days"].where(items["unmet_demand"] == "mixed").to_numpy(),
            "rule": items["rule"].to_numpy(),
            "reorder_point": policies.reorder_point,
            "raise_to": policies.raise_to,
            "order_up_to": policies.order_up_to,
            "lot": policies.lot,
            "minimum": policies.minimum,
            "safety_stock": policies.safety_stock,
            "fractile": policies.fractile,
            "economic_order_quantity": levels.economic_lot,
            "expected_backorder_rate": policies.expected_backorder_rate,
            "expected_ready_rate": policies.expected_ready_rate,
            "expected_stock": policies.expected_stock,
            "review_periods": made.facts.review_periods,
            "days_to_order_day": made.sources.days.delay[made.sources.choice.chosen],
            "lead_time_periods": levels.lead_time_mean,
            "protection_periods": levels.lead_time_mean + made.facts.review_periods,
            **{name: items[name].to_numpy() for name in _ITEM_COLUMNS},
        }
    )


def forecast_frame(made: Plan) -> pd.DataFrame:
    """One row an item: its class, its model and why, and the distribution of demand over the protection interval."""
    import pandas as pd

    from forecasting.panel import CellStatus

    levels, status = made.levels, made.panel.status
    columns: dict[str, Any] = {
        "protection_periods": levels.lead_time_mean + made.facts.review_periods,
        "demand_mean": levels.demand_mean,
        "demand_sd": levels.demand_sd,
    }
    columns |= {f"q{p:g}": levels.quantiles[:, k] for k, p in enumerate(QUANTILES)}
    columns |= {f"periods_{s.name.lower()}": (status == s).sum(axis=1) for s in CellStatus}
    columns["mean_interval"] = np.where(
        np.isfinite(made.forecaster.summary_.mean_interval), made.forecaster.summary_.mean_interval, np.nan
    )
    columns["size_cv2"] = made.forecaster.summary_.size_cv2
    return pd.concat([made.forecaster.parameters(), pd.DataFrame(columns)], axis=1)


def describe_plan(made: Plan, recommendations: pd.DataFrame, simulated: SimulationResult | None) -> dict[str, Any]:
    """The plan in numbers: counts, money, promised and simulated backorder rate, warnings."""
    report, levels = made.panel.report, made.levels
    demand = levels.demand_mean / np.maximum(levels.lead_time_mean + made.facts.review_periods, 1.0)
    # Items without any demand in history are reported apart.
    weight = np.where(made.held | made.never_demanded, 0.0, demand)
    promised = float(np.average(levels.policies.expected_backorder_rate, weights=weight)) if weight.sum() > 0 else 0.0
    value = recommendations["order_value"]
    summary: dict[str, Any] = {
        "as_of": str(made.panel.as_of),
        "frequency": made.panel.calendar.frequency.code,
        "periods": made.panel.calendar.periods,
        "items": len(recommendations),
        "sales_rows": report.rows_read,
        "sales_rows_used": report.rows_used,
        "sales_rows_after_as_of": report.rows_after_as_of,
        "sales_rows_in_partial_period": report.rows_in_partial_period,
        "periods_without_a_row": report.cells_without_a_row,
        "sales_rows_by_fate": made.fates,
        "rows_quarantined": len(made.tables.findings.rows),
        "order_lines": int((recommendations["order_quantity"] > 0).sum()),
        "order_units": float(recommendations["order_quantity"].sum()),
        "order_value": float(value.sum()) if value.notna().any() else None,
        "backordered_units": float(made.stock.backordered.sum()),
        "target_backorder_rate": _target_rate(made, weight),
        "expected_backorder_rate": promised,
        "simulated_backorder_rate": None,
        "simulated_backorder_rate_se": None,
        "statuses": {s: int(n) for s in STATUSES if (n := (recommendations["status"] == s).sum())},
        "models": {str(k): int(v) for k, v in made.forecaster.choice_["model"].value_counts().sort_index().items()},
        "warnings": list(made.tables.findings.warnings),
        "notices": [vars(notice) for notice in made.tables.findings.notices],
    }
    if simulated is not None:
        summary["simulated_backorder_rate"] = simulated.total["backorder_rate"]
        summary["simulated_backorder_rate_se"] = simulated.total["backorder_rate_se"]
        summary["simulated_mean_stock"] = simulated.total["mean_stock"]
    if isinstance(learned := made.config.correction, LearnedCorrection):
        summary["correction"] = learned.model_dump()
    if made.asked is not None:
        summary["correction"] = {"online": asdict(made.asked)}
    summary["warnings"] += _gaps(made, recommendations)
    return summary | _fallbacks(made, recommendations) | describe_orders(made)


def _fallbacks(made: Plan, recommendations: pd.DataFrame) -> dict[str, Any]:
    """How many items could not be planned as configured, and whether these are more than may go unnoticed."""
    alive = ~recommendations["status"].isin(["discontinued", "on hold"]).to_numpy()
    asked = made.forecaster.choice_["reason"] != "set by configuration"
    plain = asked & made.forecaster.choice_["model"].isin(["moving_average", NEWCOMERS])
    without = (made.items["lead_time_source"] == "unknown").to_numpy() | plain.to_numpy()
    count = int((alive & without).sum())
    return {
        "items_fallen_back": count,
        "flagged": count > made.config.max_fallback_fraction * max(int(alive.sum()), 1),
    }


def _target_rate(made: Plan, weight: Floats) -> dict[str, float] | None:
    """The items' targets as backorder rates: mean by demand, least and most; None where one binds something else.

    Without it a promise above the configured target would look like a broken one where rules set higher ones.
    """
    counted = np.flatnonzero(weight > 0)
    measure, target = made.facts.measure[counted], made.items["target"].to_numpy(float)[counted]
    if not len(counted) or not np.isin(measure, ("backorder_rate", "fill_rate")).all():
        return None
    rate = np.where(measure == "fill_rate", 1.0 - target, target)
    mean = float(np.average(rate, weights=weight[counted]))
    return {"mean": mean, "least": float(rate.min()), "most": float(rate.max())}


def _gaps(made: Plan, recommendations: pd.DataFrame) -> list[str]:
    """What a reader must know about what was not there, or was there and not used."""
    texts = []
    missing = int((~made.stock.counted & ~made.held).sum())
    if missing:
        texts.append(f"stock: {missing} items have no row; their stock on hand is taken as 0")
    lines = recommendations["order_quantity"] > 0
    unpriced = int((lines & recommendations["order_value"].isna()).sum())
    if unpriced:
        texts.append(f"items: {unpriced} order lines have no unit cost; the order value leaves them out")
    unused = [name for name in _NOT_USED_YET if _filled(made, *name.split("."))]
    if unused:
        texts.append(f"read and checked, but not used by the plan yet: {', '.join(unused)}")
    return texts


def _filled(made: Plan, table: str, column: str | None = None) -> bool:
    frame = made.tables.get(table)
    if frame is None or column is None:
        return frame is not None and len(frame) > 0
    return column in frame.columns and bool(frame[column].notna().any())
