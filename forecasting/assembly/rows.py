"""Rows that can be read again and again, and what their columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_LOCATION", "RowSource", "batches_of_frame", "days_of", "decoded", "numbers_of", "shortage_flags"]

DEFAULT_LOCATION: Final = "main"
# A larger quantity is a mistake, and sums of millionths must stay exact.
LARGEST_QUANTITY: Final = 1e12


class RowSource(Protocol):
    """Rows that can be read again and again.

    ``scan`` yields record batches with the asked columns: ``sku`` and ``location`` as text (best dictionary
    encoded), ``date`` as a date or timestamp, ``quantity`` as a number without nulls, ``in_stock`` as a
    boolean, ``source_row`` as an integer that finds the row again.
    """

    @property
    def columns(self) -> frozenset[str]:
        """The columns there are."""

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield all rows, in batches."""


def batches_of_frame(sales: pd.DataFrame) -> RowSource:
    """Offer the rows of a frame (sku, date, quantity and, if there, location and in_stock) as a RowSource."""
    import pandas as pd

    missing = {"sku", "date", "quantity"} - set(sales.columns)
    if missing:
        raise ValueError(f"sales lacks the columns {sorted(missing)}; it has {list(sales.columns)}")
    for name in ("sku", "date"):
        if sales[name].isna().any():
            raise ValueError(f"sales has {int(sales[name].isna().sum())} rows without {name}; complete or remove them")
    columns: dict[str, pa.Array] = {}
    for name in ("sku", "location"):
        if name in sales.columns:
            known = sales[name] if name == "sku" else sales[name].fillna(DEFAULT_LOCATION)
            columns[name] = pa.array(known.astype(str), type=pa.string()).dictionary_encode()
    date = pd.to_datetime(sales["date"])
    # The days of a time zone are that zone's calendar days, not those of UTC.
    date = date.dt.tz_localize(None) if date.dt.tz is not None else date
    days = date.to_numpy().astype("datetime64[D]").astype(np.int64)
    columns["date"] = pa.array(days.astype(np.int32), type=pa.int32()).cast(pa.date32())
    columns["quantity"] = pa.array(pd.to_numeric(sales["quantity"]).to_numpy(dtype=np.float64))
    if "in_stock" in sales.columns:
        columns["in_stock"] = pa.array([value is not False and value != 0 for value in sales["in_stock"].fillna(True)])
    return _TableRows(pa.table(columns))


@dataclass(frozen=True)
class _TableRows:
    """The rows of a table in memory."""

    table: pa.Table

    @property
    def columns(self) -> frozenset[str]:
        """See :class:`RowSource`."""
        return frozenset(self.table.schema.names) | {"source_row"}

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See :class:`RowSource`."""
        table = self.table
        if "source_row" in columns and "source_row" not in table.schema.names:
            table = table.append_column("source_row", pa.array(np.arange(table.num_rows)))
        yield from table.select(list(columns)).to_batches(max_chunksize=1 << 20)


def days_of(column: pa.Array) -> npt.NDArray[np.int32]:
    """Days since 1970-01-01 of a column of dates, or of timestamps without a zone, whose time of day is cut off."""
    if not pa.types.is_date32(column.type):
        column = pc.cast(column, pa.date32(), safe=False)
    return np.asarray(column.cast(pa.int32()).to_numpy(zero_copy_only=False), dtype=np.int32)


def numbers_of(column: pa.Array) -> npt.NDArray[np.float64]:
    """Quantities of a column of numbers, in units.

    Raises
    ------
    ValueError
        A quantity that is not known, infinite, or beyond 1e12 either way.
    """
    values = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    # A comparison with NaN is false, too.
    fits = np.abs(values) <= LARGEST_QUANTITY
    if not fits.all():
        wrong = values[~fits][0]
        raise ValueError(f"a quantity is {wrong:g}; quantities must be known numbers up to {LARGEST_QUANTITY:g}")
    return values


def shortage_flags(batch: pa.RecordBatch) -> npt.NDArray[np.uint8]:
    """1 for rows that say they were out of stock, 0 for others and where it is unknown; empty without such a column."""
    if "in_stock" not in batch.schema.names:
        return np.empty(0, dtype=np.uint8)
    flags = pc.invert(pc.fill_null(batch.column("in_stock"), True))
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=np.uint8)


def decoded(table: pa.Table) -> pa.Table:
    """The same table with plain values instead of dictionary codes, as people and files want them."""
    for i, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(column.type.value_type))
    return table
