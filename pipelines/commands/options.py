"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["AS_OF", "JOBS", "JSON", "PROJECT", "RUN", "WORKSPACE"]

PROJECT = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    default=Path("restock.toml"),
    show_default=True,
    help="Configuration of the project.",
)
WORKSPACE = click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the runs; default: workspace beside the configuration.",
)
AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Opening of the first period not yet observed."
)
JOBS = click.option(
    "--jobs", type=click.IntRange(min=1), default=None, help="Threads; the result does not depend on them."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
RUN = click.option("--run", "run_id", default="latest", show_default=True, help="Id of a run.")
