"""A project on disk: opened, planned, published once, and found again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import Inputs
from pipelines.errors import ConfigurationError, InputError
from pipelines.project import Project, PublishedRun, open_project, run_plan
from pipelines.workspace import digest_file, write_parquet
from tests.pipelines.shop import SKUS, Tables, bytes_of, only, planned, same_plan, settings, small_shop, write_project

FILES = {
    "recommendations.csv", "recommendations.parquet", "policy.parquet", "forecast.parquet", "simulation.parquet",
    "safety_stock.parquet", "stock_outs.parquet",
    "log.parquet", "repairs.parquet", "manifest.json", "summary.json",
    "order_lines.csv", "order_lines.parquet", "next_packs.parquet",
    "backorders.csv", "backorders.json", "backorders.parquet", "backorder_coverage.parquet", "purchase_orders.parquet",
    "backorder_proposals.parquet", "backorder_risk.parquet",
    "backorder_kpis.parquet", "backorder_causes.parquet", "backorder_promises.parquet",
    "alerts.csv", "alerts.parquet", "decisions.parquet",
    "planned_orders.parquet", "planned_levels.parquet", "planned_money.parquet",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> Tables:
    return small_shop()


@pytest.fixture(scope="module")
def project(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(write_project(tmp_path_factory.mktemp("shop"), tables))


@pytest.fixture(scope="module")
def run(project: Project) -> PublishedRun:
    return run_plan(project, jobs=1)


def test_a_run_holds_the_files_of_the_contract_with_their_digests(project: Project, run: PublishedRun) -> None:
    assert {p.name for p in run.folder.iterdir()} == {*FILES, "quarantine"}
    assert not run.repeated
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert set(manifest["outputs"]) == FILES - {"manifest.json"}
    assert {name: entry["sha256"] for name, entry in manifest["inputs"].items()} == project.digests()
    assert manifest["config"]["paths"] == project.config.paths
    assert {"restock", "numpy", "pandas", "pyarrow"} <= set(manifest["versions"])
    assert manifest["run_id"] == run.run_id == run.folder.name == project.workspace.latest()
    assert project.workspace.complete(run.run_id)


def test_text_identifiers_stand_in_the_recommendations_exactly_as_in_the_tables(run: PublishedRun) -> None:
    """A heading, two locations an SKU, sorted; read as plain text, nothing taken for a number or a missing value."""
    text = pd.read_csv(run.folder / "recommendations.csv", dtype=str, na_filter=False)
    typed = pd.read_parquet(run.folder / "recommendations.parquet")
    wanted = [(sku, place) for sku in sorted(SKUS) for place in ("007", "NULL")]
    for frame in (text, typed):
        assert list(zip(frame["sku"], frame["location"], strict=True)) == wanted
        assert set(frame["supplier"]) == {"S1", "None"}
    assert text["order_quantity"].astype(float).tolist() == typed["order_quantity"].tolist()
    head = (run.folder / "recommendations.csv").read_bytes().decode("utf-8").split("\r\n")
    assert head[0].startswith("sku,location,supplier,status,order_quantity")
    assert any(line.startswith("00123,007,S1,") for line in head)


@pytest.mark.parametrize("suffix", [".parquet", "frames"])
def test_the_same_data_as_csv_parquet_or_frames_give_the_same_plan_to_the_bit(
    tables: Tables, run: PublishedRun, tmp_path: Path, suffix: str
) -> None:
    if suffix == "frames":
        result = planned(tables)
        for name in ("recommendations", "policy", "forecast", "simulation", "log"):
            write_parquet(getattr(result, name), tmp_path / "frame.parquet")
            assert digest_file(tmp_path / "frame.parquet") == digest_file(run.folder / f"{name}.parquet")
        return
    other = run_plan(open_project(write_project(tmp_path, tables, suffix=suffix)), jobs=1)
    ours, theirs = bytes_of(run.folder), bytes_of(other.folder)
    assert other.run_id != run.run_id
    assert {k: v for k, v in ours.items() if k != "manifest.json"} == {
        k: v for k, v in theirs.items() if k != "manifest.json"
    }


def test_two_threads_write_the_same_bytes_as_one(project: Project, run: PublishedRun, tmp_path: Path) -> None:
    again = run_plan(dataclasses.replace(project, workspace=type(project.workspace)(tmp_path)), jobs=2)
    assert again.run_id == run.run_id
    assert bytes_of(again.folder) == bytes_of(run.folder)


def test_the_same_run_twice_is_computed_once(
    project: Project, run: PublishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytes_of(project.workspace.root)
    monkeypatch.setattr("pipelines.project._compute", lambda *_: pytest.fail("computed again"))
    again = run_plan(project)
    assert again.repeated
    assert again.summary == run.summary
    assert bytes_of(project.workspace.root) == before


@pytest.mark.parametrize("name", ["recommendations.csv", "summary.json", "manifest.json"])
def test_a_damaged_run_is_computed_again_to_the_same_bytes(
    project: Project, run: PublishedRun, tmp_path: Path, name: str
) -> None:
    whole = bytes_of(run.folder)
    space = type(project.workspace)(tmp_path)
    shutil.copytree(project.workspace.root, space.root, dirs_exist_ok=True)
    with (space.folder(run.run_id) / name).open("ab") as file:
        file.write(b"}")
    again = run_plan(dataclasses.replace(project, workspace=space), jobs=1)
    assert not again.repeated
    assert bytes_of(again.folder) == whole


def test_what_changes_the_plan_changes_its_identity_and_nothing_else_does(
    tables: Tables, project: Project, tmp_path: Path
) -> None:
    """Comments, the place of the files and the order in which tables are named don't; a setting and a byte do."""
    file = write_project(tmp_path, dict(reversed(tables.items())))
    file.write_text("# a comment\n" + file.read_text())
    identity = project.identity()[0]
    assert open_project(file).identity()[0] == identity
    assert open_project(file, workspace=tmp_path / "elsewhere").identity()[0] == identity
    assert open_project(file, as_of=dt.date(2025, 5, 5)).identity()[0] != identity
    assert open_project(write_project(tmp_path, tables, target=0.03)).identity()[0] != identity
    write_project(tmp_path, tables)
    (tmp_path / "stock.csv").write_text((tmp_path / "stock.csv").read_text() + "\n")
    assert open_project(file).identity()[0] != identity


def test_a_setting_that_is_spelt_out_with_its_default_is_the_same_plan(project: Project, tmp_path: Path) -> None:
    values = project.config.model_dump(mode="json", exclude_none=True)
    again = type(project.config).make({**values, "rules": []}, "again")
    assert dataclasses.replace(project, config=again).identity()[0] == project.identity()[0]


def test_a_new_plan_leaves_the_old_one_as_it_was(tables: Tables, tmp_path: Path) -> None:
    small = only(tables, "NA")
    old = run_plan(open_project(write_project(tmp_path, small)), jobs=1)
    before = bytes_of(old.folder)
    new = run_plan(open_project(write_project(tmp_path, small, target=0.1)), jobs=1)
    assert new.run_id != old.run_id
    assert bytes_of(old.folder) == before
    assert open_project(tmp_path / "restock.toml").workspace.latest() == new.run_id


def test_rows_set_aside_are_written_one_file_a_table(tables: Tables, tmp_path: Path) -> None:
    small = only(tables, "NA", "00123")
    small["sales"].loc[3, "quantity"] = -1.0
    file = write_project(tmp_path, small)
    with (tmp_path / "open_orders.csv").open("a") as orders:
        orders.write("TRUE,007,5,2025-05-12\n")
    run = run_plan(open_project(file), jobs=1)
    assert {p.name for p in (run.folder / "quarantine").iterdir()} == {"sales.csv", "open_orders.csv"}
    sales = pd.read_csv(run.folder / "quarantine" / "sales.csv", dtype=str, na_filter=False)
    assert sales.to_dict("records") == [
        {
            "table": "sales", "file": str(tmp_path / "sales.csv"), "line": "5", "column": "quantity", "value": "-1.0",
            "code": "negative_quantity", "message": "quantity -1.0 is negative", "hint": sales["hint"][0],
            "raw": (tmp_path / "sales.csv").read_text().splitlines()[4],
        }
    ]  # fmt: skip
    orders = pd.read_csv(run.folder / "quarantine" / "open_orders.csv", dtype=str, na_filter=False)
    assert orders[["line", "column", "value", "code"]].values.tolist() == [["4", "sku", "TRUE", "unknown_sku"]]
    assert run.summary["rows_quarantined"] == 2


def test_a_refused_table_leaves_the_workspace_as_it_was(tables: Tables, tmp_path: Path) -> None:
    small = only(tables, "NA")
    run_plan(open_project(write_project(tmp_path, small)), jobs=1)
    before = bytes_of(tmp_path / "workspace")
    (tmp_path / "stock.csv").write_text("sku,on_hand\n")
    (tmp_path / "sales.csv").write_text("sku,date,quantity\nNA,03/04/2026,1\n")
    with pytest.raises(InputError):
        run_plan(open_project(tmp_path / "restock.toml"), jobs=1)
    assert bytes_of(tmp_path / "workspace") == before


def test_paths_with_spaces_and_unicode_work(tables: Tables, tmp_path: Path) -> None:
    run = run_plan(open_project(write_project(tmp_path / "a b" / "größe", only(tables, "NA"))), jobs=1)
    assert (run.folder / "recommendations.csv").is_file()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[plan]\n[dta]\nsales = "sales.csv"\n',
            r"unknown section \[dta\]; known are data, plan, scenarios, tracking, workspace",
        ),
        ('[plan]\ntarket = 1\n[data]\nsales = "sales.csv"\n', "tarket is no setting"),
        ('[data]\nsale = "sales.csv"\n', "no table sale"),
        ("[plan]\n", "must name the sales table"),
        ('[data]\nsales = "absent.csv"\n', r"\[data\] sales: there is no file .*absent.csv"),
    ],
    ids=["section", "setting", "table", "no sales", "no file"],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "sales.csv").write_text("sku,date,quantity\n")
    (tmp_path / "restock.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        open_project(tmp_path / "restock.toml")


@pytest.mark.parametrize("text", ['plan = "x"\n', "[data]\nsales = 5\n"])
def test_a_section_of_the_wrong_kind_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "5").write_text("sku,date,quantity\n")
    (tmp_path / "restock.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        open_project(tmp_path / "restock.toml")


def test_the_workspace_lies_beside_the_configuration_unless_told_otherwise(tmp_path: Path) -> None:
    def root(section: str, **more: Any) -> Path:
        (tmp_path / "sales.csv").write_text("sku,date,quantity\n")
        (tmp_path / "restock.toml").write_text(f'[data]\nsales = "sales.csv"\n{section}')
        return open_project(tmp_path / "restock.toml", **more).workspace.root

    assert root("") == tmp_path / "workspace"
    assert root('[workspace]\nfolder = "runs of mine"\n') == tmp_path / "runs of mine"
    assert root('[workspace]\nfolder = "x"\n', workspace=tmp_path / "y") == tmp_path / "y"


def test_frames_from_python_and_a_project_on_disk_are_the_same_plan(tables: Tables, run: PublishedRun) -> None:
    """The public function of the contract and the command line share one way through the code."""
    from pipelines import plan

    ours = plan(Inputs(**tables), settings(), jobs=2)
    assert same_plan(ours, planned(tables))
    # What a run adds looks back at the runs before it.
    added = {"alerts", "released_lines_not_seen", "warnings"}
    assert {k: v for k, v in ours.summary.items() if k not in added} == {
        k: v for k, v in run.summary.items() if k not in added
    }


@pytest.mark.parametrize("kind", ["workbook", "query"])
def test_another_content_behind_the_same_name_is_another_plan(tables: Tables, tmp_path: Path, kind: str) -> None:
    """A changed workbook or database must not be answered with the plan of yesterday."""
    small = only(tables, "NA")
    file = write_project(tmp_path, {"sales": small["sales"], "items": small["items"]})
    text = file.read_text()

    def identity(unit_cost: float) -> str:
        items = small["items"].assign(unit_cost=unit_cost)
        if kind == "workbook":
            items.to_excel(tmp_path / "items.xlsx", index=False)
            file.write_text(text.replace("items.csv", "items.xlsx"))
        else:
            with sqlite3.connect(tmp_path / "shop.db") as database:
                items.to_sql("items", database, index=False, if_exists="replace")
            section = ["[data.items]", 'query = "SELECT * FROM items"', f'url = "sqlite:///{tmp_path}/shop.db"', ""]
            file.write_text(text.replace('items = "items.csv"\n', "") + "\n".join(section))
        return open_project(file).identity()[0]

    assert identity(1.0) != identity(2.0)
