"""Overrides from the edited workbook to the next plan, the purchase order and the review."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.exports.excel import write_workbook
from pipelines.exports.exporting import export_files
from pipelines.exports.run_files import RunFiles
from pipelines.jobs.override_review import describe_review, review_overrides
from pipelines.overrides import in_force, read_edited, record_overrides, recorded_overrides
from pipelines.project import Project, open_project, run_plan
from tests.pipelines.shop import AS_OF, Tables, only, small_shop, write_project

KEY = ["sku", "location"]
WHEN = dt.datetime(2025, 5, 5, 10, 0, tzinfo=dt.UTC)
QUICK = {"model": "moving_average", "simulation_paths": 0}


@pytest.fixture(scope="module")
def tables() -> Tables:
    return only(small_shop(), "00123", "-7", "=1+1", "NA", "[/i]")


def project_of(folder: Path, tables: Tables, space: Path, **changes: Any) -> Project:
    return open_project(write_project(folder, tables, **{**QUICK, **changes}), workspace=space)


def planned(project: Project) -> RunFiles:
    return RunFiles(run_plan(project, jobs=1).folder)


def edit(run: RunFiles, path: Path, changes: dict[tuple[str, str], tuple[Any, Any]]) -> Path:
    """Export a run and type quantities and notes into its workbook, as a planner would."""
    write_workbook(run, path)
    book = openpyxl.load_workbook(path)
    page = book["recommendations"]
    heading = [cell.value for cell in page[1]]
    columns = {name: heading.index(name) + 1 for name in (*KEY, "override_quantity", "override_note")}
    for row in range(2, page.max_row + 1):
        key = (page.cell(row, columns["sku"]).value, page.cell(row, columns["location"]).value)
        if key in changes:
            page.cell(row, columns["override_quantity"], changes[key][0])
            page.cell(row, columns["override_note"], changes[key][1])
    book.save(path)
    return path


def keep(project: Project, run: RunFiles, path: Path, when: dt.datetime = WHEN) -> int:
    changes = read_edited(path, run)
    return record_overrides(project.workspace, changes, run, "Ada", when)


def test_the_next_plan_carries_an_override_out_and_shows_what_it_is_expected_to_change(
    tables: Tables, tmp_path: Path
) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    lines = run.frame("recommendations").set_index(KEY)
    (key, order), *_ = lines[lines["order_quantity"] > 0]["order_quantity"].items()
    made = run.frame("decisions").set_index(KEY)
    pack = float(made.loc[[key], "pack"].iloc[0])
    wanted = order + 10 * pack
    path = edit(run, tmp_path / "edited.xlsx", {key: (wanted, "fair in town"), ("[/i]", "007"): (24, "new")})  # type: ignore[dict-item]
    assert keep(project, run, path) == 2
    again = planned(project)
    found = again.frame("recommendations").set_index(KEY)
    line = found.loc[[key]].iloc[0]
    assert line["order_quantity"] == wanted
    assert line["order_value"] == pytest.approx(wanted * line["unit_cost"])
    assert f"Ada set {wanted:,.0f} in place of {order:,.0f}: fair in town" in line["reason"]
    assert "override" in line["adjustment"]
    # Nothing is known of its demand: only a planner can order it.
    assert found.loc[[("[/i]", "007")], "order_quantity"].tolist() == [24.0]
    others = found.index.difference([key, ("[/i]", "007")])
    assert (found.loc[others, "order_quantity"] == lines.loc[others, "order_quantity"]).all()
    ordered = again.frame("order_lines").groupby(KEY)["order_quantity"].sum()
    assert ordered.to_dict() == found.loc[found["order_quantity"] > 0, "order_quantity"].to_dict()
    effect = again.frame("overrides").set_index(KEY).loc[[key]].iloc[0]
    assert effect["backorders_change"] <= 0
    assert effect["purchase_change"] == pytest.approx(10 * pack * line["unit_cost"])
    changes = again.frame("changes").set_index(KEY).loc[[key]].iloc[0]
    assert changes["limits_and_planners"] == changes["change"] == 10 * pack


def test_ordering_nothing_is_expected_to_cost_backorders(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    lines = run.frame("recommendations").set_index(KEY)
    key = lines["units_at_risk"].idxmax()
    assert keep(project, run, edit(run, tmp_path / "e.xlsx", {key: (0, "")})) == 1  # type: ignore[dict-item]
    again = planned(project)
    effect = again.frame("overrides").iloc[0]
    assert again.frame("recommendations").set_index(KEY).loc[[key], "order_quantity"].tolist() == [0.0]
    assert 0 < effect["backorders_change"] <= float(lines.loc[[key], "units_at_risk"].iloc[0]) + 1e-6
    assert effect["holding_change"] != effect["holding_change"] or effect["holding_change"] < 0


def test_who_when_and_why_are_kept_and_nothing_is_ever_taken_out(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    path = edit(run, tmp_path / "e.xlsx", {("00123", "007"): (600, "=HYPERLINK(1)")})
    assert keep(project, run, path) == 1
    assert keep(project, run, path) == 0
    edit(run, path, {("00123", "007"): (606, "more")})
    assert keep(project, run, path, WHEN + dt.timedelta(hours=1)) == 1
    found = recorded_overrides(project.workspace)
    assert found is not None
    assert found["quantity"].tolist() == [600.0, 606.0]
    assert found["why"].tolist() == ["=HYPERLINK(1)", "more"]
    assert set(found["by"]) == {"Ada"}
    assert found["at"].is_monotonic_increasing
    assert set(found["run_id"]) == {run.run_id}


@pytest.mark.parametrize(
    ("value", "note", "words"),
    [
        ("many", "", "is no number"),
        (-6, "", "must be 0 or more"),
        (float("inf"), "", "must be 0 or more"),
        (7.5, "", "no whole packs"),
        (6, "x" * 501, "501 characters"),
    ],
)
def test_what_can_t_be_ordered_is_refused_whole_with_its_row(
    tables: Tables, tmp_path: Path, value: Any, note: str, words: str
) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    path = tmp_path / "edited.csv"
    frame = pd.DataFrame({"sku": ["-7", "00123"], "location": "007", "override_quantity": ["60", value]})
    frame.assign(override_note=["", note]).to_csv(path, index=False)
    with pytest.raises(InputError, match="nothing was imported") as refused:
        read_edited(path, run)
    assert words in str(refused.value)
    assert "row 3, sku '00123' at '007'" in str(refused.value)


def test_another_run_s_workbook_an_unknown_item_and_other_files_are_refused(tables: Tables, tmp_path: Path) -> None:
    run = planned(project_of(tmp_path / "a", tables, tmp_path / "w"))
    other = planned(project_of(tmp_path / "b", tables, tmp_path / "w", target=0.05))
    path = edit(run, tmp_path / "e.xlsx", {})
    with pytest.raises(InputError, match=f"--run {run.run_id}"):
        read_edited(path, other)
    (tmp_path / "x.xlsx").write_text("no workbook")
    (tmp_path / "x.csv").write_text("sku,location\nA,main\n")
    (tmp_path / "y.csv").write_text("sku,location,override_quantity\nA,main,3\n")
    for name, words in (
        ("x.xlsx", "no readable workbook"),
        ("x.csv", "override_quantity"),
        ("y.csv", "not in the run"),
    ):
        with pytest.raises(InputError, match=words):
            read_edited(tmp_path / name, run)


def test_a_formula_that_was_never_computed_is_no_empty_cell(tables: Tables, tmp_path: Path) -> None:
    run = planned(project_of(tmp_path / "a", tables, tmp_path / "w"))
    path = edit(run, tmp_path / "e.xlsx", {("00123", "007"): ("=2*300", "")})
    with pytest.raises(InputError, match=r"'=2\*300' is no number"):
        read_edited(path, run)


def override(**changes: Any) -> dict[str, Any]:
    return {"sku": "A", "location": "main", "quantity": 5.0, "at": "2025-05-05T10", "as_of": AS_OF, **changes}


@pytest.mark.parametrize(
    ("rows", "released", "day", "quantities"),
    [
        ([override()], None, 0, [5.0]),
        ([override()], None, 1, [5.0]),
        ([override()], None, 2, None),
        ([override()], None, -1, None),
        ([override(), override(quantity=7.0)], None, 0, [7.0]),
        ([override(), override(sku="B", quantity=7.0)], None, 0, [5.0, 7.0]),
        ([override()], "2025-05-05T11", 0, None),
        ([override()], "2025-05-05T09", 0, [5.0]),
    ],
)
def test_an_override_holds_until_its_day_is_over_or_it_was_ordered(
    rows: list[dict[str, Any]], released: str | None, day: int, quantities: list[float] | None
) -> None:
    orders = None if released is None else pd.DataFrame([{"sku": "A", "location": "main", "released_at": released}])
    found = in_force(pd.DataFrame(rows), orders, (AS_OF + pd.Timedelta(days=day)).date(), 1)
    assert (None if found is None else found["quantity"].tolist()) == quantities


def test_an_override_that_was_released_is_not_ordered_again(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    keep(project, run, edit(run, tmp_path / "e.xlsx", {("00123", "007"): (600, "")}))
    again = planned(project)
    export_files(project.workspace, again, "purchase-orders", tmp_path / "po", released_at=WHEN + dt.timedelta(hours=2))
    last = planned(project).frame("recommendations").set_index(KEY)
    assert last["order_quantity"].sum() == 0
    assert last.loc[[("00123", "007")], "released"].tolist() == [600.0]


def test_a_hold_is_not_overruled_by_a_quantity(tables: Tables, tmp_path: Path) -> None:
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    keep(project, run, edit(run, tmp_path / "e.xlsx", {("00123", "007"): (600, "")}))
    rules = '[[plan.holds]]\nsku = "00123"\nuntil = 2025-06-01\nwhy = "recall"\n'
    held = planned(open_project(write_project(tmp_path / "a", tables, rules=rules, **QUICK), workspace=tmp_path / "w"))
    line = held.frame("recommendations").set_index(KEY).loc[[("00123", "007")]].iloc[0]
    assert line["order_quantity"] == 0
    assert line["status"] == "on hold" or line["status"] == "stocked out" or "stock-out" in line["status"]
    assert line["reason"].startswith("held until 2025-06-01: recall; Ada wanted 600")
    assert held.frame("overrides")["refused"].tolist() == ["held until 2025-06-01: recall"]


def test_a_review_replays_the_decision_against_what_sold_since(tables: Tables, tmp_path: Path) -> None:
    """Nothing was ordered although demand went on: units wait that the recommendation would have had on stock."""
    project = project_of(tmp_path / "a", tables, tmp_path / "w")
    run = planned(project)
    lines = run.frame("recommendations").set_index(KEY)
    key = lines["order_quantity"].idxmax()
    keep(project, run, edit(run, tmp_path / "e.xlsx", {key: (0, "too much")}))  # type: ignore[dict-item]
    assert describe_review(review_overrides(project.workspace, project.inputs, project.config))["known"] == 0
    sales = tables["sales"]
    newest = sales[sales["date"] == sales["date"].max()]
    further = [newest.assign(date=AS_OF + pd.Timedelta(weeks=k), quantity=40.0) for k in range(6)]
    later = project_of(tmp_path / "b", {**tables, "sales": pd.concat([sales, *further])}, tmp_path / "w")
    row = review_overrides(later.workspace, later.inputs, later.config).iloc[0]
    assert bool(row["known"])
    policy = run.frame("policy").set_index(KEY).loc[[key]].iloc[0]
    assert row["periods"] == round(policy["lead_time_periods"]) + policy["review_periods"]
    assert row["demand"] == 40 * row["periods"]
    assert row["backordered"] > row["backordered_recommended"]
    assert row["mean_stock"] <= row["mean_stock_recommended"]
    told = describe_review(review_overrides(later.workspace, later.inputs, later.config))
    assert (told["overrides"], told["known"]) == (1, 1)
