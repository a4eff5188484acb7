"""Cells in order of appearance, filled while the rows stream in."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forecasting.assembly.numbering import Numbering
from forecasting.assembly.rows import DEFAULT_LOCATION, RowSource, days_of, decoded, numbers_of, shortage_flags
from forecasting.assembly.rules import AssemblyRules
from forecasting.assembly.span import Span
from forecasting.calendars import day_to_date
from forecasting.kernels.scatter import add_rows, assign_series, count_rows, place_rows, reorder_rows
from forecasting.panel import AssemblyReport, CellStatus, DemandPanel

__all__ = ["PARTS_PER_UNIT", "Cells"]

# Sums of several rows are kept as whole millionths of a unit: exact in any order of rows, up to 9.2e12 units.
PARTS_PER_UNIT: Final = 1_000_000.0
Scalar = TypeVar("Scalar", bound=np.generic)
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
_BLOCK: Final = 1024


class Cells:
    """Cells in order of appearance, growing while the rows stream in."""

    def __init__(self, span: Span, rules: AssemblyRules) -> None:
        self.span, self.rules = span, rules
        self.exact = not span.one_slot_a_period or rules.duplicates == "sum"
        if rules.duplicates == "last" and not span.one_slot_a_period:
            raise ValueError(
                'duplicates = "last" needs one row a period; these sales have several days in a period: use "sum"'
            )
        self.skus = Numbering()
        self.locations = Numbering()
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
        days = days_of(batch.column("date"))
        self.rows_read += len(days)
        if (late := days >= self.span.ignored_from).any():
            # The future must not even name a series.
            self.rows_after += int(late.sum())
            batch, days = batch.filter(pa.array(~late)), days[~late]
        sku, location, days = self._codes(batch)
        self._reserve_pairs(len(sku))
        self.series = assign_series(sku, location, self.series_of, self.pairs, self.series)
        short = shortage_flags(batch)
        self.flagged |= bool(len(short))
        self._grow()
        self._pending.append(pool.submit(self._place, sku, location, days, numbers_of(batch.column("quantity")), short))
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
        return sku, location, days_of(batch.column("date"))

    def _reserve_pairs(self, rows: int) -> None:
        shape = self.series_of.shape
        wanted = (doubled(shape[0], len(self.skus)), doubled(shape[1], len(self.locations)))
        if wanted != shape:
            self.settle()
            larger = np.full(wanted, -1, dtype=np.int32)
            larger[: shape[0], : shape[1]] = self.series_of
            self.series_of = larger
        most = min(self.series + rows, len(self.skus) * len(self.locations))
        if most > len(self.pairs):
            more = np.empty((doubled(max(len(self.pairs), 1024), most), 2), dtype=np.int32)
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
        capacity = doubled(max(have, 1024), self.series)
        self.quantity = grown(self.quantity, capacity)
        self.rows = grown(self.rows, capacity)
        if self.flagged:
            self.out_of_stock = grown(self.out_of_stock, capacity)

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
            batch = rows.filter(pa.array(days_of(rows.column("date")) < self.span.ignored_from))
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
            batch = rows.filter(pa.array(days_of(rows.column("date")) < span.ignored_from))
            sku, location, days = self._codes(batch)
            slot = span.slot_of_day[days - span.offset]
            doubled = (slot >= 0) & (self.rows[self.series_of[sku, location], np.maximum(slot, 0)] > 1)
            if doubled.any():
                found.append(batch.filter(pa.array(doubled)))
        return decoded(pa.Table.from_batches(found))

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


def doubled(size: int, needed: int) -> int:
    """The size, doubled until it is at least what is needed."""
    while size < needed:
        size *= 2
    return size


def grown(array: npt.NDArray[Scalar], capacity: int) -> npt.NDArray[Scalar]:
    """A copy of an array (rows, columns) with further rows of zeros; (capacity, columns)."""
    larger = np.zeros((capacity, array.shape[1]), dtype=array.dtype)
    larger[: array.shape[0]] = array
    return larger
