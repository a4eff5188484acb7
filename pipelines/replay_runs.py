"""A replay as a run on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.project import Project, PublishedRun
from pipelines.publishing import publish_once
from pipelines.workspace import write_csv, write_json, write_parquet

if TYPE_CHECKING:
    from pipelines.jobs.replaying import ReplayResult

__all__ = ["run_replay", "write_replay"]


def run_replay(
    project: Project,
    start: dt.date,
    end: dt.date,
    *,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> PublishedRun:
    """Replay and publish, unless this very replay has been published already.

    The table stock of the project is not where a replay begins: each item begins at its policy's own level.
    """

    def compute() -> Callable[[Path], None]:
        from pipelines.jobs.replaying import replay

        result = replay(project.inputs, project.config, start, end, jobs=jobs, progress=progress)
        progress("writing the run")
        return lambda folder: write_replay(result, folder)

    return publish_once(project, "replay", {"start": str(start), "end": str(end)}, compute)


def write_replay(result: ReplayResult, folder: Path) -> None:
    """Write the tables and the summary of a replay into a folder."""
    write_csv(result.service, folder / "service.csv")
    for name in ("service", "items", "periods", "reviews", "cost"):
        write_parquet(getattr(result, name), folder / f"{name}.parquet")
    if result.exchange is not None:
        write_parquet(result.exchange.curve, folder / "exchange_curve.parquet")
        write_parquet(result.exchange.classes, folder / "exchange_classes.parquet")
    write_json(folder / "summary.json", result.summary)
