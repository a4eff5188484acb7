"""Records of a workspace: what people did, one file each, to which rows are only ever added.

What a plan depends on and no table says lives here: orders released, overrides, dates told to customers. The digests
of the records are part of the identity of a run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.workspace import Workspace, digest_file, write_parquet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_to_record", "read_record", "record_digest"]


def read_record(space: Workspace, name: str) -> pd.DataFrame | None:
    """All rows of a record, oldest first; None before the first."""
    import pandas as pd

    path = _path(space, name)
    return pd.read_parquet(path) if path.exists() else None


def record_digest(space: Workspace, name: str) -> str | None:
    """Digest of a record; None before its first row."""
    path = _path(space, name)
    return digest_file(path) if path.exists() else None


def add_to_record(space: Workspace, name: str, rows: pd.DataFrame) -> None:
    """Add rows at the end. The caller holds the lock of the workspace, so that nobody else adds meanwhile."""
    import pandas as pd

    if not len(rows):
        return
    before = read_record(space, name)
    _replace(_path(space, name), rows if before is None else pd.concat([before, rows], ignore_index=True))


def _path(space: Workspace, name: str) -> Path:
    return space.root / f"{name}.parquet"


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
