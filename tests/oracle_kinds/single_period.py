"""Records on loss functions, newsvendors and periodic base stocks."""

from __future__ import annotations

import numpy as np

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import Demand, LognormalDemand, NormalDemand, PoissonDemand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.loss_functions import poisson_loss, standard_normal_loss, standard_normal_second_loss
from replenishment.newsvendor import (
    NewsvendorPrices,
    newsvendor_level,
    newsvendor_measures,
    newsvendor_optimum,
    single_order_cost,
    single_order_for_several_periods,
)
from replenishment.newsvendor_budget import newsvendor_levels_under_budget
from replenishment.order_up_to.targets import order_up_to_for
from tests.oracle_kinds.common import Kind, Values, numbered

_OVERAGE = ("holding_cost", "overage", "co", "h")
_UNDERAGE = ("stockout_cost", "underage", "cu", "b")


def _given(inputs: Values, names: tuple[str, ...]) -> float:
    return next(float(inputs[name]) for name in names if name in inputs)


def _costs(inputs: Values) -> dict[str, float]:
    return {"overage": _given(inputs, _OVERAGE), "underage": _given(inputs, _UNDERAGE)}


def _protected_normal(inputs: Values) -> NormalDemand:
    return NormalDemand(inputs["demand_mean"], inputs["demand_sd"]).sum_over(inputs.get("lead_time", 0) + 1)


def _loss_standard_normal(inputs: Values, _: Values) -> Values:
    loss = standard_normal_loss(inputs["z"])
    return {"L": loss, "Lbar": inputs["z"] + loss}


def _loss_poisson(inputs: Values, _: Values) -> Values:
    loss = poisson_loss(inputs["x"], inputs["mean"])
    return {"n": loss, "nbar": inputs["x"] - inputs["mean"] + loss}


def _best(demand: Demand, inputs: Values) -> Values:
    best = newsvendor_level(demand, **_costs(inputs))
    return {"S": best.level, "Q": best.level, "cost": best.cost}


def _base_stock_cost_normal(inputs: Values, _: Values) -> Values:
    return {"cost": newsvendor_measures(_protected_normal(inputs), inputs["S"], **_costs(inputs)).cost}


def _newsvendor_pmf(inputs: Values, _: Values) -> Values:
    table = inputs["demand_pmf"]
    return _best(DiscreteDemand([float(value) for value in table], list(table.values())), inputs)


def _prices(inputs: Values) -> NewsvendorPrices:
    return NewsvendorPrices(
        revenue=inputs["revenue"],
        purchase_cost=inputs["purchase_cost"],
        salvage_value=inputs.get("salvage_value", 0.0),
    )


def _newsvendor_profit(inputs: Values, _: Values) -> Values:
    best, profit = newsvendor_optimum(_protected_normal(inputs), _prices(inputs))
    return {"S": best.level, "Q": best.level, "profit": profit}


def _newsvendor_measures(inputs: Values, _: Values) -> Values:
    demand, prices = _protected_normal(inputs), _prices(inputs)
    at = newsvendor_measures(demand, inputs["Q"], overage=prices.overage, underage=prices.underage)
    return {
        "expected_lost_sales": at.expected_shortage,
        "expected_leftover": at.expected_leftover,
        "expected_profit": prices.expected_profit(demand, inputs["Q"]),
        "max_profit": prices.greatest_profit(demand),
        "in_stock_prob": at.in_stock_probability,
        "optimal_Q": newsvendor_optimum(demand, prices)[0].level,
    }


def _budget(inputs: Values, _: Values) -> Values:
    items = {
        name: [item[name] for item in inputs["items"]] for name in ("mean", "sd", "unit_cost", "overage", "underage")
    }
    found = newsvendor_levels_under_budget(
        NormalDemand(items["mean"], items["sd"]),
        unit_cost=items["unit_cost"],
        overage=items["overage"],
        underage=items["underage"],
        budget=inputs["budget"],
    )
    return {
        "multiplier": found.multiplier,
        "Q": found.levels,
        "spend": found.spend,
        "unconstrained_spend": found.unconstrained_spend,
    }


def _several_periods(inputs: Values, expected: Values) -> Values:
    cumulative = [PoissonDemand(mean) for mean in np.cumsum(inputs["mean"])]
    costs = _costs(inputs)
    values: Values = {
        name: single_order_cost(cumulative, level, **costs)
        for name, level in numbered(expected, r"cost_S([\d.]+)").items()
    }
    best = single_order_for_several_periods(cumulative, **costs)
    return {**values, "S": best, "S_cost_optimal": best, "cost": single_order_cost(cumulative, best, **costs)}


def _periodic_poisson(inputs: Values, expected: Values) -> Values:
    demand = PoissonDemand(inputs["demand_mean"])
    protected = CycleDemand.independent(demand, inputs["lead_time"])
    values: Values = {
        "avg_on_order": inputs["demand_mean"] * inputs["lead_time"],
        "S_cost_optimal": newsvendor_level(protected.horizon, **_costs(inputs)).level,
    }
    for name, level in numbered(expected, r"prob_short_S([\d.]+)").items():
        values[name] = protected.horizon.survival(level)
    for name, percent in numbered(expected, r"S_for_([\d.]+)pct_fill_cachon_formula").items():
        # that formula counts every unit again in each period in which it is backordered
        tolerated = (1.0 - percent / 100.0) * inputs["demand_mean"]
        values[name] = order_up_to_for(protected, "expected_backorders", tolerated)
    for name, percent in numbered(expected, r"S_for_([\d.]+)pct_fill(?:_exact)?").items():
        values[name] = order_up_to_for(protected, "fill_rate", percent / 100.0)
    return values


SINGLE_PERIOD: dict[str, Kind] = {
    "loss_standard_normal": _loss_standard_normal,
    "loss_standard_normal_second_order": lambda inputs, _: {"L2": standard_normal_second_loss(inputs["z"])},
    "loss_poisson": _loss_poisson,
    "newsvendor_normal": lambda inputs, _: _best(_protected_normal(inputs), inputs),
    "newsvendor_poisson": lambda inputs, _: _best(PoissonDemand(inputs["demand_mean"]), inputs),
    "base_stock_poisson": lambda inputs, _: _best(
        PoissonDemand(inputs["demand_mean"]).sum_over(inputs["lead_time"] + 1), inputs
    ),
    "newsvendor_lognormal": lambda inputs, _: _best(LognormalDemand(inputs["mu"], inputs["sigma"]), inputs),
    "newsvendor_pmf": _newsvendor_pmf,
    "newsvendor_normal_profit": _newsvendor_profit,
    "newsvendor_normal_measures": _newsvendor_measures,
    "newsvendor_budget": _budget,
    "base_stock_cost_normal": _base_stock_cost_normal,
    "single_order_several_poisson_periods": _several_periods,
    "base_stock_periodic_poisson_measures": _periodic_poisson,
}
