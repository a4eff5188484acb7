"""What happens then: a simulator of stock and backorders on one explicit clock."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replenishment.simulation.clock import Clock
    from replenishment.simulation.engine import simulate
    from replenishment.simulation.results import SimulationResult

_HOMES = {
    "Clock": "replenishment.simulation.clock",
    "SimulationResult": "replenishment.simulation.results",
    "simulate": "replenishment.simulation.engine",
}

__all__ = ["Clock", "SimulationResult", "simulate"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
