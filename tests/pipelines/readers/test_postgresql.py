"""Tables read from a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.errors import UnavailableError
from pipelines.readers import open_table
from pipelines.sources import TableSource
from tests.pipelines.readers.reading import checked, column_of, refused
from tests.pipelines.shop import SKUS, only, planned, same_plan, small_shop
from tests.postgresql import postgresql

sa = pytest.importorskip("sqlalchemy")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    with postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield address


@pytest.fixture
def run(address: str) -> Iterator[Any]:
    """Execute statements in a database that is emptied afterwards."""
    engine = sa.create_engine(address)

    def execute(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    yield execute
    execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    engine.dispose()


def query(address: str, text: str, **how: Any) -> TableSource:
    return TableSource(query=text, url=address, **how)


def test_the_types_of_a_database_come_in_as_they_are(address: str, run: Any) -> None:
    run(
        "CREATE TABLE stock (sku varchar(20), bigger bigint, units numeric(12, 3), counted date, noted timestamp)",
        "INSERT INTO stock VALUES ('00123', 9007199254740993, 12.500, '2025-04-28', '2025-04-28 23:59:59'), "
        "('NA', 7, -3, NULL, NULL)",
    )
    frame, bad, _ = checked(query(address, "SELECT sku, units AS on_hand, counted AS as_of FROM stock ORDER BY 1"))
    assert bad == []
    assert frame["sku"].tolist() == ["00123", "NA"]
    assert frame["on_hand"].tolist() == [12.5, -3.0]
    assert frame["as_of"].iloc[0] == pd.Timestamp("2025-04-28")
    assert pd.isna(frame["as_of"].iloc[1])
    exact = query(address, "SELECT bigger AS sku, units AS on_hand, noted AS as_of FROM stock ORDER BY bigger")
    assert column_of(open_table("stock", exact)) == ["7", "9007199254740993"]
    assert checked(exact)[0]["as_of"].tolist()[1] == pd.Timestamp("2025-04-28")


def test_a_moment_with_a_zone_needs_a_declared_zone(address: str, run: Any) -> None:
    run(
        "CREATE TABLE stock (sku text, on_hand real, as_of timestamptz)",
        "INSERT INTO stock VALUES ('A', 1, '2025-04-28 23:30:00+00')",
    )
    text = "SELECT * FROM stock"
    assert 'declare time_zone = "..."' in refused(query(address, text), "stock")
    for zone, day in (("UTC", "2025-04-28"), ("Europe/Berlin", "2025-04-29"), ("America/New_York", "2025-04-28")):
        frame, bad, _ = checked(query(address, text, time_zone=zone))
        assert bad == []
        assert frame["as_of"].tolist() == [pd.Timestamp(day)]


def test_a_bad_row_is_told_by_its_number_and_identifiers_are_only_text(address: str, run: Any) -> None:
    names = [*SKUS, "'; DROP TABLE stock; --"]
    engine = sa.create_engine(address)
    frame = pd.DataFrame({"sku": names, "on_hand": [*["1"] * len(SKUS), "twelve"]})
    frame.to_sql("stock", engine, index_label="place")
    engine.dispose()
    good, bad, _ = checked(query(address, "SELECT sku, on_hand FROM stock ORDER BY place"))
    assert good["sku"].tolist() == list(SKUS)
    assert [(r.file, r.line, r.value, r.code) for r in bad] == [("the query", len(names), "twelve", "not_a_number")]


def test_a_query_changes_nothing(address: str, run: Any) -> None:
    run("CREATE TABLE stock (sku text, on_hand real)", "INSERT INTO stock VALUES ('A', 1), ('B', 2)")
    assert len(column_of(open_table("stock", query(address, "DELETE FROM stock RETURNING sku, on_hand")))) == 2
    assert column_of(open_table("stock", query(address, "SELECT sku, on_hand FROM stock ORDER BY 1"))) == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT sku FROM absent", 'relation "absent" does not exist'),
        ("SELEKT 1", "syntax error"),
        ("SELECT 1 / 0 AS sku, 1 AS on_hand", "division by zero"),
        ("SELECT 'A' AS sku", "lacks the column on_hand"),
    ],
)
def test_a_query_that_fails_is_refused_in_the_words_of_the_database(address: str, text: str, words: str) -> None:
    assert words in refused(query(address, text), "stock")


def test_a_server_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    away = query(f"postgresql+psycopg://user:s3cret@/postgres?host={tmp_path}", "SELECT 1")
    text = refused(away, "stock", error=UnavailableError, code=5)
    assert "can't be reached" in text
    assert "s3cret" not in text


def test_a_shop_in_a_database_is_planned_as_from_frames(address: str, run: Any) -> None:
    shop = only(small_shop(), *SKUS[:3])
    engine = sa.create_engine(address)
    for name, frame in shop.items():
        frame.to_sql(name, engine, index=False)
    engine.dispose()
    tables = {name: query(address, f"SELECT * FROM {name}") for name in shop}  # noqa: S608 - names of our own
    assert same_plan(planned(tables), planned(shop))
