"""A simulation before it is run: all that :func:`simulate` is told, and what a scenario must know besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.clock import Clock
from replenishment.simulation.demand import DemandSource, SampledDemand, recorded_demand
from replenishment.simulation.engine import Mapper, simulate
from replenishment.simulation.measures import Costs
from replenishment.simulation.results import SimulationResult
from replenishment.simulation.world import Customers, OrderLimits, Supply, Warehouse

__all__ = ["Case", "Conditions"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# Every condition must hold; an attribute and the values that it may have.
Conditions = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, eq=False)
class Case:
    """What a simulation is told; n items.

    Attributes
    ----------
    mean_demand : (n,) units a period as planned, and safety_stock : (n,) units; some scenarios need them.
    attributes : name -> (n,) labels, such as category and supplier, to say which items a scenario hits; ``sku`` and
        ``location`` are known anyway.

    Notes
    -----
    The other attributes are the arguments of :func:`simulate`. Chance is keyed by seed, SKU and location, so that all
    cases made from one meet the same chance (common random numbers).
    """

    policy: OrderingRule
    demand: npt.NDArray[np.floating[Any]] | DemandSource | SampledDemand
    lead_time: LeadTimes
    periods: int
    paths: int = 1
    unmet_demand: Literal["backorder", "lost", "mixed"] | Flags = "backorder"
    clock: Clock = field(default_factory=Clock)
    warm_up: int = 0
    seed: int = 0
    initial_stock: npt.ArrayLike | None = None
    supply: Supply = field(default_factory=Supply)
    customers: Customers = field(default_factory=Customers)
    warehouse: Warehouse = field(default_factory=Warehouse)
    limits: OrderLimits = field(default_factory=OrderLimits)
    costs: Costs | None = None
    period_days: float = 1.0
    mean_demand: Floats | None = None
    safety_stock: Floats | None = None
    attributes: Mapping[str, Sequence[object] | npt.NDArray[np.object_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.policy)

    def take(self, rows: Integers) -> Case:
        """Return the case of some items, each as it is in this one.

        Raises
        ------
        ValueError
            Supply, warehouse, limits or priorities differ by item or period or are shared, or demand is drawn from a
            distribution.
        """
        alike = (self.supply, self.warehouse, self.limits)
        given = [getattr(part, f.name) for part in alike for f in fields(part)] + [self.customers.lost_share]
        # Nothing shared is an empty tuple.
        if any(np.ndim(value) and np.size(value) for value in given) or np.ndim(self.customers.priorities) > 1:
            raise ValueError("a world that differs by item or period can't be taken apart")
        if isinstance(self.demand, SampledDemand):
            raise ValueError("demand that is drawn from a distribution can't be taken apart: give it as a function")
        demand, sizes = self.demand, self.customers.order_sizes

        def own(value: Any) -> Any:
            return value if value is None or not np.ndim(value) else np.asarray(value)[rows]

        return replace(
            self,
            policy=self.policy.take(rows),
            demand=(lambda places, *more: demand(rows[places], *more)) if callable(demand) else demand[rows],
            lead_time=self.lead_time.take(rows),
            unmet_demand=self.unmet_demand if isinstance(self.unmet_demand, str) else self.unmet_demand[rows],
            initial_stock=own(self.initial_stock),
            customers=replace(
                self.customers,
                patience=own(self.customers.patience),
                order_sizes=None if sizes is None else sizes.take(rows),
            ),
            costs=None if self.costs is None else self.costs.take(rows),
            mean_demand=own(self.mean_demand),
            safety_stock=own(self.safety_stock),
            attributes={name: np.asarray(labels, dtype=object)[rows] for name, labels in self.attributes.items()},
        )

    @cached_property
    def whole(self) -> Flags:
        """Whether an item comes in whole units, as its levels do; (n,)."""
        rule = self.policy
        levels = np.stack([rule.reorder_point, rule.raise_to, rule.lot])
        return np.asarray((levels == np.rint(levels)).all(axis=0))

    @cached_property
    def source(self) -> DemandSource:
        """Demand as a function of (rows, paths, periods), whatever was given."""
        demand = self.demand
        if isinstance(demand, SampledDemand):
            keys = stream_keys(self.policy.skus, self.policy.locations, self.seed)
            return lambda rows, paths, periods: demand.draw(keys[rows], rows, paths, periods)
        if callable(demand):
            return demand
        return recorded_demand(np.asarray(demand), len(self), self.paths, self.periods)

    def planned(self, name: Literal["mean_demand", "safety_stock"]) -> Floats:
        """Return what the planner had in mind; (n,).

        Raises
        ------
        ValueError
            The case was not told.
        """
        value = getattr(self, name)
        if value is None or np.shape(value) != (len(self),) or not np.isfinite(value).all():
            raise ValueError(f"the scenario needs a known {name} of each item; give it to the case, ({len(self)},)")
        return np.asarray(value, dtype=np.float64)

    def hit(self, where: Conditions) -> Flags:
        """Which items fulfil every condition; (n,).

        Raises
        ------
        ValueError
            An attribute that the case does not know, or conditions that no item fulfils.
        """
        known = {**self.attributes, "sku": self.policy.skus, "location": self.policy.locations}
        hit = np.ones(len(self), dtype=np.bool_)
        for name, values in where.items():
            if name not in known:
                raise ValueError(f"where has {name!r}; known are {', '.join(sorted(known))}")
            wanted = {values} if isinstance(values, str) else set(values)
            hit &= np.fromiter((label in wanted for label in known[name]), np.bool_, len(self))
        if len(self) and not hit.any():
            raise ValueError(f"no item is where {dict(where)}")
        return hit

    def simulate(self, run: Mapper = map, *, groups: Sequence[str] = ()) -> SimulationResult:
        """Run the simulation; ``groups`` names attributes by whose values the result can be aggregated."""
        return simulate(
            self.policy,
            self.demand,
            self.lead_time,
            periods=self.periods,
            paths=self.paths,
            unmet_demand=self.unmet_demand,
            clock=self.clock,
            warm_up=self.warm_up,
            seed=self.seed,
            initial_stock=self.initial_stock,
            supply=self.supply,
            customers=self.customers,
            warehouse=self.warehouse,
            limits=self.limits,
            costs=self.costs,
            mean_demand=self.mean_demand,
            groups={name: list(self.attributes[name]) for name in groups},
            period_days=self.period_days,
            run=run,
        )
