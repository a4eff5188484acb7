"""Base stock against a supplier who fails: deterministic demand, Markov supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["DisruptedBaseStock", "base_stock_under_disruptions", "base_stock_under_disruptions_cost"]


@dataclass(frozen=True)
class DisruptedBaseStock:
    """The base stock, how many periods of demand beyond the current one it holds, and its expected cost a period."""

    base_stock: FloatArray
    reserve_periods: FloatArray
    cost: FloatArray


def base_stock_under_disruptions_cost(
    base_stock: ArrayLike,
    *,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    demand: ArrayLike,
    disruption_probability: ArrayLike,
    recovery_probability: ArrayLike,
) -> FloatArray:
    """
    Return the expected cost per period of any base stock S >= 0.

    Parameters
    ----------
    holding_cost, stockout_cost
        Per unit on hand, per unit backordered, at the end of each period.
    demand
        Units a period, known, above 0.
    disruption_probability, recovery_probability
        That a supplier who is up fails, that one who is down recovers, in a period; in (0, 1).

    Notes
    -----
    After n periods of outage in a row the net stock at the end of the period is S - (n + 1) demand. The number n has
    the stationary probabilities P(0) = recovery / (disruption + recovery) and
    P(n) = P(0) disruption (1 - recovery)**(n - 1), so that the cost is a finite sum and a geometric rest.
    Source: Snyder and Shen, *Fundamentals of Supply Chain Theory* (2nd ed.), chapter 9.
    """
    h, p = checked("holding_cost", holding_cost, "(0, inf)"), checked("stockout_cost", stockout_cost, "(0, inf)")
    d = checked("demand", demand, "(0, inf)")
    alpha = checked("disruption_probability", disruption_probability, "(0, 1)")
    beta = checked("recovery_probability", recovery_probability, "(0, 1)")
    level = checked("base_stock", base_stock, "[0, inf)")
    # m outages still leave stock: net stock is level - (n + 1) d for n = 0 ... m - 1, and backlog from n = m on
    m = np.floor(level / d * (1.0 + 1e-15))
    down, survive = alpha / (alpha + beta), (1.0 - beta) ** m
    beyond = np.where(m > 0, down * survive / (1.0 - beta), 1.0)
    expected_beyond = np.where(
        m > 0,
        down * survive / (1.0 - beta) * (d * (m + 1.0 + (1.0 - beta) / beta) - level),
        d * (1.0 + down / beta) - level,
    )
    backlog = np.where(beyond > 0, expected_beyond, 0.0)
    mean_net = level - d * (1.0 + down / beta)
    return as_floats(h * (mean_net + backlog) + p * backlog)


def base_stock_under_disruptions(
    *,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    demand: ArrayLike,
    disruption_probability: ArrayLike,
    recovery_probability: ArrayLike,
) -> DisruptedBaseStock:
    """
    Return the cheapest base stock: demand times one plus the smallest n with P(outage <= n) >= p / (p + h).

    Parameters as in :func:`base_stock_under_disruptions_cost`.
    """
    h, p = checked("holding_cost", holding_cost, "(0, inf)"), checked("stockout_cost", stockout_cost, "(0, inf)")
    d = checked("demand", demand, "(0, inf)")
    alpha = checked("disruption_probability", disruption_probability, "(0, 1)")
    beta = checked("recovery_probability", recovery_probability, "(0, 1)")
    # P(outage > n) = down (1 - beta)**n <= h / (p + h)
    ratio = np.log(h / (p + h) * (alpha + beta) / alpha) / np.log1p(-beta)
    periods = np.maximum(np.ceil(ratio - 1e-12), 0.0)
    level = as_floats(d * (periods + 1.0))
    cost = base_stock_under_disruptions_cost(
        level, holding_cost=h, stockout_cost=p, demand=d, disruption_probability=alpha, recovery_probability=beta
    )
    return DisruptedBaseStock(level, as_floats(periods), cost)
