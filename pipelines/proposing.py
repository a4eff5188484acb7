"""A look at files for ``restock init --from``: which table each seems to be, and how it seems to be written.

What is found is only proposed, with what it rests on: a guess that nobody has seen must not decide what is ordered.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipelines.errors import ConfigurationError, InputError
from pipelines.headings import guess_columns, guess_table
from pipelines.tables import kinds, required_columns

__all__ = ["Proposal", "look_at", "proposal_lines"]

_ROWS: Final = 200
_HEAD_BYTES: Final = 1 << 18
_DELIMITERS: Final = (";", "\t", "|", ",")
_DATE_FORMATS: Final = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d.%m.%y", "%m/%d/%y",
    "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
)  # fmt: skip
_COMMA: Final = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}([. '][0-9]{3})+),[0-9]+")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?P<sign>[., '])[0-9]{3}(?P=sign)?.*")


@dataclass(frozen=True)
class Proposal:
    """What a file seems to be.

    Attributes
    ----------
    table : None where no table fits. columns : contract name -> heading. headings : all of them.
    settings : setting of TableSource -> (value, what it rests on); only those that differ from the default.
    """

    path: Path
    table: str | None
    headings: tuple[str, ...]
    columns: dict[str, str] = field(default_factory=dict)
    settings: dict[str, tuple[Any, str]] = field(default_factory=dict)

    @property
    def certain(self) -> bool:
        """Whether nothing was guessed: every heading used is the column's own name, every setting the default."""
        return not self.settings and all(name == heading for name, heading in self.columns.items())


def look_at(path: Path) -> Proposal:
    """Look at the headings and the first rows of a file.

    Raises
    ------
    ConfigurationError
        A file that does not exist or whose ending is unknown.
    InputError
        A file that can't be read.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path}")
    if ending in (".csv", ".txt", ".tsv"):
        return _of_text(path)
    if ending in (".parquet", ".pq"):
        return _of_parquet(path)
    if ending == ".xlsx":
        return _of_workbook(path)
    raise ConfigurationError(f"{path} ends in {ending or 'nothing'}; known are .csv, .txt, .tsv, .parquet, .pq, .xlsx")


def _of_text(path: Path) -> Proposal:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        whole = not file.read(1)
    settings: dict[str, tuple[Any, str]] = {}
    encoding, why = _encoding(head, whole)
    if encoding != "utf-8":
        settings["encoding"] = (encoding, why)
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {sign: first.count(sign) for sign in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda sign: counts[sign]) if any(counts.values()) else ","
    if delimiter != ",":
        settings["delimiter"] = (delimiter, f"it stands {counts[delimiter]} times in the first line")
    rows = [row for row, _ in zip(_csv_rows(path, text, delimiter), range(_ROWS + 1), strict=False)]
    if not rows:
        raise InputError(f"{path} is empty: there is no heading")
    body = rows[1:] if whole or len(rows) > _ROWS else rows[1:-1]
    return _proposed(path, tuple(rows[0]), body, settings)


def _csv_rows(path: Path, text: str, delimiter: str) -> Any:
    try:
        yield from (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    except csv.Error as problem:
        raise InputError(f"{path} can't be read as CSV: {problem}") from None


def _encoding(head: bytes, whole: bool) -> tuple[str, str]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "the file begins with its mark"
    try:
        # The last character of a piece may be cut apart.
        (head if whole else head[: head.rfind(b"\n") + 1]).decode("utf-8")
    except UnicodeDecodeError as problem:
        return "cp1252", f"byte {problem.start} is no UTF-8"
    return "utf-8", ""


def _of_parquet(path: Path) -> Proposal:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            headings = tuple(file.schema_arrow.names)
            batch = next(file.iter_batches(batch_size=_ROWS), None)
    except (pa.ArrowException, OSError) as problem:
        raise InputError(f"{path} is no readable Parquet file: {str(problem).splitlines()[0]}") from None
    rows = [] if batch is None else [list(row.values()) for row in batch.to_pylist()]
    return _proposed(path, headings, rows, {})


def _of_workbook(path: Path) -> Proposal:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as problem:
        raise InputError(f"{path} is no readable Excel workbook: {problem}") from None
    try:
        sheets = {n: [list(r) for r in book[n].iter_rows(max_row=_ROWS, values_only=True)] for n in book.sheetnames}
    finally:
        book.close()
    for name, rows in sheets.items():
        for number, row in enumerate(rows[:50], start=1):
            headings = tuple("" if cell is None else str(cell).strip() for cell in row)
            if guess_table(headings, f"{path.stem} {name}") is None:
                continue
            settings: dict[str, tuple[Any, str]] = {}
            if len(sheets) > 1:
                settings["sheet"] = (name, f"the first of {len(sheets)} sheets with headings that are understood")
            if number > 1:
                settings["header_row"] = (number, "the first row with headings that are understood")
            return _proposed(path, headings, rows[number:], settings, f"{path.stem} {name}")
    top = next((rows[0] for rows in sheets.values() if rows), [])
    return Proposal(path, None, tuple("" if cell is None else str(cell) for cell in top))


def _proposed(
    path: Path,
    headings: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    settings: dict[str, tuple[Any, str]],
    name: str | None = None,
) -> Proposal:
    table = guess_table(headings, name or path.stem)
    if table is None:
        return Proposal(path, None, headings, {}, settings)
    columns = guess_columns(table, headings)
    texts: dict[str, list[str]] = {"number": [], "date": []}
    for column, heading in columns.items():
        kind, place = kinds(table)[column], headings.index(heading)
        if kind in texts:
            cells = [row[place] for row in rows if place < len(row)]
            texts[kind] += [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    return Proposal(path, table, headings, columns, settings | _numbers(texts["number"]) | _dates(texts["date"]))


def _numbers(texts: list[str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    comma = [text for text in texts if _COMMA.fullmatch(text)]
    pointed = [text for text in texts if re.fullmatch(r"[+-]?[0-9]*\.[0-9]{1,2}|[+-]?[0-9]+\.[0-9]{4,}", text)]
    if not comma or pointed or all(re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+", text) for text in comma):
        grouped = Counter(match["sign"] for text in texts if (match := _GROUPED.fullmatch(text)))
        if grouped[","] and (pointed or comma):
            example = next(text for text in texts if _GROUPED.fullmatch(text) and "," in text)
            found["thousands"] = (",", f"{example!r}; if that is a decimal comma, declare decimal instead")
        return found
    found["decimal"] = (",", f"{len(comma)} of {len(texts)} numbers seen, such as {comma[0]!r}")
    grouped = Counter(match["sign"] for text in texts if (match := _GROUPED.fullmatch(text)) and match["sign"] != ",")
    if grouped:
        sign = grouped.most_common(1)[0][0]
        example = next(text for text in texts if re.fullmatch(rf"[+-]?[0-9]{{1,3}}{re.escape(sign)}[0-9]{{3}}.*", text))
        found["thousands"] = (sign, f"{example!r} among the numbers seen")
    return found


def _dates(texts: list[str]) -> dict[str, tuple[Any, str]]:
    if not texts or all(_iso(text) for text in texts):
        return {}
    fitting = [form for form in _DATE_FORMATS if all(_fits(text, form) for text in texts)]
    if not fitting:
        return {}
    why = f"it fits all {len(texts)} dates seen, such as {texts[0]!r}"
    if len(fitting) > 1:
        why += f"; {' and '.join(fitting[1:])} would fit, too: decide"
    return {"date_format": (fitting[0], why)}


def _iso(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text


def _fits(text: str, form: str) -> bool:
    try:
        dt.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def proposal_lines(proposals: Sequence[Proposal], base: Path) -> list[str]:
    """Write proposals as lines of ``restock.toml``; what was guessed is commented out."""
    lines: list[str] = []
    taken: dict[str, Proposal] = {}
    for proposal in proposals:
        shown = _toml(Path(os.path.relpath(proposal.path, base)).as_posix())
        if proposal.table is None:
            heads = ", ".join(proposal.headings[:12])
            lines += ["", f"# {shown} seems to be no table that is known; its headings: {_one_line(heads)}"]
            continue
        first = taken.setdefault(proposal.table, proposal)
        if first is not proposal:
            other = _toml(Path(os.path.relpath(first.path, base)).as_posix())
            same = first.headings == proposal.headings
            what = f"path = [{other}, {shown}] reads both" if same else "its headings differ from those of the other"
            lines += ["", f"# {shown} seems to be {proposal.table}, too, like {other}: {what}"]
            continue
        lines += ["", *_section(proposal, shown)]
    return lines


def _section(proposal: Proposal, shown: str) -> list[str]:
    mark = "" if proposal.certain else "# "
    named = ", ".join(sorted(set(required_columns(str(proposal.table))) & set(proposal.columns)))
    lines = [f"{mark}[data.{proposal.table}]  # {shown} seems to be {proposal.table}: it has {named}"]
    lines.append(f"{mark}path = {shown}")
    lines += [f"{mark}{name} = {_toml(value)}  # {_one_line(why)}" for name, (value, why) in proposal.settings.items()]
    other = {name: heading for name, heading in proposal.columns.items() if name != heading}
    lines += [
        f"{mark}columns.{name} = {_toml(heading)}  # from the heading alone: look whether it holds that"
        for name, heading in other.items()
    ]
    left = [heading for heading in proposal.headings if heading and heading not in proposal.columns.values()]
    if left:
        lines.append(f"# not read: {_one_line(', '.join(left[:20]))}")
    return lines


def _toml(value: Any) -> str:
    """A value as TOML writes it; JSON's text is TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
