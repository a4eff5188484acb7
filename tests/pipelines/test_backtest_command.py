"""The command `restock backtest`: forecast and decisions in one run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from forecasting import backtest
from pipelines.project import open_project
from tests.pipelines.shop import bytes_of
from tests.pipelines.windows import END, START, five_skus, published, restock, weekly_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = five_skus()
    # One known lead time: then every protection interval is 14 + 7 days.
    tables = {"sales": shop["sales"], "items": shop["items"].assign(lead_time_days=14.0)}
    return weekly_project(tmp_path_factory, tables, "moving_average", correction="none")


def test_a_backtest_is_one_run_of_forecast_and_decisions(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("backtest", "--config", project, "--from", START, "--to", END, "--origins", 3, "--model", "ses")
    told, folder = published(project, restock(monkeypatch, capsys, *command, "--json"))
    decisions = pd.read_csv(folder / "decisions.csv").set_index("rule")
    assert decisions.index[0] == "plan"
    assert decisions["achieved"]["plan"] == pytest.approx(told["backorder_rate"]["achieved"])
    assert {"textbook", "weeks_of_cover", "min_max"} < set(decisions.index)
    items = pd.read_parquet(folder / "items.parquet")
    assert set(items["rule"]) == set(decisions.index)
    assert set(items["sku"]) == {"00123", "NA", "=1+1", "1E5", "TRUE"}
    before = bytes_of(folder)
    code, out, _ = restock(monkeypatch, capsys, *command)
    assert code == 0
    assert "nothing was computed anew" in out
    assert f"{decisions['achieved']['textbook']:.2%}" in out
    assert bytes_of(folder) == before
    code, out, _ = restock(monkeypatch, capsys, *command, "--weeks-of-cover", 2, "--json")
    assert json.loads(out)["run_id"] != told["run_id"]


def test_the_scores_are_those_of_the_forecasting_package(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--from", START, "--to", END, "--origins", 3, "--model", "ses", "--json")
    _, out, _ = restock(monkeypatch, capsys, "backtest", "--config", project, *arguments)
    folder = open_project(project).workspace.folder(json.loads(out)["run_id"])
    sales = pd.read_csv(project.parent / "sales.csv", dtype={"sku": str, "location": str}, keep_default_na=False)
    sales["date"] = pd.to_datetime(sales["date"])
    # 16 periods, windows of 3: three origins can lie 6 apart, and the last window ends with the data.
    own = backtest(
        sales,
        frequency="W-MON",
        protection_periods=3,
        origins=3,
        step=6,
        model=["moving_average", "ses"],
        groups=_groups(project, sales),
        paths=100,
    )
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "scores.parquet"), own.scores)
    assert set(own.scores["model"]) == {"moving_average", "ses"}


def _groups(project: Path, sales: pd.DataFrame) -> list[str]:
    items = pd.read_csv(project.parent / "items.csv", dtype=str, keep_default_na=False)
    category = items.set_index(["sku", "location"])["category"]
    return [category[key] for key in sorted(set(zip(sales["sku"], sales["location"], strict=True)))]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", START, "--to", END, "--model", "oracle"), "there is no model 'oracle'"),
        (("--from", START, "--to", END, "--origins", 20), "20 origins before windows of 3 periods"),
        (("--from", START, "--to", START), "need at least"),
        (("--from", "2025-01-01", "--to", END), "no opening"),
    ],
)
def test_what_cannot_be_scored_is_a_mistake_of_use(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: object, words: str
) -> None:
    code, out, _ = restock(monkeypatch, capsys, "backtest", "--config", project, *arguments, "--json")  # type: ignore[misc]
    assert code == 2
    assert words in json.loads(out)["error"]
