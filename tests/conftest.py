"""What all tests share: how examples are drawn, how many threads there are, and a store of MLflow to copy.

Hypothesis draws the same examples on every machine and sets no deadline, for a first call may compile.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Workers side by side use every core: more threads of OpenMP and BLAS would only spin at each other's barriers.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

# What a killed process has written stays with the system: only a power cut, which no test makes, loses it without this.
os.fsync = lambda _: None

settings.register_profile("restock", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("wide", deadline=None, max_examples=400)
settings.load_profile("restock")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store of MLflow, to copy: bringing a new file to the newest version of its tables takes seconds."""
    import mlflow

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    assert mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path
