"""
Non-stationary (s, S): stochastic lot sizing over a finite horizon, by dynamic programming.

Source: H. Scarf (1960), "The optimality of (S, s) policies in the dynamic inventory problem", in *Mathematical Methods
in the Social Sciences*; L. V. Snyder and Z.-J. M. Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from replenishment.demand_distributions import CountDemand, NormalDemand
from replenishment.undershoot import support_size
from replenishment.validation import FloatArray, IntArray, checked, checked_whole

__all__ = ["FiniteHorizonPolicy", "HorizonCosts", "PeriodDemand", "finite_horizon_policy"]

_LINEAR = 1e-9


@dataclass(frozen=True)
class PeriodDemand:
    """
    The demand of one period of the horizon, on whole units.

    Attributes
    ----------
    pmf
        P(D = k), k = 0, 1, ...: what moves the stock.
    mean
        Expected demand, for the stock that is charged.
    expected_shortage
        E[(D - y)+] for an array of levels y, for the backorders that are charged.
    """

    pmf: FloatArray
    mean: float
    expected_shortage: Callable[[FloatArray], FloatArray]

    @classmethod
    def whole(cls, demand: CountDemand) -> PeriodDemand:
        """Build from a demand in whole units; its tail beyond a probability of 1e-17 is left out."""
        return cls(np.asarray(demand.pmf(np.arange(support_size(demand)))), float(demand.mean), demand.loss)

    @classmethod
    def rounded_normal(cls, mean: float, sd: float, spread: float | None = None) -> PeriodDemand:
        """
        Build from a normal demand whose *realisations* are rounded to whole units, while costs stay unrounded.

        Parameters
        ----------
        mean, sd
            Of the normal demand.
        spread
            None: all of the distribution (what lies below zero counts as zero). A number: only the whole demands
            within that many standard deviations, and the probability outside is **dropped**, not redistributed, as
            published implementations do; the cost is then slightly too low.
        """
        normal = NormalDemand(mean, checked("sd", sd, "(0, inf)"))
        width = float(sd) * (9.0 if spread is None else float(checked("spread", spread, "(0, inf)")))
        low, high = max(0, round(float(mean) - width)), round(float(mean) + width)
        units = np.arange(low, high + 1)
        pmf = np.zeros(high + 1)
        pmf[low:] = ndtr((units + 0.5 - mean) / sd) - ndtr((units - 0.5 - mean) / sd)
        if spread is None:
            pmf[low] += ndtr((low - 0.5 - mean) / sd)
            pmf /= pmf.sum()
        return cls(pmf, float(mean), normal.loss)


@dataclass(frozen=True)
class HorizonCosts:
    """
    Costs over the horizon; each the same in all periods except for the terminal ones.

    Attributes
    ----------
    fixed_cost, purchase_cost
        Per order; per unit ordered.
    holding_cost, stockout_cost
        Per unit on hand, per unit backordered, at the end of each period.
    discount_factor
        What a cost of the next period is worth now, in (0, 1].
    terminal_holding_cost, terminal_stockout_cost
        Charged once on what is left, or still backordered, after the last period.
    """

    fixed_cost: float
    holding_cost: float
    stockout_cost: float
    purchase_cost: float = 0.0
    discount_factor: float = 1.0
    terminal_holding_cost: float = 0.0
    terminal_stockout_cost: float = 0.0

    def __post_init__(self) -> None:
        checked("fixed_cost", self.fixed_cost, "[0, inf)")
        checked("holding_cost", self.holding_cost, "(0, inf)")
        checked("stockout_cost", self.stockout_cost, "(0, inf)")
        checked("purchase_cost", self.purchase_cost, "[0, inf)")
        checked("discount_factor", self.discount_factor, "(0, 1]")
        checked("terminal_holding_cost", self.terminal_holding_cost, "[0, inf)")
        checked("terminal_stockout_cost", self.terminal_stockout_cost, "[0, inf)")


@dataclass(frozen=True)
class FiniteHorizonPolicy:
    """
    The optimal policy.

    Attributes
    ----------
    reorder_points
        For each period the highest stock at which ordering is strictly better than waiting, shape (T,); one below
        the whole range of stocks looked at when it never is.
    order_up_to
        The level to order up to, shape (T,).
    cost
        Expected discounted cost from the initial stock on.
    """

    reorder_points: IntArray
    order_up_to: IntArray
    cost: float


@dataclass(frozen=True)
class _Stage:
    reorder_point: int
    order_up_to: int
    values: FloatArray


def _expected_next(values: FloatArray, pmf: FloatArray) -> FloatArray:
    """Return E[V(y - D)] on the grid; below the grid V goes on as the straight line that it ends in."""
    reach = pmf.size - 1
    below = values[0] + (values[0] - values[1]) * np.arange(reach, 0, -1)
    return np.convolve(np.concatenate([below, values]), pmf, mode="valid")


def _stage(demand: PeriodDemand, costs: HorizonCosts, levels: FloatArray, next_values: FloatArray) -> _Stage:
    short = demand.expected_shortage(levels)
    now = costs.holding_cost * (levels - demand.mean + short) + costs.stockout_cost * short
    after = now + costs.discount_factor * _expected_next(next_values, demand.pmf)
    with_price = after + costs.purchase_cost * levels
    # the best level to order up to from each stock: the minimum over the levels at or above it
    best_above = np.minimum.accumulate(with_price[::-1])[::-1]
    ordering = costs.fixed_cost + best_above
    place = int(np.argmin(with_price))
    better = np.flatnonzero(ordering[:place] < with_price[:place])
    last = int(better[-1]) if better.size else -1
    values = np.minimum(ordering, with_price) - costs.purchase_cost * levels
    return _Stage(int(levels[0]) + last, int(levels[place]), values)


def _bounds(demand: PeriodDemand, costs: HorizonCosts, *, last: bool) -> tuple[int, int]:
    """
    Return stocks at or below the s_t and at or above the S_t of a period.

    With ``L(y)`` the cost of the period alone when it starts with y units (what a unit costs now less what it saves in
    the next period included), a lower stock costs at most one more order later: to start with y is never best when
    ``L(y) > min L + discount x K``, and to order is always better when ``L(x) > min L + (1 + discount) K``. In the last
    period ``L`` counts what is charged at the end. Where the left end of ``L`` falls (buying costs more than waiting),
    there is no such x. Source: A. F. Veinott (1966), "On the optimality of (s, S) inventory policies: new conditions
    and a new proof", *SIAM Journal on Applied Mathematics* 14(5), 1067-1083.
    """
    rate, ending = costs.discount_factor, costs.discount_factor if last else 0.0
    price = costs.purchase_cost * (1.0 if last else 1.0 - rate)
    waiting = costs.stockout_cost + ending * costs.terminal_stockout_cost
    width = demand.pmf.size + 2
    while True:
        levels = np.arange(-width, width + 1, dtype=np.float64)
        short = demand.expected_shortage(levels)
        held = levels - demand.mean + short
        cost = price * levels + (costs.holding_cost + ending * costs.terminal_holding_cost) * held + waiting * short
        above = cost - cost.min()
        dear = np.flatnonzero(above > (1.0 + rate) * costs.fixed_cost)
        place = int(np.argmin(cost))
        left, right = dear[dear < place], dear[dear > place]
        if right.size and (left.size or waiting <= price):
            return int(levels[left[-1]]) if left.size else -width, int(levels[right[0]])
        width *= 2


def _solve(
    demands: Sequence[PeriodDemand], costs: HorizonCosts, initial: int, low: int, high: int
) -> FiniteHorizonPolicy | None:
    """Return the policy on the stocks low ... high, or None when that range proves too narrow."""
    levels = np.arange(low, high + 1, dtype=np.float64)
    values = costs.terminal_holding_cost * np.maximum(levels, 0.0) + costs.terminal_stockout_cost * np.maximum(
        -levels, 0.0
    )
    stages = []
    for demand in reversed(demands):
        stage = _stage(demand, costs, levels, values)
        values = stage.values
        bend = abs(values[0] - 2.0 * values[1] + values[2])
        if bend > _LINEAR * max(abs(values[0] - values[1]), 1.0) or stage.order_up_to >= high:
            return None
        stages.append(stage)
    stages.reverse()
    return FiniteHorizonPolicy(
        np.array([stage.reorder_point for stage in stages]),
        np.array([stage.order_up_to for stage in stages]),
        float(values[initial - low]),
    )


def finite_horizon_policy(
    demands: Sequence[PeriodDemand | CountDemand], costs: HorizonCosts, initial_stock: ArrayLike = 0
) -> FiniteHorizonPolicy:
    """
    Return the optimal (s_t, S_t) of each period and the expected cost, exactly on whole stocks.

    Parameters
    ----------
    demands
        The demand of each period, independent; shape (T,).
    costs
        See :class:`HorizonCosts`. No lead time: an order is available in its own period, before the demand.
    initial_stock
        Whole net stock before the first decision.

    Notes
    -----
    Backward induction on a range of stocks that holds every s_t and S_t: Veinott's bounds (see :func:`_bounds`) from
    the costs of single periods. The range is widened further until the value function is a straight line at its lower
    end (and is continued by it), so nothing is cut off.
    """
    periods = [d if isinstance(d, PeriodDemand) else PeriodDemand.whole(d) for d in demands]
    if not periods:
        raise ValueError("demands is empty; the horizon needs at least one period")
    start = checked_whole("initial_stock", float(np.asarray(initial_stock)), "(-inf, inf)")
    reach = max(period.pmf.size for period in periods) + 2
    bounds = [_bounds(period, costs, last=False) for period in periods[:-1]] + [_bounds(periods[-1], costs, last=True)]
    low, high = min(lowest for lowest, _ in bounds), max(highest for _, highest in bounds)
    while True:
        found = _solve(periods, costs, start, min(low, start) - reach, max(high, start) + reach)
        if found is not None:
            return found
        reach *= 2
