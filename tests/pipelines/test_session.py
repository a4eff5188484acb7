"""A process that plans again and again publishes what commands would, and reads little twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from forecasting.forecaster import DemandForecaster
from pipelines import inputs
from pipelines.project import open_project, run_plan
from pipelines.session import PlanningSession
from tests.pipelines.shop import Tables, bytes_of, only, small_shop, write_csv, write_project


def sold_more(tables: Tables, row: int) -> pd.DataFrame:
    """An item sold more in its last weeks than the tables say."""
    sales = tables["sales"].copy()
    sku, location = sales.iloc[row][["sku", "location"]]
    last = sales.index[(sales["sku"] == sku) & (sales["location"] == location)][-4:]
    sales.loc[last, "quantity"] += 9.0
    return sales


def test_a_session_publishes_what_commands_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other: nothing known, a count of stock, one SKU's sales, and another's."""
    tables = only(small_shop(), "00123", "NA", "=1+1", "null")
    file = write_project(tmp_path / "shop", tables, refit="changed")
    session = PlanningSession(file, workspace=tmp_path / "session", jobs=1)
    seen: list[str] = []
    check, load = inputs.check_table, DemandForecaster.load

    def checks(reader: Any, *args: Any, **named: Any) -> Any:
        seen.append(reader.table)
        return check(reader, *args, **named)

    def loads(*args: Any, **named: Any) -> Any:
        seen.append("load")
        return load(*args, **named)

    steps: list[tuple[str, pd.DataFrame | None, list[str]]] = [
        ("stock", None, ["items", "open_orders", "receipts", "stock", "suppliers"]),
        ("stock", tables["stock"].assign(on_hand=7.0), ["stock"]),
        ("sales", sold_more(tables, 0), []),
        ("sales", sold_more(tables, -1), []),
    ]
    for name, frame, read in steps:
        if frame is not None:
            write_csv(frame, tmp_path / "shop" / f"{name}.csv")
        with monkeypatch.context() as patch:
            patch.setattr(inputs, "check_table", checks)
            patch.setattr(DemandForecaster, "load", loads)
            run = session.plan()
        assert sorted(seen) == read
        seen.clear()
        told = run_plan(open_project(file, workspace=tmp_path / "commands"), jobs=1)
        assert (run.run_id, bytes_of(run.folder)) == (told.run_id, bytes_of(told.folder))
        assert not run.repeated
    assert len({folder.name for folder in (tmp_path / "session" / "runs").iterdir()}) == len(steps)


def test_a_session_outlives_the_folder_of_its_stages(tmp_path: Path) -> None:
    tables = only(small_shop(), "00123", "NA")
    file = write_project(tmp_path / "shop", tables)
    session = PlanningSession(file, workspace=tmp_path / "w", jobs=1)
    first = bytes_of(session.plan().folder)
    shutil.rmtree(tmp_path / "w")
    assert bytes_of(session.plan().folder) == first
