"""``restock overrides``: what planners know better, kept and judged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pipelines.commands.options import JSON, PROJECT, RUN, WORKSPACE
from pipelines.commands.output import chosen_run, print_json, workspace_of

__all__ = ["overrides"]


@click.group()
def overrides() -> None:
    """Quantities that planners set themselves: kept with who, when and why."""


@overrides.command("import")
@click.argument("edited", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--by", default=None, help="Who changed it; default: the user of this computer.")
@RUN
@PROJECT
@WORKSPACE
@JSON
def import_overrides(
    edited: Path, by: str | None, run_id: str, file: Path, workspace: Path | None, as_json: bool
) -> None:
    """Take the quantities of an edited workbook or CSV file (sku, location, override_quantity, override_note).

    The next plan carries them out and shows what that is expected to change.
    """
    import getpass

    from pipelines.exports.run_files import RunFiles
    from pipelines.overrides import read_edited, record_overrides

    space = workspace_of(file, workspace)
    run = RunFiles(space.folder(chosen_run(space, run_id)))
    changes = read_edited(edited, run)
    with space.locked():
        new = record_overrides(space, changes, run, by or getpass.getuser(), dt.datetime.now(dt.UTC))
    if as_json:
        counts = {"changed": len(changes), "new": new}
        print_json({"schema": 1, "status": "ok", "run_id": run.run_id, "counts": counts})
    else:
        click.echo(f"{len(changes):,} changed quantities, {new:,} of them new; `restock plan` carries them out")


@overrides.command("list")
@PROJECT
@WORKSPACE
@JSON
def list_overrides(file: Path, workspace: Path | None, as_json: bool) -> None:
    """Show every override that was ever made."""
    from pipelines.overrides import recorded_overrides

    found = recorded_overrides(workspace_of(file, workspace))
    if as_json:
        rows = [] if found is None else found.astype(object).where(found.notna(), None).to_dict("records")
        print_json({"schema": 1, "status": "ok", "overrides": rows})
    elif found is None:
        click.echo("Nobody has overridden anything yet.")
    else:
        click.echo(found[["at", "by", "sku", "location", "recommended", "quantity", "why"]].to_string(index=False))


@overrides.command("review")
@PROJECT
@WORKSPACE
@JSON
def review(file: Path, workspace: Path | None, as_json: bool) -> None:
    """Compare each override with what had been recommended, against what sold since."""
    from pipelines.jobs.override_review import describe_review, review_overrides
    from pipelines.project import open_project

    project = open_project(file, workspace=workspace)
    found = review_overrides(project.workspace, project.inputs, project.config)
    told = describe_review(found)
    if as_json:
        rows = found.astype(object).where(found.notna(), None).to_dict("records")
        print_json({"schema": 1, "status": "ok", **told, "lines": rows})
        return
    if not told["known"]:
        click.echo(f"{told['overrides']:,} overrides, of none is the outcome known yet.")
        return
    names = ["sku", "location", "as_of", "by", "recommended", "quantity", "demand", "backordered",
             "backordered_recommended", "mean_stock", "mean_stock_recommended", "verdict"]  # fmt: skip
    click.echo(found.loc[found["known"], names].to_string(index=False))
    click.echo(
        f"{told['known']:,} of {told['overrides']:,} overrides: {told['backordered']:,.0f} units backordered, "
        f"{told['backordered_recommended']:,.0f} as recommended; {told['mean_stock']:,.0f} units of stock, "
        f"{told['mean_stock_recommended']:,.0f} as recommended."
    )
