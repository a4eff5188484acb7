"""What happens then: a simulator of stock and backorders on one explicit clock."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replenishment.simulation.case import Case
    from replenishment.simulation.clock import CLOCKS, Clock
    from replenishment.simulation.demand import SampledDemand
    from replenishment.simulation.engine import simulate
    from replenishment.simulation.measures import Costs
    from replenishment.simulation.policies import LevelsByPeriod, PlannedOrders, PolicyFunction, Seen
    from replenishment.simulation.results import SimulationResult
    from replenishment.simulation.scenarios import Scenario, compare_scenarios, scenario_named
    from replenishment.simulation.sharing import SharedLimit
    from replenishment.simulation.world import Customers, OrderLimits, OrderSizes, Supply, Warehouse

_HOMES = {
    "CLOCKS": "clock",
    "Case": "case",
    "Clock": "clock",
    "Costs": "measures",
    "Customers": "world",
    "LevelsByPeriod": "policies",
    "OrderLimits": "world",
    "OrderSizes": "world",
    "PlannedOrders": "policies",
    "PolicyFunction": "policies",
    "SampledDemand": "demand",
    "Scenario": "scenarios",
    "Seen": "policies",
    "SharedLimit": "sharing",
    "SimulationResult": "results",
    "Supply": "world",
    "Warehouse": "world",
    "compare_scenarios": "scenarios",
    "scenario_named": "scenarios",
    "simulate": "engine",
}

__all__ = [
    "CLOCKS",
    "Case",
    "Clock",
    "Costs",
    "Customers",
    "LevelsByPeriod",
    "OrderLimits",
    "OrderSizes",
    "PlannedOrders",
    "PolicyFunction",
    "SampledDemand",
    "Scenario",
    "Seen",
    "SharedLimit",
    "SimulationResult",
    "Supply",
    "Warehouse",
    "compare_scenarios",
    "scenario_named",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"replenishment.simulation.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
