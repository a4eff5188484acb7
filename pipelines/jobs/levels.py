"""One piece of a plan: demand, policy and net position of some items. Arrays in, arrays out; runs in any thread."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from forecasting.distributions import LeadTimeDemand
from forecasting.forecaster import DemandForecaster
from forecasting.kernels.paths import running_totals
from forecasting.kernels.random import PATH_STRIDE, uniforms
from pipelines.jobs.lost_sales import at_least_cost_when_lost, orders_when_lost
from pipelines.jobs.rows import join_rows, take_rows
from replenishment.constraints import cap_at_maximum, cap_at_shelf_life, order_quantity, round_to_load_units
from replenishment.lead_times import LeadTimes
from replenishment.lost_sales_orders import REVIEWS_AHEAD, DemandAhead
from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.netting import NetPosition, net_along_time
from replenishment.next_packs import ladder_units
from replenishment.policies import LotRules, Policies, Targets, reorder_points_at, service_curve, set_policies
from replenishment.service import ProtectionDemand

__all__ = [
    "QUANTILES",
    "ItemFacts",
    "LevelResults",
    "LevelsBeside",
    "SizedOrders",
    "expected_short",
    "follow_curves",
    "paths_wanted",
    "pieces_by_review",
    "protection_demand",
    "set_levels",
    "within_limits",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

QUANTILES = (0.5, 0.9, 0.95, 0.99)
_LEAD_TIME_STEP = PATH_STRIDE - 2
_ITEMS_A_PIECE = 64
_ITEMS_DRAWN = 8
_USUAL_PATHS = 400
_MOST_DOUBLINGS = 4
_CELLS_AT_ONCE = 5_000_000


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """What a piece needs to know of n items, or of n offers of items; see ``pipelines.jobs.parameters``.

    Attributes
    ----------
    series : row of the forecaster. keys : uint64, random streams. integral : in whole units. review_periods : R.
    paths : sample paths of each item.
    policy, measure, target : as wanted. lost : unmet demand is lost (else backordered). patience : periods that
        it waits; 0 where lost.
    order_cost : money an order. holding_cost : money per unit and period. shortage_cost : money per unit short;
        costs are NaN where they are unknown.
    minimum : units, 0 for none. pack : units, 0 where any quantity may be ordered. maximum : units, NaN for none.
    load_units : (n, 3) units a layer, pallet, container, NaN for none. shelf_periods : until an order perishes, NaN for
        never.
    net_stock : units on hand less what waits. arrivals : (n, a) units due at openings 0, 1, ...
    beside : (n, g) backorder rates at which levels are set beside that of the target, for the record of promises.
    periods_per_year, load_unit_share, shelf_life_quantile : one number for all.
    max_cover_periods : the longest cover of a lot, not beyond the item's end or shelf life.
    """

    series: Integers
    keys: npt.NDArray[np.uint64]
    integral: npt.NDArray[np.bool_]
    review_periods: Integers
    paths: Integers
    policy: Texts
    measure: Texts
    target: Floats
    lost: npt.NDArray[np.bool_]
    patience: Floats
    order_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats
    minimum: Floats
    pack: Floats
    maximum: Floats
    load_units: Floats
    shelf_periods: Floats
    net_stock: Floats
    arrivals: Floats
    beside: Floats
    periods_per_year: float
    max_cover_periods: Floats
    load_unit_share: float
    shelf_life_quantile: float

    def take(self, rows: Integers) -> Self:
        """Return the facts of some items."""
        arrays: dict[str, Any] = {
            f.name: value[rows] for f in fields(self) if isinstance(value := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **arrays)


@dataclass(frozen=True, eq=False)
class LevelsBeside:
    """Levels at other backorder rates than the one that is wanted: (n, g) reorder points, and the rates they keep."""

    reorder_point: Floats
    rate: Floats


@dataclass(frozen=True, eq=False)
class LevelResults:
    """What a plan decides for n items, as arrays.

    Attributes
    ----------
    order : units, before what binds several items at once. exceeds_maximum, perishable : the order is above the maximum
        all the same; it was cut to what can be sold in time. room : most units an order may have, infinite for any.
    rungs : (n, k) units ordered step by step, see :func:`replenishment.next_packs.ladder_units`.
    short : (n, k) expected units short at the end of the protection interval with so many ordered.
    chance_short : of being short then if nothing is ordered. beside : levels at the rates of ``ItemFacts.beside``.
    """

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
    perishable: npt.NDArray[np.bool_]
    room: Floats
    rungs: Floats
    short: Floats
    chance_short: Floats
    beside: LevelsBeside

    def take(self, rows: Integers) -> LevelResults:
        """Return what is decided for some items."""
        return take_rows(self, rows)

    @classmethod
    def joined(cls, parts: list[LevelResults], order: Integers) -> LevelResults:
        """Put pieces together; ``order[k]`` is the item of the k-th row of all pieces."""
        return join_rows(parts, order)


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
    review = int(own.review_periods[0])
    lead_time, cumulative, ahead = _draw(own, waits, forecaster)
    demand, lots = _demand_and_lots(own, waits, lead_time, cumulative)
    targets = Targets(own.measure, own.target, own.holding_cost, own.shortage_cost, own.lost)
    policies = set_policies(own.policy, demand, targets, lots, demand.window_units, ahead)
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
    if ahead is not None:
        position, need, order = orders_when_lost(own, ahead, policies, position, need, order)
    sized = within_limits(order, own, waits, forecaster, policies.minimum, demand.window_units)
    over = demand.over_protection
    return LevelResults(
        policies=policies,
        position=position,
        economic_lot=lots.economic,
        demand_mean=over.mean(),
        demand_sd=np.sqrt(over.variance()),
        lead_time_mean=waits.mean(),
        quantiles=np.stack([over.quantile(p) for p in QUANTILES], axis=1),
        need=need,
        **sized._asdict(),
        short=np.stack([over.expected_shortage(position.effective + step) for step in sized.rungs.T], axis=1),
        chance_short=1.0 - over.cdf(position.effective),
        beside=_beside(own, demand, lots),
    )


def _beside(own: ItemFacts, demand: ProtectionDemand, lots: LotRules) -> LevelsBeside:
    """Levels at other rates."""
    if not own.beside.shape[1]:
        return LevelsBeside(own.beside, own.beside)
    return LevelsBeside(*reorder_points_at(own.beside, own.policy, demand, lots, demand.window_units))


def follow_curves(
    rows: Integers, forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts
) -> tuple[Floats, Floats]:
    """Backorder rate and mean stock of some items at rising levels; see :func:`set_levels` for the parameters."""
    own = facts.take(rows)
    demand, lots = protection_demand(rows, forecaster, lead_times, facts)
    return service_curve(own.policy, demand, own.lost, lots, demand.window_units)


def expected_short(
    rows: Integers, forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts, position: Floats
) -> Floats:
    """Units of some items expected short at the end of the protection interval; ``position``: (k, j) units each."""
    over = protection_demand(rows, forecaster, lead_times, facts)[0].over_protection
    return np.stack([over.expected_shortage(units) for units in position.T], axis=1)


def protection_demand(
    rows: Integers, forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts
) -> tuple[ProtectionDemand, LotRules]:
    """Demand over lead time and review by which levels are set, and lots; of items of one review interval."""
    own, waits = facts.take(rows), lead_times.take(rows)
    lead_time, cumulative, _ = _draw(own, waits, forecaster)
    return _demand_and_lots(own, waits, lead_time, cumulative)


def _draw(
    own: ItemFacts, waits: LeadTimes, forecaster: DemandForecaster
) -> tuple[Integers, Floats32, DemandAhead | None]:
    """Lead times, cumulative demand over L + R, and where sales may be lost at least cost, demand further ahead."""
    review, paths = max(int(own.review_periods[0]), 1), int(own.paths[0])
    lead_time = _draw_lead_times(waits, own.keys, paths)
    reach = np.maximum(lead_time.max(axis=1), np.rint(waits.mean()).astype(np.int64)) + review
    if not at_least_cost_when_lost(own).any():
        return lead_time, _cumulative_paths(own.series, reach, paths, forecaster), None
    longest = int(reach.max())
    drawn = forecaster.paths(longest + review * (REVIEWS_AHEAD - 1), paths, own.series)
    cumulative = np.empty((len(drawn), paths, longest), dtype=np.float32)
    running_totals(drawn[:, :, :longest], np.arange(len(drawn)), cumulative)
    return lead_time, cumulative, DemandAhead(drawn, lead_time, review, own.integral)


def _cumulative_paths(series: Integers, reach: Integers, paths: int, forecaster: DemandForecaster) -> Floats32:
    """Draw ``paths`` paths of each of n series as far as its ``reach`` (n,), and sum them up; (n, paths, longest).

    Few items are drawn together, of like reach: lead times are at random, and a path is as long as the longest.
    """
    out = np.empty((len(series), paths, int(reach.max())), dtype=np.float32)
    order = np.argsort(reach, kind="stable")
    for part in (order[k : k + _ITEMS_DRAWN] for k in range(0, len(order), _ITEMS_DRAWN)):
        running_totals(forecaster.paths(int(reach[part].max()), paths, series[part]), part, out)
    return out


def _demand_and_lots(
    own: ItemFacts, waits: LeadTimes, lead_time: Integers, cumulative: Floats32
) -> tuple[ProtectionDemand, LotRules]:
    """Demand over the protection interval, and the lots."""
    review = int(own.review_periods[0])
    demand = ProtectionDemand.along_paths(cumulative, lead_time, review, own.integral)
    per_period = demand.over_protection.mean() / (waits.mean() + review)
    return demand, LotRules(_economic_lot(own, per_period), own.minimum, own.pack)


class SizedOrders(NamedTuple):
    """Orders within their limits, and step by step; see the attributes of :class:`LevelResults`."""

    order: Floats
    exceeds_maximum: npt.NDArray[np.bool_]
    perishable: npt.NDArray[np.bool_]
    room: Floats
    rungs: Floats


def within_limits(
    order: Floats,
    own: ItemFacts,
    waits: LeadTimes,
    forecaster: DemandForecaster,
    minimum: Floats,
    window_units: Floats,
) -> SizedOrders:
    """Cut orders to maximum stock and shelf life, fill load units within them, and tell them step by step.

    Parameters
    ----------
    order, minimum, window_units : (n,) units; the last are the mean demand of a review interval.
    """
    position = own.net_stock + own.arrivals.sum(axis=1)
    order, exceeds = cap_at_maximum(order, position, own.maximum, own.pack, minimum)
    sold = _sold_in_time(own, waits, forecaster)
    least = np.maximum(minimum, own.pack)
    order, perishable = cap_at_shelf_life(order, position, sold, own.pack, least)
    room = np.fmin(np.where(np.isnan(own.maximum), np.inf, own.maximum), sold) - position
    order = round_to_load_units(order, own.load_units, own.pack, room, own.load_unit_share)
    rungs = ladder_units(order, least, own.pack, window_units / 4.0)
    return SizedOrders(order, exceeds & (order > 0), perishable, np.maximum(room, 0.0), rungs)


def _sold_in_time(own: ItemFacts, waits: LeadTimes, forecaster: DemandForecaster) -> Floats:
    """Units demanded until an order placed now perishes, at the chosen quantile; NaN where nothing perishes."""
    sold = np.full(len(own.series), np.nan)
    until = np.rint(waits.mean()).astype(np.int64) + np.floor(np.nan_to_num(own.shelf_periods) + 1e-9).astype(np.int64)
    rows = np.flatnonzero(~np.isnan(own.shelf_periods))
    # A quantile of a sum over months: it needs no more paths where demand is rare.
    paths = min(int(own.paths[0]), _USUAL_PATHS)
    # Paths to the end of long shelf lives are many numbers: a few items at a time, those of one length together.
    for length in np.unique(until[rows]):
        together = rows[until[rows] == length]
        few = max(_CELLS_AT_ONCE // (paths * max(int(length), 1)), 1)
        for part in (together[k : k + few] for k in range(0, len(together), few)):
            if length == 0:
                sold[part] = 0.0
                continue
            sums = forecaster.paths(int(length), paths, own.series[part]).sum(axis=2, dtype=np.float64)
            sold[part] = LeadTimeDemand.from_samples(sums, own.integral[part]).quantile(own.shelf_life_quantile)
    return sold


def _draw_lead_times(waits: LeadTimes, keys: npt.NDArray[np.uint64], paths: int) -> Integers:
    """One lead time a path; (n, paths)."""
    steady = (waits.probability > 0).sum(axis=1) == 1
    if steady.all():
        return np.repeat(waits.maximum[:, None], paths, axis=1)
    uniform = np.empty((len(waits), paths))
    uniforms(keys, _LEAD_TIME_STEP, uniform)
    return waits.quantile(uniform)


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
