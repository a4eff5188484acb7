"""A backtest of forecast and decision as a run on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.project import Project, PublishedRun
from pipelines.publishing import publish_once
from pipelines.workspace import write_csv, write_json, write_parquet

if TYPE_CHECKING:
    from pipelines.jobs.backtesting import DecisionBacktest

__all__ = ["run_backtest"]


def run_backtest(
    project: Project,
    start: dt.date,
    end: dt.date,
    *,
    origins: int,
    models: Sequence[str],
    weeks_of_cover: float,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> PublishedRun:
    """Score forecast and decisions and publish, unless this very backtest has been published already."""

    def compute() -> Callable[[Path], None]:
        from pipelines.jobs.backtesting import backtest_plan

        result = backtest_plan(
            project.inputs,
            project.config,
            start,
            end,
            origins=origins,
            models=models,
            weeks_of_cover=weeks_of_cover,
            jobs=jobs,
            progress=progress,
        )
        progress("writing the run")
        return lambda folder: _write(result, folder)

    details = {
        "start": str(start),
        "end": str(end),
        "origins": str(origins),
        "models": ",".join(models),
        "weeks_of_cover": f"{weeks_of_cover:g}",
    }
    return publish_once(project, "backtest", details, compute)


def _write(result: DecisionBacktest, folder: Path) -> None:
    """Tables of the forecast, of the rules side by side, and of the items and service of each."""
    import pandas as pd

    for name in ("predictions", "scores"):
        write_parquet(getattr(result.forecast, name), folder / f"{name}.parquet")
    write_csv(result.forecast.scores, folder / "scores.csv")
    write_parquet(result.decisions.table, folder / "decisions.parquet")
    write_csv(result.decisions.table, folder / "decisions.csv")
    for name in ("items", "service"):
        parts = [getattr(found, name).assign(rule=rule) for rule, found in result.decisions.results.items()]
        write_parquet(pd.concat(parts, ignore_index=True), folder / f"{name}.parquet")
    write_json(folder / "summary.json", result.summary)
