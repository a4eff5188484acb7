"""The cost of an (s, S) policy under periodic review, and the policy that costs least, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import CountDemand
from replenishment.min_max.renewal import RenewalDensity
from replenishment.order_up_to.targets import cheapest_order_up_to
from replenishment.validation import FloatArray, checked, checked_whole

__all__ = ["MinMaxCosts", "OptimalMinMax", "checked_levels", "min_max_cost", "optimal_min_max"]


@dataclass(frozen=True, init=False)
class MinMaxCosts:
    """
    The money in a periodic (s, S) policy.

    Attributes
    ----------
    fixed_cost
        Per order, at least 0.
    holding_cost, stockout_cost
        Per unit on hand and per unit backordered at the end of **each period**, above 0.
    """

    fixed_cost: float
    holding_cost: float
    stockout_cost: float

    def __init__(self, *, fixed_cost: float, holding_cost: float, stockout_cost: float) -> None:
        object.__setattr__(self, "fixed_cost", float(checked("fixed_cost", fixed_cost, "[0, inf)")))
        object.__setattr__(self, "holding_cost", float(checked("holding_cost", holding_cost, "(0, inf)")))
        object.__setattr__(self, "stockout_cost", float(checked("stockout_cost", stockout_cost, "(0, inf)")))


@dataclass(frozen=True)
class OptimalMinMax:
    """The reorder level s (order at or below it), the order-up-to level S and the cost per period."""

    reorder_point: int
    order_up_to: int
    cost: float


def checked_levels(reorder_point: int, order_up_to: int) -> tuple[int, int]:
    """Return whole s < S, or raise a ValueError that names them."""
    s = checked_whole("reorder_point", reorder_point, "(-inf, inf)")
    top = checked_whole("order_up_to", order_up_to, "(-inf, inf)")
    if s >= top:
        raise ValueError(f"reorder_point is {s}; it must lie in (-inf, order_up_to), and that is {top}")
    return s, top


class _CostTable:
    """Evaluates c(s, S) with one-cycle costs and renewal densities that are computed once."""

    def __init__(self, per_period: CountDemand, costs: MinMaxCosts, lead_time: int, review: int) -> None:
        wait, cycle = checked_whole("lead_time", lead_time, "[0, inf)"), checked_whole("review", review, "[1, inf)")
        self.review = cycle
        self._costs = costs
        self._protected = CycleDemand.independent(per_period, wait, cycle)
        self._renewal = RenewalDensity(cast(CountDemand, per_period.sum_over(cycle)))
        self.cheapest_position = int(cheapest_order_up_to(self._protected, costs.holding_cost, costs.stockout_cost))
        self._low, self._values = self.cheapest_position, np.empty(0)
        self._cover(self.cheapest_position - 64, self.cheapest_position + 64)

    def _cover(self, low: int, high: int) -> None:
        positions = np.arange(low, high + 1, dtype=np.float64)
        short = self._protected.average(lambda part: part.loss(positions))
        held = positions - self._protected.average(lambda part: part.mean) + short
        cost = self._costs.holding_cost * held + self._costs.stockout_cost * short
        self._low, self._values = low, self.review * np.asarray(cost)

    def positions(self, low: int, high: int) -> FloatArray:
        """Return the costs G(low) ... G(high) of the periods that one review protects."""
        top = self._low + self._values.size - 1
        if low < self._low or high > top:
            width = self._values.size
            self._cover(
                min(low - width, self._low) if low < self._low else self._low,
                max(high + width, top) if high > top else top,
            )
        return self._values[low - self._low : high - self._low + 1]

    def at(self, position: int) -> float:
        """Return the cost G of a position."""
        return float(self.positions(position, position)[0])

    def cost(self, s: int, top: int) -> float:
        """Return c(s, S) with S = top, the cost per review."""
        weights = self._renewal.first(top - s)
        return float((self._costs.fixed_cost + weights @ self.positions(s + 1, top)[::-1]) / weights.sum())


def min_max_cost(
    per_period: CountDemand,
    costs: MinMaxCosts,
    reorder_point: int,
    order_up_to: int,
    lead_time: int = 0,
    review: int = 1,
) -> float:
    """
    Return the exact expected cost per period of an (s, S) policy under periodic review, full backordering.

    Parameters
    ----------
    per_period
        Whole demand of a period of one item, independent from period to period.
    reorder_point, order_up_to
        s < S, whole: at a review with position at or below s, order up to S.
    lead_time
        L >= 0 in periods: the order placed at the opening of t is there at the opening of t + L; stock and
        backorders are charged at the end of every period.
    review
        R >= 1 in periods: (R, s, S).

    Raises
    ------
    ValueError
        Unless s < S.
    """
    s, top = checked_levels(reorder_point, order_up_to)
    table = _CostTable(per_period, costs, lead_time, review)
    return table.cost(s, top) / table.review


def optimal_min_max(per_period: CountDemand, costs: MinMaxCosts, lead_time: int = 0, review: int = 1) -> OptimalMinMax:
    """
    Return the (s, S) policy of least expected cost per period, exactly.

    Parameters and convention as in :func:`min_max_cost`.

    Notes
    -----
    The algorithm of Zheng and Federgruen (1991): with the cheapest position y* as order-up-to level, s is lowered
    until waiting would cost more than ordering; then S is raised while the cost of the periods it protects stays below
    the best cost found, and s follows whenever S improves. Their bounds make this exact without any limit on the
    search.
    """
    table = _CostTable(per_period, costs, lead_time, review)
    best_top = table.cheapest_position
    s = best_top - 1
    while table.cost(s, best_top) > table.at(s):
        s -= 1
    best = table.cost(s, best_top)
    candidate = best_top + 1
    while table.at(candidate) <= best:
        if table.cost(s, candidate) < best:
            best_top = candidate
            while table.cost(s, best_top) <= table.at(s + 1) and s + 1 < best_top:
                s += 1
            best = table.cost(s, best_top)
        candidate += 1
    return OptimalMinMax(s, best_top, best / table.review)
