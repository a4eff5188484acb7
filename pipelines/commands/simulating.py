"""The command that tries a plan: as it is, and in scenarios."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipelines.commands.options import AS_OF, JOBS, JSON, PROJECT
from pipelines.commands.output import print_json, progress
from pipelines.commands.tracked import TRACK, told_to_mlflow

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.project import Project, PublishedRun
    from replenishment.simulation.scenarios import Scenario

__all__ = ["simulate"]


@click.command()
@PROJECT
@AS_OF
@click.option(
    "--paths",
    type=click.IntRange(min=2),
    default=None,
    help="Sampled paths; default: as configured, with scenarios at most 50.",
)
@click.option(
    "--days", type=click.FloatRange(min=1), default=None, help="Length after the warm-up; default: as configured."
)
@click.option(
    "--unmet-demand", type=click.Choice(["backorder", "lost"]), default=None, help="Simulate this mode for all items."
)
@click.option("--recorded", is_flag=True, help="Replay the newest recorded demand in place of forecast paths.")
@click.option(
    "--scenario",
    "scenarios",
    metavar="NAME...",
    multiple=True,
    help="Also simulate what would happen then; all for every one, a+b for several at once.",
)
@click.option(
    "--compare",
    type=click.Choice(["unmet_demand"]),
    default=None,
    help="Show all in both modes of unmet demand, side by side.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the table of scenarios to this .csv or .parquet file.",
)
@click.argument("more", metavar="", nargs=-1)
@TRACK
@JOBS
@JSON
def simulate(
    file: Path,
    as_of: dt.datetime | None,
    paths: int | None,
    days: float | None,
    unmet_demand: Literal["backorder", "lost"] | None,
    recorded: bool,
    scenarios: tuple[str, ...],
    compare: str | None,
    output: Path | None,
    more: tuple[str, ...],
    track: bool | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Simulate the planned policies and show the service that follows.

    Scenarios are those built in (demand_surge, supplier_failure, ...) and those that the configuration describes in
    sections [scenarios.NAME].
    """
    from pipelines.execution import default_jobs, thread_mapper
    from pipelines.project import open_project
    from pipelines.simulation_runs import Trial, run_simulation, run_trial

    _refuse(scenarios, compare, unmet_demand, output, more)
    project = open_project(file, as_of=as_of.date() if as_of else None)
    wanted = tuple(_wanted(project, (*scenarios, *more)))
    trial = Trial(paths, days, unmet_demand, recorded, wanted, compare is not None)
    how: dict[str, Any] = {"run": thread_mapper(jobs or default_jobs()), "progress": progress()}
    if not wanted and compare is None and output is None:
        done = run_simulation(project, trial, **how)
        told_to_mlflow(project, done, track)
        _tell_one(done, as_json)
        return
    done, table = run_trial(project, trial, **how)
    if output is not None:
        _write(table, output)
    _tell_all(done, table, output, as_json)


def _refuse(
    scenarios: tuple[str, ...],
    compare: str | None,
    unmet_demand: str | None,
    output: Path | None,
    more: tuple[str, ...],
) -> None:
    """Refuse what doesn't go together before anything is planned."""
    if more and not scenarios:
        raise click.UsageError(f"Got unexpected extra argument ({more[0]}); scenarios follow --scenario")
    if compare and unmet_demand:
        raise click.UsageError("--compare unmet_demand shows both modes; leave --unmet-demand out")
    if output is not None and output.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"--output {output}: the file must end in .csv or .parquet")


def _wanted(project: Project, names: tuple[str, ...]) -> list[Scenario]:
    """The scenarios that were named, each once; ``all``: every one, described or built in."""
    if not names:
        return []
    from pipelines.errors import ConfigurationError
    from replenishment.simulation.scenarios import SCENARIOS, scenario_named

    own = project.scenarios
    every = [*own, *(name for name in SCENARIOS if name not in own)]
    spread = [one for name in names for one in (every if name == "all" else [name])]
    try:
        return [scenario_named(name, own) for name in dict.fromkeys(spread)]
    except ValueError as problem:
        raise ConfigurationError(f"{project.file}: {problem}") from None


def _tell_one(done: PublishedRun, as_json: bool) -> None:
    from pipelines.showing import show_simulation

    if as_json:
        print_json({"schema": 1, "status": "ok", "run_id": done.run_id, **done.summary})
    else:
        show_simulation(done)


def _tell_all(done: PublishedRun, table: pd.DataFrame, output: Path | None, as_json: bool) -> None:
    from pipelines.showing_scenarios import show_scenarios

    if not as_json:
        show_scenarios(done, table, output)
        return
    keys = ["scenario", "unmet_demand"]
    told = [
        {**dict(zip(keys, key, strict=True)), "kpis": rows.drop(columns=keys).set_index("kpi").to_dict("index")}
        for key, rows in table.groupby(keys, sort=False)
    ]
    outputs = [] if output is None else [str(output)]
    head = {"schema": 1, "status": "ok", "run_id": done.run_id}
    print_json({**head, **done.summary, "scenarios": told, "outputs": outputs})


def _write(table: pd.DataFrame, output: Path) -> None:
    from pipelines.errors import UnavailableError
    from pipelines.workspace import write_csv, write_parquet

    try:
        (write_csv if output.suffix == ".csv" else write_parquet)(table, output)
    except OSError as problem:
        raise UnavailableError(f"{output} can't be written: {problem.strerror}") from None
