"""``restock export`` and ``restock released`` as people and schedulers call them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.exports.run_files import RunFiles
from pipelines.project import Project
from pipelines.workspace import Workspace

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def restock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; returns exit code, standard output and standard error."""
    monkeypatch.setattr("pipelines.cli.signal.signal", lambda *_: None)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["restock", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return call


@pytest.fixture
def space(project: Project, run: RunFiles, tmp_path: Path) -> Workspace:
    """A copy of the workspace with the one run."""
    shutil.copytree(project.workspace.root, tmp_path / "w")
    return Workspace(tmp_path / "w")


@pytest.mark.parametrize("kind", ["csv", "excel", "purchase-orders", "planned-orders"])
def test_an_export_names_its_files_and_plans_nothing(
    restock: Command, space: Workspace, run: RunFiles, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.jobs.planning.make_plan", lambda *_, **__: pytest.fail("planned"))
    code, out, err = restock("export", "--to", kind, "--workspace", space.root, "--json")
    answer = json.loads(out)
    assert (code, err, answer["run_id"], answer["export"]) == (0, "", run.run_id, kind)
    files = [Path(path) for path in answer["outputs"]]
    assert all(path.is_file() for path in files)
    assert {path.parent for path in files} == {space.root / "exports" / run.run_id / kind}
    assert "manifest.json" in {path.name for path in files}
    assert (answer["counts"].get("lines_released", 0) > 0) == (kind == "purchase-orders")


def test_a_database_is_written_and_its_address_may_come_from_the_environment(
    restock: Command, space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANS_URL", f"sqlite:///{tmp_path / 'plans.db'}")
    code, out, _ = restock("export", "--to", "sql", "--url", "$PLANS_URL", "--workspace", space.root)
    assert code == 0
    assert "restock recommendations: 16" in out
    assert (tmp_path / "plans.db").is_file()
    assert restock("export", "--to", "sql", "--url", "$NO_SUCH", "--workspace", space.root)[0] == 2
    code, _, err = restock("export", "--to", "sql", "--workspace", space.root)
    assert (code, "--url" in err) == (2, True)


def test_released_orders_are_listed_and_forgotten(restock: Command, space: Workspace) -> None:
    assert "Nothing was released" in restock("released", "list", "--workspace", space.root)[1]
    restock("export", "--to", "purchase-orders", "--draft", "--workspace", space.root)
    assert "Nothing was released" in restock("released", "list", "--workspace", space.root)[1]
    restock("export", "--to", "purchase-orders", "--workspace", space.root)
    lines = json.loads(restock("released", "list", "--json", "--workspace", space.root)[1])["lines"]
    numbers = {line["po"] for line in lines}
    assert numbers
    for number in numbers:
        assert restock("released", "forget", number, "--workspace", space.root)[0] == 0
    assert "Nothing was released" in restock("released", "list", "--workspace", space.root)[1]
    code, _, err = restock("released", "forget", "PO-0", "--workspace", space.root)
    assert (code, "'PO-0'" in err) == (2, True)


def test_an_export_of_no_run_or_a_damaged_one_says_what_to_do(
    restock: Command, space: Workspace, run: RunFiles, tmp_path: Path
) -> None:
    code, _, err = restock("export", "--to", "csv", "--workspace", tmp_path / "none")
    assert (code, "`restock plan` makes one" in err) == (2, True)
    with (space.folder(run.run_id) / "summary.json").open("a") as file:
        file.write("x")
    code, _, err = restock("export", "--to", "csv", "--workspace", space.root)
    assert (code, "damaged" in err) == (2, True)


def test_alerts_and_changes_are_told(restock: Command, space: Workspace, run: RunFiles) -> None:
    code, out, _ = restock("alerts", "--workspace", space.root)
    assert code == 0
    assert out.startswith(f"Alerts of the plan of {run.as_of}: ")
    told = json.loads(restock("alerts", "--json", "--workspace", space.root)[1])
    assert len(told["alerts"]) == sum(run.summary["alerts"].values())
    urgent = json.loads(restock("alerts", "--severity", "now", "--json", "--workspace", space.root)[1])["alerts"]
    assert len(urgent) == run.summary["alerts"]["now"]
    assert "no run before" in restock("alerts", "--changes", "--workspace", space.root)[1]


def test_overrides_come_in_and_are_listed(restock: Command, space: Workspace, tmp_path: Path) -> None:
    edited = tmp_path / "edited.csv"
    edited.write_text("sku,location,override_quantity,override_note\n00123,007,600,fair\n-7,007,,\n")
    assert "Nobody" in restock("overrides", "list", "--workspace", space.root)[1]
    told = json.loads(restock("overrides", "import", edited, "--by", "Ada", "--json", "--workspace", space.root)[1])
    assert told["counts"] == {"changed": 1, "new": 1}
    rows = json.loads(restock("overrides", "list", "--json", "--workspace", space.root)[1])["overrides"]
    assert [(row["by"], row["sku"], row["quantity"], row["why"]) for row in rows] == [("Ada", "00123", 600.0, "fair")]
    edited.write_text("sku,location,override_quantity\n00123,007,-1\n")
    code, _, err = restock("overrides", "import", edited, "--workspace", space.root)
    assert (code, "row 2, sku '00123' at '007'" in err) == (3, True)


def test_runs_are_listed_shown_and_pruned(restock: Command, space: Workspace, run: RunFiles) -> None:
    assert f"{run.run_id}  plan" in restock("runs", "list", "--workspace", space.root)[1]
    shown = json.loads(restock("runs", "show", "--workspace", space.root)[1])
    assert shown["manifest"]["run_id"] == run.run_id
    assert shown["summary"]["as_of"] == run.as_of
    told = json.loads(restock("runs", "prune", "--keep", 1, "--json", "--workspace", space.root)[1])
    assert told["removed"] == []


def test_a_dry_run_says_that_nothing_was_written(restock: Command, project: Project, tmp_path: Path) -> None:
    code, out, _ = restock("plan", "--dry-run", "--config", project.file, "--workspace", tmp_path / "none")
    assert (code, "Nothing was written" in out) == (0, True)
    assert not (tmp_path / "none").exists()
