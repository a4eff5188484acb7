"""From long rows in any order to a DemandPanel, streamed and without a sort.

Two scans: the first reads only the dates (which days occur, hence frequency, span and the last complete
period), the second scatters the quantities into cells. Memory is the panel's, not the rows'.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day, day_to_date, infer_frequency
from forecasting.kernels.scatter import add_rows, assign_series, count_rows, mark_days, place_rows, reorder_rows
from forecasting.panel import AssemblyReport, CellStatus, DemandPanel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AssemblyRules", "RowSource", "assemble", "assemble_panel", "batches_of_frame"]

DEFAULT_LOCATION: Final = "main"
# Sums of several rows are kept as whole millionths of a unit: exact in any order of rows, up to 9.2e12 units.
PARTS_PER_UNIT: Final = 1_000_000.0
Scalar = TypeVar("Scalar", bound=np.generic)
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
_BLOCK: Final = 1024
_END_OF_TIME: Final = int(np.iinfo(np.int32).max)
# A larger quantity is a mistake, and sums of millionths must stay exact.
LARGEST_QUANTITY: Final = 1e12
_FIRST_DAY: Final = date_to_day(dt.date(1900, 1, 1))
_DAYS: Final = date_to_day(dt.date(2200, 1, 1)) - _FIRST_DAY


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


@dataclass(frozen=True)
class AssemblyRules:
    """The declared rules by which rows become cells.

    Attributes
    ----------
    frequency : code of a Frequency; None: inferred from the dates.
    as_of : the opening of the first period not yet observed; None: after the last complete period.
    duplicates : several rows of one series on one day: ``error`` refuses them, ``quarantine`` sets all of them
        aside (their cell is then missing), ``sum`` adds them up, ``last`` keeps the last.
    gaps : a period without any row is ``zero`` (nothing was demanded) or ``missing`` (nothing was recorded).
    """

    frequency: str | None = None
    as_of: dt.date | None = None
    duplicates: Literal["error", "quarantine", "sum", "last"] = "error"
    gaps: Literal["zero", "missing"] = "zero"


def assemble_panel(source: RowSource, rules: AssemblyRules) -> DemandPanel:
    """Assemble a panel; see :func:`assemble` for what is raised and for the rows that were set aside."""
    return assemble(source, rules)[0]


def assemble(source: RowSource, rules: AssemblyRules) -> tuple[DemandPanel, pa.Table]:
    """Assemble a panel from rows in any order.

    Returns
    -------
    panel : DemandPanel, its series sorted by (sku, location).
    set_aside : table of the rows that ``duplicates="quarantine"`` kept out, with the source's columns.

    Raises
    ------
    ValueError
        No rows; an as-of date that is no opening; duplicates under ``duplicates="error"``; ``last`` where
        several days share a period.
    """
    span = _scan_dates(source, rules)
    cells = _Cells(span, rules)
    wanted = [c for c in ("sku", "location", "date", "quantity", "in_stock") if c in source.columns]
    with ThreadPoolExecutor(cells.workers) as pool:
        for batch in source.scan(wanted):
            cells.add(batch, pool)
        cells.settle()
    order = cells.sorted_series()
    set_aside = cells.resolve_duplicates(source, order)
    return cells.panel(order), set_aside


@dataclass(frozen=True)
class _Span:
    """What the dates alone say."""

    calendar: PeriodCalendar
    slot_of_day: Codes  # day - first day of the table -> column of the row counter, -1: not used
    period_of_slot: Codes
    one_slot_a_period: bool  # no two days with rows share a period
    known_periods: int  # complete periods; later ones, before as_of, are missing
    partial_day: int | None  # the opening of a partial last period
    ignored_from: int  # days from here on lie at or after as_of
    last_day: int
    offset: int
    silence: tuple[dt.date, dt.date] | None


def _scan_dates(source: RowSource, rules: AssemblyRules) -> _Span:
    seen = np.zeros(_DAYS, dtype=np.uint8)
    for batch in source.scan(["date"]):
        outside = mark_days(_days(batch.column("date")), _FIRST_DAY, seen)
        if outside:
            raise ValueError(f"{outside} dates lie before 1900 or after 2199; correct or remove these rows")
    days = np.flatnonzero(seen) + _FIRST_DAY
    if not len(days):
        raise ValueError("sales has no rows: a panel can't be made of nothing")
    used = days if rules.as_of is None else days[days < date_to_day(rules.as_of)]
    if not len(used):
        raise ValueError(f"sales has no row before as_of {rules.as_of}; its first day is {day_to_date(days[0])}")
    frequency = Frequency(rules.frequency) if rules.frequency else infer_frequency(used)
    first = int(frequency.opening(frequency.period_number(used[0])))
    last_number = int(frequency.period_number(used[-1]))
    next_opening = int(frequency.opening(last_number + 1))
    by_period = bool((frequency.opening(frequency.period_number(used)) == used).all())
    partial = not by_period and _rows_were_to_come(used, next_opening)
    last_opening = int(frequency.opening(last_number))
    known_end = last_opening if partial else next_opening
    end = _end_day(rules.as_of, frequency, known_end)
    calendar = PeriodCalendar(frequency, first, int(frequency.period_number(end) - frequency.period_number(first)))
    known = int(calendar.index_of(known_end))
    if known <= 0:
        raise ValueError(
            f"sales covers no complete period of frequency {frequency}: {day_to_date(first)} to {day_to_date(days[-1])}"
        )
    kept = used[used < known_end]
    period = calendar.index_of(kept).astype(np.int32)
    own_period = len(np.unique(period)) == len(period)
    slot_of_day = np.full(int(days[-1] - days[0]) + 1, -1, dtype=np.int32)
    # Where no two days share a period the slots are the periods; else they number the days that occur.
    slot_of_day[kept - days[0]] = period if own_period else np.arange(len(kept))
    return _Span(
        calendar=calendar,
        slot_of_day=slot_of_day,
        period_of_slot=np.arange(calendar.periods, dtype=np.int32) if own_period else period,
        one_slot_a_period=own_period,
        known_periods=known,
        partial_day=last_opening if partial else None,
        ignored_from=_END_OF_TIME if rules.as_of is None else end,
        last_day=int(days[-1]),
        offset=int(days[0]),
        silence=_longest_silence(kept, frequency),
    )


def _longest_silence(days: npt.NDArray[np.int64], frequency: Frequency) -> tuple[dt.date, dt.date] | None:
    """The longest stretch without any row, if it is longer than two months and three periods."""
    steps = np.diff(days)
    if not len(steps) or steps.max() <= max(62.0, 3 * frequency.mean_days):
        return None
    at = int(np.argmax(steps))
    return day_to_date(int(days[at])), day_to_date(int(days[at + 1]))


def _rows_were_to_come(days: npt.NDArray[np.int64], next_opening: int) -> bool:
    """Whether days on which rows usually come lie between the last row and the end of its period.

    A weekday on which no row ever came is a day of rest: a week that ends with it is complete without it.
    """
    rest = np.arange(int(days[-1]) + 1, next_opening)
    return bool(np.isin(rest % 7, np.unique(days % 7)).any())


def _end_day(as_of: dt.date | None, frequency: Frequency, known_end: int) -> int:
    if as_of is None:
        return known_end
    day = date_to_day(as_of)
    before = int(frequency.opening(frequency.period_number(day)))
    if before != day:
        after = int(frequency.opening(frequency.period_number(day) + 1))
        raise ValueError(
            f"as_of {day_to_date(day)} is no opening of frequency {frequency}; "
            f"use {day_to_date(before)} or {day_to_date(after)}"
        )
    return day


class _Cells:
    """Cells in order of appearance, growing while the rows stream in."""

    def __init__(self, span: _Span, rules: AssemblyRules) -> None:
        self.span, self.rules = span, rules
        self.exact = not span.one_slot_a_period or rules.duplicates == "sum"
        if rules.duplicates == "last" and not span.one_slot_a_period:
            raise ValueError(
                'duplicates = "last" needs one row a period; these sales have several days in a period: use "sum"'
            )
        self.skus = _Dictionary()
        self.locations = _Dictionary()
        self.series_of = np.full((1024, 4), -1, dtype=np.int32)
        self.pairs = np.empty((0, 2), dtype=np.int32)
        self.series = 0
        periods = span.calendar.periods
        self.quantity = np.zeros((0, periods), dtype=np.int64 if self.exact else np.float32)
        self.rows = np.zeros((0, len(span.period_of_slot)), dtype=np.uint8)
        self.out_of_stock = np.zeros((0, periods), dtype=np.uint8)
        self.flagged = False
        self.rows_read = self.rows_used = self.rows_after = self.rows_partial = 0
        self._pending: list[Future[int]] = []

    @property
    def workers(self) -> int:
        """Threads that may fill cells at once: sums and "the last row" must be taken one after the other."""
        return 1 if self.exact or self.rules.duplicates == "last" else 2

    def add(self, batch: pa.RecordBatch, pool: ThreadPoolExecutor) -> None:
        """Number the series of a batch and have its rows placed while the next batch is read."""
        days = _days(batch.column("date"))
        self.rows_read += len(days)
        if (late := days >= self.span.ignored_from).any():
            # The future must not even name a series.
            self.rows_after += int(late.sum())
            batch, days = batch.filter(pa.array(~late)), days[~late]
        sku, location, days = self._codes(batch)
        self._reserve_pairs(len(sku))
        self.series = assign_series(sku, location, self.series_of, self.pairs, self.series)
        short = _shortage_flags(batch)
        self.flagged |= bool(len(short))
        self._grow()
        self._pending.append(pool.submit(self._place, sku, location, days, _numbers(batch.column("quantity")), short))
        if len(self._pending) > self.workers:
            self.rows_used += self._pending.pop(0).result()
        if self.span.partial_day is not None:
            self.rows_partial += int((days >= self.span.partial_day).sum())

    def _place(self, sku: Codes, location: Codes, days: Codes, quantity: npt.NDArray[np.float64], short: Bytes) -> int:
        span = self.span
        where = (span.offset, span.slot_of_day)
        if self.exact:
            added = add_rows(
                sku, location, days, quantity, short, *where, span.period_of_slot, self.series_of,
                PARTS_PER_UNIT, self.quantity, self.rows, self.out_of_stock,
            )  # fmt: skip
            if added < 0:
                raise ValueError("the quantities of one series and period add up to more than 4.6e12 units")
        else:
            added = place_rows(
                sku, location, days, quantity, short, *where, self.series_of,
                self.quantity, self.rows, self.out_of_stock,
            )  # fmt: skip
        return int(added)

    def settle(self) -> None:
        """Wait until every row is in its cell."""
        while self._pending:
            self.rows_used += self._pending.pop(0).result()

    def _codes(self, batch: pa.RecordBatch) -> tuple[Codes, Codes, Codes]:
        names = batch.schema.names
        sku = self.skus.codes(batch.column("sku"))
        if "location" in names:
            location = self.locations.codes(batch.column("location"))
        else:
            location = np.full(len(sku), self.locations.code(DEFAULT_LOCATION), dtype=np.int32)
        return sku, location, _days(batch.column("date"))

    def _reserve_pairs(self, rows: int) -> None:
        shape = self.series_of.shape
        wanted = (_doubled(shape[0], len(self.skus)), _doubled(shape[1], len(self.locations)))
        if wanted != shape:
            self.settle()
            larger = np.full(wanted, -1, dtype=np.int32)
            larger[: shape[0], : shape[1]] = self.series_of
            self.series_of = larger
        most = min(self.series + rows, len(self.skus) * len(self.locations))
        if most > len(self.pairs):
            more = np.empty((_doubled(max(len(self.pairs), 1024), most), 2), dtype=np.int32)
            more[: self.series] = self.pairs[: self.series]
            self.pairs = more

    def _grow(self) -> None:
        have = self.quantity.shape[0]
        if self.flagged and not self.out_of_stock.size:
            self.settle()
            self.out_of_stock = np.zeros((have, self.span.calendar.periods), dtype=np.uint8)
        if self.series <= have:
            return
        self.settle()
        capacity = _doubled(max(have, 1024), self.series)
        self.quantity = _grown(self.quantity, capacity)
        self.rows = _grown(self.rows, capacity)
        if self.flagged:
            self.out_of_stock = _grown(self.out_of_stock, capacity)

    def sorted_series(self) -> npt.NDArray[np.int64]:
        """Order the series by (sku, location)."""
        skus, locations = self.skus.values, self.locations.values
        keys = [(skus[s], locations[p]) for s, p in self.pairs[: self.series].tolist()]
        return np.array(sorted(range(self.series), key=keys.__getitem__), dtype=np.int64)

    def resolve_duplicates(self, source: RowSource, order: npt.NDArray[np.int64]) -> pa.Table:
        """Refuse, set aside or accept days on which a series has several rows."""
        self.duplicate_rows = self.duplicate_cells = 0
        self.spoilt: npt.NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
        nothing = pa.table({})
        if np.count_nonzero(self.rows[: self.series]) == self.rows_used:
            return nothing
        if not self.exact:
            self._count(source)
        twice = np.argwhere(self.rows[: self.series] > 1)
        self.duplicate_cells = len(twice)
        # The counter of a cell saturates, so the rows are counted as all rows less those alone in their cell.
        alone = int(np.count_nonzero(self.rows[: self.series])) - len(twice)
        self.duplicate_rows = self.rows_used - alone
        if self.rules.duplicates == "error":
            raise ValueError(self._duplicate_message(twice, order))
        if self.rules.duplicates in ("sum", "last"):
            return nothing
        set_aside = self._take_back(source)
        self.spoilt = np.column_stack((twice[:, 0], self.span.period_of_slot[twice[:, 1]]))
        self.quantity[self.spoilt[:, 0], self.spoilt[:, 1]] = 0
        self.duplicate_rows = set_aside.num_rows
        self.rows_used -= set_aside.num_rows
        return set_aside

    def _count(self, source: RowSource) -> None:
        self.rows[:] = 0
        for rows in source.scan([c for c in ("sku", "location", "date") if c in source.columns]):
            batch = rows.filter(pa.array(_days(rows.column("date")) < self.span.ignored_from))
            count_rows(*self._codes(batch), self.span.offset, self.span.slot_of_day, self.series_of, self.rows)

    def _duplicate_message(self, twice: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> str:
        rank = np.empty(self.series, dtype=np.int64)
        rank[order] = np.arange(self.series)
        examples = []
        for k, slot in sorted(twice.tolist(), key=lambda cell: (rank[cell[0]], cell[1]))[:3]:
            sku, location = self.pairs[k]
            day = int(np.flatnonzero(self.span.slot_of_day == slot)[0]) + self.span.offset
            examples.append(
                f"sku {self.skus.values[sku]!r} at {self.locations.values[location]!r} on {day_to_date(day)}"
            )
        return (
            f"{len(twice)} times a series has several rows on one day, first: {'; '.join(examples)}. "
            'If these are transactions, set duplicates = "sum"; otherwise correct them'
        )

    def _take_back(self, source: RowSource) -> pa.Table:
        """Read the rows once more and collect those of doubled days."""
        columns = [c for c in ("sku", "location", "date", "quantity", "in_stock", "source_row") if c in source.columns]
        found = []
        span = self.span
        for rows in source.scan(columns):
            batch = rows.filter(pa.array(_days(rows.column("date")) < span.ignored_from))
            sku, location, days = self._codes(batch)
            slot = span.slot_of_day[days - span.offset]
            doubled = (slot >= 0) & (self.rows[self.series_of[sku, location], np.maximum(slot, 0)] > 1)
            if doubled.any():
                found.append(batch.filter(pa.array(doubled)))
        return _decoded(pa.Table.from_batches(found))

    def panel(self, order: npt.NDArray[np.int64]) -> DemandPanel:
        """Put the cells into sorted order and say how each is known."""
        span = self.span
        status = self._status()
        self.rows = self.rows[:0]
        cells = self.quantity[: self.series]
        quantity = (cells / PARTS_PER_UNIT).astype(np.float32) if self.exact else cells
        reorder_rows(quantity, order)
        reorder_rows(status, order)
        skus, locations = self.skus.values, self.locations.values
        pairs = self.pairs[order]
        report = AssemblyReport(
            rows_read=self.rows_read,
            rows_used=self.rows_used,
            rows_after_as_of=self.rows_after,
            rows_in_partial_period=self.rows_partial,
            partial_period=None if span.partial_day is None else day_to_date(span.partial_day),
            duplicate_rows=self.duplicate_rows,
            duplicate_cells=self.duplicate_cells,
            cells_without_a_row=self.cells_without_a_row,
            gaps_read_as=self.rules.gaps,
            last_row_day=day_to_date(span.last_day),
            longest_silence=span.silence,
            recorded_until=day_to_date(int(span.calendar.openings_from(span.known_periods, 1)[0])),
        )
        return DemandPanel(
            tuple(skus[s] for s in pairs[:, 0].tolist()),
            tuple(locations[p] for p in pairs[:, 1].tolist()),
            span.calendar,
            quantity,
            status,
            report,
        )

    def _status(self) -> Bytes:
        span = self.span
        gap = CellStatus.OBSERVED if self.rules.gaps == "zero" else CellStatus.MISSING
        status = np.full((self.series, span.calendar.periods), CellStatus.MISSING, dtype=np.uint8)
        self.cells_without_a_row = 0
        # In blocks: a whole array of flags would be the peak of all memory.
        for first in range(0, self.series, _BLOCK):
            filled = self._filled(first, min(first + _BLOCK, self.series))
            self.cells_without_a_row += int(filled.size - np.count_nonzero(filled))
            known = np.where(filled, np.uint8(CellStatus.OBSERVED), np.uint8(gap))
            status[first : first + _BLOCK, : span.known_periods] = known
        if self.flagged:
            status[self.out_of_stock[: self.series] > 0] = CellStatus.OUT_OF_STOCK
        if len(self.spoilt):
            status[self.spoilt[:, 0], self.spoilt[:, 1]] = CellStatus.MISSING
        return status

    def _filled(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Whether a cell of some series has any row; (last - first, known periods)."""
        span = self.span
        rows = self.rows[first:last] > 0
        if span.one_slot_a_period:
            return np.asarray(rows[:, : span.known_periods])
        filled = np.zeros((last - first, span.known_periods), dtype=np.bool_)
        for slot, period in enumerate(span.period_of_slot):
            filled[:, period] |= rows[:, slot]
        return filled


class _Dictionary:
    """Text values numbered in order of appearance."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._code: dict[str, int] = {}
        self._last: tuple[pa.Array, Codes] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: str) -> int:
        """Return the code of one value, a new one where it is met for the first time."""
        if value not in self._code:
            self._code[value] = len(self.values)
            self.values.append(value)
        return self._code[value]

    def codes(self, column: pa.Array) -> Codes:
        """Return the code of every row."""
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        dictionary = column.dictionary
        if self._last is None or not self._last[0].equals(dictionary):
            numbers = np.fromiter(
                (self.code(str(v)) for v in dictionary.to_pylist()), dtype=np.int32, count=len(dictionary)
            )
            self._last = (dictionary, numbers)
        return np.asarray(self._last[1][column.indices.to_numpy(zero_copy_only=False)])


def _days(column: pa.Array) -> Codes:
    if not pa.types.is_date32(column.type):
        column = pc.cast(column, pa.date32(), safe=False)
    return np.asarray(column.cast(pa.int32()).to_numpy(zero_copy_only=False), dtype=np.int32)


def _numbers(column: pa.Array) -> npt.NDArray[np.float64]:
    values = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    # A comparison with NaN is false, too.
    fits = np.abs(values) <= LARGEST_QUANTITY
    if not fits.all():
        wrong = values[~fits][0]
        raise ValueError(f"a quantity is {wrong:g}; quantities must be known numbers up to {LARGEST_QUANTITY:g}")
    return values


def _shortage_flags(batch: pa.RecordBatch) -> Bytes:
    if "in_stock" not in batch.schema.names:
        return np.empty(0, dtype=np.uint8)
    flags = pc.invert(pc.fill_null(batch.column("in_stock"), True))
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=np.uint8)


def _decoded(table: pa.Table) -> pa.Table:
    for i, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(column.type.value_type))
    return table


def _doubled(size: int, needed: int) -> int:
    while size < needed:
        size *= 2
    return size


def _grown(array: npt.NDArray[Scalar], capacity: int) -> npt.NDArray[Scalar]:
    larger = np.zeros((capacity, array.shape[1]), dtype=array.dtype)
    larger[: array.shape[0]] = array
    return larger


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
