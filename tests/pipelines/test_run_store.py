"""Runs are listed and pruned; what others rest on stays."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path

import pytest

from pipelines.exports.exporting import export_files
from pipelines.exports.run_files import RunFiles
from pipelines.project import open_project, preview_plan, run_plan
from pipelines.run_store import prune_runs, stored_runs
from pipelines.workspace import Workspace
from tests.pipelines.shop import bytes_of, only, small_shop, write_project

QUICK = {"model": "moving_average", "simulation_paths": 0}


@pytest.fixture(scope="module")
def five_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five runs, one a minute, the third of which had its orders released."""
    tmp_path = tmp_path_factory.mktemp("runs")
    space = Workspace(tmp_path / "w")
    shop = only(small_shop(), "00123")
    for k in range(5):
        file = write_project(tmp_path / "a", shop, **QUICK, max_data_age_days=40 + k)
        run = RunFiles(run_plan(open_project(file, workspace=space.root), jobs=1).folder)
        os.utime(run.folder, (1e9 + 60 * k, 1e9 + 60 * k))
        if k == 2:
            when = dt.datetime(2025, 5, 5, tzinfo=dt.UTC)
            export_files(space, run, "purchase-orders", tmp_path / "po", released_at=when)
    return space.root


@pytest.fixture
def space(five_runs: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(five_runs, tmp_path / "w"))


def test_the_newest_stay_and_what_others_rest_on(space: Workspace) -> None:
    runs = stored_runs(space)
    assert len(runs) == 5
    assert [run.latest for run in runs] == [True, False, False, False, False]
    assert {run.command for run in runs} == {"plan"}
    ids = [run.run_id for run in runs]
    assert [run.run_id for run in prune_runs(space, 1, dry=True)] == ids[3:]
    assert len(stored_runs(space)) == 5
    with space.locked():
        gone = prune_runs(space, 1)
    # The latest, the one before it, and the one whose orders were released.
    assert [run.run_id for run in gone] == ids[3:]
    assert [run.run_id for run in stored_runs(space)] == ids[:3]
    assert all(space.complete(run_id) for run_id in ids[:3])
    assert not list(space.runs.glob(".staging-*"))


def test_a_damaged_run_is_listed_as_such(space: Workspace) -> None:
    oldest = stored_runs(space)[-1]
    (space.folder(oldest.run_id) / "summary.json").write_text("{")
    assert [run.readable for run in stored_runs(space)].count(False) == 1


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    file = write_project(tmp_path / "a", only(small_shop(), "00123"), **QUICK)
    project = open_project(file, workspace=tmp_path / "w")
    with preview_plan(project, jobs=1) as seen:
        lines = RunFiles(seen.folder).frame("recommendations")
        inside = bytes_of(seen.folder)
    assert not seen.folder.exists()
    assert not (tmp_path / "w").exists()
    run = run_plan(project, jobs=1)
    assert run.run_id == seen.run_id
    assert RunFiles(run.folder).frame("recommendations").equals(lines)
    assert {k: v for k, v in bytes_of(run.folder).items() if k != "manifest.json"} == inside
    before = bytes_of(tmp_path / "w")
    with preview_plan(project, jobs=1) as again:
        assert json.loads((again.folder / "summary.json").read_text())["items"] == 2
    assert bytes_of(tmp_path / "w") == before
