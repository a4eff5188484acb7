"""Runs over a window of history, as people call them: a shop of five SKUs in weeks, and the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import cli
from pipelines.project import open_project
from tests.pipelines.shop import AS_OF, Tables, only, small_shop, write_project

# The last 16 weeks of the shop's sales, by the first day of the first and of the last.
START, END = f"{AS_OF - pd.Timedelta(weeks=16):%Y-%m-%d}", f"{AS_OF - pd.Timedelta(weeks=1):%Y-%m-%d}"


def five_skus() -> Tables:
    """The tables of five SKUs at two locations."""
    return only(small_shop(), "00123", "NA", "=1+1", "1E5", "TRUE")


def weekly_project(factory: pytest.TempPathFactory, tables: Tables, model: str, **changes: Any) -> Path:
    """The configuration of a project that plans those tables by the week."""
    return write_project(factory.mktemp("shop"), tables, frequency="W-MON", model=model, target=0.1, **changes)


def published(project: Path, answer: tuple[int, str, str]) -> tuple[dict[str, Any], Path]:
    """The JSON answer and the folder of a run beside the plan: told in one line, whole, and no latest plan."""
    code, out, err = answer
    assert (code, out.count("\n"), err) == (0, 1, "")
    told = json.loads(out)
    assert set(told) >= {"schema", "status", "run_id", "counts", "backorder_rate", "order_value", "outputs", "warnings"}
    space = open_project(project).workspace
    assert space.complete(told["run_id"])
    assert space.latest() is None
    return told, space.folder(told["run_id"])


def restock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Run the command line in this process; returns exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", ["restock", *map(str, arguments)])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err
