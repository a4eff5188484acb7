"""Every kind of export by its name, and what is done besides writing: orders are released."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError
from pipelines.exports.csv import write_tables
from pipelines.exports.excel import write_workbook
from pipelines.exports.planned_orders import write_planned_orders
from pipelines.exports.publishing import publish_files
from pipelines.exports.purchase_orders import purchase_orders, write_purchase_orders
from pipelines.exports.run_files import RunFiles
from pipelines.exports.sql import publish_to_database
from pipelines.released_orders import recorded_releases, release
from pipelines.workspace import Workspace

__all__ = ["Exported", "export_files", "export_sql"]


@dataclass(frozen=True)
class Exported:
    """What an export wrote. ``released``: order lines that count as on order from here on."""

    files: list[Path]
    warnings: list[str]
    released: int = 0


def export_files(
    space: Workspace, run: RunFiles, kind: str, target: Path, *, safe: bool = False, released_at: dt.datetime | None
) -> Exported:
    """Write the files of one kind of export into a folder.

    Parameters
    ----------
    kind : "csv", "excel", "purchase-orders" or "planned-orders". safe : CSV that a spreadsheet takes for text only.
    released_at : purchase orders are released at this time; None writes drafts.
    """
    warnings: list[str] = []

    def write(folder: Path) -> None:
        if kind == "csv":
            write_tables(run, folder, spreadsheet_safe=safe)
        elif kind == "excel":
            write_workbook(run, folder / f"plan-{run.as_of}.xlsx")
        elif kind == "planned-orders":
            write_planned_orders(run, folder, spreadsheet_safe=safe)
        else:
            warnings.extend(write_purchase_orders(run, folder, spreadsheet_safe=safe))

    count = 0
    if kind == "purchase-orders" and released_at is not None:
        # First remembered, then written: a crash between the two orders late, the other way round it orders twice.
        count = _release(space, run, released_at)
    return Exported(publish_files(target, kind, run, write), warnings, count)


def export_sql(run: RunFiles, url: str) -> dict[str, int]:
    """Publish a run to a database; ``$NAME`` in its address comes from the environment."""
    address = os.path.expandvars(url)
    if "$" in address:
        raise ConfigurationError(f"the database address {url} names an environment variable that is not set")
    return publish_to_database(run, address)


def _release(space: Workspace, run: RunFiles, when: dt.datetime) -> int:
    """Remember the orders of a run as released, unless others were released that it did not know of."""
    with space.locked():
        known = recorded_releases(space)
        since = known[(known["run_id"] != run.run_id) & ~known["po"].isin(run.manifest.get("released", []))]
        if len(since):
            raise ConfigurationError(
                f"run {run.run_id} was made before {len(since):,} lines of run {since['run_id'].iloc[-1]} were "
                "released and might order them again: run `restock plan` and export that",
                code="orders_released_since",
            )
        return release(space, purchase_orders(run), run.run_id, run.as_of, when)
