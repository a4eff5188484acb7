"""What a plan knows that no table says: orders released, overrides, and the run before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.config import PlanConfig
from pipelines.exports.run_files import RunFiles
from pipelines.overrides import RECORD as OVERRIDES
from pipelines.overrides import recorded_overrides
from pipelines.records import record_digest
from pipelines.released_orders import RECORD as RELEASED
from pipelines.released_orders import recorded_releases
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Memory", "follows_the_run_before", "memory_digests", "remember"]


@dataclass(frozen=True, eq=False)
class Memory:
    """What is remembered; None where there is nothing.

    Attributes
    ----------
    released : see :mod:`pipelines.released_orders`. overrides : see :mod:`pipelines.overrides`.
    before : the run before this one.
    """

    released: pd.DataFrame | None = None
    overrides: pd.DataFrame | None = None
    before: RunFiles | None = None


def remember(space: Workspace, before: str | None = None) -> Memory:
    """Gather what a workspace remembers; ``before``: id of the run before."""
    released = recorded_releases(space)
    return Memory(
        released if len(released) else None,
        recorded_overrides(space),
        None if before is None else RunFiles(space.folder(before)),
    )


def memory_digests(space: Workspace) -> dict[str, str]:
    """Digests of the records that a plan depends on; those without a row are left out."""
    found = {name: record_digest(space, name) for name in (RELEASED, OVERRIDES)}
    return {name: digest for name, digest in found.items() if digest is not None}


def follows_the_run_before(config: PlanConfig) -> bool:
    """Whether the orders themselves depend on the run before, and not only what is said about them."""
    return config.frozen_days > 0 or config.order_stability > 0
