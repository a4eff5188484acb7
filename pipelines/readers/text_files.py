"""CSV: read by Arrow at full speed, looked over first, and a bad row found again in its file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.errors import InputError
from pipelines.readers.inspection import Inspection, inspect_text
from pipelines.readers.reader import MOST_COLUMNS, BrokenRow, Place, known_headings
from pipelines.sources import TableSource
from pipelines.tables import kinds

__all__ = ["TextFiles", "open_text"]

_BLOCK_BYTES: Final = 1 << 24
LONGEST_LINE: Final = 1 << 20
# A cell may fill its line; the module's own limit would end in an error of its own.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))


@dataclass
class TextFiles:
    """One or several CSV files of the same headings."""

    table: str
    file: str
    headings: tuple[str, ...]
    columns: dict[str, str]
    source: TableSource
    typed: bool = False
    broken: list[BrokenRow] = field(default_factory=list)
    _looks: dict[Path, Inspection] = field(default_factory=dict)
    _rows: dict[Path, int] = field(default_factory=dict)

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        self.broken.clear()
        for path in self.source.path:
            rows = 0
            for batch in self._batches(path, columns):
                rows += batch.num_rows
                yield batch
            self._rows[path] = rows
        self.broken.sort(key=lambda row: (row.place.file, row.place.line))

    def _batches(self, path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        headings = [self.columns[name] for name in columns]
        look = self._look(path)
        if next(_careful_rows(path, self.source), None) is None:
            return  # Arrow refuses a heading without a line end; it is an empty table like any other.
        types = {
            self.columns[name]: pa.dictionary(pa.int32(), pa.string())
            if kinds(self.table)[name] == "identifier"
            else pa.string()
            for name in columns
        }
        skipped: list[int] = []

        def on_invalid(row: Any) -> str:
            skipped.append(row.number if row.number is not None else -1)
            return "skip"

        try:
            with arrow_csv.open_csv(
                _opened(path, self.source),
                # One thread: only then does Arrow know the number of a row that it skips.
                read_options=arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False, encoding="utf8"),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.source.delimiter,
                    newlines_in_values=look.newline_in_quotes,
                    invalid_row_handler=on_invalid,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=types, include_columns=headings, strings_can_be_null=False, check_utf8=True
                ),
            ) as stream:
                for batch in stream:
                    yield pa.RecordBatch.from_arrays(batch.columns, names=list(columns))
        except pa.ArrowInvalid as problem:
            raise InputError(
                f"{self.table}: {path} can't be read as CSV: {_first_line(problem)}", code="unreadable_csv"
            ) from None
        if skipped:
            self.broken += self._broken(path)

    def locate(self, rows: Sequence[int]) -> list[Place]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        if not self._rows:
            for _ in self.scan(list(self.columns)):
                pass  # which row stands in which file
        found: list[Place] = []
        first = 0
        for path in self.source.path:
            count = self._rows.get(path, 0)
            wanted = {row - first for row in rows if first <= row < first + count}
            if wanted:
                found += self._places(path, wanted)
            first += count
        return found

    def _places(self, path: Path, wanted: set[int]) -> list[Place]:
        places, row = [], 0
        for line, cells, raw in _careful_rows(path, self.source):
            if len(cells) != len(self.headings):
                continue
            if row in wanted:
                places.append(Place(str(path), line, raw))
                if len(places) == len(wanted):
                    break
            row += 1
        return places

    def _broken(self, path: Path) -> list[BrokenRow]:
        expected = len(self.headings)
        out = []
        for line, cells, raw in _careful_rows(path, self.source):
            if len(cells) != expected:
                code = "row_too_long" if len(cells) > expected else "row_too_short"
                out.append(
                    BrokenRow(
                        Place(str(path), line, raw), code, f"the row has {len(cells)} columns, the heading {expected}"
                    )
                )
        return out

    def _look(self, path: Path) -> Inspection:
        if path not in self._looks:
            self._looks[path] = inspect_text(self.table, path, self.source, LONGEST_LINE)
        return self._looks[path]

    def fingerprints(self) -> list[tuple[str, str]]:
        """See :class:`pipelines.readers.reader.TableReader`."""
        from pipelines.workspace import digest_file

        return [(str(path), digest_file(path)) for path in self.source.path]


def open_text(table: str, source: TableSource) -> TextFiles:
    """Open CSV files; all must have the first one's headings."""
    headings: tuple[str, ...] = ()
    looks = {}
    for path in source.path:
        looks[path] = inspect_text(table, path, source, LONGEST_LINE)
        own = _headings(table, path, source)
        if headings and own != headings:
            raise InputError(
                f"{table}: {path} has other headings than {source.path[0]}: {', '.join(own)}", code="other_headings"
            )
        headings = own
    columns = known_headings(table, headings, source.columns)
    return TextFiles(table, ", ".join(map(str, source.path)), headings, columns, source, _looks=looks)


def _headings(table: str, path: Path, source: TableSource) -> tuple[str, ...]:
    with _text(path, source) as file:
        try:
            headings = next(row for row in csv.reader(file, delimiter=source.delimiter) if row)
        except (StopIteration, csv.Error):
            raise InputError(f"{table}: {path} has no heading", code="no_heading") from None
    if len(headings) > MOST_COLUMNS:
        raise InputError(
            f"{table}: {path} has {len(headings)} columns; at most {MOST_COLUMNS} are read", code="too_many_columns"
        )
    if len(headings) == 1:
        for other in (";", "\t", "|", ","):
            if other != source.delimiter and other in headings[0]:
                name = {"\t": "\\t"}.get(other, other)
                raise InputError(
                    f"{table}: {path} has one column {headings[0]!r} when split at {source.delimiter!r}; "
                    f'if the columns are separated by {name!r}, declare delimiter = "{name}"',
                    code="wrong_delimiter",
                )
    return tuple(headings)


def _careful_rows(path: Path, source: TableSource) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line, cells, raw text) of every row below the heading that is not blank; exact, and slow."""
    with _text(path, source) as file:
        kept: list[str] = []

        def lines() -> Iterator[str]:
            for line in file:
                kept.append(line)
                yield line

        reader = csv.reader(lines(), delimiter=source.delimiter)
        first, heading_seen = 1, False
        for cells in reader:
            raw = "".join(kept).rstrip("\r\n")
            kept.clear()
            line, first = first, reader.line_num + 1
            if cells and heading_seen:
                yield line, cells, raw
            heading_seen |= bool(cells)


def _text(path: Path, source: TableSource) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    # Any line end: a lone carriage return is one, too.
    return path.open(encoding=encoding, newline=None, errors="strict")


def _opened(path: Path, source: TableSource) -> Any:
    """The bytes as UTF-8: the file itself, or recoded on the way."""
    if source.encoding in ("utf-8", "ascii"):
        return pa.OSFile(str(path))
    return pa.transcoding_input_stream(pa.OSFile(str(path)), source.encoding, "utf8")


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0][:200]
