"""Pictures of stock and service. Each draws into the axes it is given and returns them.

matplotlib is imported by whoever makes the axes.
"""

from __future__ import annotations

from replenishment.plots.backorders import backorder_causes, order_life, waiting_by_age
from replenishment.plots.service import (
    backorders_over_time,
    exchange_curve,
    promised_and_achieved,
    rules_compared,
    scenario_differences,
)
from replenishment.plots.stock import cumulative_demand, lot_costs, safety_stock_trade_off, stock_trajectory
from replenishment.plots.supply import lead_times

__all__ = [
    "backorder_causes",
    "backorders_over_time",
    "cumulative_demand",
    "exchange_curve",
    "lead_times",
    "lot_costs",
    "order_life",
    "promised_and_achieved",
    "rules_compared",
    "safety_stock_trade_off",
    "scenario_differences",
    "stock_trajectory",
    "waiting_by_age",
]
