"""The command that scores forecast and decisions over a window of history."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import click

from pipelines.commands.options import JOBS, JSON, PROJECT, WORKSPACE
from pipelines.commands.output import print_window_run, progress
from pipelines.commands.tracked import TRACK, told_to_mlflow

__all__ = ["backtest"]

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@PROJECT
@WORKSPACE
@click.option("--from", "start", type=_DAY, required=True, help="First day of the first period of the window.")
@click.option("--to", "end", type=_DAY, required=True, help="First day of the last period of the window.")
@click.option("--origins", type=click.IntRange(min=1), default=4, show_default=True, help="Forecasts in the window.")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("moving_average", "seasonal_naive"),
    show_default=True,
    help="Score this model beside the plan's; may be given several times.",
)
@click.option(
    "--weeks-of-cover",
    type=click.FloatRange(min=0),
    default=4.0,
    show_default=True,
    help="Of the rule of thumb, on top of lead time and review.",
)
@TRACK
@JOBS
@JSON
def backtest(
    file: Path,
    workspace: Path | None,
    start: dt.datetime,
    end: dt.datetime,
    origins: int,
    models: tuple[str, ...],
    weeks_of_cover: float,
    track: bool | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Score forecast and decisions over a window of history, each against simpler rivals."""
    from forecasting.models import model_named
    from pipelines.backtest_runs import run_backtest
    from pipelines.project import open_project

    for name in models:
        try:
            _ = name == "auto" or model_named(name)
        except ValueError as problem:
            raise click.BadParameter(str(problem), param_hint="--model") from None
    project = open_project(file, workspace=workspace)
    run = run_backtest(
        project,
        start.date(),
        end.date(),
        origins=origins,
        models=models,
        weeks_of_cover=weeks_of_cover,
        jobs=jobs,
        progress=progress(),
    )
    told_to_mlflow(project, run, track)
    if not as_json:
        from pipelines.showing_backtest import show_backtest

        show_backtest(run)
        return
    counts = ("items", "periods", "origins", "reviews", "order_lines", "units_demanded", "units_backordered")
    print_window_run(run, counts, more=("forecast", "decisions"))
