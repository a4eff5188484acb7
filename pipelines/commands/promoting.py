"""The commands that register a fitted planner and put it into use."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from pipelines.commands.options import JOBS, JSON, PROJECT, WORKSPACE
from pipelines.commands.output import print_json, progress

__all__ = ["promote", "register"]

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@PROJECT
@WORKSPACE
@JOBS
@JSON
def register(file: Path, workspace: Path | None, jobs: int | None, as_json: bool) -> None:
    """Fit the planner and register it with MLflow as a new version."""
    from pipelines.project import open_project
    from pipelines.registry import MODEL, register_planner

    number = register_planner(open_project(file, workspace=workspace), jobs=jobs, progress=progress())
    if as_json:
        print_json({"schema": 1, "status": "ok", "model": MODEL, "version": number})
    else:
        click.echo(f"{MODEL} version {number} is registered; `restock promote` compares it with the champion")


@click.command()
@PROJECT
@WORKSPACE
@click.option("--from", "start", type=_DAY, required=True, help="First day of the first replayed period.")
@click.option("--to", "end", type=_DAY, required=True, help="First day of the last replayed period.")
@JOBS
@JSON
def promote(
    file: Path, workspace: Path | None, start: dt.datetime, end: dt.datetime, jobs: int | None, as_json: bool
) -> None:
    """Put the newest registered planner into use, if a replay speaks for it."""
    from pipelines.project import open_project
    from pipelines.registry import MODEL
    from pipelines.registry import promote as decide

    project = open_project(file, workspace=workspace)
    verdict = decide(project, start.date(), end.date(), jobs=jobs, progress=progress())
    if as_json:
        print_json({"schema": 1, "status": "ok", "model": MODEL, **asdict(verdict)})
        return
    what = "is the champion now" if verdict.promoted else f"stays where it is; champion is version {verdict.champion}"
    click.echo(f"{MODEL} version {verdict.challenger} {what}: {verdict.why}")
