"""Purchase orders: one file a supplier, whole and checked, and remembered so that nothing is ordered twice."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from pipelines.errors import ConfigurationError
from pipelines.exports.exporting import export_files
from pipelines.exports.purchase_orders import purchase_orders, write_purchase_orders
from pipelines.exports.run_files import RunFiles
from pipelines.project import Project, open_project, run_plan
from pipelines.released_orders import forget, recorded_releases
from pipelines.workspace import Workspace, digest_file
from tests.pipelines.shop import AS_OF, Tables, only, small_shop, write_project

WHEN = dt.datetime(2025, 5, 5, 18, 0, tzinfo=dt.UTC)
QUICK = {"model": "moving_average", "simulation_paths": 0}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return only(small_shop(), "00123", "-7", "=1+1", "NA")


def project_of(folder: Path, tables: Tables, space: Path, **changes: object) -> Project:
    return open_project(write_project(folder, tables, **{**QUICK, **changes}), workspace=space)


def released(project: Project) -> RunFiles:
    """Plan, and export the orders."""
    run = RunFiles(run_plan(project, jobs=1).folder)
    export_files(project.workspace, run, "purchase-orders", project.workspace.root / "out", released_at=WHEN)
    return run


def test_each_supplier_gets_one_file_with_all_its_lines(run: RunFiles, lines: pd.DataFrame, target: Path) -> None:
    target.mkdir()
    write_purchase_orders(run, target)
    text = {"dtype": str, "na_filter": False}
    totals = pd.read_csv(target / "purchase_orders.csv", **text)
    wanted = lines[lines["order_quantity"] > 0]
    assert sorted(totals["supplier"]) == sorted(set(wanted["supplier"]))
    files = [path for path in target.iterdir() if path.name != "purchase_orders.csv"]
    assert len(files) == len(totals)
    assert all(path.parent == target and path.stem.replace("-", "").isalnum() for path in files)
    rows = pd.concat([pd.read_csv(path, **text) for path in files])
    found = {(r.sku, r.location): (r.supplier, float(r.quantity)) for r in rows.itertuples()}
    assert found == {(r.sku, r.location): (r.supplier, r.order_quantity) for r in wanted.itertuples()}
    assert totals["value"].astype(float).sum() == pytest.approx(wanted["order_value"].sum())


def test_an_order_below_the_minimum_of_its_supplier_is_told(tables: Tables, tmp_path: Path) -> None:
    """The plan lets it wait or raises it; a later change of the lines is still noticed."""
    suppliers = tables["suppliers"].assign(min_order_value=[1e7, 0.0])
    project = project_of(tmp_path / "a", {**tables, "suppliers": suppliers}, tmp_path / "w")
    run = RunFiles(run_plan(project, jobs=1).folder)
    decisions = {row["supplier"]: row["decision"] for row in run.summary["supplier_orders"]}
    done = export_files(project.workspace, run, "purchase-orders", tmp_path / "out", released_at=None)
    assert decisions["S1"] in ("waits", "below")
    assert len(done.warnings) == (decisions["S1"] == "below")
    assert all("below its minimum of 10,000,000.00" in text for text in done.warnings)


def test_two_nights_on_an_unchanged_erp_order_nothing_twice(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "shop", tables, tmp_path / "w")
    first = released(project)
    ordered = first.frame("recommendations").set_index(["sku", "location"])["order_quantity"]
    assert ordered.sum() > 0
    second = RunFiles(run_plan(project, jobs=1).folder)
    again = second.frame("recommendations").set_index(["sku", "location"])
    assert second.run_id != first.run_id
    assert again["order_quantity"].sum() == 0
    assert (again["released"] == ordered).all()
    assert second.summary["items"] == first.summary["items"]
    # The third night is the second one again.
    assert run_plan(project, jobs=1).repeated


@pytest.mark.parametrize("limit", ["capacity", "budget"])
def test_two_nights_share_what_a_supplier_can_deliver_and_what_may_be_spent(
    tables: Tables, tmp_path: Path, limit: str
) -> None:
    """What the first night had to leave, because of a limit of the day, the second must not order either."""
    free = RunFiles(run_plan(project_of(tmp_path / "free", tables, tmp_path / "f"), jobs=1).folder)
    wanted = free.frame("recommendations")
    if limit == "capacity":
        half = wanted[["sku", "location", "supplier"]].assign(capacity_per_period=wanted["order_quantity"] // 2)
        project = project_of(tmp_path / "shop", {**tables, "item_suppliers": half}, tmp_path / "w")
    else:
        project = project_of(tmp_path / "shop", tables, tmp_path / "w", budget=wanted["order_value"].sum() / 2)
    first = released(project).frame("recommendations")
    assert 0 < first["order_value"].sum() <= wanted["order_value"].sum() * 0.6
    second = RunFiles(run_plan(project, jobs=1).folder)
    both = first["order_quantity"] + second.frame("recommendations")["order_quantity"]
    if limit == "capacity":
        assert (both <= wanted["order_quantity"] // 2).all()
        assert any("beside" in reason for reason in second.frame("recommendations")["reason"])
    else:
        spent = first["order_value"].sum() + second.frame("recommendations")["order_value"].sum()
        assert spent <= wanted["order_value"].sum() / 2 + 1e-6


@pytest.mark.parametrize("number", ["ours", "theirs"])
def test_what_the_erp_shows_counts_once(tables: Tables, tmp_path: Path, number: str) -> None:
    """By our number, or under a number of the ERP's own by article, quantity, supplier and day."""
    space = tmp_path / "w"
    run = released(project_of(tmp_path / "a", tables, space))
    rows = purchase_orders(run)
    shown = pd.DataFrame(
        {
            "sku": rows["sku"],
            "location": rows["location"],
            "quantity": rows["quantity"],
            "due_date": rows["arrival_date"],
            "ordered_on": rows["order_date"] + pd.Timedelta(days=2),
            "po": rows["po"] if number == "ours" else [f"45{k:06d}" for k in range(len(rows))],
        }
    )
    orders = pd.concat([tables["open_orders"], shown], ignore_index=True)
    plan = RunFiles(run_plan(project_of(tmp_path / "b", {**tables, "open_orders": orders}, space), jobs=1).folder)
    found = plan.frame("recommendations").set_index(["sku", "location"])
    before = run.frame("recommendations").set_index(["sku", "location"])
    assert (found["released"] == 0).all()
    assert (found["on_order"] == before["on_order"] + before["order_quantity"]).all()
    assert found["order_quantity"].sum() == 0


def test_a_run_made_before_other_orders_were_released_is_not_exported(tables: Tables, tmp_path: Path) -> None:
    space = tmp_path / "w"
    other = RunFiles(run_plan(project_of(tmp_path / "b", tables, space, target=0.05), jobs=1).folder)
    released(project_of(tmp_path / "a", tables, space))
    with pytest.raises(ConfigurationError, match="might order them again") as refused:
        export_files(Workspace(space), other, "purchase-orders", tmp_path / "out", released_at=WHEN)
    assert refused.value.code == "orders_released_since"
    assert not (tmp_path / "out").exists()


def test_exporting_a_run_again_releases_nothing_again(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = released(project)
    once = recorded_releases(project.workspace)
    done = export_files(project.workspace, run, "purchase-orders", tmp_path / "w" / "out", released_at=WHEN)
    assert done.released == 0
    pd.testing.assert_frame_equal(recorded_releases(project.workspace), once)
    manifest = json.loads((tmp_path / "w" / "out" / "manifest.json").read_text())
    assert manifest["run_id"] == run.run_id
    assert manifest["outputs"] == {name: digest_file(tmp_path / "w" / "out" / name) for name in manifest["outputs"]}
    assert {"purchase_orders.csv"} < set(manifest["outputs"])


def test_a_forgotten_order_is_ordered_again(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = released(project)
    for po in purchase_orders(run)["po"].unique():
        assert forget(project.workspace, po, WHEN) > 0
    again = RunFiles(run_plan(project, jobs=1).folder).frame("recommendations")
    assert again["order_quantity"].tolist() == run.frame("recommendations")["order_quantity"].tolist()
    assert (again["released"] == 0).all()


def test_a_folder_of_other_things_is_left_alone(run: RunFiles, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ConfigurationError, match="--output"):
        export_files(Workspace(tmp_path), run, "csv", tmp_path, released_at=None)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_an_order_of_the_future_is_unknown_to_a_plan_of_the_past(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    released(project)
    past = open_project(project.file, workspace=tmp_path / "w", as_of=(AS_OF - pd.Timedelta(days=7)).date())
    stock = tables["stock"]
    assert stock["on_hand"].sum() > 0
    assert (RunFiles(run_plan(past, jobs=1).folder).frame("recommendations")["released"] == 0).all()
