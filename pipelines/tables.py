"""The contracts of the input tables: columns, kinds, units, limits and keys, each declared once."""

from __future__ import annotations

from functools import cache
from typing import Final

from pipelines.contracts import Check, Column, Contract

__all__ = ["LARGEST", "OPTIONAL", "PIECES", "TABLES", "contract", "kinds", "required_columns"]

# A quantity, price or number of days beyond this is a mistake, and sums must stay exact.
LARGEST: Final = 1e12
# Length and hidden characters are judged once for each distinct text (``pipelines.values``), not row by row.
LONGEST_IDENTIFIER: Final = 128
_FIRST_DATE: Final = "1900-01-02"
_LAST_DATE: Final = "2199-12-31"


def _identifier(description: str, required: bool = False, nullable: bool = True) -> Column:
    return Column("identifier", description, required, nullable)


def _number(
    description: str,
    low: float | None = 0.0,
    high: float = LARGEST,
    required: bool = False,
    nullable: bool = True,
    above: bool = False,
) -> Column:
    least = Check("greater_than" if above else "greater_than_or_equal_to", low=-high if low is None else low)
    return Column("number", description, required, nullable, (Check("less_than_or_equal_to", high=high), least))


def _share(description: str) -> Column:
    return Column("number", description, checks=(Check("in_range", 0, 1, include_low=False, include_high=False),))


def _whole(description: str, high: float, low: float = 0) -> Column:
    return Column("number", description, checks=(Check("in_range", low, high), Check("whole_number")))


def _date(description: str, required: bool = False, nullable: bool = True, empty_words: tuple[str, ...] = ()) -> Column:
    """A day; ``empty_words`` are words, in small letters, that may stand where there is none."""
    within = Check("in_range", _FIRST_DATE, _LAST_DATE)
    return Column("date", description, required, nullable, (within,), empty_words)


def _flag(description: str) -> Column:
    return Column("flag", description)


SKU: Final = "article identifier, text"
LOCATION: Final = "place identifier, text; main where it is left out"

# Units of measure that can't be split.
PIECES: Final = frozenset({"piece", "pieces", "pc", "pcs", "pce", "ea", "each", "unit", "units", "stk", "stück"})
# What may stand for the period of a forecast of the sum over the protection interval H.
SUM_WORDS: Final = ("sum", "sum over h")

TABLES: Final = (
    "sales",
    "items",
    "suppliers",
    "receipts",
    "stock",
    "open_orders",
    "customer_orders",
    "events",
    "item_suppliers",
    "substitutes",
    "transfers",
    "stock_counts",
    "known_ahead",
    "returns",
    "forecast",
)
OPTIONAL: Final = tuple(name for name in TABLES if name != "sales")


@cache
def contract(table: str) -> Contract:
    """Return the contract of one table.

    Raises
    ------
    KeyError
        An unknown table.
    """
    return _CONTRACTS[table]()


def kinds(table: str) -> dict[str, str]:
    """Return the kind of each column that a table may have."""
    return {name: column.kind for name, column in contract(table).columns.items()}


def required_columns(table: str) -> list[str]:
    """Return the columns without which a table is refused."""
    return [name for name, column in contract(table).columns.items() if column.required]


def _sales() -> Contract:
    return Contract(
        "sales",
        "what was sold or ordered: one row a SKU, location and period (or day, or transaction)",
        None,
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "date": _date("day of the sale, or first day of its period", required=True, nullable=False),
            "quantity": _number("units", required=True),
            "location": _identifier(LOCATION),
            "in_stock": _flag(
                "false: the item was out of stock, so that demand may have been higher than the quantity"
            ),
            "channel": _identifier("sales channel"),
            "price": _number("money per unit"),
        },
    )


def _items() -> Contract:
    return Contract(
        "items",
        "what is planned: one row a SKU, or a SKU and location",
        ["sku", "location"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "location": _identifier(LOCATION),
            "supplier": _identifier("who delivers it"),
            "lead_time_days": _number("days from order to availability", high=3650),
            "lead_time_periods": _whole("the same in whole periods, exact; wins over days", high=3650),
            "lead_time_sd_days": _number("standard deviation of the lead time, days", high=3650),
            "unit_cost": _number("money per unit; 0 or empty: unknown"),
            "unit_price": _number("money per unit"),
            "order_cost": _number("money an order line"),
            "holding_rate": _number("share of the unit cost per year"),
            "shortage_cost": _number("money per unit short, once"),
            "moq": _number("least order, units"),
            "pack_size": _number("units a pack; orders are whole packs", above=True),
            "layer_size": _number("units a layer of a pallet", above=True),
            "pallet_size": _number("units a pallet", above=True),
            "container_size": _number("units a container", above=True),
            "max_stock": _number("largest stock wanted, units"),
            "review_days": _number("days between reviews", high=3650),
            "target": _share("target of the configured measure for this item, between 0 and 1, both excluded"),
            "category": _identifier("group of similar items; shares seasons"),
            "successor_of": _identifier("SKU that this one replaces, or several: A, B; it takes over their history"),
            "available_from": _date("first day on which it can be sold"),
            "discontinued_on": _date("day from which it is no longer ordered"),
            "shelf_life_days": _number("days until it perishes", above=True),
            "hold": _flag("true: no orders"),
            "uom": _identifier("unit of measure"),
            "currency": _identifier("currency of its money columns"),
            "volume": _number("volume of a unit"),
            "ownership": _identifier(
                "owned or consigned (the supplier's until it is sold: planned, but no part of a budget)"
            ),
        },
    )


def _suppliers() -> Contract:
    return Contract(
        "suppliers",
        "who delivers",
        ["supplier"],
        {
            "supplier": _identifier("supplier identifier, text", required=True, nullable=False),
            "lead_time_days": _number("days from order to availability", high=3650),
            "lead_time_sd_days": _number("standard deviation of the lead time, days", high=3650),
            "review_days": _number("days between orders to it", high=3650),
            "order_cost": _number("money an order"),
            "min_order_value": _number("least value of an order, money"),
            "order_weekdays": _identifier("days on which it takes orders, such as MON,THU"),
        },
    )


def _receipts() -> Contract:
    return Contract(
        "receipts",
        "past purchase-order lines and when they came",
        None,
        {
            "supplier": _identifier("who delivered", required=True, nullable=False),
            "ordered_on": _date("day of the order", required=True, nullable=False),
            "received_on": _date("day of the receipt; empty while still open", required=True),
            "sku": _identifier(SKU),
            "location": _identifier(LOCATION),
            "quantity": _number("units"),
            "promised_on": _date("day that the supplier had promised"),
            "po": _identifier("purchase order"),
            "proposed_on": _date("day on which the order was proposed"),
            "ordered_quantity": _number("units ordered"),
            "rejected_quantity": _number("units refused at the door"),
        },
    )


def _stock() -> Contract:
    return Contract(
        "stock",
        "units on hand at the opening of as_of, before arrivals due at it",
        ["sku", "location"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "on_hand": _number("units; negative is backlog", low=None, required=True, nullable=False),
            "location": _identifier(LOCATION),
            "as_of": _date("day of the count"),
            "date": _date("the same as as_of"),
            "allocated": _number("units on hand that are promised to open orders already"),
        },
    )


def _open_orders() -> Contract:
    return Contract(
        "open_orders",
        "purchase-order lines not yet received",
        None,
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "quantity": _number("units still to come", required=True, nullable=False),
            "due_date": _date("day on which they are available", required=True, nullable=False),
            "location": _identifier(LOCATION),
            "po": _identifier("purchase order"),
            "supplier": _identifier("who delivers"),
            "ordered_on": _date("day of the order"),
        },
    )


def _customer_orders() -> Contract:
    return Contract(
        "customer_orders",
        "order lines of customers, filled and open",
        None,
        {
            "order_id": _identifier("customer order", required=True, nullable=False),
            "sku": _identifier(SKU, required=True, nullable=False),
            "quantity": _number("units ordered", required=True, nullable=False),
            "ordered_on": _date("day of the order", required=True, nullable=False),
            "location": _identifier(LOCATION),
            "line": _identifier("line of the order"),
            "customer": _identifier("who ordered"),
            "priority": _number("smaller is served first"),
            "requested_on": _date("day on which it is wanted"),
            "shipped_quantity": _number("units shipped so far"),
            "shipped_on": _date("day of the last shipment"),
            "cancelled_on": _date("day on which the rest was cancelled"),
            "promised_on": _date("day that the customer was told"),
            "allocated_quantity": _number("units on hand that are set aside for this line"),
            "unit_price": _number("money per unit"),
            "channel": _identifier("sales channel"),
        },
    )


def _events() -> Contract:
    return Contract(
        "events",
        "days that change demand",
        None,
        {
            "date": _date("day of the event", required=True, nullable=False),
            "name": _identifier("name of the event", required=True, nullable=False),
            "location": _identifier(LOCATION),
            "category": _identifier("category that it concerns; all where left out"),
            "sku": _identifier("SKU that it concerns; all where left out"),
        },
    )


def _item_suppliers() -> Contract:
    return Contract(
        "item_suppliers",
        "who else delivers an article, from which quantity at which price",
        ["sku", "location", "supplier", "from_quantity"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "supplier": _identifier("who delivers", required=True, nullable=False),
            "location": _identifier(LOCATION),
            "priority": _number("smaller is asked first"),
            "lead_time_days": _number("days from order to availability", high=3650),
            "unit_cost": _number("money per unit"),
            "from_quantity": _number("least quantity at this price, units"),
            "moq": _number("least order, units"),
            "pack_size": _number("units a pack", above=True),
            "capacity_per_period": _number("most units that can be delivered a period"),
        },
    )


def _substitutes() -> Contract:
    return Contract(
        "substitutes",
        "what may be delivered in place of an article",
        ["sku", "substitute"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "substitute": _identifier("SKU that may replace it", required=True, nullable=False),
            "ratio": _number("units of the substitute for one unit", above=True),
        },
    )


def _transfers() -> Contract:
    return Contract(
        "transfers",
        "which places can help each other out",
        ["from_location", "to_location"],
        {
            "from_location": _identifier("place that gives", required=True, nullable=False),
            "to_location": _identifier("place that receives", required=True, nullable=False),
            "lead_time_days": _number("days on the way", high=3650, required=True, nullable=False),
            "cost": _number("money a transfer"),
        },
    )


def _stock_counts() -> Contract:
    return Contract(
        "stock_counts",
        "what a count found and what the book had said",
        ["sku", "location", "counted_on"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "location": _identifier(LOCATION),
            "counted_on": _date("day of the count", required=True, nullable=False),
            "book": _number("units by the book", low=None, required=True, nullable=False),
            "counted": _number("units on the shelf", required=True, nullable=False),
        },
    )


def _known_ahead() -> Contract:
    return Contract(
        "known_ahead",
        "what is known of the future: prices, promotions, campaigns, closing days",
        None,
        {
            "date": _date("day, or first day of the period, that it is about", required=True, nullable=False),
            "known_since": _date("day from which it was known; a backtest sees no row before it"),
            "sku": _identifier("SKU that it concerns; all where left out"),
            "category": _identifier("category that it concerns; all where left out"),
            "location": _identifier("place that it concerns; all where left out"),
            "price": _number("money per unit on that day"),
            "promotion": _identifier("name of the promotion, campaign or closing day"),
            "uplift": _number("factor on demand: 1.5 is half as much again, 0 is closed"),
            "extra_quantity": _number("units demanded on top"),
        },
    )


def _returns() -> Contract:
    return Contract(
        "returns",
        "units that customers sent back",
        None,
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "date": _date("day of the return", required=True, nullable=False),
            "quantity": _number("units returned", required=True, nullable=False),
            "location": _identifier(LOCATION),
        },
    )


def _forecast() -> Contract:
    return Contract(
        "forecast",
        "a forecast from elsewhere that takes the place of ours: quantiles (level) or paths (path) of the demand of "
        "coming periods, or of its sum over the item's protection interval",
        ["sku", "location", "level", "path", "period"],
        {
            "sku": _identifier(SKU, required=True, nullable=False),
            "value": _number("units", required=True, nullable=False),
            "location": _identifier(LOCATION),
            "level": _share("probability of the quantile; this or path, at least 2 levels that reach the median"),
            "path": _whole(
                "number of the path, from 1 on without a gap; this or level, at least 20 paths", 1_000_000, low=1
            ),
            "period": _date(
                "first day of the period, from as_of on without a gap over at least the protection interval; empty, or "
                "sum over H: the sum over the protection interval",
                empty_words=SUM_WORDS,
            ),
            "made_on": _date("day on which the forecast was made: in the last period before as_of, or at it"),
        },
    )


_CONTRACTS: Final = {
    "sales": _sales,
    "items": _items,
    "suppliers": _suppliers,
    "receipts": _receipts,
    "stock": _stock,
    "open_orders": _open_orders,
    "customer_orders": _customer_orders,
    "events": _events,
    "item_suppliers": _item_suppliers,
    "substitutes": _substitutes,
    "transfers": _transfers,
    "stock_counts": _stock_counts,
    "known_ahead": _known_ahead,
    "returns": _returns,
    "forecast": _forecast,
}
