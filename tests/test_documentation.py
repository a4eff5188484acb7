"""What the pages name is there: functions, settings, files; and what the README shows, runs."""

from __future__ import annotations

import importlib
import re
import runpy
from pathlib import Path

import pytest

from pipelines.config import PlanConfig

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def _exists(dotted: str) -> bool:
    try:
        importlib.import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return hasattr(importlib.import_module(module), name)
    return True


def test_every_formula_is_where_the_page_says() -> None:
    named = re.findall(r"`((?:replenishment|forecasting)\.[\w.]+)`", (ROOT / "docs" / "formulas.md").read_text("utf-8"))
    assert len(named) > 20
    assert [name for name in named if not _exists(name)] == []


def test_the_choices_of_the_page_on_methods_are_choices() -> None:
    page = (ROOT / "docs" / "which_method.md").read_text("utf-8")
    settings = re.findall(r"`(\w+) = \"?([\w.]+)\"?`", page)
    assert len(settings) > 6
    for name, value in settings:
        needs = {} if name == "target" or value in ("cost", "backorder_rate") else {"target": 0.9}
        PlanConfig.make({**needs, name: float(value) if name == "target" else value}, "the page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_first_block_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[0]
    script = tmp_path / "block.py"
    script.write_text(first, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    recommendations = runpy.run_path(str(script))["result"].recommendations
    assert (recommendations["safety_stock"].notna()).any()


def test_the_page_on_simulation_names_every_scenario_and_its_parameters() -> None:
    from dataclasses import fields

    from replenishment.simulation.scenarios import SCENARIOS

    page = (ROOT / "docs" / "simulation.md").read_text("utf-8")
    told = {
        line.split("`")[1]: line for line in page.split("## What a planner")[0].splitlines() if line.startswith("| `")
    }
    assert list(told) == list(SCENARIOS)
    for name, kind in SCENARIOS.items():
        own = {f.name for f in fields(kind)} - {"where", "begins", "days"}
        assert [parameter for parameter in own if f"`{parameter}`" not in told[name]] == []
