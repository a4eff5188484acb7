"""Rows that were set aside: where they stand, what is wrong, what to do. Nothing disappears unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "Findings", "Quarantined"]

COLUMNS: Final = ("table", "file", "line", "column", "value", "code", "message", "hint")


@dataclass(frozen=True)
class Quarantined:
    """One bad row.

    Attributes
    ----------
    line : line of the file (the heading is line 1), or row number + 2 where the source has no lines.
    code : a stable name of the kind of mistake.
    """

    table: str
    file: str
    line: int
    column: str
    value: str
    code: str
    message: str
    hint: str


@dataclass
class Findings:
    """What was noticed while tables were read: rows set aside, and warnings."""

    rows: list[Quarantined] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def frame(self) -> pd.DataFrame:
        """Return the rows set aside, in order of table and line."""
        import pandas as pd

        ordered = sorted(self.rows, key=lambda r: (r.table, r.file, r.line, r.column))
        return pd.DataFrame([[getattr(r, c) for c in COLUMNS] for r in ordered], columns=list(COLUMNS))

    def set_aside(self, rows: Sequence[Quarantined]) -> None:
        """Add bad rows."""
        self.rows.extend(rows)

    def warn(self, text: str) -> None:
        """Add a warning once."""
        if text not in self.warnings:
            self.warnings.append(text)
