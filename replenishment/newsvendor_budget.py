"""Several newsvendors under one budget: one multiplier says what a euro of budget is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["BudgetedLevels", "newsvendor_levels_under_budget"]


@dataclass(frozen=True)
class BudgetedLevels:
    """
    Levels under a budget.

    Attributes
    ----------
    levels
        Units of each item, at least 0.
    multiplier
        Expected cost saved by the last unit of money in the budget; 0 when the budget doesn't bind.
    spend, unconstrained_spend
        Money spent, and what the unconstrained optimum would spend.
    """

    levels: FloatArray
    multiplier: float
    spend: float
    unconstrained_spend: float


def _levels(demand: Demand, ratio: FloatArray) -> FloatArray:
    safe = np.clip(ratio, 1e-300, 1.0 - 1e-16)
    return as_floats(np.where(ratio > 0, np.maximum(demand.quantile(safe), 0.0), 0.0))


def newsvendor_levels_under_budget(
    demand: Demand, *, unit_cost: ArrayLike, overage: ArrayLike, underage: ArrayLike, budget: float
) -> BudgetedLevels:
    """
    Return the stock levels of least expected cost that together cost no more than a budget.

    Parameters
    ----------
    demand
        Demand of n items (array parameters).
    unit_cost, overage, underage
        Shape (n,): money per unit, and the newsvendor costs of each item.
    budget
        Money for all items together, above 0.

    Notes
    -----
    Lagrange: P(D <= y) = (underage - multiplier x unit_cost) / (underage + overage), y = 0 where that is not
    positive; the multiplier is the smallest at which the spend fits. With whole demand the spend may stay below the
    budget by less than the units at the margin. Source: Hadley and Whitin (1963), chapter 6.

    Raises
    ------
    ValueError
        For a budget that is not positive, or costs that aren't.
    """
    price = np.atleast_1d(checked("unit_cost", unit_cost, "(0, inf)"))
    over, under = checked("overage", overage, "(0, inf)"), checked("underage", underage, "(0, inf)")
    money = float(checked("budget", budget, "(0, inf)"))

    def levels(multiplier: float) -> FloatArray:
        return np.atleast_1d(_levels(demand, as_floats((under - multiplier * price) / (under + over))))

    free = levels(0.0)
    wanted = float(price @ free)
    if wanted <= money:
        return BudgetedLevels(free, 0.0, wanted, wanted)

    def affordable(multiplier: FloatArray) -> NDArray[np.bool_]:
        return np.asarray(multiplier >= 0 and float(price @ levels(float(multiplier))) <= money)

    multiplier = float(smallest_real(affordable, 0.5 * float(np.max(under / price)), float(np.max(under / price))))
    chosen = levels(multiplier)
    return BudgetedLevels(chosen, multiplier, float(price @ chosen), wanted)
