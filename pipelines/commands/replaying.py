"""The command that plans again and again along history."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import click

from pipelines.commands.options import JOBS, JSON, PROJECT, WORKSPACE
from pipelines.commands.output import print_window_run, progress
from pipelines.commands.tracked import TRACK, told_to_mlflow

__all__ = ["replay"]

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@PROJECT
@WORKSPACE
@click.option("--from", "start", type=_DAY, required=True, help="First day of the first replayed period.")
@click.option("--to", "end", type=_DAY, required=True, help="First day of the last replayed period.")
@TRACK
@JOBS
@JSON
def replay(
    file: Path,
    workspace: Path | None,
    start: dt.datetime,
    end: dt.datetime,
    track: bool | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Plan again and again along history, and hold what was promised against what came."""
    from pipelines.project import open_project
    from pipelines.replay_runs import run_replay

    project = open_project(file, workspace=workspace)
    run = run_replay(project, start.date(), end.date(), jobs=jobs, progress=progress())
    told_to_mlflow(project, run, track)
    if not as_json:
        from pipelines.showing_replay import show_replay

        show_replay(run)
        return
    counts = ("items", "periods", "reviews", "fits", "order_lines", "units_demanded", "units_backordered")
    print_window_run(run, counts)
