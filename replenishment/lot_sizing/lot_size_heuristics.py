"""
Forward heuristics for dynamic lot sizes, by name, for comparison with the optimum.

Each looks ahead from an order and stops at the first period that makes its criterion worse. All take constant costs
and known demand, pay no order in a period without demand ahead, and return a plan with its true cost. Source: Silver,
Pyke and Thomas, *Inventory and Production Management in Supply Chains*, chapter on time-varying demand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from replenishment.lot_sizing.lot_size_problem import LotSizePlan, LotSizeProblem
from replenishment.validation import FloatArray, checked

__all__ = ["least_unit_cost", "part_period_balancing", "silver_meal"]

_Stop: TypeAlias = Callable[[FloatArray, float, float], int]


def _forward(
    demand: ArrayLike, fixed_cost: float, holding_cost: float, initial_stock: float, stop: _Stop
) -> LotSizePlan:
    setup = float(checked("fixed_cost", fixed_cost, "(0, inf)"))
    hold = float(checked("holding_cost", holding_cost, "(0, inf)"))
    problem = LotSizeProblem(demand, fixed_cost=setup, holding_cost=hold, initial_stock=initial_stock)
    needs, orders, t = problem.net_demand, np.zeros(problem.periods), 0
    while t < problem.periods:
        if needs[t] == 0:
            t += 1
            continue
        length = stop(needs[t:], setup, hold)
        orders[t] = needs[t : t + length].sum()
        t += length
    return problem.plan(orders)


def _first_rise(criterion: FloatArray) -> int:
    """Return how many leading entries there are before the criterion first rises."""
    rises = np.flatnonzero(np.diff(criterion) > 0)
    return int(rises[0]) + 1 if rises.size else criterion.size


def _costs_so_far(needs: FloatArray, setup: float, hold: float) -> FloatArray:
    return np.asarray(setup + hold * np.cumsum(np.arange(needs.size) * needs))


def silver_meal(
    demand: ArrayLike, *, fixed_cost: float, holding_cost: float, initial_stock: float = 0.0
) -> LotSizePlan:
    """
    Return the plan that extends each order while its cost **per period** falls (Silver and Meal 1973).

    Parameters
    ----------
    demand
        Units in each period, shape (T,).
    fixed_cost, holding_cost
        Per order; per unit of stock at the end of a period.
    initial_stock
        Units at the beginning, used first.
    """
    return _forward(
        demand,
        fixed_cost,
        holding_cost,
        initial_stock,
        lambda needs, setup, hold: _first_rise(_costs_so_far(needs, setup, hold) / np.arange(1, needs.size + 1)),
    )


def least_unit_cost(
    demand: ArrayLike, *, fixed_cost: float, holding_cost: float, initial_stock: float = 0.0
) -> LotSizePlan:
    """Return the plan that extends each order while its cost **per unit** falls; parameters as in Silver-Meal."""
    return _forward(
        demand,
        fixed_cost,
        holding_cost,
        initial_stock,
        lambda needs, setup, hold: _first_rise(_costs_so_far(needs, setup, hold) / np.cumsum(needs)),
    )


def part_period_balancing(
    demand: ArrayLike, *, fixed_cost: float, holding_cost: float, initial_stock: float = 0.0
) -> LotSizePlan:
    """Return the plan whose orders hold stock for as close to one set-up as possible (De Matteis and Mendoza 1968)."""

    def closest(needs: FloatArray, setup: float, hold: float) -> int:
        carried = hold * np.cumsum(np.arange(needs.size) * needs)
        return int(np.argmin(np.abs(carried - setup))) + 1

    return _forward(demand, fixed_cost, holding_cost, initial_stock, closest)
