"""Runs told to a real MLflow server over HTTP: a plan and a replay, read back as they were written."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.project import open_project
from pipelines.published import PublishedRun
from pipelines.tracking import RUN_TAG, Tracking, track_run
from tests.pipelines.shop import AS_OF, bytes_of, only, small_shop, write_project
from tests.pipelines.windows import restock

WINDOW = ("--from", f"{AS_OF - pd.Timedelta(weeks=4):%Y-%m-%d}", "--to", f"{AS_OF - pd.Timedelta(weeks=1):%Y-%m-%d}")
UP_WITHIN = 120.0
# To start a server takes longer than all that is asked of it.
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own: one worker, SQLite, artifacts in a folder; gone afterwards."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'runs.db'}", "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=quiet, start_new_session=True)
    try:
        if not answers(port, process):
            pytest.skip(f"no MLflow server within {UP_WITHIN:g} s: {(folder / 'server.log').read_text()[-300:]}")
        yield f"http://127.0.0.1:{port}"
    finally:
        # The session that it was started in holds it, its workers, and nothing else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether a server comes up in time."""
    until = time.monotonic() + UP_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with (
            contextlib.suppress(OSError, HTTPException),
            contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection,
        ):
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = only(small_shop(), "00123")
    return write_project(
        tmp_path_factory.mktemp("shop"), tables, frequency="W-MON", model="moving_average", simulation_paths=0
    )


def runs_at(server: str, experiment: str = "restock") -> dict[str, Any]:
    """The MLflow runs by command; each command has one."""
    import mlflow

    client = mlflow.MlflowClient(server)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    by_command = {run.data.tags["restock.command"]: run for run in found}
    assert len(by_command) == len(found)
    return by_command


def test_a_plan_and_a_replay_come_back_from_a_server(
    server: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    told = {}
    for command in (("plan",), ("replay", *WINDOW), ("plan",)):
        code, out, err = restock(monkeypatch, capsys, *command, "--config", project, "--track", "--json")
        assert (code, err) == (0, "")
        told[command[0]] = json.loads(out)["run_id"]
    space = open_project(project).workspace
    assert not (space.root / "mlflow.db").exists()
    found = runs_at(server)
    assert set(found) == {"plan", "replay"}
    for command, run in found.items():
        folder = space.folder(told[command])
        manifest = json.loads((folder / "manifest.json").read_text())
        summary = json.loads((folder / "summary.json").read_text())
        assert run.info.status == "FINISHED"
        assert run.data.tags[RUN_TAG] == told[command]
        assert run.data.tags["input.sales"] == manifest["inputs"]["sales"]["sha256"]
        assert run.data.params["model"] == "moving_average"
        numbers = {k: v for k, v in summary.items() if isinstance(v, float | int) and not isinstance(v, bool)}
        assert numbers
        assert {k: run.data.metrics[k] for k in numbers} == pytest.approx(numbers)
        back = Path(mlflow.MlflowClient(server).download_artifacts(run.info.run_id, "run", str(tmp_path / command)))
        assert bytes_of(back) == bytes_of(folder)
    items = pd.read_parquet(tmp_path / "replay" / "run" / "items.parquet")
    assert items["sku"].unique().tolist() == ["00123"]


def test_a_run_that_breaks_off_does_not_seem_to_go_on(
    server: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An upload fails half-way: the MLflow run has failed; told again it is whole, and there is one."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    code, out, _ = restock(monkeypatch, capsys, "plan", "--config", project, "--json")
    assert code == 0
    space = open_project(project).workspace
    folder = space.folder(json.loads(out)["run_id"])
    run = PublishedRun(folder.name, folder, json.loads((folder / "summary.json").read_text()), repeated=True)
    tracking, said = Tracking(experiment="broken"), list[str]()
    with monkeypatch.context() as patched:

        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patched.setattr("mlflow.MlflowClient.log_artifacts", refuse)
        assert track_run(run, space, tracking, said.append) is None
    assert len(said) == 1
    assert "No space left on device" in said[0]
    assert runs_at(server, "broken")["plan"].info.status == "FAILED"
    number = track_run(run, space, tracking)
    told = runs_at(server, "broken")["plan"]
    assert (told.info.run_id, told.info.status) == (number, "FINISHED")
