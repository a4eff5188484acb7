"""A SimPy model of the same shop counts the same units on the same draws."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.identity import stream_keys
from replenishment.lead_times import LeadTimes
from replenishment.simulation import SampledDemand, simulate
from tests.replenishment.simulation.reference import Chance, chosen
from tests.replenishment.simulation.rules import rule
from tests.replenishment.simulation.simpy_shop import SimPyShop
from tests.replenishment.simulation.worlds import engine_counts

PERIODS, PATHS = 120, 5


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(("point", "level", "lot"), [(9.0, 10.0, 12.0), (14.0, 15.0, 1.0), (8.0, 20.0, 1.0)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simpy_counts_the_same(point: float, level: float, lot: float, lost: bool, seed: int) -> None:
    probability = np.array([[0.1, 0.2, 0.3, 0.2, 0.1, 0.1]])
    source = SampledDemand.from_probabilities([[0.2, 0.1, 0.1, 0.2, 0.2, 0.1, 0.05, 0.05]])
    keys = stream_keys(("00000",), ("main",), seed)
    demand = source.draw(keys, np.zeros(1, dtype=np.int64), PATHS, PERIODS)[0]
    pieces = []

    def spy(work, rows):  # type: ignore[no-untyped-def]
        for each in rows:
            pieces.append(work(each))
            yield pieces[-1]

    policy = rule(reorder_point=point, raise_to=level, lot=lot)
    simulate(
        policy, source, LeadTimes(probability), periods=PERIODS, paths=PATHS, seed=seed, initial_stock=11.0,
        unmet_demand="lost" if lost else "backorder", run=spy,
    )  # fmt: skip
    piece = pieces[0][0]
    for path in range(PATHS):
        chance = Chance(int(keys[0]), path)
        cumulative = list(np.cumsum(probability[0]))
        leads = [chosen(chance.lead_time(t), cumulative) for t in range(PERIODS)]
        shop = SimPyShop([float(d) for d in demand[path]], leads, stock=11.0, rule=(point, level, lot), lost=lost).run()
        counted = engine_counts(piece, path)
        assert (shop.short, shop.orders) == (counted["short"], counted["orders"])
        assert (shop.stock_sum, shop.waiting_sum) == (counted["stock"], counted["waiting"])
        assert shop.ages == {age: units for age, units in enumerate(piece.waits[0, path]) if units}
