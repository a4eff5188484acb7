"""The record of what customers were told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from pipelines import records

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.workspace import Workspace

__all__ = ["read_record", "record_digest", "record_promises"]

_COLUMNS: Final = ("order_id", "line", "sku", "location", "told_on", "promise_date", "promise_probability")
_RECORD: Final = "promises"


def read_record(space: Workspace) -> pd.DataFrame | None:
    """Everything that customers were told, oldest first; None before the first word."""
    return records.read_record(space, _RECORD)


def record_digest(space: Workspace) -> str | None:
    """Digest of the record; None before the first word."""
    return records.record_digest(space, _RECORD)


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
        records.add_to_record(space, _RECORD, told)
    return len(told)
