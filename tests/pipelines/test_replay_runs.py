"""The command `restock replay`: a run on disk, one JSON object, and a plan that stays the latest."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pipelines.project import open_project
from tests.pipelines.shop import bytes_of
from tests.pipelines.windows import END, START, five_skus, published, restock, weekly_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weekly_project(tmp_path_factory, five_skus(), "exponential_smoothing")


def test_a_replay_is_a_run_that_is_made_once(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("replay", "--config", project, "--from", START, "--to", END)
    told, folder = published(project, restock(monkeypatch, capsys, *command, "--json"))
    names = {"service.csv", "service.parquet", "items.parquet", "periods.parquet", "cost.parquet", "summary.json"}
    assert names <= set(bytes_of(folder))
    service = pd.read_csv(folder / "service.csv")
    first = service.iloc[0]
    assert (first["group"], first["value"]) == ("total", "all")
    assert first["achieved"] == pytest.approx(told["backorder_rate"]["achieved"])
    assert told["counts"]["periods"] == len(pd.read_parquet(folder / "periods.parquet")) == 16
    before = bytes_of(folder)
    code, out, _ = restock(monkeypatch, capsys, *command)
    assert code == 0
    assert "nothing was computed anew" in out
    assert f"{first['promised']:.2%}" in out
    assert bytes_of(folder) == before


def test_the_latest_plan_stays_the_latest(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = restock(monkeypatch, capsys, "plan", "--config", project, "--json")
    assert code == 0
    planned = json.loads(out)["run_id"]
    code, out, _ = restock(monkeypatch, capsys, "replay", "--config", project, "--from", START, "--to", START, "--json")
    assert code == 0
    space = open_project(project).workspace
    assert space.latest() == planned != json.loads(out)["run_id"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "--from"), (("--from", "2025-01-01", "--to", END), "no opening"), (("--from", START), "--to")],
)
def test_wrong_dates_are_a_mistake_of_use(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: object, words: str
) -> None:
    code, out, _ = restock(monkeypatch, capsys, "replay", "--config", project, *arguments, "--json")  # type: ignore[misc]
    assert code == 2
    assert words in json.loads(out)["error"]
