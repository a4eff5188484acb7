"""Which open purchase orders come too late, and which are not needed when they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["OrderTiming", "time_orders"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OrderTiming:
    """How the arrival of each open order lies to the need for it; arrays (s,).

    Attributes
    ----------
    short : units that will be missing when it comes, those that wait now included; at most its own.
    short_days : days before its arrival on which the first of them is missed; 0 where none is.
    needed_in : days from as_of until stock without it falls to the safety stock; infinite without demand.
    surplus : units of it that are not used up within the longest cover.
    """

    short: Floats
    short_days: Floats
    needed_in: Floats
    surplus: Floats


def time_orders(
    item: Integers,
    arrives_in: Floats,
    units: Floats,
    net_stock: Floats,
    rate: Floats,
    safety_stock: Floats,
    cover: Floats,
) -> OrderTiming:
    """Follow the mean demand of each item from one open order to the next.

    Parameters
    ----------
    item : (s,) rows of the items; orders of an item in the order in which they come. arrives_in : (s,) days. units :
        (s,).
    net_stock : (n,) units on hand less what waits. rate : (n,) units a day. safety_stock : (n,) units. cover : (n,)
        days from as_of that stock may last at most.

    Notes
    -----
    Stock on the mean path without an order is what is there and what came before it, less the demand until then:
    S - rate x t. It is short by max(rate x t - S, 0) at its arrival t and falls to the safety stock s after
    (S - s) / rate days. What exceeds s + rate x cover with it is surplus.
    """
    before = _sums_before(item, units)
    stock, per_day, safety = net_stock[item] + before, rate[item], np.maximum(safety_stock[item], 0.0)
    left = stock - per_day * arrives_in
    short = np.clip(-left, 0.0, units)
    with np.errstate(divide="ignore", invalid="ignore"):
        runs_dry = np.where(stock <= 0, 0.0, np.where(per_day > 0, stock / per_day, np.inf))
        needed = np.where(per_day > 0, (stock - safety) / per_day, np.where(stock >= safety, np.inf, 0.0))
    return OrderTiming(
        short=short,
        short_days=np.where(short > 0, np.maximum(arrives_in - np.minimum(runs_dry, arrives_in), 0.0), 0.0),
        needed_in=np.maximum(needed, 0.0),
        surplus=np.clip(stock + units - safety - per_day * cover[item], 0.0, units),
    )


def _sums_before(item: Integers, units: Floats) -> Floats:
    """Units of the same item in the entries before each."""
    out = np.zeros(len(item))
    total: dict[int, float] = {}
    for k, (row, number) in enumerate(zip(item.tolist(), units.tolist(), strict=True)):
        out[k] = total.get(row, 0.0)
        total[row] = out[k] + number
    return out
