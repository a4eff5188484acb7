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
    from pipelines.workbench import Workbench, open_workbench

_HOMES = {
    "BackorderResult": "pipelines.jobs.backordering",
    "Inputs": "pipelines.inputs",
    "PlanConfig": "pipelines.config",
    "PlanResult": "pipelines.jobs.planning",
    "ReplayResult": "pipelines.jobs.replaying",
    "Workbench": "pipelines.workbench",
    "backorders": "pipelines.jobs.backordering",
    "open_workbench": "pipelines.workbench",
    "plan": "pipelines.jobs.planning",
    "replay": "pipelines.jobs.replaying",
}

__all__ = [
    "BackorderResult",
    "Inputs",
    "PlanConfig",
    "PlanResult",
    "ReplayResult",
    "Workbench",
    "backorders",
    "open_workbench",
    "plan",
    "replay",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
