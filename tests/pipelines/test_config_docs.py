"""The generated page agrees with the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config import Closed, Hold, Keep, PlanConfig, Settings
from pipelines.config_docs import configuration_page, write_docs

DOCS = Path(__file__).parents[2] / "docs"


def test_the_committed_page_is_the_one_that_the_configuration_makes(tmp_path: Path) -> None:
    write_docs(tmp_path)
    made = (tmp_path / "configuration.md").read_text(encoding="utf-8")
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == made, "run python -m pipelines.config_docs docs"


@pytest.mark.parametrize("model", [PlanConfig, Settings, Keep, Hold, Closed])
def test_every_setting_is_on_the_page(model: type) -> None:
    page = configuration_page()
    assert all(f"| `{name}` |" in page for name in model.model_fields)


def test_defaults_choices_and_limits_are_told() -> None:
    page = configuration_page().split("\n## ")
    rows = {line.split("`")[1]: line for line in page[0].splitlines() if line.startswith("| `")}
    assert "| `0.02` |" in rows["target"]
    assert "`backorder_rate`, `fill_rate`" in rows["measure"]
    assert "whole number at least 100 at most 100000" in rows["paths"]
    assert "number above 0 below 1" in rows["shelf_life_quantile"]
    assert "| `first` | needed | date |" in page[-1]
    assert all(line.count(" | ") >= 3 for line in rows.values())
