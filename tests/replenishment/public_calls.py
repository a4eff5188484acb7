"""
One valid call of every public function of the package, and the range that each of its numbers may lie in.

The sweeps over bad parameters go through this table; a function that isn't in it fails a test.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np

import replenishment
from replenishment import constraints, lost_sales, newsvendor, next_packs, safety_stock, sourcing, supplier_minimum
from replenishment import count_probabilities as counts
from replenishment import loss_functions as losses
from replenishment.base_stock import disruptions, random_lead_time, unit_demand
from replenishment.base_stock.compound_poisson import CompoundPoisson, compound_poisson_measures
from replenishment.cycle_demand import CycleDemand, probability_below
from replenishment.demand_distributions import (
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
    count_demand,
)
from replenishment.discrete_demand import DiscreteDemand, demand_over_random_lead_time
from replenishment.lead_times.breaks import last_break
from replenishment.lead_times.distribution import LeadTimes, gamma_reach
from replenishment.lot_sizing import economic_order_quantity as eoq
from replenishment.lot_sizing import lot_size_heuristics as heuristics
from replenishment.lot_sizing import uncertain_supply
from replenishment.lot_sizing.dynamic_lot_size import cheapest_lot_sizes
from replenishment.lot_sizing.joint_replenishment import JointItems, power_of_two_policy
from replenishment.lot_sizing.lot_size_problem import LotSizeProblem
from replenishment.lot_sizing.quantity_discounts import PriceBreaks, all_units_discount, incremental_discount
from replenishment.min_max import measures as min_max_measures
from replenishment.min_max import tijms_groenevelt
from replenishment.min_max.cost import MinMaxCosts, checked_levels, min_max_cost, optimal_min_max
from replenishment.min_max.finite_horizon import HorizonCosts, PeriodDemand, finite_horizon_policy
from replenishment.min_max.from_history import has_review_demand, min_max_from_history, overlapping_sums
from replenishment.min_max.power_approximation import power_approximation_levels
from replenishment.netting import net_along_time
from replenishment.networks.guaranteed_service import ServiceStage
from replenishment.networks.serial import SerialSystem
from replenishment.newsvendor_budget import newsvendor_levels_under_budget
from replenishment.order_rules import cover, demand_driven, netting, order_days, rounding, triggers
from replenishment.order_up_to import line_service, targets, waiting_time
from replenishment.order_up_to.measures import order_up_to_measures
from replenishment.policies import Targets
from replenishment.reorder_point import approximations, cost, measures, periodic
from replenishment.reorder_point import targets as reorder_targets
from replenishment.reorder_point import waiting_time as reorder_waiting
from replenishment.service_measures import allowed_shortfall
from replenishment.total_target import points_for_total

ABOVE_0: Final = "(0, inf)"
FROM_0: Final = "[0, inf)"
SHARE: Final = "(0, 1)"
REAL: Final = "(-inf, inf)"
ANY: Final = "[-inf, inf]"  # a level may be infinite, but it must be a number
OR_NONE: Final = "NaN means none"  # NaN is a word of the planner's arrays


@dataclass(frozen=True)
class Call:
    """A valid call: what is not a number, and each number with its range."""

    function: Callable[..., Any]
    numbers: dict[str, tuple[Any, str]]
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Module and name, as the test prints it."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def arguments(self) -> dict[str, Any]:
        """Return all arguments of the valid call."""
        return {**self.others, **{name: value for name, (value, _) in self.numbers.items()}}


_POISSON: Final = PoissonDemand(4.0)
_NORMAL: Final = NormalDemand(100.0, 25.0)
_CYCLE: Final = CycleDemand.independent(_POISSON, 2, 2)
_ORDERS: Final = CompoundPoisson(1.0, [1, 3], [0.5, 0.5])
_RQ: Final = cost.ReorderPointCosts(demand_rate=200.0, fixed_cost=50.0, holding_cost=2.0, stockout_cost=25.0)
_MIN_MAX: Final = MinMaxCosts(fixed_cost=5.0, holding_cost=1.0, stockout_cost=4.0)
_PRICES: Final = PriceBreaks([0, 100], [2.0, 1.8])
_ITEMS: Final = JointItems(
    shared_fixed_cost=5, individual_fixed_costs=[1, 2], holding_costs=[1, 1], demand_rates=[2, 2]
)
_WEEK: Final = np.ones((1, 7), dtype=bool)


def _priced(**values: tuple[Any, str]) -> dict[str, tuple[Any, str]]:
    """Return set-up, holding cost and demand rate, which most lot sizes take, and what else there is."""
    return {"fixed_cost": (50.0, ABOVE_0), "holding_cost": (2.0, ABOVE_0), "demand_rate": (200.0, ABOVE_0), **values}


def _levels(*functions: Callable[..., Any], **parameters: tuple[Any, str]) -> list[Call]:
    return [Call(function, {"x": (3.0, ANY), **parameters}) for function in functions]


def _probabilities(*functions: Callable[..., Any], **parameters: tuple[Any, str]) -> list[Call]:
    return [Call(function, {"k": (3.0, ANY), **parameters}) for function in functions]


_MEAN = (4.0, ABOVE_0)
_SPREAD = (2.0, ABOVE_0)

DISTRIBUTIONS: Final = [
    *_probabilities(counts.poisson_pmf, counts.poisson_cdf, counts.poisson_survival, mean=(4.0, FROM_0)),
    *_probabilities(
        counts.negative_binomial_pmf,
        counts.negative_binomial_cdf,
        counts.negative_binomial_survival,
        mean=_MEAN,
        variance=(9.0, ABOVE_0),
    ),
    *_levels(losses.poisson_loss, losses.poisson_second_loss, mean=(4.0, FROM_0)),
    *_levels(losses.normal_loss, losses.normal_second_loss, mean=(4.0, REAL), sd=(2.0, FROM_0)),
    *_levels(losses.gamma_loss, losses.gamma_second_loss, mean=_MEAN, sd=_SPREAD),
    *_levels(losses.lognormal_loss, losses.lognormal_second_loss, mu=(1.0, REAL), sigma=_SPREAD),
    *_levels(losses.negative_binomial_loss, losses.negative_binomial_second_loss, mean=_MEAN, variance=(9.0, ABOVE_0)),
    Call(losses.standard_normal_loss, {"z": (1.0, ANY)}),
    Call(losses.standard_normal_second_loss, {"z": (1.0, ANY)}),
    Call(losses.standard_normal_loss_inverse, {"loss": (0.3, ABOVE_0)}),
    Call(PoissonDemand, {"mean": _MEAN}),
    Call(NormalDemand, {"mean": _MEAN, "sd": (2.0, FROM_0)}),
    Call(GammaDemand, {"mean": _MEAN, "sd": _SPREAD}),
    Call(LognormalDemand, {"mu": (1.0, REAL), "sigma": _SPREAD}),
    Call(NegativeBinomialDemand, {"mean": _MEAN, "variance": (9.0, ABOVE_0)}),
    Call(count_demand, {"mean": _MEAN, "variance": (9.0, ABOVE_0)}),
    Call(DiscreteDemand, {"values": ([1.0, 2.0], FROM_0), "probabilities": ([0.5, 0.5], "[0, 1]")}),
    Call(
        CompoundPoisson,
        {"order_rate": (1.0, ABOVE_0), "sizes": ([1, 3], "[1, inf)"), "probabilities": ([0.5, 0.5], "[0, 1]")},
    ),
    Call(_ORDERS.pmf, {"time": (2.0, FROM_0), "size": (5, "[1, inf)")}),
    Call(probability_below, {"x": (3.0, ANY)}, {"demand": _POISSON}),
    Call(CycleDemand.independent, {"lead_time": (2.0, FROM_0), "review": (1, "[1, inf)")}, {"per_period": _POISSON}),
    Call(
        demand_over_random_lead_time,
        {"lead_time_pmf": ([0.5, 0.5], "[0, 1]"), "extra_periods": (1, FROM_0)},
        {"demand": _POISSON},
    ),
    *(
        Call(getattr(demand, method), {"x": (3.0, ANY)})
        for demand in (
            _POISSON,
            _NORMAL,
            GammaDemand(4.0, 2.0),
            LognormalDemand(1.0, 0.5),
            NegativeBinomialDemand(4, 9),
            DiscreteDemand([1, 2], [0.5, 0.5]),
        )
        for method in ("cdf", "survival", "loss", "second_loss")
    ),
    *(
        Call(getattr(demand, method), {name: (0.5, allowed)})
        for demand in (
            _POISSON,
            _NORMAL,
            GammaDemand(4.0, 2.0),
            LognormalDemand(1.0, 0.5),
            NegativeBinomialDemand(4, 9),
        )
        for method, name, allowed in (("quantile", "probability", SHARE), ("sum_over", "periods", ABOVE_0))
    ),
]

_YIELD = {"yield_mean": (0.8, ABOVE_0), "yield_sd": (0.1, FROM_0)}
_DYNAMIC = {
    "fixed_cost": (50.0, ABOVE_0),
    "holding_cost": (1.0, ABOVE_0),
    "initial_stock": (0.0, REAL),
    "demand": ([5.0, 6.0], FROM_0),
}
_SUPPLY = _priced(stockout_cost=(5.0, ABOVE_0), disruption_rate=(1.5, FROM_0), recovery_rate=(14.0, ABOVE_0))
_DISCOUNT = {"fixed_cost": (8.0, ABOVE_0), "carrying_rate": (0.3, ABOVE_0), "demand_rate": (1_300.0, ABOVE_0)}
_PROBLEM: Final = LotSizeProblem([5.0, 6.0], fixed_cost=5.0, holding_cost=1.0)

LOT_SIZES: Final = [
    Call(eoq.economic_order, _priced()),
    Call(eoq.order_quantity_cost, _priced(order_quantity=(20.0, ABOVE_0))),
    Call(eoq.economic_order_with_backorders, _priced(backorder_cost=(5.0, ABOVE_0))),
    Call(
        eoq.order_quantity_cost_with_backorders,
        _priced(backorder_cost=(5.0, ABOVE_0), order_quantity=(20.0, ABOVE_0), stockout_fraction=(0.3, "[0, 1]")),
    ),
    Call(eoq.economic_production_lot, _priced(production_rate=(500.0, "(0, inf]"))),
    Call(eoq.economic_order(fixed_cost=50, holding_cost=2, demand_rate=200).total_cost, {"unit_cost": (1.0, FROM_0)}),
    Call(
        eoq.economic_order(fixed_cost=50, holding_cost=2, demand_rate=200).reorder_point, {"lead_time": (1.0, FROM_0)}
    ),
    Call(PriceBreaks, {"quantities": ([0.0, 100.0], FROM_0), "unit_costs": ([2.0, 1.8], ABOVE_0)}),
    Call(_PRICES.region_of, {"order_quantity": (20.0, FROM_0)}),
    Call(_PRICES.cost_of_order, {"order_quantity": (20.0, FROM_0)}),
    Call(all_units_discount, _DISCOUNT, {"prices": _PRICES}),
    Call(incremental_discount, _DISCOUNT, {"prices": _PRICES}),
    Call(uncertain_supply.additive_yield, _priced(yield_mean=(-5.0, REAL), yield_sd=(3.0, FROM_0))),
    Call(uncertain_supply.multiplicative_yield, _priced(**_YIELD)),
    Call(uncertain_supply.disrupted_supply, _SUPPLY),
    Call(uncertain_supply.disrupted_supply_cost, {**_SUPPLY, "order_quantity": (20.0, ABOVE_0)}),
    Call(
        JointItems,
        {
            "shared_fixed_cost": (5.0, FROM_0),
            "individual_fixed_costs": ([1.0, 2.0], FROM_0),
            "holding_costs": ([1.0, 1.0], ABOVE_0),
            "demand_rates": ([2.0, 3.0], ABOVE_0),
        },
    ),
    Call(_ITEMS.policy, {"multiples": ([1, 2], "[1, inf)"), "base_cycle": (1.0, ABOVE_0)}),
    Call(power_of_two_policy, {"base_period": (0.1, ABOVE_0)}, {"items": _ITEMS}),
    *(
        Call(
            function,
            {
                **_DYNAMIC,
                "fixed_cost": (50.0, FROM_0),
                "holding_cost": (1.0, FROM_0),
                "unit_cost": (1.0, FROM_0),
                "capacity": (9.0, FROM_0),
                "backorder_cost": (5.0, ABOVE_0),
            },
        )
        for function in (LotSizeProblem, cheapest_lot_sizes)
    ),
    Call(_PROBLEM.cost_of, {"orders": ([11.0, 0.0], FROM_0)}),
    *(
        Call(f, _DYNAMIC)
        for f in (heuristics.silver_meal, heuristics.least_unit_cost, heuristics.part_period_balancing)
    ),
]

_NEWSVENDOR = {"overage": (1.0, ABOVE_0), "underage": (4.0, ABOVE_0)}
_DISRUPTED = {
    "holding_cost": (1.0, ABOVE_0),
    "stockout_cost": (4.0, ABOVE_0),
    "demand": (20.0, ABOVE_0),
    "disruption_probability": (0.1, SHARE),
    "recovery_probability": (0.3, SHARE),
}
_QUEUE = {"demand_rate": (3.0, ABOVE_0), "lead_time": (2.0, ABOVE_0)}
_COSTS: Final = newsvendor.NewsvendorPrices(revenue=10.0, purchase_cost=4.0)

SINGLE_PERIOD: Final = [
    Call(newsvendor.critical_ratio, _NEWSVENDOR),
    Call(newsvendor.newsvendor_level, _NEWSVENDOR, {"demand": _NORMAL}),
    Call(newsvendor.newsvendor_measures, {**_NEWSVENDOR, "level": (120.0, REAL)}, {"demand": _NORMAL}),
    Call(newsvendor.single_order_cost, {**_NEWSVENDOR, "level": (120.0, REAL)}, {"cumulative": [_NORMAL]}),
    Call(newsvendor.single_order_for_several_periods, _NEWSVENDOR, {"cumulative": [_NORMAL]}),
    Call(
        newsvendor.NewsvendorPrices,
        {"revenue": (10.0, ABOVE_0), "purchase_cost": (4.0, ABOVE_0), "salvage_value": (1.0, REAL)},
    ),
    Call(_COSTS.expected_profit, {"level": (120.0, REAL)}, {"demand": _NORMAL}),
    Call(
        newsvendor_levels_under_budget,
        {**_NEWSVENDOR, "unit_cost": (2.0, ABOVE_0), "budget": (100.0, ABOVE_0)},
        {"demand": NormalDemand([100.0], [25.0])},
    ),
    Call(disruptions.base_stock_under_disruptions, _DISRUPTED),
    Call(disruptions.base_stock_under_disruptions_cost, {**_DISRUPTED, "base_stock": (30.0, FROM_0)}),
    Call(
        random_lead_time.outstanding_with_crossing, {"lead_time_pmf": ([0.5, 0.5], "[0, 1]")}, {"per_period": _POISSON}
    ),
    Call(
        random_lead_time.variance_with_crossing,
        {"mean": _MEAN, "variance": (9.0, FROM_0), "lead_time_pmf": ([0.5, 0.5], "[0, 1]")},
    ),
    Call(unit_demand.base_stock_for, {**_QUEUE, "target": (0.95, SHARE)}, {"measure": "fill_rate"}),
    Call(unit_demand.base_stock_measures, {**_QUEUE, "base_stock": (7, FROM_0)}),
    Call(unit_demand.mean_lead_time, {"values": ([1.0, 3.0], FROM_0), "probabilities": ([0.5, 0.5], "[0, 1]")}),
    Call(
        unit_demand.promised_wait,
        {**_QUEUE, "probability": (0.9, SHARE), "base_stock": (7, FROM_0), "step": (0.1, ABOVE_0)},
    ),
    Call(unit_demand.waiting_time_distribution, {**_QUEUE, "wait": (0.5, FROM_0), "base_stock": (7, FROM_0)}),
    Call(
        compound_poisson_measures,
        {"lead_time": (2.0, ABOVE_0), "reorder_point": (5, REAL), "order_quantity": (1, "[1, inf)")},
        {"demand": _ORDERS},
    ),
]

_MEASURED = {"order_quantity": (20.0, ABOVE_0), "target": (0.95, SHARE)}
_WAITS = {"lead_time": (2.0, ABOVE_0), "reorder_point": (5.0, REAL), "order_quantity": (20.0, ABOVE_0)}
_REVIEWED = {"lead_time": (2, FROM_0), "review": (1, "[1, inf)")}
_RQ_NUMBERS = _priced(stockout_cost=(25.0, ABOVE_0), fixed_cost=(50.0, FROM_0))

POLICIES: Final = [
    Call(allowed_shortfall, {"target": (0.95, SHARE)}, {"measure": "fill_rate"}),
    Call(
        measures.reorder_point_measures,
        {"demand_rate": (2.0, ABOVE_0), "reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)},
        {"demand": _POISSON},
    ),
    Call(
        measures.one_term_fill_rate,
        {"reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)},
        {"demand": _POISSON},
    ),
    Call(measures.mean_loss, {"reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)}, {"demand": _POISSON}),
    Call(measures.mean_of_cdf, {"reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)}, {"demand": _POISSON}),
    Call(reorder_targets.reorder_point_for, _MEASURED, {"demand": _NORMAL, "measure": "fill_rate"}),
    Call(cost.ReorderPointCosts, _RQ_NUMBERS),
    Call(
        cost.reorder_point_cost,
        {"reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)},
        {"demand": _NORMAL, "costs": _RQ},
    ),
    Call(cost.best_reorder_point, {"order_quantity": (9.0, ABOVE_0)}, {"demand": _NORMAL, "costs": _RQ}),
    Call(approximations.expected_shortage_policy, _priced(cost_per_unit_short=(25.0, ABOVE_0)), {"demand": _NORMAL}),
    Call(reorder_waiting.waiting_time_distribution, {**_WAITS, "wait": (0.5, FROM_0)}, {"per_time": _POISSON}),
    Call(reorder_waiting.promised_wait, {**_WAITS, "probability": (0.9, SHARE)}, {"per_time": _POISSON}),
    Call(periodic.periodic_reorder_point_for, _MEASURED, {"demand": _CYCLE, "measure": "fill_rate"}),
    Call(
        periodic.periodic_reorder_point_measures,
        {"reorder_point": (5.0, REAL), "order_quantity": (9.0, ABOVE_0)},
        {"demand": _CYCLE, "between_reviews": _POISSON.sum_over(2)},
    ),
    Call(order_up_to_measures, {"order_up_to": (20.0, REAL)}, {"demand": _CYCLE}),
    Call(targets.order_up_to_for, {"target": (0.95, SHARE)}, {"demand": _CYCLE, "measure": "fill_rate"}),
    Call(
        targets.cheapest_order_up_to,
        {"holding_cost": (1.0, ABOVE_0), "stockout_cost": (4.0, ABOVE_0)},
        {"demand": _CYCLE},
    ),
    Call(
        targets.cheapest_order_up_to_per_unit_short,
        {"holding_cost": (1.0, ABOVE_0), "cost_per_unit_short": (4.0, ABOVE_0)},
        {"demand": _CYCLE},
    ),
    Call(
        waiting_time.waiting_time_distribution, {**_REVIEWED, "order_up_to": (20.0, FROM_0)}, {"per_period": _POISSON}
    ),
    Call(
        waiting_time.periods_to_promise,
        {**_REVIEWED, "order_up_to": (20.0, FROM_0), "probability": (0.9, SHARE)},
        {"per_period": _POISSON},
    ),
    Call(line_service.line_fill_rate, {**_REVIEWED, "order_up_to": (9, FROM_0)}, {"demand": _ORDERS}),
    Call(MinMaxCosts, {"fixed_cost": (5.0, FROM_0), "holding_cost": (1.0, ABOVE_0), "stockout_cost": (4.0, ABOVE_0)}),
    Call(
        min_max_cost,
        {**_REVIEWED, "reorder_point": (4, REAL), "order_up_to": (12, REAL)},
        {"per_period": _POISSON, "costs": _MIN_MAX},
    ),
    Call(optimal_min_max, _REVIEWED, {"per_period": _POISSON, "costs": _MIN_MAX}),
    Call(
        min_max_measures.min_max_measures,
        {**_REVIEWED, "reorder_point": (4, REAL), "order_up_to": (12, REAL)},
        {"per_period": _POISSON},
    ),
    Call(
        min_max_measures.min_max_for,
        {**_REVIEWED, "gap": (8, "[1, inf)"), "target": (0.95, SHARE)},
        {"per_period": _POISSON, "measure": "fill_rate"},
    ),
    Call(
        tijms_groenevelt.approximate_backorder_rate,
        {"reorder_point": (8.0, REAL), "gap": (20.0, ABOVE_0)},
        {"demand": _CYCLE, "between_reviews": _POISSON.sum_over(2)},
    ),
    Call(
        tijms_groenevelt.approximate_min_for,
        {"backorder_rate": (0.05, SHARE), "gap": (20.0, ABOVE_0)},
        {"demand": _CYCLE, "between_reviews": _POISSON.sum_over(2)},
    ),
    Call(
        power_approximation_levels,
        {
            "demand_mean": (50.0, ABOVE_0),
            "demand_sd": (8.0, ABOVE_0),
            "fixed_cost": (2.5, ABOVE_0),
            "holding_cost": (0.18, ABOVE_0),
            "stockout_cost": (0.7, ABOVE_0),
            "lead_time": (1.0, FROM_0),
        },
    ),
    Call(
        HorizonCosts,
        {
            "fixed_cost": (5.0, FROM_0),
            "holding_cost": (1.0, ABOVE_0),
            "stockout_cost": (9.0, ABOVE_0),
            "purchase_cost": (1.0, FROM_0),
            "discount_factor": (0.9, "(0, 1]"),
            "terminal_holding_cost": (0.0, FROM_0),
            "terminal_stockout_cost": (0.0, FROM_0),
        },
    ),
    Call(
        finite_horizon_policy,
        {"initial_stock": (0, REAL)},
        {"demands": [_POISSON], "costs": HorizonCosts(5.0, 1.0, 9.0)},
    ),
    Call(PeriodDemand.rounded_normal, {"mean": (9.0, ABOVE_0), "sd": (2.0, ABOVE_0), "spread": (4.0, ABOVE_0)}),
    Call(overlapping_sums, {"demand": ([1.0, 2.0, 3.0], FROM_0), "periods": (2, "[1, inf)")}),
    Call(
        has_review_demand,
        {"demand": ([1.0, 2.0, 3.0], FROM_0), "lead_time": (1, "[0, inf)"), "review": (1, "[1, inf)")},
    ),
    Call(
        min_max_from_history,
        {
            **_REVIEWED,
            "demand": ([1.0, 2.0, 3.0, 0.0, 4.0, 2.0], FROM_0),
            "target": (0.6, SHARE),
            "order_quantity": (0.0, FROM_0),
        },
        {"measure": "cycle_service_level"},
    ),
    Call(checked_levels, {"reorder_point": (4, REAL), "order_up_to": (12, REAL)}),
    Call(lost_sales.erlang_loss, {"lead_time_demand": (3.0, ABOVE_0), "base_stock": (5, FROM_0)}),
    Call(lost_sales.erlang_loss_base_stock, {"lead_time_demand": (3.0, ABOVE_0), "fill_rate": (0.9, SHARE)}),
    Call(
        lost_sales.lost_sales_measures,
        {"order_up_to": (8, "[1, inf)"), "lead_time": (1, FROM_0)},
        {"per_period": _POISSON},
    ),
    Call(
        lost_sales.lost_sales_order_up_to_for,
        {"lead_time": (1, FROM_0), "fill_rate": (0.9, SHARE)},
        {"per_period": _POISSON},
    ),
]

_INTERVAL = {"interval_mean": (100.0, ABOVE_0), "interval_sd": (25.0, FROM_0)}
_SERVICE = {"cycle_service_level": (0.95, SHARE)}
_PERIOD = {"demand_mean": (30.0, ABOVE_0), "demand_sd": (3.0, FROM_0)}

SAFETY_STOCKS: Final = [
    Call(
        safety_stock.average_max_method,
        {
            "average_demand": (4.0, ABOVE_0),
            "maximum_demand": (9.0, ABOVE_0),
            "average_lead_time": (5.0, ABOVE_0),
            "maximum_lead_time": (8.0, ABOVE_0),
        },
    ),
    Call(
        safety_stock.average_demand_method,
        {"average_demand": (4.0, ABOVE_0), "days_of_cover": (3.0, FROM_0), "lead_time": (5.0, ABOVE_0)},
    ),
    Call(
        safety_stock.reorder_point_method,
        {"reorder_point": (40.0, REAL), "average_demand": (4.0, ABOVE_0), "lead_time": (5.0, ABOVE_0)},
    ),
    Call(safety_stock.cycle_service_method, {**_INTERVAL, **_SERVICE}),
    Call(safety_stock.root_lead_time_method, {**_PERIOD, **_SERVICE, "lead_time": (7.0, ABOVE_0)}),
    Call(
        safety_stock.random_lead_time_method,
        {**_PERIOD, **_SERVICE, "lead_time_mean": (7.0, ABOVE_0), "lead_time_sd": (4.0, FROM_0)},
    ),
    Call(
        safety_stock.fill_rate_method,
        {**_INTERVAL, "interval_sd": (25.0, ABOVE_0), "order_quantity": (200.0, ABOVE_0), "fill_rate": (0.95, SHARE)},
    ),
    Call(
        safety_stock.forecast_error_method,
        {"errors": ([1.0, -2.0, 3.0], REAL), "interval_mean": (100.0, ABOVE_0), **_SERVICE},
    ),
]

_ONE = np.array([5.0])


def _array(**values: tuple[float, str]) -> dict[str, tuple[Any, str]]:
    return {name: (np.array([value]), allowed) for name, (value, allowed) in values.items()}


_STEPS = _array(units=(2.0, FROM_0), cost=(3.0, FROM_0), avoided=(0.5, FROM_0))

ORDERS: Final = [
    Call(
        constraints.order_quantity,
        _array(
            position=(3.0, REAL),
            reorder_point=(5.0, REAL),
            raise_to=(9.0, REAL),
            lot=(2.0, FROM_0),
            minimum=(0.0, FROM_0),
        ),
    ),
    Call(
        constraints.cap_at_maximum,
        _array(
            quantity=(3.0, FROM_0),
            position=(5.0, REAL),
            maximum=(9.0, OR_NONE),
            lot=(2.0, FROM_0),
            minimum=(0.0, FROM_0),
        ),
    ),
    Call(
        constraints.cap_at_shelf_life,
        _array(
            quantity=(3.0, FROM_0), position=(5.0, REAL), sold=(9.0, OR_NONE), lot=(2.0, FROM_0), minimum=(0.0, FROM_0)
        ),
    ),
    Call(
        constraints.round_to_load_units,
        {
            **_array(quantity=(3.0, FROM_0), lot=(2.0, FROM_0), room=(9.0, "[-inf, inf]")),
            "sizes": (np.array([[4.0]]), OR_NONE),
            "share": (0.1, FROM_0),
        },
    ),
    Call(
        sourcing.cost_per_year,
        _array(
            demand=(9.0, FROM_0),
            unit_cost=(5.0, OR_NONE),
            order_units=(3.0, FROM_0),
            order_cost=(2.0, OR_NONE),
            stock=(0.0, FROM_0),
            holding_rate=(0.2, OR_NONE),
            short=(0.1, FROM_0),
            shortage_cost=(8.0, OR_NONE),
        ),
    ),
    Call(sourcing.can_deliver, _array(limit=(5.0, "[0, inf]"), pack=(2.0, FROM_0), minimum=(0.0, FROM_0))),
    Call(
        sourcing.split_order,
        {"quantity": (9.0, FROM_0), **_array(limit=(5.0, "[0, inf]"), pack=(2.0, FROM_0), minimum=(0.0, FROM_0))},
    ),
    Call(
        next_packs.ladder_units,
        _array(order=(9.0, FROM_0), least=(2.0, FROM_0), pack=(2.0, FROM_0), stride=(4.0, FROM_0)),
    ),
    Call(next_packs.rank_packs, {**_STEPS, "budget": (10.0, "[0, inf]")}, {"item": np.array([0])}),
    Call(
        supplier_minimum.meet_minimum_value,
        {"value": (10.0, FROM_0), "minimum": (20.0, FROM_0), **_STEPS, "money": (50.0, "[0, inf]")},
        {"item": np.array([0]), "n": 1, "urgent": True},
    ),
    Call(
        net_along_time,
        {
            **_array(net_stock=(5.0, REAL), level=(20.0, REAL), fractile=(0.95, "[0, 1]")),
            "arrivals": (np.array([[0.0, 3.0]]), FROM_0),
            "review": (1, FROM_0),
        },
        {
            "cumulative": np.cumsum(np.full((1, 4, 3), 2, dtype=np.float32), axis=2, dtype=np.float32),
            "lead_time": np.ones((1, 4), dtype=np.int64),
            "expected_lead_time": np.ones(1, dtype=np.int64),
            "lost": np.zeros(1, dtype=np.bool_),
            "integral": np.ones(1, dtype=np.bool_),
        },
    ),
    Call(
        Targets,
        _array(holding_cost=(1.0, ABOVE_0), shortage_cost=(9.0, ABOVE_0)),
        {"measure": np.array(["cost"]), "target": np.array([np.nan]), "lost": np.zeros(1, dtype=np.bool_)},
    ),
    Call(
        Targets,
        _array(target=(0.95, SHARE)),
        {
            "measure": np.array(["fill_rate"]),
            "holding_cost": np.array([np.nan]),
            "shortage_cost": np.array([np.nan]),
            "lost": np.zeros(1, dtype=np.bool_),
        },
    ),
    Call(
        points_for_total,
        {
            "rate": (np.array([[0.5, 0.1]]), "[0, 1]"),
            "value": (np.array([[1.0, 2.0]]), "(-inf, inf]"),
            "weight": (_ONE, FROM_0),
            "target": (0.2, ABOVE_0),
        },
    ),
    Call(netting.OpenOrder, {"quantity": (5.0, FROM_0), "due_in_days": (3.0, REAL)}),
    Call(
        netting.net_requirement,
        {
            "on_hand": (5.0, REAL),
            "safety_stock": (3.0, FROM_0),
            "demand": (4.0, FROM_0),
            "fixed_planned": (0.0, FROM_0),
        },
    ),
    Call(
        netting.safety_stock_requirement,
        {"on_hand": (5.0, REAL), "safety_stock": (3.0, FROM_0), "supply_today": (0.0, FROM_0)},
    ),
    Call(netting.minimum_across_rows, {"rows": ([20.0, 30.0], FROM_0), "minimum_quantity": (40.0, FROM_0)}),
    Call(
        netting.must_order_now,
        {
            "on_hand": (5.0, REAL),
            "daily_demand": (1.0, FROM_0),
            "lead_time_days": (7.0, FROM_0),
            "review_days": (1.0, ABOVE_0),
        },
    ),
    Call(cover.in_stock_rate, {"units": (50.0, FROM_0), "days": (42.0, ABOVE_0), "days_out": (10.0, FROM_0)}),
    Call(cover.promise_date, {"buffer_days": (7, FROM_0)}, {"first_positive": date(2026, 1, 5)}),
    Call(cover.stock_cover, {"on_hand": (5.0, REAL), "daily_demand": (1.0, ABOVE_0)}),
    Call(
        demand_driven.buffer_zones,
        {
            "average_daily_usage": (4.0, ABOVE_0),
            "lead_time_days": (10.0, ABOVE_0),
            "lead_time_factor": (0.5, FROM_0),
            "variability_factor": (0.5, FROM_0),
            "order_cycle_days": (0.0, FROM_0),
            "minimum_quantity": (0.0, FROM_0),
        },
    ),
    Call(rounding.raise_to_minimum, {"need": (5.0, FROM_0), "minimum_quantity": (9.0, FROM_0)}),
    Call(rounding.round_up_to_packs, {"need": (5.0, FROM_0), "pack_size": (4.0, ABOVE_0)}),
    Call(
        rounding.round_with_tolerance,
        {"need": (5.0, FROM_0), "pack_size": (4.0, ABOVE_0), "tolerance": (0.1, "[0, 1]")},
    ),
    Call(triggers.order_at_or_below_level, {"position": (5.0, REAL), "level": (9.0, REAL), "quantity": (9.0, FROM_0)}),
    Call(
        triggers.order_below_minimum,
        {
            "position": (5.0, REAL),
            "minimum": (9.0, REAL),
            "maximum": (20.0, REAL),
            "multiple": (3.0, ABOVE_0),
            "supplier_minimum": (0.0, FROM_0),
        },
    ),
    Call(triggers.phased_out_order, {"net_stock": (-4.0, REAL), "order_up_to": (0.0, REAL)}),
    Call(
        triggers.projected_quantity,
        {"on_hand": (5.0, REAL), **dict.fromkeys(("planned", "requested", "ordered", "reserved"), (0.0, FROM_0))},
    ),
    Call(order_days.days_between_orders, {"review_days": (7, FROM_0), "day": (20_000, REAL)}, {"weekdays": _WEEK}),
    Call(order_days.days_to_order_day, {"day": (20_000, REAL)}, {"weekdays": _WEEK}),
]

SUPPLY: Final = [
    Call(
        SerialSystem,
        {
            "echelon_holding_costs": ([1.0, 1.0], ABOVE_0),
            "lead_times": ([1.0, 1.0], FROM_0),
            "stockout_cost": (9.0, ABOVE_0),
        },
    ),
    Call(
        ServiceStage,
        {
            "processing_time": (2.0, FROM_0),
            "holding_cost": (1.0, FROM_0),
            "safety_factor": (1.0, FROM_0),
            "demand_sd": (3.0, FROM_0),
            "external_inbound": (0.0, FROM_0),
            "external_outbound": (1.0, FROM_0),
        },
    ),
    Call(LeadTimes.constant, {"periods": ([2.0, 3.0], FROM_0)}),
    Call(LeadTimes.from_days, {"mean": ([9.0], FROM_0), "sd": ([2.0], FROM_0)}, {"waits": np.arange(60)}),
    Call(gamma_reach, {"mean": ([9.0], FROM_0), "sd": ([2.0], FROM_0)}),
    Call(
        last_break,
        {"days": (np.array([5.0, 6.0, 7.0]), ANY), "false_alarm": (0.01, SHARE)},
        {"ordered": np.array([1, 2, 3]), "received": np.array([True, True, True])},
    ),
]

CALLS: Final = [*DISTRIBUTIONS, *LOT_SIZES, *SINGLE_PERIOD, *POLICIES, *SAFETY_STOCKS, *ORDERS, *SUPPLY]


def public_functions() -> Iterator[str]:
    """Yield module and name of every function that a module of the package publishes."""
    for module in pkgutil.walk_packages(replenishment.__path__, "replenishment."):
        names = getattr(importlib.import_module(module.name), "__all__", [])
        for name in names:
            value = getattr(importlib.import_module(module.name), name)
            if inspect.isfunction(value) and value.__module__ == module.name:
                yield f"{module.name}.{name}"
