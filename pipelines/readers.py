"""From wherever a table is to Arrow: CSV, Parquet, or a frame. Identifiers stay text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.tables import kinds, required_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Source", "TableReader", "open_table"]

Source = Any  # a DataFrame or a path; typed loosely so that pandas need not be imported for a signature
_BATCH_ROWS: Final = 1 << 20
_BLOCK_BYTES: Final = 1 << 24


@dataclass(frozen=True)
class TableReader:
    """One table that can be read again and again.

    Attributes
    ----------
    table : its name in the contract. file : its path, or "a data frame".
    columns : names of the contract that it has, in its order. ignored : its other columns.
    typed : whether numbers and dates come typed (Parquet, frames) or as text (CSV).
    """

    table: str
    file: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    typed: bool
    _source: Any

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches with these columns, in file order."""
        if isinstance(self._source, pa.Table):
            yield from self._source.select(list(columns)).to_batches(max_chunksize=_BATCH_ROWS)
        elif self.typed:
            yield from _scan_parquet(self._source, self.table, columns)
        else:
            yield from _scan_csv(self._source, self.table, columns)

    def read(self) -> pa.Table:
        """Return the whole table."""
        batches = list(self.scan(self.columns))
        return (
            pa.Table.from_batches(batches)
            if batches
            else pa.table({c: pa.array([], pa.string()) for c in self.columns})
        )


def open_table(table: str, source: Source) -> TableReader:
    """Open a table and check its heading.

    Raises
    ------
    InputError
        The file is missing, empty or not what its ending says; a required column is missing; a heading occurs twice.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{table}: there is no file {path}")
        if path.stat().st_size == 0:
            raise InputError(f"{table}: {path} is empty (0 bytes)")
        if path.suffix.lower() in (".parquet", ".pq"):
            return _checked(table, str(path), _parquet_columns(table, path), True, path)
        if path.suffix.lower() in (".csv", ".txt"):
            return _checked(table, str(path), _csv_columns(table, path), False, path)
        raise InputError(f"{table}: {path} is neither .csv nor .parquet")
    arrow = _from_frame(table, source)
    return _checked(table, "a data frame", tuple(arrow.schema.names), True, arrow)


def _checked(table: str, file: str, found: tuple[str, ...], typed: bool, source: Any) -> TableReader:
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise InputError(f"{table}: {file} has the heading {twice[0]!r} more than once; rename or drop one of them")
    missing = [name for name in required_columns(table) if name not in found]
    if missing:
        lacking = f"the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise InputError(f"{table}: {file} lacks {lacking}; it has {', '.join(found)}")
    known = tuple(name for name in found if name in kinds(table))
    return TableReader(table, file, known, tuple(name for name in found if name not in known), typed, source)


def _parquet_columns(table: str, path: Path) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{table}: {path} is no readable Parquet file: {problem}") from None


def _scan_parquet(path: Path, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    coded = [name for name in columns if kinds(table)[name] == "identifier"]
    try:
        # Without memory mapping the pages of the file don't count as the process's own memory.
        with pq.ParquetFile(
            path, read_dictionary=coded, memory_map=False, pre_buffer=False, page_checksum_verification=True
        ) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns), use_threads=True)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{table}: {path} is damaged: {problem}") from None


def _csv_columns(table: str, path: Path) -> tuple[str, ...]:
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = next(csv.reader(file))
    except UnicodeDecodeError as problem:
        raise InputError(f"{table}: {path} is not UTF-8 (byte {problem.start}); save it as UTF-8") from None
    if len(heading) == 1 and any(mark in heading[0] for mark in ";\t"):
        raise InputError(f"{table}: {path} has one column {heading[0]!r}; the delimiter must be a comma")
    return tuple(heading)


def _scan_csv(path: Path, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv

    text = pa.string()
    types = {name: pa.dictionary(pa.int32(), text) if kinds(table)[name] == "identifier" else text for name in columns}
    options = csv.ConvertOptions(column_types=types, include_columns=list(columns), strings_can_be_null=False)
    try:
        with csv.open_csv(
            path, read_options=csv.ReadOptions(block_size=_BLOCK_BYTES), convert_options=options,
            parse_options=csv.ParseOptions(newlines_in_values=False),
        ) as stream:  # fmt: skip
            yield from stream
    except pa.ArrowInvalid as problem:
        raise InputError(f"{table}: {path} can't be read as CSV: {problem}") from None


def _from_frame(table: str, frame: pd.DataFrame) -> pa.Table:
    """Turn a frame into Arrow; whole numbers as identifiers become text, fractions are refused."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"{table} is a {type(frame).__name__}; give a DataFrame or the path of a .csv or .parquet file"
        )
    columns: dict[str, pa.Array] = {}
    known = kinds(table)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise InputError(f"{table}: the data frame has a column more than once: {names}")
    for name in names:
        kind = known.get(name)
        if kind == "identifier":
            columns[name] = _texts(table, name, frame[name])
        elif kind == "date":
            days = pd.to_datetime(frame[name], errors="coerce") if frame[name].dtype == object else frame[name]
            columns[name] = (
                pa.array(days) if pd.api.types.is_datetime64_any_dtype(days) else pa.array(frame[name].astype(str))
            )
        elif kind is None:
            columns[name] = pa.nulls(len(frame))
        else:
            columns[name] = pa.array(frame[name], from_pandas=True)
    return pa.table(columns)


def _texts(table: str, name: str, column: pd.Series[Any]) -> pa.Array:
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    if any(isinstance(v, float | np.floating) for v in values):
        raise InputError(f"{table}: column {name} holds fractions; identifiers must be text, as read with dtype=str")
    return pa.array([None if v is None else str(v) for v in values], type=pa.string()).dictionary_encode()
