"""
One order, one selling season: the newsvendor, for any demand.

Everything here takes a :class:`~replenishment.demand_distributions.Demand` and broadcasts over items. The cost of a
level y is ``overage E[(y - D)+] + underage E[(D - y)+]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import Demand
from replenishment.order_up_to.targets import cheapest_order_up_to
from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "NewsvendorLevel",
    "NewsvendorPrices",
    "critical_ratio",
    "newsvendor_level",
    "newsvendor_measures",
    "newsvendor_optimum",
    "single_order_cost",
    "single_order_for_several_periods",
]


@dataclass(frozen=True)
class NewsvendorLevel:
    """
    A stock level for one season and what to expect of it.

    Attributes
    ----------
    level
        Units stocked.
    cost
        Expected overage plus underage cost.
    in_stock_probability
        P(D <= level).
    expected_shortage, expected_leftover
        Units, E[(D - level)+] and E[(level - D)+].
    """

    level: FloatArray
    cost: FloatArray
    in_stock_probability: FloatArray
    expected_shortage: FloatArray
    expected_leftover: FloatArray


@dataclass(frozen=True, init=False)
class NewsvendorPrices:
    """
    What a unit costs, brings, and is worth when it is left over.

    Raises
    ------
    ValueError
        Unless salvage_value < purchase_cost < revenue, which makes both underage and overage positive.
    """

    revenue: FloatArray
    purchase_cost: FloatArray
    salvage_value: FloatArray

    def __init__(self, *, revenue: ArrayLike, purchase_cost: ArrayLike, salvage_value: ArrayLike = 0.0) -> None:
        object.__setattr__(self, "revenue", checked("revenue", revenue, "(0, inf)"))
        object.__setattr__(self, "purchase_cost", checked("purchase_cost", purchase_cost, "(0, inf)"))
        object.__setattr__(self, "salvage_value", checked("salvage_value", salvage_value, "(-inf, inf)"))
        if np.any(self.revenue <= self.purchase_cost):
            raise ValueError(
                f"revenue is {revenue!r}; it must lie in (purchase_cost, inf), and that is {purchase_cost!r}"
            )
        if np.any(self.salvage_value >= self.purchase_cost):
            raise ValueError(
                f"salvage_value is {salvage_value!r}; it must lie in (-inf, purchase_cost), and that is "
                f"{purchase_cost!r}"
            )

    @property
    def underage(self) -> FloatArray:
        """What a unit too few costs: revenue - purchase_cost."""
        return self.revenue - self.purchase_cost

    @property
    def overage(self) -> FloatArray:
        """What a unit too many costs: purchase_cost - salvage_value."""
        return self.purchase_cost - self.salvage_value

    def expected_profit(self, demand: Demand, level: ArrayLike) -> FloatArray:
        """Return the expected profit of a level: margin on the mean demand less overage and underage."""
        at = newsvendor_measures(demand, level, overage=self.overage, underage=self.underage)
        return as_floats(self.underage * demand.mean - at.cost)

    def greatest_profit(self, demand: Demand) -> FloatArray:
        """Return the profit under perfect foresight: the margin on the mean demand."""
        return as_floats(self.underage * demand.mean)


def critical_ratio(*, overage: ArrayLike, underage: ArrayLike) -> FloatArray:
    """Return underage / (underage + overage), the service level that pays; both costs positive."""
    over, under = checked("overage", overage, "(0, inf)"), checked("underage", underage, "(0, inf)")
    return as_floats(under / (under + over))


def newsvendor_measures(
    demand: Demand, level: ArrayLike, *, overage: ArrayLike, underage: ArrayLike
) -> NewsvendorLevel:
    """
    Return what to expect of any stock level.

    Parameters
    ----------
    demand
        Demand of the season.
    level
        Units stocked, any real number.
    overage, underage
        Cost per unit left over and per unit short, positive.
    """
    y = checked("level", level, "(-inf, inf)")
    over, under = checked("overage", overage, "(0, inf)"), checked("underage", underage, "(0, inf)")
    short = demand.loss(y)
    left = as_floats(y - demand.mean + short)
    return NewsvendorLevel(y, as_floats(over * left + under * short), demand.cdf(y), short, left)


def newsvendor_level(demand: Demand, *, overage: ArrayLike, underage: ArrayLike) -> NewsvendorLevel:
    """
    Return the stock level of least expected cost: the smallest y with P(D <= y) >= underage / (underage + overage).

    Parameters
    ----------
    demand
        Demand of the season. For a base stock with a lead time of L periods take the demand of L + 1 periods.
    overage, underage
        Cost per unit left over (holding) and per unit short (stock-out), positive.

    Notes
    -----
    Whole demand gives a whole level; when two levels cost the same the smaller is taken. Source: Snyder and Shen,
    *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 4; Silver, Pyke and Thomas, chapter on style goods.
    """
    ratio = critical_ratio(overage=overage, underage=underage)
    return newsvendor_measures(demand, demand.quantile(ratio), overage=overage, underage=underage)


def newsvendor_optimum(demand: Demand, prices: NewsvendorPrices) -> tuple[NewsvendorLevel, FloatArray]:
    """Return the level of greatest expected profit and that profit, from revenue, cost and salvage value."""
    best = newsvendor_level(demand, overage=prices.overage, underage=prices.underage)
    return best, prices.expected_profit(demand, best.level)


def single_order_cost(
    cumulative: Sequence[Demand], level: ArrayLike, *, overage: ArrayLike, underage: ArrayLike
) -> FloatArray:
    """
    Return the expected cost of one order that has to last several periods, charged at the end of each.

    Parameters
    ----------
    cumulative
        Demands over the first one, two, ... T periods.
    level
        Stock at the beginning.
    overage, underage
        Per unit left, and per unit backordered, at the end of each period.
    """
    parts = [newsvendor_measures(demand, level, overage=overage, underage=underage).cost for demand in cumulative]
    return as_floats(np.sum(parts, axis=0))


def single_order_for_several_periods(
    cumulative: Sequence[Demand], *, overage: ArrayLike, underage: ArrayLike
) -> FloatArray:
    """
    Return the cheapest stock for one order that has to last several periods.

    The smallest level at which the *average* of P(D_1 + ... + D_t <= level) over t reaches the critical ratio.
    Parameters as in :func:`single_order_cost`.
    """
    critical_ratio(overage=overage, underage=underage)
    protected = CycleDemand(cumulative[0], tuple(cumulative), delayed=False)
    return cheapest_order_up_to(protected, holding_cost=overage, stockout_cost=underage)
