"""What every door offers: batches of one table under the names of its contract, and the way back to a row."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from pipelines.errors import ConfigurationError, InputError
from pipelines.sources import TableSource
from pipelines.tables import kinds, required_columns

__all__ = ["BrokenRow", "Place", "TableReader", "check_heading", "known_headings", "near_headings"]

BATCH_ROWS = 1 << 20
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Place:
    """Where a row stands: the file (or query), its line (the heading is line 1), and its text as it stands there."""

    file: str
    line: int
    raw: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that could not be split into columns."""

    place: Place
    code: str
    message: str


class TableReader(Protocol):
    """One table that can be read again and again.

    Attributes
    ----------
    table : its name in the contract. file : its path(s), query or "a data frame", for people.
    headings : every heading as it stands in the source. columns : contract name -> heading, for those it has.
    source : how it is written. typed : whether numbers and dates come typed rather than as text.
    broken : rows that could not be split; complete after a scan.
    """

    table: str
    file: str
    headings: tuple[str, ...]
    columns: dict[str, str]
    source: TableSource
    typed: bool
    broken: list[BrokenRow]

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches with these columns of the contract, in their order in the source."""

    def locate(self, rows: Sequence[int]) -> list[Place]:
        """Return where rows stand, counted from 0 as ``scan`` yields them; ``rows`` ascending."""

    def fingerprints(self) -> list[tuple[str, str]]:
        """Return (file, digest of its bytes) of every file; of a query its rows' digest, of a frame nothing."""


def known_headings(table: str, headings: Sequence[str], declared: dict[str, str]) -> dict[str, str]:
    """Return contract name -> heading for the columns that a source has.

    A declared heading wins; a heading that is a name of the contract needs no declaration.

    Raises
    ------
    ConfigurationError
        A declaration for a column that the contract does not know.
    InputError
        A declared heading that the source lacks, or that occurs twice.
    """
    known = kinds(table)
    for name, heading in declared.items():
        if name not in known:
            raise ConfigurationError(
                f"[data.{table}.columns] {name} is no column of {table}; known are {', '.join(known)}"
            )
        if heading not in headings:
            near = difflib.get_close_matches(heading, headings, n=3, cutoff=0.5)
            hint = (
                f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(map(repr, headings))}"
            )
            raise InputError(
                f"{table}: there is no heading {heading!r}, declared for {name}; {hint}", code="missing_heading"
            )
    taken = set(declared.values())
    plain = {
        heading: heading
        for heading in headings
        if heading in known and heading not in declared and heading not in taken
    }
    found = plain | declared
    return {name: found[name] for name in known if name in found}


def check_heading(reader: TableReader) -> TableReader:
    """Refuse headings that occur twice and tables that lack a needed column; pass the rest on."""
    headings = reader.headings
    twice = sorted(
        {h for h in headings if headings.count(h) > 1 and (h in reader.columns.values() or h in kinds(reader.table))}
    )
    if twice:
        raise InputError(
            f"{reader.table}: {reader.file} has the heading {twice[0]!r} more than once; rename or drop one of them",
            code="duplicate_heading",
        )
    missing = [name for name in required_columns(reader.table) if name not in reader.columns]
    if missing:
        raise InputError(
            f"{reader.table}: {reader.file} lacks {_and(missing)}; {_near(missing, headings)}", code="missing_column"
        )
    return reader


def ignored_headings(reader: TableReader) -> list[str]:
    """Return the headings that no column of the contract takes."""
    used = set(reader.columns.values())
    return [heading for heading in reader.headings if heading not in used]


def _and(names: list[str]) -> str:
    return f"the column{'s' if len(names) > 1 else ''} {', '.join(names)}"


def near_headings(names: Sequence[str], headings: Sequence[str]) -> dict[str, str]:
    """Return, for the columns that have one, the heading that looks like their name."""
    folded = {h.strip().casefold(): h for h in headings}
    found = {name: difflib.get_close_matches(name, list(folded), n=1, cutoff=0.6) for name in names}
    return {name: folded[near[0]] for name, near in found.items() if near}


def _near(missing: list[str], headings: Sequence[str]) -> str:
    near = near_headings(missing, headings)
    if near:
        declared = ", ".join(f'{name} = "{heading}"' for name, heading in near.items())
        meant = " and ".join(map(repr, near.values()))
        be = "is" if len(near) == 1 else "are"
        return f"if {meant} {be} meant, declare columns = {{ {declared} }}; it has {', '.join(headings[:20])}"
    return (
        f'it has {", ".join(map(str, headings[:20]))}; declare other headings with columns = {{ {missing[0]} = "..." }}'
    )


def empty_table(columns: Sequence[str]) -> pa.RecordBatch:
    """A batch without rows."""
    return pa.record_batch({name: pa.array([], pa.string()) for name in columns})


def as_text(value: Any) -> str:
    """A value as it is shown in a quarantine."""
    return "" if value is None else str(value)
