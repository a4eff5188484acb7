"""Excel: one sheet, typed cells; whole numbers in an identifier column become text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.errors import InputError
from pipelines.readers.frames import MemoryTable
from pipelines.readers.reader import known_headings
from pipelines.sources import TableSource
from pipelines.tables import kinds, required_columns

__all__ = ["open_workbook"]

MOST_CELLS = 50_000_000
# A workbook is packed; what unpacks to more than this, or to this many times its size, is no table.
MOST_BYTES = 2 << 30
MOST_UNPACKED = 200


def open_workbook(table: str, source: TableSource) -> MemoryTable:
    """Open one sheet of an Excel file.

    Raises
    ------
    InputError
        No workbook; several sheets and none declared; an unknown sheet; headings that stand in another row.
    """
    from pipelines.workspace import digest_file

    if len(source.path) > 1:
        raise InputError(f"{table}: one Excel file at a time, got {len(source.path)}")
    path = source.path[0]
    rows = _sheet_rows(table, source)
    place = f"{path}, sheet {source.sheet!r}" if source.sheet else str(path)
    if len(rows) < source.header_row:
        raise InputError(f"{table}: {place} has no row {source.header_row} with headings", code="other_header_row")
    headings = tuple("" if cell is None else str(cell).strip() for cell in rows[source.header_row - 1])
    _hint_at_headings(table, place, rows, source, headings)
    columns = known_headings(table, headings, source.columns)
    numbered = [(line, row) for line, row in enumerate(rows, start=1) if line > source.header_row]
    numbered = [(line, row) for line, row in numbered if any(cell is not None for cell in row)]
    body = [row for _, row in numbered]
    known = {heading: kinds(table)[name] for name, heading in columns.items()}
    arrays = {
        heading: _cells([row[k] if k < len(row) else None for row in body], known[heading])
        for k, heading in enumerate(headings)
        if heading in known
    }
    return MemoryTable(
        table,
        place,
        headings,
        columns,
        source,
        pa.table(arrays),
        digests=[(str(path), digest_file(path))],
        lines=[line for line, _ in numbered],
    )


def _sheet_rows(table: str, source: TableSource) -> list[tuple[Any, ...]]:
    import zipfile

    import openpyxl

    path = source.path[0]
    _refuse_bombs(table, path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as problem:
        raise InputError(
            f"{table}: {path} is no readable Excel workbook: {problem}", code="unreadable_workbook"
        ) from None
    try:
        names = book.sheetnames
        if source.sheet is None and len(names) > 1:
            raise InputError(
                f'{table}: {path} has the sheets {", ".join(names)}; declare one, for example sheet = "{names[0]}"',
                code="which_sheet",
            )
        if source.sheet is not None and source.sheet not in names:
            raise InputError(
                f"{table}: {path} has no sheet {source.sheet!r}; it has {', '.join(names)}", code="no_such_sheet"
            )
        sheet = book[source.sheet or names[0]]
        if (sheet.max_row or 0) * (sheet.max_column or 0) > MOST_CELLS:
            raise InputError(
                f"{table}: {path} claims {sheet.max_row} rows x {sheet.max_column} columns; "
                "export it as CSV or Parquet",
                code="workbook_too_large",
            )
        return list(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _refuse_bombs(table: str, path: Path) -> None:
    """Refuse a workbook that unpacks to far more than it is, before it is unpacked."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as book:
            packed = path.stat().st_size
            unpacked = sum(part.file_size for part in book.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # The reader of workbooks has better words for it.
    if unpacked > MOST_BYTES or unpacked > max(MOST_UNPACKED * packed, 100 << 20):
        raise InputError(
            f"{table}: {path} holds {packed:,} bytes and {unpacked:,} when unpacked; export it as CSV or Parquet",
            code="workbook_too_large",
        )


def _hint_at_headings(
    table: str, place: str, rows: list[tuple[Any, ...]], source: TableSource, headings: tuple[str, ...]
) -> None:
    """Say where the headings seem to stand when they are not in the declared row."""
    wanted = {source.columns.get(name, name) for name in required_columns(table)}
    if wanted <= set(headings):
        return
    for number, row in enumerate(rows[:50], start=1):
        texts = [str(cell).strip() for cell in row if cell is not None]
        if wanted <= set(texts):
            raise InputError(
                f"{table}: {place}: the headings {', '.join(sorted(wanted))} stand in row {number}, "
                f"not in row {source.header_row}; "
                f"declare header_row = {number}",
                code="other_header_row",
            )


def _cells(values: list[Any], kind: str) -> pa.Array:
    if kind == "date":
        dates: list[Any] = [v if isinstance(v, dt.datetime | dt.date) or v is None else str(v) for v in values]
        if all(v is None or isinstance(v, dt.datetime | dt.date) for v in dates):
            return pa.array(
                [None if v is None else dt.datetime(v.year, v.month, v.day) for v in dates], pa.timestamp("us")
            )
        return pa.array(
            [None if v is None else v if isinstance(v, str) else v.isoformat()[:10] for v in dates], pa.string()
        )
    if kind == "number" and all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in values):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kind == "flag" and all(v is None or isinstance(v, bool) for v in values):
        return pa.array(values, pa.bool_())
    return pa.array([None if v is None else _text(v) for v in values], pa.string())


def _text(value: Any) -> str:
    """A cell as text: 123.0, as Excel keeps every number, is the identifier 123; truth values as Excel shows them."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
