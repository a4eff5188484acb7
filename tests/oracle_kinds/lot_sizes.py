"""Records on order quantities."""

from __future__ import annotations

from collections.abc import Callable

from replenishment.lot_sizing.dynamic_lot_size import cheapest_lot_sizes
from replenishment.lot_sizing.economic_order_quantity import (
    economic_order,
    economic_order_with_backorders,
    economic_production_lot,
    order_quantity_cost,
    order_quantity_cost_with_backorders,
)
from replenishment.lot_sizing.joint_replenishment import (
    JointItems,
    JointPolicy,
    power_of_two_policy,
    silver_joint_policy,
)
from replenishment.lot_sizing.quantity_discounts import (
    DiscountedOrder,
    PriceBreaks,
    all_units_discount,
    incremental_discount,
)
from replenishment.lot_sizing.uncertain_supply import (
    SupplyOrder,
    additive_yield,
    disrupted_supply,
    multiplicative_yield,
)
from tests.oracle_kinds.common import Kind, Values, holding_cost_of


def _eoq(inputs: Values, _: Values) -> Values:
    order = economic_order(
        fixed_cost=inputs["fixed_cost"], holding_cost=holding_cost_of(inputs), demand_rate=inputs["demand_rate"]
    )
    return {"Q": order.quantity, "cost": order.cost}


def _eoq_cost(inputs: Values, _: Values) -> Values:
    return {
        "cost": order_quantity_cost(
            inputs["Q"],
            fixed_cost=inputs["fixed_cost"],
            holding_cost=holding_cost_of(inputs),
            demand_rate=inputs["demand_rate"],
        )
    }


def _eoq_backorders(inputs: Values, _: Values) -> Values:
    order = economic_order_with_backorders(
        fixed_cost=inputs["fixed_cost"],
        holding_cost=holding_cost_of(inputs),
        backorder_cost=inputs["backorder_cost_per_unit_time"],
        demand_rate=inputs["demand_rate"],
    )
    return {
        "Q": order.quantity,
        "stockout_fraction": order.stockout_fraction,
        "cost": order.cost,
        "max_backorders": order.largest_backlog,
    }


def _eoq_backorders_cost(inputs: Values, _: Values) -> Values:
    return {
        "cost": order_quantity_cost_with_backorders(
            inputs["Q"],
            inputs["stockout_fraction"],
            fixed_cost=inputs["fixed_cost"],
            holding_cost=holding_cost_of(inputs),
            backorder_cost=inputs["backorder_cost_per_unit_time"],
            demand_rate=inputs["demand_rate"],
        )
    }


def _eoq_with_purchases(inputs: Values, _: Values) -> Values:
    order = economic_order(fixed_cost=inputs["K"], holding_cost=inputs["h"], demand_rate=inputs["d"])
    return {
        "Q": order.quantity,
        "cost": order.total_cost(inputs["v"]),
        "implied_turnover_ratio": order.turnover,
        "reorder_point": order.reorder_point(inputs["lead_time"]),
        "coverage_years": order.cycle,
    }


def _epq(inputs: Values, _: Values) -> Values:
    order = economic_production_lot(
        fixed_cost=inputs["fixed_cost"],
        holding_cost=holding_cost_of(inputs),
        demand_rate=inputs["demand_rate"],
        production_rate=inputs["production_rate"],
    )
    return {"Q": order.quantity, "cost": order.cost}


def _discount(method: Callable[..., DiscountedOrder]) -> Kind:
    def compute(inputs: Values, _: Values) -> Values:
        order = method(
            PriceBreaks(inputs["breakpoints"], inputs["unit_costs"]),
            fixed_cost=inputs["fixed_cost"],
            carrying_rate=inputs["carrying_rate"],
            demand_rate=inputs["demand_rate"],
        )
        return {"Q": order.quantity, "region": order.region, "cost": order.cost}

    return compute


def _joint_values(policy: JointPolicy) -> Values:
    return {"Q": policy.quantities, "T": policy.base_cycle, "multiples": policy.multiples, "cost": policy.cost}


def _joint_items(inputs: Values) -> JointItems:
    names = ("shared_fixed_cost", "individual_fixed_costs", "holding_costs", "demand_rates")
    return JointItems(**{name: inputs[name] for name in names})


def _joint_silver(inputs: Values, _: Values) -> Values:
    return _joint_values(silver_joint_policy(_joint_items(inputs)))


def _joint_power_of_two(inputs: Values, _: Values) -> Values:
    return _joint_values(power_of_two_policy(_joint_items(inputs), inputs["base_period"]))


def _dynamic(inputs: Values, _: Values) -> Values:
    plan = cheapest_lot_sizes(
        inputs["demand"],
        fixed_cost=inputs["fixed_cost"],
        holding_cost=inputs["holding_cost"],
        unit_cost=inputs.get("unit_cost", 0.0),
        initial_stock=inputs.get("initial_inventory", 0.0),
        capacity=inputs.get("capacity"),
        backorder_cost=inputs.get("backorder_cost"),
    )
    return {"orders": plan.orders, "cost": plan.cost}


def _supply(method: Callable[..., SupplyOrder], *names: str) -> Kind:
    def compute(inputs: Values, _: Values) -> Values:
        order = method(
            fixed_cost=inputs["fixed_cost"],
            holding_cost=holding_cost_of(inputs),
            demand_rate=inputs["demand_rate"],
            **{name: inputs[name] for name in names},
        )
        return {"Q": order.quantity, "cost": order.cost}

    return compute


LOT_SIZES: dict[str, Kind] = {
    "eoq": _eoq,
    "eoq_cost": _eoq_cost,
    "eoq_backorders": _eoq_backorders,
    "eoq_backorders_cost": _eoq_backorders_cost,
    "eoq_with_purchases": _eoq_with_purchases,
    "epq": _epq,
    "eoq_all_units_discount": _discount(all_units_discount),
    "eoq_incremental_discount": _discount(incremental_discount),
    "joint_replenishment_silver": _joint_silver,
    "joint_replenishment_power_of_two": _joint_power_of_two,
    "dynamic_lot_size": _dynamic,
    "eoq_disruptions": _supply(disrupted_supply, "stockout_cost", "disruption_rate", "recovery_rate"),
    "eoq_additive_yield": _supply(additive_yield, "yield_mean", "yield_sd"),
    "eoq_multiplicative_yield": _supply(multiplicative_yield, "yield_mean", "yield_sd"),
}
