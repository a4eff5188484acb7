"""CSV as RFC 4180 has it, identifiers exactly; and a variant that a spreadsheet takes for nothing but text.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return as a formula. In the
safe variant such a text begins with an apostrophe; so does a text that begins with an apostrophe already, which makes
the change reversible: take one apostrophe off every text that begins with one (:func:`as_written`). Numbers stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.exports.run_files import RunFiles
from pipelines.workspace import write_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_written", "inert", "inert_frame", "write_tables"]

_TABLES: Final = ("recommendations", "order_lines", "alerts", "changes", "planned_orders")
_ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r", "'")


def write_tables(run: RunFiles, folder: Path, *, spreadsheet_safe: bool = False) -> None:
    """Write the tables that planners use, one file each."""
    for name in _TABLES:
        if run.has(name):
            frame = run.frame(name)
            write_csv(inert_frame(frame) if spreadsheet_safe else frame, folder / f"{name}.csv")


def inert_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Make every text of a frame inert; numbers, dates and missing values stay."""
    texts = [name for name in frame.columns if frame[name].dtype == object or str(frame[name].dtype) == "str"]
    return frame.assign(**{name: frame[name].map(inert, na_action="ignore") for name in texts})


def inert(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run; see the module."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_ACTIVE) else value


def as_written(value: str) -> str:
    """Take back what :func:`inert` did."""
    return value[1:] if value.startswith("'") else value
