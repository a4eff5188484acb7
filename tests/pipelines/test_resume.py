"""Stages that were finished are taken up: after a kill, when little changed, and never with another result."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forecasting.forecaster import DemandForecaster
from pipelines.errors import UnavailableError
from pipelines.jobs import backorder_risk, projecting, simulating, stages
from pipelines.project import Project, PublishedRun, open_project, preview_plan, run_plan
from pipelines.run_store import prune_cache
from tests.pipelines.shop import QUICK, Tables, bytes_of, small_shop, write_project

SETTINGS: dict[str, Any] = {**QUICK, "model": "auto"}
STAGES = ("backorder-risk", "demand-ahead", "forecast", "levels", "simulation")


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Ten of the shop's SKUs."""
    shop = small_shop()
    few = sorted(set(shop["items"]["sku"]))[:10]
    return {name: table[table["sku"].isin(few)] if "sku" in table else table for name, table in shop.items()}


@pytest.fixture(scope="module")
def project(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(write_project(tmp_path_factory.mktemp("resume"), tables, **SETTINGS))


@pytest.fixture(scope="module")
def run(project: Project) -> PublishedRun:
    """A plan made without anything to take up."""
    return run_plan(project, jobs=1)


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is carried out, in order: fits, series fitted anew, and items whose levels are set."""
    seen: list[str] = []
    fit, refit, levels = DemandForecaster.fit, DemandForecaster.refit, stages.all_levels

    def fits(self: DemandForecaster, *args: Any, **named: Any) -> Any:
        seen.append("fit")
        return fit(self, *args, **named)

    def refits(self: DemandForecaster, demand: Any, rows: Any, **named: Any) -> Any:
        found = refit(self, demand, rows, **named)
        seen.append(f"refit {len(found)}")
        return found

    def sets(forecaster: Any, waits: Any, facts: Any, mapper: Any) -> Any:
        seen.append(f"levels {len(facts.series)}")
        return levels(forecaster, waits, facts, mapper)

    monkeypatch.setattr(DemandForecaster, "fit", fits)
    monkeypatch.setattr(DemandForecaster, "refit", refits)
    monkeypatch.setattr(stages, "all_levels", sets)
    return seen


@pytest.fixture
def items_seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """Which items are simulated, looked ahead for, and asked about their risk."""
    seen: dict[str, set[int]] = {"simulation": set(), "demand-ahead": set(), "backorder-risk": set()}
    simulate, means, risk = simulating.simulate_parts, projecting._means_of, backorder_risk._piece

    def simulates(case: Any, parts: Any, chosen: Any, mapper: Any) -> Any:
        seen["simulation"] |= {int(i) for k in chosen for i in parts[k]}
        return simulate(case, parts, chosen, mapper)

    def looks(made: Any, rows: Any, *more: Any) -> Any:
        seen["demand-ahead"] |= set(rows.tolist())
        return means(made, rows, *more)

    def asks(made: Any, desk: Any, rows: Any, count: int) -> Any:
        seen["backorder-risk"] |= set(rows.tolist())
        return risk(made, desk, rows, count)

    monkeypatch.setattr(simulating, "simulate_parts", simulates)
    monkeypatch.setattr(projecting, "_means_of", looks)
    monkeypatch.setattr(backorder_risk, "_piece", asks)
    return seen


def again(project: Project, file: Path | None = None, **more: Any) -> tuple[PublishedRun, list[str]]:
    """Plan anew in the same workspace, the runs in it forgotten; and what was said of the cache."""
    told: list[str] = []
    shutil.rmtree(project.workspace.runs)
    (project.workspace.root / "latest.json").unlink()
    return run_plan(
        open_project(file or project.file, workspace=project.workspace.root), jobs=1, tell=told.append
    ), told


def test_with_and_without_a_cache_the_bytes_are_the_same(project: Project, run: PublishedRun, spied: list[str]) -> None:
    first = bytes_of(run.folder)
    warm, told = again(project)
    assert (bytes_of(warm.folder), spied, told) == (first, [], [])
    shutil.rmtree(project.workspace.cache)
    cold, told = again(project)
    assert (bytes_of(cold.folder), spied, told) == (first, ["fit", "levels 20"], [])


@pytest.mark.parametrize("stage", STAGES)
def test_a_damaged_entry_is_told_and_carried_out_again(project: Project, run: PublishedRun, stage: str) -> None:
    first = bytes_of(run.folder) if run.folder.exists() else {}
    for path in (project.workspace.cache / stage).glob("*/*.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
    now, told = again(project)
    assert len(told) == 1
    assert told[0].startswith(f"cache: {stage}/")
    assert "is damaged" in told[0]
    assert bytes_of(now.folder) == first
    assert again(project)[1] == []


def test_changed_stock_sets_the_levels_of_the_items_that_it_touches_and_no_more(
    project: Project,
    run: PublishedRun,
    tables: Tables,
    tmp_path: Path,
    spied: list[str],
    items_seen: dict[str, set[int]],
) -> None:
    stock = tables["stock"].copy()
    stock.loc[stock.index[3], "on_hand"] += 50
    changed = {**tables, "stock": stock}
    warm, told = again(project, write_project(tmp_path / "a", changed, **SETTINGS))
    assert (spied, told) == (["levels 1"], [])
    # The stock of today is no part of a simulation in steady state, nor of the demand to come.
    assert {stage: len(items) for stage, items in items_seen.items()} == {
        "simulation": 0,
        "demand-ahead": 0,
        "backorder-risk": 1,
    }
    alone = run_plan(open_project(write_project(tmp_path / "a", changed, **SETTINGS), workspace=tmp_path / "w"), jobs=1)
    assert bytes_of(warm.folder) == bytes_of(alone.folder)
    assert warm.run_id != run.run_id


CHANGES: dict[str, tuple[str, str, float]] = {
    "what it costs": ("items", "unit_cost", 1.5),
    "its lead time": ("items", "lead_time_days", 2.0),
    "its pack": ("items", "pack_size", 3.0),
    "what is on order": ("open_orders", "quantity", 2.0),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_with_one_change_the_bytes_are_those_of_a_plan_made_from_nothing(
    project: Project, run: PublishedRun, tables: Tables, tmp_path: Path, change: str
) -> None:
    name, column, factor = CHANGES[change]
    table = tables[name].copy()
    known = table.index[table[column].notna()]
    table[column] = table[column].astype(float)
    # Where receipts say how long it takes, what an item states weighs little.
    table.loc[known if column == "lead_time_days" else known[2], column] *= factor
    file = write_project(tmp_path / "a", {**tables, name: table}, **SETTINGS)
    warm, told = again(project, file)
    alone = run_plan(open_project(file, workspace=tmp_path / "w"), jobs=1)
    assert (warm.run_id, told) == (alone.run_id, [])
    assert warm.run_id != run.run_id
    assert bytes_of(warm.folder) == bytes_of(alone.folder)


def sold_more(tables: Tables) -> Tables:
    """One SKU at one location sold more in its last weeks."""
    sales = tables["sales"].copy()
    sku, location = sales.iloc[0][["sku", "location"]]
    last = sales.index[(sales["sku"] == sku) & (sales["location"] == location)][-4:]
    sales.loc[last, "quantity"] += 9.0
    return {**tables, "sales": sales}


def test_one_changed_series_is_fitted_alone_where_that_is_asked_for(
    project: Project,
    run: PublishedRun,
    tables: Tables,
    tmp_path: Path,
    spied: list[str],
    items_seen: dict[str, set[int]],
) -> None:
    again(project)
    spied.clear()
    items_seen.update({stage: set() for stage in items_seen})
    file = write_project(tmp_path / "a", sold_more(tables), **SETTINGS, refit="changed")
    changed = open_project(file, workspace=project.workspace.root)
    now = run_plan(changed, jobs=1)
    assert spied == ["refit 1", "levels 1"]
    assert [len(items_seen[stage]) for stage in ("demand-ahead", "backorder-risk")] == [1, 1]
    # Of so few items hardly two are in one of 64 parts.
    assert 1 <= len(items_seen["simulation"]) <= 4
    manifest = json.loads((now.folder / "manifest.json").read_text())
    before = json.loads((project.workspace.folder(run.run_id) / "manifest.json").read_text())
    assert (manifest["refitted"], before["refitted"]) == (1, None)
    assert manifest["forecast"] == before["forecast"]
    assert any("only what changed was fitted anew, 1 series" in words for words in now.summary["warnings"])
    # The same once more is the same run; from the same workspace it has the same bytes.
    assert run_plan(changed, jobs=1).repeated
    assert spied == ["refit 1", "levels 1"]
    other, told = again(project)
    assert (other.run_id, told) == (run.run_id, [])
    for stage in ("levels", "simulation", "demand-ahead", "backorder-risk"):
        shutil.rmtree(project.workspace.cache / stage)
    twice = run_plan(changed, jobs=1)
    assert (twice.run_id, bytes_of(twice.folder)) == (now.run_id, bytes_of(now.folder))


def test_without_a_forecast_to_build_on_all_are_fitted(tables: Tables, tmp_path: Path, spied: list[str]) -> None:
    file = write_project(tmp_path / "a", tables, **SETTINGS, refit="changed")
    now = run_plan(open_project(file, workspace=tmp_path / "w"), jobs=1)
    assert spied == ["fit", "levels 20"]
    assert json.loads((now.folder / "manifest.json").read_text())["refitted"] is None


def test_a_dry_run_takes_stages_up_and_keeps_none(
    project: Project, run: PublishedRun, tables: Tables, tmp_path: Path, spied: list[str]
) -> None:
    again(project)
    spied.clear()
    kept = sorted(project.workspace.cache.rglob("*"))
    stock = tables["stock"].assign(on_hand=7.0)
    file = write_project(tmp_path / "a", {**tables, "stock": stock}, **SETTINGS)
    with preview_plan(open_project(file, workspace=project.workspace.root), jobs=1) as previewed:
        assert previewed.summary["items"] == 20
    assert [words.split()[0] for words in spied] == ["levels"]
    assert sorted(project.workspace.cache.rglob("*")) == kept


def test_a_second_plan_waits_for_nobody(project: Project, run: PublishedRun, tables: Tables, tmp_path: Path) -> None:
    file = write_project(tmp_path / "a", {**tables, "stock": tables["stock"].assign(on_hand=1.0)}, **SETTINGS)
    with project.workspace.locked(), pytest.raises(UnavailableError, match="another run holds the workspace"):
        run_plan(open_project(file, workspace=project.workspace.root), jobs=1)


def test_old_stages_go_when_runs_are_pruned(
    project: Project, run: PublishedRun, tables: Tables, tmp_path: Path
) -> None:
    again(project)
    assert prune_cache(project.workspace, dry=True) == prune_cache(project.workspace)
    assert [len(list((project.workspace.cache / stage).iterdir())) for stage in STAGES] == [1] * len(STAGES)
    assert prune_cache(project.workspace) == 0


KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
import pipelines.stage_store
from pipelines.project import open_project, run_plan
from pipelines.workspace import Workspace

file, root, moments = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
run_plan(open_project(file, workspace=root / "warm"), jobs=1)  # loads what is compiled
began = time.monotonic()
if "random" in moments:
    run_plan(open_project(file, workspace=root / "timed"), jobs=1)
took = time.monotonic() - began
space = Workspace(root / "w")
real = pipelines.stage_store.StageStore.keep


def child(at):
    # Killed before, within or after the first stage that is carried out is kept; or at a random moment, from outside.
    def die(when):
        if at == when:
            os.kill(os.getpid(), signal.SIGKILL)

    def keep(store, stage, key, value, write):
        if stage.startswith("table-"):
            return real(store, stage, key, value, write)

        def cut_short(folder, value):
            write(folder, value)
            die("within")

        die("before")
        real(store, stage, key, value, cut_short)
        die("after")

    pipelines.stage_store.StageStore.keep = keep
    run_plan(open_project(file, workspace=space.root), jobs=1)
    os._exit(0)


for at in moments:
    pid = os.fork()
    if pid == 0:
        child(at)
    if at == "random":
        time.sleep(took * random.uniform(0.05, 0.6))
        os.kill(pid, signal.SIGKILL)
    killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    kept = sorted(entry.parent.name for entry in (space.root / "cache").glob("[!.]*/*") if "table-" not in str(entry))
    print("killed" if killed else "ended", ",".join(kept), space.latest() or "nothing", flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize(
    ("moments", "kept"),
    [
        (["within", "after", "after"], ["", "forecast", "forecast,levels"]),
        pytest.param(
            ["before", "within", "after", "within", "after", *["random"] * 5],
            ["", "", "forecast", "forecast", "forecast,levels"],
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["three times", "ten times"],
)
def test_killed_the_plan_goes_on_from_the_last_finished_stage(
    project: Project, run: PublishedRun, tmp_path: Path, spied: list[str], moments: list[str], kept: list[str]
) -> None:
    """At the boundaries of stages and at random moments; nothing finished is computed again, and no byte differs."""
    first = bytes_of(again(project)[0].folder)
    spied.clear()
    told = subprocess.run(
        [sys.executable, "-c", KILLS, str(project.file), str(tmp_path), json.dumps(moments)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert len(lines) == len(moments)
    # Each start found what the one before had finished, so that it came one stage further.
    assert [line.split(" ")[:2] for line in lines[: len(kept)]] == [["killed", stages] for stages in kept]
    now = run_plan(open_project(project.file, workspace=tmp_path / "w"), jobs=1)
    assert "fit" not in spied
    assert (now.run_id, bytes_of(now.folder)) == (run.run_id, first)
