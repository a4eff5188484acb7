"""One shop, generated once, that most tests look at: large enough for each kind of item, small enough to be quick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pipelines.demo import DemoWorld, demo_tables
from pipelines.demo.demand import draw_demand, mean_demand
from pipelines.demo.history import History, live_through
from pipelines.demo.ledger import CustomerOrders, write_ledger
from pipelines.demo.promotions import Occasion, draw_occasions, uplift_and_discount
from pipelines.demo.purchasing import Buyer, open_buyer
from pipelines.demo.world import World, draw_world

# With this seed a delivery is due on the morning of as_of, and a promotion would outlast an item.
SKUS, LOCATIONS, YEARS, SEED = 80, 2, 2, 7


@dataclass(frozen=True, eq=False)
class Stages:
    """What lies between the seed and the tables; arrays of shape (days, series)."""

    world: World
    occasions: list[Occasion]
    mean: np.ndarray
    buyer: Buyer
    history: History
    ledger: CustomerOrders


@pytest.fixture(scope="session")
def stages() -> Stages:
    world = draw_world(SKUS, LOCATIONS, YEARS, SEED)
    occasions = draw_occasions(world)
    uplift, _ = uplift_and_discount(world, occasions)
    mean = mean_demand(world, uplift)
    buyer = open_buyer(world)
    history = live_through(world, draw_demand(world, mean), buyer)
    return Stages(world, occasions, mean, buyer, history, write_ledger(world, history))


@pytest.fixture(scope="session")
def shop() -> DemoWorld:
    return demo_tables(SKUS, LOCATIONS, YEARS, SEED)
