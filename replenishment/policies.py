"""From a demand distribution and a target to reorder point, order-up-to level and lot.

One ordering rule serves all policies. At a review, with inventory position IP:

    if IP <= reorder_point: order the smallest multiple of ``lot`` that lifts IP to ``raise_to`` or more,
    but at least ``minimum``.

``order_up_to``   (R, S): the reorder point lies one unit below S, raise to S, the lot is a pack.
``reorder_point`` (R, s, nQ): raise above s in lots of Q, the economic order quantity in whole packs.
``min_max``       (R, s, S): raise to S = s + Q in packs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.lost_sales_orders import DemandAhead, LostSalesCosts, ReviewRule, cheapest_reorder_point
from replenishment.service import ProtectionDemand, smallest_level
from replenishment.validation import checked

__all__ = [
    "MEASURES",
    "POLICIES",
    "LotRules",
    "OrderingRule",
    "Policies",
    "Targets",
    "reorder_points_at",
    "service_curve",
    "set_policies",
]

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

MEASURES: Final = ("backorder_rate", "fill_rate", "cycle_service_level", "ready_rate", "cost")
POLICIES: Final = ("auto", "order_up_to", "reorder_point", "min_max")
# A probability that stands for certainty where a sample knows nothing beyond a level.
CERTAIN: Final = 1.0 - 1e-9
# Cost is compared at these quantiles of the demand over the protection interval.
_COST_GRID: Final = np.unique(np.concatenate([np.linspace(0.02, 0.98, 49), 1.0 - np.geomspace(0.02, 1e-5, 40)]))
# The trade-off between stock and backorders is followed at these.
_CURVE_GRID: Final = np.unique(np.concatenate([np.linspace(0.04, 0.96, 24), 1.0 - np.geomspace(0.04, 1e-6, 24)]))


@dataclass(frozen=True, eq=False)
class Targets:
    """What is wanted of each of n items.

    Attributes
    ----------
    measure : (n,) names out of MEASURES. target : (n,) its value (not used for cost).
    holding_cost : (n,) money per unit and period. shortage_cost : (n,) money per unit short.
    lost : bool (n,) unmet demand is lost (else backordered).
    """

    measure: Texts
    target: Floats
    holding_cost: Floats
    shortage_cost: Floats
    lost: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        unknown = set(np.unique(self.measure)) - set(MEASURES)
        if unknown:
            raise ValueError(f"unknown measure {sorted(unknown)}; allowed are {', '.join(MEASURES)}")
        checked("target", self.target[self.measure != "cost"], "(0, 1)")
        costed = self.measure == "cost"
        for name, cost in (("holding_cost", self.holding_cost), ("shortage_cost", self.shortage_cost)):
            checked(f'{name} of measure = "cost"', cost[costed], "(0, inf)")


@dataclass(frozen=True, eq=False)
class LotRules:
    """What an order must look like; arrays (n,).

    Attributes
    ----------
    economic : the economic order quantity, NaN where undefined. minimum : least order, 0 for none.
    pack : units a pack; 0 where any quantity may be ordered.
    """

    economic: Floats
    minimum: Floats
    pack: Floats

    @property
    def economic_decides(self) -> npt.NDArray[np.bool_]:
        """Where order cost makes a lot larger than pack and minimum do; (n,)."""
        return np.asarray(np.fmax(self.economic, 0.0) > np.maximum(self.pack, self.in_packs(self.minimum)))

    def in_packs(self, quantity: Floats) -> Floats:
        """Round up to whole packs."""
        size = np.where(self.pack > 0, self.pack, 1.0)
        return np.where(self.pack > 0, np.ceil(quantity / size - 1e-9) * size, quantity)


@dataclass(frozen=True, eq=False)
class OrderingRule:
    """The rule of the module as the simulator and a planner's system apply it; arrays (n,), units.

    Attributes
    ----------
    skus, locations : identifiers of the n items.
    reorder_point, raise_to, lot, minimum : see the module; a lot of 0 means any quantity.
    highest : the highest position after an order.
    review_periods : periods between reviews, at least 1.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    reorder_point: Floats
    raise_to: Floats
    lot: Floats
    minimum: Floats
    highest: Floats
    review_periods: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.skus)
        for name in ("reorder_point", "raise_to", "lot", "minimum", "highest", "review_periods"):
            array = getattr(self, name)
            if array.shape != (n,) or not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite and of shape ({n},), got shape {array.shape}")
        if n and (self.lot.min() < 0 or self.minimum.min() < 0 or self.review_periods.min() < 1):
            raise ValueError("lot and minimum must be at least 0 and review_periods at least 1")

    def __len__(self) -> int:
        return len(self.skus)

    def take(self, rows: npt.NDArray[np.int64]) -> OrderingRule:
        """Return the rule of some items."""
        return OrderingRule(
            tuple(self.skus[i] for i in rows),
            tuple(self.locations[i] for i in rows),
            *(
                getattr(self, name)[rows]
                for name in ("reorder_point", "raise_to", "lot", "minimum", "highest", "review_periods")
            ),
        )


@dataclass(frozen=True, eq=False)
class Policies:
    """The ordering rule of each of n items, and what it promises; arrays (n,).

    Attributes
    ----------
    kind : "order_up_to", "reorder_point" or "min_max".
    reorder_point, raise_to, lot, minimum : units; see the module. A lot of 0 means any quantity.
    order_up_to : the level that an order raises the position to: S, or s + Q. Of least cost under lost sales these are
        the levels that cost least if nothing but the position decides; the order itself is decided on the whole state,
        see :func:`replenishment.lost_sales_orders.cheapest_order`.
    highest : the highest position that an order may leave; above ``order_up_to`` by what packs round up.
    safety_stock : the level (order-up-to, or reorder point) less the mean demand over L + R; may be negative.
    fractile : P(demand over L + R <= level).
    expected_backorder_rate : by unit, in steady state; of lost units where unmet demand is lost.
    expected_ready_rate, expected_stock : in steady state, at the end of a period.
    """

    kind: Texts
    reorder_point: Floats
    raise_to: Floats
    order_up_to: Floats
    highest: Floats
    lot: Floats
    minimum: Floats
    safety_stock: Floats
    fractile: Floats
    expected_backorder_rate: Floats
    expected_ready_rate: Floats
    expected_stock: Floats

    def rule(
        self, skus: tuple[str, ...], locations: tuple[str, ...], review_periods: npt.NDArray[np.int64]
    ) -> OrderingRule:
        """Return the ordering rule alone, for items named in the same order."""
        review = np.maximum(review_periods, 1)
        return OrderingRule(
            skus, locations, self.reorder_point, self.raise_to, self.lot, self.minimum, self.highest, review
        )


def set_policies(
    wanted: Texts,
    demand: ProtectionDemand,
    targets: Targets,
    rules: LotRules,
    review_units: Floats,
    ahead: DemandAhead | None = None,
) -> Policies:
    """Choose the kind of each policy and set its levels.

    Parameters
    ----------
    wanted : (n,) names out of POLICIES; "auto" orders up to a level unless the sensible lot (economic quantity,
        minimum or pack, whichever is largest) exceeds the mean demand of a review interval. Then it orders in such lots
        from a reorder point; at least cost up to a maximum (s, S) where the lot saves order cost, as no other policy of
        the position costs less, and where it doesn't and sales are lost, up to a level, but at least the minimum.
    demand : over the protection interval. targets : what the levels must reach.
    rules : lots. review_units : (n,) mean demand of a review interval, units.
    ahead : demand period by period, where any item is wanted at least cost under lost sales.

    Raises
    ------
    ValueError
        Least cost under lost sales without ``ahead``, or a target that no level reaches.
    """
    unit = np.where(demand.integral, 1.0, 0.0)
    kind, smallest, spread = _kind_and_lot(wanted, targets, demand, rules, review_units)
    up_to = kind == "order_up_to"
    s = _reorder_points(demand, targets, spread)
    lost = np.flatnonzero((targets.measure == "cost") & targets.lost)
    if len(lost):
        lot = np.where(kind == "reorder_point", spread, smallest)
        review_rule = ReviewRule(np.where(kind == "min_max", spread, unit), lot, rules.in_packs(rules.minimum))
        s[lost] = _cheapest_when_lost(ahead, targets, review_rule, lost)
    just_above = s + np.where(demand.integral, 1.0, 1e-6 * np.maximum(np.abs(s), 1.0))
    level = np.where(up_to, s + unit, s)
    return Policies(
        kind=kind.astype(np.str_),
        reorder_point=s,
        # In fractions and any quantity the level itself is reached; in packs the position must come to lie above s.
        raise_to=np.select(
            [up_to & (smallest <= 0), up_to, kind == "min_max"],
            [s, np.maximum(s + unit, just_above), s + spread],
            just_above,
        ),
        order_up_to=np.where(up_to, s + unit, s + spread),
        highest=s + spread + np.where(kind == "min_max", np.maximum(smallest - unit, 0.0), 0.0),
        lot=np.where(kind == "reorder_point", spread, smallest),
        minimum=rules.in_packs(rules.minimum),
        safety_stock=level - demand.over_protection.mean(),
        fractile=np.minimum(demand.over_protection.cdf(level), CERTAIN),
        expected_backorder_rate=_expected_rate(demand, targets.lost, s, spread),
        expected_ready_rate=demand.ready_rate(s, spread),
        expected_stock=demand.mean_stock(s, spread),
    )


def _kind_and_lot(
    wanted: Texts, targets: Targets | None, demand: ProtectionDemand, rules: LotRules, review_units: Floats
) -> tuple[Texts, Floats, Floats]:
    """The kind of each policy, its smallest step, and the lot over which its position spreads."""
    unit = np.where(demand.integral, 1.0, 0.0)
    batch = rules.in_packs(np.maximum(np.fmax(rules.economic, 0.0), np.maximum(rules.minimum, unit)))
    smallest = np.where(rules.pack > 0, rules.pack, unit)
    in_lots = np.full(len(demand), "reorder_point", dtype="<U13")
    if targets is not None:
        cost = targets.measure == "cost"
        in_lots[cost & targets.lost] = "order_up_to"
        in_lots[cost & rules.economic_decides] = "min_max"
    kind = np.where(
        wanted == "auto", np.where(batch > np.maximum(review_units, smallest), in_lots, "order_up_to"), wanted
    )
    # Base stock is a lot of one unit; without whole units, of almost nothing.
    almost_nothing = np.maximum(1e-4 * demand.over_protection.mean(), 1e-6)
    least = np.maximum(
        np.maximum(smallest, rules.in_packs(rules.minimum)), np.where(demand.integral, 1.0, almost_nothing)
    )
    return kind, smallest, np.where(kind == "order_up_to", least, np.maximum(batch, least))


def service_curve(
    wanted: Texts, demand: ProtectionDemand, lost: npt.NDArray[np.bool_], rules: LotRules, review_units: Floats
) -> tuple[Floats, Floats]:
    """Backorder rate and mean stock of each policy at rising reorder points, as :func:`set_policies` would set it.

    Parameters
    ----------
    lost : bool (n,) unmet demand is lost. The others as for :func:`set_policies`.

    Returns
    -------
    rate, stock : (n, k); the rate doesn't rise, the stock doesn't fall along a row.
    """
    _, _, spread = _kind_and_lot(wanted, None, demand, rules, review_units)
    lowest = np.where(demand.integral, -1.0, 0.0)
    levels = [lowest, *(np.maximum(demand.over_protection.quantile(p) - 1.0, lowest) for p in _CURVE_GRID)]
    points = [
        (_expected_rate(demand, lost, s, spread), demand.mean_stock(s, spread))
        for s in np.sort(np.stack([np.where(demand.integral, np.floor(s), s) for s in levels]), axis=0)
    ]
    rate, stock = (np.stack(column, axis=1) for column in zip(*points, strict=True))
    return np.minimum.accumulate(rate, axis=1), np.maximum.accumulate(stock, axis=1)


def reorder_points_at(
    rates: Floats, wanted: Texts, demand: ProtectionDemand, rules: LotRules, review_units: Floats
) -> tuple[Floats, Floats]:
    """The smallest reorder points that keep some backorder rates, as :func:`set_policies` would set them.

    Parameters
    ----------
    rates : (n, k) backorder rates by unit, in (0, 1), rising along each row; what is short waits. The others as for
        :func:`set_policies`.

    Returns
    -------
    reorder_point, rate : (n, k); the rate is what is kept, which whole units and lots leave below what was wanted.
    """
    _, _, spread = _kind_and_lot(wanted, None, demand, rules, review_units)
    start = np.stack([demand.over_protection.quantile(1.0 - rate) for rate in rates.T], axis=1)
    return demand.smallest_reorder_points(rates, spread, start)


def _reorder_points(demand: ProtectionDemand, targets: Targets, lot: Floats) -> Floats:
    """The smallest reorder point that reaches each target, given the lot."""
    out = np.zeros(len(demand))
    # Nobody means to wait for more than one backordered unit before ordering.
    low = np.where(demand.integral, -1.0, 0.0)
    start = demand.over_protection.quantile(0.95)
    short = np.where(targets.measure == "backorder_rate", targets.target, 1.0 - targets.target)
    for measure in np.unique(targets.measure):
        rows = np.flatnonzero(targets.measure == measure)
        part, q = demand.take(rows), lot[rows]
        if measure == "cycle_service_level":
            # The level of a base-stock policy lies one unit above its reorder point.
            unit = np.where(part.integral & (q <= 1.0), 1.0, 0.0)
            out[rows] = np.maximum(part.over_protection.quantile(targets.target[rows]) - unit, low[rows])
        elif measure == "cost":
            cheapest = _cheapest(part, targets.holding_cost[rows], targets.shortage_cost[rows], q)
            out[rows] = np.maximum(cheapest, low[rows])
        elif measure == "ready_rate":
            falls = partial(_share_without_stock, part, q)
            out[rows] = smallest_level(falls, short[rows], part.integral, low[rows], start[rows])
        else:
            # At the level that just meets its target, that share of the lead-time demand is lost.
            part = part.thinned(np.where(targets.lost[rows], short[rows], 0.0))
            out[rows] = part.smallest_reorder_points(short[rows, None], q, start[rows, None])[0][:, 0]
    return out


def _expected_rate(demand: ProtectionDemand, lost: npt.NDArray[np.bool_], reorder_point: Floats, lot: Floats) -> Floats:
    rate = demand.backorder_rate(reorder_point, lot)
    rows = np.flatnonzero(lost)
    if len(rows):
        rate[rows] = demand.take(rows).lost_rate(reorder_point[rows], lot[rows])
    return rate


def _share_without_stock(demand: ProtectionDemand, lot: Floats, reorder_point: Floats) -> Floats:
    return 1.0 - demand.ready_rate(reorder_point, lot)


def _cheapest(demand: ProtectionDemand, holding: Floats, shortage: Floats, lot: Floats) -> Floats:
    """The reorder point of least holding and shortage cost per period; a backordered unit pays once, however long."""
    reviews = demand.review_periods
    per_period = demand.window_units / np.maximum(reviews, 1)
    unit = np.where(demand.integral & (lot <= 1.0), 1.0, 0.0)
    best, least = np.zeros(len(demand)), np.full(len(demand), np.inf)
    levels = [demand.over_protection.quantile(probability) - unit for probability in _COST_GRID]
    for s in (*levels, np.where(demand.integral, -1.0, 0.0)):
        cost = holding * demand.mean_stock(s, lot) + shortage * per_period * demand.backorder_rate(s, lot)
        better = cost < least
        best, least = np.where(better, s, best), np.where(better, cost, least)
    return best


def _cheapest_when_lost(
    ahead: DemandAhead | None, targets: Targets, rule: ReviewRule, rows: npt.NDArray[np.int64]
) -> Floats:
    """The reorder point of least cost of the items whose unmet demand is lost."""
    if ahead is None:
        raise ValueError("least cost under lost sales needs the demand period by period (ahead)")
    costs = LostSalesCosts(targets.holding_cost[rows], targets.shortage_cost[rows])
    return cheapest_reorder_point(ahead.take(rows), rule.take(rows), costs)
