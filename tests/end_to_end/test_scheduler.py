"""A scheduler's day: the same night twice, and everything that goes wrong at three in the morning."""

from __future__ import annotations

import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

from pipelines.workspace import Workspace
from tests.end_to_end.conftest import Restock, lightened
from tests.pipelines.shop import bytes_of
from tests.pipelines.test_cli import ENVIRONMENT, SUBPROCESS, Outcome

AS_OF = "2026-06-29"


def started(file: Path, *more: str, full_disk: bool = False) -> subprocess.Popen[str]:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    return subprocess.Popen(
        [*SUBPROCESS, "plan", "--config", str(file), "--json", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        preexec_fn=small_files if full_disk else None,
    )  # fmt: skip


def published(space: Workspace) -> tuple[dict[str, str], str]:
    """Every byte of the runs, and which is the latest; finished stages of a plan that was cut short may lie beside."""
    return bytes_of(space.runs), (space.root / "latest.json").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
def test_a_scheduler_s_day(restock: Restock, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night = ("plan", "--config", demo, "--as-of", AS_OF)
    space = Workspace(demo.parent / "workspace")
    assert restock(*night, "--dry-run")["outputs"] == []
    assert not space.root.exists()

    first = restock(*night)
    whole = published(space)
    assert restock(*night)["run_id"] == first["run_id"]
    assert published(space) == whole
    assert [run["run_id"] for run in restock("runs", "list", "--config", demo)["runs"]] == [first["run_id"]]

    with filelock.FileLock(space.root / ".lock"):
        assert "another run holds the workspace" in restock(*night, code=5)["error"]

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        told = restock(*night, "--track")
        assert time.monotonic() - began < 25, (
            "a server that is silent is knocked at once, for three seconds; the rest is the machine"
        )
    assert told["run_id"] == first["run_id"]
    assert told["standard error"].startswith("restock: not tracked: no MLflow server answers")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")

    sales = demo.parent / "sales.parquet"
    shutil.copy(sales, demo.parent / "kept")
    sales.write_bytes(sales.read_bytes()[:-500])
    refused = restock(*night, code=3)
    assert "sales.parquet" in refused["error"]
    shutil.copy(demo.parent / "kept", sales)
    assert published(space) == whole

    lightened(demo, "budget = 5000\n")
    out, err = (process := started(demo, full_disk=True)).communicate(timeout=120)
    assert process.returncode == 5, err
    assert "MiB free" in Outcome(5, out, err).json["error"]
    assert published(space) == whole

    planned = demo.read_text(encoding="utf-8")
    # A simulation that would take minutes: the signal comes while the plan is being made, for sure.
    long = planned.replace(
        "simulation_paths = 10\nsimulation_days = 140", "simulation_paths = 9999\nsimulation_days = 9999"
    )
    demo.write_text(long, encoding="utf-8")
    lock = space.root / ".lock"
    lock.unlink()
    process = started(demo)
    while not lock.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == 143
    assert published(space) == whole
    # After all this the next night is an ordinary one.
    demo.write_text(planned, encoding="utf-8")
    assert restock("plan", "--config", demo)["run_id"] != first["run_id"]
