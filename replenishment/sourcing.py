"""Several suppliers of one item: what each costs in a year, whom to ask first, and who delivers what one can't."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from replenishment.validation import checked, checked_or_none

__all__ = ["can_deliver", "choose_offers", "cost_per_year", "split_order"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def cost_per_year(
    demand: Floats,
    unit_cost: Floats,
    order_units: Floats,
    order_cost: Floats,
    stock: Floats,
    holding_rate: Floats,
    short: Floats,
    shortage_cost: Floats,
) -> Floats:
    """What a source of supply costs in a year: purchase, orders, the capital in the stock that it needs, shortages.

    Parameters
    ----------
    demand : (n,) units a year. unit_cost : money a unit. order_units : units of a usual order.
    order_cost : money an order. stock : mean units on hand, safety stock (and with it the lead time) included.
    holding_rate : share of the unit cost a year. short : units a year that are short all the same.
    shortage_cost : money per unit short; NaN, for not known, counts as nothing: it is the item's, whoever delivers.

    Returns
    -------
    float64 (n,): demand x unit_cost + demand / order_units x order_cost + stock x unit_cost x holding_rate + short x
    shortage_cost (Silver, Pyke and Thomas 2017, Inventory and Production Management, eq. 4.1 with safety stock and, as
    in sec. 6.3, a cost per unit short); NaN where another part is unknown.
    """
    for name, known in (("demand", demand), ("order_units", order_units), ("stock", stock), ("short", short)):
        checked(name, known, "[0, inf)")
    for name, money in (("unit_cost", unit_cost), ("order_cost", order_cost), ("holding_rate", holding_rate)):
        checked_or_none(name, money, "[0, inf)")
    orders = np.divide(demand, order_units, out=np.zeros(len(demand)), where=order_units > 0)
    lost = short * np.nan_to_num(checked_or_none("shortage_cost", shortage_cost, "[0, inf)"))
    return np.asarray(demand * unit_cost + orders * order_cost + stock * unit_cost * holding_rate + lost)


def choose_offers(
    item: Integers, usable: npt.NDArray[np.bool_], priority: Floats, cost: Floats, by_priority: bool
) -> tuple[Integers, Integers]:
    """Rank the offers of each item.

    Parameters
    ----------
    item : (m,) ascending. usable : an offer that is not comes last. priority : smaller is asked first, NaN last.
    cost : money a year, NaN (unknown) after all that is known. by_priority : cost only decides among equals.

    Returns
    -------
    order : (m,) the offers, item by item, best first; equals stay in the order given.
    first : (number of items,) positions in ``order`` at which each item begins.
    """
    rank = np.where(np.isnan(priority), np.inf, priority) if by_priority else np.zeros(len(item))
    money = np.where(np.isnan(cost), np.inf, cost)
    order = np.lexsort((money, rank, ~usable, item))
    return order, np.flatnonzero(np.diff(item[order], prepend=-1))


def can_deliver(limit: Floats, pack: Floats, minimum: Floats) -> npt.NDArray[np.bool_]:
    """Whether the least order that a supplier takes is no more than it can deliver.

    Parameters
    ----------
    limit : (m,) most units of an order, infinite without a limit. pack, minimum : (m,) units; a pack of 0 means any
        quantity.
    """
    checked("limit", limit, "[0, inf]")
    checked("pack", pack, "[0, inf)")
    checked("minimum", minimum, "[0, inf)")
    size = np.where(pack > 0, pack, 1.0)
    least = np.where(pack > 0, np.ceil(np.maximum(minimum, pack) / size - 1e-9) * size, minimum)
    return np.asarray((limit > 0) & (least <= limit + 1e-9))


def split_order(quantity: float, limit: Floats, pack: Floats, minimum: Floats) -> Floats:
    """Share an order among suppliers, the first as far as it can deliver, then the next.

    Parameters
    ----------
    quantity : units wanted. limit : (k,) most units that each can deliver, infinite without a limit.
    pack, minimum : (k,) units; a pack of 0 means any quantity.

    Returns
    -------
    float64 (k,) units; whole packs of at least the minimum of each within its limit, or 0. What is left is raised to
    packs and minimum of the next; together they may be less than wanted where all are at their limit.
    """
    checked("quantity", quantity, "[0, inf)")
    checked("limit", limit, "[0, inf]")
    checked("pack", pack, "[0, inf)")
    checked("minimum", minimum, "[0, inf)")
    out, left = np.zeros(len(limit)), quantity
    for k, (most, size, least) in enumerate(zip(limit.tolist(), pack.tolist(), minimum.tolist(), strict=True)):
        if left <= 1e-9 * max(quantity, 1.0):
            break
        wanted = max(left, least)
        top = most
        if size > 0:
            wanted = float(np.ceil(wanted / size - 1e-9) * size)
            top = float(np.floor(most / size + 1e-9) * size) if np.isfinite(most) else most
        given = min(wanted, top)
        if given > 0 and given >= least - 1e-9:
            out[k], left = given, left - given
    return out
