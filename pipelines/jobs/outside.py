"""The table forecast as outside forecasts of items: complete ones are used, of the others it is said what they lack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from forecasting.outside import FEWEST_LEVELS, FEWEST_PATHS, OutsideForecast
from pipelines.checking import count_of, refuse_above
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables
from pipelines.quarantine import Quarantined

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["outside_forecasts"]

Integers = npt.NDArray[np.int64]
_SHOWN: Final = 5
# Set aside because the item is not planned, not because the row is wrong.
_OTHER_ITEMS: Final = ("unknown_sku", "unknown_item")
_SUM: Final = np.iinfo(np.int64).min  # stands for the period of a sum
Fault = tuple[str, str, str, str]  # column, code, message, hint


def outside_forecasts(
    tables: CheckedTables,
    config: PlanConfig,
    keys: list[tuple[str, str]],
    calendar: PeriodCalendar,
    protection: Integers,
) -> dict[int, OutsideForecast]:
    """Read the table forecast as one forecast an item, by the item's row in ``keys``.

    A row at fault is set aside and spoils the forecast of its item: the other rows of the item are left out and
    counted. Where no single row is at fault but something is lacking, all rows of the item are set aside. Either way
    the item keeps our own forecast, and a notice names it.

    Parameters
    ----------
    protection : (n,) periods H of the protection interval of each item, which its forecast must cover.

    Raises
    ------
    InputError
        A larger share of rows at fault than ``max_quarantine_fraction`` allows.
    """
    frame = tables.get("forecast")
    if frame is None or not len(frame):
        return {}
    table = _Table(tables, frame, keys, calendar)
    table.set_aside_rows_at_fault()
    reader = tables.readers["forecast"]
    faulty = [row for row in tables.findings.rows if row.table == "forecast" and row.code not in _OTHER_ITEMS]
    others = sum(row.table == "forecast" for row in tables.findings.rows) - len(faulty)
    refuse_above(config.quarantine_limit("forecast"), table.rows + len(faulty) + others, faulty, reader)
    found = table.forecasts(protection)
    table.note(found, keys)
    tables.frames["forecast"] = frame[frame.index.isin(table.used)]
    return found


class _Table:
    """The rows of the table, and what is wrong with them."""

    def __init__(
        self, tables: CheckedTables, frame: pd.DataFrame, keys: list[tuple[str, str]], calendar: PeriodCalendar
    ) -> None:
        self.reader, self.findings, self.calendar = tables.readers["forecast"], tables.findings, calendar
        place = {key: i for i, key in enumerate(keys)}
        self.spoiled = {place[key]: "a row of it was set aside" for key in self.findings.forecasts_spoiled & set(place)}
        self.left_out = 0
        self.used: list[int] = []  # rows, by their number in the source
        whole = frame.reindex(columns=["sku", "location", "level", "path", "period", "made_on", "value"])
        whole["item"] = [place.get(key, -1) for key in zip(frame["sku"], frame["location"], strict=True)]
        day = whole["period"].to_numpy().astype("datetime64[D]")
        summed = np.isnat(day)
        ahead = calendar.index_of(np.where(summed, 0, day.astype(np.int64))) - calendar.periods
        whole["at"] = np.where(summed, _SUM, ahead)
        whole["number"] = whole["level"].fillna(whole["path"]).to_numpy(float)
        self.frame = whole.sort_values(["item", "at", "number"], kind="stable")

    @property
    def rows(self) -> int:
        """Rows that are still there."""
        return len(self.frame)

    def set_aside_rows_at_fault(self) -> None:
        """Set aside what can't be right whatever the other rows say, then what contradicts them."""
        self._drop(self.frame["item"] < 0, self._of_no_item)
        if unknown := sum(r.table == "forecast" and r.code == "unknown_item" for r in self.findings.rows):
            self.findings.notice(
                "unknown_item", "forecast", f"{unknown} rows of items that are not planned were set aside"
            )
        frame = self.frame
        self._drop(frame["level"].isna() == frame["path"].isna(), self._neither_level_nor_path)
        self._drop(self._of_another_opening(), self._made_elsewhere)
        frame = self.frame
        self._drop(frame.duplicated(["item", "level", "path", "at"], keep=False), self._twice)
        levels = self.frame[self.frame["level"].notna()]
        highest = levels.groupby(["item", "at"])["value"].cummax()
        crossing = levels.index[levels["value"] < highest]
        self._drop(self.frame.index.isin(crossing), self._crosses)

    def _of_another_opening(self) -> Any:
        frame, calendar = self.frame, self.calendar
        made = frame["made_on"].to_numpy().astype("datetime64[D]")
        day = np.where(np.isnat(made), calendar.end_day, made.astype(np.int64))
        last = int(calendar.openings_from(calendar.periods - 1, 1)[0])
        past = (frame["at"] < 0) & (frame["at"] != _SUM)
        return past | (day > calendar.end_day) | (day < last)

    def _of_no_item(self, row: Any) -> Fault:
        said = f"sku {row.sku!r} at location {row.location!r} is neither in items nor in sales"
        return "location", "unknown_item", said, "add it to items, or remove the row"

    def _neither_level_nor_path(self, row: Any) -> Fault:
        both = "both level and path are" if row.level == row.level else "neither level nor path is"
        hint = "give the level of a quantile or the number of a path"
        return "level", "level_or_path", f"{both} given for sku {row.sku!r}", hint

    def _made_elsewhere(self, row: Any) -> Fault:
        as_of = self._date(0)
        hint = f"give the forecast made for as_of {as_of}, or set as_of"
        if row.at != _SUM and row.at < 0:
            said = f"period {row.period:%Y-%m-%d} of sku {row.sku!r} lies before as_of {as_of}"
            return "period", "other_as_of", said, hint
        said = f"made_on {row.made_on:%Y-%m-%d} of sku {row.sku!r} is not of the last period before as_of {as_of}"
        return "made_on", "other_as_of", said, hint

    def _twice(self, row: Any) -> Fault:
        said = f"period {self._period(row)} of sku {row.sku!r} has several values for {_name(row)}"
        return "period", "duplicate_key", said, "keep one of the rows"

    def _crosses(self, row: Any) -> Fault:
        said = f"value '{row.value:g}' of {_name(row)} of sku {row.sku!r} is below that of a lower level"
        return "value", "quantiles_cross", said, "quantiles must not fall as their level rises"

    def _period(self, row: Any) -> str:
        return "sum over H" if row.at == _SUM else f"{row.period:%Y-%m-%d}"

    def _drop(self, flags: Any, fault: Callable[[Any], Fault]) -> None:
        """Set rows aside; the forecasts of their items are spoiled."""
        flags = np.asarray(flags)
        gone = self.frame[flags]
        self._quarantine(gone.sort_index(), fault)
        for item in gone.loc[gone["item"] >= 0, "item"].unique():
            self.spoiled.setdefault(int(item), "a row of it was set aside")
        self.frame = self.frame[~flags]

    def _quarantine(self, rows: pd.DataFrame, fault: Callable[[Any], Fault]) -> None:
        places = self.reader.locate([int(row) for row in rows.index])
        for place, row in zip(places, rows.itertuples(), strict=True):
            column, code, message, hint = fault(row)
            value = _text(getattr(row, column))
            self.findings.set_aside(
                [Quarantined("forecast", place.file, place.line, column, value, code, message, hint, place.raw[:1000])]
            )

    def forecasts(self, protection: Integers) -> dict[int, OutsideForecast]:
        """Put together the forecasts that lack nothing; the rows of the others are set aside or left out."""
        found = {}
        frame = self.frame
        items, first = np.unique(frame["item"].to_numpy(), return_index=True)
        level, path, at, value = (frame[name].to_numpy() for name in ("level", "path", "at", "value"))
        ends = [*first[1:].tolist(), len(frame)]
        for item, rows in zip(items.tolist(), map(np.arange, first.tolist(), ends), strict=False):
            if item in self.spoiled:
                self.left_out += len(rows)
                continue
            lack = _lack(level[rows], path[rows], at[rows], int(protection[item]), self._date)
            if lack:
                code, words = lack
                hint = "give every quantile or path for every period, from as_of over at least the protection interval"
                fault = ("sku", code, f"the forecast of sku {frame['sku'].iloc[rows[0]]!r} {words}", hint)
                self._quarantine(frame.iloc[rows].sort_index(), lambda _, fault=fault: fault)  # type: ignore[misc]
                self.spoiled[item] = words
            else:
                self.used += frame.index[rows].tolist()
                found[item] = _forecast(level[rows], at[rows], value[rows], int(protection[item]))
        return found

    def _date(self, ahead: int) -> str:
        day = self.calendar.openings_from(self.calendar.periods + ahead, 1)[0]
        return str(np.datetime64(int(day), "D"))

    def note(self, found: dict[int, OutsideForecast], keys: list[tuple[str, str]]) -> None:
        """Name the items that keep our forecast although another was given, and those without any uncertainty."""
        if self.spoiled:
            shown = [f"{_item(keys[i])} ({why})" for i, why in sorted(self.spoiled.items())[:_SHOWN]]
            more = f" and {len(self.spoiled) - _SHOWN} more" if len(self.spoiled) > _SHOWN else ""
            rest = f"; {count_of(self.left_out, 'good row')} of them were left out" if self.left_out else ""
            self.findings.notice(
                "outside_forecast_unused",
                "forecast",
                f"our own forecast stands for {count_of(len(self.spoiled), 'item')}: {', '.join(shown)}{more}{rest}",
            )
        certain = [_item(keys[i]) for i, forecast in found.items() if forecast.certain]
        if certain:
            self.findings.notice(
                "outside_forecast_certain",
                "forecast",
                f"the same value stands at every level or path of {count_of(len(certain), 'item')}, as if nothing "
                f"could be otherwise: {', '.join(certain[:_SHOWN])}",
            )


def _lack(
    level: npt.NDArray[np.float64],
    path: npt.NDArray[np.float64],
    at: Integers,
    protection: int,
    date: Callable[[int], str],
) -> tuple[str, str] | None:
    """What keeps the rows of an item from being a forecast: a code and words; None where nothing does.

    Rows are ordered by period and, within it, by level or path.
    """
    by_level, by_path = ~np.isnan(level), ~np.isnan(path)
    if by_level.any() and by_path.any():
        return "mixed_forecast", "mixes quantiles and paths"
    if (at == _SUM).any() and (at != _SUM).any():
        return "mixed_forecast", "mixes periods and sums over H"
    rungs = np.unique(level if by_level.any() else path)
    if by_level.any() and (len(rungs) < FEWEST_LEVELS or rungs[-1] < 0.5):
        return "too_few_levels", f"has {count_of(len(rungs), 'level')}, and at least 2 that reach the median are needed"
    if by_path.any() and rungs[-1] != len(rungs):
        gap = int(np.setdiff1d(np.arange(1, len(rungs) + 1), rungs)[0])
        return "missing_path", f"lacks path {gap} and goes up to path {rungs[-1]:g}"
    if by_path.any() and len(rungs) < FEWEST_PATHS:
        return "too_few_paths", f"has {count_of(len(rungs), 'path')}, and at least {FEWEST_PATHS} are needed"
    return None if at[0] == _SUM else _lacking_periods(at, len(rungs), protection, date)


def _lacking_periods(at: Integers, rungs: int, protection: int, date: Callable[[int], str]) -> tuple[str, str] | None:
    periods, counts = np.unique(at, return_counts=True)
    if len(periods) != periods[-1] + 1:
        gap = int(np.setdiff1d(np.arange(periods[-1] + 1), periods)[0])
        return "missing_period", f"lacks the period {date(gap)}"
    short = np.flatnonzero(counts != rungs)
    if len(short):
        period = date(int(periods[short[0]]))
        return "missing_value", f"has {counts[short[0]]} of {rungs} values in the period {period}"
    if len(periods) < protection:
        return "too_short", f"covers {count_of(len(periods), 'period')}, and its protection interval has {protection}"
    return None


def _forecast(
    level: npt.NDArray[np.float64], at: Integers, value: npt.NDArray[np.float64], protection: int
) -> OutsideForecast:
    values = np.ascontiguousarray(value.reshape(len(np.unique(at)), -1).T)
    levels = None if np.isnan(level[0]) else level[: len(values)].copy()
    return OutsideForecast(values, levels, protection if at[0] == _SUM else 0)


def _name(row: Any) -> str:
    return f"path {row.path:g}" if np.isnan(row.level) else f"level {row.level:g}"


def _item(key: tuple[str, str]) -> str:
    return f"{key[0]!r} at {key[1]!r}"


def _text(value: Any) -> str:
    """A value as it is shown; days without their time."""
    if value is None or value != value:
        return ""
    return (
        f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else f"{value:g}" if isinstance(value, float) else str(value)
    )
