"""Runs told to MLflow: once each, exactly, and without harm where nobody listens."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest

from pipelines.errors import ConfigurationError
from pipelines.project import open_project
from pipelines.tracking import Tracking, flattened
from tests.pipelines.shop import AS_OF, bytes_of, only, small_shop, write_project
from tests.pipelines.windows import restock

START, END = f"{AS_OF - pd.Timedelta(weeks=8):%Y-%m-%d}", f"{AS_OF - pd.Timedelta(weeks=1):%Y-%m-%d}"
WINDOW = ("--from", START, "--to", END)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = only(small_shop(), "00123", "NA", "=1+1")
    tables["items"] = tables["items"].assign(category=["=cmd|' /C'!A0", "<b>", "tools"] * 2)
    return write_project(
        tmp_path_factory.mktemp("shop"),
        tables,
        frequency="W-MON",
        model="moving_average",
        target=0.1,
        simulation_paths=0,
    )


def client_of(project: Path) -> Any:
    import mlflow

    root = open_project(project).workspace.root
    return mlflow.MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def test_a_run_is_told_once_and_its_tables_come_back_as_they_are(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    told = {}
    for command in (("replay", *WINDOW), ("plan",), ("replay", *WINDOW)):
        code, out, err = restock(monkeypatch, capsys, *command, "--config", project, "--track", "--json")
        assert (code, out.count("\n"), err) == (0, 1, "")
        told[command[0]] = json.loads(out)
    client = client_of(project)
    experiment = client.get_experiment_by_name("restock")
    runs = {run.data.tags["restock.command"]: run for run in client.search_runs([experiment.experiment_id])}
    assert len(client.search_runs([experiment.experiment_id])) == len(runs) == 2
    replay = runs["replay"]
    assert replay.data.tags["restock.run_id"] == told["replay"]["run_id"]
    folder = open_project(project).workspace.folder(told["replay"]["run_id"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert replay.data.tags["input.sales"] == manifest["inputs"]["sales"]["sha256"]
    assert (replay.data.params["model"], replay.data.params["target"]) == ("moving_average", "0.1")
    service = pd.read_parquet(folder / "service.parquet")
    assert replay.data.metrics["achieved"] == pytest.approx(service["achieved"][0])
    hostile = service[(service["group"] == "category") & (service["value"] == "<b>")].iloc[0]
    assert replay.data.metrics["units_demanded.category._3c_b_3e_"] == hostile["units_demanded"]
    back = Path(client.download_artifacts(replay.info.run_id, "run", str(tmp_path)))
    assert bytes_of(back) == bytes_of(folder)
    assert set(pd.read_parquet(back / "items.parquet")["sku"]) == {"00123", "NA", "=1+1"}
    figures = [each.path for each in client.list_artifacts(replay.info.run_id, "figures")]
    assert "figures/promised_and_achieved.png" in figures
    lines = pd.read_parquet(open_project(project).workspace.folder(told["plan"]["run_id"]) / "recommendations.parquet")
    by_class = {k: v for k, v in runs["plan"].data.metrics.items() if k.startswith("order_value.")}
    assert sum(by_class.values()) == pytest.approx(lines["order_value"].sum())


def test_a_simulation_is_told_too(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    arguments = ("simulate", "--config", project, "--paths", 2, "--days", 70, "--track", "--json")
    code, out, _ = restock(monkeypatch, capsys, *arguments)
    assert code == 0
    client = client_of(project)
    experiment = client.get_experiment_by_name("restock")
    (told,) = client.search_runs([experiment.experiment_id], "tags.`restock.command` = 'simulate'")
    assert told.data.metrics["backorder_rate"] == pytest.approx(json.loads(out)["backorder_rate"])


@pytest.mark.parametrize("server", ["nobody", "silent"])
def test_a_server_that_is_away_costs_seconds_and_harms_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: str
) -> None:
    """Nobody at the port; or somebody who takes the call and says nothing."""
    import mlflow  # its import is none of the server's doing

    assert mlflow
    code, plain, _ = restock(monkeypatch, capsys, "replay", "--config", project, *WINDOW, "--json")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        if server == "silent":
            door.listen(8)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://planner:geheim@127.0.0.1:{door.getsockname()[1]}")
        began = time.monotonic()
        code, out, err = restock(monkeypatch, capsys, "replay", "--config", project, *WINDOW, "--track", "--json")
        assert time.monotonic() - began < 10
    assert code == 0
    assert json.loads(out) == json.loads(plain)
    assert err.count("\n") == 1
    assert "not tracked" in err
    assert "geheim" not in err


class SlowServer(BaseHTTPRequestHandler):
    """Knows one experiment without runs, and takes its time to make one."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.answer(
            {"experiment": {"experiment_id": "1", "name": "restock", "artifact_location": "mlflow-artifacts:/"}}
        )

    def do_POST(self) -> None:
        self.asked.append(self.path.rpartition("/runs/")[2])
        if self.asked[-1] == "create":
            time.sleep(2.5)
        self.answer({})

    def answer(self, found: dict[str, Any]) -> None:
        body = json.dumps(found).encode()
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_a_slow_server_may_have_done_is_not_asked_for_twice(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run would be told, and the first seem to go on for ever."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        code, _, err = restock(monkeypatch, capsys, "replay", "--config", project, *WINDOW, "--track", "--json")
        server.shutdown()
    assert (code, err.count("\n")) == (0, 1)
    assert "not tracked" in err
    assert SlowServer.asked == ["search", "create"]


def test_whatever_goes_wrong_with_tracking_is_told_in_a_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A store may need a package that is not installed."""

    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'boto3'")

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("pipelines.tracking._tell", missing)
    code, out, err = restock(monkeypatch, capsys, "replay", "--config", project, *WINDOW, "--track", "--json")
    assert (code, json.loads(out)["status"]) == (0, "ok")
    assert err == "restock: not tracked: ModuleNotFoundError: No module named 'boto3'\n"


def test_neither_mlflow_nor_pandera_is_imported_unless_it_is_used(project: Path) -> None:
    script = (
        "import sys; from pipelines.project import open_project, run_plan; from pathlib import Path;"
        f"run_plan(open_project(Path({str(project)!r}))); "
        "sys.exit(any(name in sys.modules for name in ('mlflow', 'pandera')))"
    )
    assert subprocess.run([sys.executable, "-c", script], env={**os.environ}, check=False).returncode == 0


def test_settings_become_one_text_each() -> None:
    config = {"target": 0.1, "rules": [{"where": {"sku": ["00123"]}}], "a": {"b": None, "c": {}}, "d": {"no name": 1}}
    assert flattened(config) == {
        "target": "0.1",
        "rules": '[{"where": {"sku": ["00123"]}}]',
        "a.b": "null",
        "a.c": "{}",
        "d": '{"no name": 1}',
    }


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"restock.toml: \[tracking\] server is no setting; known are enabled"):
        Tracking.make({"server": "x"}, "restock.toml")
