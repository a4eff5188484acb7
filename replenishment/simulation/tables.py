"""What the caller said of items, supply, customers and orders, as the records and tables of the compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from replenishment.kernels.simulation.ordering import mark_reviews
from replenishment.kernels.simulation.settings import ITEM, Chances, Schedule
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.clock import Clock
from replenishment.simulation.policies import LevelsByPeriod, PlannedOrders, Policy, PolicyFunction
from replenishment.simulation.world import Customers, OrderLimits, Supply, Warehouse, by_period, each, writable

__all__ = ["Start", "chances_of", "items_of", "reviews_of", "schedule_of", "unmet_of", "yields_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Start(NamedTuple):
    """The state before the first period; (n,), and what is on order (n, a)."""

    stock: Floats
    spread: Floats
    backordered: Floats
    on_order: Floats


def items_of(
    rule: OrderingRule, start: Start, supply: Supply, customers: Customers, warehouse: Warehouse, limits: OrderLimits,
    unmet: tuple[Floats, Floats], seed: int,
) -> npt.NDArray[Any]:  # fmt: skip
    """One record an item of all numbers that don't differ by period.

    Raises
    ------
    ValueError
        A number outside its range, or misplaced stock of items that perish.
    """
    n = len(rule)
    items = np.zeros(n, dtype=ITEM)
    items["key"] = stream_keys(rule.skus, rule.locations, seed)
    items["stock"], items["spread"], items["backlog"] = start.stock, start.spread, start.backordered
    items["lot"], items["minimum"] = rule.lot, rule.minimum
    items["lost_share"] = unmet[0]
    items["patience"] = _or_never(unmet[1])
    items["complete"] = customers.shipment == "complete"
    items["crossing"] = np.broadcast_to(np.asarray(supply.crossing, dtype=np.bool_), (n,))
    items["misplaced"] = np.broadcast_to(np.asarray(warehouse.misplaced, dtype=np.bool_), (n,))
    for part, name, low, high in (
        (limits, "max_stock", -np.inf, np.inf),
        (supply, "failure", 0.0, 1.0),
        (supply, "recovery", 0.0, 1.0),
        (warehouse, "book_error", -np.inf, np.inf),
    ):
        items[name] = each(name, getattr(part, name), n, low, high)
    items["shelf_life"] = _or_never(each("shelf_life", warehouse.shelf_life, n, 1, whole=True))
    items["stocktake_every"] = each("stocktake_every", warehouse.stocktake_every, n, 0, whole=True)
    if ((items["shelf_life"] > 0) & items["misplaced"]).any():
        raise ValueError(
            "misplaced stock of items with a shelf life isn't modelled: how old it is when found is unknown"
        )
    return items


def schedule_of(
    policy: Policy, supply: Supply, warehouse: Warehouse, limits: OrderLimits, clock: Clock, periods: int
) -> Schedule:
    """All that may differ by period.

    Raises
    ------
    ValueError
        Shapes that do not fit, or numbers outside their range.
    """
    rule = policy if isinstance(policy, OrderingRule) else policy.rule
    n = len(rule)
    levels = (rule.reorder_point[:, None], rule.raise_to[:, None])
    planned = np.empty((0, 0))
    if isinstance(policy, LevelsByPeriod):
        levels = (policy.reorder_point, policy.raise_to)
    if isinstance(policy, PlannedOrders):
        levels, planned = (np.full((n, 1), np.inf), np.zeros((n, 1))), policy.quantity
    for name, table in (("levels", levels[0]), ("levels", levels[1]), ("planned orders", planned)):
        if table.shape[1] not in ((1, periods) if name == "levels" else (0, periods)):
            raise ValueError(f"{name} are given for {table.shape[1]} periods; the simulation has {periods}")
    # A plan or a function says itself when its first order is placed.
    first_review = 0 if isinstance(policy, (PlannedOrders, PolicyFunction)) else clock.first_review
    return Schedule(
        np.ascontiguousarray(levels[0], dtype=np.float64),
        np.ascontiguousarray(levels[1], dtype=np.float64),
        by_period("maximum", limits.maximum, n, periods, 0.0),
        np.ascontiguousarray(planned, dtype=np.float64),
        by_period("capacity", supply.capacity, n, periods, 0.0),
        by_period("delay", supply.delay, n, periods, 0.0, whole=True).astype(np.int64),
        reviews_of(rule, limits, first_review, periods),
        *yields_of(supply, n, periods),
        *(
            by_period(name, getattr(warehouse, name), n, periods, 0.0, 1.0)
            for name in ("error_probability", "error_share")
        ),
    )


def yields_of(supply: Supply, n: int, periods: int) -> tuple[Floats, Floats]:
    """The least and the most that is good of a delivery, by period of its receipt.

    Raises
    ------
    ValueError
        Numbers outside [0, 1], or a least above the most.
    """
    least, most = (
        by_period(name, getattr(supply, name), n, periods, 0.0, 1.0) for name in ("least_yield", "most_yield")
    )
    if (least > most).any():
        raise ValueError("least_yield is above most_yield")
    return least, most


def reviews_of(rule: OrderingRule, limits: OrderLimits, first_review: int, periods: int) -> Flags:
    """The periods in which each item is reviewed; (n, periods)."""
    open_days = np.asarray(by_period("open", np.asarray(limits.open, np.float64), len(rule), periods, 0.0) > 0)
    reviews = np.empty((len(rule), periods), dtype=np.bool_)
    mark_reviews(first_review, rule.review_periods, open_days, reviews)
    return reviews


def chances_of(lead_times: LeadTimes, customers: Customers, n: int) -> Chances:
    """The cumulative probabilities that are drawn from.

    Raises
    ------
    ValueError
        Order sizes or priorities for another number of items, or that do not add up to 1.
    """
    sizes = customers.order_sizes
    if sizes is not None and len(sizes.values) not in (1, n):
        raise ValueError(f"order sizes of {len(sizes.values)} items for {n}")
    shares = np.atleast_2d(np.asarray(customers.priorities, dtype=np.float64))
    if len(shares) not in (1, n) or not (shares >= 0).all() or not np.allclose(shares.sum(axis=1), 1.0):
        raise ValueError(f"priorities must be shares that add up to 1, (c,) or ({n}, c)")
    none = np.empty((n, 0))
    return Chances(
        np.cumsum(lead_times.probability, axis=1),
        none if sizes is None else _rows(np.cumsum(sizes.probability, axis=1), n),
        none if sizes is None else _rows(sizes.values, n),
        _rows(np.cumsum(shares, axis=1), n),
    )


def unmet_of(unmet_demand: str | Flags, customers: Customers, n: int) -> tuple[Floats, Floats]:
    """Share of unmet demand that is lost at once, and the patience of the rest; (n,).

    Raises
    ------
    ValueError
        An unknown mode, or customers who leave although the mode says that they wait, or that all is lost.
    """
    patience = each("patience", customers.patience, n, 0.0)
    finite = np.isfinite(patience)
    if not np.equal(patience[finite], np.rint(patience[finite])).all():
        raise ValueError("patience must be whole periods")
    share = each("lost_share", customers.lost_share, n, 0.0, 1.0)
    if isinstance(unmet_demand, str) and unmet_demand == "mixed":
        return np.where(patience == 0, 1.0, share), patience
    if finite.any() or share.any():
        raise ValueError('patience and lost_share are for unmet_demand = "mixed"')
    if isinstance(unmet_demand, str):
        if unmet_demand not in ("backorder", "lost"):
            raise ValueError(f"unmet_demand is {unmet_demand!r}; allowed are backorder, lost and mixed")
        return np.full(n, 1.0 if unmet_demand == "lost" else 0.0), patience
    if unmet_demand.shape != (n,):
        raise ValueError(f"unmet_demand has shape {unmet_demand.shape}; expected ({n},)")
    return unmet_demand.astype(np.float64), patience


def _rows(table: Floats, n: int) -> Floats:
    return writable(np.broadcast_to(table, (n, table.shape[1])))


def _or_never(periods: Floats) -> Integers:
    """Whole periods, and -1 for infinitely many."""
    return np.where(np.isfinite(periods), periods, -1.0).astype(np.int64)
