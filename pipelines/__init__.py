"""People and schedulers: tables in, a run on disk out; the command line ``restock``.

Names are imported when they are first used, so that a command's help does not wait for compiled code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.config import PlanConfig
    from pipelines.inputs import Inputs
    from pipelines.jobs.backordering import BackorderResult, backorders
    from pipelines.jobs.planning import PlanResult, plan
    from pipelines.jobs.replaying import ReplayResult, replay

_HOMES = {
    "BackorderResult": "pipelines.jobs.backordering",
    "Inputs": "pipelines.inputs",
    "PlanConfig": "pipelines.config",
    "PlanResult": "pipelines.jobs.planning",
    "ReplayResult": "pipelines.jobs.replaying",
    "backorders": "pipelines.jobs.backordering",
    "plan": "pipelines.jobs.planning",
    "replay": "pipelines.jobs.replaying",
}

__all__ = ["BackorderResult", "Inputs", "PlanConfig", "PlanResult", "ReplayResult", "backorders", "plan", "replay"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
