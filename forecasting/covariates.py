"""What is known ahead of time: prices, promotions, events and closing days, as columns beside the panel.

A column covers the panel's history and the coming periods. What nobody knew at the as-of opening is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.panel import DemandPanel

__all__ = ["Covariate", "Covariates", "event_covariates", "known_ahead_covariates"]

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Events beyond so many names share one column.
MOST_EVENTS: Final = 8
_SCOPES: Final = ("sku", "category", "location")


@dataclass(frozen=True, eq=False)
class Covariate:
    """One column.

    Attributes
    ----------
    name : for people. kind : "price" (money a unit, read relative to its usual value) or "share" (of a period's days,
        0 to 1).
    values : float32 (r, P); NaN where nothing is known.
    row : int64 (n,); the row of ``values`` that concerns each series: r is n, the number of groups, or 1.
    """

    name: str
    kind: Literal["price", "share"]
    values: Floats32
    row: Integers

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.float32:
            raise ValueError(f"{self.name}: values must be float32 of shape (rows, periods)")
        if len(self.row) and not 0 <= self.row.min() <= self.row.max() < len(self.values):
            raise ValueError(f"{self.name}: a series asks for a row that the {len(self.values)} rows do not have")
        known = self.values[~np.isnan(self.values)]
        if not np.isfinite(known).all() or (known < 0).any() or (self.kind == "share" and (known > 1).any()):
            raise ValueError(f"{self.name}: a price must be at least 0, a share between 0 and 1; unknown is NaN")

    def cells(self, periods: int) -> Floats32:
        """Return the first ``periods`` periods; NaN beyond what the column covers."""
        out = np.full((len(self.values), periods), np.nan, dtype=np.float32)
        covered = min(periods, self.values.shape[1])
        out[:, :covered] = self.values[:, :covered]
        return out


@dataclass(frozen=True, eq=False)
class Covariates:
    """Columns known ahead for n series; their first period is the first of ``calendar``.

    Attributes
    ----------
    calendar : PeriodCalendar of the history. columns : of n series each.
    """

    calendar: PeriodCalendar
    columns: tuple[Covariate, ...] = ()

    def take(self, rows: Integers) -> Covariates:
        """Return the columns for some series, in the order given."""
        return replace(self, columns=tuple(replace(column, row=column.row[rows]) for column in self.columns))

    def __add__(self, other: Covariates) -> Covariates:
        if self.calendar != other.calendar:
            raise ValueError(f"covariates of {self.calendar} can't be joined with those of {other.calendar}")
        return replace(self, columns=self.columns + other.columns)


def event_covariates(
    events: pd.DataFrame, panel: DemandPanel, ahead: int, categories: Sequence[str] | None = None
) -> Covariates:
    """Turn a table of events into the share of each period's days on which each kind of event takes place.

    Parameters
    ----------
    events : columns date, name and, where an event concerns only some series, location, category, sku (missing or
        empty: all). With ``known_since``, rows announced after the as-of opening are not seen.
    panel : its series and calendar; its end is the as-of opening.
    ahead : periods to cover after it.
    categories : n names, needed where events name a category.

    Notes
    -----
    The names with the most days get a column each, up to 8, the others share the column "other events". Before the
    first and after the last period in which the table has any row, nothing is known.
    """
    seen = _visible(events, panel.calendar)
    days = seen.drop_duplicates(["name", "date"])["name"].value_counts()
    ranked = sorted(days.index, key=lambda name: (-days[name], name))
    common, rare = ranked[:MOST_EVENTS], ranked[MOST_EVENTS:]
    parts = [(str(name), seen[seen["name"] == name]) for name in common]
    if rare:
        parts.append(("other events", seen[seen["name"].isin(rare)]))
    covered = _span(seen, panel.calendar, ahead)
    return Covariates(
        panel.calendar, tuple(_share(name, _Places.of(rows, panel, categories), covered) for name, rows in parts)
    )


def known_ahead_covariates(
    table: pd.DataFrame, panel: DemandPanel, ahead: int, categories: Sequence[str] | None = None
) -> Covariates:
    """Turn the table known_ahead into a column of prices, one of promotions and one of closing days.

    Parameters
    ----------
    table : columns date and, as far as there are any, sku, category, location (missing or empty: all), price,
        promotion, uplift, known_since. Rows announced after the as-of opening are not seen.
    panel, ahead, categories : as in :func:`event_covariates`.

    Notes
    -----
    A price is the mean of a period's known daily prices; the row that names the most of sku, category and location
    wins, of two such rows the one further down. A period without a price is NaN. A promotion is a row with a name
    and without an uplift of 0; a row with an uplift of 0 closes. The size of any other uplift is a planner's guess
    and is not read: a model learns its own. Before the first and after the last period with any row, promotions and
    closing days are unknown.
    """
    seen = _visible(table, panel.calendar)
    uplift, price = (
        seen[name].to_numpy(dtype=np.float64) if name in seen else np.full(len(seen), np.nan)
        for name in ("uplift", "price")
    )
    closed = uplift == 0.0
    named = np.array([_text(value) != "" for value in seen["promotion"]] if "promotion" in seen else closed & False)
    columns = []
    if np.isfinite(price).any():
        priced = np.isfinite(price)
        places = _Places.of(seen[priced], panel, categories)
        columns.append(_price(places, price[priced], panel.calendar, ahead))
    covered = _span(seen, panel.calendar, ahead)
    for name, chosen in (("promotion", named.astype(np.bool_) & ~closed), ("closed", closed)):
        if chosen.any():
            columns.append(_share(name, _Places.of(seen[chosen], panel, categories), covered))
    return Covariates(panel.calendar, tuple(columns))


def _visible(table: pd.DataFrame, calendar: PeriodCalendar) -> pd.DataFrame:
    """Return the rows that were known at the end of the calendar; a row without ``known_since`` always was."""
    if "known_since" not in table:
        return table
    since = table["known_since"].to_numpy().astype("datetime64[D]")
    visible: pd.DataFrame = table[np.isnat(since) | (since.astype(np.int64) <= calendar.end_day)]
    return visible


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _days(table: pd.DataFrame) -> Integers:
    return np.asarray(table["date"].to_numpy().astype("datetime64[D]").astype(np.int64))


def _span(table: pd.DataFrame, calendar: PeriodCalendar, ahead: int) -> Flags:
    """Which periods lie between the first and the last row of a table; bool (T + ahead,)."""
    covered = np.zeros(calendar.periods + ahead, dtype=np.bool_)
    if len(table):
        period = calendar.index_of(_days(table))
        covered[max(int(period.min()), 0) : max(int(period.max()) + 1, 0)] = True
    return covered


@dataclass(frozen=True, eq=False)
class _Places:
    """Which rows of a table concern which series.

    Series whose names the table does not tell apart share one row of values.

    Attributes
    ----------
    calendar : of the panel. day : (m,) of each table row. scope : (m, 3) sku, category and location that it names;
        "" is all. keys : (r, 3) what the series of each row of values are called. row : (n,).
    """

    calendar: PeriodCalendar
    day: Integers
    scope: npt.NDArray[np.object_]
    keys: npt.NDArray[np.object_]
    row: Integers

    @classmethod
    def of(cls, table: pd.DataFrame, panel: DemandPanel, categories: Sequence[str] | None) -> _Places:
        scope = np.full((len(table), len(_SCOPES)), "", dtype=object)
        for k, name in enumerate(_SCOPES):
            if name in table:
                scope[:, k] = [_text(value) for value in table[name]]
        if categories is None and (scope[:, 1] != "").any():
            raise ValueError("the table names categories: give the category of each series")
        named = [set(scope[:, k]) for k in range(len(_SCOPES))]
        of_series = (panel.skus, categories or [""] * len(panel), panel.locations)
        called = [
            tuple(name if name in names else "" for name, names in zip(series, named, strict=True))
            for series in zip(*of_series, strict=True)
        ]
        keys = sorted(set(called))
        place = {key: k for k, key in enumerate(keys)}
        row = np.array([place[key] for key in called], dtype=np.int64)
        return cls(panel.calendar, _days(table), scope, np.array(keys, dtype=object).reshape(-1, 3), row)

    def by_scope(self) -> Iterator[tuple[Integers, Integers]]:
        """Yield table rows and the rows of values that they concern, those that name the least first."""
        scopes: dict[tuple[str, ...], list[int]] = {}
        for k, scope in enumerate(self.scope.tolist()):
            scopes.setdefault(tuple(scope), []).append(k)
        for scope in sorted(scopes, key=lambda scope: (sum(name != "" for name in scope), scope)):
            wanted = np.array(scope, dtype=object)
            concerned = ((self.keys == wanted) | (wanted == "")).all(axis=1)
            yield np.array(scopes[scope]), np.flatnonzero(concerned)


def _share(name: str, places: _Places, covered: Flags) -> Covariate:
    """Share of each period's days on which any row of the table concerns a series."""
    opening = places.calendar.openings_from(0, len(covered) + 1)
    happens = np.zeros((len(places.keys), opening[-1] - opening[0]), dtype=np.bool_)
    for rows, concerned in places.by_scope():
        day = np.unique(places.day[rows])
        inside = day[(day >= opening[0]) & (day < opening[-1])] - opening[0]
        happens[np.ix_(concerned, inside)] = True
    days = np.add.reduceat(happens, opening[:-1] - opening[0], axis=1, dtype=np.float32)
    share = np.where(covered, days / np.diff(opening), np.nan)
    return Covariate(name, "share", share.astype(np.float32), places.row)


def _price(places: _Places, price: npt.NDArray[np.float64], calendar: PeriodCalendar, ahead: int) -> Covariate:
    """Mean of the known daily prices of each period."""
    opening = calendar.openings_from(0, calendar.periods + ahead + 1)
    daily = np.full((len(places.keys), opening[-1] - opening[0]), np.nan)
    for rows, concerned in places.by_scope():
        inside = rows[(places.day[rows] >= opening[0]) & (places.day[rows] < opening[-1])]
        # Assignment by fancy index leaves it open which of two equal days wins: the last one shall.
        last = dict(zip((places.day[inside] - opening[0]).tolist(), price[inside].tolist(), strict=True))
        daily[np.ix_(concerned, np.array(list(last), dtype=np.int64))] = np.array(list(last.values()))
    known = ~np.isnan(daily)
    starts = opening[:-1] - opening[0]
    total = np.add.reduceat(np.where(known, daily, 0.0), starts, axis=1)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.int64)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return Covariate("price", "price", mean.astype(np.float32), places.row)
