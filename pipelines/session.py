"""A project planned again and again by one process, as a service does that answers a feed of stock or sales."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.execution import rare_collections
from pipelines.project import open_project, run_plan
from pipelines.published import PublishedRun
from pipelines.stage_store import StageMemory

__all__ = ["PlanningSession"]


class PlanningSession:
    """Keeps the checked tables, the fitted forecaster, levels and simulations of its plans in memory.

    Each plan reads the configuration and the tables as they are then, and is written, whole, as the run that a command
    would write: what is kept only spares the work on what has not changed. Other processes may plan in the workspace
    in between.

    Parameters
    ----------
    file : ``restock.toml``. workspace : another one than it names. jobs : threads.
    settings : win over those of [plan]; ``{"refit": "changed"}`` fits only the series that changed.
    tell : is told of trouble with what earlier plans kept.
    """

    def __init__(
        self,
        file: Path,
        *,
        workspace: Path | None = None,
        settings: Mapping[str, Any] = MappingProxyType({}),
        jobs: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._file, self._workspace, self._settings = file, workspace, dict(settings)
        self._jobs, self._tell, self._memory = jobs, tell, StageMemory()

    def plan(self, as_of: dt.date | None = None) -> PublishedRun:
        """Plan the tables as they are now, and publish the run; see :func:`pipelines.project.run_plan`."""
        with rare_collections():
            project = open_project(self._file, workspace=self._workspace, as_of=as_of, settings=self._settings)
            return run_plan(project, jobs=self._jobs, tell=self._tell, memory=self._memory)
