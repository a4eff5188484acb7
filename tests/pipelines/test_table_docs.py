"""The generated pages agree with the contracts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.table_docs import json_schema, tables_page, write_docs
from pipelines.tables import TABLES, contract

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["tables.md", "tables.schema.json"])
def test_the_committed_page_is_the_one_that_the_contracts_make(tmp_path: Path, name: str) -> None:
    write_docs(tmp_path)
    assert (DOCS / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described_with_its_limits(table: str) -> None:
    part = tables_page().split(f"\n## {table}\n")[1].split("\n## ")[0]
    schema = json_schema(table)
    for name, column in contract(table).columns.items():
        assert f"| {name} | {'yes' if column.required else ''} |" in part
        assert schema["properties"][name]["description"] == column.description
    assert schema["required"] == [name for name, column in contract(table).columns.items() if column.required]


def test_limits_are_told_in_both() -> None:
    assert "between 0 and 1" in tables_page()
    assert json_schema("items")["properties"]["pack_size"]["exclusiveMinimum"] == 0
    assert json_schema("stock")["properties"]["on_hand"]["minimum"] < 0
    assert json.dumps({table: json_schema(table) for table in TABLES})
