"""From a column of text or typed values to values of one kind, vectorised; what can't be read is marked."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources import TableSource
from pipelines.tables import LONGEST_IDENTIFIER

__all__ = ["IdentifierError", "hint_for", "judge_identifier", "parse_column"]

TRUE_WORDS: Final = ("true", "1", "yes", "t", "y")
FALSE_WORDS: Final = ("false", "0", "no", "f", "n")
# Format, control and line-breaking characters make identifiers that look alike and are not.
_HIDDEN: Final = ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")


class IdentifierError(Exception):
    """Why an identifier can't be used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def judge_identifier(text: str) -> str:
    """Return an identifier in Unicode normal form C, as it will be used everywhere.

    Raises
    ------
    IdentifierError
        Too long, or with hidden characters.
    """
    if len(text) > LONGEST_IDENTIFIER:
        raise IdentifierError("identifier_too_long", f"has {len(text)} characters, more than {LONGEST_IDENTIFIER}")
    if text.isascii() and text.isprintable():
        return text
    for character in text:
        if unicodedata.category(character) in _HIDDEN:
            raise IdentifierError("hidden_character", f"holds the hidden character U+{ord(character):04X}")
    return unicodedata.normalize("NFC", text)


def parse_column(column: pa.Array, kind: str, source: TableSource) -> tuple[pa.Array, pa.Array]:
    """Turn a column into typed values and mark what could not be read.

    Parameters
    ----------
    kind : "number", "date" or "flag". source : how numbers and dates are written.

    Returns
    -------
    values : double, timestamp[us] or bool; null where empty or unreadable.
    bad : bool; true where something stands that is no such value.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _typed(column, kind)
    text = pc.utf8_trim_whitespace(column)
    empty = pc.fill_null(pc.equal(text, ""), True)
    known = pc.if_else(empty, pa.scalar(None, text.type), text)
    values = {"number": _numbers, "date": _dates, "flag": _flags}[kind](known, source)
    return values, pc.and_(pc.invert(empty), pc.is_null(values))


def _typed(column: pa.Array, kind: str) -> tuple[pa.Array, pa.Array]:
    wanted = {"number": pa.float64(), "date": pa.timestamp("us"), "flag": pa.bool_()}[kind]
    nothing = pa.array(np.zeros(len(column), dtype=bool))
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), wanted), nothing
    try:
        values = pc.cast(column, wanted, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(column), wanted), pc.invert(pc.is_null(column))
    if kind == "number" and pa.types.is_floating(column.type):
        # Not a number is how frames write that nothing is there.
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    return values, nothing


def _numbers(text: pa.Array, source: TableSource) -> pa.Array:
    point, thousands = re.escape(source.decimal), re.escape(source.thousands)
    whole = rf"([0-9]+|[0-9]{{1,3}}({thousands}[0-9]{{3}})+)" if source.thousands else "[0-9]+"
    shape = rf"^[+-]?({whole}({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]{{1,2}})?$"
    plain = pc.if_else(pc.fill_null(pc.match_substring_regex(text, shape), False), text, pa.scalar(None, text.type))
    if source.thousands:
        plain = pc.replace_substring(plain, source.thousands, "")
    if source.decimal != ".":
        plain = pc.replace_substring(plain, source.decimal, ".")
    return pc.cast(plain, pa.float64())


def _flags(text: pa.Array, _source: TableSource) -> pa.Array:
    lower = pc.utf8_lower(text)
    yes, no = (pc.is_in(lower, pa.array(words)) for words in (TRUE_WORDS, FALSE_WORDS))
    return pc.if_else(yes, True, pc.if_else(no, False, pa.scalar(None, pa.bool_())))


def _dates(text: pa.Array, source: TableSource) -> pa.Array:
    if source.date_format is not None:
        found = pc.strptime(text, format=source.date_format, unit="us", error_is_null=True)
        # The 30th of February becomes the 2nd of March: what does not read back as it was is no date.
        # In whole seconds: finer ones would be written with their fraction.
        back = pc.strftime(pc.cast(found, pa.timestamp("s")), format=source.date_format)
        same = pc.equal(_unpadded(back), _unpadded(text))
        return pc.if_else(pc.fill_null(same, False), found, pa.scalar(None, pa.timestamp("us")))
    shape = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$"
    shaped = pc.if_else(pc.fill_null(pc.match_substring_regex(text, shape), False), text, pa.scalar(None, text.type))
    try:
        return pc.cast(shaped, pa.timestamp("us"))
    except pa.ArrowInvalid:
        # Some text has the shape of a date and is none, such as 2026-02-30: then every value is tried alone.
        return pa.array([_date_or_none(value) for value in shaped.to_pylist()], pa.timestamp("us"))


def _unpadded(text: pa.Array) -> pa.Array:
    """Text without zeros in front of numbers: 5.3.2026 and 05.03.2026 are the same day."""
    return pc.replace_substring_regex(text, pattern=r"\b0+([0-9])", replacement=r"\1")


def _date_or_none(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def hint_for(kind: str, value: str, source: TableSource) -> str:
    """Say what to do about a value that could not be read."""
    text = value.strip()
    declared = kind == "date" and source.date_format is not None
    for shape, hint in [] if declared else _HINTS[kind]:
        if re.search(shape, text):
            return hint
    return _DEFAULT_HINTS[kind].format(decimal=source.decimal, date_format=source.date_format or "YYYY-MM-DD")


_DEFAULT_HINTS: Final[dict[str, str]] = {
    "number": "write a plain number with the decimal sign {decimal!r}",
    "date": "write dates as {date_format}",
    "flag": "write true or false",
    "identifier": "give an identifier of 1 to 128 visible characters",
}
_HINTS: Final[dict[str, list[tuple[str, str]]]] = {
    "number": [
        (
            r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$",
            'a comma between thousands? declare thousands = ","; a decimal comma? declare decimal = ","',
        ),
        (r"^[+-]?[0-9]+,[0-9]+$", 'a decimal comma? declare decimal = ","'),
        (
            r"^[+-]?[0-9]{1,3}([ \u00a0\u202f'][0-9]{3})+",
            'declare the sign between thousands, for example thousands = " "',
        ),
        (r"^\(.*\)$|^[0-9.,]+-$", "accounting style for a negative number? write it with a minus sign in front"),
        (r"[^\W\d_]", "remove words and units: the column holds numbers only; leave it empty where nothing is known"),
    ],
    "date": [
        (
            r"^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}$",
            'day or month first? declare date_format, for example "%d/%m/%Y"',
        ),
        (r"^[0-9]{5}([.,][0-9]+)?$", "a spreadsheet's day number? format the cells as dates and export again"),
        (r"^[0-9]{10,16}$", "seconds or milliseconds since 1970? convert them to dates"),
        (r"[+-][0-9]{2}:?[0-9]{2}$|Z$", "a time zone: convert to the calendar days of your business before exporting"),
        (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "there is no such day in the calendar"),
    ],
    "flag": [],
    "identifier": [],
}
