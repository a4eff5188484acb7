"""A simulation as a run on disk, for those who track it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.project import Project, PublishedRun
from pipelines.publishing import publish_once
from pipelines.workspace import write_json, write_parquet

if TYPE_CHECKING:
    from replenishment.simulation.results import SimulationResult

__all__ = ["publish_simulation"]


def publish_simulation(project: Project, result: SimulationResult, **details: Any) -> PublishedRun:
    """Publish a simulation, unless this very one has been published already.

    Parameters
    ----------
    details : what it depends on beside inputs and configuration.
    """

    def write(folder: Path) -> None:
        write_parquet(result.kpis, folder / "kpis.parquet")
        write_json(folder / "summary.json", {"items": len(result.kpis), **result.total, "notes": list(result.notes)})

    def compute() -> Callable[[Path], None]:
        return write

    return publish_once(project, "simulate", {name: str(value) for name, value in details.items()}, compute)
