"""Scenarios by name: those that are built in, and those that somebody wrote down as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from replenishment.simulation.scenarios.demand import DemandSurge, Promotion, SeasonShift
from replenishment.simulation.scenarios.ordering import CashLimit, SystemOutage, TooLittleSafetyStock, WrongForecast
from replenishment.simulation.scenarios.records import MiscountedStock, MisplacedStock
from replenishment.simulation.scenarios.scenario import Scenario
from replenishment.simulation.scenarios.supply import (
    LongerLeadTime,
    RejectedQuality,
    SupplierAtCapacity,
    SupplierDelay,
    SupplierFailure,
)

__all__ = ["SCENARIOS", "scenario_from", "scenario_named"]

# The causes of backorders, demand first, then supply, orders and records.
SCENARIOS: Final[dict[str, type[Scenario]]] = {
    "demand_surge": DemandSurge,
    "promotion": Promotion,
    "season_shift": SeasonShift,
    "wrong_forecast": WrongForecast,
    "supplier_delay": SupplierDelay,
    "supplier_failure": SupplierFailure,
    "supplier_at_capacity": SupplierAtCapacity,
    "rejected_quality": RejectedQuality,
    "longer_lead_time": LongerLeadTime,
    "cash_limit": CashLimit,
    "too_little_safety_stock": TooLittleSafetyStock,
    "system_outage": SystemOutage,
    "misplaced_stock": MisplacedStock,
    "miscounted_stock": MiscountedStock,
}


def scenario_named(name: str, own: Mapping[str, Mapping[str, Any]] | None = None) -> Scenario:
    """Return a scenario; a + between names combines several.

    Parameters
    ----------
    own : name -> settings of scenarios that somebody wrote down, see :func:`scenario_from`.

    Raises
    ------
    ValueError
        An unknown name, or settings that don't fit.
    """
    parts = [_one(part.strip(), own or {}) for part in name.split("+")]
    return parts[0] if len(parts) == 1 else Scenario.combine(*parts)


def scenario_from(name: str, settings: Mapping[str, Any]) -> Scenario:
    """Make a scenario of settings: ``cause`` names a built-in one, the rest are its parameters.

    Raises
    ------
    ValueError
        No cause, an unknown one, or parameters that it doesn't have, of another kind or out of their limits.
    """
    given = dict(settings)
    cause = given.pop("cause", None)
    if cause not in SCENARIOS:
        raise ValueError(f"scenario {name}: cause is {cause!r}; known are {', '.join(SCENARIOS)}")
    kinds = {f.name: f.default for f in fields(SCENARIOS[cause])}
    for parameter, value in given.items():
        if parameter not in kinds:
            raise ValueError(f"scenario {name}: {cause} has no {parameter!r}; it has {', '.join(kinds)}")
        is_table = kinds[parameter] is MISSING
        fits = isinstance(value, Mapping) if is_table else isinstance(value, int | float) and value is not True
        if not fits:
            raise ValueError(
                f"scenario {name}: {parameter} is {value!r}; it must be {'a table' if is_table else 'a number'}"
            )
    try:
        return SCENARIOS[cause](**given).named(name)
    except ValueError as problem:
        raise ValueError(f"scenario {name}: {problem}") from None


def _one(name: str, own: Mapping[str, Mapping[str, Any]]) -> Scenario:
    if name in own:
        return scenario_from(name, own[name])
    if name not in SCENARIOS:
        raise ValueError(f"there is no scenario {name!r}; known are {', '.join([*own, *SCENARIOS])}")
    return SCENARIOS[name]()
