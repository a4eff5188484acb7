"""A planner registered, promoted, and loaded elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.jobs.planning import make_plan
from pipelines.project import open_project
from pipelines.registry import judge
from tests.pipelines.shop import AS_OF, only, small_shop, write_project
from tests.pipelines.windows import restock

START, END = f"{AS_OF - pd.Timedelta(weeks=14):%Y-%m-%d}", f"{AS_OF - pd.Timedelta(weeks=1):%Y-%m-%d}"
LOAD = """
import sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/restock-planner@champion")
asked = pd.DataFrame({"sku": ["NA", "00123"], "location": ["007", "NULL"], "periods": [3, 5]})
model.predict(asked).to_parquet(sys.argv[2])
"""


@pytest.mark.thorough
def test_a_planner_is_registered_promoted_and_the_same_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], migrated: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "workspace").mkdir()
    shutil.copy(migrated, tmp_path / "workspace" / "mlflow.db")
    tables = only(small_shop(), "00123", "NA")
    plain = {"frequency": "W-MON", "model": "moving_average", "simulation_paths": 0}
    file = write_project(tmp_path, tables, target=0.2, **plain)
    window = ("--config", file, "--from", START, "--to", END, "--json")

    def said(*command: object) -> dict[str, object]:
        code, out, err = restock(monkeypatch, capsys, *command)
        assert (code, err) == (0, "")
        return dict(json.loads(out))

    code, out, _ = restock(monkeypatch, capsys, "promote", *window)
    assert code == 2
    assert "restock register" in json.loads(out)["error"]
    assert said("register", "--config", file, "--json")["version"] == "1"
    assert said("register", "--config", file, "--json")["version"] == "1"
    first = said("promote", *window)
    assert (first["promoted"], first["champion"]) == (True, None)
    # The same plan at a stricter target holds more stock and fewer backorders: a trade, no improvement.
    write_project(tmp_path, tables, target=0.02, **plain)
    assert said("register", "--config", file, "--json")["version"] == "2"
    second = said("promote", *window)
    assert (second["promoted"], second["champion"]) == (False, "1")
    assert second["stock"][0] > 0  # type: ignore[index]
    assert second["rate"][0] < 0  # type: ignore[index]
    write_project(tmp_path, tables, target=0.2, **plain)

    project = open_project(file)
    store = f"sqlite:///{(project.workspace.root / 'mlflow.db').resolve()}"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    loaded = tmp_path / "loaded.parquet"
    subprocess.run([sys.executable, "-c", LOAD, store, str(loaded)], check=True, env=environment, cwd=os.getcwd())
    there = pd.read_parquet(loaded)
    here = make_plan(project.inputs, project.config).forecaster
    for row in there.to_dict("records"):
        place = np.array([here.panel_.keys.index((row["sku"], row["location"]))])
        demand = here.lead_time_demand(np.array([row["periods"]]), rows=place)
        assert row["mean"] == demand.mean()[0]
        assert [row[f"q{level:g}"] for level in (0.5, 0.9, 0.99)] == [
            demand.quantile(level)[0] for level in (0.5, 0.9, 0.99)
        ]
    assert not [each for each in (project.workspace.root / "mlflow-artifacts").rglob("*") if each.suffix == ".pkl"]


def replayed(short: float, stock: float, seed: int) -> Any:
    """What a judge looks at: 200 items, so many units short of 100, and the stock, each with some noise of its own."""
    random = np.random.default_rng(seed)
    n = 200
    items = pd.DataFrame({"sku": [f"s{k}" for k in range(n)], "location": "main", "demanded_before": True})
    return SimpleNamespace(
        items=items.assign(
            units_demanded=100.0,
            units_backordered=short + random.normal(0, 1, n),
            units_lost=0.0,
            mean_stock=stock + random.normal(0, 1, n),
            mean_stock_value=np.nan,
        )
    )


@pytest.mark.parametrize(
    ("short", "stock", "promoted", "words"),
    [
        (8.0, 50.0, True, "better beyond chance"),  # fewer backorders from the same stock
        (10.0, 45.0, True, "better beyond chance"),  # the same service from less
        (8.0, 60.0, False, "worse in the other"),  # bought with a fifth more stock
        (12.0, 40.0, False, "worse in the other"),
        (10.0, 50.0, False, "not better beyond chance"),
        (12.0, 50.0, False, "not better beyond chance"),
    ],
)
def test_a_challenger_must_be_better_in_one_and_no_worse_in_the_other(
    short: float, stock: float, promoted: bool, words: str
) -> None:
    verdict = judge(replayed(short, stock, 1), replayed(10.0, 50.0, 2), "2", "1")
    assert verdict.promoted is promoted
    assert words in verdict.why
    assert verdict.rate is not None
    assert verdict.rate[0] == pytest.approx((short - 10.0) / 100.0, abs=0.003)
