"""What is known of the future: promotions, campaigns and closing days as factors and extra units of coming periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["known_ahead"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

_SCOPE: Final = ("sku", "category", "location")


def known_ahead(
    table: pd.DataFrame | None, items: pd.DataFrame, calendar: PeriodCalendar, reach: int
) -> tuple[Floats32, Floats32]:
    """Turn the table known_ahead and the items' lives into factors on demand and extra units, by coming period.

    An item is not demanded before the period of its ``available_from`` nor from its ``discontinued_on`` on, as far
    as ``reach`` periods ahead.

    Rows that were not known at the as-of opening (``known_since`` after it) are not seen; a row without
    ``known_since`` was always known. A row concerns all items that its sku, category and location name. Several rows
    of one item and period multiply their uplifts and add their extra units.

    Returns
    -------
    factor, extra : float32 (n, h); periods from the as-of opening on, as far as the table reaches (h may be 0).
    """
    life = _life(items, calendar, reach)
    factor, extra = _table(table, items, calendar, life.shape[1])
    factor[:, : life.shape[1]] *= life
    extra[:, : life.shape[1]] *= life
    return factor.astype(np.float32), extra.astype(np.float32)


def _life(items: pd.DataFrame, calendar: PeriodCalendar, reach: int) -> Floats:
    """1 in the coming periods in which an item can be demanded, else 0; no column where no life begins or ends."""
    openings = calendar.openings_from(calendar.periods, reach + 1)
    begins, ends = (items[name].to_numpy().astype("datetime64[D]") for name in ("available_from", "discontinued_on"))
    before = ~np.isnat(begins)[:, None] & (openings[None, 1:] <= begins.astype(np.int64)[:, None])
    after = ~np.isnat(ends)[:, None] & (openings[None, :-1] >= ends.astype(np.int64)[:, None])
    if not (before.any() or after.any()):
        return np.ones((len(items), 0))
    return np.where(before | after, 0.0, 1.0)


def _table(
    table: pd.DataFrame | None, items: pd.DataFrame, calendar: PeriodCalendar, least: int
) -> tuple[Floats, Floats]:
    n = len(items)
    if table is None or not len(table):
        return np.ones((n, least)), np.zeros((n, least))
    day = table["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    period = calendar.index_of(day) - calendar.periods
    seen = period >= 0
    if "known_since" in table.columns:
        since = table["known_since"].to_numpy().astype("datetime64[D]")
        seen &= np.isnat(since) | (since.astype(np.int64) <= calendar.end_day)
    rows = table[seen]
    horizon = max(int(period[seen].max(initial=-1)) + 1, least)
    factor, extra = np.ones((n, horizon)), np.zeros((n, horizon))
    row, item = _concerned(rows, items)
    # Row by row, so that the product of several rows is the same in every order of the items.
    for column, change, into in (("uplift", np.multiply, factor), ("extra_quantity", np.add, extra)):
        if column in rows.columns:
            value = rows[column].to_numpy(float)[row]
            told = ~np.isnan(value)
            change.at(into, (item[told], period[seen][row[told]]), value[told])
    return factor, extra


def _concerned(rows: pd.DataFrame, items: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The items that each row of the table speaks of, as pairs in the order of rows; what it leaves empty holds for
    all."""
    names = [name for name in _SCOPE if name in rows.columns]
    columns = [rows[name].fillna("").to_numpy(object) for name in names]
    members: dict[tuple[str, ...], npt.NDArray[np.int64]] = {}
    found = []
    for scope in zip(*columns, strict=True) if names else [()] * len(rows):
        if scope not in members:
            concerned = np.ones(len(items), dtype=np.bool_)
            for name, value in zip(names, scope, strict=True):
                concerned &= (items[name] == value).to_numpy() if value else True
            members[scope] = np.flatnonzero(concerned)
        found.append(members[scope])
    return np.repeat(np.arange(len(rows)), [len(each) for each in found]), np.concatenate([[], *found]).astype(np.int64)
