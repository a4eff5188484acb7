"""A replay as a run on disk: computed once for the same inputs, configuration and dates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from pipelines.project import Project, PublishedRun, file_states, manifest_of, refuse_changed
from pipelines.workspace import write_csv, write_json, write_parquet

__all__ = ["run_replay"]


def run_replay(
    project: Project,
    start: dt.date,
    end: dt.date,
    *,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> PublishedRun:
    """Replay and publish, unless this very replay has been published already; the latest plan stays the latest.

    The table stock of the project is not where a replay begins: each item begins at its policy's own level.
    """
    before = file_states(project)
    digests = project.digests()
    run_id = project.identity_of(digests, command="replay", start=str(start), end=str(end))
    space = project.workspace
    with space.locked():
        repeated = space.complete(run_id)
        if not repeated:
            write = _replayed(project, start, end, before, jobs, progress)
            manifest = manifest_of(project, "replay", digests)
            space.publish(run_id, {**manifest, "from": str(start), "to": str(end)}, write, newest=False)
    folder = space.folder(run_id)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return PublishedRun(run_id, folder, summary, repeated)


def _replayed(
    project: Project,
    start: dt.date,
    end: dt.date,
    before: dict[tuple[str, Path], tuple[int, ...]],
    jobs: int | None,
    progress: Callable[[str], None],
) -> Callable[[Path], None]:
    """Replay, and return what writes the result into a folder."""
    from pipelines.jobs.replaying import replay

    result = replay(project.inputs, project.config, start, end, jobs=jobs, progress=progress)
    refuse_changed(project, before)
    progress("writing the run")

    def write(folder: Path) -> None:
        write_csv(result.service, folder / "service.csv")
        for name in ("service", "items", "periods", "reviews", "cost"):
            write_parquet(getattr(result, name), folder / f"{name}.parquet")
        if result.exchange is not None:
            write_parquet(result.exchange.curve, folder / "exchange_curve.parquet")
            write_parquet(result.exchange.classes, folder / "exchange_classes.parquet")
        write_json(folder / "summary.json", result.summary)

    return write
