"""Publishing to SQLite and to a PostgreSQL server: exact, once, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.exports import sql
from pipelines.exports.run_files import RunFiles
from pipelines.exports.sql import publish_to_database
from tests.postgresql import postgresql


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'plans.db'}"
        return
    address = request.getfixturevalue("server")
    yield address
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(address: str, query: str) -> list[Any]:
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


def everything(address: str) -> list[list[Any]]:
    tables = ("restock_runs", "restock_recommendations", "restock_order_lines", "restock_latest")
    return [sorted(rows(address, f"SELECT * FROM {name}"), key=str) for name in tables]  # noqa: S608 - names of our own


def later(run: RunFiles, folder: Path, run_id: str, as_of: str) -> RunFiles:
    """A copy of a run under another id and day."""
    copy = folder / run_id
    copy.mkdir()
    for name in ("recommendations", "order_lines"):
        run.frame(name).to_parquet(copy / f"{name}.parquet")
    (copy / "summary.json").write_text(json.dumps({"as_of": as_of}))
    (copy / "manifest.json").write_text("{}")
    return RunFiles(copy)


def test_what_was_published_is_read_back_exactly(run: RunFiles, lines: pd.DataFrame, address: str) -> None:
    counts = publish_to_database(run, address)
    assert counts["restock_recommendations"] == len(lines)
    columns = ("sku", "location", "supplier", "order_quantity", "demand_mean", "priority", "reason")
    found = rows(address, f"SELECT {', '.join(columns)} FROM restock_latest ORDER BY priority")  # noqa: S608
    assert found == list(lines.sort_values("priority")[list(columns)].itertuples(index=False, name=None))
    dated = rows(address, "SELECT count(*) FROM restock_latest WHERE order_date IS NOT NULL")
    assert dated == [((lines["order_quantity"] > 0).sum(),)]


def test_the_same_run_twice_changes_nothing(run: RunFiles, address: str) -> None:
    publish_to_database(run, address)
    once = everything(address)
    assert once[1]
    publish_to_database(run, address)
    assert everything(address) == once


def test_the_view_shows_the_latest_day_and_of_one_day_the_last_published(
    run: RunFiles, address: str, tmp_path: Path
) -> None:
    publish_to_database(later(run, tmp_path, "bb", "2025-05-12"), address)
    publish_to_database(run, address)
    assert {row[0] for row in rows(address, "SELECT run_id FROM restock_latest")} == {"bb"}
    publish_to_database(later(run, tmp_path, "aa", "2025-05-12"), address)
    publish_to_database(RunFiles(tmp_path / "bb"), address)
    assert {row[0] for row in rows(address, "SELECT run_id FROM restock_latest")} == {"aa"}


def test_a_failure_half_way_leaves_no_row(
    run: RunFiles, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to_database(run, address)
    before = everything(address)
    upsert = sql._upsert

    def broken(connection: sa.Connection, table: sa.Table, values: list[dict[str, Any]]) -> None:
        if table.name == "restock_order_lines":
            raise sa.exc.OperationalError("INSERT", None, Exception("server closed the connection"))
        upsert(connection, table, values)

    monkeypatch.setattr(sql, "_upsert", broken)
    waits: list[float] = []
    with pytest.raises(UnavailableError, match="server closed the connection"):
        publish_to_database(later(run, tmp_path, "cc", "2025-06-02"), address, wait=waits.append)
    assert len(waits) == 2
    assert everything(address) == before


def test_a_column_that_an_earlier_version_did_not_have_is_added(run: RunFiles, address: str, tmp_path: Path) -> None:
    old = later(run, tmp_path, "dd", "2025-01-06")
    old.frame("recommendations").drop(columns=["model"]).to_parquet(old.folder / "recommendations.parquet")
    publish_to_database(old, address)
    publish_to_database(run, address)
    assert {row[0] for row in rows(address, "SELECT model FROM restock_latest")} == {"moving_average"}


@pytest.mark.parametrize(
    ("address", "words"),
    [("nonsense", "not understood"), ("mysql+pymysql://u:s3cret@h/d", "not understood|not supported")],
)
def test_other_databases_are_refused_without_their_password(run: RunFiles, address: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        publish_to_database(run, address)
    assert "s3cret" not in str(refused.value)


def test_a_server_that_is_away_is_worth_another_try(run: RunFiles, tmp_path: Path) -> None:
    away = f"postgresql+psycopg://user:s3cret@/postgres?host={tmp_path}"
    with pytest.raises(UnavailableError, match="can't be reached") as refused:
        publish_to_database(run, away, wait=lambda _: None)
    assert "s3cret" not in str(refused.value)
