"""Rows that were set aside, values that were repaired, and what else was noticed. Nothing disappears unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BadRow", "Findings", "Notice", "Quarantined", "Repair"]


@dataclass(frozen=True)
class BadRow:
    """A row that breaks the contract, by its number in the source (from 0)."""

    row: int
    column: str
    value: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class Quarantined:
    """A bad row with its place.

    Attributes
    ----------
    line : line of the file (the heading is line 1); for Parquet and frames the row's number + 2.
    column, value : where the mistake is. code : a stable name of its kind.
    message, hint : what was found and what to do. raw : the row as it stands in the source.
    """

    table: str
    file: str
    line: int
    column: str
    value: str
    code: str
    message: str
    hint: str
    raw: str


@dataclass(frozen=True)
class Repair:
    """A value that was changed on the way in; ``before`` brings it back."""

    table: str
    file: str
    column: str
    before: str
    after: str
    code: str
    rows: int


@dataclass(frozen=True)
class Notice:
    """Something that was noticed and needs no repair: a stable code, the table, a sentence."""

    code: str
    table: str
    message: str


@dataclass
class Findings:
    """What was noticed while tables were read."""

    rows: list[Quarantined] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    items_set_aside: frozenset[str] = frozenset()  # SKUs that no good row of items names any more
    forecasts_spoiled: frozenset[tuple[str, str]] = frozenset()  # SKUs and locations with a bad row in forecast

    @property
    def warnings(self) -> list[str]:
        """The notices as sentences."""
        return [f"{notice.table}: {notice.message}" for notice in self.notices]

    def frame(self) -> pd.DataFrame:
        """Return the rows set aside, in order of table, file and line."""
        return _frame(Quarantined, sorted(self.rows, key=lambda r: (r.table, r.file, r.line, r.column)))

    def repair_frame(self) -> pd.DataFrame:
        """Return the repairs."""
        return _frame(Repair, sorted(self.repairs, key=lambda r: (r.table, r.file, r.column, r.before)))

    def notice_frame(self) -> pd.DataFrame:
        """Return the notices."""
        return _frame(Notice, self.notices)

    def absorb(self, other: Findings) -> None:
        """Add what was noticed elsewhere, behind what is known already."""
        self.rows.extend(other.rows)
        self.repairs.extend(other.repairs)
        for each in other.notices:
            self.notice(each.code, each.table, each.message)
        self.items_set_aside |= other.items_set_aside
        self.forecasts_spoiled |= other.forecasts_spoiled

    def set_aside(self, rows: Sequence[Quarantined]) -> None:
        """Add bad rows."""
        self.rows.extend(rows)

    def left_out(self, table: str, rows: int) -> None:
        """Count rows that were left out because their SKU's row in items was set aside."""
        names = sorted(self.items_set_aside)
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        self.notice("item_set_aside", table, f"{rows} rows were left out with the items that were set aside: {shown}")

    def notice(self, code: str, table: str, message: str) -> None:
        """Add a notice once."""
        new = Notice(code, table, message)
        if new not in self.notices:
            self.notices.append(new)


def _frame(kind: type[Any], records: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    names = [f.name for f in fields(kind)]
    return pd.DataFrame([[getattr(record, name) for name in names] for record in records], columns=names)
