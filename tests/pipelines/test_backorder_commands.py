"""restock backorders and restock promise: what people see, the JSON, the record of what customers were told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.errors import ConfigurationError
from pipelines.jobs.promising import promise_new_order
from pipelines.project import open_project, run_plan
from tests.pipelines.jobs.test_backorder_desk import days, orders, tables
from tests.pipelines.shop import write_project


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = orders([4, 5, 30], promised_on=days(0, 2, 10))
    file = write_project(tmp_path_factory.mktemp("desk"), tables(customer_orders=lines))
    run_plan(open_project(file), jobs=1)
    return file


def told(*arguments: object) -> str:
    found = CliRunner().invoke(cli.restock, [*map(str, arguments)], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


def answer(*arguments: object) -> dict[str, Any]:
    value = json.loads(told(*arguments, "--json"))
    assert isinstance(value, dict)
    return value


def test_people_see_who_waits_and_what_nothing_covers(file: Path) -> None:
    text = told("backorders", "--config", file)
    assert "2 backordered, 1 allocated; 33 units are backordered, the oldest for 2 days" in text
    bare = "A    main      backordered  2025-05-15"
    assert bare in told("plan", "--config", file)
    assert re.search(bare + r"    \d+ from S on 2025-05-05      1      8\n", text)
    assert re.search(r"P2 +S +A +main +2025-05-14 +2025-05-14 +0% +20 +20 +1\n", text)
    assert re.search(r"order +A +main +S +2025-05-05 .* 8 units wait that nothing covers", text)
    assert "To tell customers, against what they were told last: 1 later. For example:" in text
    assert "C2, A: In parts: 2 of 5 expected by May 5" in text
    assert "To offer: 2 of 5 at once; wait or cancel." in text
    assert "on hand, P1" in told("plan", "--config", file)


def test_json_names_the_files_of_the_run(file: Path) -> None:
    value = answer("backorders", "--config", file)
    assert value["counts"]["lines_uncovered"] == 1
    names = {Path(path).name for path in value["outputs"]}
    assert names >= {"backorders.parquet", "backorder_coverage.parquet", "purchase_orders.parquet"}
    lines = pd.read_parquet(next(path for path in value["outputs"] if path.endswith("backorders.parquet")))
    risk = pd.read_parquet(next(path for path in value["outputs"] if path.endswith("backorder_risk.parquet")))
    assert list(risk.columns[:5]) == ["sku", "location", "probability", "expected_units", "revenue_at_risk"]
    assert list(lines.columns[:10]) == [
        "order_id", "line", "sku", "location", "quantity_waiting", "age_days", "status", "covered_by", "promise_date",
        "promise_probability",
    ]  # fmt: skip


def test_what_customers_were_told_is_on_record(file: Path, tmp_path: Path) -> None:
    """The line whose date has changed is told once; then there is nothing new to tell."""
    space = ("--config", file, "--workspace", tmp_path)
    assert answer("backorders", *space, "--told")["counts"]["lines_told"] == 1
    record = pd.read_parquet(tmp_path / "promises.parquet")
    assert record[["order_id", "promise_date"]].to_numpy().tolist() == [["C2", days(6)[0]]]
    again = answer("backorders", *space, "--told")
    assert (again["counts"]["lines_to_tell"], again["counts"]["lines_told"]) == (0, 0)
    assert len(pd.read_parquet(tmp_path / "promises.parquet")) == 1
    assert not list(tmp_path.glob(".promises*"))


def test_a_new_order_stands_behind_all_that_wait(file: Path) -> None:
    """39 wait for 31; a further one of 5 is covered by nothing and comes with the next order, after ten days."""
    value = answer("promise", "--sku", "A", "--quantity", 5, "--config", file)
    assert (value["promise_date"], value["units_ahead"]) == ("2025-05-15", 39)
    assert value["deliveries"] == [
        {"source": "next order", "quantity": 5, "delivery_date": "2025-05-15", "delivery_probability": 1}
    ]
    text = told("promise", "--sku", "A", "--quantity", 5, "--config", file)
    assert "90% sure: by 2025-05-15" in text
    assert "For the customer: Expected on May 15; we will write again if this changes." in text


def test_a_new_order_comes_in_parts() -> None:
    """Nobody else waits: 4 are free on hand, 5 come in six days, 20 in nine, the rest with the next order."""
    from pipelines import Inputs, PlanConfig

    shop = tables()
    del shop["customer_orders"]
    found = promise_new_order(Inputs(**shop), PlanConfig(frequency="D"), "A", 31.0)
    rows = found.deliveries[["source", "quantity", "delivery_date"]].to_numpy().tolist()
    assert rows == [
        ["on hand", 4, days(0)[0]], ["P1", 5, days(6)[0]], ["P2", 20, days(9)[0]], ["next order", 2, days(10)[0]]
    ]  # fmt: skip
    assert found.dates[0.95] == days(10)[0]


@pytest.mark.parametrize(
    ("item", "status", "date", "words"),
    [
        ({"available_from": days(12)}, "pre-order", "2025-05-17", "Expected on May 17"),
        ({"hold": [True]}, "out of stock", None, "4 of 6 can be delivered, by May 5; the rest is no longer available"),
        ({"discontinued_on": days(-1)}, "discontinued", None, "4 of 6 can be delivered, by May 5; the rest"),
    ],
)
def test_a_promise_says_what_becomes_of_the_order(
    item: dict[str, Any], status: str, date: str | None, words: str, tmp_path: Path
) -> None:
    """Nobody waits; of 6 units on hand 2 are set aside for others, and nothing is on order."""
    shop = tables()
    del shop["customer_orders"], shop["open_orders"]
    file = write_project(tmp_path, {**shop, "items": shop["items"].assign(**item)})
    value = answer("promise", "--sku", "A", "--quantity", 6, "--config", file)
    assert (value["status"], value["order_status"], value["promise_date"]) == ("ok", status, date)
    text = told("promise", "--sku", "A", "--quantity", 6, "--config", file)
    assert text.startswith(f"6 of A at main, ordered 2025-05-05: {status}\n")
    assert words in text
    assert ("No date for all of it: nothing covers 2 of it" in text) == (date is None)


@pytest.mark.parametrize(
    ("sku", "quantity", "location", "words"),
    [
        ("B", 1.0, None, "sku 'B' is not planned"),
        ("A", 0.0, None, "quantity is 0"),
        ("A", float("inf"), None, "quantity is inf; a promise is for more than 0 and at most 1e.12 units"),
        ("A", 1.0, "south", "sku 'A' at location 'south' is not planned"),
        ("A", 1.0, None, "kept at 'main', 'other'"),
    ],
)
def test_questions_without_an_answer(sku: str, quantity: float, location: str | None, words: str) -> None:
    from pipelines import Inputs, PlanConfig

    shop = tables()
    both = shop["items"].loc[[0, 0]].assign(location=["main", "other"]) if words.startswith("kept") else shop["items"]
    with pytest.raises(ConfigurationError, match=words):
        promise_new_order(Inputs(**{**shop, "items": both}), PlanConfig(frequency="D"), sku, quantity, location)
