"""What is on hand, on order and backordered, netted along time.

An open order counts only from the day on which it is due. One that comes after the protection interval covers
nothing that an order placed today must cover; one that comes inside it hides no stock-out before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.distributions import LeadTimeDemand
from replenishment.kernels.netting import paths_short
from replenishment.validation import checked

__all__ = ["NetPosition", "net_along_time"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NetPosition:
    """The position that an order decided now must be measured by; arrays (n,), units.

    Attributes
    ----------
    in_time : on hand less backorders plus what is due before the end of the protection interval.
    effective : the same, less what is missing before late arrivals (backordering), or the level less the units
        still needed when unmet demand is lost on the way.
    stock_out_probability : that stock runs out before an order placed now could arrive.
    units_at_risk : expected units short over the protection interval if nothing is ordered.
    """

    in_time: Floats
    effective: Floats
    stock_out_probability: Floats
    units_at_risk: Floats


def net_along_time(
    net_stock: Floats,
    arrivals: Floats,
    cumulative: Floats32,
    lead_time: Integers,
    expected_lead_time: Integers,
    review: int,
    level: Floats,
    fractile: Floats,
    lost: npt.NDArray[np.bool_],
    integral: npt.NDArray[np.bool_],
) -> NetPosition:
    """Net stock, open orders and demand along sampled paths.

    Parameters
    ----------
    net_stock : (n,) units on hand less units waiting, at the as-of opening before arrivals.
    arrivals : (n, a) units due at openings 0, 1, ..., a - 1.
    cumulative : float32 (n, m, h) demand of each path up to the end of period 1, ..., h.
    lead_time : (n, m) periods until a new order arrives on each path. expected_lead_time : (n,) its mean, rounded.
    review : R periods, the same for all. level : (n,) the level that the position is compared with.
    fractile : (n,) P(demand over L + R <= level). lost : bool (n,) unmet demand is lost.
    """
    checked("net_stock", net_stock, "(-inf, inf)")
    checked("arrivals", arrivals, "[0, inf)")
    checked("level", level, "(-inf, inf)")
    checked("fractile", fractile, "[0, 1]")
    checked("review", review, "[0, inf)")
    horizon = cumulative.shape[2]
    due = np.zeros((len(net_stock), horizon + 1))
    width = min(arrivals.shape[1], horizon + 1)
    due[:, :width] = arrivals[:, :width]
    available = net_stock[:, None] + np.cumsum(due, axis=1)  # at opening k, its arrivals included
    end = np.minimum(expected_lead_time + np.maximum(review, 1), horizon)
    rows = np.arange(len(net_stock))
    in_time = available[rows, end - 1]
    effective = in_time.copy()
    opening = np.arange(horizon)[None, :]
    late = (due[:, :horizon] > 0) & (opening > expected_lead_time[:, None]) & (opening < end[:, None]) & ~lost[:, None]
    for k in np.flatnonzero(late.any(axis=0)):
        gap = np.flatnonzero(late[:, k])
        needed = LeadTimeDemand.from_samples(cumulative[gap, :, k - 1], integral[gap]).quantile(fractile[gap])
        effective[gap] = np.minimum(effective[gap], available[gap, k - 1] + level[gap] - needed)
    gone = np.flatnonzero(lost)
    if len(gone):
        need = _need_when_lost(
            net_stock[gone], due[gone], cumulative[gone], lead_time[gone], review, fractile[gone], integral[gone]
        )
        effective[gone] = level[gone] - need
    short = paths_short(cumulative, lead_time, available)
    at_risk = np.maximum(cumulative[rows, :, end - 1] - in_time[:, None], 0.0).mean(axis=1)
    return NetPosition(in_time, effective, short / cumulative.shape[1], at_risk)


def _need_when_lost(
    net_stock: Floats,
    due: Floats,
    cumulative: Floats32,
    lead_time: Integers,
    review: int,
    fractile: Floats,
    integral: npt.NDArray[np.bool_],
) -> Floats:
    """Units to order so that demand from the arrival to the next one is met with probability ``fractile``.

    Stock is followed along each path to the arrival of the order; what runs short on the way is lost and needs no
    replacement. The need of a path is the largest gap between then and the end of the protection interval; it is
    negative where stock is left over. What already waits (a negative ``net_stock``) must be delivered on top.
    """
    n, m, horizon = cumulative.shape
    stock = np.repeat(np.maximum(net_stock, 0.0)[:, None], m, axis=1)
    need = np.full((n, m), -np.inf)
    demand = np.diff(cumulative, axis=2, prepend=np.float32(0)).astype(np.float64)
    for k in range(horizon):
        stock += due[:, k, None]
        before = k < lead_time
        inside = ~before & (k < lead_time + max(review, 1))
        stock -= np.where(before | inside, demand[:, :, k], 0.0)
        stock = np.where(before, np.maximum(stock, 0.0), stock)
        need = np.where(inside, np.maximum(need, -stock), need)
    lowest = need.min(axis=1)
    needed = LeadTimeDemand.from_samples(need - lowest[:, None], integral).quantile(fractile) + lowest
    return np.asarray(needed + np.maximum(-net_stock, 0.0))
