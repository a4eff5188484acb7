"""A simulation in parts tells of each item what the whole tells, to the bit, and of all together the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.case import Case
from replenishment.simulation.parts import PartFigures, add_up, parts_of, simulate_parts
from replenishment.simulation.results import Costs
from replenishment.simulation.sharing import SharedLimit
from replenishment.simulation.world import Customers, OrderLimits, OrderSizes, Supply

N, PATHS, PERIODS, WARM_UP = 23, 7, 60, 10


@pytest.fixture(scope="module")
def case() -> Case:
    random = np.random.default_rng(4)
    level = random.uniform(5, 20, N)
    demand = random.gamma(0.6, 3.0, (N, PATHS, PERIODS)).astype(np.float32)
    lead_time = np.zeros((N, 9))
    lead_time[np.arange(N), random.integers(1, 8, N)] += 0.5
    lead_time[:, 3] += 0.5
    sizes = OrderSizes.from_samples([random.integers(1, 5, random.integers(0, 4)) for _ in range(N)])
    ones = np.ones(N)
    return Case(
        OrderingRule(
            tuple(f"S{i % 12:02}" for i in range(N)),
            tuple("north" if i < 12 else "south" for i in range(N)),
            level, level + 8.0, 0.0 * ones, 0.0 * ones, level + 8.0, np.full(N, 2),
        ),
        lambda rows, paths, periods: demand[rows, :paths, :periods],
        LeadTimes(lead_time),
        periods=PERIODS,
        paths=PATHS,
        unmet_demand="mixed",
        warm_up=WARM_UP,
        customers=Customers(patience=random.integers(0, 9, N).astype(float), order_sizes=sizes),
        costs=Costs(30.0 * ones, 0.01 * level, 2.0 * ones, unit_cost=level),
        attributes={"class": ["A", "B"] * 11 + ["C"]},
    )  # fmt: skip


def in_parts(case: Case, count: int) -> tuple[list[np.ndarray], PartFigures]:
    parts = parts_of(case, count)
    return parts, simulate_parts(case, parts, np.arange(len(parts)))


@pytest.mark.parametrize("count", [1, 4, 64])
def test_parts_add_up_to_the_whole(case: Case, count: int) -> None:
    whole = case.simulate()
    told = add_up(case, *in_parts(case, count))
    assert list(told.kpis.columns) == list(whole.kpis.columns)
    for name in whole.kpis.columns[2:]:
        assert told.kpis[name].to_numpy().tobytes() == whole.kpis[name].to_numpy().tobytes(), name
    assert told.kpis[["sku", "location"]].equals(whole.kpis[["sku", "location"]])
    assert (told.notes, told.paths) == (whole.notes, whole.paths)
    assert told.total == pytest.approx(whole.total, rel=1e-9, nan_ok=True)
    for name, own in whole.by_path.items():
        np.testing.assert_allclose(told.by_path[name], own, rtol=1e-9, atol=1e-12)
    assert told.trajectory("S05", "south", 3).equals(whole.trajectory("S05", "south", 3))


def test_the_order_of_items_changes_no_bit(case: Case) -> None:
    order = np.random.default_rng(0).permutation(N)
    plain, mixed = (add_up(one, *in_parts(one, 8)) for one in (case, case.take(order)))
    assert mixed.total == pytest.approx(plain.total, abs=0.0, nan_ok=True)
    assert mixed.kpis.equals(plain.kpis.iloc[order].reset_index(drop=True))


def test_every_item_is_in_one_part_and_stays_there(case: Case) -> None:
    parts = parts_of(case, 8)
    assert sorted(np.concatenate(parts).tolist()) == list(range(N))
    assert all(len(part) for part in parts)
    fewer = case.take(np.arange(N - 1))
    kept = [[i for i in part.tolist() if i < N - 1] for part in parts]
    assert [part.tolist() for part in parts_of(fewer, 8)] == [part for part in kept if part]


def test_a_world_that_differs_by_item_is_not_taken_apart(case: Case) -> None:
    with pytest.raises(ValueError, match="differs by item or period"):
        replace(case, supply=Supply(failure=np.full(N, 0.1))).take(np.arange(3))
    shared = [SharedLimit.budget(9.0, np.ones(N))]
    with pytest.raises(ValueError, match="differs by item or period"):
        replace(case, limits=OrderLimits(shared=shared)).take(np.arange(3))
