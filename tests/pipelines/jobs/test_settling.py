"""What stands of the orders: frozen days, small changes that are not made, holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.exports.run_files import RunFiles
from pipelines.project import open_project, run_plan
from tests.pipelines.shop import AS_OF, Tables, only, small_shop, write_project

KEY = ["sku", "location"]
QUICK = {"model": "moving_average", "simulation_paths": 0}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return only(small_shop(), "00123", "-7", "=1+1", "NA", "123")


def run_of(folder: Path, tables: Tables, space: Path, **changes: Any) -> RunFiles:
    file = write_project(folder, tables, **{**QUICK, **changes})
    return RunFiles(run_plan(open_project(file, workspace=space), jobs=1).folder)


def orders(run: RunFiles) -> pd.Series:
    return run.frame("recommendations").set_index(KEY)["order_quantity"]


def counted_again(tables: Tables, units: float) -> Tables:
    """The same night, after a recount found so many units more of everything."""
    return {**tables, "stock": tables["stock"].assign(on_hand=tables["stock"]["on_hand"] + units)}


def test_small_changes_are_not_made_and_large_ones_are(tables: Tables, tmp_path: Path) -> None:
    steady = {"order_stability": 0.3}
    first = run_of(tmp_path / "a", tables, tmp_path / "w", **steady)
    free = run_of(tmp_path / "b", counted_again(tables, 4), tmp_path / "other")
    second = run_of(tmp_path / "c", counted_again(tables, 4), tmp_path / "w", **steady)
    was, now, wanted = orders(first), orders(second), orders(free)
    small = (was > 0) & ((wanted - was).abs() <= 0.3 * was) & (wanted != was)
    assert small.any()
    assert (now[small] == was[small]).all()
    assert (now[~small] == wanted[~small]).all()
    assert ((wanted - was)[~small] != 0).any()
    lines = second.frame("recommendations").set_index(KEY)
    told = lines.loc[small[small].index]
    assert told["reason"].str.contains("a change of up to 30% is not made").all()
    assert told["adjustment"].str.contains("kept").all()
    placed = second.frame("order_lines").groupby(KEY)["order_quantity"].sum()
    assert placed.to_dict() == now[now > 0].to_dict()
    # The same plan again is the same run, although it follows another one now.
    again = run_of(tmp_path / "c", counted_again(tables, 4), tmp_path / "w", **steady)
    assert again.run_id == second.run_id


def test_within_the_frozen_days_the_earlier_plan_stands(tables: Tables, tmp_path: Path) -> None:
    first = run_of(tmp_path / "a", tables, tmp_path / "w", frozen_days=7)
    second = run_of(tmp_path / "b", counted_again(tables, 30), tmp_path / "w", frozen_days=7)
    free = run_of(tmp_path / "b", counted_again(tables, 30), tmp_path / "other")
    assert (orders(second) == orders(first)).all()
    assert (orders(free) != orders(first)).any()
    lines = second.frame("recommendations").set_index(KEY)
    changed = orders(free) != orders(first)
    assert lines.loc[changed, "reason"].str.contains("which is frozen").all()


def test_after_the_frozen_days_the_plan_is_free_again(tables: Tables, tmp_path: Path) -> None:
    run_of(tmp_path / "a", tables, tmp_path / "w", frozen_days=7)
    sales = tables["sales"]
    newest = sales[sales["date"] == sales["date"].max()].assign(date=AS_OF)
    later = {**tables, "sales": pd.concat([sales, newest], ignore_index=True)}
    second = run_of(tmp_path / "b", later, tmp_path / "w", frozen_days=7)
    free = run_of(tmp_path / "b", later, tmp_path / "other")
    assert (orders(second) == orders(free)).all()
    assert not second.frame("recommendations")["reason"].str.contains("frozen").any()


@pytest.mark.parametrize(("until", "held"), [("2025-05-05", True), ("2025-05-04", False)])
def test_a_hold_lasts_up_to_and_with_its_day(tables: Tables, tmp_path: Path, until: str, held: bool) -> None:
    rules = f'[[plan.holds]]\nsku = "00123"\nlocation = "007"\nuntil = {until}\nwhy = "recall"\n'
    free = orders(run_of(tmp_path / "a", tables, tmp_path / "w"))
    run = run_of(tmp_path / "b", tables, tmp_path / "w", rules=rules)
    now = orders(run)
    key = ("00123", "007")
    assert free.loc[key] > 0
    assert now.loc[key] == (0 if held else free.loc[key])
    others = free.index.drop(key)
    np.testing.assert_array_equal(now.loc[others], free.loc[others])
    reason = run.frame("recommendations").set_index(KEY).loc[[key], "reason"].iloc[0]
    assert (reason == "held until 2025-05-05: recall") == held
    planned = run.frame("planned_orders").set_index(KEY)
    assert (key in planned.index) != held
