"""Which supplier delivers each item: by priority or by the cost of a year, with what the next best would cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.jobs.lead_times import KnownLeadTimes
from pipelines.jobs.levels import ItemFacts, LevelResults
from pipelines.jobs.offers import Offers
from pipelines.jobs.order_days import OrderDays
from replenishment.lead_times import LeadTimes
from replenishment.sourcing import can_deliver, choose_offers, cost_per_year

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Choice", "Sources", "choose_suppliers"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Choice:
    """The chosen offer of each of n items, and what it was held against.

    Attributes
    ----------
    chosen : (n,) row of the offers. ranked : rows of the offers of each item, one a supplier, best first.
    cost : (n,) money a year of the chosen offer, NaN where unknown. alternative : (n,) supplier of the next best offer
        of another supplier, "" without. alternative_cost : (n,) what that one would cost. why : (n,) in words.
    """

    chosen: Integers
    ranked: list[list[int]]
    cost: Floats
    alternative: npt.NDArray[np.object_]
    alternative_cost: Floats
    why: npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Sources:
    """All offers of a plan, with the lead time (and what it rests on) and order day of each, and which were chosen."""

    frame: pd.DataFrame
    lead_times: LeadTimes
    known: KnownLeadTimes
    days: OrderDays
    choice: Choice


def choose_suppliers(
    offers: Offers, frame: pd.DataFrame, facts: ItemFacts, levels: LevelResults, by_priority: bool
) -> Choice:
    """Rank the offers of each item by what they cost with the policy that each of them needs.

    A price that holds from a quantity which the supplier can't deliver until the next review is no offer.

    Parameters
    ----------
    frame : the offers with their lead-time facts. facts, levels : of each offer. by_priority : see
        :func:`replenishment.sourcing.choose_offers`.
    """
    delivered = can_deliver(offers.most_at_a_review(facts.review_periods), facts.pack, facts.minimum)
    usable = (frame["lead_time_source"] != "unknown").to_numpy() & delivered
    cost = _cost(frame, facts, levels)
    order, first = choose_offers(offers.item, usable, offers.priority, cost, by_priority)
    supplier = frame["supplier"].to_numpy()
    ranked = [_one_a_supplier(part, supplier, usable) for part in np.split(order, first[1:])] if len(order) else []
    chosen = np.array([rows[0] for rows in ranked], dtype=np.int64)
    n = len(chosen)
    alternative, other, why = np.full(n, "", dtype=object), np.full(n, np.nan), np.full(n, "", dtype=object)
    for i, rows in enumerate(ranked):
        if len(rows) > 1:
            best = min(rows[1:], key=lambda row: (np.isnan(cost[row]), cost[row]))
            alternative[i], other[i] = supplier[best], cost[best]
            why[i] = _why(rows, cost, offers.priority, by_priority)
    return Choice(chosen, ranked, cost[chosen], alternative, other, why)


def _cost(frame: pd.DataFrame, facts: ItemFacts, levels: LevelResults) -> Floats:
    """Money a year of each offer under its own policy; unknown without a unit cost."""
    periods = np.maximum(levels.lead_time_mean + facts.review_periods, 1.0)
    per_period = levels.demand_mean / periods
    policies = levels.policies
    usual = np.maximum(np.maximum(policies.lot, policies.minimum), per_period * facts.review_periods)
    price = frame["unit_cost"].to_numpy(float)
    demand = per_period * facts.periods_per_year
    return cost_per_year(
        demand,
        np.where(price > 0, price, np.nan),
        usual,
        facts.order_cost,
        policies.expected_stock,
        frame["holding_rate"].to_numpy(float),
        demand * policies.expected_backorder_rate,
        facts.shortage_cost,
    )


def _one_a_supplier(rows: Integers, supplier: npt.NDArray[np.object_], usable: npt.NDArray[np.bool_]) -> list[int]:
    """The best offer of each supplier; those that can't be used only where there is no other."""
    seen: dict[str, int] = {}
    for row in rows.tolist():
        seen.setdefault(supplier[row], row)
    kept = list(seen.values())
    return [row for row in kept if usable[row]] or kept[:1]


def _why(rows: list[int], cost: Floats, priority: Floats, by_priority: bool) -> str:
    """Why the first of these offers was taken."""
    first, rest = rows[0], rows[1:]
    cheaper = np.isfinite(cost[first]) and all(not cost[row] < cost[first] for row in rest)
    if by_priority and any(priority[row] != priority[first] for row in rest):
        rank = "named by the item" if priority[first] == -np.inf else f"priority {priority[first]:g}"
        return f"{rank}, and the cheapest of {len(rows)}" if cheaper else rank
    return f"the cheapest of {len(rows)} suppliers" if cheaper else f"first of {len(rows)}; their costs are not known"
