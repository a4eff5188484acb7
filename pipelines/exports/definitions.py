"""What each column means that is handed to people: its kind and its definition, one sentence with units."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

__all__ = ["DEFINITIONS", "Definition", "Kind"]

Kind = Literal["text", "units", "number", "money", "share", "date"]


class Definition(NamedTuple):
    """How a column is shown, and what it means."""

    kind: Kind
    meaning: str


DEFINITIONS: Final[dict[str, Definition]] = {
    "sku": Definition("text", "article identifier, exactly as in your tables"),
    "location": Definition("text", "place that the article is kept at"),
    "supplier": Definition("text", "who delivers"),
    "status": Definition("text", "where the item stands, from stocked out to fine"),
    "order_quantity": Definition("units", "units to order, after packs, minimums and all limits"),
    "override_quantity": Definition("units", "yours to fill in: the units that shall be ordered instead, 0 for none"),
    "override_note": Definition("text", "yours to fill in: why"),
    "need": Definition("units", "units that the policy wants, before packs, minimums and limits"),
    "order_date": Definition("date", "day on which the order is to be placed"),
    "arrival_date": Definition("date", "day on which the order is expected"),
    "reorder_point": Definition("units", "an order is due when the position is at or below this"),
    "order_up_to": Definition("units", "level that an order raises the position to"),
    "safety_stock": Definition("units", "level less the mean demand over lead time and review"),
    "economic_order_quantity": Definition("units", "lot of least ordering and holding cost"),
    "on_hand": Definition("units", "counted at the opening of the plan, before arrivals"),
    "on_order": Definition("units", "ordered and not yet received, released orders included"),
    "released": Definition(
        "units", "part of on_order: released from here, and not yet seen in your open orders or receipts"
    ),
    "next_arrival_date": Definition("date", "day of the next expected arrival"),
    "backordered": Definition("units", "units that customers wait for"),
    "allocated": Definition("units", "on hand, but promised to customers already"),
    "inventory_position": Definition("units", "on hand less what waits or is allocated, plus on order"),
    "position_in_time": Definition("units", "the position that counts: what comes too late is not in it"),
    "demand_mean": Definition("units", "mean demand over lead time and review"),
    "demand_quantile": Definition("units", "demand over lead time and review that is exceeded in 5 % of cases"),
    "days_of_cover": Definition("number", "days of mean demand that the stock lasts"),
    "days_of_cover_after": Definition("number", "days of mean demand that stock, orders and this order last"),
    "excess": Definition("units", "units above the order-up-to level"),
    "stock_out_probability": Definition("share", "probability that stock runs out before a new order could arrive"),
    "units_at_risk": Definition("units", "units expected to be short over lead time and review without an order"),
    "expected_backorder_rate": Definition("share", "units not filled at once / units demanded, in the long run"),
    "unit_cost": Definition("money", "money per unit"),
    "order_value": Definition("money", "order quantity times unit cost"),
    "adjustment": Definition("text", "what changed the order: minimum, budget, shelf life, override, ..."),
    "supplier_reason": Definition("text", "why this supplier"),
    "supplier_cost": Definition("money", "purchase, orders and stock in a year with this supplier"),
    "alternative_supplier": Definition("text", "the next best supplier"),
    "alternative_cost": Definition("money", "the same with the next best"),
    "priority": Definition("number", "1 is the most urgent line"),
    "reason": Definition("text", "how the order quantity came about"),
    "rule": Definition("text", "the rule of the configuration that set the target"),
    "model": Definition("text", "the forecasting model"),
    "lines": Definition("number", "order lines"),
    "units": Definition("units", "units that it is about"),
    "value": Definition("money", "money of all lines"),
    "min_order_value": Definition("money", "least value of an order to this supplier"),
    "minimum": Definition("text", "whether the minimum is met: met, raised, waits or below"),
    "kind": Definition("text", "what the alert is about"),
    "severity": Definition("text", "now, soon or watch"),
    "verb": Definition("text", "what to do"),
    "money": Definition("money", "what is at stake"),
    "last_date": Definition("date", "day after which it is too late"),
    "sentence": Definition("text", "the alert in words"),
}
