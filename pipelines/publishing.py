"""Runs beside the plan, such as replays: computed once for the same inputs, configuration and details."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pipelines.project import Project, PublishedRun, file_states, manifest_of, refuse_changed

__all__ = ["publish_once"]

Write = Callable[[Path], None]


def publish_once(project: Project, command: str, details: dict[str, str], compute: Callable[[], Write]) -> PublishedRun:
    """Compute and publish a run, unless this very run has been published already; the latest plan stays the latest.

    Parameters
    ----------
    command : names the kind of run. details : what the run depends on beside inputs and configuration.
    compute : does the work and returns what writes the result into a folder, ``summary.json`` among it.

    Raises
    ------
    UnavailableError
        An input file changed while the run was computed, or the workspace is held by another run.
    """
    before = file_states(project)
    digests = project.digests()
    run_id = project.identity_of(digests, command=command, **details)
    space = project.workspace
    with space.locked():
        repeated = space.complete(run_id)
        if not repeated:
            write = compute()
            refuse_changed(project, before)
            space.publish(run_id, {**manifest_of(project, command, digests), **details}, write, newest=False)
    folder = space.folder(run_id)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return PublishedRun(run_id, folder, summary, repeated)
