"""Check a table against its contract: typed values out, bad rows into quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import InputError
from pipelines.quarantine import Findings, Quarantined
from pipelines.readers import TableReader
from pipelines.tables import contract, kinds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_table", "parse_column", "refuse_above", "set_aside"]

TRUE_WORDS: Final = ("true", "1", "yes", "t", "y")
FALSE_WORDS: Final = ("false", "0", "no", "f", "n")
HINTS: Final = {
    "number": "write a number with a decimal point and without thousands separators",
    "date": "write dates as YYYY-MM-DD",
    "flag": "write true or false",
    "identifier": "give an identifier of 1 to 128 characters",
}


def parse_column(column: pa.Array | pa.ChunkedArray, kind: str) -> tuple[pa.Array, pa.Array]:
    """Turn a column into typed values and mark what could not be read.

    Returns
    -------
    values : string, double, timestamp[us] or bool, null where empty or unreadable.
    bad : bool, true where something stood that is no such value.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if kind == "identifier":
        return column, pa.array(np.zeros(len(column), dtype=bool))
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _parse_typed(column, kind)
    text = pc.utf8_trim_whitespace(column)
    empty = pc.fill_null(pc.equal(text, ""), True)
    values = _parse_text(text, empty, kind)
    return values, pc.and_(pc.invert(empty), pc.is_null(values))


def _parse_typed(column: pa.Array, kind: str) -> tuple[pa.Array, pa.Array]:
    wanted = {"number": pa.float64(), "date": pa.timestamp("us"), "flag": pa.bool_()}[kind]
    try:
        if kind == "date" and pa.types.is_timestamp(column.type) and column.type.tz is not None:
            raise pa.ArrowInvalid("time zones are not understood")
        if kind == "date" and not (
            pa.types.is_timestamp(column.type) or pa.types.is_date(column.type) or pa.types.is_null(column.type)
        ):
            raise pa.ArrowInvalid(f"{column.type} is no date")
        values = pc.cast(column, wanted, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(column), wanted), pc.invert(pc.is_null(column)) if len(column) else pa.array([], pa.bool_())
    return values, pa.array(np.zeros(len(column), dtype=bool))


def _parse_text(text: pa.Array, empty: pa.Array, kind: str) -> pa.Array:
    known = pc.if_else(empty, pa.scalar(None, text.type), text)
    if kind == "number":
        plain = pc.match_substring_regex(known, r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$")
        return pc.cast(pc.if_else(pc.fill_null(plain, False), known, pa.scalar(None, text.type)), pa.float64())
    if kind == "flag":
        lower = pc.utf8_lower(known)
        yes, no = (pc.is_in(lower, pa.array(words)) for words in (TRUE_WORDS, FALSE_WORDS))
        return pc.if_else(yes, True, pc.if_else(no, False, pa.scalar(None, pa.bool_())))
    day = pc.fill_null(pc.match_substring_regex(known, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)"), False)
    shaped = pc.if_else(day, known, pa.scalar(None, text.type))
    try:
        return pc.cast(shaped, pa.timestamp("us"))
    except pa.ArrowInvalid:
        # Some text has the shape of a date and is none, such as 2026-02-30: then every value is tried alone.
        return pa.array([_date_or_none(v) for v in shaped.to_pylist()], pa.timestamp("us"))


def _date_or_none(text: str | None) -> Any:
    import datetime as dt

    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def check_table(reader: TableReader, findings: Findings, max_fraction: float) -> pd.DataFrame:
    """Read a table whole, set bad rows aside and return the good ones, typed.

    Identifiers are text (``None`` where empty), numbers float64, dates datetime64, flags booleans or None.
    Columns of the contract that the table lacks are left out; ``location`` becomes "main" where it is empty.

    Raises
    ------
    InputError
        A larger share of bad rows than ``max_fraction``.
    """
    raw = reader.read()
    if reader.ignored:
        findings.warn(f"{reader.table}: {reader.file}: unknown columns ignored: {', '.join(reader.ignored)}")
    frame, bad = _typed_frame(reader, raw)
    bad += _violations(reader, frame, raw)
    worst = {row.line: row for row in reversed(bad)}
    findings.set_aside(list(worst.values()))
    refuse_above(max_fraction, len(worst), len(frame), reader.table, reader.file, list(worst.values()))
    return frame.drop(index=[line - 2 for line in worst]).reset_index(drop=True)


def _typed_frame(reader: TableReader, raw: pa.Table) -> tuple[pd.DataFrame, list[Quarantined]]:
    import pandas as pd

    columns: dict[str, Any] = {}
    bad: list[Quarantined] = []
    for name in reader.columns:
        kind = kinds(reader.table)[name]
        values, unreadable = parse_column(raw.column(name), kind)
        if kind == "identifier":
            texts = values.cast(pa.string()) if not pa.types.is_null(values.type) else values
            columns[name] = np.array([v or None for v in texts.to_pylist()], dtype=object)
        elif kind == "flag":
            columns[name] = np.array(values.to_pylist(), dtype=object)
        elif kind == "date":
            columns[name] = values.to_numpy(zero_copy_only=False).astype("datetime64[ns]")
        else:
            columns[name] = values.to_numpy(zero_copy_only=False).astype(np.float64)
        bad += [
            set_aside(reader, row, name, raw.column(name)[row].as_py(), f"not_a_{kind}", f"is no {kind}")
            for row in np.flatnonzero(unreadable.to_numpy(zero_copy_only=False)).tolist()
        ]
    frame = pd.DataFrame(columns, columns=list(reader.columns))
    if "location" in contract(reader.table).columns and reader.table != "events":
        frame["location"] = frame["location"].fillna("main") if "location" in frame else "main"
    return frame, bad


def _violations(reader: TableReader, frame: pd.DataFrame, raw: pa.Table) -> list[Quarantined]:
    """Ask the contract which rows break it."""
    import pandas as pd
    import pandera.errors

    schema = contract(reader.table)
    missing = [name for name in schema.columns if name not in frame.columns]
    checked = frame.astype(
        {name: "object" for name in frame.columns if schema.columns[name].metadata["kind"] in ("identifier", "flag")}
    )
    try:
        schema.remove_columns(missing).validate(checked, lazy=True)
        return []
    except pandera.errors.SchemaErrors as problem:
        cases = problem.failure_cases
    found = []
    for case in cases.to_dict("records"):
        if case["index"] is None or pd.isna(case["index"]):
            raise InputError(f"{reader.table}: {reader.file}: {case['check']} fails for column {case['column']}")
        row, name = int(case["index"]), str(case["column"])
        code, message = _reason(str(case["check"]), schema.metadata["key"])
        value = raw.column(name)[row].as_py() if name in raw.schema.names else frame[name].iloc[row]
        found.append(set_aside(reader, row, name, value, code, message))
    return found


def _reason(check: str, key: list[str] | None) -> tuple[str, str]:
    if check.startswith("not_nullable"):
        return "missing_value", "is empty but needed"
    if "uniqueness" in check:
        return "duplicate_key", f"occurs with the same {' and '.join(key or [])} in another row"
    return "out_of_range", f"breaks the rule {check}"


def set_aside(reader: TableReader, row: int, column: str, value: Any, code: str, message: str) -> Quarantined:
    """Describe one bad row; ``row`` counts from 0, the first line of a file is its heading."""
    kind = kinds(reader.table)[column]
    text = "" if value is None else str(value)
    hint = "keep one of them" if code == "duplicate_key" else HINTS[kind]
    return Quarantined(
        reader.table, reader.file, row + 2, column, text[:200], code, f"{column} {text[:80]!r} {message}", hint
    )


def refuse_above(limit: float, bad: int, rows: int, table: str, file: str, examples: list[Quarantined]) -> None:
    """Refuse a table with too many bad rows, naming the first."""
    if bad and bad > limit * rows:
        first = examples[0]
        raise InputError(
            f"{table}: {file}: {bad} of {rows} rows are bad, more than max_quarantine_fraction = {limit:g} allows; "
            f"first at line {first.line}: {first.message}; {first.hint}"
        )
