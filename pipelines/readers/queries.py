"""SQL: a query through SQLAlchemy; the database does the joining."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.errors import InputError, UnavailableError
from pipelines.readers.frames import MemoryTable
from pipelines.readers.reader import known_headings
from pipelines.readers.typed import check_types
from pipelines.sources import TableSource
from pipelines.tables import kinds

__all__ = ["open_query"]

_ROWS_AT_ONCE = 100_000


def open_query(table: str, source: TableSource) -> MemoryTable:
    """Run a query and keep its rows; the transaction is rolled back, whatever it did.

    Raises
    ------
    UnavailableError
        The database can't be reached.
    InputError
        The query fails.
    """
    import sqlalchemy as sa
    from sqlalchemy import exc

    try:
        engine = sa.create_engine(source.address())
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as problem:
        raise InputError(
            f"{table}: the database address is not understood: {type(problem).__name__}: {_short(problem)}"
        ) from None
    try:
        with _connected(table, engine) as connection:
            result = connection.execute(sa.text(str(source.query)))
            headings = tuple(str(name) for name in list(result.keys()))
            columns = known_headings(table, headings, source.columns)
            rows = [list(part) for part in zip(*result.fetchall(), strict=True)] or [[] for _ in headings]
            connection.rollback()
    except exc.OperationalError as problem:
        said = str(problem.orig).lower()
        if problem.connection_invalidated or problem.orig is None or "connect" in said or "is locked" in said:
            raise UnavailableError(f"{table}: the database can't be reached: {_short(problem)}") from None
        raise InputError(f"{table}: the query fails: {_short(problem)}") from None
    except exc.SQLAlchemyError as problem:
        raise InputError(f"{table}: the query fails: {_short(problem)}") from None
    finally:
        engine.dispose()
    wanted = {heading: name for name, heading in columns.items()}
    for heading, values in zip(headings, rows, strict=True):
        name = wanted.get(heading)
        if name and kinds(table)[name] == "identifier" and any(isinstance(v, float | Decimal) for v in values):
            raise InputError(
                f"{table}: the query: column {heading!r} holds fractions; identifiers must be text: "
                "they may have lost leading zeros",
                code="wrong_type",
            )
    arrays = {
        h: _array(values, kinds(table)[wanted[h]]) for h, values in zip(headings, rows, strict=True) if h in wanted
    }
    out = pa.table(arrays)
    check_types(table, "the query", out.schema, columns, source.time_zone)
    return MemoryTable(
        table, "the query", headings, columns, source, out, first_line=1, digests=[("the query", _digest(out))]
    )


def _connected(table: str, engine: Any) -> Any:
    from sqlalchemy import exc

    try:
        return engine.connect()
    except exc.OperationalError as problem:
        raise UnavailableError(f"{table}: the database can't be reached: {_short(problem)}") from None


def _digest(rows: pa.Table) -> str:
    """Digest of the rows of a query: when the database holds others, the plan is another one."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _array(values: list[Any], kind: str) -> pa.Array:
    if kind == "identifier":
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    if kind == "number":
        values = [None if v is None else v if isinstance(v, str) else float(v) for v in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else str(v) for v in values], pa.string())


def _short(problem: Exception) -> str:
    """The database's own words, without the address that may hold a password."""
    return str(getattr(problem, "orig", None) or problem).splitlines()[0][:200]
