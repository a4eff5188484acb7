"""restock tune: from earlier windows to a file that the next plan follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import restock
from pipelines.errors import ConfigurationError
from pipelines.project import open_project
from tests.pipelines.jobs.test_tuning import biased

_WINDOW = ["--window", "2023-06-05", "2023-08-07"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    made = biased(0.8, items=3)
    made.sales.to_csv(tmp_path / "sales.csv", index=False)
    made.known_ahead.to_csv(tmp_path / "known_ahead.csv", index=False)
    (tmp_path / "restock.toml").write_text(
        '[plan]\nfrequency = "W-MON"\ntarget = 0.1\nmodel = "moving_average"\ndefaults = { lead_time_days = 7 }\n'
        '[data]\nsales = "sales.csv"\nknown_ahead = "known_ahead.csv"\n',
        encoding="utf-8",
    )
    return tmp_path / "restock.toml"


def test_a_correction_is_learned_written_and_followed(shop: Path) -> None:
    written = shop.parent / "correction.json"
    arguments = ["tune", "--config", str(shop), *_WINDOW, "--write", str(written)]
    told = CliRunner().invoke(restock, arguments)
    assert told.exit_code == 0, told.output
    assert "So that 10.00% follows, ask for: all items" in told.output
    shop.write_text(shop.read_text().replace("[plan]", '[plan]\ncorrection = "correction.json"'), encoding="utf-8")
    learned = open_project(shop).config.correction
    assert learned is not None
    assert learned.level > 0.2
    answer = CliRunner().invoke(restock, [*arguments, "--json"])
    # What is learned does not depend on the correction in force.
    assert json.loads(answer.stdout)["correction"] == json.loads(written.read_text(encoding="utf-8"))
    assert learned.model_dump() == json.loads(answer.stdout)["correction"]


@pytest.mark.parametrize("text", [None, "{", '{"level": "much"}'])
def test_a_correction_that_cannot_be_read_is_named(shop: Path, text: str | None) -> None:
    if text is not None:
        (shop.parent / "learned.json").write_text(text, encoding="utf-8")
    shop.write_text(shop.read_text().replace("[plan]", '[plan]\ncorrection = "learned.json"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="correction"):
        open_project(shop)
