"""What one item's safety stock buys: backorder rate, stock and money at every level that it might have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from pipelines.errors import InputError
from pipelines.jobs.levels import protection_demand

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["row_of_item", "service_of_levels", "trade_off"]

Floats = npt.NDArray[np.float64]
_POINTS: Final = 60
# The curve reaches from the demand that is hardly ever undercut to that which is hardly ever exceeded.
_LEAST, _MOST = 0.02, 0.999


def row_of_item(made: Plan, sku: str, location: str = "main") -> int:
    """The row of an item in a plan.

    Raises
    ------
    InputError
        An item that is not planned.
    """
    try:
        return made.panel.keys.index((sku, location))
    except ValueError:
        raise InputError(
            f"sku {sku!r} at location {location!r} is not planned; the plan holds {len(made.panel)} items",
            code="unknown_item",
        ) from None


def trade_off(made: Plan, sku: str, location: str = "main") -> pd.DataFrame:
    """Follow one item from almost no safety stock to more than anyone needs; see :func:`service_of_levels`."""
    row = row_of_item(made, sku, location)
    over = protection_demand(np.array([row]), made.forecaster, made.lead_times, made.facts)[0].over_protection
    least, most = float(over.quantile(_LEAST)[0]), float(over.quantile(_MOST)[0])
    levels = np.linspace(least, max(most, least + 1.0), _POINTS)
    return service_of_levels(made, np.unique(np.rint(levels)) if over.integral[0] else levels, sku, location)


def service_of_levels(made: Plan, levels: npt.ArrayLike, sku: str, location: str = "main") -> pd.DataFrame:
    """What an item's levels promise in steady state, with the plan's kind of policy, lots, forecast and lead times.

    Parameters
    ----------
    levels : (k,) units: order-up-to levels, or reorder points where the plan orders in lots.

    Returns
    -------
    frame of k rows: level, safety_stock (level less the mean demand over lead time plus review), backorder_rate (by
    unit; lost units where unmet demand is lost), ready_rate, mean_stock (units at the end of a period),
    holding_cost (money a year; NaN where it is unknown).
    """
    import pandas as pd

    row = row_of_item(made, sku, location)
    level = np.atleast_1d(np.asarray(levels, dtype=np.float64))
    facts, policies = made.facts, made.levels.policies
    one, _ = protection_demand(np.array([row]), made.forecaster, made.lead_times, facts)
    demand = one.take(np.zeros(len(level), dtype=np.int64))
    up_to = policies.kind[row] == "order_up_to"
    point = level - (policies.order_up_to[row] - policies.reorder_point[row] if up_to else 0.0)
    highest = policies.highest[row] if up_to else policies.order_up_to[row]
    spread = np.full(len(level), highest - policies.reorder_point[row])
    rate = demand.lost_rate(point, spread) if facts.lost[row] else demand.backorder_rate(point, spread)
    stock = demand.mean_stock(point, spread)
    return pd.DataFrame(
        {
            "level": level,
            "safety_stock": level - demand.over_protection.mean(),
            "backorder_rate": rate,
            "ready_rate": demand.ready_rate(point, spread),
            "mean_stock": stock,
            "holding_cost": stock * facts.holding_cost[row] * facts.periods_per_year,
        }
    )
