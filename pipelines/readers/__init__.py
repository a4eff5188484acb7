"""The doors: one module for each kind of place that a table may come from. Identifiers stay text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.errors import ConfigurationError, InputError
from pipelines.readers.reader import Place, TableReader, check_heading
from pipelines.sources import TableSource

__all__ = ["Place", "Source", "TableReader", "open_table"]

Source = Any  # a DataFrame, a path, several paths or a TableSource; loose so that pandas need not be imported


def open_table(table: str, source: Source) -> TableReader:
    """Open a table and check its headings.

    Raises
    ------
    InputError
        A file that is missing, empty, damaged or not what its ending says; a required column that is missing; a
        heading that occurs twice.
    ConfigurationError
        A declared heading for a column that the contract does not know.
    """
    if isinstance(source, str | Path | list | tuple):
        source = TableSource.make(list(source) if isinstance(source, list | tuple) else source, Path(), table)
    if not isinstance(source, TableSource):
        from pipelines.readers.frames import open_frame

        return check_heading(open_frame(table, source))
    if source.query is not None:
        from pipelines.readers.queries import open_query

        return check_heading(open_query(table, source))
    kinds = {_kind(table, path) for path in source.path}
    if len(kinds) > 1:
        raise InputError(
            f"{table}: several files must be of one kind, got {', '.join(sorted(kinds))}", code="mixed_formats"
        )
    kind = kinds.pop()
    if kind == "Parquet":
        from pipelines.readers.parquet_files import open_parquet

        return check_heading(open_parquet(table, source))
    if kind == "Excel":
        from pipelines.readers.workbooks import open_workbook

        return check_heading(open_workbook(table, source))
    from pipelines.readers.text_files import open_text

    return check_heading(open_text(table, source))


def _kind(table: str, path: Path) -> str:
    """Name the kind of a file by its ending; a folder holds Parquet files."""
    try:
        if not path.exists():
            raise ConfigurationError(f"{table}: there is no file {path}", code="no_such_file")
        if path.is_dir():
            return "Parquet"
        if path.stat().st_size == 0:
            raise InputError(f"{table}: {path} is empty (0 bytes); export it again", code="empty_file")
        with path.open("rb"):
            pass  # what may not be read shows here, before a library gives it another name
    except PermissionError:
        raise ConfigurationError(f"{table}: {path} may not be read: permission denied", code="no_permission") from None
    endings = {".parquet": "Parquet", ".pq": "Parquet", ".csv": "CSV", ".txt": "CSV", ".tsv": "CSV", ".xlsx": "Excel"}
    kind = endings.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{table}: {path} ends in {path.suffix or 'nothing'}; known are {', '.join(endings)}", code="unknown_format"
        )
    return kind
