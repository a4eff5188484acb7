"""
Where to keep safety stock in a network: guaranteed service times on trees.

Every stage promises a service time S to those it supplies and is promised SI by its suppliers; it must bridge the net
replenishment time SI + T - S with safety stock for a demand that is bounded by mean t + z sigma sqrt(t).

Source: S. C. Graves and S. P. Willems (2000), "Optimizing strategic safety stock placement in supply chains",
*Manufacturing & Service Operations Management* 2(1), 68-83, with the erratum of 2003, 5(2), 176-177; K. F. Simpson
(1958), "In-process inventories", *Operations Research* 6(6), 863-873.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import numpy as np

from replenishment.validation import FloatArray, checked

__all__ = ["ServicePlan", "ServiceStage", "guaranteed_service_times"]

_FINEST = 1_000
_NOISE = 1e-11


@dataclass(frozen=True)
class ServiceStage:
    """
    A stage of the network.

    Attributes
    ----------
    processing_time
        T >= 0, from having all inputs to having the product.
    holding_cost
        Per unit of safety stock and unit of time.
    safety_factor
        z of the demand bound.
    demand_sd
        Standard deviation of the stage's *own* external demand per unit of time; 0 without any.
    external_inbound
        Service time of an outside supplier.
    external_outbound
        The longest service time that outside customers accept; None without outside customers.
    """

    processing_time: float
    holding_cost: float
    safety_factor: float = 1.0
    demand_sd: float = 0.0
    external_inbound: float = 0.0
    external_outbound: float | None = None

    def __post_init__(self) -> None:
        checked("processing_time", self.processing_time, "[0, inf)")
        checked("holding_cost", self.holding_cost, "[0, inf)")
        checked("safety_factor", self.safety_factor, "[0, inf)")
        checked("demand_sd", self.demand_sd, "[0, inf)")
        checked("external_inbound", self.external_inbound, "[0, inf)")
        if self.external_outbound is not None:
            checked("external_outbound", self.external_outbound, "[0, inf)")


@dataclass(frozen=True)
class ServicePlan:
    """
    The optimal promises.

    Attributes
    ----------
    service_times
        S of each stage, outbound.
    inbound_times
        SI of each stage: the longest service time among its suppliers.
    net_times
        Net replenishment time SI + T - S that safety stock has to bridge.
    safety_stocks
        z sigma sqrt(net time), units.
    cost
        Holding cost of all safety stock per unit of time.
    """

    service_times: dict[str, float]
    inbound_times: dict[str, float]
    net_times: dict[str, float]
    safety_stocks: dict[str, float]
    cost: float


@dataclass
class _Tree:
    """The network, rooted at its last stage; times in whole ticks."""

    stages: Mapping[str, ServiceStage]
    suppliers: dict[str, list[str]]
    customers: dict[str, list[str]]
    tick: float
    horizon: int = 0
    sd: dict[str, float] = field(default_factory=dict)
    totals: dict[str, FloatArray] = field(default_factory=dict)

    def ticks(self, time: float) -> int:
        return round(time / self.tick)


def _tick(stages: Mapping[str, ServiceStage]) -> float:
    times = [t for s in stages.values() for t in (s.processing_time, s.external_inbound, s.external_outbound or 0.0)]
    parts = [Fraction(float(time)).limit_denominator(_FINEST) for time in times]
    for time, part in zip(times, parts, strict=True):
        if abs(float(part) - time) > 1e-9 * max(abs(time), 1.0):
            raise ValueError(f"time is {time!r}; times must be fractions with a denominator in [1, {_FINEST}]")
    return 1.0 / lcm(*(part.denominator for part in parts))


def _build(stages: Mapping[str, ServiceStage], edges: Sequence[tuple[str, str]]) -> _Tree:
    if not stages:
        raise ValueError("stages is empty; the network needs at least one")
    tree = _Tree(stages, {name: [] for name in stages}, {name: [] for name in stages}, _tick(stages))
    for supplier, customer in edges:
        if supplier not in stages or customer not in stages:
            raise ValueError(f"edges has ({supplier!r}, {customer!r}); both must be among the stages {list(stages)}")
        tree.suppliers[customer].append(supplier)
        tree.customers[supplier].append(customer)
    _check_tree(tree, len(edges))
    for name in stages:
        tree.sd[name] = float(np.sqrt(_variance(tree, name)))
    tree.horizon = max(_longest(tree, name) for name in stages)
    return tree


def _check_tree(tree: _Tree, edges: int) -> None:
    names = list(tree.stages)
    if edges != len(names) - 1:
        raise ValueError(f"edges has {edges} entries for {len(names)} stages; a tree has one fewer than stages")
    reached, ahead = {names[0]}, [names[0]]
    while ahead:
        name = ahead.pop()
        for neighbour in tree.suppliers[name] + tree.customers[name]:
            if neighbour not in reached:
                reached.add(neighbour)
                ahead.append(neighbour)
    if len(reached) != len(names):
        raise ValueError(f"edges connects only {sorted(reached)}; the network must be one tree without a cycle")


def _longest(tree: _Tree, name: str) -> int:
    """Return the time in ticks after which a stage can deliver when nobody upstream keeps any stock."""
    stage = tree.stages[name]
    inbound = [_longest(tree, supplier) for supplier in tree.suppliers[name]]
    return max([tree.ticks(stage.external_inbound), *inbound]) + tree.ticks(stage.processing_time)


def _variance(tree: _Tree, name: str) -> float:
    """Return the variance of the demand that reaches a stage, its own and that of all its customers."""
    own = float(tree.stages[name].demand_sd) ** 2
    return own + sum(_variance(tree, customer) for customer in tree.customers[name])


def _stage_cost(tree: _Tree, name: str) -> FloatArray:
    """Return the cost of a stage for each (S, SI), infinite where the promises can't be kept."""
    stage, ticks = tree.stages[name], np.arange(tree.horizon + 1)
    net = ticks[None, :] + tree.ticks(stage.processing_time) - ticks[:, None]
    rate = float(stage.holding_cost) * float(stage.safety_factor) * tree.sd[name]
    cost = np.where(net >= 0, rate * np.sqrt(np.maximum(net, 0) * tree.tick), np.inf)
    cost[:, ticks < tree.ticks(stage.external_inbound)] = np.inf
    if stage.external_outbound is not None:
        cost[ticks > tree.ticks(stage.external_outbound), :] = np.inf
    return cost


def _total(tree: _Tree, name: str, parent: str | None) -> FloatArray:
    """Return the least cost of a stage and all behind it, seen from the parent, for each (S, SI)."""
    cost = _stage_cost(tree, name)
    for supplier in tree.suppliers[name]:
        if supplier != parent:
            # the stage waits for its slowest supplier: any promise up to SI will do
            least = np.min(_total(tree, supplier, name), axis=1)
            cost = cost + np.minimum.accumulate(least)[None, :]
    for customer in tree.customers[name]:
        if customer != parent:
            least = np.min(_total(tree, customer, name), axis=0)
            cost = cost + np.minimum.accumulate(least[::-1])[::-1][:, None]
    tree.totals[name] = cost
    return cost


def _choose(
    tree: _Tree, name: str, parent: str | None, latest_out: int, earliest_in: int, chosen: dict[str, tuple[int, int]]
) -> None:
    """Fix S <= latest_out and SI >= earliest_in of a stage at their best, then those of the stages behind it."""
    cost = tree.totals[name].copy()
    cost[latest_out + 1 :, :] = np.inf
    cost[:, :earliest_in] = np.inf
    least = float(cost.min())
    if not np.isfinite(least):
        raise ValueError(f"stages has no promise that {name!r} can keep; check its external_inbound")
    # differences that are only rounding must not decide between promises
    tied = cost <= least + _NOISE * max(abs(least), 1.0)
    s, si = (int(i) for i in np.unravel_index(int(np.argmax(tied)), cost.shape))
    chosen[name] = (s, si)
    for supplier in tree.suppliers[name]:
        if supplier != parent:
            _choose(tree, supplier, name, si, 0, chosen)
    for customer in tree.customers[name]:
        if customer != parent:
            _choose(tree, customer, name, tree.horizon, s, chosen)


def guaranteed_service_times(stages: Mapping[str, ServiceStage], edges: Sequence[tuple[str, str]]) -> ServicePlan:
    """
    Return the service times that keep the safety stock of a tree cheapest, exactly.

    Parameters
    ----------
    stages
        The stages by name.
    edges
        (supplier, customer) pairs, each customer unit needing one unit of the supplier's; together a tree (no cycle
        even when directions are ignored).

    Notes
    -----
    Dynamic programming over the tree; the cost is concave in the times, so that an optimum lies on sums of the given
    times, which whole ticks of their common denominator contain. Demand deviations of several customers add up as
    squares. Of promises that cost the same the shorter are returned.

    Raises
    ------
    ValueError
        When the edges aren't a tree, name an unknown stage, or no promise can be kept.
    """
    tree = _build(stages, edges)
    root = list(stages)[-1]
    _total(tree, root, None)
    chosen: dict[str, tuple[int, int]] = {}
    _choose(tree, root, None, tree.horizon, 0, chosen)
    net, stock, cost = {}, {}, 0.0
    for name, (s, si) in chosen.items():
        stage = stages[name]
        net[name] = (si - s) * tree.tick + float(stage.processing_time)
        stock[name] = float(stage.safety_factor) * tree.sd[name] * float(np.sqrt(max(net[name], 0.0)))
        cost += float(stage.holding_cost) * stock[name]
    return ServicePlan(
        {name: s * tree.tick for name, (s, _) in chosen.items()},
        {name: si * tree.tick for name, (_, si) in chosen.items()},
        net,
        stock,
        cost,
    )
