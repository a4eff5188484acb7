"""Small helpers of the tests of the doors: write a file, read a table, see it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.checking import check_table
from pipelines.errors import InputError
from pipelines.quarantine import Findings, Quarantined
from pipelines.readers import TableReader, open_table
from pipelines.sources import TableSource


def text_file(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def declared(path: Path, **how: Any) -> TableSource:
    return TableSource(path=(path,), **how)


def column_of(reader: TableReader, column: str = "sku") -> list[Any]:
    return [v for batch in reader.scan([column]) for v in batch.column(0).to_pylist()]


def rows_of(reader: TableReader) -> dict[str, list[Any]]:
    """Every known column, read in one scan."""
    parts = [batch.to_pydict() for batch in reader.scan(list(reader.columns))]
    return {name: [v for part in parts for v in part[name]] for name in reader.columns}


def checked(source: Any, table: str = "stock") -> tuple[pd.DataFrame, list[Quarantined], Findings]:
    """The good rows, the bad ones in order of file and line, and all that was noticed."""
    findings = Findings()
    frame = check_table(open_table(table, source), findings, 1.0)
    return frame, sorted(findings.rows, key=lambda r: (r.file, r.line)), findings


def refused(source: Any, table: str = "sales", error: type[Exception] = InputError, code: int = 3) -> str:
    """The message with which a source is refused, always with its exit code and the table's name."""
    with pytest.raises(error) as problem:
        rows_of(open_table(table, source))
    assert getattr(problem.value, "exit_code", None) == code
    text = str(problem.value)
    assert text.startswith(table)
    assert "\n" not in text
    for path in [source] if isinstance(source, Path) else getattr(source, "path", ()):
        assert str(path) in text
    return text
