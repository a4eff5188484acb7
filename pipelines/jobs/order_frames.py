"""The frames of what is ordered: lines by supplier, and the next-pack list."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["describe_orders", "next_packs_frame", "order_lines_frame"]


def order_lines_frame(made: Plan) -> pd.DataFrame:
    """One row for each item and supplier with an order: what a purchase order is made of."""
    import pandas as pd

    rows = made.orders.lines
    item = np.array([row[0] for row in rows], dtype=np.int64)
    offer = np.array([row[1] for row in rows], dtype=np.int64)
    units = np.array([row[2] for row in rows], dtype=np.float64)
    price = made.sources.frame["unit_cost"].to_numpy(float)[offer]
    as_of = np.datetime64(made.panel.as_of, "D")
    ordered = as_of + made.sources.days.delay[offer].astype("timedelta64[D]")
    calendar = made.panel.calendar
    ahead = np.rint(made.sources.lead_times.mean()).astype(np.int64)[offer]
    openings = calendar.openings_from(calendar.periods, int(ahead.max(initial=0)) + 1)
    return pd.DataFrame(
        {
            "sku": np.array(made.panel.skus, dtype=object)[item],
            "location": np.array(made.panel.locations, dtype=object)[item],
            "supplier": made.sources.frame["supplier"].to_numpy()[offer],
            "order_date": ordered.astype("datetime64[s]"),
            "arrival_date": openings[ahead].astype("datetime64[D]").astype("datetime64[s]"),
            "order_quantity": units,
            "unit_cost": price,
            "order_value": units * price,
        }
    )


def next_packs_frame(made: Plan) -> pd.DataFrame:
    """One row for each step of an order, the one worth most for its money first.

    ``pack_number`` : packs of the item up to and with this step. ``worth`` : backorders avoided times the shortage cost
    (or margin). ``cumulative_cost`` : money spent with this step; what is above the budget is not within it.
    """
    import pandas as pd

    packs = made.orders.packs
    item, pack = packs.item, made.facts.pack
    return pd.DataFrame(
        {
            "sku": np.array(made.panel.skus, dtype=object)[item],
            "location": np.array(made.panel.locations, dtype=object)[item],
            "supplier": made.items["supplier"].to_numpy()[item],
            "pack_number": packs.number / np.where(pack > 0, pack, 1.0)[item],
            "units": packs.units,
            "cost": packs.cost,
            "backorders_avoided": packs.avoided,
            "per_money": packs.per_money,
            "worth": packs.avoided * made.facts.shortage_cost[item],
            "cumulative_cost": packs.cumulative_cost,
            "within_budget": packs.within_budget,
        }
    )


def describe_orders(made: Plan) -> dict[str, Any]:
    """What bound several items at once: suppliers' minimums, the budget, one target for all."""
    summary: dict[str, Any] = {"supplier_orders": [asdict(total) for total in made.orders.totals]}
    if made.config.budget is not None:
        owned = (made.items["ownership"] != "consigned").to_numpy()
        spent = np.nansum((made.orders.quantity * made.orders.unit_cost)[owned])
        summary["budget"] = {
            "budget": made.config.budget,
            "spent": float(spent),
            "wanted": float(made.orders.packs.cost.sum()),
            "backorders_avoided_by_one_more_unit_of_money": made.orders.packs.multiplier,
        }
    if made.total is not None:
        summary["total_target"] = _total_target(made)
    return summary


def _total_target(made: Plan) -> dict[str, Any]:
    """What the total comes to and what each class of demand gets of it."""
    import pandas as pd

    total, levels, policies = made.total, made.levels, made.levels.policies
    if total is None:
        return {}
    inside = total.inside
    rate = levels.demand_mean / np.maximum(levels.lead_time_mean + made.facts.review_periods, 1.0)
    price = made.items["unit_cost"].to_numpy(float)
    frame = pd.DataFrame(
        {
            "class": made.forecaster.choice_["class"].to_numpy(),
            "demand": rate,
            "short": rate * policies.expected_backorder_rate,
            "stock_value": policies.expected_stock * np.where(price > 0, price, np.nan),
        }
    )[inside]
    by_class = frame.groupby("class").agg(
        items=("demand", "size"), demand=("demand", "sum"), short=("short", "sum"), stock_value=("stock_value", "sum")
    )
    demand = float(frame["demand"].sum())
    return {
        "promised": float(frame["short"].sum() / demand) if demand > 0 else 0.0,
        "reached": total.reached,
        "backorders_avoided_by_one_more_unit_of_stock_value": total.multiplier,
        "classes": {
            str(name): {
                "items": int(row["items"]),
                "demand_a_period": float(row["demand"]),
                "backorder_rate": float(row["short"] / row["demand"]) if row["demand"] > 0 else 0.0,
                "stock_value": float(row["stock_value"]),
            }
            for name, row in by_class.iterrows()
        },
    }
