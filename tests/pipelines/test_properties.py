"""Properties of any shop: a plan keeps its invariants, and how the rows are written down changes no bit of it."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import Inputs, PlanConfig, PlanResult, plan
from pipelines.errors import InputError
from pipelines.sources import TableSource
from tests.fuzz.csv_tables import fuzz
from tests.pipelines.invariants import check_plan
from tests.pipelines.shop import (
    QUICK,
    SKUS,
    Tables,
    auto_planned,
    examples,
    only,
    planned,
    same_plan,
    small_shop,
    write_csv,
    write_parquet,
)

FAST = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
SHOP = only(small_shop(), *SKUS[:4], SKUS[9], SKUS[10])

units = st.one_of(st.integers(0, 9), st.integers(0, 10**6), st.floats(0, 1e6, allow_nan=False), st.just(0))
days = st.floats(0, 400, allow_nan=False)
unknown = st.just(float("nan"))
identifiers = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"]), min_size=1, max_size=8
)
identifiers = identifiers.map(partial(unicodedata.normalize, "NFC"))  # as they come out again


@st.composite
def shops(draw: st.DrawFn) -> Tables:
    """Tables that pass the checks, with whatever values the contract allows."""
    skus = draw(st.lists(identifiers, min_size=1, max_size=4, unique=True))
    weeks = pd.date_range("2024-01-01", periods=draw(st.integers(3, 40)), freq="7D")
    cells = [(sku, week) for sku in skus for week in weeks]
    sales = pd.DataFrame(cells, columns=["sku", "date"])
    pattern = draw(st.lists(units, min_size=1, max_size=30))
    sales["quantity"] = np.resize(np.array(pattern, dtype=float), len(sales))
    kept = draw(st.integers(1, 3))
    sales = pd.concat([sales.iloc[::kept], sales.iloc[[-1]]]).drop_duplicates(["sku", "date"])
    n = len(skus)

    def column(values: st.SearchStrategy[Any]) -> list[float]:
        return draw(st.lists(st.one_of(values, unknown), min_size=n, max_size=n))

    items = pd.DataFrame(
        {
            "sku": skus,
            "lead_time_days": column(days),
            "lead_time_sd_days": column(st.floats(0, 60)),
            "unit_cost": column(st.floats(0, 1e4)),
            "order_cost": column(st.floats(0, 1e3)),
            "holding_rate": column(st.floats(0, 1)),
            "moq": column(st.integers(0, 500).map(float)),
            "pack_size": column(st.integers(1, 60).map(float)),
            "max_stock": column(st.floats(0, 1e5)),
        }
    )
    stock = pd.DataFrame({"sku": skus, "on_hand": draw(st.lists(st.integers(-50, 5000), min_size=n, max_size=n))})
    return {"sales": sales.reset_index(drop=True), "items": items, "stock": stock.astype({"on_hand": float})}


@FAST
@given(shops(), st.sampled_from(["auto", "order_up_to", "reorder_point", "min_max"]), st.sampled_from([0, 7, 28]))
def test_any_tables_that_pass_give_a_plan_that_keeps_its_invariants(tables: Tables, policy: str, review: int) -> None:
    result = auto_planned(tables, frequency="W-MON", policy=policy, review_days=review, simulation_paths=3)
    assert len(result.quarantine) == 0


@pytest.fixture(scope="module")
def usual() -> PlanResult:
    return auto_planned(SHOP)


@settings(FAST, max_examples=6)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_order_of_rows_and_their_files_changes_no_bit(usual: PlanResult, seed: int, parts: int) -> None:
    random = np.random.default_rng(seed)
    mixed = {name: frame.iloc[random.permutation(len(frame))] for name, frame in SHOP.items()}
    with tempfile.TemporaryDirectory() as folder:
        files = {
            name: [
                write_csv(frame.iloc[k::parts], Path(folder) / f"{name}{k}.csv")
                for k in range(parts)
                if len(frame.iloc[k::parts])
            ]
            for name, frame in mixed.items()
        }
        assert same_plan(auto_planned(files), usual)


def german(frame: pd.DataFrame, path: Path, encoding: str) -> TableSource:
    """A table as a German office program exports it, in some encoding, with what must be declared for it."""
    frame.to_csv(path, index=False, sep=";", decimal=",", date_format="%d.%m.%Y", encoding=encoding)
    return TableSource(path=(path,), delimiter=";", decimal=",", date_format="%d.%m.%Y", encoding=encoding)


def excel(frame: pd.DataFrame, path: Path) -> TableSource:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for k, row in enumerate([list(frame.columns), *frame.astype(object).values.tolist()], start=1):
        for j, value in enumerate(row, start=1):
            cell = sheet.cell(k, j)
            if isinstance(value, str):
                cell.value, cell.data_type = value, "s"  # never a formula
            elif not pd.isna(value):
                cell.value = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
    book.save(path)
    return TableSource(path=(path,))


DOORS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: write_csv(frame, path.with_suffix(".csv")),
    "parquet": lambda frame, path: write_parquet(frame, path.with_suffix(".parquet")),
    "excel": lambda frame, path: excel(frame, path.with_suffix(".xlsx")),
    "utf-8": lambda frame, path: german(frame, path.with_suffix(".csv"), "utf-8"),
    "utf-8 with its mark": lambda frame, path: write_bom(frame, path.with_suffix(".csv")),
    "utf-16": lambda frame, path: german(frame, path.with_suffix(".csv"), "utf-16"),
    "cp1252": lambda frame, path: german(frame, path.with_suffix(".csv"), "cp1252"),
}


def write_bom(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False, date_format="%Y-%m-%d", encoding="utf-8-sig", lineterminator="\r\n")
    return path


@pytest.fixture(scope="module")
def plain() -> PlanResult:
    """With a plain model: a door knows nothing of forecasts."""
    return planned(SHOP)


@pytest.mark.parametrize("door", DOORS)
def test_how_tables_are_written_changes_no_bit(door: str, plain: PlanResult, tmp_path: Path) -> None:
    western = {"naïve Ä 日本": "naïve Ä ß"} if door == "cp1252" else {}
    tables = {name: frame.replace(western) for name, frame in SHOP.items()}
    given = {name: DOORS[door](frame, tmp_path / name) for name, frame in tables.items()}
    assert same_plan(planned(given), planned(tables) if western else plain)


def test_damaged_files_end_in_no_traceback_and_lose_no_row() -> None:
    """A few hundred damages with a fixed seed; ``python -m tests.fuzz.csv_tables`` runs for as long as wanted."""
    tally = fuzz(seed=20, count=150)
    assert tally.findings == []
    assert tally.outcomes["read"] > 50
    assert tally.outcomes["refused (3)"] > 10


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.thorough)])
def test_a_damaged_outside_forecast_ends_in_no_traceback_and_loses_no_row(count: int) -> None:
    tally = fuzz(seed=21, count=count, table="forecast")
    assert tally.findings == []
    assert tally.outcomes["read"] > count // 4


def test_the_fuzzer_sees_a_lost_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is no rubber stamp: a reader that drops its last row of sales is found out."""
    from pipelines.sales import CheckedSales

    scan = CheckedSales.scan

    def forgetful(self: CheckedSales, columns: Any) -> Any:
        for batch in scan(self, columns):
            yield batch.slice(0, max(batch.num_rows - 1, 0))

    monkeypatch.setattr(CheckedSales, "scan", forgetful)
    tally = fuzz(seed=20, count=10)
    assert len(tally.findings) > 0
    assert "rows" in tally.findings[0]


def test_tables_that_do_not_pass_are_refused_by_name() -> None:
    config = PlanConfig(**QUICK)
    with pytest.raises(InputError, match="sales"):
        check_plan(plan(Inputs(sales=SHOP["sales"].assign(quantity="x")), config), config)
