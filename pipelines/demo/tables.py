"""The tables of a demo shop: the input tables of the planner, and the truth that no shop would know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.catalogue import CATEGORIES, LIVES, PATTERNS, SUPPLIERS
from pipelines.demo.demand import draw_demand, mean_demand, on_sale
from pipelines.demo.history import History, live_through
from pipelines.demo.ledger import CustomerOrders, units_in_dispatch, write_ledger
from pipelines.demo.promotions import Occasion, draw_occasions, uplift_and_discount
from pipelines.demo.purchasing import REVIEW_DAYS, PurchaseOrders, open_buyer
from pipelines.demo.world import AS_OF, NEVER, World, draw_world

__all__ = ["DemoWorld", "demo_tables"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DemoWorld:
    """A generated shop.

    Attributes
    ----------
    tables : the input tables under the names and columns of the planner: sales, items, suppliers, receipts, stock,
        open_orders, customer_orders, events.
    truth : what a shop would not know: ``days`` (each SKU, location and day: mean demand, demand, what became of
        it, receipts and stock), ``series`` (parameters of each SKU and location), ``suppliers`` (real lead times),
        ``events`` (uplifts).
    as_of : the opening of the first day after the history.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    as_of: dt.date


def demo_tables(skus: int = 400, locations: int = 2, years: int = 3, seed: int = 0) -> DemoWorld:
    """Generate a shop: the same arguments give the same tables.

    Parameters
    ----------
    skus : number of SKUs, >= 1.
    locations : number of locations, 1 to 4: north, south, east, west.
    years : length of the history in years of 365 days, >= 1.
    seed : >= 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    world = draw_world(skus, locations, years, seed)
    occasions = draw_occasions(world)
    uplift, discount = uplift_and_discount(world, occasions)
    mean = mean_demand(world, uplift)
    history = live_through(world, draw_demand(world, mean), open_buyer(world))
    ledger = write_ledger(world, history)
    price = np.round(world.assortment.unit_price[world.series.sku] * (1.0 - discount), 2)
    receipts = _receipts(world, history.orders)
    events = _events(world, occasions)
    tables = {
        "sales": _sales(world, history, price),
        "items": _items(world),
        "suppliers": _suppliers(),
        "receipts": receipts,
        "stock": _stock(world, history),
        "open_orders": _open_orders(receipts),
        "customer_orders": _customer_orders(world, ledger, price),
        "events": events.drop(columns="uplift"),
    }
    truth = {
        "days": _true_days(world, history, mean),
        "series": _true_series(world, history),
        "suppliers": _true_suppliers(),
        "events": events,
    }
    return DemoWorld(tables, truth, AS_OF)


def _sales(world: World, history: History, price: Floats) -> pd.DataFrame:
    series, day = np.nonzero(on_sale(world).T)
    return pd.DataFrame(
        {
            **_keys(world, series),
            "date": _dates(world, day),
            "quantity": (history.shipped + history.backordered)[day, series],
            "in_stock": history.available[day, series] > 0,
            "price": price[day, series],
        }
    )


def _items(world: World) -> pd.DataFrame:
    assortment, series = world.assortment, world.series
    sku = series.sku
    stated = np.array([float(supplier.stated_days) for supplier in SUPPLIERS])[assortment.supplier]
    own_lead_time = np.where(assortment.extra_lead_days > 0, stated + assortment.extra_lead_days, np.nan)
    holding_rate = np.array([np.nan if kind.holding_rate is None else kind.holding_rate for kind in CATEGORIES])
    return pd.DataFrame(
        {
            **_keys(world, np.arange(sku.size)),
            "category": _names([kind.name for kind in CATEGORIES], assortment.category[sku]),
            "supplier": _names([supplier.name for supplier in SUPPLIERS], assortment.supplier[sku]),
            "lead_time_days": own_lead_time[sku],
            "unit_cost": assortment.unit_cost[sku],
            "unit_price": assortment.unit_price[sku],
            "order_cost": assortment.order_cost[sku],
            "holding_rate": holding_rate[assortment.category[sku]],
            "shortage_cost": assortment.shortage_cost[sku],
            "moq": assortment.moq[sku],
            "pack_size": assortment.pack_size[sku],
            "target": assortment.target[sku],
            "successor_of": _names_or_empty(list(assortment.sku), assortment.predecessor[sku]),
            "available_from": _dates(world, assortment.launch[sku]),
            "discontinued_on": _dates(world, assortment.end[sku]),
        }
    )


def _suppliers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "supplier": pd.Series([supplier.name for supplier in SUPPLIERS], dtype="str"),
            "lead_time_days": [supplier.stated_days for supplier in SUPPLIERS],
            "lead_time_sd_days": pd.Series([supplier.stated_sd_days for supplier in SUPPLIERS], dtype="float64"),
            "review_days": REVIEW_DAYS,
        }
    )


def _receipts(world: World, orders: PurchaseOrders) -> pd.DataFrame:
    supplier = world.assortment.supplier[world.series.sku[orders.series]]
    location = world.series.location[orders.series]
    # One number for each day, supplier and location, so that it does not depend on the other SKUs.
    number = (orders.ordered * len(SUPPLIERS) + supplier) * len(world.locations) + location
    order = np.lexsort((orders.series, number))
    received = np.where(orders.received < world.days, orders.received, NEVER)
    numbers, which = np.unique(number[order], return_inverse=True)
    return pd.DataFrame(
        {
            "po": _names([f"{value:06d}" for value in numbers], which),
            "supplier": _names([supplier.name for supplier in SUPPLIERS], supplier[order]),
            **_keys(world, orders.series[order]),
            "ordered_on": _dates(world, orders.ordered[order]),
            "promised_on": _dates(world, orders.promised[order]),
            "received_on": _dates(world, received[order]),
            "quantity": orders.quantity[order],
        }
    )


def _stock(world: World, history: History) -> pd.DataFrame:
    allocated = units_in_dispatch(world, history)[-1]
    return pd.DataFrame(
        {
            **_keys(world, np.arange(world.series.sku.size)),
            "as_of": pd.Timestamp(AS_OF).as_unit("us"),
            "on_hand": history.available[-1] + allocated,
            "allocated": allocated,
        }
    )


def _open_orders(receipts: pd.DataFrame) -> pd.DataFrame:
    columns = ["po", "supplier", "sku", "location", "ordered_on", "promised_on", "quantity"]
    still_open = receipts.loc[receipts["received_on"].isna(), columns]
    return still_open.rename(columns={"promised_on": "due_date"}).reset_index(drop=True)


def _customer_orders(world: World, ledger: CustomerOrders, price: Floats) -> pd.DataFrame:
    location = world.series.location[ledger.series]
    codes = [place.code for place in world.locations]
    days = [f"{day:%y%m%d}" for day in pd.DatetimeIndex(world.dates(np.arange(world.days)))]
    numbers = [f"{i + 1:04d}" for i in range(max(place.customers for place in world.locations))]
    customer = _names(numbers, ledger.customer)
    code = _names(codes, location)
    key_customers = np.array([place.key_customers for place in world.locations])[location]
    return pd.DataFrame(
        {
            "order_id": code + _names(days, ledger.ordered) + customer,
            "line": ledger.line,
            "customer": code + customer,
            "priority": np.where(ledger.customer < key_customers, 1, 2),
            **_keys(world, ledger.series),
            "ordered_on": _dates(world, ledger.ordered),
            "requested_on": _dates(world, ledger.requested),
            "promised_on": _dates(world, ledger.promised),
            "shipped_on": _dates(world, ledger.shipped),
            "cancelled_on": _dates(world, ledger.cancelled),
            "quantity": ledger.quantity,
            "shipped_quantity": ledger.shipped_quantity,
            "unit_price": price[ledger.ordered, ledger.series],
        }
    )


def _events(world: World, occasions: list[Occasion]) -> pd.DataFrame:
    """One row a day of each occasion, future ones that are already announced included."""
    first = np.array([occasion.first for occasion in occasions])
    length = np.array([occasion.last for occasion in occasions]) - first + 1
    which = np.repeat(np.arange(first.size), length)
    day = np.arange(which.size) - np.repeat(np.cumsum(length) - length, length) + first[which]
    where = np.array([[occasion.location, occasion.category, occasion.sku] for occasion in occasions])[which]
    places, categories = [place.name for place in world.locations], [kind.name for kind in CATEGORIES]
    events = pd.DataFrame(
        {
            "date": _dates(world, day),
            "name": _names([occasion.name for occasion in occasions], which),
            "location": _names_or_empty(places, where[:, 0]),
            "category": _names_or_empty(categories, where[:, 1]),
            "sku": _names_or_empty(list(world.assortment.sku), where[:, 2]),
            "uplift": np.array([occasion.uplift for occasion in occasions])[which],
        }
    )
    return events.sort_values(["date", "name", "sku"], kind="stable", ignore_index=True)


def _true_days(world: World, history: History, mean: Floats) -> pd.DataFrame:
    series = np.repeat(np.arange(world.series.sku.size), world.days)
    by_series = {
        "mean_demand": mean,
        "demand": history.demand,
        "shipped": history.shipped,
        "backordered": history.backordered,
        "lost": history.lost,
        "filled": history.filled,
        "cancelled": history.cancelled,
        "received": history.received,
        "on_hand": history.available + units_in_dispatch(world, history),
    }
    return pd.DataFrame(
        {
            **_keys(world, series),
            "date": _dates(world, np.tile(np.arange(world.days), world.series.sku.size)),
            **{name: values.T.ravel() for name, values in by_series.items()},
        }
    )


def _true_series(world: World, history: History) -> pd.DataFrame:
    assortment, sku = world.assortment, world.series.sku
    return pd.DataFrame(
        {
            **_keys(world, np.arange(sku.size)),
            "pattern": _names([kind.name for kind in PATTERNS], assortment.pattern[sku]),
            "life": _names([*(kind.name for kind in LIVES), "successor"], assortment.life[sku]),
            "rate": world.series.rate,
            "dispersion": assortment.dispersion[sku],
            "growth": assortment.growth[sku],
            "opening_stock": history.opening_stock,
        }
    )


def _true_suppliers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "supplier": pd.Series([supplier.name for supplier in SUPPLIERS], dtype="str"),
            "lead_time_mean_days": [supplier.mean_days for supplier in SUPPLIERS],
            "lead_time_sd_days": [supplier.sd_days for supplier in SUPPLIERS],
        }
    )


def _keys(world: World, series: Integers) -> dict[str, pd.Series]:
    places = [place.name for place in world.locations]
    return {
        "sku": _names(list(world.assortment.sku), world.series.sku[series]),
        "location": _names(places, world.series.location[series]),
    }


def _names(names: list[str], position: Integers) -> pd.Series:
    return pd.Series(names, dtype="str").take(position).reset_index(drop=True)


def _names_or_empty(names: list[str], position: Integers) -> pd.Series:
    """Names of the positions; missing where the position is -1."""
    return _names([*names, ""], position).where(position >= 0, None)


def _dates(world: World, day: Integers) -> npt.NDArray[np.datetime64]:
    """Dates of day numbers; not a time (NaT) before the history and from NEVER on."""
    dates = world.dates(day).astype("datetime64[us]")
    dates[(day < 0) | (day >= NEVER)] = np.datetime64("NaT")
    return dates
