"""Records on the order rules of shipped systems."""

from __future__ import annotations

from datetime import date

from replenishment.order_rules.cover import in_stock_rate, promise_date, stock_cover
from replenishment.order_rules.demand_driven import buffer_zones
from replenishment.order_rules.netting import (
    OpenOrder,
    minimum_across_rows,
    must_order_now,
    net_requirement,
    safety_stock_requirement,
)
from replenishment.order_rules.rounding import raise_to_minimum, round_up_to_packs, round_with_tolerance
from replenishment.order_rules.triggers import (
    order_at_or_below_level,
    order_below_minimum,
    phased_out_order,
    projected_quantity,
)
from tests.oracle_kinds.common import Kind, Values


def _below_minimum(inputs: Values, _: Values) -> Values:
    return {
        "order": order_below_minimum(
            inputs["forecast"],
            minimum=inputs["min"],
            maximum=inputs["max"],
            multiple=inputs.get("multiple") or None,
            supplier_minimum=inputs.get("supplier_moq", 0.0),
        )
    }


def _projected(inputs: Values, _: Values) -> Values:
    incoming = {name: inputs.get(name, 0.0) for name in ("planned", "requested", "ordered", "reserved")}
    return {"projected": projected_quantity(on_hand=inputs["actual"], **incoming)}


def _fixed_planned(inputs: Values, _: Values) -> Values:
    found = net_requirement(
        on_hand=inputs["on_hand"],
        safety_stock=inputs["safety_stock"],
        demand=inputs["demand"],
        fixed_planned=inputs["fixed_planned"],
    )
    return {"recommended_total": found.recommended_total, "wrong_old_value": found.double_counted_total}


def _supply_today(inputs: Values, _: Values) -> Values:
    return {
        "order": safety_stock_requirement(
            on_hand=inputs["on_hand"], safety_stock=inputs["safety_stock"], supply_today=inputs["supply_today"]
        )
    }


def _net_along_time(inputs: Values, _: Values) -> Values:
    given = inputs["open_po"]
    listed = given if isinstance(given, list) else [given]
    orders = [OpenOrder(order["qty"], order["due_in_days"]) for order in listed]
    return {
        "must_order_now": must_order_now(
            on_hand=inputs["on_hand"],
            daily_demand=inputs["daily_demand"],
            lead_time_days=inputs["lead_time_days"],
            open_orders=orders,
        )
    }


def _sells_out(inputs: Values, _: Values) -> Values:
    inbound = [OpenOrder(order["qty"], order["day"]) for order in inputs["inbound"]]
    found = stock_cover(on_hand=inputs["on_hand"], daily_demand=inputs["daily_demand"], open_orders=inbound)
    return {
        "sells_out_in_days_vendor_rule": found.vendor_sum,
        "sells_out_in_first": found.first_stockout,
        "sells_out_in_days": found.last_stockout,
    }


def _in_stock_rate(inputs: Values, _: Values) -> Values:
    found = in_stock_rate(units=inputs["units"], days=inputs["days"], days_out=inputs["days_out"])
    return {"per_day": found.per_day, "missed": found.missed}


def _promise(inputs: Values, _: Values) -> Values:
    return {"promise": promise_date(date.fromisoformat(inputs["first_positive"]), inputs["buffer_days"]).isoformat()}


def _buffer(inputs: Values, _: Values) -> Values:
    zones = buffer_zones(
        average_daily_usage=inputs["adu"],
        lead_time_days=inputs["dlt"],
        lead_time_factor=inputs["lead_time_factor"],
        variability_factor=inputs["variability_factor"],
        order_cycle_days=inputs["order_cycle"],
        minimum_quantity=inputs["moq"],
    )
    values = {
        "red": zones.red,
        "yellow": zones.yellow,
        "green": zones.green,
        "top_of_red": zones.top_of_red,
        "top_of_yellow": zones.top_of_yellow,
        "top_of_green": zones.top_of_green,
    }
    for name in ("nfp", "net_flow", "net_flow_position"):
        if name in inputs:
            values["order"] = zones.order(inputs[name])
    return values


ORDER_RULES: dict[str, Kind] = {
    "min_max_strictly_below_multiple": _below_minimum,
    "min_max_strictly_below_with_supplier_moq": _below_minimum,
    "order_at_or_below_level_qty_or_gap": lambda inputs, _: {
        "order": order_at_or_below_level(
            inputs["projected"], level=inputs["reorder_level"], quantity=inputs["reorder_qty"]
        )
    },
    "projected_quantity": _projected,
    "round_with_tolerance": lambda inputs, _: {
        "order": round_with_tolerance(inputs["qty"], inputs["multiple"], inputs["tolerance_pct"] / 100.0)
    },
    "net_requirement_fixed_planned": _fixed_planned,
    "net_requirement_supply_today": _supply_today,
    "net_along_time": _net_along_time,
    "sells_out_in_days": _sells_out,
    "rate_per_in_stock_day": _in_stock_rate,
    "promise_date_with_buffer": _promise,
    "phased_out_with_backorders": lambda inputs, _: {
        "order": phased_out_order(inputs["net_stock"], phased_out=inputs["phased_out"])
    },
    "ddmrp_zones": _buffer,
    "moq_across_rows": lambda inputs, _: {"orders": minimum_across_rows(inputs["rows"], inputs["moq"])},
    "pack_beats_max": lambda inputs, _: {"order": round_up_to_packs(inputs["need"], inputs["multiple"])},
    "round_up_to_moq": lambda inputs, _: {"order": raise_to_minimum(inputs["need"], inputs["moq"])},
    "round_up_to_packs": lambda inputs, _: {"order": round_up_to_packs(inputs["need"], inputs["pack"])},
}
