"""Orders that were released, remembered until the ERP shows them, so that two nights order nothing twice.

What was exported as purchase orders (or marked as released) counts as on order. A line is *seen* once a row of
``open_orders`` or ``receipts`` stands for it: a row with its purchase order number, SKU and location (any quantity: the
ERP knows better); else one that agrees in SKU, location, quantity and supplier, as far as it says them, and is dated
within ``MATCH_DAYS`` after the order date (without a date: is due within as many of the arrival date), for ERPs number
orders themselves. Each row stands for one line only. Without either table
nothing could ever be seen: then a line counts until its arrival date, and stock is believed from there on.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from pipelines.records import add_to_record, read_record
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "MATCH_DAYS",
    "RECORD",
    "forget",
    "recorded_columns",
    "recorded_releases",
    "release",
    "still_unseen",
]

RECORD: Final = "released_orders"
COLUMNS: Final = (
    "po", "supplier", "sku", "location", "quantity", "order_date", "arrival_date", "unit_cost", "run_id", "as_of",
    "released_at", "forgotten",
)  # fmt: skip
MATCH_DAYS: Final = 14
_KEY: Final = ["po", "sku", "location"]


def release(space: Workspace, lines: pd.DataFrame, run_id: str, as_of: str, when: dt.datetime) -> int:
    """Remember purchase order lines; those remembered already stay as they are. Returns how many are new.

    Parameters
    ----------
    lines : po, supplier, sku, location, quantity, order_date, arrival_date, unit_cost.
    when : time of the release, with a zone. The caller holds the lock of the workspace.
    """
    import pandas as pd

    rows = lines.assign(
        supplier=lines["supplier"].fillna("").astype(str),
        run_id=run_id,
        as_of=pd.Timestamp(as_of).as_unit("s"),
        released_at=_stamp(when),
        forgotten=False,
    )[list(COLUMNS)]
    known = read_record(space, RECORD)
    if known is not None:
        there = pd.MultiIndex.from_frame(known[_KEY])
        rows = rows[~pd.MultiIndex.from_frame(rows[_KEY]).isin(there)]
    add_to_record(space, RECORD, rows.reset_index(drop=True))
    return len(rows)


def forget(space: Workspace, po: str, when: dt.datetime) -> int:
    """Note that a purchase order will never come; its lines count no more. Returns how many lines there were."""
    known = recorded_releases(space)
    rows = known[known["po"] == po]
    add_to_record(space, RECORD, rows.assign(forgotten=True, released_at=_stamp(when))[list(COLUMNS)])
    return len(rows)


def recorded_releases(space: Workspace) -> pd.DataFrame:
    """Released lines that were not forgotten, oldest first."""
    import pandas as pd

    known = read_record(space, RECORD)
    if known is None:
        return recorded_columns()
    gone = pd.MultiIndex.from_frame(known.loc[known["forgotten"], _KEY])
    return known[~pd.MultiIndex.from_frame(known[_KEY]).isin(gone)].reset_index(drop=True)


def recorded_columns() -> pd.DataFrame:
    """A record without any row."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


def still_unseen(
    released: pd.DataFrame, open_orders: pd.DataFrame | None, receipts: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """The released lines that neither open orders nor receipts stand for yet, as a plan of ``as_of`` may know them."""
    import pandas as pd

    now = pd.Timestamp(as_of)
    known = released[pd.to_datetime(released["as_of"]) <= now].reset_index(drop=True)
    if open_orders is None and receipts is None:
        return known[pd.to_datetime(known["arrival_date"]) > now].reset_index(drop=True)
    skus = frozenset(known["sku"])
    rows = [*_rows(open_orders, skus), *_rows(_received(receipts, now), skus)]
    seen = set[int]()
    lines: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
    for key, same in ((_number, _same_place), (_article, _same_order)):
        waiting: dict[Any, list[dict[str, Any]]] = {}
        for row in rows:
            waiting.setdefault(key(row), []).append(row)
        for k, line in enumerate(lines):
            fits = [r for r in waiting.get(key(line), []) if k not in seen and same(line, r)]
            if fits:
                seen.add(k)
                if fits[0]["sku"] is not None:
                    waiting[key(line)].remove(fits[0])
        rows = [row for left in waiting.values() for row in left]
    return known.drop(index=sorted(seen)).reset_index(drop=True)


def _received(receipts: pd.DataFrame | None, now: pd.Timestamp) -> pd.DataFrame | None:
    """What is in the stock of ``now``: what is still on its way must stand in open_orders to count."""
    return None if receipts is None else receipts[receipts["received_on"] < now]


def _rows(table: pd.DataFrame | None, skus: frozenset[str]) -> list[dict[str, Any]]:
    """The rows of a table that may stand for a released line, with every column that is compared; None where empty."""
    if table is None:
        return []
    if "sku" in table.columns:
        table = table[table["sku"].isin(skus) | table["sku"].isna()]
    names = ("po", "sku", "location", "supplier", "quantity", "ordered_on", "due_date")
    return [
        {name: row[name] if name in row and row[name] == row[name] else None for name in names}
        for row in table.to_dict("records")
    ]


def _number(row: dict[str, Any]) -> Any:
    return row["po"]


def _same_place(line: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a row of the same purchase order is about the line; one that names no SKU is about all of them."""
    return all(row[name] in (None, line[name]) for name in ("sku", "location"))


def _article(row: dict[str, Any]) -> Any:
    return row["sku"], row["quantity"]


def _same_order(line: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a row without the line's number is likely to be its order: place, supplier and day agree."""
    if row["location"] not in (None, line["location"]) or row["supplier"] not in (None, "", line["supplier"]):
        return False
    if row["ordered_on"] is not None:
        return bool(0 <= (row["ordered_on"] - line["order_date"]).days <= MATCH_DAYS)
    return row["due_date"] is not None and bool(abs((row["due_date"] - line["arrival_date"]).days) <= MATCH_DAYS)


def _stamp(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).isoformat(timespec="microseconds")
