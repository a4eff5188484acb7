"""The tables of the customers' side: sales, order lines, returns, events and what is known ahead."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.customers import open_circles
from pipelines.demo.demand import on_sale
from pipelines.demo.frames import dates, keys, names, names_or_empty
from pipelines.demo.history import History
from pipelines.demo.ledger import CustomerOrders
from pipelines.demo.promotions import ANNOUNCED_DAYS, EVERYWHERE, Occasion
from pipelines.demo.world import HAND, World

__all__ = ["customer_orders_table", "events_table", "known_ahead_table", "returns_table", "sales_table"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A price list that comes into force after the history: paint becomes dearer.
_DEARER_CATEGORY, _DEARER_BY, _DEARER_AFTER_DAYS, _DEARER_NOTICE_DAYS = "paint", 0.06, 33, 14


def sales_table(world: World, history: History, price: Floats) -> pd.DataFrame:
    """One row for each day on which an item was on sale; ``price`` is that of each day, (days, series)."""
    series, day = np.nonzero(on_sale(world).T)
    return pd.DataFrame(
        {
            **keys(world, series),
            "date": dates(world, day),
            "quantity": (history.shipped + history.backordered)[day, series],
            "in_stock": history.available[day, series] > 0,
            "price": price[day, series],
        }
    )


def customer_orders_table(world: World, ledger: CustomerOrders, price: Floats) -> pd.DataFrame:
    """Order lines under the names of their customers."""
    location = world.series.location[ledger.series]
    code = names([place.code for place in world.locations], location)
    days = [f"{day:%y%m%d}" for day in pd.DatetimeIndex(world.dates(np.arange(world.days)))]
    persons = np.array([circle.persons for circle in open_circles(world)])[location]
    place = ledger.customer // persons
    number = ((world.series.sku[ledger.series] // HAND + 1) * 1000 + place + 1) * 100 + ledger.customer % persons
    distinct, which = np.unique(number, return_inverse=True)
    customer = code + names([f"{value:07d}" for value in distinct], which)
    key_customers = np.array([each.key_customers for each in world.locations])[location]
    ways = [each.channels for each in world.locations]
    channels = sorted({way for each in ways for way in each})
    usual = np.array([[channels.index(each[n % len(each)]) for n in range(max(map(len, ways)))] for each in ways])
    turn = place % np.array([len(each) for each in ways])[location]
    return pd.DataFrame(
        {
            "order_id": customer + "-" + names(days, ledger.ordered),
            "line": ledger.line,
            "customer": customer,
            "priority": np.where(place < key_customers, 1, 2),
            "channel": names(channels, usual[location, turn]),
            **keys(world, ledger.series),
            "ordered_on": dates(world, ledger.ordered),
            "requested_on": dates(world, ledger.requested),
            "promised_on": dates(world, ledger.promised),
            "shipped_on": dates(world, ledger.shipped),
            "cancelled_on": dates(world, ledger.cancelled),
            "quantity": ledger.quantity,
            "shipped_quantity": ledger.shipped_quantity,
            "unit_price": price[ledger.ordered, ledger.series],
        }
    )


def returns_table(world: World, history: History) -> pd.DataFrame:
    """What customers brought back, a row for each item, location and day."""
    series, day = np.nonzero(history.returned.T)
    return pd.DataFrame({**keys(world, series), "date": dates(world, day), "quantity": history.returned[day, series]})


def events_table(world: World, occasions: list[Occasion]) -> pd.DataFrame:
    """One row a day of each occasion with its real uplift, future ones that are already announced included."""
    which, day = _days_of(occasions)
    events = pd.DataFrame(
        {
            "date": dates(world, day),
            "name": names([occasion.name for occasion in occasions], which),
            **_where(world, occasions, which, ("location", "category", "sku")),
            "uplift": np.array([occasion.uplift for occasion in occasions])[which],
        }
    )
    return events.sort_values(["date", "name", "sku"], kind="stable", ignore_index=True)


def known_ahead_table(world: World, occasions: list[Occasion]) -> pd.DataFrame:
    """What the shop knew beforehand: one row a day of each occasion, and the coming price list, which has no name."""
    which, day = _days_of(occasions)
    usual = world.assortment.unit_price
    price = [
        np.nan if each.sku == EVERYWHERE else round(float(usual[each.sku]) * (1.0 - each.discount), 2)
        for each in occasions
    ]
    known = pd.DataFrame(
        {
            **_where(world, occasions, which, ("sku", "category", "location")),
            "date": dates(world, day),
            "price": np.array(price)[which],
            "promotion": names([each.name for each in occasions], which),
            "uplift": np.array([each.expected for each in occasions])[which],
            "known_since": _any_dates(world, np.array([each.known for each in occasions])[which]),
        }
    )
    known = pd.concat([known, _coming_prices(world, occasions)], ignore_index=True)
    return known.sort_values(["date", "category", "sku", "location"], kind="stable", ignore_index=True)


def _coming_prices(world: World, occasions: list[Occasion]) -> pd.DataFrame:
    """Rows for the items that become dearer, on the days on which they are not promoted."""
    category = [kind.name for kind in CATEGORIES].index(_DEARER_CATEGORY)
    dearer = (world.assortment.category == category) & (world.assortment.end >= world.days + ANNOUNCED_DAYS)
    days = np.arange(world.days + _DEARER_AFTER_DAYS, world.days + ANNOUNCED_DAYS)
    sku, day = (part.ravel() for part in np.meshgrid(np.flatnonzero(dearer), days, indexing="ij"))
    promoted = {(each.sku, on) for each in occasions for on in range(each.first, each.last + 1) if on >= world.days}
    plain = np.array([(int(i), int(on)) not in promoted for i, on in zip(sku, day, strict=True)], dtype=bool)
    sku, day = sku[plain], day[plain]
    return pd.DataFrame(
        {
            "sku": names(list(world.assortment.sku), sku),
            "category": names_or_empty([], np.full(sku.size, EVERYWHERE)),
            "location": names_or_empty([], np.full(sku.size, EVERYWHERE)),
            "date": dates(world, day),
            "price": np.round(world.assortment.unit_price[sku] * (1.0 + _DEARER_BY), 2),
            "promotion": names_or_empty([], np.full(sku.size, EVERYWHERE)),
            "uplift": 1.0,
            "known_since": dates(world, np.full(sku.size, world.days - _DEARER_NOTICE_DAYS)),
        }
    )


def _days_of(occasions: list[Occasion]) -> tuple[Integers, Integers]:
    """Position of the occasion and day, for each day of each occasion."""
    first = np.array([occasion.first for occasion in occasions])
    length = np.array([occasion.last for occasion in occasions]) - first + 1
    which = np.repeat(np.arange(first.size), length)
    return which, np.arange(which.size) - np.repeat(np.cumsum(length) - length, length) + first[which]


def _where(world: World, occasions: list[Occasion], which: Integers, order: tuple[str, ...]) -> dict[str, pd.Series]:
    """Columns that say what an occasion is about, in this order."""
    choice = {
        "location": [place.name for place in world.locations],
        "category": [kind.name for kind in CATEGORIES],
        "sku": list(world.assortment.sku),
    }
    return {
        name: names_or_empty(choice[name], np.array([getattr(each, name) for each in occasions])[which])
        for name in order
    }


def _any_dates(world: World, day: Integers) -> npt.NDArray[np.datetime64]:
    """Dates of day numbers, those before the history included."""
    return world.dates(day).astype("datetime64[us]")
