"""target_scope = "total": give each item a target of its own, so that the total is met with the least stock value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from pipelines.jobs.levels import ItemFacts, follow_curves, pieces_by_review
from replenishment.lead_times import LeadTimes
from replenishment.total_target import TotalTarget, points_for_total

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TotalCurves", "TotalShare", "item_curves", "prices"]

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


@dataclass(frozen=True, eq=False)
class TotalCurves:
    """What the items that count into a total trade: backorder rate against stock value, at rising levels.

    Items that no order is proposed for and those of another measure stay out of it. An item's own target, or that of a
    rule, is kept as the most that it may be short. Without a unit cost an item counts with the median of the others.

    Attributes
    ----------
    facts : of all items. rows : of the k that count. rate, value : (k, levels), infinite where a level is not allowed.
    weight : (k,) mean demand a period. most : (k,) highest rate that an item may have.
    """

    facts: ItemFacts
    rows: Integers
    rate: Floats
    value: Floats
    weight: Floats
    most: Floats

    @classmethod
    def of(
        cls,
        items: pd.DataFrame,
        facts: ItemFacts,
        forecaster: DemandForecaster,
        lead_times: LeadTimes,
        held: Flags,
        weight: Floats,
        run: Any = map,
    ) -> TotalCurves:
        """Follow the curves; ``weight`` : (n,) mean demand a period."""
        rows = np.flatnonzero(~held & np.isin(facts.measure, ["backorder_rate", "fill_rate"]) & (weight > 0))
        if not len(rows):
            nothing = np.empty((0, 1))
            return cls(facts, rows, nothing, nothing, np.empty(0), np.empty(0))
        part = facts.take(rows)
        rate, stock = item_curves(rows, facts, forecaster, lead_times, run)
        short = np.where(part.measure == "fill_rate", 1.0 - part.target, part.target)
        most = np.where(items["own_target"].to_numpy(bool)[rows], short, np.inf)
        # The best point of a curve stays allowed where none keeps an item's own target.
        allowed = rate <= np.maximum(most, rate.min(axis=1))[:, None] + 1e-12
        value = np.where(allowed, stock * prices(items, rows)[:, None], np.inf)
        return cls(facts, rows, rate, value, weight[rows], most)

    def share(self, target: float) -> TotalShare:
        """Set each item's target so that the demand-weighted backorder rate of all is ``target`` at least value."""
        inside = np.zeros(len(self.facts.target), dtype=np.bool_)
        inside[self.rows] = True
        if not len(self.rows):
            return TotalShare(self.facts, inside, 0.0, True)
        shared, given = self._given(target)
        targets = self.facts.target.copy()
        fill_rate = self.facts.measure[self.rows] == "fill_rate"
        targets[self.rows] = np.where(fill_rate, 1.0 - given, given)
        return TotalShare(replace(self.facts, target=targets), inside, shared.multiplier, shared.reached)

    def beside(self, facts: ItemFacts, targets: Sequence[float]) -> ItemFacts:
        """Set the rates beside to the items' shares of other totals, which rise."""
        if not len(self.rows) or not targets:
            return facts
        beside = facts.beside.copy()
        for k, target in enumerate(targets):
            beside[self.rows, k] = self._given(target)[1]
        # What is given back off the envelope may break the order by a little.
        beside[self.rows] = np.maximum.accumulate(beside[self.rows], axis=1)
        return replace(facts, beside=beside)

    def _given(self, target: float) -> tuple[TotalTarget, Floats]:
        """The points of the curves, and the rate of each item."""
        shared = points_for_total(self.rate, self.value, self.weight, target)
        given = shared.rate.copy()
        if shared.last >= 0 and shared.reached:
            # Between the last item's two points lies the level that meets the total without any rest.
            spare = (target - shared.total) * float(self.weight.sum()) / self.weight[shared.last]
            given[shared.last] = min(given[shared.last] + spare, self.most[shared.last])
        return shared, np.clip(given + 1e-12, _LEAST, _MOST)
