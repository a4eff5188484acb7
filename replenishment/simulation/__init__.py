"""What happens then: a simulator of stock and backorders on one explicit clock."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replenishment.simulation.clock import CLOCKS, Clock
    from replenishment.simulation.demand import SampledDemand
    from replenishment.simulation.engine import simulate
    from replenishment.simulation.measures import Costs
    from replenishment.simulation.policies import LevelsByPeriod, PlannedOrders, PolicyFunction, Seen
    from replenishment.simulation.results import SimulationResult
    from replenishment.simulation.world import Customers, OrderLimits, OrderSizes, Supply, Warehouse

_HOMES = {
    "CLOCKS": "clock",
    "Clock": "clock",
    "Costs": "measures",
    "Customers": "world",
    "LevelsByPeriod": "policies",
    "OrderLimits": "world",
    "OrderSizes": "world",
    "PlannedOrders": "policies",
    "PolicyFunction": "policies",
    "SampledDemand": "demand",
    "Seen": "policies",
    "SimulationResult": "results",
    "Supply": "world",
    "Warehouse": "world",
    "simulate": "engine",
}

__all__ = [
    "CLOCKS",
    "Clock",
    "Costs",
    "Customers",
    "LevelsByPeriod",
    "OrderLimits",
    "OrderSizes",
    "PlannedOrders",
    "PolicyFunction",
    "SampledDemand",
    "Seen",
    "SimulationResult",
    "Supply",
    "Warehouse",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"replenishment.simulation.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
