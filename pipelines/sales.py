"""Sales rows, checked batch by batch on their way into the demand panel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.calendars import date_to_day
from pipelines.checking import parse_column, refuse_above, set_aside
from pipelines.quarantine import Findings, Quarantined
from pipelines.readers import TableReader
from pipelines.tables import LARGEST, LONGEST_IDENTIFIER

__all__ = ["CheckedSales"]

_FIRST_DAY: Final = date_to_day(dt.date(1900, 1, 2))
_LAST_DAY: Final = date_to_day(dt.date(2199, 12, 31))
_NEEDED: Final = ("sku", "date", "quantity")


class CheckedSales:
    """The good rows of the sales table, as often as they are asked for; the bad ones go into ``findings``.

    A row is bad when its SKU is empty or unknown, its date is none, or its quantity is no number of at least 0.
    Batches of Parquet stay on disk; text is parsed once and kept.

    Parameters
    ----------
    reader : the sales table. findings : where bad rows and warnings go.
    known_skus : SKUs of the items table; None where there is none.
    missing_is_unknown : a row without quantity is left out (its cell is then a gap) instead of set aside.
    """

    def __init__(
        self, reader: TableReader, findings: Findings, known_skus: frozenset[str] | None, missing_is_unknown: bool
    ) -> None:
        self.reader, self.findings = reader, findings
        self.known_skus, self.missing_is_unknown = known_skus, missing_is_unknown
        self.rows_read = self.rows_unrecorded = 0
        self.bad: list[Quarantined] = []
        self.exact_dates = not reader.typed
        self._kept: list[pa.RecordBatch] | None = None if reader.typed else list(self._checked(collect=True))
        self._collected = self._kept is not None
        if reader.ignored:
            findings.warn(f"sales: {reader.file}: unknown columns ignored: {', '.join(reader.ignored)}")

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a scan may ask for."""
        return frozenset(self.reader.columns) | {"source_row"}

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the good rows; see :class:`forecasting.panel_assembly.RowSource`."""
        if self._kept is not None:
            for batch in self._kept:
                yield batch.select(list(columns))
        elif list(columns) == ["date"] and not self.exact_dates:
            yield from self._dates()
        else:
            first = not self._collected
            self._collected = True
            for batch in self._checked(collect=first):
                yield batch.select(list(columns))

    def finish(self, max_fraction: float) -> None:
        """Hand over what was found and refuse a table with too many bad rows."""
        self.findings.set_aside(self.bad)
        refuse_above(max_fraction, len(self.bad), self.rows_read, "sales", self.reader.file, self.bad)

    def _dates(self) -> Iterator[pa.RecordBatch]:
        """Only the dates, and only those that make sense: the span of the panel."""
        for batch in self.reader.scan(["date"]):
            days, unreadable = _days(batch.column("date"))
            good = pc.and_(pc.invert(unreadable), pc.fill_null(_in_range(days), False))
            yield pa.record_batch({"date": days if pc.all(good).as_py() else days.filter(good)})

    def _checked(self, collect: bool) -> Iterator[pa.RecordBatch]:
        wanted = [c for c in self.reader.columns if c in (*_NEEDED, "location", "in_stock")]
        first = 0
        for batch in self.reader.scan(wanted):
            yield self._check(batch, first, collect)
            first += batch.num_rows
        if collect:
            self.rows_read = first

    def _check(self, batch: pa.RecordBatch, first: int, collect: bool) -> pa.RecordBatch:
        days, bad_date = _days(batch.column("date"))
        quantity, bad_number = parse_column(batch.column("quantity"), "number")
        columns: dict[str, pa.Array] = {"sku": _encoded(batch.column("sku"))}
        if "location" in batch.schema.names:
            columns["location"] = _located(_encoded(batch.column("location")))
        columns |= {"date": days, "quantity": quantity}
        bad_flag = None
        if "in_stock" in batch.schema.names:
            columns["in_stock"], bad_flag = parse_column(batch.column("in_stock"), "flag")
        columns["source_row"] = pa.array(np.arange(first, first + batch.num_rows))
        checked = pa.record_batch(columns)
        no_quantity = pc.and_(pc.is_null(quantity), pc.invert(bad_number))
        problems: list[tuple[str, pa.Array, str, str]] = [
            ("sku", *self._bad_sku(columns["sku"])),
            ("date", bad_date, "not_a_date", "is no date"),
            ("date", pc.and_(pc.invert(bad_date), pc.is_null(days)), "missing_value", "is empty but needed"),
            ("date", pc.invert(pc.fill_null(_in_range(days), True)), "out_of_range", "lies before 1900 or after 2199"),
            ("quantity", bad_number, "not_a_number", "is no number"),
            ("quantity", pc.fill_null(pc.less(quantity, 0.0), False), "negative_quantity", "is negative"),
            ("quantity", _too_large(quantity), "out_of_range", f"is beyond {LARGEST:g}"),
        ]
        if len(columns["sku"].dictionary) and self.known_skus is not None:
            problems.insert(1, ("sku", self._unknown_sku(columns["sku"]), "unknown_sku", "is not in the items table"))
        if bad_flag is not None:
            problems.append(("in_stock", bad_flag, "not_a_flag", "is neither true nor false"))
        if not self.missing_is_unknown:
            problems.append(("quantity", no_quantity, "missing_value", "is empty but needed"))
        good = self._sort_out(batch, problems, first, collect)
        if self.missing_is_unknown:
            self.rows_unrecorded += int(pc.sum(no_quantity).as_py() or 0) if collect else 0
            good = pc.invert(no_quantity) if good is None else pc.and_(good, pc.invert(no_quantity))
        return checked if good is None or pc.all(good).as_py() else checked.filter(good)

    def _bad_sku(self, sku: pa.DictionaryArray) -> tuple[pa.Array, str, str]:
        length = pc.fill_null(pc.utf8_length(sku.dictionary.cast(pa.string())), 0)
        wrong = pc.or_(pc.equal(length, 0), pc.greater(length, LONGEST_IDENTIFIER))
        if not sku.null_count and not (len(wrong) and pc.any(wrong).as_py()):
            return pa.array(np.zeros(len(sku), dtype=bool)), "", ""
        return pc.fill_null(wrong.take(sku.indices), True), "missing_value", "is empty or longer than 128 characters"

    def _unknown_sku(self, sku: pa.DictionaryArray) -> pa.Array:
        assert self.known_skus is not None  # noqa: S101 (asked for by the caller)
        unknown = np.array([v is not None and v != "" and v not in self.known_skus for v in sku.dictionary.to_pylist()])
        if not unknown.any():
            return pa.array(np.zeros(len(sku), dtype=bool))
        return pc.fill_null(pa.array(unknown).take(sku.indices), False)

    def _sort_out(
        self, batch: pa.RecordBatch, problems: list[tuple[str, pa.Array, str, str]], first: int, collect: bool
    ) -> pa.Array | None:
        """Return which rows are good (None: all), and note the first problem of every bad row."""
        bad: npt.NDArray[np.bool_] | None = None
        for column, flags, code, message in problems:
            if not pc.any(flags).as_py():
                continue
            marked = flags.to_numpy(zero_copy_only=False)
            bad = np.zeros(batch.num_rows, dtype=bool) if bad is None else bad
            if collect:
                for row in np.flatnonzero(marked & ~bad):
                    value = batch.column(column)[int(row)].as_py()
                    self.bad.append(set_aside(self.reader, first + int(row), column, value, code, message))
            bad |= marked
        return None if bad is None else pa.array(~bad)


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column.cast(pa.string()))


def _located(column: pa.DictionaryArray) -> pa.Array:
    """Fill empty locations with main."""
    empty = [v is None or v == "" for v in column.dictionary.to_pylist()]
    if not column.null_count and not any(empty):
        return column
    text = column.cast(pa.string())
    return pc.dictionary_encode(pc.if_else(pc.fill_null(pc.equal(text, ""), True), "main", text))


def _days(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The day of every date, and which were unreadable."""
    if pa.types.is_date32(column.type):
        return column, pa.array(np.zeros(len(column), dtype=bool))
    values, bad = parse_column(column, "date")
    return pc.cast(pc.floor_temporal(values, unit="day"), pa.date32()), bad


def _in_range(days: pa.Array) -> pa.Array:
    number = days.cast(pa.int32())
    bounds = pc.min_max(number)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if low is None or (low >= _FIRST_DAY and high <= _LAST_DAY and not days.null_count):
        return pa.array(np.ones(len(days), dtype=bool))
    return pc.and_(pc.greater_equal(number, _FIRST_DAY), pc.less_equal(number, _LAST_DAY))


def _too_large(quantity: pa.Array) -> pa.Array:
    return pc.fill_null(pc.invert(pc.less_equal(pc.abs(quantity), LARGEST)), False)
