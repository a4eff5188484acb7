"""Recommendations in a database, SQLite or PostgreSQL: upserted by run in one transaction, a view of the latest.

    restock_runs              one row a run: run_id, as_of, number (in order of publishing), digest, summary
    restock_recommendations   one row a run, SKU and location
    restock_order_lines       one row a run, SKU, location and supplier
    restock_latest            the recommendations of the run with the latest as_of, of these the last published

Values are always bound, names are our own; identifiers are text and arrive exactly.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.exports.run_files import RunFiles
from pipelines.workspace import digest_file

if TYPE_CHECKING:
    import pandas as pd
    import sqlalchemy as sa

__all__ = ["publish_to_database"]

_TABLES: Final = {
    "restock_recommendations": ("recommendations", ("sku", "location")),
    "restock_order_lines": ("order_lines", ("sku", "location", "supplier")),
}
_DIALECTS: Final = ("sqlite", "postgresql")
_WAITS: Final = (0.2, 1.0)
# A number of our own for the advisory lock: "restock" as bytes.
_LOCK: Final = int.from_bytes(b"restock")
_VIEW: Final = (
    "SELECT * FROM restock_recommendations WHERE run_id = "
    "(SELECT run_id FROM restock_runs ORDER BY as_of DESC, number DESC LIMIT 1)"
)


def publish_to_database(run: RunFiles, address: str, *, wait: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Write a run to a database; a connection that breaks is tried again twice.

    Parameters
    ----------
    address : as SQLAlchemy has it, such as ``sqlite:///plans.db`` or ``postgresql+psycopg://host/database``.

    Returns
    -------
    Rows in each table that belong to the run.

    Raises
    ------
    ConfigurationError
        An address that is not understood, or another database.
    UnavailableError
        The database can't be reached, or refuses; nothing of the run was written then.
    """
    import sqlalchemy as sa
    from sqlalchemy import exc

    try:
        engine = sa.create_engine(address)
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as problem:
        raise ConfigurationError(f"the database address is not understood: {type(problem).__name__}") from None
    if engine.dialect.name not in _DIALECTS:
        raise ConfigurationError(f"{engine.dialect.name} is not supported; SQLite and PostgreSQL are")
    try:
        for pause in (*_WAITS, None):
            try:
                return _publish(run, engine)
            except (exc.OperationalError, exc.InterfaceError) as problem:
                if pause is None:
                    raise UnavailableError(f"the database can't be reached: {_short(problem)}") from None
                wait(pause)
    except exc.SQLAlchemyError as problem:
        raise UnavailableError(f"the database refuses the run: {_short(problem)}") from None
    finally:
        engine.dispose()
    raise AssertionError("the last attempt returns or raises")


def _publish(run: RunFiles, engine: sa.Engine) -> dict[str, int]:
    import sqlalchemy as sa

    metadata = sa.MetaData()
    runs = sa.Table(
        "restock_runs",
        metadata,
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    frames = {name: run.frame(table) for name, (table, _) in _TABLES.items()}
    tables = {name: _declared(metadata, name, frame, _TABLES[name][1]) for name, frame in frames.items()}
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # One publisher at a time: the number of a run and the tables themselves must not be made twice.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _prepare(connection, metadata, tables)
        _upsert(connection, runs, [_described(run, connection, runs)])
        for name, frame in frames.items():
            _upsert(connection, tables[name], _rows(run, frame, _TABLES[name][1]))
    return {name: len(frame) for name, frame in frames.items()}


def _declared(metadata: sa.MetaData, name: str, frame: pd.DataFrame, keys: tuple[str, ...]) -> sa.Table:
    """Declare a table after the columns of a frame: text, days, whole numbers, numbers in double precision."""
    import pandas as pd
    import sqlalchemy as sa

    def kind(values: pd.Series[Any]) -> Any:
        if pd.api.types.is_datetime64_any_dtype(values):
            return sa.Date()
        if pd.api.types.is_integer_dtype(values):
            return sa.BigInteger()
        return sa.Float(53) if pd.api.types.is_float_dtype(values) else sa.Text()

    columns = [
        sa.Column(str(c), kind(frame[c]), primary_key=c in keys, nullable=c not in keys, autoincrement=False)
        for c in frame.columns
    ]
    return sa.Table(name, metadata, sa.Column("run_id", sa.Text, primary_key=True), *columns)


def _prepare(connection: sa.Connection, metadata: sa.MetaData, tables: dict[str, sa.Table]) -> None:
    """Create what is not there: tables, columns that an earlier version did not have, the view."""
    import sqlalchemy as sa
    from sqlalchemy.schema import CreateColumn

    metadata.create_all(connection)
    inspector = sa.inspect(connection)
    for name, table in tables.items():
        there = {column["name"] for column in inspector.get_columns(name)}
        for column in table.columns:
            if column.name not in there:
                text = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {text}")
    create = "CREATE OR REPLACE VIEW" if connection.dialect.name == "postgresql" else "CREATE VIEW IF NOT EXISTS"
    connection.execute(sa.text(f"{create} restock_latest AS {_VIEW}"))


def _described(run: RunFiles, connection: sa.Connection, runs: sa.Table) -> dict[str, Any]:
    """The row of a run; it keeps the number that it has, a new one gets the next."""
    import datetime as dt

    import sqlalchemy as sa

    own = connection.execute(sa.select(runs.c.number).where(runs.c.run_id == run.run_id)).scalar()
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(runs.c.number), 0))).scalar_one()
    return {
        "run_id": run.run_id,
        "as_of": dt.date.fromisoformat(run.as_of),
        "number": last + 1 if own is None else own,
        "digest": digest_file(run.folder / "manifest.json"),
        "summary": json.dumps(run.summary, sort_keys=True),
    }


def _rows(run: RunFiles, frame: pd.DataFrame, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of a frame as Python values: None for what is unknown, "" where a key is."""
    import pandas as pd

    columns = {}
    for name in frame.columns:
        values = frame[name].fillna("") if name in keys else frame[name]
        dates = pd.api.types.is_datetime64_any_dtype(values)
        columns[str(name)] = [None if pd.isna(v) else v.date() if dates else v for v in values.astype(object).tolist()]
    names = list(columns)
    return [{"run_id": run.run_id, **dict(zip(names, row, strict=True))} for row in zip(*columns.values(), strict=True)]


def _upsert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows; those whose key is there already take the new values."""
    from sqlalchemy.dialects import postgresql, sqlite

    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), rows)


def _short(problem: Exception) -> str:
    """The database's own words, without the address that may hold a password."""
    return str(getattr(problem, "orig", None) or problem).splitlines()[0][:200]
