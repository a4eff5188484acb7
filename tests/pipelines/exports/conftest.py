"""A published run whose identifiers attack whoever reads them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipelines.exports.run_files import RunFiles
from pipelines.project import Project, open_project, run_plan
from tests.pipelines.shop import Tables, only, small_shop, write_project

HOSTILE = {
    "NA": "=cmd|' /C calc'!A0",
    "nan": "'; DROP TABLE restock_runs; --",
    "TRUE": "@SUM(1+1)",
    "1E5": "+1",
}
SUPPLIER = "O'Brien; DROP TABLE restock_latest"


def hostile_shop() -> Tables:
    """A few items under names that are formulas, statements and numbers to careless readers."""
    shop = only(small_shop(), "00123", "123", "-7", "../x", *HOSTILE)
    for frame in shop.values():
        for name in ("sku", "supplier"):
            if name in frame:
                frame[name] = frame[name].replace({**HOSTILE, "S1": SUPPLIER})
    return shop


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    file = write_project(tmp_path_factory.mktemp("hostile"), hostile_shop(), model="moving_average", simulation_paths=0)
    return open_project(file)


@pytest.fixture(scope="package")
def run(project: Project) -> RunFiles:
    return RunFiles(run_plan(project, jobs=1).folder)


@pytest.fixture(scope="package")
def lines(run: RunFiles) -> pd.DataFrame:
    return run.frame("recommendations")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"
