"""Where a table is and how it is written: declared in full, refused with the setting's name when it makes no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ConfigurationError
from pipelines.sources import TableSource

BASE = Path("/project")


def refused(value: Any) -> str:
    with pytest.raises(ConfigurationError) as problem:
        TableSource.make(value, BASE, "sales")
    text = str(problem.value)
    assert text.startswith("[data] sales: ")
    return text


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("s.csv", ["/project/s.csv"]),
        (Path("sub/s.csv"), ["/project/sub/s.csv"]),
        ("/abs/s.csv", ["/abs/s.csv"]),
        (["a.csv", "/abs/b.csv"], ["/project/a.csv", "/abs/b.csv"]),
        ({"path": "s.csv"}, ["/project/s.csv"]),
        ({"path": ["a.csv", "b.csv"]}, ["/project/a.csv", "/project/b.csv"]),
    ],
    ids=str,
)
def test_paths_start_at_the_folder_of_the_configuration(value: Any, paths: list[str]) -> None:
    assert [str(p) for p in TableSource.make(value, BASE, "sales").path] == paths


def test_what_is_not_declared_is_plain_csv() -> None:
    source = TableSource.make("s.csv", BASE, "sales")
    assert (source.delimiter, source.encoding, source.decimal, source.thousands) == (",", "utf-8", ".", "")
    assert (source.date_format, source.time_zone, source.sheet, source.header_row) == (None, None, None, 1)
    assert source.columns == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "5 names no table"),
        ({}, "give either path or query"),
        ({"path": "a.csv", "query": "SELECT 1", "url": "sqlite://"}, "give either path or query"),
        ({"query": "SELECT 1"}, "query and url belong together"),
        ({"path": "a.csv", "url": "sqlite://"}, "query and url belong together"),
        ({"path": "a.csv", "decimal": ";"}, "decimal sign must be . or ,"),
        ({"path": "a.csv", "decimal": ",", "thousands": ","}, "decimal and thousands must differ"),
        ({"path": "a.csv", "thousands": ".."}, "thousands"),
        ({"path": "a.csv", "delimiter": ";;"}, "delimiter"),
        ({"path": "a.csv", "encoding": "klingon"}, "unknown encoding; try utf-8"),
        ({"path": "a.csv", "header_row": 0}, "header_row"),
        ({"path": "a.csv", "seperator": ";"}, "seperator"),
        ({"path": "a.csv", "columns": ["sku"]}, "columns"),
    ],
    ids=str,
)
def test_a_source_that_makes_no_sense_is_refused_with_its_setting(value: Any, words: str) -> None:
    assert words in refused(value)


@pytest.mark.parametrize("name", ["utf8", "UTF-8", "latin1", "cp1252", "windows-1252", "UTF-16"])
def test_an_encoding_has_many_names(name: str) -> None:
    import codecs

    assert TableSource(path=("s.csv",), encoding=name).encoding == codecs.lookup(name).name


def test_an_unknown_setting_is_named_beside_those_of_a_source() -> None:
    text = refused({"path": "a.csv", "seperator": ";"})
    assert "delimiter" in text
    assert "max_data_age_days" not in text


def test_the_address_is_filled_from_the_environment_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    source = TableSource(query="SELECT 1", url="postgresql://$USER_NAME:${SECRET}@host/shop")
    monkeypatch.setenv("USER_NAME", "me")
    monkeypatch.setenv("SECRET", "s3cret")
    assert source.address() == "postgresql://me:s3cret@host/shop"
    assert "postgresql" not in repr(source)
    monkeypatch.delenv("SECRET")
    with pytest.raises(ConfigurationError, match="environment variable that is not set") as problem:
        source.address()
    assert problem.value.exit_code == 2
    assert "me:" not in str(problem.value)


def test_a_source_is_decided_once_and_for_all() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TableSource(path=("s.csv",)).delimiter = ";"  # type: ignore[misc]
