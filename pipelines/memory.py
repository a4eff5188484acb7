"""What a plan knows that no table says: orders released, overrides, and the run before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.records import record_digest
from pipelines.released_orders import RECORD as RELEASED
from pipelines.released_orders import recorded_releases
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Memory", "memory_digests", "remember"]


@dataclass(frozen=True, eq=False)
class Memory:
    """Frames, None where there is nothing to remember; see :mod:`pipelines.released_orders`."""

    released: pd.DataFrame | None = None


def remember(space: Workspace) -> Memory:
    """Gather what a workspace remembers."""
    released = recorded_releases(space)
    return Memory(released if len(released) else None)


def memory_digests(space: Workspace) -> dict[str, str]:
    """Digests of the records that a plan depends on; those without a row are left out."""
    found = {name: record_digest(space, name) for name in (RELEASED,)}
    return {name: digest for name, digest in found.items() if digest is not None}
