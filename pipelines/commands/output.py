"""What every command says the same way: progress on a terminal, one JSON object, which workspace and run are meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pipelines.commands.logs import say

if TYPE_CHECKING:
    from pipelines.project import PublishedRun
    from pipelines.workspace import Workspace

__all__ = ["chosen_run", "note", "print_json", "print_window_run", "progress", "workspace_of"]

_RATES: Final = ("target", "promised", "achieved", "difference", "low", "high")


def progress() -> Callable[[str], None]:
    """Say on a terminal, or in the log that was asked for, what is being done; be silent in a pipe."""
    return lambda stage: say("info", stage)


def note(words: str) -> None:
    """Say on standard error what a planner need not act on."""
    say("warning", words)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on one line."""
    from pipelines.workspace import plain

    click.echo(json.dumps(plain(value), allow_nan=False, default=str))


def print_window_run(run: PublishedRun, counts: Iterable[str], more: Iterable[str] = ()) -> None:
    """Print a run over a window of history as one JSON object.

    Parameters
    ----------
    counts : what its summary counts. more : further entries of its summary to tell.
    """
    summary = run.summary
    print_json(
        {
            "schema": 1,
            "status": "ok",
            "run_id": run.run_id,
            "counts": {name: summary[name] for name in counts},
            "backorder_rate": {name: summary[name] for name in _RATES},
            "order_value": summary["order_value"],
            **{name: summary[name] for name in more},
            "outputs": sorted(str(path) for path in run.folder.rglob("*") if path.is_file()),
            "warnings": summary["notes"],
        }
    )


def workspace_of(file: Path, workspace: Path | None) -> Workspace:
    """The workspace that was named, or that of the project; the tables of the project need not be there."""
    from pipelines.project import project_workspace
    from pipelines.workspace import Workspace

    return Workspace(workspace) if workspace else project_workspace(file)


def chosen_run(space: Workspace, wanted: str) -> str:
    """The id of a run that is there and whole; ``latest`` is the newest.

    Raises
    ------
    ConfigurationError
        No run yet, or none that is whole under that id.
    """
    from pipelines.errors import ConfigurationError

    run_id = space.latest() if wanted == "latest" else wanted
    if run_id is None:
        raise ConfigurationError(f"there is no run in {space.root} yet; `restock plan` makes one")
    if not space.complete(run_id):
        raise ConfigurationError(f"run {run_id} is not in {space.runs}, or is damaged; `restock plan` makes it again")
    command = json.loads((space.folder(run_id) / "manifest.json").read_text(encoding="utf-8")).get("command")
    if command != "plan":
        raise ConfigurationError(f"run {run_id} is a {command}, not a plan; `restock runs list` shows which are")
    return run_id
