"""Where the development data lie: beside the repository. Tests on them are skipped elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, PlanResult
from pipelines.execution import default_jobs, thread_mapper
from pipelines.jobs.planning import Plan, make_plan, plan_frames
from pipelines.jobs.simulating import simulate_plan
from replenishment.simulation.results import SimulationResult
from tests.pipelines.invariants import check_plan

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
KEY = ["sku", "location"]


def needs(name: str) -> pytest.MarkDecorator:
    """Skip a module where its data set is not there."""
    return pytest.mark.skipif(not (DATA / name).is_dir(), reason=f"the development data {DATA / name} are not here")


def read(name: str, table: str) -> pd.DataFrame:
    return pd.read_parquet(DATA / name / f"{table}.parquet")


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan of real data with its frames and its simulation; made once a module."""

    made: Plan
    result: PlanResult
    simulated: SimulationResult

    @classmethod
    def of(cls, inputs: Inputs, config: PlanConfig) -> Planned:
        run = thread_mapper(default_jobs())
        made = make_plan(inputs, config, run=run)
        simulated = simulate_plan(made, run=run)
        result = plan_frames(made, simulated)
        check_plan(result, config)
        return cls(made, result, simulated)

    @property
    def lines(self) -> pd.DataFrame:
        return self.result.recommendations


def check_no_row_is_lost(planned: Planned, name: str) -> None:
    """Every row of sales is in the panel, units add up to the table's, every item has exactly one line."""
    sales = read(name, "sales")
    report, panel = planned.made.panel.report, planned.made.panel
    assert report.rows_read == report.rows_used == len(sales)
    assert len(planned.result.quarantine) == 0
    total = panel.quantity.sum(dtype=np.float64)
    assert total == pytest.approx(sales["quantity"].sum(), rel=1e-6)
    by_item = sales.groupby(KEY)["quantity"].sum()
    np.testing.assert_allclose(panel.quantity.sum(axis=1, dtype=np.float64), by_item.reindex(panel.keys), rtol=1e-5)
    items = read(name, "items")
    keys = list(planned.lines[KEY].itertuples(index=False, name=None))
    assert sorted(keys) == sorted(items[KEY].itertuples(index=False, name=None))
    assert len(set(keys)) == len(keys)


def check_conservation(planned: Planned, count: int = 12) -> None:
    """Along simulated paths of some items no unit appears or disappears."""
    kpis = planned.simulated.kpis
    for k in np.linspace(0, len(kpis) - 1, count).astype(int):
        way: Any = planned.simulated.trajectory(kpis["sku"][k], kpis["location"][k])
        shipped = way["filled_at_once"] + way["filled_later"]
        np.testing.assert_allclose(way["opening_stock"] + way["received"] - shipped, way["stock"], atol=1e-4)
        np.testing.assert_allclose(way["opening_stock"].iloc[1:], way["stock"].iloc[:-1], atol=1e-9)
        arisen = (way["demanded"] - way["filled_at_once"] - way["lost"] - way["filled_later"]).cumsum()
        np.testing.assert_allclose(way["waiting"], arisen, atol=1e-2)
