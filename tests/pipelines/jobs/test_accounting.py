"""Every row of the sales has one fate, and the fates add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines import Inputs, PlanConfig
from pipelines import sales as sales_module
from pipelines.errors import InputError
from pipelines.inputs import check_inputs
from pipelines.jobs.demand import demand_from_sales
from tests.pipelines.readers.reading import text_file

LINES = {
    "A,2025-03-03,4": "used",
    "A,2025-03-10,5": "used",
    "B,2025-03-10,1": "used",
    "A,2025-03-17,6": "used",
    "A,2025-03-10,-2": "returned",
    "C,2025-03-10,-1": "returned, never sold",
    "A,2025-03-03,": "not recorded",
    "A,2025-03-24,-3": "returned, outside",
    "A,2025-03-24,7": "at or after as_of",
    "A,2025-13-01,1": "set aside: not_a_date",
    "A,2025-03-03,x": "set aside: not_a_number",
    "A,2025-03-03": "set aside: row_too_short",
    "B,2025-03-17,2": "set aside: duplicate_key",
    "B,2025-03-17,3": "set aside: duplicate_key",
}


def fates(path: Path, lines: list[str], **settings: Any) -> dict[str, int]:
    text_file(path, "\n".join(["sku,date,quantity", *lines]))
    config = PlanConfig(max_quarantine_fraction=1.0, **settings)
    return demand_from_sales(check_inputs(Inputs(sales=path), config), config).fates


def test_each_kind_of_row_has_its_fate_and_all_add_up(tmp_path: Path) -> None:
    found = fates(
        tmp_path / "sales.csv", list(LINES), frequency="W-MON", as_of="2025-03-24", returns="net",
        missing_quantity="unknown",
    )  # fmt: skip
    assert found == {fate: list(LINES.values()).count(fate) for fate in LINES.values()}
    assert sum(found.values()) == len(LINES)


def test_rows_of_a_period_that_is_not_over_are_counted_apart(tmp_path: Path) -> None:
    days = [f"A,2025-03-{day:02},1" for day in range(3, 20)]
    assert fates(tmp_path / "sales.csv", days, frequency="W-MON") == {"used": 14, "partial period": 3}


def test_returns_of_a_channel_belong_to_the_article(tmp_path: Path) -> None:
    path = text_file(
        tmp_path / "sales.csv",
        "sku,date,quantity,channel\nA,2025-03-03,4,web\nA,2025-03-10,4,shop\nA,2025-03-10,-1,web\nA,2025-03-10,-1,\n",
    )
    config = PlanConfig(frequency="W-MON", returns="separate")
    found = demand_from_sales(check_inputs(Inputs(sales=path), config), config).fates
    assert found == {"used": 2, "returned": 2}


def test_more_bad_rows_than_can_be_described_are_refused_and_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales_module, "MOST_DESCRIBED", 3)
    bad = ["A,2025-03-10,x"] * 3
    assert fates(tmp_path / "sales.csv", ["A,2025-03-03,1", *bad])["set aside: not_a_number"] == 3
    with pytest.raises(InputError, match="more than 3 rows are bad, last: quantity 'x' is no number"):
        fates(tmp_path / "sales.csv", ["A,2025-03-03,1", *bad, "A,2025-03-10,x"])
