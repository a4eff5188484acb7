"""
Serial systems: the echelon base stocks of Clark and Scarf, exactly, and the bounds of Shang and Song.

Stage 1 faces the customer, stage j is supplied by stage j + 1 and the last by a source that never fails. Echelon stock
counts everything at a stage and downstream of it. Continuous review (or periods in which the demand of a lead time of L
is that of L periods, without one more for the review).

Source: A. J. Clark and H. Scarf (1960), "Optimal policies for a multi-echelon inventory problem", *Management Science*
6(4), 475-490; F. Chen and Y.-S. Zheng (1994), "Lower bounds for multi-echelon stochastic inventory systems",
*Management Science* 40(11), 1426-1443; K. H. Shang and J.-S. Song (2003), "Newsvendor bounds and heuristic for optimal
policies in serial supply chains", *Management Science* 49(5), 618-638.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import CountDemand, Demand
from replenishment.undershoot import support_size
from replenishment.validation import FloatArray, checked

__all__ = ["NewsvendorBounds", "SerialPolicy", "SerialSystem", "optimal_echelon_base_stock", "shang_song_bounds"]

_STEPS_PER_SD = 200
_REACH = 9.0


@dataclass(frozen=True, init=False)
class SerialSystem:
    """
    The data of a serial system; arrays begin with the stage that faces the customer.

    Parameters
    ----------
    echelon_holding_costs
        h_j per unit of echelon stock and unit of time: local holding cost less that of the stage upstream; above 0.
    lead_times
        L_j >= 0, from stage j + 1 (or the source) to stage j.
    stockout_cost
        p per unit backordered at stage 1 and unit of time, above 0.
    """

    echelon_holding_costs: FloatArray
    lead_times: FloatArray
    stockout_cost: float

    def __init__(self, *, echelon_holding_costs: ArrayLike, lead_times: ArrayLike, stockout_cost: float) -> None:
        costs = np.atleast_1d(checked("echelon_holding_costs", echelon_holding_costs, "(0, inf)"))
        times = np.atleast_1d(checked("lead_times", lead_times, "[0, inf)"))
        if costs.shape != times.shape or costs.ndim != 1:
            raise ValueError(
                f"lead_times has shape {times.shape} and echelon_holding_costs {costs.shape}; both must be (stages,)"
            )
        object.__setattr__(self, "echelon_holding_costs", costs)
        object.__setattr__(self, "lead_times", times)
        object.__setattr__(self, "stockout_cost", float(checked("stockout_cost", stockout_cost, "(0, inf)")))

    @property
    def full_cost(self) -> float:
        """The stock-out cost plus all echelon holding costs: the slope of a backorder."""
        return self.stockout_cost + float(self.echelon_holding_costs.sum())


@dataclass(frozen=True)
class SerialPolicy:
    """Optimal echelon base stocks, shape (stages,), and the expected cost per unit of time."""

    echelon_base_stock: FloatArray
    cost: float


@dataclass(frozen=True)
class _Grid:
    levels: FloatArray
    step: float


def _grid(system: SerialSystem, per_time: Demand) -> _Grid:
    """Return the echelon stocks to look at: below the first every cost is a straight line, above the last none pays."""
    total = per_time.sum_over(float(system.lead_times.sum()) or 1.0)
    # above the newsvendor level of the dearest stage no echelon base stock is optimal (Shang and Song)
    high = (
        max(float(total.quantile(_ratios(system)[1].max())), float(total.mean))
        + 3.0 * float(np.sqrt(total.variance))
        + 2.0
    )
    if np.all(per_time.whole):
        return _Grid(np.arange(-2, int(np.ceil(high)) + 1).astype(np.float64), 1.0)
    waits = system.lead_times[system.lead_times > 0]
    shortest = per_time.sum_over(float(waits.min()) if waits.size else 1.0)
    step = float(np.sqrt(shortest.variance)) / _STEPS_PER_SD
    spread = _REACH * float(np.sqrt(total.variance))
    first = per_time.sum_over(float(system.lead_times[0]) or float(waits.min() if waits.size else 1.0))
    low = min(0.0, float(first.mean) - 2.0 * spread)
    count = int(np.ceil((high + spread - low) / step)) + 1
    return _Grid(np.asarray(low + step * np.arange(count), dtype=np.float64), step)


def _masses(demand: Demand, step: float) -> tuple[int, FloatArray]:
    """Return the first multiple of the step and the probabilities of a demand rounded to multiples of it."""
    if np.all(demand.whole) and isinstance(demand, CountDemand):
        return 0, np.asarray(demand.pmf(np.arange(support_size(demand))))
    reach = _REACH * float(np.sqrt(demand.variance))
    first = int(np.floor((float(demand.mean) - reach) / step))
    last = int(np.ceil((float(demand.mean) + reach) / step))
    edges = (np.arange(first, last + 2) - 0.5) * step
    mass = np.diff(demand.cdf(edges))
    return first, mass / mass.sum()


def _after_demand(values: FloatArray, demand: Demand, step: float) -> FloatArray:
    """Return E[V(y - D)] on the grid; below it V is continued as a straight line, above it by its last value."""
    first, mass = _masses(demand, step)
    ahead, behind = max(-first, 0), max(first + mass.size - 1, 0)
    below = values[0] + (values[0] - values[1]) * np.arange(behind, 0, -1)
    padded = np.concatenate([below, values, np.full(ahead, values[-1])])
    weights = np.zeros(ahead + behind + 1)
    weights[first + ahead : first + ahead + mass.size] = mass
    return np.convolve(padded, weights, mode="valid")


def _lowest(levels: FloatArray, values: FloatArray, *, whole: bool) -> tuple[float, float]:
    """Return the minimum of a function on the grid and where it is, refined by a parabola if levels are real."""
    place = int(np.argmin(values))
    if whole or place in (0, values.size - 1):
        return float(levels[place]), float(values[place])
    left, middle, right = values[place - 1 : place + 2]
    bend = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return float(levels[place] + shift * (levels[1] - levels[0])), float(middle - 0.25 * (left - right) * shift)


def optimal_echelon_base_stock(system: SerialSystem, per_time: Demand) -> SerialPolicy:
    """
    Return the optimal echelon base stock of every stage and the optimal cost.

    Parameters
    ----------
    system
        See :class:`SerialSystem`.
    per_time
        Demand of one unit of time; independent increments, so that ``sum_over(L)`` is the demand of a lead time.

    Notes
    -----
    With C_0(x) = (p + sum of h) max(-x, 0), stage by stage:
    C_j(y) = E[h_j (y - D_j) + C_{j-1}(min(y - D_j, S_{j-1}))], S_j its minimum; the cost is C_n(S_n). For whole demand
    this is exact (tails below 1e-17); for continuous demand functions are kept on a grid of 1/200 of the smallest
    standard deviation of a lead time, which leaves an error of about 1e-5 of the cost.
    """
    grid = _grid(system, per_time)
    whole = bool(np.all(per_time.whole))
    below = system.full_cost * np.maximum(-grid.levels, 0.0)
    stocks, cost = [], 0.0
    for index, (holding, wait) in enumerate(zip(system.echelon_holding_costs, system.lead_times, strict=True)):
        if wait > 0 and index == 0:
            demand = per_time.sum_over(wait)
            curve = holding * (grid.levels - demand.mean) + system.full_cost * demand.loss(grid.levels)
        elif wait > 0:
            demand = per_time.sum_over(wait)
            curve = holding * (grid.levels - demand.mean) + _after_demand(below, demand, grid.step)
        else:
            curve = holding * grid.levels + below
        best, cost = _lowest(grid.levels, curve, whole=whole)
        stocks.append(best)
        below = np.where(grid.levels >= best, cost, curve)
    return SerialPolicy(np.array(stocks), cost)


@dataclass(frozen=True)
class NewsvendorBounds:
    """Lower and upper bounds of the optimal echelon base stocks, and their mean as a heuristic; shape (stages,)."""

    lower: FloatArray
    upper: FloatArray

    @property
    def heuristic(self) -> FloatArray:
        """The average of the bounds; within about half a per cent of the optimal cost in the published tests."""
        return (self.lower + self.upper) / 2.0


def _ratios(system: SerialSystem) -> tuple[FloatArray, FloatArray]:
    costs = system.echelon_holding_costs
    upstream = float(costs.sum()) - np.cumsum(costs)
    reward = system.stockout_cost + upstream
    return reward / system.full_cost, reward / (reward + costs)


def shang_song_bounds(system: SerialSystem, per_time: Demand) -> NewsvendorBounds:
    """
    Return newsvendor bounds of the optimal echelon base stocks.

    Stage j is bounded by the newsvendors over the demand of L_1 + ... + L_j with critical ratios
    (p + h_{j+1} + ... ) / (p + h_1 + ... + h_n) from below and (p + h_{j+1} + ...) / (p + h_j + h_{j+1} + ...) from
    above. Parameters as in :func:`optimal_echelon_base_stock`; L_1 must be above 0.
    """
    waits = np.cumsum(system.lead_times)
    checked("lead_times[0]", waits[0], "(0, inf)")
    demands = [per_time.sum_over(float(wait)) for wait in waits]
    low, high = _ratios(system)
    return NewsvendorBounds(
        np.array([float(demand.quantile(ratio)) for demand, ratio in zip(demands, low, strict=True)]),
        np.array([float(demand.quantile(ratio)) for demand, ratio in zip(demands, high, strict=True)]),
    )
