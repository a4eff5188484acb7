"""``restock alerts``: what to act on, and what changed since the run before."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.options import JSON, PROJECT, RUN, WORKSPACE
from pipelines.commands.output import chosen_run, print_json, workspace_of

__all__ = ["alerts"]

_SEVERITIES = ("now", "soon", "watch")


@click.command()
@click.option("--changes", is_flag=True, help="Show instead which orders changed since the run before, and why.")
@click.option("--severity", type=click.Choice(_SEVERITIES), default="watch", help="Show this and what is worse.")
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, help="Lines to show.")
@RUN
@PROJECT
@WORKSPACE
@JSON
def alerts(
    changes: bool, severity: str, most: int, run_id: str, file: Path, workspace: Path | None, as_json: bool
) -> None:
    """Say what must be done, until when and how much is at stake, worst first."""
    from pipelines.exports.run_files import RunFiles
    from pipelines.showing_alerts import show_alerts, show_changes

    space = workspace_of(file, workspace)
    run = RunFiles(space.folder(chosen_run(space, run_id)))
    if not changes:
        frame = run.frame("alerts")
        frame = frame[frame["severity"].isin(_SEVERITIES[: _SEVERITIES.index(severity) + 1])]
    else:
        frame = run.frame("changes") if run.has("changes") else run.frame("alerts").iloc[:0]
    if as_json:
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        found = {"changes" if changes else "alerts": rows, "nervousness": run.summary.get("nervousness")}
        print_json({"schema": 1, "status": "ok", "run_id": run.run_id, **found})
        return
    (show_changes if changes else show_alerts)(run, frame, most)
