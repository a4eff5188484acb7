"""What was known at an earlier opening: the one place where tables and demand are cut for a replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn, cast

import numpy as np

from forecasting.panel import CellStatus, DemandPanel
from pipelines.inputs import CheckedTables
from pipelines.jobs.parameters import item_keys
from pipelines.quarantine import Findings
from pipelines.sales import CheckedSales

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

__all__ = ["known_at", "known_keys"]

Key = tuple[str, str]


def known_at(tables: CheckedTables, recorded: DemandPanel, as_of: dt.date) -> tuple[CheckedTables, DemandPanel]:
    """Cut checked tables and the demand that they tell to what was known at an opening.

    Seen are: sales before it; orders placed before it, those not received, shipped or cancelled by then as open;
    counts and returns before it; rows of known_ahead from their ``known_since`` on (always without one); outside
    forecasts made on it; ends of life that had come. Launches, events, suppliers' terms and prices have no day on
    which they became known and are taken as known all along. The table stock tells another day and is left out.

    Returns
    -------
    tables : with findings of their own; their sales can't be read. recorded : the periods before ``as_of``.
    """
    import pandas as pd

    day = pd.Timestamp(as_of)
    frames = {name: _CUTS[name](frame, day) if name in _CUTS else frame for name, frame in tables.frames.items()}
    shut = cast("CheckedSales", _ShutSales())
    known = replace(
        tables,
        sales=shut,
        frames={name: frame for name, frame in frames.items() if frame is not None},
        findings=Findings(),
    )
    return known, recorded.until(as_of)


def known_keys(tables: CheckedTables, recorded: DemandPanel) -> list[Key]:
    """The items that were known: those of the items table, and those that had been demanded by then.

    Parameters
    ----------
    tables, recorded : as :func:`known_at` returns them.
    """
    seen = (recorded.quantity > 0).any(axis=1) | (recorded.status == CellStatus.OUT_OF_STOCK).any(axis=1)
    items = tables.get("items")
    if items is not None:
        named = set(items["sku"]) if tables.items_everywhere else set()
        pairs = set(zip(items["sku"], items["location"], strict=True)) if not tables.items_everywhere else set()
        seen |= np.array([key in pairs or key[0] in named for key in recorded.keys], dtype=np.bool_)
    return item_keys(tables, [key for key, known in zip(recorded.keys, seen.tolist(), strict=True) if known])


class _ShutSales:
    """Sales that are not to be read again: the panel has been cut from them."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(f"a replay asked the sales for {name}: what was known of them is in the panel")


def _receipts(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Orders placed before the day; those received later were open."""
    placed = frame[frame["ordered_on"] < day]
    return placed.assign(received_on=placed["received_on"].where(placed["received_on"] < day))


def _open_orders(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame | None:
    """Orders known to be placed before the day."""
    return frame[frame["ordered_on"] < day] if "ordered_on" in frame.columns else None


def _customer_orders(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Lines ordered before the day; what left or was cancelled later was waiting."""
    known = frame[frame["ordered_on"] < day].copy()
    if "shipped_on" in known.columns:
        later = known["shipped_on"] >= day
        known["shipped_on"] = known["shipped_on"].where(~later)
        if "shipped_quantity" in known.columns:
            known["shipped_quantity"] = known["shipped_quantity"].where(~later, 0.0)
    if "cancelled_on" in known.columns:
        known["cancelled_on"] = known["cancelled_on"].where(known["cancelled_on"] < day)
    return known


def _items(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """All items; an end of life that had not come was not known."""
    if "discontinued_on" not in frame.columns:
        return frame
    return frame.assign(discontinued_on=frame["discontinued_on"].where(frame["discontinued_on"] <= day))


def _known_ahead(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    if "known_since" not in frame.columns:
        return frame
    return frame[frame["known_since"].isna() | (frame["known_since"] <= day)]


def _forecast(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame | None:
    return frame[frame["made_on"] == day] if "made_on" in frame.columns else None


def _before(column: str) -> Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]:
    return lambda frame, day: frame[frame[column] < day]


def _nothing(_frame: pd.DataFrame, _day: pd.Timestamp) -> None:
    return None


_CUTS: Final[dict[str, Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame | None]]] = {
    "receipts": _receipts,
    "open_orders": _open_orders,
    "customer_orders": _customer_orders,
    "items": _items,
    "known_ahead": _known_ahead,
    "forecast": _forecast,
    "returns": _before("date"),
    "stock_counts": _before("counted_on"),
    "stock": _nothing,
}
