"""``restock runs``: what is in the workspace, and what may go."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click

from pipelines.commands.options import JSON, PROJECT, WORKSPACE
from pipelines.commands.output import chosen_run, print_json, workspace_of

__all__ = ["runs"]


@click.group()
def runs() -> None:
    """The runs of the workspace."""


@runs.command("list")
@PROJECT
@WORKSPACE
@JSON
def list_runs(file: Path, workspace: Path | None, as_json: bool) -> None:
    """Show all runs, the newest first."""
    from pipelines.run_store import stored_runs

    found = stored_runs(workspace_of(file, workspace))
    if as_json:
        names = ("run_id", "command", "as_of", "size", "latest", "readable")
        rows = [{name: getattr(run, name) for name in names} for run in found]
        print_json({"schema": 1, "status": "ok", "runs": rows})
        return
    for run in found:
        when = dt.datetime.fromtimestamp(run.written).strftime("%Y-%m-%d %H:%M")
        marks = f"{'  latest' if run.latest else ''}{'' if run.readable else '  damaged'}"
        click.echo(f"{run.run_id}  {run.command:8}  {run.as_of:10}  {when}  {run.size / 2**20:8.1f} MiB{marks}")
    if not found:
        click.echo("No run yet; `restock plan` makes one.")


@runs.command("show")
@click.argument("run_id", default="latest")
@PROJECT
@WORKSPACE
def show_run(run_id: str, file: Path, workspace: Path | None) -> None:
    """Print manifest and summary of RUN_ID as one JSON object."""
    space = workspace_of(file, workspace)
    folder = space.folder(chosen_run(space, run_id))
    names = ("manifest", "summary")
    parts = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in names}
    print_json({"schema": 1, "status": "ok", "run_id": folder.name, "folder": str(folder), **parts})


@runs.command("prune")
@click.option("--keep", type=click.IntRange(min=1), default=30, show_default=True, help="The newest so many stay.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@PROJECT
@WORKSPACE
@JSON
def prune(keep: int, dry_run: bool, file: Path, workspace: Path | None, as_json: bool) -> None:
    """Remove old runs and finished stages; the latest, and runs whose orders were released or overridden, stay."""
    from pipelines.run_store import prune_cache, prune_runs

    space = workspace_of(file, workspace)
    if dry_run:
        gone, cache = prune_runs(space, keep, dry=True), prune_cache(space, dry=True)
    else:
        with space.locked():
            gone, cache = prune_runs(space, keep), prune_cache(space)
    size = sum(run.size for run in gone)
    if as_json:
        answer = {"removed": [run.run_id for run in gone], "bytes": size, "cache_bytes": cache, "dry_run": dry_run}
        print_json({"schema": 1, "status": "ok", **answer})
    else:
        words = f"{len(gone):,} runs {'would go' if dry_run else 'removed'}, {size / 2**20:,.1f} MiB"
        click.echo(f"{words}; of finished stages {cache / 2**20:,.1f} MiB")
