"""SQL: the rows of a query, typed or text, and what is said when the database or the query fails."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.readers import open_table
from pipelines.sources import TableSource
from tests.pipelines.readers.reading import checked, column_of, refused, rows_of
from tests.pipelines.shop import SKUS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE stock (sku TEXT, units REAL, counted TEXT, number REAL, whole INTEGER)")
        rows = [("00123", 1, "2025-04-28", 1.0, 7), ("NA", 2.5, None, 2.0, 8), ("B", -3, "2025-02-30", 3.0, 9)]
        connection.executemany("INSERT INTO stock VALUES (?, ?, ?, ?, ?)", rows)
    return tmp_path / "shop.db"


def query(database: Path, text: str, **how: Any) -> TableSource:
    return TableSource(query=text, url=f"sqlite:///{database}", **how)


def test_a_query_is_a_table_and_its_bad_rows_are_told_by_their_number(database: Path) -> None:
    source = query(database, "SELECT sku, units AS on_hand, counted AS as_of, 'x' AS note FROM stock ORDER BY rowid")
    frame, bad, findings = checked(source)
    assert frame["sku"].tolist() == ["00123", "NA"]
    assert frame["on_hand"].tolist() == [1.0, 2.5]
    assert frame["as_of"].iloc[0] == pd.Timestamp("2025-04-28")
    assert [(r.file, r.line, r.column, r.value, r.code) for r in bad] == [
        ("the query", 3, "as_of", "2025-02-30", "not_a_date")
    ]
    assert "sku=B" in bad[0].raw
    assert [n.code for n in findings.notices] == ["unknown_column"]


def test_declared_columns_and_formats_hold_for_a_query_too(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE bestand (artikel TEXT, menge TEXT, tag TEXT)")
        connection.execute("INSERT INTO bestand VALUES ('007', '1.234,5', '5.5.2025')")
    columns = {"sku": "artikel", "on_hand": "menge", "as_of": "tag"}
    how: dict[str, Any] = {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y", "columns": columns}
    frame, bad, _ = checked(query(tmp_path / "shop.db", "SELECT * FROM bestand", **how))
    assert bad == []
    assert frame[["sku", "on_hand", "as_of"]].values.tolist() == [["007", 1234.5, pd.Timestamp("2025-05-05")]]


def test_identifiers_that_are_quotes_or_commands_are_only_text(tmp_path: Path) -> None:
    names = [*SKUS, "'; DROP TABLE stock; --", 'x"y']
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        pd.DataFrame({"sku": names, "on_hand": 1}).to_sql("stock", connection, index=False)
    reader = open_table("stock", query(tmp_path / "shop.db", "SELECT * FROM stock"))
    assert column_of(reader) == names
    assert set(column_of(reader, "on_hand")) == {1.0}


def test_whole_numbers_become_text_and_fractions_are_refused_as_identifiers(database: Path) -> None:
    source = query(database, "SELECT whole AS sku, units AS on_hand FROM stock ORDER BY 1")
    assert column_of(open_table("stock", source)) == ["7", "8", "9"]
    text = refused(query(database, "SELECT number AS sku, units AS on_hand FROM stock"), "stock")
    assert "column 'sku' holds fractions; identifiers must be text" in text


def test_a_query_without_rows_is_an_empty_table(database: Path) -> None:
    assert rows_of(open_table("stock", query(database, "SELECT sku, units AS on_hand FROM stock WHERE 1 = 0"))) == {
        "sku": [], "on_hand": []
    }  # fmt: skip


def test_a_query_may_change_nothing(database: Path) -> None:
    """Whatever it does is rolled back."""
    text = "DELETE FROM stock RETURNING sku, units AS on_hand"
    assert len(column_of(open_table("stock", query(database, text)))) == 3
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM stock").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT sku FROM absent", "the query fails: no such table: absent"),
        ("SELEKT 1", "the query fails: near"),
        ("SELECT sku FROM stock", "lacks the column on_hand"),
        ("SELECT sku, units AS on_hand, sku FROM stock", "'sku' more than once"),
    ],
)
def test_a_query_that_fails_is_refused_in_the_words_of_the_database(database: Path, text: str, words: str) -> None:
    assert words in refused(query(database, text), "stock")


def test_a_database_that_is_away_or_busy_is_worth_another_try(database: Path, tmp_path: Path) -> None:
    away = query(tmp_path / "absent" / "shop.db", "SELECT 1")
    assert "can't be reached" in refused(away, "stock", error=UnavailableError, code=5)
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    busy = TableSource(query="SELECT sku, units AS on_hand FROM stock", url=f"sqlite:///{database}?timeout=0")
    assert "locked" in refused(busy, "stock", error=UnavailableError, code=5)
    connection.close()


def test_an_address_that_makes_no_sense_is_refused() -> None:
    assert "address is not understood" in refused(TableSource(query="SELECT 1", url="nonsense"), "stock")


def test_the_address_comes_from_the_environment_and_its_secret_is_never_shown(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "SELECT sku, units AS on_hand FROM stock"
    monkeypatch.setenv("SHOP_DATABASE", str(database))
    assert len(column_of(open_table("stock", TableSource(query=text, url="sqlite:///$SHOP_DATABASE")))) == 3
    monkeypatch.delenv("SHOP_DATABASE")
    with pytest.raises(ConfigurationError, match="environment variable that is not set"):
        open_table("stock", TableSource(query=text, url="sqlite:///$SHOP_DATABASE"))
    source = TableSource(query=text, url="nothing://user:s3cret@host/x")
    assert "s3cret" not in refused(source, "stock")
    assert "s3cret" not in repr(source)
