"""A generated shop of a dozen SKUs at two locations, and commands run as a console would."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from pipelines.demo import write_demo
from tests.pipelines.test_replay_runs import restock as run_command

# Few paths and a plain model: enough for what these days are about.
LIGHT = 'paths = 100\nsimulation_paths = 10\nsimulation_days = 140\nmodel = "moving_average"\n'


class Restock(Protocol):
    """Runs a command with ``--json`` in this process; gives the one object that it prints."""

    def __call__(self, *arguments: object, code: int = 0) -> dict[str, Any]: ...


@pytest.fixture
def restock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Restock]:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def run(*arguments: object, code: int = 0) -> dict[str, Any]:
        ended, out, err = run_command(monkeypatch, capsys, *arguments, "--json")
        assert (ended, out.count("\n")) == (code, 1), (out, err)
        told: dict[str, Any] = json.loads(out)
        assert (told["schema"], told["status"]) == (1, "failed" if code else "ok")
        return {**told, "standard error": err}

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """The ``restock.toml`` of a generated shop."""
    return lightened(write_demo(tmp_path / "shop", skus=12, ledger_days=90))


def lightened(file: Path, settings: str = LIGHT) -> Path:
    """Put settings into the section [plan] of a configuration."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[plan]\n", f"[plan]\n{settings}", 1), encoding="utf-8")
    return file
