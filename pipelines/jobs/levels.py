"""One piece of a plan: demand, policy and net position of some items. Arrays in, arrays out; runs in any thread."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from forecasting.kernels.random import PATH_STRIDE, uniforms
from replenishment.constraints import cap_at_maximum, order_quantity
from replenishment.lead_times import LeadTimes
from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.netting import NetPosition, net_along_time
from replenishment.policies import LotRules, Policies, Targets, set_policies
from replenishment.service import ProtectionDemand

__all__ = ["QUANTILES", "ItemFacts", "LevelResults", "paths_wanted", "pieces_by_review", "set_levels"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

QUANTILES = (0.5, 0.9, 0.95, 0.99)
_LEAD_TIME_STEP = PATH_STRIDE - 2
_ITEMS_A_PIECE = 512
_USUAL_PATHS = 400
_MOST_DOUBLINGS = 4


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """What a piece needs to know of n items; see ``pipelines.jobs.parameters``.

    Attributes
    ----------
    keys : uint64, random streams. integral : in whole units. review_periods : R.
    paths : sample paths of each item.
    policy, measure, target : as wanted. lost : unmet demand is lost (else backordered).
    order_cost : money an order. holding_cost : money per unit and period. shortage_cost : money per unit short;
        costs are NaN where they are unknown.
    minimum : units, 0 for none. pack : units, 0 where any quantity may be ordered. maximum : units, NaN for none.
    net_stock : units on hand less what waits. arrivals : (n, a) units due at openings 0, 1, ...
    periods_per_year : one number for all. max_cover_periods : the longest cover of a lot, not beyond the item's end.
    """

    keys: npt.NDArray[np.uint64]
    integral: npt.NDArray[np.bool_]
    review_periods: Integers
    paths: Integers
    policy: Texts
    measure: Texts
    target: Floats
    lost: npt.NDArray[np.bool_]
    order_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats
    minimum: Floats
    pack: Floats
    maximum: Floats
    net_stock: Floats
    arrivals: Floats
    periods_per_year: float
    max_cover_periods: Floats

    def take(self, rows: Integers) -> Self:
        """Return the facts of some items."""
        arrays: dict[str, Any] = {
            f.name: value[rows] for f in fields(self) if isinstance(value := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **arrays)


@dataclass(frozen=True, eq=False)
class LevelResults:
    """What a plan decides for n items, as arrays."""

    policies: Policies
    position: NetPosition
    economic_lot: Floats
    demand_mean: Floats
    demand_sd: Floats
    lead_time_mean: Floats
    quantiles: Floats  # (n, len(QUANTILES)), over L + R
    need: Floats
    order: Floats
    exceeds_maximum: npt.NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: list[LevelResults], order: Integers) -> LevelResults:
        """Put pieces together; ``order[k]`` is the item of the k-th row of all pieces."""
        back = np.argsort(order)

        def together(values: list[Any]) -> Any:
            """Join arrays; of dataclasses, each field."""
            if isinstance(values[0], np.ndarray):
                return np.concatenate(values)[back]
            kind = type(values[0])
            return kind(*(together([getattr(v, f.name) for v in values]) for f in fields(kind)))

        return cls(*(together([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def paths_wanted(paths: int, demand_share: Floats, review_periods: Integers) -> Integers:
    """How many paths each item needs, so that about ``paths`` of them hold demand in a review interval.

    A rare demand is in few of the windows whose service is promised; a promise made of a dozen of them is noise.

    Parameters
    ----------
    demand_share : (n,) share of periods with demand. review_periods : (n,) R.

    Returns
    -------
    int64 (n,); ``paths`` times 1, 2, 4, 8 or 16. An item without any demand needs no more than the others.
    """
    with_demand = 1.0 - (1.0 - np.clip(demand_share, 0.0, 1.0)) ** review_periods
    doublings = np.ceil(-np.log2(np.clip(with_demand, 2.0**-_MOST_DOUBLINGS, 1.0)) - 1e-9)
    return np.where(demand_share > 0, paths * 2 ** doublings.astype(np.int64), paths)


def pieces_by_review(review_periods: Integers, longest_lead_time: Integers, paths: Integers) -> list[Integers]:
    """Split items into pieces of one review interval, one number of paths and similar lead times."""
    order = np.lexsort((longest_lead_time, paths, review_periods))
    cuts = np.flatnonzero(np.diff(review_periods[order]) | np.diff(paths[order])) + 1
    pieces = []
    for group in np.split(order, cuts):
        size = max(_ITEMS_A_PIECE * _USUAL_PATHS // max(int(paths[group[0]]), _USUAL_PATHS), 1) if len(group) else 1
        pieces += [group[k : k + size] for k in range(0, len(group), size)]
    return pieces


def set_levels(rows: Integers, forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts) -> LevelResults:
    """Draw demand over L + R, set the policy, net the position and size the order of some items.

    Parameters
    ----------
    rows : items with the same review interval and number of paths. forecaster, lead_times, facts : of all items.
    """
    own, waits = facts.take(rows), lead_times.take(rows)
    review, paths = int(own.review_periods[0]), int(own.paths[0])
    lead_time = _draw_lead_times(waits, own.keys, paths)
    horizon = int(lead_time.max()) + max(review, 1)
    cumulative = np.cumsum(forecaster.paths(horizon, paths, rows), axis=2)
    demand = _protection_demand(cumulative, lead_time, review, own.integral)
    per_period = demand.over_protection.mean() / (waits.mean() + review)
    economic = _economic_lot(own, per_period)
    targets = Targets(own.measure, own.target, own.holding_cost, own.shortage_cost, own.lost)
    policies = set_policies(own.policy, demand, targets, LotRules(economic, own.minimum, own.pack), demand.window_units)
    level = np.where(policies.kind == "order_up_to", policies.order_up_to, policies.reorder_point)
    expected = np.rint(waits.mean()).astype(np.int64)
    position = net_along_time(
        own.net_stock,
        own.arrivals,
        cumulative,
        lead_time,
        expected,
        review,
        level,
        policies.fractile,
        own.lost,
        own.integral,
    )
    need, order = order_quantity(
        position.effective, policies.reorder_point, policies.raise_to, policies.lot, policies.minimum
    )
    order, exceeds = cap_at_maximum(
        order, own.net_stock + own.arrivals.sum(axis=1), own.maximum, own.pack, policies.minimum
    )
    over = demand.over_protection
    return LevelResults(
        policies=policies,
        position=position,
        economic_lot=economic,
        demand_mean=over.mean(),
        demand_sd=np.sqrt(over.variance()),
        lead_time_mean=waits.mean(),
        quantiles=np.stack([over.quantile(p) for p in QUANTILES], axis=1),
        need=need,
        order=order,
        exceeds_maximum=exceeds,
    )


def _draw_lead_times(waits: LeadTimes, keys: npt.NDArray[np.uint64], paths: int) -> Integers:
    """One lead time a path; (n, paths)."""
    steady = (waits.probability > 0).sum(axis=1) == 1
    if steady.all():
        return np.repeat(waits.maximum[:, None], paths, axis=1)
    uniform = np.empty((len(waits), paths))
    uniforms(keys, _LEAD_TIME_STEP, uniform)
    return waits.quantile(uniform)


def _protection_demand(
    cumulative: Floats32, lead_time: Integers, review: int, integral: npt.NDArray[np.bool_]
) -> ProtectionDemand:
    """Demand over the lead time and to the end of each period of the review interval, path by path."""
    padded = np.concatenate([np.zeros((*cumulative.shape[:2], 1), dtype=np.float32), cumulative], axis=2)
    before = np.take_along_axis(padded, lead_time[:, :, None], axis=2)[:, :, 0]
    ends = np.take_along_axis(padded, lead_time[:, :, None] + np.arange(1, review + 1)[None, None, :], axis=2)
    return ProtectionDemand.from_sums(before, ends, integral)


def _economic_lot(own: ItemFacts, per_period: Floats) -> Floats:
    """The economic order quantity; NaN where the unit cost is unknown; capped at the largest cover wanted.

    Where orders cost nothing or nothing is demanded the lot is 0: nothing is gained by ordering for longer.
    """
    lot = np.where(own.holding_cost > 0, 0.0, np.nan)
    rows = np.flatnonzero((own.holding_cost > 0) & (own.order_cost > 0) & (per_period > 0))
    if len(rows):
        order = economic_order(
            fixed_cost=own.order_cost[rows],
            holding_cost=own.holding_cost[rows] * own.periods_per_year,
            demand_rate=per_period[rows] * own.periods_per_year,
        )
        lot[rows] = np.minimum(order.quantity, per_period[rows] * own.max_cover_periods[rows])
    return lot
