"""The order-up-to level S that meets a target, or costs least, for any demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.cycle_demand import CycleDemand, probability_below
from replenishment.root_finding import smallest_level
from replenishment.service_measures import allowed_shortfall
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["cheapest_order_up_to", "cheapest_order_up_to_per_unit_short", "order_up_to_for"]

_Shortfall: TypeAlias = Callable[[CycleDemand, FloatArray], FloatArray]


def _backorder_rate(demand: CycleDemand, level: FloatArray) -> FloatArray:
    return as_floats((demand.horizon.loss(level) - demand.loss_before(level)) / demand.mean_per_cycle)


_SHORTFALLS: dict[str, _Shortfall] = {
    "cycle_service_level": lambda demand, level: demand.horizon.survival(level),
    "fill_rate": _backorder_rate,
    "backorder_rate": _backorder_rate,
    "ready_rate": lambda demand, level: demand.average(lambda part: 1.0 - probability_below(part, level)),
    "no_backorder_rate": lambda demand, level: demand.average(lambda part: part.survival(level)),
    "expected_backorders": lambda demand, level: demand.average(lambda part: part.loss(level)),
}


def order_up_to_for(demand: CycleDemand, measure: str, target: ArrayLike) -> FloatArray:
    """
    Return the smallest order-up-to level whose steady state meets a service target.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods, of one item or many.
    measure, target
        A word of :mod:`replenishment.service_measures` and its target, one for all items or one an item.

    Returns
    -------
    ndarray
        S in units; whole where demand is whole. Never below zero.

    Raises
    ------
    ValueError
        For an unknown measure or a target outside its range.
    """
    allowed = allowed_shortfall(measure, target)
    shortfall = _SHORTFALLS[measure]
    mean, sd = demand.horizon.mean, np.sqrt(demand.horizon.variance)
    guess = np.broadcast_arrays(mean + sd, allowed)[0]

    def enough(level: FloatArray) -> NDArray[np.bool_]:
        return np.asarray((shortfall(demand, np.maximum(level, 0.0)) <= allowed) & (level >= 0))

    return smallest_level(enough, guess, 0.25 * sd, whole=demand.whole)


def cheapest_order_up_to(demand: CycleDemand, holding_cost: ArrayLike, stockout_cost: ArrayLike) -> FloatArray:
    """
    Return the order-up-to level of least expected cost when a backorder costs **per unit and period**.

    Minimises the average over the R periods of a cycle of ``h E[(S - D)+] + p E[(D - S)+]``: the smallest S at
    which the average of P(D_{L+i} <= S) reaches p / (p + h). With R = 1 this is the newsvendor over L + 1 periods.

    Parameters
    ----------
    demand
        Demands over L ... L + R periods.
    holding_cost, stockout_cost
        h per unit on hand and p per unit backordered, at the end of each period.
    """
    h = checked("holding_cost", holding_cost, "(0, inf)")
    ratio = 1.0 - h / (h + checked("stockout_cost", stockout_cost, "(0, inf)"))
    mean, sd = demand.horizon.mean, np.sqrt(demand.horizon.variance)
    guess = np.broadcast_arrays(mean + sd, ratio)[0]
    return smallest_level(
        lambda level: demand.average(lambda part: part.cdf(level)) >= ratio,
        guess,
        0.25 * sd,
        whole=demand.whole,
    )


def cheapest_order_up_to_per_unit_short(
    demand: CycleDemand, holding_cost: ArrayLike, cost_per_unit_short: ArrayLike
) -> FloatArray:
    """
    Return the order-up-to level of least expected cost when a shortage costs **once per unit** backordered.

    Minimises ``h E[stock at the end of a period] + v E[units newly backordered a period]``. The cost falls until
    ``h avg P(D_{L+i} <= S) >= v P(D_L <= S < D_{L+R}) / R`` and rises after it, provided that demand is
    log-concave (all families of this package with a shape of at least 1).

    Parameters
    ----------
    demand
        Demands over L ... L + R periods.
    holding_cost, cost_per_unit_short
        h per unit and period, v per unit that is not filled in the period in which it was demanded.
    """
    h = checked("holding_cost", holding_cost, "(0, inf)")
    v = checked("cost_per_unit_short", cost_per_unit_short, "(0, inf)")
    mean, sd = demand.horizon.mean, np.sqrt(demand.horizon.variance)
    guess = np.broadcast_arrays(mean + sd, h, v)[0]

    def past_the_minimum(level: FloatArray) -> NDArray[np.bool_]:
        filled = demand.average(lambda part: part.cdf(level))
        newly_short = demand.cdf_before(level) - demand.horizon.cdf(level)
        return np.asarray((filled > 0) & (h * filled >= v * newly_short / len(demand.through)))

    return smallest_level(past_the_minimum, guess, 0.25 * sd, whole=demand.whole)
