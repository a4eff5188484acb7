"""Why items were out of stock: every shortage of the history with its cause and the rule that named it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.inputs import CheckedTables
from pipelines.jobs.supply import key_index
from replenishment.backorders.causes import Attribution, Deliveries, ItemRecord, attribute, shortage_episodes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BooksOfItems", "cause_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_COLUMNS: Final = ("sku", "location", "first", "last", "units_backordered", "lines", "cause", "rule")
_DELIVERY_UNITS: Final = ("quantity", "ordered_quantity", "rejected_quantity")
_NO_ROWS: Final[Integers] = np.empty(0, dtype=np.int64)
_DELIVERY_DAYS: Final = ("proposed_on", "ordered_on", "promised_on", "received_on")


class BooksOfItems:
    """The books of each item, read from the tables when they are asked for.

    Parameters
    ----------
    items : lead_time (days), review (days) and target (NaN where it binds something else) of each of the ``keys``.
    begins : day since 1970-01-01 of the first column of ``demand``, units a day (n, t). usual_target : of most items.
    """

    def __init__(
        self,
        tables: CheckedTables,
        keys: list[tuple[str, str]],
        items: pd.DataFrame,
        begins: int,
        demand: Any,
        usual_target: float,
    ) -> None:
        self.items = {name: items[name].to_numpy(float).tolist() for name in ("lead_time", "review", "target")}
        self.begins, self.demand = begins, demand
        receipts, counts = tables.get("receipts"), tables.get("stock_counts")
        self.deliveries, self.receipts = _deliveries(receipts), _rows_of_items(receipts, keys)
        self.counts, self.counted = _counts(counts), _rows_of_items(counts, keys)
        self.usual_target = usual_target

    def record(self, item: int) -> ItemRecord:
        """The books of one item."""
        day, book, counted = (column[self.counted.get(item, _NO_ROWS)] for column in self.counts)
        return ItemRecord(
            deliveries=_taken(self.deliveries, self.receipts.get(item, _NO_ROWS)),
            count_day=day.astype(np.int64),
            book=book,
            counted=counted,
            begins=self.begins,
            demand=np.nan_to_num(np.asarray(self.demand[item], dtype=np.float64)),
            lead_time=float(np.nan_to_num(self.items["lead_time"][item])),
            review=self.items["review"][item],
            target=self.items["target"][item],
            usual_target=self.usual_target,
        )


def cause_frame(
    books: BooksOfItems, keys: list[tuple[str, str]], item: Integers, day: Integers, units: Floats
) -> pd.DataFrame:
    """One row an episode of shortage.

    Parameters
    ----------
    item, day, units : (b,) of the order lines that were not filled at once, by the day on which they were wanted; a
        day out of stock without an order has 0 units.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    order = np.argsort(item, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(item[order])) + 1) if len(item) else []:
        i = int(item[own[0]])
        record = books.record(i)
        for first, last in shortage_episodes(day[own]):
            inside = own[(day[own] >= first) & (day[own] <= last)]
            found: Attribution = attribute(record, first, last)
            lines = int((units[inside] > 0).sum())
            dates = (np.datetime64(first, "D"), np.datetime64(last, "D"))
            rows.append((*keys[i], *dates, float(units[inside].sum()), lines, found.cause, found.rule))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("first", "last"):
        frame[name] = frame[name].astype("datetime64[s]")
    return frame


def _rows_of_items(table: pd.DataFrame | None, keys: list[tuple[str, str]]) -> dict[int, Integers]:
    """The rows of each item in a table, in their order."""
    if table is None or "sku" not in table.columns:
        return {}
    import pandas as pd

    place = key_index(keys).get_indexer(pd.MultiIndex.from_arrays([table["sku"], table["location"]]))
    order = np.argsort(place, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(place[order])) + 1) if len(order) else []
    return {int(place[part[0]]): part for part in parts if place[part[0]] >= 0}


def _counts(table: pd.DataFrame | None) -> tuple[Floats, Floats, Floats]:
    """Day, book and count of each stock count."""
    if table is None:
        return (np.empty(0),) * 3
    return _days(table["counted_on"]), table["book"].to_numpy(float), table["counted"].to_numpy(float)


def _taken(all_of_them: Deliveries, rows: Integers) -> Deliveries:
    """Some deliveries."""
    return Deliveries(*(getattr(all_of_them, f.name)[rows] for f in fields(Deliveries)))


def _deliveries(rows: pd.DataFrame | None) -> Deliveries:
    """All deliveries of a table of receipts; their orders are numbered as they come."""
    if rows is None:
        nothing = np.empty(0)
        return Deliveries(np.empty(0, dtype=np.int64), *[nothing] * 7)
    import pandas as pd

    n, unknown = len(rows), np.full(len(rows), np.nan)
    days = {name: _days(rows[name]) if name in rows.columns else unknown for name in _DELIVERY_DAYS}
    units = {name: rows[name].to_numpy(float) if name in rows.columns else unknown for name in _DELIVERY_UNITS}
    po = pd.factorize(rows["po"].fillna("").astype(str))[0] if "po" in rows.columns else np.zeros(n, dtype=np.int64)
    day = pd.factorize(rows["ordered_on"])[0] + 1
    return Deliveries(
        order=pd.factorize(po.astype(np.int64) * (n + 1) + day)[0].astype(np.int64),
        proposed=np.where(np.isnan(days["proposed_on"]), days["ordered_on"], days["proposed_on"]),
        ordered=days["ordered_on"],
        promised=days["promised_on"],
        received=days["received_on"],
        ordered_quantity=units["ordered_quantity"],
        quantity=units["quantity"],
        rejected=np.nan_to_num(units["rejected_quantity"]),
    )


def _days(dates: pd.Series[Any]) -> Floats:
    """Days since 1970-01-01, NaN where there is no date."""
    when = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(when), np.nan, when.astype(np.int64).astype(np.float64))
