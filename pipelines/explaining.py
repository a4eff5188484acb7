"""How one recommended quantity came about, in plain words and numbers, read from a published run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["explain"]

Row = dict[str, Any]
# As the forecast frame names them.
_QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)
_MEASURES: Final = {
    "backorder_rate": "At most {:.1%} of the units demanded may have to wait",
    "fill_rate": "At least {:.1%} of the units demanded must be filled from stock",
    "cycle_service_level": "At least {:.1%} of the replenishment cycles must pass without a stock-out",
    "ready_rate": "At least {:.1%} of the periods must end with stock",
    "cost": "Holding and shortage cost together must be least",
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
        for name in ("recommendations", "policy", "forecast", "safety_stock", "simulation", "log", "stock_outs")
    }
    lines = tables["recommendations"]
    found = lines[lines["sku"] == sku]
    if location is not None:
        found = found[found["location"] == location]
    if found.empty:
        where = f" at {location!r}" if location else ""
        raise ConfigurationError(f"sku {sku!r}{where} is not in the run {folder.name}; {_nearest(sku, lines)}")
    if len(found) > 1:
        places = ", ".join(found["location"])
        raise ConfigurationError(f"sku {sku!r} is planned at {places}: choose one with --location")
    row = found.index[0]
    simulated = tables["simulation"]
    return _story(
        lines.loc[row].to_dict(),
        tables["policy"].loc[row].to_dict(),
        tables["forecast"].loc[row].to_dict(),
        _rows_of(tables["safety_stock"], lines.loc[row]),
        _rows_of(tables["log"], lines.loc[row]),
        _rows_of(tables["stock_outs"], lines.loc[row]),
        _of_item(simulated, lines.loc[row]),
        _summary(folder),
    )


def _summary(folder: Path) -> dict[str, Any]:
    import json

    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))


def _nearest(sku: str, lines: pd.DataFrame) -> str:
    import difflib

    near = difflib.get_close_matches(sku, lines["sku"].unique().tolist(), n=3)
    return f"did you mean {', '.join(near)}?" if near else f"it holds {lines['sku'].nunique()} SKUs"


def _of_item(simulated: pd.DataFrame, line: pd.Series[Any]) -> Row:
    """The simulation of one item; nothing where it was not simulated (no orders are planned for it)."""
    if not len(simulated):
        return {}
    found = simulated[(simulated["sku"] == line["sku"]) & (simulated["location"] == line["location"])]
    return dict(found.iloc[0]) if len(found) else {}


def _rows_of(table: pd.DataFrame, line: pd.Series[Any]) -> list[Row]:
    """The rows of one item, in their order."""
    found = table[(table["sku"] == line["sku"]) & (table["location"] == line["location"])]
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def _story(
    line: Row,
    policy: Row,
    forecast: Row,
    stocks: list[Row],
    log: list[Row],
    empty: list[Row],
    simulated: Row,
    run: Row,
) -> str:
    unit = {"D": "day", "MS": "month"}.get(run["frequency"], "week")
    sections = [
        ("Demand", [*_demand(forecast, unit), *_out_of_stock(empty, unit), *_repairs(log)]),
        ("Lead time", _lead_time(policy, unit)),
        (f"Demand over {_periods(forecast['protection_periods'], unit)}", _distribution(forecast)),
        (f"Target, set by {line['rule']}", _target(policy, run)),
        ("Policy", _policy(policy, forecast)),
        ("Safety stock by the book", _by_the_book(stocks)),
        ("Position", _position(line)),
        ("Order", _order(line, run)),
    ]
    if _known(line.get("alternative_supplier")):
        sections.insert(1, ("Supplier", _supplier(line)))
    if simulated:
        sections.append(("Simulation", _simulation(simulated, policy)))
    heading = f"SKU {line['sku']} at {line['location']}, decided at the opening of {run['as_of']}: {line['status']}"
    body = ["\n".join([title, *(f"  {sentence}" for sentence in sentences)]) for title, sentences in sections]
    return "\n\n".join([heading, *body])


def _demand(forecast: Row, unit: str) -> list[str]:
    """How much of the history is known, and which model follows from it."""
    parts = [f"{_periods(forecast['periods_observed'], unit)} observed"]
    for name, words in (
        ("out_of_stock", "out of stock (not counted as zero demand)"),
        ("not_launched", "before the launch"),
        ("discontinued", "after the end"),
        ("missing", "not recorded"),
    ):
        if forecast[f"periods_{name}"]:
            parts.append(f"{_periods(forecast[f'periods_{name}'], unit)} {words}")
    return [
        f"{', '.join(parts)}.",
        f"Class: {forecast['class']}. Model: {forecast['model']}, because {forecast['reason']}.",
    ]


def _out_of_stock(empty: list[Row], unit: str) -> list[str]:
    """What was sold while there was no stock, and what would have been demanded."""
    if not empty:
        return []
    sold, wanted = (sum(row[name] for row in empty) for name in ("sold", "estimated_demand"))
    method = empty[-1]["method"]
    return [
        f"In {_periods(len(empty), unit)} out of stock {_units(sold)} sold, demand estimated at {_units(wanted, 1)} "
        f"({method}); the estimate is shown, not learned from."
    ]


def _repairs(log: list[Row]) -> list[str]:
    """What the cleaning did to the history, with what undoes it."""
    told = []
    for row in log:
        change = (
            f", {_units(row['before'])} before, {_units(row['after'])} now"
            if _known(row["before"]) and _known(row["after"])
            else ""
        )
        told.append(f"{row['date']:%Y-%m-%d} {row['code']}{change}: {row['reason']}.")
    return told


def _lead_time(policy: Row, unit: str) -> list[str]:
    """What is said and what was measured, what each counts for, and how long an order must last."""
    stated = policy["stated_lead_time_days"]
    told = [f"Stated: {stated:g} days." if _known(stated) else "Stated: nothing."]
    if policy["receipts"]:
        mean, sd = policy["measured_lead_time_days"], policy["measured_lead_time_sd_days"]
        over = f"over {policy['receipts']:,} receipts"
        told.append(f"Measured: {mean:.1f} days on average {over}, standard deviation {sd:.1f} days.")
    review = policy["review_periods"]
    every = unit if review == 1 else _periods(review, unit)
    rhythm = f"With a review every {every}" if review else "Under continuous review"
    return [
        " ".join(told),
        *_drift(policy),
        f"Used: {policy['lead_time_source']}; on average {_periods(policy['lead_time_periods'], unit)}{_wait(policy)}."
        f"{_evidence(policy)}",
        f"{rhythm} an order must last for {_periods(policy['protection_periods'], unit)}.",
    ]


def _wait(policy: Row) -> str:
    """How much of the lead time passes before the order can be placed; empty where it can be at once."""
    days = policy["days_to_order_day"]
    return f" from the decision on, the {_periods(days, 'day')} until the supplier's order day included" if days else ""


def _drift(policy: Row) -> list[str]:
    """What changed at the supplier, and whether it keeps the promised day."""
    told = []
    if _known(policy["lead_time_changed_on"]):
        before, after = policy["lead_time_days_before"], policy["lead_time_days_after"]
        word = "slower" if after > before else "faster"
        told.append(
            f"The supplier has become {word} since {policy['lead_time_changed_on']:%Y-%m-%d}: {after:.1f} days on "
            f"average, {before:.1f} before; only orders since then count."
        )
    if _known(policy["promised_day_kept"]):
        told.append(f"It came on the very day it had promised in {policy['promised_day_kept']:.0%} of cases.")
    return told


def _evidence(policy: Row) -> str:
    """What the item's own orders, its supplier's and the prior count for."""
    prior = policy["lead_time_prior_weight"]
    if prior >= 1:
        return ""
    of_class = policy["lead_time_prior"] == "all suppliers"
    other = "what all suppliers make of the days they state" if of_class else "what is stated"
    return (
        f" By evidence the item's own orders count {policy['lead_time_own_weight']:.0%}, its supplier's "
        f"{policy['lead_time_supplier_weight']:.0%}, {other} {prior:.0%}."
    )


def _distribution(forecast: Row) -> list[str]:
    chances = [f"in {p:.0%} of cases at most {_units(forecast[f'q{p:g}'])}" for p in _QUANTILES]
    return [f"On average {_units(forecast['demand_mean'], 1)}.", f"{', '.join(chances).capitalize()}."]


def _supplier(line: Row) -> list[str]:
    """Who delivers, why, and what the next best would cost."""
    cost, other = line["supplier_cost"], line["alternative_cost"]
    own = f"; purchase, orders and stock cost {cost:,.2f} a year" if _known(cost) else ""
    alternative = f"{line['alternative_supplier']} would cost {other:,.2f} a year" if _known(other) else ""
    sentences = [f"{line['supplier']}: {line['supplier_reason']}{own}."]
    return [*sentences, f"{alternative}."] if alternative else sentences


def _target(policy: Row, run: Row) -> list[str]:
    wanted = _MEASURES[policy["measure"]].format(policy["target"])
    total = run.get("total_target")
    shared = (
        [f"This is its share of a total of {_rate(total['promised'])}, met with the least stock value."]
        if total
        else []
    )
    asked = policy.get("target_asked", policy["target"])
    online = "online" in (run.get("correction") or {})
    teacher = "What earlier reviews would have given teaches" if online else "Replays of earlier windows have taught"
    corrected = (
        [f"{teacher} to ask for {_rate(asked)}, so that this follows."]
        if asked is not None and _known(asked) and abs(asked - policy["target"]) > 1e-12
        else []
    )
    return [f"{wanted}.", *shared, *corrected, _unmet(policy)]


def _unmet(policy: Row) -> str:
    """What becomes of demand that stock doesn't cover."""
    if policy["unmet_demand"] == "mixed":
        return f"What can't be filled at once waits; who isn't served in {policy['patience_days']:g} days cancels."
    kept = "lost" if policy["unmet_demand"] == "lost" else "backordered"
    return f"What can't be filled at once is {kept}."


def _policy(policy: Row, forecast: Row) -> list[str]:
    """The ordering rule, its lot, and what it leaves above mean demand."""
    level, lot = _units(policy["order_up_to"]), policy["economic_order_quantity"]
    low = f"When the position is at or below {_units(policy['reorder_point'])}"
    rules = {
        "order_up_to": f"At every review, order up to {level}.",
        "reorder_point": f"{low}, order lots of {_units(policy['lot'])}.",
        "min_max": f"{low}, order up to {level}.",
    }
    if policy["measure"] == "cost" and policy["unmet_demand"] == "lost":
        rules["order_up_to"] = (
            "At every review, order the quantity that costs least: stock and every order under way are followed along "
            f"the sample paths. If their sum alone decided, ordering up to {level} would cost least."
        )
    spare, mean = _units(policy["safety_stock"], 1), _units(forecast["demand_mean"], 1)
    return [
        rules[policy["policy"]],
        f"Economic order quantity: {_units(lot, 1)}."
        if _known(lot)
        else "Economic order quantity: none, for want of a unit cost and a holding rate above 0.",
        f"Safety stock: {spare}, which is what this leaves above the mean demand of {mean}.{_below(policy)}",
        f"Promised backorder rate: {_rate(policy['expected_backorder_rate'])} of the units demanded.",
    ]


def _below(policy: Row) -> str:
    """Why a safety stock is negative, which looks like a mistake and is none."""
    if not policy["safety_stock"] < 0 or policy["policy"] == "order_up_to":
        return ""
    return " It is below 0: a lot lasts so long that the target is met although stock runs low before most arrivals."


def _by_the_book(stocks: list[Row]) -> list[str]:
    """What the textbooks' formulas would keep, and what each takes for granted."""
    plan, *others = stocks
    told = [f"The plan keeps {_units(plan['safety_stock'], 1)}, provided that {plan['assumes']}."]
    for row in others:
        if not _known(row["safety_stock"]):
            told.append(f"By {row['method']}: can't be computed for this item.")
            continue
        gap = row["difference"]
        beside = "as much" if abs(gap) < 0.05 else f"{_units(abs(gap), 1)} {'more' if gap > 0 else 'less'}"
        told.append(f"By {row['method']}: {_units(row['safety_stock'], 1)}, {beside}; assumes: {row['assumes']}.")
    return told


def _position(line: Row) -> list[str]:
    """What is there, what is promised, what is coming, and what it comes to."""
    parts = [f"{_units(line['on_hand'])} on hand"]
    if line["allocated"]:
        parts.append(f"of these {_units(line['allocated'])} allocated")
    if line["backordered"]:
        parts.append(f"{_units(line['backordered'])} backordered")
    parts.append(f"{_units(line['on_order'])} on order" if line["on_order"] else "nothing on order")
    sentences = [f"{', '.join(parts)}."]
    if _known(line["next_arrival_date"]):
        sentences.append(f"Next arrival: {line['next_arrival_date']:%Y-%m-%d}.")
    return [
        *sentences,
        f"Netted along time this counts as {_units(line['position_in_time'])}.",
        f"Chance of running out before a new order could arrive: {_rate(line['stock_out_probability'], 0)}.",
    ]


def _order(line: Row, run: Row) -> list[str]:
    if not line["order_quantity"] > 0:
        return [f"No order: {line['reason']}."]
    supplier = f" from {line['supplier']}" if _known(line["supplier"]) else ""
    value = f", worth {line['order_value']:,.2f}" if _known(line["order_value"]) else ""
    arrival = f", expected on {line['arrival_date']:%Y-%m-%d}" if _known(line["arrival_date"]) else ""
    day = (
        f" on {line['order_date']:%Y-%m-%d}, its next order day"
        if f"{line['order_date']:%Y-%m-%d}" != run["as_of"]
        else ""
    )
    return [f"Order {_units(line['order_quantity'])}{supplier}{day}{value}{arrival}.", f"Why: {line['reason']}."]


def _simulation(simulated: Row, policy: Row) -> list[str]:
    rate, error = simulated["backorder_rate"], simulated["backorder_rate_se"]
    stock = f"Mean stock: {_units(simulated['mean_stock'], 1)}."
    if not _known(rate):
        return ["Nothing was demanded on the sampled paths.", stock]
    spread = f" (standard error {_rate(error)})" if _known(error) else ""
    return [
        f"On sampled paths {_rate(rate)} of the units were not filled at once{spread}.",
        f"Promised were {_rate(policy['expected_backorder_rate'])}.",
        stock,
    ]


def _known(value: Any) -> bool:
    """Whether there is a value: None, NaN, NaT and empty text are none."""
    return value is not None and value == value and value != ""


def _units(value: float, digits: int | None = None) -> str:
    """Name a quantity; unless ``digits`` says how many decimals, whole units have none and others two."""
    if not _known(value):
        return "an unknown number of units"
    decimals = digits if digits is not None else 2 * (abs(value - round(value)) > 1e-9)
    number = f"{value:z,.{decimals}f}"
    return f"{number} unit{'' if number == '1' else 's'}"


def _periods(count: float, unit: str) -> str:
    """Name a length of time in periods, such as 7 days or 1.5 weeks."""
    if not _known(count):
        return f"an unknown number of {unit}s"
    number = f"{count:,.0f}" if count == round(count) else f"{count:,.1f}"
    return f"{number} {unit}{'' if number == '1' else 's'}"


def _rate(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}%}" if _known(value) else "an unknown share"
