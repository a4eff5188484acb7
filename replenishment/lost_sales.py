"""
Service when demand that finds no stock is lost.

Continuous review of a base stock is Erlang's loss system; periodic order-up-to with a lead time is a Markov chain on
the stock on hand and the orders under way, solved exactly. Under lost sales an order-up-to level of the backorder
model keeps too much stock, since it never credits the demand that is lost before an order arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import CountDemand
from replenishment.root_finding import smallest_integer
from replenishment.validation import FloatArray, IntArray, as_floats, checked, checked_whole

__all__ = [
    "ErlangLoss",
    "LostSalesMeasures",
    "erlang_loss",
    "erlang_loss_base_stock",
    "lost_sales_measures",
    "lost_sales_order_up_to_for",
]

_MAX_STATES = 500_000


@dataclass(frozen=True)
class ErlangLoss:
    """Share of the units lost, its complement and the average stock on hand, of a lost-sales base stock."""

    lost_fraction: FloatArray
    fill_rate: FloatArray
    expected_on_hand: FloatArray


def _blocking(offered: FloatArray, servers: int) -> FloatArray:
    """Return Erlang's B by its recursion in the number of servers, which never overflows."""
    lost = np.ones_like(offered)
    for n in range(1, servers + 1):
        lost = offered * lost / (n + offered * lost)
    return lost


def erlang_loss(lead_time_demand: ArrayLike, base_stock: int) -> ErlangLoss:
    """
    Return the exact measures of (S - 1, S) with lost sales and Poisson demand, unit by unit.

    Parameters
    ----------
    lead_time_demand
        Demand rate times mean lead time, above 0, one or many; the distribution of the lead time doesn't matter.
    base_stock
        S, a whole number of at least 0.

    Notes
    -----
    Lost share B(S): B(0) = 1, B(n) = a B(n - 1) / (n + a B(n - 1)). Source: W. Karush (1957), "A queuing model for an
    inventory problem", *Operations Research* 5(5), 693-703.
    """
    offered = checked("lead_time_demand", lead_time_demand, "(0, inf)")
    level = checked_whole("base_stock", base_stock, "[0, inf)")
    lost = _blocking(np.asarray(offered), level)
    return ErlangLoss(as_floats(lost), as_floats(1.0 - lost), as_floats(level - offered * (1.0 - lost)))


def erlang_loss_base_stock(lead_time_demand: float, fill_rate: float) -> int:
    """Return the smallest base stock whose fill rate under lost sales is at least a target in (0, 1)."""
    offered = float(checked("lead_time_demand", lead_time_demand, "(0, inf)"))
    allowed = 1.0 - float(checked("fill_rate", fill_rate, "(0, 1)"))
    lost, level = 1.0, 0
    while lost > allowed:
        level += 1
        lost = offered * lost / (level + offered * lost)
    return level


@dataclass(frozen=True)
class LostSalesMeasures:
    """
    Steady state of a periodic order-up-to policy with lost sales.

    Attributes
    ----------
    fill_rate
        Units sold / units demanded.
    lost_per_period, end_on_hand, mean_order
        Units a period; stock at the end of a period; units ordered a period, which equals the units sold.
    ready_rate
        Share of periods that end with stock > 0.
    """

    fill_rate: float
    lost_per_period: float
    end_on_hand: float
    mean_order: float
    ready_rate: float


def _states(top: int, lead_time: int) -> IntArray:
    """Return all (on hand, orders under way but the newest) that add up to at most S, one a row."""
    if lead_time == 1:
        return np.arange(top + 1)[:, None]
    rows = [np.insert(_states(top - first, lead_time - 1), 0, first, axis=1) for first in range(top + 1)]
    return np.concatenate(rows)


def _ranks(states: IntArray, top: int) -> FloatArray:
    """Return a number for each state, the same for equal states."""
    return np.asarray(states @ (top + 1.0) ** np.arange(states.shape[1] - 1, -1, -1))


def _chain(per_period: CountDemand, top: int, lead_time: int) -> tuple[FloatArray, IntArray]:
    """Return the stationary distribution of the states after receipt and order, and their stock on hand."""
    states = _states(top, lead_time)
    on_hand, ranks = states[:, 0], _ranks(states, top)
    newest = top - states.sum(axis=1)
    sizes = np.arange(top + 1)
    pmf, tail = per_period.pmf(sizes), per_period.survival(sizes - 1.0)
    sources, targets, chances = [], [], []
    for left in range(top + 1):
        # the stock of the period ends at `left`; the oldest order arrives and what is missing to S is ordered
        rows = np.flatnonzero(on_hand >= left)
        following = np.column_stack([states[rows, 1:], newest[rows]])
        following[:, 0] += left
        sources.append(rows)
        targets.append(np.searchsorted(ranks, _ranks(following, top)))
        used = on_hand[rows] - left
        chances.append(pmf[used] if left > 0 else tail[used])
    places = np.stack([np.concatenate(targets), np.concatenate(sources)])
    return _stationary(places, np.concatenate(chances), ranks.size), on_hand


def _stationary(places: IntArray, chances: FloatArray, count: int) -> FloatArray:
    """Return the stationary distribution of a chain that moves to places[0] from places[1] with some chances."""
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import spsolve

    moves = coo_array((chances, (places[0], places[1])), shape=(count, count)).tocsc()
    equations = (moves - eye_array(count)).tolil()
    equations[-1, :] = 1.0
    right = np.zeros(count)
    right[-1] = 1.0
    solution = np.maximum(np.atleast_1d(spsolve(equations.tocsc(), right)), 0.0)
    return np.asarray(solution / solution.sum())


def lost_sales_measures(per_period: CountDemand, order_up_to: int, lead_time: int) -> LostSalesMeasures:
    """
    Return the exact steady state of ordering up to S every period when unmet demand is lost.

    Parameters
    ----------
    per_period
        Whole demand of a period of one item, independent from period to period.
    order_up_to
        S, a whole number of at least 1: position on hand plus on order after each review.
    lead_time
        L in periods, whole. At the opening of a period what was ordered L openings ago is received, S less the
        position is ordered, then demand comes and the excess is lost. With L = 0 every period starts with S.

    Notes
    -----
    The state is the stock on hand and the L - 1 newest orders but one; C(S + L, L) states, all kept. Source: S. Karlin
    and H. Scarf (1958), in *Studies in the Mathematical Theory of Inventory and Production*, chapter 10.

    Raises
    ------
    ValueError
        When S and L give more than half a million states: simulate instead.
    """
    top = checked_whole("order_up_to", order_up_to, "[1, inf)")
    wait = checked_whole("lead_time", lead_time, "[0, inf)")
    if wait and comb(top + wait, wait) > _MAX_STATES:
        raise ValueError(
            f"order_up_to is {top} with lead_time {wait}: {comb(top + wait, wait)} states; "
            f"it must lie in the range with at most {_MAX_STATES}, simulate larger ones"
        )
    if wait == 0:
        share, on_hand = np.ones(1), np.array([top])
    else:
        share, on_hand = _chain(per_period, top, wait)
    lost = float(share @ per_period.loss(on_hand))
    mean = float(per_period.mean)
    sold = mean - lost
    ready = float(share @ per_period.cdf(on_hand - 1.0))
    return LostSalesMeasures(1.0 - lost / mean, lost, float(share @ on_hand) - sold, sold, ready)


def lost_sales_order_up_to_for(per_period: CountDemand, lead_time: int, fill_rate: float) -> int:
    """Return the smallest S whose exact fill rate under lost sales is at least a target in (0, 1)."""
    wanted = float(checked("fill_rate", fill_rate, "(0, 1)"))
    wait = checked_whole("lead_time", lead_time, "[0, inf)")

    def enough(level: FloatArray) -> NDArray[np.bool_]:
        order_up_to = round(float(level))
        if order_up_to < 1:
            return np.asarray(False)
        return np.asarray(lost_sales_measures(per_period, order_up_to, wait).fill_rate >= wanted)

    start = float(per_period.mean) * (wait + 1)
    return int(smallest_integer(enough, max(start, 1.0), 0.25 * np.sqrt(start)))
