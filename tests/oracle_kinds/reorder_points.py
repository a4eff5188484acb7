"""Records on reorder points."""

from __future__ import annotations

from collections.abc import Callable

from replenishment.demand_distributions import Demand, GammaDemand, NormalDemand, PoissonDemand
from replenishment.reorder_point.approximations import (
    economic_quantity_with_backorders_policy,
    economic_quantity_with_safety_stock_policy,
    expected_shortage_policy,
    loss_function_policy,
)
from replenishment.reorder_point.cost import (
    OptimalReorderPoint,
    ReorderPointCosts,
    best_reorder_point,
    optimal_reorder_point,
    reorder_point_cost,
)
from replenishment.reorder_point.measures import one_term_fill_rate, reorder_point_measures
from replenishment.reorder_point.targets import reorder_point_for
from replenishment.safety_stock import cycle_service_method, fill_rate_method, random_lead_time_method
from tests.oracle_kinds.common import Kind, Values


def _normal(inputs: Values) -> NormalDemand:
    return NormalDemand(inputs["demand_mean"], inputs["demand_sd"]).sum_over(inputs["lead_time"])


def _poisson(inputs: Values) -> PoissonDemand:
    return PoissonDemand(inputs["demand_rate"]).sum_over(inputs["lead_time"])


def _costs(inputs: Values) -> ReorderPointCosts:
    rate = inputs["demand_rate"] if "demand_rate" in inputs else inputs["demand_mean"]
    return ReorderPointCosts(
        demand_rate=rate,
        fixed_cost=inputs["fixed_cost"],
        holding_cost=inputs["holding_cost"],
        stockout_cost=inputs["stockout_cost"],
    )


def _policy(policy: OptimalReorderPoint) -> Values:
    return {"r": policy.reorder_point, "R": policy.reorder_point, "Q": policy.order_quantity, "cost": policy.cost}


def _cost(demand: Callable[[Values], Demand]) -> Kind:
    return lambda inputs, _: {
        "cost": reorder_point_cost(demand(inputs), _costs(inputs), inputs["reorder_point"], inputs["order_quantity"])
    }


def _optimal(demand: Callable[[Values], Demand]) -> Kind:
    return lambda inputs, _: _policy(optimal_reorder_point(demand(inputs), _costs(inputs)))


def _approximate(method: Callable[[Demand, ReorderPointCosts], OptimalReorderPoint]) -> Kind:
    return lambda inputs, _: _policy(method(_normal(inputs), _costs(inputs)))


def _eil(inputs: Values, _: Values) -> Values:
    return _policy(
        expected_shortage_policy(
            _normal(inputs),
            demand_rate=inputs["demand_mean"],
            fixed_cost=inputs["fixed_cost"],
            holding_cost=inputs["holding_cost"],
            cost_per_unit_short=inputs["stockout_cost"],
        )
    )


def _eil_nahmias(inputs: Values, _: Values) -> Values:
    return _policy(
        expected_shortage_policy(
            NormalDemand(inputs["ltd_mean"], inputs["ltd_sd"]),
            demand_rate=inputs["demand_rate"],
            fixed_cost=inputs["fixed_cost"],
            holding_cost=inputs["holding_cost"],
            cost_per_unit_short=inputs["cost_per_unit_short"],
        )
    )


def _types_1_and_2(inputs: Values, _: Values) -> Values:
    moments = {"interval_mean": inputs["ltd_mean"], "interval_sd": inputs["ltd_sd"]}
    return {
        "R_type1": cycle_service_method(**moments, cycle_service_level=inputs["target"]).reorder_point,
        "R_type2": fill_rate_method(**moments, order_quantity=inputs["Q"], fill_rate=inputs["target"]).reorder_point,
    }


def _fill_rate_normal(inputs: Values, _: Values) -> Values:
    found = fill_rate_method(
        interval_mean=inputs["ltd_mean"],
        interval_sd=inputs["ltd_sd"],
        order_quantity=inputs["Q"],
        fill_rate=inputs["P2"],
    )
    return {"k": found.safety_stock / found.sd, "s": found.reorder_point}


def _cycle_service_normal(inputs: Values, _: Values) -> Values:
    found = cycle_service_method(
        interval_mean=inputs["ltd_mean"], interval_sd=inputs["ltd_sd"], cycle_service_level=inputs["P1"]
    )
    return {"k": found.safety_stock / found.sd, "s": found.reorder_point}


def _gamma_fill_rate(inputs: Values, _: Values) -> Values:
    mean, sd, quantity, target = (inputs[name] for name in ("ltd_mean", "ltd_sd", "Q", "fill_rate"))
    return {
        "r": reorder_point_for(GammaDemand(mean, sd), quantity, "fill_rate", target),
        "r_if_normal": reorder_point_for(NormalDemand(mean, sd), quantity, "fill_rate", target),
    }


def _measures(demand: Demand, rate: float, inputs: Values) -> Values:
    found = reorder_point_measures(demand, rate, inputs["r"], inputs["Q"])
    return {
        "fill_rate": found.fill_rate,
        "fill_rate_one_term": one_term_fill_rate(demand, inputs["r"], inputs["Q"]),
        "backorder_rate": found.backorder_rate,
        "expected_backorders": found.expected_backorders,
        "expected_on_hand": found.expected_on_hand,
        "orders_per_unit_time": found.order_frequency,
        "mean_wait": found.mean_wait,
        "cycle_service_level": found.cycle_service_level,
    }


def _random_lead_time(inputs: Values, _: Values) -> Values:
    names = ("demand_mean", "demand_sd", "lead_time_mean", "lead_time_sd", "cycle_service_level")
    found = random_lead_time_method(**{name: inputs[name] for name in names})
    return {"ltd_sd": found.sd, "safety_stock": found.safety_stock, "reorder_point": found.reorder_point}


REORDER_POINTS: dict[str, Kind] = {
    "rq_cost_normal": _cost(_normal),
    "rq_cost_poisson": _cost(_poisson),
    "rq_optimal_normal": _optimal(_normal),
    "rq_optimal_poisson": _optimal(_poisson),
    "rq_optimal_r_normal": lambda inputs, _: {
        "r": best_reorder_point(_normal(inputs), _costs({"fixed_cost": 0.0, **inputs}), inputs["order_quantity"])
    },
    "rq_eil": _eil,
    "rq_eil_nahmias": _eil_nahmias,
    "rq_eoqb": _approximate(economic_quantity_with_backorders_policy),
    "rq_eoqss": _approximate(economic_quantity_with_safety_stock_policy),
    "rq_loss_function": _approximate(loss_function_policy),
    "rq_measures_normal": lambda inputs, _: _measures(_normal(inputs), inputs["demand_mean"], inputs),
    "rq_measures_poisson": lambda inputs, _: _measures(_poisson(inputs), inputs["demand_rate"], inputs),
    "rq_reorder_point_gamma_fill_rate": _gamma_fill_rate,
    "reorder_points_type1_type2_normal": _types_1_and_2,
    "reorder_point_fill_rate_normal": _fill_rate_normal,
    "reorder_point_cycle_service_normal": _cycle_service_normal,
    "safety_stock_random_lead_time": _random_lead_time,
}
