"""How one recommended quantity came about, in plain words and numbers, read from a published run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["explain"]

_MEASURES = {
    "backorder_rate": "at most {:.1%} of the units demanded may have to wait",
    "fill_rate": "at least {:.1%} of the units demanded must be filled from stock",
    "cycle_service_level": "at least {:.1%} of the replenishment cycles must pass without a stock-out",
    "ready_rate": "at least {:.1%} of the periods must end with stock",
    "cost": "holding and shortage cost together must be least",
}


def explain(folder: Path, sku: str, location: str | None = None) -> str:
    """Tell the story of one line of a run.

    Raises
    ------
    ConfigurationError
        An unknown SKU, or several locations and none chosen.
    """
    import pandas as pd

    tables = {
        name: pd.read_parquet(folder / f"{name}.parquet")
        for name in ("recommendations", "policy", "forecast", "simulation")
    }
    lines = tables["recommendations"]
    found = lines[lines["sku"] == sku]
    if location is not None:
        found = found[found["location"] == location]
    if found.empty:
        raise ConfigurationError(
            f"sku {sku!r}{f' at {location!r}' if location else ''} is not in the run {folder.name}; {_nearest(sku, lines)}"
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"sku {sku!r} is planned at {', '.join(found['location'])}: choose one with --location"
        )
    row = found.index[0]
    simulated = tables["simulation"]
    return _story(
        lines.loc[row].to_dict(),
        tables["policy"].loc[row].to_dict(),
        tables["forecast"].loc[row].to_dict(),
        simulated.loc[row].to_dict() if len(simulated) else {},
        _summary(folder),
    )


def _summary(folder: Path) -> dict[str, Any]:
    import json

    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))


def _nearest(sku: str, lines: pd.DataFrame) -> str:
    import difflib

    near = difflib.get_close_matches(sku, lines["sku"].unique().tolist(), n=3)
    return f"did you mean {', '.join(near)}?" if near else f"it holds {lines['sku'].nunique()} SKUs"


def _story(
    line: dict[str, Any],
    policy: dict[str, Any],
    forecast: dict[str, Any],
    simulated: dict[str, Any],
    run: dict[str, Any],
) -> str:
    unit = {"D": "days", "MS": "months"}.get(run["frequency"], "weeks")
    parts = [
        f"SKU {line['sku']} at {line['location']}, decided at the opening of {run['as_of']}",
        "",
        _demand(forecast, unit),
        _interval(policy, unit),
        _distribution(forecast, unit),
        _target(line, policy, unit),
        _position(line, policy),
        _order(line, policy),
    ]
    if simulated:
        parts.append(
            f"Checked by simulation: over a year on 100 or so sampled paths {simulated['backorder_rate']:.2%} of the units had to wait "
            f"(standard error {simulated['backorder_rate_se']:.2%}), promised were {policy['expected_backorder_rate']:.2%}; "
            f"mean stock {simulated['mean_stock']:,.1f} units."
        )
    return "\n".join(parts)


def _demand(forecast: dict[str, Any], unit: str) -> str:
    text = f"Demand: {forecast['periods_observed']:,} {unit} observed"
    for name, words in (
        ("out_of_stock", "out of stock (not counted as zero demand)"),
        ("not_launched", "before the launch"),
        ("discontinued", "after the end"),
        ("missing", "not recorded"),
    ):
        if forecast[f"periods_{name}"]:
            text += f", {forecast[f'periods_{name}']:,} {words}"
    return f"{text}. Class {forecast['class']}; model {forecast['model']}, because {forecast['reason']}."


def _interval(policy: dict[str, Any], unit: str) -> str:
    told = (
        f"stated {policy['stated_lead_time_days']:g} days"
        if policy["stated_lead_time_days"] == policy["stated_lead_time_days"]
        else "not stated"
    )
    if policy["receipts"]:
        told += f", measured {policy['measured_lead_time_days']:.1f} days (sd {policy['measured_lead_time_sd_days']:.1f}) over {policy['receipts']} receipts"
    return (
        f"Lead time: {told}; used: {policy['lead_time_source']}, on average {policy['lead_time_periods']:.1f} {unit}. "
        f"With a review every {policy['review_periods']} {unit} an order must last for {policy['protection_periods']:.1f} {unit}."
    )


def _distribution(forecast: dict[str, Any], unit: str) -> str:
    return (
        f"Demand over those {forecast['protection_periods']:.1f} {unit}: mean {forecast['demand_mean']:,.1f}, "
        f"50 % below {forecast['q0.5']:,.0f}, 90 % below {forecast['q0.9']:,.0f}, 95 % below {forecast['q0.95']:,.0f}, 99 % below {forecast['q0.99']:,.0f} units."
    )


def _target(line: dict[str, Any], policy: dict[str, Any], unit: str) -> str:
    text = f"Target ({line['rule']}): {_MEASURES[policy['measure']].format(policy['target'])}; what can't be filled is {'lost' if policy['unmet_demand'] == 'lost' else 'backordered'}. "
    if policy["policy"] == "order_up_to":
        text += f"Policy: every {policy['review_periods']} {unit}, order up to {policy['order_up_to']:,.0f} units"
    elif policy["policy"] == "reorder_point":
        text += f"Policy: when the position is at or below {policy['reorder_point']:,.0f}, order lots of {policy['lot']:,.0f}"
    else:
        text += f"Policy: when the position is at or below {policy['reorder_point']:,.0f}, order up to {policy['order_up_to']:,.0f}"
    lot = policy["economic_order_quantity"]
    text += (
        f" (economic order quantity {lot:,.1f})"
        if lot == lot
        else " (no economic order quantity: the unit cost is unknown)"
    )
    return f"{text}. Safety stock, what that leaves above mean demand: {policy['safety_stock']:,.1f} units. Promised backorder rate {policy['expected_backorder_rate']:.2%}."


def _position(line: dict[str, Any], policy: dict[str, Any]) -> str:
    text = f"Position: {line['on_hand']:,.0f} on hand"
    text += f", {line['backordered']:,.0f} backordered" if line["backordered"] else ""
    text += f", {line['allocated']:,.0f} of it allocated" if line["allocated"] else ""
    text += f", {line['on_order']:,.0f} on order" if line["on_order"] else ", nothing on order"
    if line["next_arrival_date"] == line["next_arrival_date"] and line["next_arrival_date"] is not None:
        text += f" (next on {line['next_arrival_date']:%Y-%m-%d})"
    return f"{text}. Netted along time this counts as {line['position_in_time']:,.0f} units; chance of running out before a new order could arrive: {line['stock_out_probability']:.0%}."


def _order(line: dict[str, Any], policy: dict[str, Any]) -> str:
    if line["order_quantity"] > 0:
        value = f", worth {line['order_value']:,.2f}" if line["order_value"] == line["order_value"] else ""
        supplier = f" from {line['supplier']}" if line["supplier"] else ""
        return f"Order {line['order_quantity']:,.0f} units{supplier}{value}, to arrive by {line['arrival_date']:%Y-%m-%d}: {line['reason']}."
    return f"No order: {line['reason']}."
