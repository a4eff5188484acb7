"""What a scheduler reads on standard error, and the exit code of a plan that needs a person's look."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.commands.logs import logs_as
from tests.pipelines.shop import one_item, write_project
from tests.pipelines.test_replay_runs import restock

SHORT = [3.0, 0.0, 2.0, 4.0, 1.0]


@pytest.fixture(autouse=True)
def no_log_afterwards() -> Iterator[None]:
    yield
    logs_as(None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One item, of five weeks of history and without a lead time."""
    return write_project(tmp_path, one_item(SHORT), frequency="W-MON", simulation_paths=0, planned_orders_days=0)


@pytest.mark.parametrize("how", ["option", "environment"])
def test_every_stage_is_a_dated_json_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    if how == "environment":
        monkeypatch.setenv("RESTOCK_LOG", "json")
    wanted = ("--log", "json") if how == "option" else ()
    code, out, err = restock(monkeypatch, capsys, *wanted, "plan", "--config", file, "--json")
    assert (code, out.count("\n")) == (0, 1)
    lines = [json.loads(line) for line in err.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [lines[0]["message"], lines[-1]["message"]] == ["reading tables", "writing the run"]
    assert all(dt.datetime.fromisoformat(line["at"]).tzinfo is not None for line in lines)


def test_a_failure_is_a_line_of_the_log_with_its_exit_code(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "sales.csv").write_text("sku,date\n")
    code, _, err = restock(monkeypatch, capsys, "--log", "json", "plan", "--config", file)
    failed = json.loads(err.splitlines()[-1])
    assert (code, failed["level"], failed["exit_code"]) == (3, "error", 3)
    code, _, err = restock(monkeypatch, capsys, "--log", "text", "plan", "--config", file)
    at, level, message = err.splitlines()[-1].split(maxsplit=2)
    assert (code, level, "sales.csv" in message) == (3, "ERROR", True)
    assert dt.datetime.fromisoformat(at)
    code, _, err = restock(monkeypatch, capsys, "--log", "json", "plan", "--bogus")
    assert (code, json.loads(err)["exit_code"]) == (2, 2)


@pytest.mark.parametrize(("most", "code"), [(1.0, 0), (0.99, 4)])
def test_a_plan_in_which_too_much_fell_back_is_published_and_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], most: float, code: int
) -> None:
    brief = {"frequency": "W-MON", "simulation_paths": 0, "planned_orders_days": 0}
    file = write_project(
        tmp_path, one_item(SHORT, lead_time_days=7.0), max_fallback_fraction=most, model="auto", **brief
    )
    ended, out, _ = restock(monkeypatch, capsys, "plan", "--config", file, "--json")
    told = json.loads(out)
    assert (ended, told["status"], told.get("exit_code")) == ((0, "ok", None) if code == 0 else (4, "flagged", 4))
    assert told["counts"]["items_fallen_back"] == 1
    assert (file.parent / "workspace" / "latest.json").exists()
    if code:
        # As configured: a model that was asked for by name is no fallback.
        named = write_project(tmp_path, one_item(SHORT, lead_time_days=7.0), max_fallback_fraction=most,
                              model="moving_average", **brief)  # fmt: skip
        assert restock(monkeypatch, capsys, "plan", "--config", named, "--json")[0] == 0
