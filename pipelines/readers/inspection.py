"""A look at the bytes of a text file before it is parsed: encoding, quotes, control characters, limits."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from pipelines.errors import InputError
from pipelines.sources import TableSource

__all__ = ["Inspection", "inspect_text"]

_CHUNK: Final = 1 << 24
# The mark of UTF-32 begins with that of UTF-16: it is tried first.
_BOMS: Final = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Inspection:
    """What was seen. ``newline_in_quotes``: some quoted field spans lines."""

    newline_in_quotes: bool


def inspect_text(table: str, path: Path, source: TableSource, longest_line: int) -> Inspection:
    """Look a text file over, once, in large pieces.

    Raises
    ------
    InputError
        Bytes that are not of the declared encoding (byte and line named), a quote that never closes (its line
        named), a line beyond the limit.
    """
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((encoding for bom, encoding in _BOMS.items() if head.startswith(bom)), None) or _unmarked(head)
    if marked and source.encoding not in (marked, f"{marked}-le", f"{marked}-be"):
        raise InputError(
            f'{table}: {path} is written in {marked.upper()}; declare encoding = "{marked}" or save it as UTF-8',
            code="wrong_encoding",
        )
    quotes, line, offset, in_line = 0, 1, 0, 0
    decoder = codecs.getincrementaldecoder(source.encoding)()
    with path.open("rb") as file:
        while True:
            chunk = _piece(file)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as problem:
                start = problem.start - (len(problem.object) - len(chunk))  # before the piece: begun in the last one
                raise InputError(
                    f"{table}: {path}, line {line + _line_ends(chunk[: max(start, 0)])}: "
                    f"byte {offset + start} is no {source.encoding.upper()}; "
                    'declare its encoding (often encoding = "cp1252") or save it as UTF-8',
                    code="wrong_encoding",
                ) from None
            if not chunk:
                break
            in_line = _longest(table, path, chunk, in_line, line, longest_line)
            quotes += chunk.count(b'"')
            line += _line_ends(chunk)
            offset += len(chunk)
    return Inspection(_open_quotes(table, path, source) if quotes else False)


def _unmarked(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of a Latin heading is zero."""
    if len(head) < 4 or bool(head[0]) == bool(head[1]) or head[0::2].count(0) + head[1::2].count(0) != 2:
        return None
    if not any(head[0::2]):
        return "utf-16-be"
    return None if any(head[1::2]) else "utf-16-le"


def _piece(file: BinaryIO) -> bytes:
    """The next piece of a file; a carriage return and its line feed are never cut apart."""
    chunk = file.read(_CHUNK)
    while chunk.endswith(b"\r") and (more := file.read(1)):
        chunk += more
    return chunk


def _line_ends(chunk: bytes) -> int:
    return chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")


def _longest(table: str, path: Path, chunk: bytes, carried: int, line: int, limit: int) -> int:
    """Refuse a line beyond the limit; return the length of the unfinished last line."""
    ends = np.flatnonzero(np.isin(np.frombuffer(chunk, dtype=np.uint8), (10, 13)))
    stretches = np.diff(np.concatenate([[-1 - carried], ends, [len(chunk)]])) - 1
    if stretches.max() > limit:
        before = int(np.argmax(stretches > limit))
        at = line + (_line_ends(chunk[: int(ends[before - 1]) + 1]) if before else 0)
        raise InputError(
            f"{table}: {path}: line {at} is longer than {limit:,} bytes; this is no table", code="line_too_long"
        )
    return int(stretches[-1])


def _open_quotes(table: str, path: Path, source: TableSource) -> bool:
    """Whether a quoted field spans lines; a quote that never closes is refused with its line."""
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    spans = False
    with path.open(encoding=encoding, newline=None) as file:
        odd = [number for number, text in enumerate(file, start=1) if text.count('"') % 2]
    if not odd:
        return False
    with path.open(encoding=encoding, newline=None) as file:
        reader = csv.reader(file, delimiter=source.delimiter, strict=True)
        before = 0
        try:
            for _ in reader:
                spans |= reader.line_num > before + 1
                before = reader.line_num
        except csv.Error as problem:
            raise InputError(
                f"{table}: {path}, line {before + 1}: a quote that opens there is not closed "
                f"as it should be ({problem}); close or double it",
                code="open_quote",
            ) from None
    return spans
