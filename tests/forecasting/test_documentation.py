"""What docs/forecasting.md shows, runs; the models that it names are those of the zoo."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from forecasting.models import model_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "forecasting.md").read_text(encoding="utf-8")


def test_the_block_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    script = tmp_path / "block.py"
    script.write_text(block, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    scores = runpy.run_path(str(script))["result"].scores
    assert set(scores["model"]) == {"auto", "seasonal_naive"}
    assert scores["coverage"].between(0, 1).all()


def test_every_model_of_the_zoo_is_in_the_table() -> None:
    table = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == set(model_names())
