"""
Joint replenishment: several items share the fixed cost of an order.

Every T units of time an order is placed and pays the shared cost; item i is in every m_i-th of them and pays its own.
The policy is strict: the shared cost is paid every T, also if no item is due. Cost per unit of time:
``K / T + sum(k_i / (m_i T) + h_i rate_i m_i T / 2)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, IntArray, checked

__all__ = ["JointItems", "JointPolicy", "optimal_joint_policy", "power_of_two_policy", "silver_joint_policy"]

_CHUNK = 4_096


@dataclass(frozen=True)
class JointPolicy:
    """
    A joint policy.

    Attributes
    ----------
    base_cycle
        T, time between orders.
    multiples
        m_i, whole numbers of at least 1, shape (n,).
    quantities
        Units of item i in each order that holds it, m_i T rate_i.
    cost
        Per unit of time, without the price of the goods.
    """

    base_cycle: float
    multiples: IntArray
    quantities: FloatArray
    cost: float


@dataclass(frozen=True, init=False)
class JointItems:
    """
    The items of a joint order.

    Parameters
    ----------
    shared_fixed_cost
        K per order, at least 0.
    individual_fixed_costs
        k_i for each item in an order, at least 0, shape (n,).
    holding_costs, demand_rates
        Per unit and unit of time; units per unit of time; above 0, shape (n,).
    """

    shared_fixed_cost: float
    individual_fixed_costs: FloatArray
    holding_costs: FloatArray
    demand_rates: FloatArray

    def __init__(
        self,
        *,
        shared_fixed_cost: float,
        individual_fixed_costs: ArrayLike,
        holding_costs: ArrayLike,
        demand_rates: ArrayLike,
    ) -> None:
        own = np.atleast_1d(checked("individual_fixed_costs", individual_fixed_costs, "[0, inf)"))
        held = np.atleast_1d(checked("holding_costs", holding_costs, "(0, inf)"))
        rates = np.atleast_1d(checked("demand_rates", demand_rates, "(0, inf)"))
        if not own.shape == held.shape == rates.shape or own.ndim != 1:
            raise ValueError(
                f"individual_fixed_costs, holding_costs and demand_rates have the shapes {own.shape}, "
                f"{held.shape} and {rates.shape}; all must be (n,)"
            )
        shared = float(checked("shared_fixed_cost", shared_fixed_cost, "[0, inf)"))
        object.__setattr__(self, "shared_fixed_cost", shared)
        object.__setattr__(self, "individual_fixed_costs", own)
        object.__setattr__(self, "holding_costs", held)
        object.__setattr__(self, "demand_rates", rates)

    @property
    def holding_rates(self) -> FloatArray:
        """Holding cost per unit of time and unit of cycle time, h_i rate_i / 2."""
        return self.holding_costs * self.demand_rates / 2.0

    def policy(self, multiples: ArrayLike, base_cycle: float | None = None) -> JointPolicy:
        """Return the policy with given multiples, and with the best base cycle unless one is given."""
        m = checked("multiples", multiples, "[1, inf)").astype(np.int64)
        setup = self.shared_fixed_cost + float(np.sum(self.individual_fixed_costs / m))
        held = float(np.sum(self.holding_rates * m))
        best = float(np.sqrt(setup / held))
        cycle = best if base_cycle is None else float(checked("base_cycle", base_cycle, "(0, inf)"))
        return JointPolicy(cycle, m, cycle * m * self.demand_rates, setup / cycle + cycle * held)


def silver_joint_policy(items: JointItems) -> JointPolicy:
    """
    Return the policy of Silver's non-iterative heuristic.

    The item with the smallest k / (h rate) is in every order; the others get the square root of
    ``k_i / (h_i rate_i) x h_1 rate_1 / (K + k_1)``, rounded to the nearest whole number of at least 1, halves up.

    Source: E. A. Silver (1976), "A simple method of determining order quantities in joint replenishments under
    deterministic demand", *Management Science* 22(12), 1351-1361; Silver, Pyke and Peterson (3rd ed.), p. 428.
    """
    ratio = items.individual_fixed_costs / items.holding_rates
    first = int(np.argmin(ratio))
    scale = items.holding_rates[first] / (items.shared_fixed_cost + items.individual_fixed_costs[first])
    multiples = np.maximum(np.floor(np.sqrt(ratio * scale) + 0.5), 1.0)
    multiples[first] = 1.0
    return items.policy(multiples)


def _best_multiples(items: JointItems, cycles: FloatArray) -> FloatArray:
    """Return the best multiples for each base cycle, a row each: the smallest m with m (m + 1) >= k / (h' T**2)."""
    load = items.individual_fixed_costs / (items.holding_rates * cycles[:, None] ** 2)
    return np.maximum(np.ceil(np.sqrt(0.25 + load) - 0.5), 1.0)


def _switches(items: JointItems, shortest: float) -> FloatArray:
    """Return the base cycles, down to the shortest one, at which the best multiple of some item changes."""
    switches = [np.array([shortest])]
    for ratio in items.individual_fixed_costs / items.holding_rates:
        m = np.arange(1.0, np.ceil(np.sqrt(0.25 + ratio / shortest**2) + 0.5) + 1.0)
        switches.append(np.sqrt(ratio / (m * (m + 1.0))))
    edges = np.unique(np.concatenate(switches))
    return edges[edges >= shortest]


def optimal_joint_policy(items: JointItems) -> JointPolicy:
    """
    Return the strict policy of least cost, exactly, for any number of items.

    Notes
    -----
    The best multiples for a base cycle change only where ``T**2 = k_i / (h_i rate_i / 2) / (m (m + 1))``. Between
    two such points the cost is one convex function, so every interval down to ``T = K / cost of the heuristic`` is
    looked at. Source: S. K. Goyal (1974), "Determination of optimum packaging frequency of items jointly
    replenished", *Management Science* 21(4), 436-443.

    Raises
    ------
    ValueError
        For a shared cost of zero: the items then have nothing to share, order each by its own EOQ.
    """
    checked("shared_fixed_cost", items.shared_fixed_cost, "(0, inf)")
    best = min((silver_joint_policy(items), items.policy(np.ones(items.demand_rates.size))), key=lambda p: p.cost)
    edges = _switches(items, items.shared_fixed_cost / best.cost)
    inside = np.append((edges[:-1] + edges[1:]) / 2.0, 2.0 * edges[-1])
    for part in np.array_split(inside, inside.size // _CHUNK + 1):
        multiples = _best_multiples(items, part)
        setups = items.shared_fixed_cost + np.sum(items.individual_fixed_costs / multiples, axis=1)
        place = int(np.argmin(setups * (multiples @ items.holding_rates)))
        candidate = items.policy(multiples[place])
        if candidate.cost < best.cost:
            best = candidate
    return best


def power_of_two_policy(items: JointItems, base_period: float) -> JointPolicy:
    """
    Return the cheapest policy whose intervals are power-of-two multiples of a base period.

    Parameters
    ----------
    base_period
        The shortest interval that is practical, for example a week. T = 2**a base periods and m_i = 2**b_i with whole
        a, b_i >= 0.

    Notes
    -----
    Its cost is at most 6 % above the best of *all* policies when the base period may be chosen too. Source: R. O.
    Roundy (1985), "98 %-effective integer-ratio lot-sizing for one-warehouse multi-retailer systems", *Management
    Science* 31(11), 1416-1430.
    """
    cycle = float(checked("base_period", base_period, "(0, inf)"))
    own, held = items.individual_fixed_costs, items.holding_rates
    longest = 2.0 * np.sqrt((items.shared_fixed_cost + own.sum()) / held.sum()) + cycle
    best: JointPolicy | None = None
    while cycle <= longest:
        # doubling an interval pays while k / (2 x) > held x
        doublings = np.ceil(np.maximum(0.5 * np.log2(np.maximum(own, 1e-300) / (2.0 * held * cycle**2)), 0.0))
        candidate = items.policy(2.0**doublings, cycle)
        if best is None or candidate.cost < best.cost:
            best = candidate
        cycle *= 2.0
    assert best is not None  # noqa: S101  (the first interval is always looked at)
    return best
