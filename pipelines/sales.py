"""Sales rows, checked batch by batch on their way into the demand panel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.calendars import date_to_day
from pipelines.checking import IdentifierBook, count_of, note_headings, quarantine, unreadable_row
from pipelines.errors import InputError
from pipelines.quarantine import BadRow, Findings
from pipelines.readers.reader import TableReader, as_text
from pipelines.relations import likely_skus
from pipelines.tables import LARGEST
from pipelines.values import hint_for, parse_column

__all__ = ["CHANNEL_MARK", "CheckedSales", "SalesRules"]

Flags = npt.NDArray[np.bool_]

_FIRST_DAY: Final = date_to_day(dt.date(1900, 1, 2))
_LAST_DAY: Final = date_to_day(dt.date(2199, 12, 31))
_READ: Final = ("sku", "location", "date", "quantity", "in_stock", "channel")
# Between location and channel while the rows of a channel are assembled as a series of their own.
CHANNEL_MARK: Final = "\x1f"
# So many bad rows are described one by one; a table with more is beyond mending by hand and is refused.
MOST_DESCRIBED: Final = 100_000


@dataclass(frozen=True)
class SalesRules:
    """What counts as a good row.

    Attributes
    ----------
    known_skus : SKUs of the items table; None where there is none.
    whole_skus : SKUs that are sold in pieces: a fraction of one is a mistake.
    missing_quantity : a row without quantity is set aside, or left out as not recorded ("unknown").
    returns : a negative quantity is set aside, or kept apart from the sales ("net" or "separate").
    left_out_skus : SKUs whose row in items was set aside: their sales are left out and counted.
    """

    known_skus: frozenset[str] | None = None
    whole_skus: frozenset[str] = frozenset()
    missing_quantity: Literal["quarantine", "unknown"] = "quarantine"
    returns: Literal["quarantine", "net", "separate"] = "quarantine"
    left_out_skus: frozenset[str] = frozenset()


class CheckedSales:
    """The good rows of the sales table, as often as they are asked for.

    Batches of Parquet stay on disk; text is parsed once and kept. Bad rows are noted in the first full scan.
    """

    def __init__(self, reader: TableReader, findings: Findings, rules: SalesRules) -> None:
        self.reader, self.findings, self.rules = reader, findings, rules
        self.rows_read = self.rows_unrecorded = self.rows_left_out = 0
        self.units_read = self.units_unknown = 0.0  # of all readable rows, and of those of unknown SKUs
        self.bad: list[BadRow] = []
        self._dropped: pa.Array = pa.array([], pa.int64())
        self.returned: list[pa.RecordBatch] = []
        self.unknown: list[pa.RecordBatch] = []  # rows whose quantity is not known: their cells are not zero
        self.exact_dates = not reader.typed
        self._books = {name: IdentifierBook(reader, name) for name in ("sku", "location", "channel")}
        note_headings(reader, findings)
        self._kept: list[pa.RecordBatch] | None = None if reader.typed else list(self._checked(collect=True))
        self._collected = self._kept is not None

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a scan may ask for."""
        names = frozenset(self.reader.columns) & frozenset(_READ) | {"source_row"}
        return names - {"channel"} | ({"location"} if "channel" in names else frozenset())

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the good rows; see :class:`forecasting.assembly.rows.RowSource`."""
        if self._kept is not None:
            for batch in self._kept:
                yield self._without_dropped(batch).select(list(columns))
        elif list(columns) == ["date"] and not self.exact_dates:
            yield from self._dates()
        else:
            first = not self._collected
            self._collected = True
            for batch in self._checked(collect=first):
                yield self._without_dropped(batch).select(list(columns))

    def drop_rows(self, rows: Sequence[int]) -> None:
        """Leave out good rows that repeat another, by their number in the source; they are counted."""
        self._dropped = pa.array(rows, pa.int64())
        self.findings.notice(
            "exact_duplicate", "sales", f"{count_of(len(rows), 'row')} that repeat another were dropped"
        )

    def _without_dropped(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not len(self._dropped):
            return batch
        return batch.filter(pc.invert(pc.is_in(batch.column("source_row"), self._dropped)))

    def finish(self, max_fraction: float) -> None:
        """Hand over what was found and refuse a table with too many bad rows."""
        for book in self._books.values():
            book.log(self.findings)
        if self.rows_left_out:
            self.findings.left_out("sales", self.rows_left_out)
        self._note_unknown()
        quarantine(self.reader, self.bad, self.rows_read, self.findings, max_fraction)

    def _note_unknown(self) -> None:
        unknown = [case for case in self.bad if case.code == "unknown_sku"]
        if unknown:
            share = self.units_unknown / self.units_read if self.units_read > 0 else 0.0
            self.findings.notice(
                "unknown_sku",
                "sales",
                f"{count_of(len(unknown), 'row')} of SKUs that are not in items, {share:.1%} of the units, "
                f"{'was' if len(unknown) == 1 else 'were'} set aside",
            )

    def _dates(self) -> Iterator[pa.RecordBatch]:
        """Only the dates, and only those that make sense: the span of the panel, if no row is bad otherwise."""
        for batch in self.reader.scan(["date"]):
            days, unreadable = _days(batch.column("date"), self.reader)
            good = pc.and_(pc.invert(unreadable), pc.fill_null(_in_range(days), False))
            yield pa.record_batch({"date": days if pc.all(good).as_py() else days.filter(good)})

    def _checked(self, collect: bool) -> Iterator[pa.RecordBatch]:
        wanted = [c for c in self.reader.columns if c in _READ]
        first = 0
        for batch in self.reader.scan(wanted):
            yield _BatchCheck(self, batch, first, collect).good_rows()
            first += batch.num_rows
        if collect:
            self.rows_read = first


class _BatchCheck:
    """One batch on its way through the checks."""

    def __init__(self, sales: CheckedSales, batch: pa.RecordBatch, first: int, collect: bool) -> None:
        self.sales, self.batch, self.first, self.collect = sales, batch, first, collect
        self.bad: Flags | None = None
        self.left_out: Flags | None = None  # rows of items that were set aside
        self.unknown_sku: Flags | None = None
        self.returns: Flags = np.zeros(batch.num_rows, dtype=np.bool_)

    def good_rows(self) -> pa.RecordBatch:
        """Return the good rows, typed; note the first problem of every bad one."""
        rules, reader = self.sales.rules, self.sales.reader
        columns: dict[str, pa.Array] = {"sku": self._identifiers("sku", required=True)}
        if "location" in self.batch.schema.names:
            columns["location"] = _located(self._identifiers("location", required=False))
        if "channel" in self.batch.schema.names:
            columns["location"] = self._by_channel(columns.get("location"))
        days, bad_date = _days(self.batch.column("date"), reader)
        self._unreadable("date", bad_date)
        self._mark(
            "date",
            pc.and_(pc.invert(bad_date), pc.is_null(days)),
            "missing_value",
            ("date is empty but needed", "fill in the date, or remove the row"),
        )
        self._mark(
            "date",
            pc.invert(pc.fill_null(_in_range(days), True)),
            "out_of_range",
            ("date {value} lies before 1900 or after 2199", "a placeholder? correct the date, or remove the row"),
        )
        quantity, bad_number = parse_column(self.batch.column("quantity"), "number", reader.source)
        self._unreadable("quantity", bad_number)
        missing = pc.and_(pc.is_null(quantity), pc.invert(bad_number))
        self._quantities(columns["sku"], quantity, missing)
        self._weigh(quantity)
        columns |= {"date": days, "quantity": quantity}
        if "in_stock" in self.batch.schema.names:
            columns["in_stock"], bad_flag = parse_column(self.batch.column("in_stock"), "flag", reader.source)
            self._unreadable("in_stock", bad_flag)
        columns["source_row"] = pa.array(np.arange(self.first, self.first + self.batch.num_rows))
        checked = pa.record_batch(columns)
        kept = None if self.bad is None else ~self.bad
        if self.left_out is not None:
            kept = ~self.left_out if kept is None else kept & ~self.left_out
            self.sales.rows_left_out += int(self.left_out.sum()) if self.collect else 0
        self._remember_unknown(checked, missing)
        if missing.true_count and rules.missing_quantity == "unknown":
            self.sales.rows_unrecorded += missing.true_count if self.collect else 0
            there = ~missing.to_numpy(zero_copy_only=False)
            kept = there if kept is None else kept & there
        kept = self._without_returns(checked, quantity, kept)
        return checked if kept is None else checked.filter(pa.array(kept))

    def _weigh(self, quantity: pa.Array) -> None:
        """Add up the units read, and those of unknown SKUs."""
        if not self.collect or self.sales.rules.known_skus is None:
            return
        self.sales.units_read += pc.sum(pc.abs(quantity)).as_py() or 0.0
        if self.unknown_sku is not None:
            self.sales.units_unknown += pc.sum(pc.abs(quantity.filter(pa.array(self.unknown_sku)))).as_py() or 0.0

    def _remember_unknown(self, checked: pa.RecordBatch, missing: pa.Array) -> None:
        """Keep the keys of rows without a usable quantity, and whether it is a return that was set aside."""
        if not self.collect or (self.bad is None and not missing.true_count):
            return
        unknown = missing.to_numpy(zero_copy_only=False)
        if self.bad is not None:
            unknown = unknown | self.bad
        whole = (
            unknown
            & checked.column("sku").is_valid().to_numpy(False)
            & checked.column("date").is_valid().to_numpy(False)
        )
        keys = [name for name in ("sku", "location", "date") if name in checked.schema.names]
        marked = checked.select(keys).append_column("returned", pa.array(self.returns))
        self.sales.unknown.append(marked.filter(pa.array(whole)))

    def _quantities(self, sku: pa.DictionaryArray, quantity: pa.Array, missing: pa.Array) -> None:
        rules = self.sales.rules
        if rules.missing_quantity == "quarantine":
            hint = 'fill it in, or declare missing_quantity = "unknown" if nothing was recorded'
            self._mark("quantity", missing, "missing_value", ("quantity is empty but needed", hint))
        if rules.returns == "quarantine":
            hint = 'a return? declare returns = "net" or "separate"'
            self.returns = _is(pc.less(quantity, 0.0)).to_numpy(zero_copy_only=False)
            self._mark(
                "quantity",
                pa.array(self.returns),
                "negative_quantity",
                ("quantity {value} is negative", hint),
            )
        limit = f"correct it; at most {LARGEST:g} units fit"
        self._mark(
            "quantity",
            _is(pc.invert(pc.less_equal(pc.abs(quantity), LARGEST))),
            "out_of_range",
            ("quantity {value} is out of range", limit),
        )
        if rules.whole_skus:
            pieces = _member(sku, rules.whole_skus)
            broken = pc.and_(pieces, _is(pc.not_equal(quantity, pc.round(quantity))))
            self._mark(
                "quantity",
                broken,
                "fractional_pieces",
                (
                    "quantity {value} of an article that is counted in pieces",
                    "correct the quantity, or the item's uom",
                ),
            )

    def _without_returns(self, checked: pa.RecordBatch, quantity: pa.Array, kept: Flags | None) -> Flags | None:
        """Take returns out of the sales; they are kept apart until it is decided what they mean."""
        if self.sales.rules.returns == "quarantine":
            return kept
        negative = _is(pc.less(quantity, 0.0)).to_numpy(zero_copy_only=False)
        if not negative.any():
            return kept
        good = negative if kept is None else negative & kept
        if self.collect:
            self.sales.returned.append(checked.filter(pa.array(good)))
        return np.asarray(~negative if kept is None else kept & ~negative)

    def _by_channel(self, location: pa.DictionaryArray | None) -> pa.DictionaryArray:
        """Location and channel as one name: the channels of an item are series of their own until they are summed."""
        channel = pc.fill_null(self._identifiers("channel", required=False).cast(pa.string()), "")
        place = pa.array(["main"] * len(channel)) if location is None else location.cast(pa.string())
        return pc.dictionary_encode(pc.binary_join_element_wise(place, channel, CHANNEL_MARK))

    def _identifiers(self, name: str, required: bool) -> pa.DictionaryArray:
        """Identifiers in normal form; each distinct one is judged once."""
        column = self.batch.column(name)
        column = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column.cast(pa.string()))
        texts = column.dictionary.to_pylist()
        book, known = self.sales._books[name], self.sales.rules.known_skus if name == "sku" else None
        clean = [None if text in (None, "") else book.look(text) for text in texts]
        left_out = self.sales.rules.left_out_skus if name == "sku" else frozenset()
        state = np.array(
            [_state(text, use, required, known, left_out) for text, use in zip(texts, clean, strict=True)],
            dtype=np.int8,
        )
        if column.null_count or state.any():
            index = column.indices.to_numpy(zero_copy_only=False)
            index = (
                np.where(np.isnan(index), -1, index).astype(np.int64)
                if index.dtype.kind == "f"
                else index.astype(np.int64)
            )
            of_row = np.where(index >= 0, state[np.maximum(index, 0)] if len(state) else 1, 1 if required else 0)
            self._mark(
                name,
                pa.array(of_row == 1),
                "missing_value",
                (f"{name} is empty but needed", f"fill in the {name}, or remove the row"),
            )
            self._hidden(name, of_row == 2, book)
            self._unknown(name, of_row == 3)
            if (of_row == 4).any():
                self.left_out = of_row == 4
        if clean == texts:
            return column
        return pc.dictionary_encode(pa.array(clean, pa.string()).take(column.indices))

    def _hidden(self, name: str, flags: Flags, book: IdentifierBook) -> None:
        """Mark identifiers that can't be used, each with its own reason."""
        source = self.sales.reader.source
        texts = {str(self.batch.column(name)[int(row)].as_py()) for row in np.flatnonzero(flags)}
        for text in sorted(texts):
            problem = book.problems[text]
            said = (f"{name} {text[:40]!r} {problem.message}", hint_for("identifier", text, source))
            self._mark(
                name, pc.fill_null(pc.equal(self.batch.column(name).cast(pa.string()), text), False), problem.code, said
            )

    def _unknown(self, name: str, flags: Flags) -> None:
        """Mark SKUs that items does not know, each with the known ones that it may be."""
        known = self.sales.rules.known_skus
        if known is None or not flags.any():
            return
        self.unknown_sku = flags
        column = self.batch.column(name).cast(pa.string())
        said = "sku '{value}' is not in the items table"
        hints = likely_skus({str(text) for text in column.filter(pa.array(flags)).unique().to_pylist()}, known)
        for text, hint in hints.items():
            self._mark(name, pc.fill_null(pc.equal(column, text), False), "unknown_sku", (said, hint))
        self._mark(name, pa.array(flags), "unknown_sku", (said, "add it to items, or remove the row"))

    def _unreadable(self, name: str, flags: pa.Array) -> None:
        if not flags.true_count:
            return
        marked = flags.to_numpy(zero_copy_only=False)
        new = marked if self.bad is None else marked & ~self.bad
        if self.collect:
            for row in np.flatnonzero(new):
                self._note(unreadable_row(self.sales.reader, self.first + int(row), name, self._value(name, int(row))))
        self.bad = marked.copy() if self.bad is None else self.bad | marked

    def _mark(self, name: str, flags: pa.Array, code: str, said: tuple[str, str]) -> None:
        """Mark rows as bad; only the first problem of a row is noted. ``said``: message (with {value}) and hint."""
        if not flags.true_count:
            return
        marked = flags.to_numpy(zero_copy_only=False)
        new = marked if self.bad is None else marked & ~self.bad
        if self.collect:
            for row in np.flatnonzero(new):
                value = self._value(name, int(row))
                message, hint = said
                self._note(BadRow(self.first + int(row), name, value, code, message.replace("{value}", value), hint))
        self.bad = marked.copy() if self.bad is None else self.bad | marked

    def _note(self, case: BadRow) -> None:
        if len(self.sales.bad) == MOST_DESCRIBED:
            raise InputError(
                f"sales: {self.sales.reader.file}: more than {MOST_DESCRIBED:,} rows are bad, last: {case.message}; "
                f"{case.hint}"
            )
        self.sales.bad.append(case)

    def _value(self, name: str, row: int) -> str:
        return as_text(self.batch.column(name)[row].as_py())


def _state(
    text: str | None, use: str | None, required: bool, known: frozenset[str] | None, left_out: frozenset[str]
) -> int:
    """0 good, 1 empty but needed, 2 unusable, 3 unknown, 4 left out with its item."""
    if text in (None, ""):
        return 1 if required else 0
    if use is None:
        return 2
    if use in left_out:
        return 4
    return 3 if known is not None and use not in known else 0


def _member(sku: pa.DictionaryArray, members: frozenset[str]) -> pa.Array:
    flags = pa.array([v in members for v in sku.dictionary.to_pylist()], pa.bool_())
    return pc.fill_null(flags.take(sku.indices), False)


def _is(flags: pa.Array) -> pa.Array:
    return pc.fill_null(flags, False)


def _located(column: pa.DictionaryArray) -> pa.Array:
    """Fill empty locations with main."""
    empty = [v is None or v == "" for v in column.dictionary.to_pylist()]
    if not column.null_count and not any(empty):
        return column
    text = column.cast(pa.string())
    return pc.dictionary_encode(pc.if_else(pc.fill_null(pc.equal(text, ""), True), "main", text))


def _days(column: pa.Array, reader: TableReader) -> tuple[pa.Array, pa.Array]:
    """The day of every date, and which were unreadable."""
    if pa.types.is_date32(column.type):
        return column, pa.array(np.zeros(len(column), dtype=bool))
    values, bad = parse_column(column, "date", reader.source)
    return pc.cast(pc.floor_temporal(values, unit="day"), pa.date32()), bad


def _in_range(days: pa.Array) -> pa.Array:
    number = days.cast(pa.int32())
    bounds = pc.min_max(number)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if low is None or (low >= _FIRST_DAY and high <= _LAST_DAY and not days.null_count):
        return pa.array(np.ones(len(days), dtype=bool))
    return pc.and_(pc.greater_equal(number, _FIRST_DAY), pc.less_equal(number, _LAST_DAY))
