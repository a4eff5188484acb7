"""Tables whose values come typed: what may become an identifier, a number, a date or a flag without loss."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import InputError
from pipelines.tables import kinds

__all__ = ["check_types", "settled", "text_of_row"]

_DATES: Final = (pa.types.is_timestamp, pa.types.is_date)
_TEXTS: Final = (pa.types.is_string, pa.types.is_large_string)


def check_types(table: str, file: str, schema: pa.Schema, columns: dict[str, str], time_zone: str | None) -> None:
    """Refuse columns whose type can't be read without a guess.

    Raises
    ------
    InputError
        A nested column; fractions as identifiers; numbers as dates; a time zone that is not declared.
    """
    for name, heading in columns.items():
        kind, found = kinds(table)[name], schema.field(heading).type
        plain = found.value_type if pa.types.is_dictionary(found) else found
        where = f"{table}: {file}: column {heading!r} holds {found}"
        if pa.types.is_nested(plain) or pa.types.is_binary(plain):
            raise InputError(f"{where}, which is no {kind}; flatten it", code="wrong_type")
        if kind == "identifier" and (pa.types.is_floating(plain) or pa.types.is_decimal(plain)):
            raise InputError(
                f"{where}; identifiers must be text: fractions may have lost leading zeros", code="wrong_type"
            )
        if kind == "date" and not _any(plain, (*_DATES, *_TEXTS, pa.types.is_null)):
            raise InputError(
                f"{where}, which is no date; what it counts (seconds? days?) would be a guess: convert it to dates",
                code="wrong_type",
            )
        if kind == "date" and pa.types.is_timestamp(plain) and plain.tz is not None and time_zone is None:
            raise InputError(
                f'{where}; declare time_zone = "..." to say whose calendar days count', code="no_time_zone"
            )
        if kind == "number" and not _any(
            plain, (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, *_TEXTS, pa.types.is_null)
        ):
            raise InputError(f"{where}, which is no number", code="wrong_type")


def _any(found: pa.DataType, tests: tuple[Any, ...]) -> bool:
    return any(test(found) for test in tests)


def settled(column: pa.Array, kind: str, time_zone: str | None) -> pa.Array:
    """Bring a typed column into the form that the checks expect: identifiers as coded text, the rest as it is."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if kind == "identifier":
        if pa.types.is_dictionary(column.type):
            if pa.types.is_string(column.type.value_type) and pa.types.is_int32(column.type.index_type):
                return column
            column = column.cast(column.type.value_type)
        return pc.dictionary_encode(pc.cast(column, pa.string()))
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None and time_zone is not None:
        zoned = pc.cast(column, pa.timestamp(column.type.unit, time_zone))
        return pc.local_timestamp(zoned)
    return column


def text_of_row(row: dict[str, Any]) -> str:
    """A row as people may read it in a quarantine."""
    return ", ".join(f"{name}={value}" for name, value in row.items())
