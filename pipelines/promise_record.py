"""The record of what customers were told: one file in the workspace, to which rows are only ever added."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.workspace import digest_file, write_parquet

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.workspace import Workspace

__all__ = ["read_record", "record_digest", "record_promises"]

_COLUMNS: Final = ("order_id", "line", "sku", "location", "told_on", "promise_date", "promise_probability")
_FILE: Final = "promises.parquet"


def read_record(space: Workspace) -> pd.DataFrame | None:
    """Everything that customers were told, oldest first; None before the first word."""
    import pandas as pd

    path = space.root / _FILE
    return pd.read_parquet(path) if path.exists() else None


def record_digest(space: Workspace) -> str | None:
    """Digest of the record; None before the first word."""
    path = space.root / _FILE
    return digest_file(path) if path.exists() else None


def record_promises(space: Workspace, lines: pd.DataFrame, told_on: dt.date) -> int:
    """Write down that customers have been told the dates of these lines; returns how many.

    Parameters
    ----------
    lines : rows of ``backorders.parquet``; those without a date are told nothing that could be kept.
    """
    import pandas as pd

    told = lines[lines["promise_date"].notna()].assign(told_on=pd.Timestamp(told_on).as_unit("s"))[list(_COLUMNS)]
    if not len(told):
        return 0
    with space.locked():
        before = read_record(space)
        both = told if before is None else pd.concat([before, told], ignore_index=True)
        _replace(space.root / _FILE, both)
    return len(told)


def _replace(path: Path, frame: pd.DataFrame) -> None:
    """Write beside the file, then put it in its place, so that a crash leaves the old one whole."""
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        write_parquet(frame, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
