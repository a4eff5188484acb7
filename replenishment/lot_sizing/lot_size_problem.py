"""Dynamic lot sizing: the data of the problem, what a plan is, and what any plan costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, checked

__all__ = ["LotSizePlan", "LotSizeProblem"]


@dataclass(frozen=True)
class LotSizePlan:
    """
    How much to order in each period.

    Attributes
    ----------
    orders
        Units ordered, shape (T,); an order is available in its own period.
    cost
        Set-up, purchase, holding and backorder cost over the horizon.
    """

    orders: FloatArray
    cost: float


@dataclass(frozen=True, init=False)
class LotSizeProblem:
    """
    Known demand over T periods, and what ordering, holding and waiting cost.

    Parameters
    ----------
    demand
        Units in each period, shape (T,), at least 0.
    fixed_cost
        Per order, one number or (T,), at least 0; a period without an order pays none.
    holding_cost
        Per unit of stock at the **end** of a period, one number or (T,), at least 0.
    unit_cost
        Price per unit in each period, one number or (T,).
    initial_stock
        Units at the beginning; below 0 it is a backlog to be served first.
    capacity
        The largest order, one number or (T,); None for no limit.
    backorder_cost
        Per unit backordered at the end of a period, one number or (T,); None forbids backorders. Everything is
        delivered by the end of the horizon.

    Raises
    ------
    ValueError
        For parameters out of range or of a length other than T, or a capacity that can't meet the demand.
    """

    demand: FloatArray
    fixed_cost: FloatArray
    holding_cost: FloatArray
    unit_cost: FloatArray
    initial_stock: float
    capacity: FloatArray | None
    backorder_cost: FloatArray | None

    def __init__(
        self,
        demand: ArrayLike,
        *,
        fixed_cost: ArrayLike,
        holding_cost: ArrayLike,
        unit_cost: ArrayLike = 0.0,
        initial_stock: float = 0.0,
        capacity: ArrayLike | None = None,
        backorder_cost: ArrayLike | None = None,
    ) -> None:
        needs = np.atleast_1d(checked("demand", demand, "[0, inf)"))
        if needs.ndim != 1 or needs.size == 0:
            raise ValueError(f"demand has shape {needs.shape}; it must be (T,) with at least one period")

        def each(name: str, value: ArrayLike, allowed: str) -> FloatArray:
            array = checked(name, value, allowed)
            if array.ndim and array.shape != needs.shape:
                raise ValueError(f"{name} has shape {array.shape}; it must be one number or {needs.shape}")
            return np.broadcast_to(array, needs.shape).copy()

        object.__setattr__(self, "demand", needs)
        object.__setattr__(self, "fixed_cost", each("fixed_cost", fixed_cost, "[0, inf)"))
        object.__setattr__(self, "holding_cost", each("holding_cost", holding_cost, "[0, inf)"))
        object.__setattr__(self, "unit_cost", each("unit_cost", unit_cost, "[0, inf)"))
        object.__setattr__(self, "initial_stock", float(checked("initial_stock", initial_stock, "(-inf, inf)")))
        limit = None if capacity is None else each("capacity", capacity, "[0, inf)")
        waiting = None if backorder_cost is None else each("backorder_cost", backorder_cost, "(0, inf)")
        object.__setattr__(self, "capacity", limit)
        object.__setattr__(self, "backorder_cost", waiting)
        if limit is not None:
            self._check_capacity(limit)

    def _check_capacity(self, limit: FloatArray) -> None:
        needed, supplied = np.cumsum(self.net_demand), np.cumsum(limit)
        slack = supplied - needed if self.backorder_cost is None else supplied[-1:] - needed[-1:]
        if np.any(slack < -1e-9 * max(float(needed[-1]), 1.0)):
            raise ValueError(
                f"capacity is {limit.tolist()}; its running total must reach that of the net demand, {needed.tolist()}"
            )

    @property
    def periods(self) -> int:
        """The number of periods T."""
        return self.demand.size

    @property
    def net_demand(self) -> FloatArray:
        """Demand left after the initial stock is used up, first periods first; a backlog adds to the first."""
        open_demand = np.maximum(np.cumsum(self.demand) - max(self.initial_stock, 0.0), 0.0)
        net = np.diff(open_demand, prepend=0.0)
        net[0] += max(-self.initial_stock, 0.0)
        return net

    def cost_of(self, orders: ArrayLike) -> float:
        """
        Return what any feasible plan costs.

        Raises
        ------
        ValueError
            When the plan leaves demand unmet that may not wait, or exceeds the capacity.
        """
        plan = np.atleast_1d(checked("orders", orders, "[0, inf)"))
        stock = self.initial_stock + np.cumsum(plan - self.demand)
        tiny = 1e-7 * max(float(self.demand.sum()), 1.0)
        late = stock if self.backorder_cost is None else stock[-1:]
        if np.any(late < -tiny):
            raise ValueError(f"orders is {plan.tolist()}; it leaves demand unmet, net stock {stock.tolist()}")
        if self.capacity is not None and np.any(plan > self.capacity + tiny):
            raise ValueError(f"orders is {plan.tolist()}; it must not exceed the capacity {self.capacity.tolist()}")
        cost = self.fixed_cost @ (plan > 0) + self.unit_cost @ plan + self.holding_cost @ np.maximum(stock, 0.0)
        if self.backorder_cost is not None:
            cost += self.backorder_cost @ np.maximum(-stock, 0.0)
        return float(cost)

    def plan(self, orders: ArrayLike) -> LotSizePlan:
        """Return the orders together with their cost."""
        return LotSizePlan(np.asarray(orders, dtype=np.float64), self.cost_of(orders))
