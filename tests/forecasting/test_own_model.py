"""The page about a model of one's own: what it shows runs, and keeps to what it asks for."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting import DemandForecaster
from tests.forecasting.panels import panel_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "own_model.md"


def shop() -> pd.DataFrame:
    """Ten series of 140 days with a week in them; some cells without stock."""
    rng = np.random.default_rng(0)
    week = np.tile([0.5, 0.7, 0.9, 1.0, 1.3, 1.9, 0.7], 20)
    demand = rng.poisson(np.linspace(0.4, 12, 10)[:, None] * week)
    panel = panel_of(demand, "D", status=np.where(rng.random(demand.shape) < 0.02, 1, 0))
    return panel.to_frame().assign(in_stock=panel.status.ravel() == 0).drop(columns="status")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Names after the page's blocks were run in order, as one script of a user."""
    folder = tmp_path_factory.mktemp("user")
    script = folder / "own_model.py"
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script.write_text("\n".join(blocks), encoding="utf-8")
    given = {"sales": shop(), "folder": folder / "saved"}
    return runpy.run_path(str(script), given, "a_users_models")


def test_every_block_of_the_page_runs(page: dict[str, Any]) -> None:
    assert set(page["overall"]["model"]) == {"draw_seasons", "seasonal_naive", "auto"}
    assert page["overall"]["pinball"].notna().all()
    assert page["forecaster"].choice_["model"].unique().tolist() == ["draw_seasons"]


def test_paths_are_seasons_of_the_past(page: dict[str, Any]) -> None:
    """Each week of each path is one of the series' own weeks, gaps filled with its mean."""
    panel = page["forecaster"].panel_
    paths = page["forecaster"].paths(14, 40)
    for i in range(len(panel)):
        mean = np.rint(panel.quantity[i][panel.observed[i]].mean())
        history = np.where(panel.observed[i], panel.quantity[i], mean).reshape(20, 7)
        for week in paths[i].reshape(-1, 7):
            assert (abs(history - week) < 1e-4).all(axis=1).any()
    assert len(np.unique(paths[9, :, :7], axis=0)) > 10


def test_the_page_keeps_to_what_it_asks_for(page: dict[str, Any]) -> None:
    forecaster = page["forecaster"]
    longest = forecaster.paths(30, 40)
    assert (longest >= 0).all()
    rows = np.array([7, 2, 2])
    assert forecaster.paths(9, 40, rows).tobytes() == np.ascontiguousarray(longest[rows, :, :9]).tobytes()
    with pytest.raises(ValueError, match="needs 7 periods of history; there are 3"):
        DemandForecaster(page["DrawSeasons"](7)).fit(panel_of([[1, 2, 3]], "D"))


def test_the_page_can_be_found() -> None:
    assert "(docs/own_model.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
