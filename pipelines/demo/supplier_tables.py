"""The tables of the suppliers' side: items, suppliers and their offers, receipts and open orders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.frames import dates, keys, names, names_or_empty, numbers_or_empty
from pipelines.demo.history import History
from pipelines.demo.incidents import Cause, Incidents
from pipelines.demo.purchasing import REVIEW_DAYS
from pipelines.demo.sourcing import NO_SOURCE, STEP_DISCOUNTS, Sourcing
from pipelines.demo.streams import keyed_stream
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.world import HAND, NEVER, World

__all__ = [
    "item_suppliers_table",
    "items_table",
    "open_orders_table",
    "order_numbers",
    "receipts_table",
    "substitutes_table",
    "suppliers_table",
]

Integers = npt.NDArray[np.int64]

LOW_TARGET = 0.15  # the backorder rate that the shop wants of the items whose target itself is low

_SUBSTITUTED_SHARE = 0.35
_DOUBLE_SHARE = 0.2  # of the substitutes, two units of which replace one


def items_table(world: World, sourcing: Sourcing, incidents: Incidents) -> pd.DataFrame:
    """One row an item and location."""
    assortment, series = world.assortment, world.series
    sku = series.sku
    stated = np.array([float(supplier.stated_days) for supplier in SUPPLIERS])[assortment.supplier]
    own_lead_time = np.where(assortment.extra_lead_days > 0, stated + assortment.extra_lead_days, np.nan)
    holding_rate = np.array([np.nan if kind.holding_rate is None else kind.holding_rate for kind in CATEGORIES])
    shelf_life = np.array([kind.shelf_life_days or NEVER for kind in CATEGORIES])
    target = np.where(incidents.cause == Cause.LOW_TARGET, LOW_TARGET, assortment.target[sku])
    return pd.DataFrame(
        {
            **keys(world, np.arange(sku.size)),
            "category": names([kind.name for kind in CATEGORIES], assortment.category[sku]),
            "supplier": names([supplier.name for supplier in SUPPLIERS], assortment.supplier[sku]),
            "lead_time_days": own_lead_time[sku],
            "unit_cost": assortment.unit_cost[sku],
            "unit_price": assortment.unit_price[sku],
            "order_cost": assortment.order_cost[sku],
            "holding_rate": holding_rate[assortment.category[sku]],
            "shortage_cost": assortment.shortage_cost[sku],
            "moq": assortment.moq[sku],
            "pack_size": assortment.pack_size[sku],
            "max_stock": numbers_or_empty(sourcing.max_stock),
            "shelf_life_days": numbers_or_empty(shelf_life[assortment.category[sku]]),
            "target": target,
            "successor_of": names_or_empty(list(assortment.sku), assortment.predecessor[sku]),
            "available_from": dates(world, assortment.launch[sku]),
            "discontinued_on": dates(world, assortment.end[sku]),
        }
    )


def suppliers_table() -> pd.DataFrame:
    """The suppliers as they present themselves."""
    least = np.array([supplier.min_order_value for supplier in SUPPLIERS])
    return pd.DataFrame(
        {
            "supplier": pd.Series([supplier.name for supplier in SUPPLIERS], dtype="str"),
            "lead_time_days": [supplier.stated_days for supplier in SUPPLIERS],
            "lead_time_sd_days": pd.Series([supplier.stated_sd_days for supplier in SUPPLIERS], dtype="float64"),
            "review_days": REVIEW_DAYS,
            "min_order_value": np.where(least > 0, least, np.nan),
            "order_weekdays": pd.Series([supplier.order_weekdays for supplier in SUPPLIERS], dtype="str"),
        }
    )


def item_suppliers_table(world: World, sourcing: Sourcing) -> pd.DataFrame:
    """One row for each item, location, supplier and price step."""
    assortment = world.assortment
    series = np.arange(world.series.sku.size)
    sku = world.series.sku
    stated = np.array([supplier.stated_days for supplier in SUPPLIERS])
    parts = [(series, assortment.supplier[sku], 1, assortment.unit_cost[sku], np.ones_like(sku), sourcing.capacity)]
    for step, discount in enumerate(STEP_DISCOUNTS):
        has = np.flatnonzero(sourcing.steps[sku, step] < NEVER)
        cost = np.round(assortment.unit_cost[sku[has]] * (1.0 - discount), 2)
        offer = (assortment.supplier[sku[has]], 1, cost, sourcing.steps[sku[has], step], sourcing.capacity[has])
        parts.append((has, *offer))
    has = np.flatnonzero(sourcing.second[sku] != NO_SOURCE)
    offer = (sourcing.second[sku[has]], 2, sourcing.second_cost[sku[has]], np.ones_like(has), np.full(has.size, NEVER))
    parts.append((has, *offer))

    which = np.concatenate([part[0] for part in parts])
    supplier = np.concatenate([part[1] for part in parts])
    priority = np.repeat([part[2] for part in parts], [part[0].size for part in parts])
    from_quantity = np.concatenate([part[4] for part in parts])
    capacity = np.concatenate([part[5] for part in parts])
    order = np.lexsort((from_quantity, priority, which))
    which, supplier = which[order], supplier[order]
    place = keys(world, which)
    return pd.DataFrame(
        {
            "sku": place["sku"],
            "supplier": names([each.name for each in SUPPLIERS], supplier),
            "location": place["location"],
            "priority": priority[order],
            "lead_time_days": stated[supplier] + assortment.extra_lead_days[sku[which]],
            "unit_cost": np.concatenate([part[3] for part in parts])[order],
            "from_quantity": from_quantity[order],
            "moq": assortment.moq[sku[which]],
            "pack_size": assortment.pack_size[sku[which]],
            "capacity_per_period": numbers_or_empty(capacity[order]),
        }
    )


def substitutes_table(world: World) -> pd.DataFrame:
    """Items of the same category and kind of demand that customers accept instead, drawn within each hand."""
    assortment = world.assortment
    pairs = []
    for i in range(assortment.sku.size):
        stream = keyed_stream(world.seed, "substitutes", i)
        draw, double = stream.random(2)
        begin = i // HAND * HAND
        # The first one like it that follows in the hand, and begins again at its start.
        following = [begin + (i - begin + step) % HAND for step in range(1, HAND)]
        alike = [j for j in following if j < assortment.sku.size and _alike(world, i, j)]
        if alike and draw < _SUBSTITUTED_SHARE:
            pairs.append((i, alike[0], 2.0 if double < _DOUBLE_SHARE else 1.0))
    sku = list(assortment.sku)
    columns = np.array(pairs).reshape(-1, 3)
    return pd.DataFrame(
        {
            "sku": names(sku, columns[:, 0].astype(np.int64)),
            "substitute": names(sku, columns[:, 1].astype(np.int64)),
            "ratio": columns[:, 2],
        }
    )


def order_numbers(world: World, history: History) -> tuple[Integers, Integers]:
    """Number of the purchase order of each order line: distinct numbers, and the position in them of each line.

    One number for each day, supplier and location, so that it does not depend on the other SKUs.
    """
    orders = history.orders
    number = (orders.ordered * len(SUPPLIERS) + orders.supplier) * len(world.locations)
    numbers, which = np.unique(number + world.series.location[orders.series], return_inverse=True)
    return numbers, which


def receipts_table(world: World, history: History) -> pd.DataFrame:
    """One row a delivery of an order line, those still open included."""
    orders, deliveries = history.orders, history.deliveries
    numbers, which = order_numbers(world, history)
    order = np.lexsort((deliveries.received, orders.series[deliveries.line], which[deliveries.line]))
    line, received = deliveries.line[order], deliveries.received[order]
    is_open = received >= world.days
    sent, rejected = deliveries.sent[order], np.where(is_open, 0, deliveries.rejected[order])
    return pd.DataFrame(
        {
            "po": names([f"{value:06d}" for value in numbers], which[line]),
            "supplier": names([supplier.name for supplier in SUPPLIERS], orders.supplier[line]),
            **keys(world, orders.series[line]),
            "proposed_on": dates(world, orders.proposed[line]),
            "ordered_on": dates(world, orders.ordered[line]),
            "promised_on": dates(world, orders.promised[line]),
            "received_on": dates(world, np.where(is_open, NEVER, received)),
            "ordered_quantity": orders.quantity[line],
            "quantity": sent - rejected,
            "rejected_quantity": rejected,
        }
    )


def open_orders_table(receipts: pd.DataFrame) -> pd.DataFrame:
    """The deliveries not yet received."""
    columns = ["po", "supplier", "sku", "location", "ordered_on", "promised_on", "quantity"]
    still_open = receipts.loc[receipts["received_on"].isna(), columns]
    return still_open.rename(columns={"promised_on": "due_date"}).reset_index(drop=True)


def _alike(world: World, i: int, j: int) -> bool:
    assortment = world.assortment
    same = assortment.category[i] == assortment.category[j]
    chained = assortment.root[i] == assortment.root[j]
    stays = assortment.launch[j] < world.days <= assortment.end[j]
    return bool(same and not chained and stays)
