"""Dynamic lot sizes under an order capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replenishment.lot_sizing.lot_size_problem import LotSizePlan, LotSizeProblem
from replenishment.validation import FloatArray

__all__ = ["capacitated_plan"]

_TOLERANCE = 1e-9


def capacitated_plan(problem: LotSizeProblem) -> LotSizePlan:
    """
    Return a cheapest plan under a capacity, with or without backorders.

    A capacity that is the same in every period is solved by dynamic programming (Florian and Klein); one that varies
    makes the problem NP-hard and goes to the mixed-integer solver of SciPy (HiGHS), whose set-ups are optimal to about
    1e-6 of a set-up.

    Source: M. Florian and M. Klein (1971), "Deterministic production planning with concave costs and capacity
    constraints", *Management Science* 18(1), 12-20.
    """
    limit = problem.capacity
    if limit is None:
        raise ValueError("capacity is None; use wagner_whitin_plan for orders without a limit")
    return _constant(problem, float(limit[0])) if np.all(limit == limit[0]) else _varying(problem, limit)


@dataclass(frozen=True)
class _Interval:
    """Orders between two periods at whose ends the stock is zero: full batches and at most one smaller one."""

    cost: float
    orders: FloatArray


def _choices(problem: LotSizeProblem, t: int, batch: float, rest: float) -> tuple[float, float]:
    """Return what a full batch and the smaller one cost in a period, purchase and set-up."""
    setup, price = float(problem.fixed_cost[t]), float(problem.unit_cost[t])
    return setup + price * batch, setup + price * rest


def _stock_cost(problem: LotSizeProblem, t: int, stock: FloatArray) -> FloatArray:
    waiting = np.inf if problem.backorder_cost is None else float(problem.backorder_cost[t])
    stock = np.where(np.abs(stock) <= _TOLERANCE * max(float(problem.demand.sum()), 1.0), 0.0, stock)
    late = np.where(stock < 0, np.where(stock < 0, -stock, 1.0) * waiting, 0.0)
    return np.asarray(float(problem.holding_cost[t]) * np.maximum(stock, 0.0) + late)


def _interval(problem: LotSizeProblem, total: FloatArray, u: int, v: int, batch: float) -> _Interval | None:
    """Return the cheapest orders in periods u ... v - 1 that start and end without stock, or None."""
    units = float(total[v] - total[u])
    full = int(np.floor(units / batch + _TOLERANCE)) if batch > 0 else 0
    rest = units - full * batch
    if rest <= _TOLERANCE * max(units, 1.0):
        rest = 0.0
    if full + (rest > 0) > v - u:
        return None
    # least[f, n]: n full batches ordered so far, f = 1 once the smaller one is too
    counts = np.arange(full + 1)
    least = np.full((2, full + 1), np.inf)
    least[0, 0] = 0.0
    steps = np.zeros((v - u, 2, full + 1), dtype=np.int8)
    for t in range(u, v):
        batch_cost, rest_cost = _choices(problem, t, batch, rest)
        options = np.full((3, 2, full + 1), np.inf)
        options[0] = least
        options[1, :, 1:] = least[:, :-1] + batch_cost
        if rest > 0:
            options[2, 1] = least[0] + rest_cost
        steps[t - u] = np.argmin(options, axis=0)
        stock = counts * batch + np.array([[0.0], [rest]]) - (total[t + 1] - total[u])
        least = np.min(options, axis=0) + _stock_cost(problem, t, stock)
    used = int(rest > 0)
    if not np.isfinite(least[used, full]):
        return None
    orders, n, f = np.zeros(v - u), full, used
    for t in range(v - u - 1, -1, -1):
        step = steps[t, f, n]
        orders[t] = (0.0, batch, rest)[step]
        n, f = n - (step == 1), f - (step == 2)
    return _Interval(float(least[used, full]), orders)


def _constant(problem: LotSizeProblem, batch: float) -> LotSizePlan:
    total = np.concatenate([[0.0], np.cumsum(problem.net_demand)])
    periods = problem.periods
    least = np.full(periods + 1, np.inf)
    least[0] = 0.0
    came_from: list[tuple[int, _Interval] | None] = [None] * (periods + 1)
    for v in range(1, periods + 1):
        for u in range(v):
            if not np.isfinite(least[u]):
                continue
            part = _interval(problem, total, u, v, batch)
            if part is not None and least[u] + part.cost < least[v]:
                least[v], came_from[v] = least[u] + part.cost, (u, part)
    orders, v = np.zeros(periods), periods
    while v > 0:
        step = came_from[v]
        assert step is not None  # noqa: S101  (the problem has checked that the capacity suffices)
        orders[step[0] : v] = step[1].orders
        v = step[0]
    return problem.plan(orders)


def _balance(problem: LotSizeProblem) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return matrix and right side of ``running orders - stock + backlog = running demand``, cost and most of both."""
    periods, ones = problem.periods, np.eye(problem.periods)
    waiting = problem.backorder_cost
    matrix = np.hstack([np.tril(np.ones((periods, periods))), -ones, ones])
    backlog = np.full(periods, 0.0 if waiting is None else np.inf)
    backlog[-1] = 0.0
    cost = np.concatenate([problem.holding_cost, np.zeros(periods) if waiting is None else waiting])
    return matrix, np.cumsum(problem.net_demand), cost, np.concatenate([np.full(periods, np.inf), backlog])


def _varying(problem: LotSizeProblem, limit: FloatArray) -> LotSizePlan:
    """Choose the periods with an order by branch and bound, then their quantities by a linear program."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    periods = problem.periods
    matrix, needed, cost, most = _balance(problem)
    none, zeros = np.zeros((periods, periods)), np.zeros(4 * periods)
    reach = np.diag(np.minimum(limit, needed[-1]))
    found = milp(
        np.concatenate([problem.unit_cost, cost, problem.fixed_cost]),
        constraints=[
            LinearConstraint(np.hstack([matrix, none]), needed, needed),
            LinearConstraint(np.hstack([np.eye(periods), none, none, -reach]), -np.inf, 0.0),
        ],
        integrality=np.repeat([0, 0, 0, 1], periods),
        bounds=Bounds(zeros, np.concatenate([limit, most, np.ones(periods)])),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise ValueError(f"capacity is {limit.tolist()}; no plan was found ({found.message})")
    # the solver takes 0.999999 for a whole set-up: fix them, and let the quantities be exact
    open_limit = np.where(found.x[3 * periods :] > 0.5, limit, 0.0)
    exact = linprog(
        np.concatenate([problem.unit_cost, cost]),
        A_eq=matrix,
        b_eq=needed,
        bounds=np.column_stack([zeros[: 3 * periods], np.concatenate([open_limit, most])]),
    )
    if exact.x is None:
        raise ValueError(f"capacity is {limit.tolist()}; no exact plan was found ({exact.message})")
    orders = np.clip(exact.x[:periods], 0.0, open_limit)
    return problem.plan(np.where(orders > _TOLERANCE * max(float(needed[-1]), 1.0), orders, 0.0))
