"""Who could deliver each item on which terms: one row for each item, supplier and price step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.inputs import CheckedTables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Offers", "fill_main_supplier", "item_offers"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_FROM_SUPPLIER = ("lead_time_days", "lead_time_sd_days", "order_cost")


@dataclass(frozen=True, eq=False)
class Offers:
    """Terms on which items can be had; m rows, those of an item together.

    Attributes
    ----------
    frame : the columns of the items with each offer's own terms in them; ``moq`` includes the quantity from which a
        price holds. item : (m,) row of the item, ascending. priority : (m,) smaller is asked first, NaN for none.
    capacity : (m,) most units a period, infinite without a limit.
    """

    frame: pd.DataFrame
    item: Integers
    priority: Floats
    capacity: Floats

    def most_at_a_review(self, review_periods: Integers) -> Floats:
        """Units of an order that each supplier can deliver until the next one; (m,)."""
        return np.asarray(self.capacity * np.maximum(review_periods, 1))


def fill_main_supplier(items: pd.DataFrame, tables: CheckedTables) -> None:
    """Where an item names no supplier, it is the one of the smallest priority (then the first by name)."""
    terms = _terms(items, tables)
    if terms is None or not len(terms):
        return
    ranked = terms.sort_values(["item", "priority", "supplier"], na_position="last").drop_duplicates("item")
    empty = items["supplier"].isna()
    items["supplier"] = items["supplier"].where(
        ~empty, items.index.to_series().map(ranked.set_index("item")["supplier"])
    )


def item_offers(items: pd.DataFrame, tables: CheckedTables) -> Offers:
    """Return the offers for each item: its own row, or its rows of ``item_suppliers``.

    A supplier that ``items`` names without a row in ``item_suppliers`` is asked first. An offer's empty columns are
    filled from the item where it is the item's own supplier, else from the row of its supplier.

    Parameters
    ----------
    items : the resolved items, numbered from 0, with the columns ``<name>_from``.
    """
    import pandas as pd

    n = len(items)
    terms = _terms(items, tables)
    if terms is None or not len(terms):
        return Offers(items, np.arange(n), np.full(n, np.nan), np.full(n, np.inf))
    main = terms["supplier"].to_numpy() == items["supplier"].to_numpy()[terms["item"]]
    unnamed = np.setdiff1d(np.arange(n), terms["item"][main])
    own = pd.DataFrame({"item": unnamed, "supplier": items["supplier"].to_numpy()[unnamed]})
    named = own["supplier"].notna() | ~own["item"].isin(terms["item"])
    every = pd.concat([own[named].assign(priority=-np.inf, stated=False), terms.assign(stated=True)], ignore_index=True)
    every = every.sort_values(["item", "priority", "supplier", "from_quantity"], na_position="last", ignore_index=True)
    item = every["item"].to_numpy(np.int64)
    frame = items.iloc[item].reset_index(drop=True)
    other = (every["supplier"].to_numpy() != frame["supplier"].to_numpy()) & every["stated"].to_numpy()
    frame["supplier"] = frame["supplier"].where(~other, every["supplier"])
    _take_supplier_terms(frame, other, tables.get("suppliers"))
    _take_offer_terms(frame, every)
    capacity = every["capacity_per_period"].fillna(np.inf).to_numpy(float)
    return Offers(frame, item, every["priority"].to_numpy(float), capacity)


def _terms(items: pd.DataFrame, tables: CheckedTables) -> pd.DataFrame | None:
    """The rows of item_suppliers of planned items, with the item's number and every column there may be."""
    table = tables.get("item_suppliers")
    if table is None:
        return None
    everywhere = "location" not in tables.readers["item_suppliers"].columns
    on = ["sku"] if everywhere else ["sku", "location"]
    keys = items[["sku", "location"]].assign(item=np.arange(len(items)))
    found = keys.merge(table.drop(columns=["location"]) if everywhere else table, on=on, how="inner")
    for name in ("priority", "lead_time_days", "unit_cost", "from_quantity", "moq", "pack_size", "capacity_per_period"):
        if name not in found.columns:
            found[name] = np.nan
    return found


def _take_supplier_terms(frame: pd.DataFrame, other: npt.NDArray[np.bool_], suppliers: pd.DataFrame | None) -> None:
    """For offers of another supplier than the item's own: what that supplier states in place of the first one's."""
    for name in _FROM_SUPPLIER:
        known = suppliers is not None and name in suppliers.columns
        theirs = frame["supplier"].map(suppliers.set_index("supplier")[name]) if known else np.nan  # type: ignore[union-attr]
        frame[f"supplier_{name}"] = frame[f"supplier_{name}"].where(~other, theirs)
        told = frame[f"supplier_{name}"].notna()
        source = frame[f"{name}_from"]
        # An order costs the buyer of an item the same anywhere; its lead time is that of its own supplier.
        kept = source.isin(["defaults", "built-in"]) & ~told | (source == "item") & (name == "order_cost")
        frame[name] = frame[name].where(~other | kept, frame[f"supplier_{name}"])
        frame[f"{name}_from"] = source.where(~other | kept, np.where(told, "supplier", ""))
    frame["lead_time_periods"] = frame["lead_time_periods"].where(~other)


def _take_offer_terms(frame: pd.DataFrame, offers: pd.DataFrame) -> None:
    """What a row of item_suppliers says is nearest: it counts as the item's own."""
    told = offers["lead_time_days"].notna()
    differs = told & ~np.isclose(offers["lead_time_days"], frame["lead_time_days"])
    frame["lead_time_days"] = frame["lead_time_days"].where(~told, offers["lead_time_days"])
    frame["lead_time_days_from"] = frame["lead_time_days_from"].where(~differs, "item")
    # A lead time and its spread belong together.
    frame["lead_time_sd_days"] = frame["lead_time_sd_days"].where(~differs)
    frame["lead_time_periods"] = frame["lead_time_periods"].where(~differs)
    for name in ("unit_cost", "pack_size", "moq"):
        frame[name] = offers[name].fillna(frame[name])
    frame["moq"] = np.fmax(frame["moq"].to_numpy(float), offers["from_quantity"].to_numpy(float))
