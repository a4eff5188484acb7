"""The command that learns from earlier windows by how much promises were missed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import click

from pipelines.commands.options import JOBS, JSON, PROJECT
from pipelines.commands.output import print_json, progress

__all__ = ["tune"]

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@PROJECT
@click.option(
    "--window",
    "windows",
    type=(_DAY, _DAY),
    multiple=True,
    required=True,
    metavar="FROM TO",
    help="First day of the first and of the last period of an earlier window; may be given several times.",
)
@click.option(
    "--write",
    "target",
    type=click.Path(path_type=Path),
    default=None,
    help='Write the correction to this file, for correction = "..." in restock.toml.',
)
@JOBS
@JSON
def tune(
    file: Path,
    windows: tuple[tuple[dt.datetime, dt.datetime], ...],
    target: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Replay earlier windows and learn which rate to ask for, so that the wanted one follows.

    Leave out the window on which the correction will be judged.
    """
    from pipelines.jobs.tuning import tune as learn
    from pipelines.project import open_project
    from pipelines.workspace import write_json

    project = open_project(file)
    dates = [(start.date(), end.date()) for start, end in windows]
    result = learn(project.inputs, project.config, dates, jobs=jobs, progress=progress())
    correction = result.correction.model_dump()
    if target is not None:
        write_json(target, correction)
    if as_json:
        evidence = result.evidence.to_dict("records")
        written = [] if target is None else [str(target)]
        print_json({"schema": 1, "status": "ok", "correction": correction, "evidence": evidence, "outputs": written})
        return
    from pipelines.showing_replay import show_tuning

    show_tuning(result, project.config, target)
