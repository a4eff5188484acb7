"""Why items were out of stock: every shortage of the history with its cause and the rule that named it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.inputs import CheckedTables
from replenishment.backorders.causes import Attribution, Deliveries, ItemRecord, attribute, shortage_episodes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BooksOfItems", "cause_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_COLUMNS: Final = ("sku", "location", "first", "last", "units_backordered", "lines", "cause", "rule")
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
        self.items, self.begins, self.demand = items, begins, demand
        self.receipts = _groups(tables.get("receipts"), keys)
        self.counts = _groups(tables.get("stock_counts"), keys)
        self.usual_target = usual_target

    def record(self, item: int) -> ItemRecord:
        """The books of one item."""
        counts, row = self.counts.get(item), self.items.iloc[item]
        return ItemRecord(
            deliveries=_deliveries(self.receipts.get(item)),
            count_day=np.empty(0, dtype=np.int64) if counts is None else _days(counts["counted_on"]).astype(np.int64),
            book=np.empty(0) if counts is None else counts["book"].to_numpy(float),
            counted=np.empty(0) if counts is None else counts["counted"].to_numpy(float),
            begins=self.begins,
            demand=np.nan_to_num(np.asarray(self.demand[item], dtype=np.float64)),
            lead_time=float(np.nan_to_num(row["lead_time"])),
            review=float(row["review"]),
            target=float(row["target"]),
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


def _groups(table: pd.DataFrame | None, keys: list[tuple[str, str]]) -> dict[int, pd.DataFrame]:
    """The rows of each item."""
    if table is None or "sku" not in table.columns:
        return {}
    number = {key: k for k, key in enumerate(keys)}
    found = {number.get((str(sku), str(place))): rows for (sku, place), rows in table.groupby(["sku", "location"])}
    return {k: rows for k, rows in found.items() if k is not None}


def _deliveries(rows: pd.DataFrame | None) -> Deliveries:
    if rows is None:
        nothing = np.empty(0)
        return Deliveries(np.empty(0, dtype=np.int64), *[nothing] * 7)
    import pandas as pd

    n = len(rows)
    days = {name: _days(rows[name]) if name in rows.columns else np.full(n, np.nan) for name in _DELIVERY_DAYS}
    proposed = np.where(np.isnan(days["proposed_on"]), days["ordered_on"], days["proposed_on"])
    line = rows["po"].fillna("") if "po" in rows.columns else pd.Series("", index=rows.index)
    order = pd.factorize(line.astype(str) + "\x1f" + rows["ordered_on"].astype(str))[0]
    quantity = rows["quantity"].to_numpy(float) if "quantity" in rows.columns else np.full(n, np.nan)
    wanted = rows["ordered_quantity"].to_numpy(float) if "ordered_quantity" in rows.columns else np.full(n, np.nan)
    refused = (
        rows["rejected_quantity"].fillna(0.0).to_numpy(float) if "rejected_quantity" in rows.columns else np.zeros(n)
    )
    return Deliveries(
        order.astype(np.int64), proposed, days["ordered_on"], days["promised_on"], days["received_on"], wanted,
        quantity, refused,
    )  # fmt: skip


def _days(dates: pd.Series[Any]) -> Floats:
    """Days since 1970-01-01, NaN where there is no date."""
    when = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(when), np.nan, when.astype(np.int64).astype(np.float64))
