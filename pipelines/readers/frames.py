"""A table in memory: a pandas DataFrame, or Arrow rows that another door brought in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.readers.reader import BATCH_ROWS, BrokenRow, Place, known_headings
from pipelines.readers.typed import check_types, settled, text_of_row
from pipelines.sources import TableSource
from pipelines.tables import kinds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MemoryTable", "open_frame"]


@dataclass
class MemoryTable:
    """Rows in memory.

    ``first_line`` is the line of the first row where they come from; ``lines`` those of all rows where some were
    passed over. ``digests`` is what the door knows of its source.
    """

    table: str
    file: str
    headings: tuple[str, ...]
    columns: dict[str, str]
    source: TableSource
    rows: pa.Table
    first_line: int = 2
    typed: bool = True
    broken: list[BrokenRow] = field(default_factory=list)
    digests: list[tuple[str, str]] = field(default_factory=list)
    lines: Sequence[int] = ()

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        known = kinds(self.table)
        for batch in self.rows.select([self.columns[name] for name in columns]).to_batches(max_chunksize=BATCH_ROWS):
            arrays = [settled(batch.column(i), known[name], self.source.time_zone) for i, name in enumerate(columns)]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def locate(self, rows: Sequence[int]) -> list[Place]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        taken = self.rows.take(pa.array(list(rows), pa.int64())).to_pylist()
        return [
            Place(self.file, self.lines[row] if self.lines else row + self.first_line, text_of_row(values))
            for row, values in zip(rows, taken, strict=True)
        ]

    def fingerprints(self) -> list[tuple[str, str]]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        return self.digests


def open_frame(table: str, frame: Any) -> MemoryTable:
    """Open a data frame; its columns bear the names of the contract."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"{table} is a {type(frame).__name__}; give a data frame, the path of a file, or a TableSource"
        )
    headings = tuple(str(name) for name in frame.columns)
    source = TableSource(path=("a data frame",))
    columns = known_headings(table, headings, {})
    if len(set(headings)) < len(headings):
        return MemoryTable(table, "a data frame", headings, columns, source, pa.table({}))
    arrays = {name: _array(table, name, frame.iloc[:, k]) for k, name in enumerate(headings)}
    rows = pa.table(arrays)
    check_types(table, "a data frame", rows.schema, columns, source.time_zone)
    return MemoryTable(table, "a data frame", headings, columns, source, rows)


def _array(table: str, name: str, column: pd.Series[Any]) -> pa.Array:
    import pandas as pd

    kind = kinds(table).get(name)
    if kind is None:
        return pa.nulls(len(column))
    if column.dtype == object or kind == "identifier":
        if pd.api.types.infer_dtype(column, skipna=True) == "string":
            return pa.array(column.to_numpy(object), pa.string(), from_pandas=True)
        values = [None if v is None or v is pd.NA or v != v else v for v in column.astype(object)]
        if kind == "identifier" and any(isinstance(v, float | np.floating) for v in values):
            raise InputError(
                f"{table}: column {name} holds fractions; identifiers must be text, as read with dtype=str",
                code="wrong_type",
            )
        if kind == "identifier" or len({type(v) for v in values if v is not None}) > 1:
            # Mixed values are judged one by one as text: what is no number or date is found and named.
            return pa.array([None if v is None else _text(v) for v in values], pa.string())
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else _text(v) for v in column], pa.string())


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
