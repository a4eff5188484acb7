"""A planner's day: look, decide otherwise, order, and hand it on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa

from tests.end_to_end.conftest import Restock
from tests.postgresql import postgresql

KEY = ["sku", "location"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    with postgresql(tmp_path / "postgresql") as address:
        yield address


def edited(path: Path, note: str) -> dict[str, Any]:
    """Type twice the quantity and a note into the first line of a workbook, save it, and give what stands there."""
    book = openpyxl.load_workbook(path)
    page = book["recommendations"]
    column = {str(cell.value): cell.column for cell in page[1]}
    line = {name: page.cell(2, k).value for name, k in column.items()}
    assert line["order_quantity"] > 0
    page.cell(2, column["override_quantity"], 2 * line["order_quantity"])
    page.cell(2, column["override_note"], note)
    book.save(path)
    return line


def lines_of(told: dict[str, Any], name: str) -> pd.DataFrame:
    """One Parquet table of the run that a command told of, by item."""
    (path,) = (each for each in told["outputs"] if Path(each).name == f"{name}.parquet")
    return pd.read_parquet(path).set_index(KEY)


def read_back(address: str, query: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


def everything(address: str) -> list[list[tuple[Any, ...]]]:
    tables = ("restock_runs", "restock_recommendations", "restock_order_lines")
    return [read_back(address, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in tables]  # noqa: S608 - our names


def test_a_planner_s_day(restock: Restock, demo: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = ("--config", demo)
    assert {table["table"] for table in restock("check", *shop)["tables"]} >= {"sales", "items", "stock"}
    first = restock("plan", *shop)
    alerts = restock("alerts", *shop)
    assert alerts["run_id"] == first["run_id"]
    assert alerts["alerts"]

    (workbook,) = (p for p in restock("export", "--to", "excel", *shop)["outputs"] if p.endswith(".xlsx"))
    line = edited(Path(workbook), "=fair on Friday")
    key, wanted = (line["sku"], line["location"]), 2.0 * line["order_quantity"]
    assert restock("overrides", "import", workbook, "--by", "Ada", *shop)["counts"] == {"changed": 1, "new": 1}

    second = restock("plan", *shop)
    assert second["run_id"] != first["run_id"]
    before, now = (lines_of(told, "recommendations")["order_quantity"] for told in (first, second))
    assert now[key] == wanted
    assert now.drop(key).equals(before.drop(key))
    effect = lines_of(second, "overrides").loc[key]
    assert (effect["by"], effect["why"], effect["recommended"]) == ("Ada", "=fair on Friday", line["order_quantity"])
    assert effect["backorders_change"] <= 0 < effect["purchase_change"]
    changes = restock("alerts", "--changes", *shop)["changes"]
    assert [(row["sku"], row["location"]) for row in changes if row["before"] != row["now"]] == [key]

    orders = restock("export", "--to", "purchase-orders", *shop)
    assert orders["counts"]["lines_released"] == (now > 0).sum() == second["counts"]["order_lines"]
    text = pd.concat([pd.read_csv(p, dtype={"sku": str}) for p in orders["outputs"] if "-" in Path(p).stem])
    assert text.set_index(KEY)["quantity"][key] == wanted
    assert text["quantity"].sum() == now.sum()

    monkeypatch.setenv("PLANS_URL", database)
    publish = ("export", "--to", "sql", "--url", "$PLANS_URL", *shop)
    counts = restock(*publish)["counts"]
    once = everything(database)
    assert [len(rows) for rows in once] == [1, *counts.values()]
    assert restock(*publish)["counts"] == counts
    assert everything(database) == once
    latest = read_back(database, "SELECT run_id, sku, location, order_quantity FROM restock_latest")
    assert {row[0] for row in latest} == {second["run_id"]}
    assert {row[1:3]: row[3] for row in latest} == now.to_dict()

    # What was ordered counts: the next night orders none of it again.
    third = lines_of(restock("plan", *shop), "recommendations")
    assert third["order_quantity"].sum() == 0
    assert third["released"].equals(now.rename("released"))
