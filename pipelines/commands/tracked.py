"""The option that tells MLflow of a run, and what it does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from pipelines.commands.output import note

if TYPE_CHECKING:
    from pipelines.project import Project, PublishedRun

__all__ = ["TRACK", "telling", "told_to_mlflow", "tracks"]

TRACK = click.option("--track/--no-track", default=None, help="Tell MLflow of the run; default: as [tracking] says.")


def tracks(project: Project, wanted: bool | None) -> bool:
    """Whether MLflow is to be told: as the option says, else as the configuration does."""
    return project.tracking.enabled if wanted is None else wanted


def told_to_mlflow(project: Project, run: PublishedRun, wanted: bool | None) -> str | None:
    """Tell MLflow of a run where that is wanted; a failure is a line on standard error and nothing more."""
    if not tracks(project, wanted):
        return None
    from pipelines.tracking import track_run

    return track_run(run, project.workspace, project.tracking, note)


@contextlib.contextmanager
def telling(project: Project, wanted: bool | None) -> Iterator[Callable[[PublishedRun], object]]:
    """Make ready to tell MLflow while a run is made; gives what to call with the run."""
    if not tracks(project, wanted):
        yield lambda _: None
        return
    from pipelines.teller import teller

    with teller(project, note) as ready:
        yield ready.tell
