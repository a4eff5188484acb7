"""Records on (s, S), order-up-to, base-stock and lost-sales policies."""

from __future__ import annotations

from typing import cast

from replenishment.base_stock.compound_poisson import CompoundPoisson, compound_poisson_measures
from replenishment.base_stock.disruptions import base_stock_under_disruptions
from replenishment.base_stock.unit_demand import (
    base_stock_measures,
    mean_lead_time,
    promised_wait,
    waiting_time_distribution,
)
from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import CountDemand, PoissonDemand
from replenishment.lost_sales import erlang_loss, lost_sales_measures
from replenishment.min_max.cost import MinMaxCosts, min_max_cost, optimal_min_max
from replenishment.min_max.finite_horizon import HorizonCosts, PeriodDemand, finite_horizon_policy
from replenishment.min_max.measures import min_max_measures
from replenishment.min_max.power_approximation import power_approximation_levels
from replenishment.order_up_to.measures import order_up_to_measures
from tests.oracle_kinds.common import Kind, Values, demand_of, numbered


def _min_max_costs(inputs: Values) -> MinMaxCosts:
    return MinMaxCosts(
        fixed_cost=inputs["fixed_cost"], holding_cost=inputs["holding_cost"], stockout_cost=inputs["stockout_cost"]
    )


def _optimal_min_max(inputs: Values, _: Values) -> Values:
    best = optimal_min_max(PoissonDemand(inputs["demand_mean"]), _min_max_costs(inputs), inputs.get("lead_time", 0))
    return {"s": best.reorder_point, "S": best.order_up_to, "cost": best.cost}


def _min_max_cost(inputs: Values, _: Values) -> Values:
    return {
        "cost": min_max_cost(
            PoissonDemand(inputs["demand_mean"]),
            _min_max_costs(inputs),
            inputs["s"],
            inputs["S"],
            inputs.get("lead_time", 0),
        )
    }


def _power(inputs: Values, _: Values) -> Values:
    names = ("demand_mean", "demand_sd", "fixed_cost", "holding_cost", "stockout_cost")
    # the records follow Snyder and Shen, who print the formulas without the paper's cap for small Q
    levels = power_approximation_levels(
        **{name: inputs[name] for name in names}, lead_time=inputs.get("lead_time", 0), capped=False
    )
    return {"s": levels.reorder_point, "S": levels.order_up_to}


def _min_max_measures(inputs: Values, _: Values) -> Values:
    demand = cast(CountDemand, demand_of(**inputs["demand"]))
    found = min_max_measures(demand, inputs["s"], inputs["S"], inputs.get("lead_time", 0), inputs.get("review", 1))
    return {
        "order_frequency": found.order_frequency,
        "expected_backorders": found.expected_backorders,
        "expected_on_hand": found.expected_on_hand,
        "fill_rate": found.fill_rate,
        "prob_no_backorder_end_of_period": found.no_backorder_rate,
    }


def _nonstationary(inputs: Values, _: Values) -> Values:
    costs = HorizonCosts(
        inputs["fixed_cost"],
        inputs["holding_cost"],
        inputs["stockout_cost"],
        purchase_cost=inputs.get("purchase_cost", 0.0),
    )
    found = finite_horizon_policy(
        [PoissonDemand(mean) for mean in inputs["means"]], costs, inputs.get("initial_inventory", 0)
    )
    return {
        "cost": found.cost,
        "first_order_up_to": found.order_up_to[0],
        "policy": [[s, top] for s, top in zip(found.reorder_points, found.order_up_to, strict=True)],
    }


def _finite_horizon_normal(inputs: Values, _: Values) -> Values:
    costs = HorizonCosts(
        inputs["fixed_cost"],
        inputs["holding_cost"],
        inputs["stockout_cost"],
        purchase_cost=inputs["purchase_cost"],
        discount_factor=inputs["discount_factor"],
        terminal_holding_cost=inputs["terminal_holding_cost"],
        terminal_stockout_cost=inputs["terminal_stockout_cost"],
    )
    # the source keeps the whole demands within 4 standard deviations and drops the probability outside
    demand = PeriodDemand.rounded_normal(inputs["demand_mean"], inputs["demand_sd"], spread=4.0)
    found = finite_horizon_policy([demand] * inputs["num_periods"], costs, inputs["initial_inventory_level"])
    # and its s is the highest stock whose decision ends at S, which may be S itself
    pairs = zip(found.reorder_points, found.order_up_to, strict=True)
    return {"s": [top if s == top - 1 else s for s, top in pairs], "S": found.order_up_to, "total_cost": found.cost}


def _order_up_to(inputs: Values, _: Values) -> Values:
    demand = demand_of(inputs["demand"], inputs["mean_per_period"], inputs.get("var_per_period"))
    protected = CycleDemand.independent(demand, inputs["lead_time"], inputs["review"])
    found = order_up_to_measures(protected, inputs["S"])
    return {
        "fill_rate": found.fill_rate,
        "expected_backorders_end_of_period": found.expected_backorders,
        "cycle_service_level": found.cycle_service_level,
        "share_of_periods_without_backorder": found.no_backorder_rate,
        "expected_on_hand_end_of_period": found.expected_on_hand,
    }


def _mean_lead_time(lead_time: Values | float) -> float:
    if not isinstance(lead_time, dict):
        return float(lead_time)
    if "low" in lead_time:
        return (float(lead_time["low"]) + float(lead_time["high"])) / 2.0
    if "values" in lead_time:
        return mean_lead_time(lead_time["values"], lead_time["probabilities"])
    return float(lead_time["mean"])


def _base_stock(inputs: Values, _: Values) -> Values:
    found = base_stock_measures(inputs["demand_rate"], _mean_lead_time(inputs["lead_time"]), inputs["S"])
    return {
        "fill_rate": found.fill_rate,
        "backorder_rate": found.backorder_rate,
        "expected_backorders": found.expected_backorders,
        "expected_on_hand": found.expected_on_hand,
        "mean_wait_all_customers": found.mean_wait,
        "mean_wait_backordered": found.mean_wait_of_backordered,
        "expected_outstanding": found.outstanding,
    }


def _waiting_time(inputs: Values, expected: Values) -> Values:
    queue = {"demand_rate": inputs["demand_rate"], "lead_time": inputs["lead_time"], "base_stock": inputs["S"]}
    grid = inputs["lead_time"] / 20_000
    promises = {
        name: promised_wait(percent / 100.0, **queue, step=grid)
        for name, percent in numbered(expected, r"p([\d.]+)_promise").items()
    }
    return {
        "P_wait_le_w": waiting_time_distribution(inputs["w"], **queue),
        "mean_wait": base_stock_measures(inputs["demand_rate"], inputs["lead_time"], inputs["S"]).mean_wait,
        **promises,
    }


def _compound_poisson(inputs: Values, _: Values) -> Values:
    table = inputs["size_pmf"]
    demand = CompoundPoisson(inputs["order_rate"], [float(size) for size in table], list(table.values()))
    found = compound_poisson_measures(demand, inputs["lead_time"], inputs["S"] - 1)
    return {
        "unit_fill_rate": found.unit_fill_rate,
        "complete_order_fill_rate": found.complete_order_fill_rate,
        "ready_rate": found.ready_rate,
        "expected_backorders": found.expected_backorders,
    }


def _lost_sales_periodic(inputs: Values, _: Values) -> Values:
    found = lost_sales_measures(PoissonDemand(inputs["demand_mean"]), inputs["S"], inputs["lead_time"])
    return {
        "fill_rate": found.fill_rate,
        "lost_per_period": found.lost_per_period,
        "end_on_hand": found.end_on_hand,
        "mean_order": found.mean_order,
    }


def _lost_sales_erlang(inputs: Values, _: Values) -> Values:
    found = erlang_loss(inputs["lambda_times_L"], inputs["S"])
    return {
        "lost_fraction": found.lost_fraction,
        "fill_rate": found.fill_rate,
        "expected_on_hand": found.expected_on_hand,
    }


def _disruptions(inputs: Values, _: Values) -> Values:
    found = base_stock_under_disruptions(
        holding_cost=inputs["holding_cost"],
        stockout_cost=inputs["stockout_cost"],
        demand=inputs["demand"],
        disruption_probability=inputs["disruption_prob"],
        recovery_probability=inputs["recovery_prob"],
    )
    return {"S": found.base_stock, "cost": found.cost}


POLICIES: dict[str, Kind] = {
    "ss_optimal_poisson": _optimal_min_max,
    "ss_cost_poisson": _min_max_cost,
    "ss_power_approximation": _power,
    "ss_measures": _min_max_measures,
    "ss_nonstationary_poisson": _nonstationary,
    "finite_horizon_dp_normal": _finite_horizon_normal,
    "rs_measures": _order_up_to,
    "base_stock_continuous_poisson_measures": _base_stock,
    "base_stock_random_lead_time": _base_stock,
    "waiting_time_base_stock_poisson": _waiting_time,
    "base_stock_continuous_compound_poisson_measures": _compound_poisson,
    "base_stock_disruptions": _disruptions,
    "lost_sales_order_up_to_poisson": _lost_sales_periodic,
    "lost_sales_erlang": _lost_sales_erlang,
}
