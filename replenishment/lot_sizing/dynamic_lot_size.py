"""The one door to dynamic lot sizing: it picks the exact method that the data ask for."""

from __future__ import annotations

from numpy.typing import ArrayLike

from replenishment.lot_sizing.capacitated_lot_size import capacitated_plan
from replenishment.lot_sizing.lot_size_problem import LotSizePlan, LotSizeProblem
from replenishment.lot_sizing.wagner_whitin import wagner_whitin_plan

__all__ = ["cheapest_lot_sizes"]


def cheapest_lot_sizes(
    demand: ArrayLike,
    *,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    unit_cost: ArrayLike = 0.0,
    initial_stock: float = 0.0,
    capacity: ArrayLike | None = None,
    backorder_cost: ArrayLike | None = None,
) -> LotSizePlan:
    """
    Return a plan of least cost for known demand over T periods.

    Parameters and errors as in :class:`~replenishment.lot_sizing.lot_size_problem.LotSizeProblem`; the methods are
    :func:`~replenishment.lot_sizing.wagner_whitin.wagner_whitin_plan` and
    :func:`~replenishment.lot_sizing.capacitated_lot_size.capacitated_plan`.
    """
    problem = LotSizeProblem(
        demand,
        fixed_cost=fixed_cost,
        holding_cost=holding_cost,
        unit_cost=unit_cost,
        initial_stock=initial_stock,
        capacity=capacity,
        backorder_cost=backorder_cost,
    )
    return wagner_whitin_plan(problem) if problem.capacity is None else capacitated_plan(problem)
