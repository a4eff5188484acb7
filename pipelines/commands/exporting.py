"""``restock export`` and ``restock released``: hand a run to other systems, and remember what was ordered."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import JSON, PROJECT, RUN, WORKSPACE
from pipelines.commands.output import chosen_run, print_json, workspace_of

__all__ = ["export", "released"]

_KINDS = ("csv", "excel", "sql", "purchase-orders", "planned-orders")


@click.command()
@click.option("--to", "kind", type=click.Choice(_KINDS), required=True, help="What to write.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the files; default: exports/RUN/KIND in the workspace.",
)
@click.option("--url", default=None, help="SQLAlchemy address for sql; $NAME is taken from the environment.")
@click.option("--spreadsheet-safe", is_flag=True, help="CSV: no cell that a spreadsheet would run as a formula.")
@click.option("--draft", is_flag=True, help="Purchase orders: write the files, but don't count them as released.")
@RUN
@PROJECT
@WORKSPACE
@JSON
def export(
    kind: str,
    output: Path | None,
    url: str | None,
    spreadsheet_safe: bool,
    draft: bool,
    run_id: str,
    file: Path,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Write a run for other systems. Nothing is planned anew; purchase orders count as released from here on."""
    from pipelines.exports.exporting import export_files, export_sql
    from pipelines.exports.run_files import RunFiles

    space = workspace_of(file, workspace)
    run = RunFiles(space.folder(chosen_run(space, run_id)))
    answer: dict[str, Any] = {"schema": 1, "status": "ok", "run_id": run.run_id, "export": kind}
    if kind == "sql":
        if url is None:
            raise click.UsageError("--to sql needs --url, such as --url sqlite:///plans.db or --url '$PLANS_URL'")
        answer |= {"counts": export_sql(run, url), "outputs": [], "warnings": []}
    else:
        target = output or space.root / "exports" / run.run_id / kind
        when = None if draft else dt.datetime.now(dt.UTC)
        done = export_files(space, run, kind, target, safe=spreadsheet_safe, released_at=when)
        answer |= {
            "counts": {"lines_released": done.released} if kind == "purchase-orders" else {},
            "outputs": [str(path) for path in done.files],
            "warnings": done.warnings,
        }
    if as_json:
        print_json(answer)
        return
    for path in answer["outputs"]:
        click.echo(path)
    for name, count in answer["counts"].items():
        click.echo(f"{name.replace('_', ' ')}: {count:,}")
    for warning in answer["warnings"]:
        click.echo(f"Note: {warning}")


@click.group()
def released() -> None:
    """Orders that were released and count as on order until the ERP shows them."""


@released.command("list")
@PROJECT
@WORKSPACE
@JSON
def list_released(file: Path, workspace: Path | None, as_json: bool) -> None:
    """Show all released lines that were not forgotten."""
    from pipelines.released_orders import recorded_releases

    lines = recorded_releases(workspace_of(file, workspace))
    shown = lines[["po", "supplier", "sku", "location", "quantity", "order_date", "arrival_date", "run_id"]]
    if as_json:
        print_json({"schema": 1, "status": "ok", "lines": shown.to_dict("records")})
    elif len(shown):
        click.echo(shown.to_string(index=False))
    else:
        click.echo("Nothing was released yet.")


@released.command("forget")
@click.argument("po")
@PROJECT
@WORKSPACE
@JSON
def forget_released(po: str, file: Path, workspace: Path | None, as_json: bool) -> None:
    """Let the purchase order PO count no more: it was never sent, or was cancelled."""
    from pipelines.errors import ConfigurationError
    from pipelines.released_orders import forget

    space = workspace_of(file, workspace)
    with space.locked():
        lines = forget(space, po, dt.datetime.now(dt.UTC))
    if not lines:
        raise ConfigurationError(f"no released order has the number {po!r}; `restock released list` shows them")
    if as_json:
        print_json({"schema": 1, "status": "ok", "counts": {"lines_forgotten": lines}})
    else:
        click.echo(f"{po}: {lines:,} lines count no more")
