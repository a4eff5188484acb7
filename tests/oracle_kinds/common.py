"""What the kinds of records share: reading a demand, the numbers hidden in a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from replenishment.demand_distributions import Demand, GammaDemand, NormalDemand, PoissonDemand, count_demand

Values: TypeAlias = dict[str, Any]
Kind: TypeAlias = Callable[[Values, Values], Values]


def demand_of(distribution: str, mean: float, variance: float | None = None) -> Demand:
    """Return the demand of one period that a record describes by a name and its moments."""
    spread = mean if variance is None else variance
    if distribution in ("poisson", "P"):
        return PoissonDemand(mean)
    if distribution in ("negative_binomial", "NB"):
        return count_demand(mean, spread)
    if distribution in ("normal", "N"):
        return NormalDemand(mean, np.sqrt(spread))
    if distribution == "gamma":
        return GammaDemand(mean, np.sqrt(spread))
    raise ValueError(f"distribution is {distribution!r}; it must be poisson, negative_binomial, normal or gamma")


def numbered(expected: Values, pattern: str) -> dict[str, float]:
    """Return the entries whose name holds a number, such as ``cost_S30``, with that number."""
    found = {}
    for name in expected:
        match = re.fullmatch(pattern, name)
        if match:
            found[name] = float(match[1])
    return found


def holding_cost_of(inputs: Values) -> float:
    """Return the holding cost, given as such or as a price and a carrying rate."""
    if "holding_cost" in inputs:
        return float(inputs["holding_cost"])
    return float(inputs["unit_cost"]) * float(inputs["carrying_rate"])
