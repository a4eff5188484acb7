"""target_scope = "total": give each item a target of its own, so that the total is met with the least stock value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from pipelines.jobs.levels import ItemFacts, follow_curves, pieces_by_review
from replenishment.lead_times import LeadTimes
from replenishment.total_target import points_for_total

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TotalShare", "item_curves", "prices", "share_total_target"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Rates of 0 and 1 are no targets.
_LEAST, _MOST = 1e-9, 1.0 - 1e-9


@dataclass(frozen=True, eq=False)
class TotalShare:
    """Who gets what of a total target.

    Attributes
    ----------
    facts : with each item's own target. inside : (n,) items that count into the total.
    multiplier : backorders a period that the last unit of stock value avoids. reached : whether the total can be met.
    """

    facts: ItemFacts
    inside: Flags
    multiplier: float
    reached: bool


def item_curves(
    rows: Integers, facts: ItemFacts, forecaster: DemandForecaster, lead_times: LeadTimes, run: Any = map
) -> tuple[Floats, Floats]:
    """Backorder rate and mean stock of some items at rising levels; (k, levels) each, in the order of ``rows``."""
    part = facts.take(rows)
    pieces = pieces_by_review(part.review_periods, lead_times.take(rows).maximum, part.paths)
    found = list(run(lambda piece: follow_curves(rows[piece], forecaster, lead_times, facts), pieces))
    back = np.argsort(np.concatenate(pieces))
    rate, stock = (np.concatenate([pair[k] for pair in found])[back] for k in (0, 1))
    return rate, stock


def prices(items: pd.DataFrame, rows: Integers) -> Floats:
    """Unit costs of some items; without one an item counts with the median of the others, or 1."""
    price = items["unit_cost"].to_numpy(float)[rows]
    known = price > 0
    return np.where(known, price, np.median(price[known]) if known.any() else 1.0)


def share_total_target(
    items: pd.DataFrame,
    facts: ItemFacts,
    forecaster: DemandForecaster,
    lead_times: LeadTimes,
    held: Flags,
    target: float,
    weight: Floats,
    run: Any = map,
) -> TotalShare:
    """Set each item's target so that the demand-weighted backorder rate of all is the target at least stock value.

    Items that no order is proposed for and those of another measure stay out of it. An item's own target, or that of a
    rule, is kept as the most that it may be short. Without a unit cost an item counts with the median of the others.

    Parameters
    ----------
    target : backorder rate by unit. weight : (n,) mean demand a period.
    """
    inside = ~held & np.isin(facts.measure, ["backorder_rate", "fill_rate"]) & (weight > 0)
    rows = np.flatnonzero(inside)
    if not len(rows):
        return TotalShare(facts, inside, 0.0, True)
    part = facts.take(rows)
    rate, stock = item_curves(rows, facts, forecaster, lead_times, run)
    price = prices(items, rows)
    short = np.where(part.measure == "fill_rate", 1.0 - part.target, part.target)
    most = np.where(items["own_target"].to_numpy(bool)[rows], short, np.inf)
    # The best point of a curve stays allowed where none keeps an item's own target.
    allowed = rate <= np.maximum(most, rate.min(axis=1))[:, None] + 1e-12
    shared = points_for_total(rate, np.where(allowed, stock * price[:, None], np.inf), weight[rows], target)
    given = shared.rate.copy()
    if shared.last >= 0 and shared.reached:
        # Between the last item's two points lies the level that meets the total without any rest.
        spare = (target - shared.total) * float(weight[rows].sum()) / weight[rows][shared.last]
        given[shared.last] = min(given[shared.last] + spare, most[shared.last])
    given = np.clip(given + 1e-12, _LEAST, _MOST)
    targets = facts.target.copy()
    targets[rows] = np.where(part.measure == "fill_rate", 1.0 - given, given)
    return TotalShare(replace(facts, target=targets), inside, shared.multiplier, shared.reached)
