"""What if: named causes of backorders, each a change of what a simulation is told, combined and compared."""

from __future__ import annotations

from replenishment.simulation.scenarios.comparison import KPIS, ScenarioComparison, compare_scenarios
from replenishment.simulation.scenarios.demand import DemandSurge, Promotion, SeasonShift
from replenishment.simulation.scenarios.naming import SCENARIOS, scenario_from, scenario_named
from replenishment.simulation.scenarios.ordering import CashLimit, SystemOutage, TooLittleSafetyStock, WrongForecast
from replenishment.simulation.scenarios.records import MiscountedStock, MisplacedStock
from replenishment.simulation.scenarios.scenario import Combined, Scenario, Temporary
from replenishment.simulation.scenarios.supply import (
    LongerLeadTime,
    RejectedQuality,
    SupplierAtCapacity,
    SupplierDelay,
    SupplierFailure,
)

__all__ = [
    "KPIS",
    "SCENARIOS",
    "CashLimit",
    "Combined",
    "DemandSurge",
    "LongerLeadTime",
    "MiscountedStock",
    "MisplacedStock",
    "Promotion",
    "RejectedQuality",
    "Scenario",
    "ScenarioComparison",
    "SeasonShift",
    "SupplierAtCapacity",
    "SupplierDelay",
    "SupplierFailure",
    "SystemOutage",
    "Temporary",
    "TooLittleSafetyStock",
    "WrongForecast",
    "compare_scenarios",
    "scenario_from",
    "scenario_named",
]
