"""One shop, generated once, that most tests look at: large enough for each kind of item, small enough to be quick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pipelines.demo import DemoWorld, demo_tables
from pipelines.demo.history import History
from pipelines.demo.incidents import Incidents
from pipelines.demo.ledger import CustomerOrders, write_ledger
from pipelines.demo.promotions import Occasion
from pipelines.demo.purchasing import Buyer, open_buyer
from pipelines.demo.sourcing import Sourcing
from pipelines.demo.tables import demo_stages
from pipelines.demo.world import World

# With this seed a delivery is due on the morning of as_of, and a promotion would outlast an item.
SKUS, LOCATIONS, YEARS, SEED = 80, 2, 2, 7


@dataclass(frozen=True, eq=False)
class Stages:
    """What lies between the seed and the tables; arrays of shape (days, series)."""

    world: World
    occasions: list[Occasion]
    mean: np.ndarray
    true_mean: np.ndarray
    preordered: np.ndarray
    sourcing: Sourcing
    buyer: Buyer
    incidents: Incidents
    undisturbed: History
    history: History
    ledger: CustomerOrders


@pytest.fixture(scope="session")
def stages() -> Stages:
    made = demo_stages(SKUS, LOCATIONS, YEARS, SEED)
    return Stages(
        world=made.world,
        occasions=made.occasions,
        mean=made.mean,
        true_mean=made.true_mean,
        preordered=made.preordered,
        sourcing=made.sourcing,
        buyer=open_buyer(made.world, made.sourcing),
        incidents=made.incidents,
        undisturbed=made.undisturbed,
        history=made.history,
        ledger=write_ledger(made.world, made.history, made.preordered),
    )


@pytest.fixture(scope="session")
def shop() -> DemoWorld:
    return demo_tables(SKUS, LOCATIONS, YEARS, SEED)
