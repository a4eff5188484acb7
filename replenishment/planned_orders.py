"""The orders of the coming weeks: the policy followed along the mean path of demand.

What is expected, not what is promised: each order shifts with the demand that comes. The levels move with the demand
over the protection interval that begins at each opening, so that they rise before a season or a promotion and fall
before its end. The safety stock moves with the standard deviation, which follows the mean as under a negative binomial
law of constant dispersion: sd(M)^2 = M + c M^2 where that of today exceeds the mean, else in proportion to M (Silver,
Pyke and Thomas 2017, sec. 7.7, on sd as a function of the mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from replenishment.constraints import cap_at_maximum, order_quantity

__all__ = ["CurrentPolicy", "PlannedOrders", "level_shifts", "plan_orders", "shown_mean"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# So many standard errors a sampled mean must differ before a level follows it.
_CERTAIN = 3.0


@dataclass(frozen=True, eq=False)
class CurrentPolicy:
    """The ordering rule of n items today, see :mod:`replenishment.policies`; arrays (n,), units unless said.

    Attributes
    ----------
    maximum : largest position, NaN for none. pack : units, 0 for any quantity. integral : bool, in whole units.
    review, lead_time : periods; review at least 1. ordering : bool, orders may be planned.
    """

    reorder_point: Floats
    raise_to: Floats
    lot: Floats
    minimum: Floats
    maximum: Floats
    pack: Floats
    integral: npt.NDArray[np.bool_]
    review: Integers
    lead_time: Integers
    ordering: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PlannedOrders:
    """What is expected at n items and t openings; float64 (n, t), units.

    Attributes
    ----------
    orders : ordered at each opening, the first as decided. reorder_point, raise_to : the levels in force there.
    stock : on hand less backorders at the end of each period; below 0 where customers are expected to wait.
    """

    orders: Floats
    reorder_point: Floats
    raise_to: Floats
    stock: Floats


def shown_mean(sums: Floats) -> Floats:
    """Mean demand over the intervals that begin at each opening, steady where samples show no change.

    Parameters
    ----------
    sums : (n, m, t) demand of each sample path over the protection interval from opening 0, 1, ... on.

    Returns
    -------
    (n, t); where a mean differs from that of opening 0 by less than three standard errors it is that of opening 0.
    """
    change = sums - sums[:, :, :1]
    mean = change.mean(axis=1)
    error = change.std(axis=1) / np.sqrt(sums.shape[1])
    first = sums[:, :, 0].mean(axis=1)[:, None]
    return np.asarray(first + np.where(np.abs(mean) > _CERTAIN * error, mean, 0.0))


def level_shifts(mean: Floats, sd: Floats, safety_stock: Floats) -> Floats:
    """How far the levels of each opening lie above those of today; (n, t), units.

    Parameters
    ----------
    mean : (n, t) mean demand over the protection interval from each opening on.
    sd : (n,) standard deviation of that demand today. safety_stock : (n,) of today, may be negative.
    """
    now = mean[:, :1]
    spread = np.maximum(sd[:, None] ** 2 - now, 0.0)
    dispersion = np.divide(spread, now**2, out=np.zeros_like(now), where=now > 0)
    variance = np.where(spread > 0, mean + dispersion * mean**2, mean)
    before = np.where(spread > 0, sd[:, None] ** 2, now)
    factor = np.sqrt(np.divide(variance, before, out=np.ones_like(mean), where=before > 0))
    return np.asarray(mean - now + safety_stock[:, None] * (factor - 1.0))


def plan_orders(
    policy: CurrentPolicy, shifts: Floats, demand: Floats, net_stock: Floats, arrivals: Floats, first: Floats
) -> PlannedOrders:
    """Follow the ordering rule along the mean demand; orders arrive after their expected lead time.

    Parameters
    ----------
    shifts : (n, t) of the levels. demand : (n, t) mean demand of each period. net_stock : (n,) units on hand less
        units waiting, before arrivals. arrivals : (n, a) units due at openings 0, 1, ...
    first : (n,) units ordered at opening 0, as decided.
    """
    n, t = demand.shape
    due = np.zeros((n, max(t, arrivals.shape[1]) + int(policy.lead_time.max(initial=0)) + 1))
    due[:, : arrivals.shape[1]] = arrivals
    position = net_stock + arrivals.sum(axis=1)
    stock, rows = net_stock.astype(np.float64), np.arange(n)
    orders, levels, ups, ends = (np.zeros((n, t)) for _ in range(4))
    steps = np.where(policy.integral[:, None], np.rint(shifts), shifts)
    for k in range(t):
        levels[:, k], ups[:, k] = policy.reorder_point + steps[:, k], policy.raise_to + steps[:, k]
        if k == 0:
            placed = np.where(policy.ordering, first, 0.0)
        else:
            _, wanted = order_quantity(position, levels[:, k], ups[:, k], policy.lot, policy.minimum)
            wanted, _ = cap_at_maximum(wanted, position, policy.maximum, policy.pack, policy.minimum)
            placed = np.where(policy.ordering & (k % policy.review == 0), wanted, 0.0)
        orders[:, k] = placed
        due[rows, k + policy.lead_time] += placed
        position = position + placed - demand[:, k]
        stock = stock + due[:, k] - demand[:, k]
        ends[:, k] = stock
    return PlannedOrders(orders, levels, ups, ends)
