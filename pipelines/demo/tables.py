"""A demo shop from the seed to its tables: the input tables of the planner, and the truth that no shop would know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.chance import draw_chance
from pipelines.demo.customer_tables import (
    customer_orders_table,
    events_table,
    known_ahead_table,
    returns_table,
    sales_table,
)
from pipelines.demo.demand import draw_demand, draw_preorders, mean_demand
from pipelines.demo.history import History
from pipelines.demo.incidents import Cause, Incidents, no_incidents, surged_demand
from pipelines.demo.ledger import LEDGER_DAYS, CustomerOrders, write_ledger
from pipelines.demo.planting import plant_incidents
from pipelines.demo.promotions import Occasion, draw_occasions, uplift_and_discount
from pipelines.demo.shop import live_through
from pipelines.demo.sourcing import Sourcing, draw_sourcing
from pipelines.demo.stock_tables import stock_counts_table, stock_table, transfers_table
from pipelines.demo.supplier_tables import (
    item_suppliers_table,
    items_table,
    open_orders_table,
    receipts_table,
    substitutes_table,
    suppliers_table,
)
from pipelines.demo.truth import (
    true_days,
    true_incidents,
    true_lead_times,
    true_series,
    true_suppliers,
    true_transfers,
)
from pipelines.demo.world import AS_OF, World, draw_world

__all__ = ["DemoWorld", "Stages", "demo_stages", "demo_tables"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stages:
    """What lies between the seed and the tables.

    Attributes
    ----------
    mean : (days, series), mean demand in units per day without surges. discount : (days, series), off the price.
    preordered : (series,), units ordered before an item is available.
    undisturbed, history : what happens without and with the incidents.
    """

    world: World
    occasions: list[Occasion]
    mean: Floats
    discount: Floats
    preordered: Integers
    sourcing: Sourcing
    incidents: Incidents
    undisturbed: History
    history: History

    @property
    def true_mean(self) -> Floats:
        """Mean demand with the surges, (days, series), units per day."""
        mean = self.mean.copy()
        for k in self.incidents.of(Cause.DEMAND_SURGE):
            mean[self.incidents.first[k] : self.incidents.last[k], k] *= self.incidents.strength[k]
        return mean


@dataclass(frozen=True, eq=False)
class DemoWorld:
    """A generated shop.

    Attributes
    ----------
    tables : the input tables under the names and columns of the planner: sales, items, suppliers, receipts, stock,
        open_orders, customer_orders, events, item_suppliers, substitutes, transfers, stock_counts, known_ahead,
        returns.
    as_of : the opening of the first day after the history.
    """

    tables: dict[str, pd.DataFrame]
    as_of: dt.date
    stages: Stages = field(repr=False)

    @cached_property
    def truth(self) -> dict[str, pd.DataFrame]:
        """What a shop would not know, made when it is first asked for.

        ``days`` (each SKU, location and day: mean demand, demand, what became of it, receipts and stock), ``series``
        (parameters of each SKU and location), ``suppliers`` and ``lead_times`` (real lead times), ``events``
        (uplifts), ``incidents`` (what was planted and what it did), ``transfers``.
        """
        stages = self.stages
        return {
            "days": true_days(stages.world, stages.history, stages.true_mean),
            "series": true_series(stages.world, stages.history),
            "suppliers": true_suppliers(stages.world),
            "lead_times": true_lead_times(stages.world),
            "events": events_table(stages.world, stages.occasions),
            "incidents": true_incidents(stages.world, stages.incidents, stages.undisturbed, stages.history),
            "transfers": true_transfers(stages.world, stages.history),
        }


def demo_tables(
    skus: int = 400, locations: int = 2, years: int = 3, seed: int = 0, *, ledger_days: int = LEDGER_DAYS
) -> DemoWorld:
    """Generate a shop: the same arguments give the same tables.

    Parameters
    ----------
    skus : number of SKUs, >= 1.
    locations : number of locations, 1 to 4: north, south, east, west.
    years : length of the history in years of 365 days, >= 1.
    seed : >= 0.
    ledger_days : length of the complete customer orders in days; of the time before it, open lines only.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    stages = demo_stages(skus, locations, years, seed)
    world, history = stages.world, stages.history
    ledger = write_ledger(world, history, stages.preordered, ledger_days)
    price = np.round(world.assortment.unit_price[world.series.sku] * (1.0 - stages.discount), 2)
    return DemoWorld(_tables(stages, ledger, price), AS_OF, stages)


def demo_stages(skus: int, locations: int, years: int, seed: int) -> Stages:
    """Live the shop through twice: undisturbed, to find where an incident would hurt, and with the incidents."""
    world = draw_world(skus, locations, years, seed)
    occasions = draw_occasions(world)
    uplift, discount = uplift_and_discount(world, occasions)
    mean = mean_demand(world, uplift)
    demand, preordered = draw_demand(world, mean), draw_preorders(world)
    launch = world.assortment.launch[world.series.sku]
    new = np.flatnonzero((launch >= 0) & (launch < world.days))
    demand[launch[new], new] += preordered[new]
    sourcing, chance = draw_sourcing(world), draw_chance(world)
    quiet = no_incidents(world.series.sku.size)
    undisturbed = live_through(world, demand, preordered, sourcing, chance, quiet)
    incidents = plant_incidents(world, undisturbed, mean)
    surged = surged_demand(world, incidents, mean, demand)
    history = live_through(world, surged, preordered, sourcing, chance, incidents)
    return Stages(world, occasions, mean, discount, preordered, sourcing, incidents, undisturbed, history)


def _tables(stages: Stages, ledger: CustomerOrders, price: Floats) -> dict[str, pd.DataFrame]:
    world, history = stages.world, stages.history
    receipts = receipts_table(world, history)
    return {
        "sales": sales_table(world, history, price),
        "items": items_table(world, stages.sourcing, stages.incidents),
        "suppliers": suppliers_table(),
        "receipts": receipts,
        "stock": stock_table(world, history),
        "open_orders": open_orders_table(receipts),
        "customer_orders": customer_orders_table(world, ledger, price),
        "events": events_table(world, stages.occasions).drop(columns="uplift"),
        "item_suppliers": item_suppliers_table(world, stages.sourcing),
        "substitutes": substitutes_table(world),
        "transfers": transfers_table(world),
        "stock_counts": stock_counts_table(world, history),
        "known_ahead": known_ahead_table(world, stages.occasions),
        "returns": returns_table(world, history),
    }
