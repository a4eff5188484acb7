"""A data scientist's day: explore in Python, backtest, register, promote, and use it somewhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting import DemandForecaster, DemandPanel, backtest
from pipelines import plan
from pipelines.demo import write_demo
from pipelines.jobs.planning import make_plan
from pipelines.project import open_project
from tests.end_to_end.conftest import LIGHT, Restock, lightened

WINDOW = ("--from", "2026-04-20", "--to", "2026-06-22")
LEVELS = (0.25, 0.9, 0.99)
ELSEWHERE = """
import sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
planner = mlflow.pyfunc.load_model("models:/restock-planner@champion")
planner.predict(pd.read_parquet(sys.argv[2]), params={"levels": [0.25, 0.9, 0.99]}).to_parquet(sys.argv[3])
"""


@pytest.fixture
def weekly(tmp_path: Path, migrated: Path) -> Path:
    """A smaller shop, planned by the week: its replays are what takes time."""
    # A replay without a look back, which would make as many reviews again.
    demo = lightened(write_demo(tmp_path / "shop", skus=8, ledger_days=90), f'{LIGHT}correction = "none"\n')
    text = demo.read_text(encoding="utf-8")
    demo.write_text(text.replace('frequency = "D"', 'frequency = "W-MON"'), encoding="utf-8")
    (demo.parent / "workspace").mkdir()
    shutil.copy(migrated, demo.parent / "workspace" / "mlflow.db")
    return demo


def test_a_data_scientist_s_day(restock: Restock, weekly: Path, tmp_path: Path) -> None:
    project = open_project(weekly)
    result = plan(project.inputs, project.config)
    assert result.recommendations["order_quantity"].sum() > 0
    # By hand, as in a notebook: a panel, a model, a score.
    sales = pd.read_parquet(weekly.parent / "sales.parquet").dropna(subset=["quantity"]).query("quantity >= 0")
    panel = DemandPanel.from_frame(sales, frequency="W-MON")
    forecaster = DemandForecaster("moving_average").fit(panel)
    assert (forecaster.lead_time_demand(3).quantile(0.95) >= forecaster.lead_time_demand(3).quantile(0.5)).all()
    scores = backtest(sales, frequency="W-MON", protection_periods=3, origins=2, step=2, model="moving_average").scores
    assert np.isfinite(scores["pinball"]).all()

    shop = ("--config", weekly)
    told = restock("backtest", *shop, *WINDOW, "--origins", 2, "--model", "naive", "--track")
    assert restock("register", *shop)["version"] == "1"
    first = restock("promote", *shop, *WINDOW)
    assert (first["promoted"], first["challenger"]) == (True, "1")

    import mlflow

    store = f"sqlite:///{(project.workspace.root / 'mlflow.db').resolve()}"
    client = mlflow.MlflowClient(store)
    experiment = client.get_experiment_by_name("restock")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`restock.command` = 'backtest'")
    assert run.data.tags["restock.run_id"] == told["run_id"]
    assert run.data.metrics["achieved"] == pytest.approx(told["backorder_rate"]["achieved"])

    asked = result.recommendations[["sku", "location"]].assign(periods=np.arange(len(result.recommendations)) % 9 + 1)
    asked.to_parquet(tmp_path / "asked.parquet")
    files = [str(tmp_path / name) for name in ("asked.parquet", "answered.parquet")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    subprocess.run([sys.executable, "-c", ELSEWHERE, store, *files], check=True, env=environment, cwd=os.getcwd())
    there = pd.read_parquet(files[1])
    here = make_plan(project.inputs, project.config).forecaster
    assert here.panel_.keys == list(asked[["sku", "location"]].itertuples(index=False, name=None))
    demand = here.lead_time_demand(asked["periods"].to_numpy(np.int64))
    pd.testing.assert_frame_equal(there[["sku", "location", "periods"]], asked)
    assert (there["mean"] == demand.mean()).all()
    for level in LEVELS:
        assert (there[f"q{level:g}"] == demand.quantile(level)).all()
