"""A small case whose base backorder rate is low and whose demand is drawn without the package."""

from __future__ import annotations

from typing import Any

import numpy as np

from replenishment.lead_times import LeadTimes
from replenishment.simulation import Case
from replenishment.simulation.measures import Costs
from tests.replenishment.simulation.rules import rule

RATE = np.array([0.3, 2.0, 5.0, 8.0])
LEAD_TIME, WARM_UP, COUNTED, PATHS = 7, 20, 200, 12


def poisson(rows: Any, paths: int, periods: int) -> Any:
    """Poisson demand of each item from a stream of its own; counts how often it is drawn."""
    drawn = [np.random.default_rng([7, int(i)]).poisson(RATE[i], (paths, periods)) for i in rows]
    return np.stack(drawn).astype(np.float32)


def shop(**changes: Any) -> Case:
    """Return four items of which one review a day orders up to a level."""
    ahead = RATE * (LEAD_TIME + 1)
    level = np.ceil(ahead + 2.0 * np.sqrt(ahead))
    n = len(RATE)
    given: dict[str, Any] = {
        "policy": rule(n, reorder_point=level - 1, raise_to=level, lot=1.0),
        "demand": poisson,
        "lead_time": LeadTimes.constant(np.full(n, LEAD_TIME)),
        "periods": WARM_UP + COUNTED,
        "warm_up": WARM_UP,
        "paths": PATHS,
        "mean_demand": RATE,
        "safety_stock": level - ahead,
        "costs": Costs(np.full(n, 0.5), np.full(n, 0.01), np.full(n, 2.0), unit_cost=np.array([1.0, 2.0, 3.0, 4.0])),
        "attributes": {"category": ["a", "a", "b", "b"]},
    }
    return Case(**(given | changes))
