"""The world that goes opening by opening: every unit is accounted for, and nothing of the future can be seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from replenishment.policies import OrderingRule
from replenishment.simulation import simulate
from replenishment.simulation.stepping import PeriodCounts, World
from tests.replenishment.simulation.unit_by_unit import PATIENCE, UnitShop

PERIODS = 60
COUNTED = ("received", "ordered", "demanded", "filled", "backordered", "lost", "filled_later", "stock", "waiting")


def history(seed: int, n: int, longest: int) -> tuple[np.ndarray, ...]:
    """Orders, their lead times, the lead times that were expected, and demand; (PERIODS, n)."""
    rng = np.random.default_rng(seed)
    shape = (PERIODS, n)
    orders = rng.integers(1, 12, shape) * (rng.random(shape) < 0.4)
    return orders, rng.integers(0, longest + 1, shape), rng.integers(0, longest + 1, shape), rng.poisson(2.0, shape)


@pytest.mark.parametrize("patience", PATIENCE)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_unit_fares_as_in_a_shop_told_unit_by_unit(patience: float, seed: int) -> None:
    n = 5
    orders, waits, told, demand = history(seed, n, longest=5)
    world = World.start(np.arange(n), patience=patience, arrivals=np.tile([1.0, 0.0, 4.0], (n, 1)))
    shops = [UnitShop(i, patience, on_the_way=[(0, 0)] + [(2, 2)] * 4) for i in range(n)]
    for t in range(PERIODS):
        seen = world.open()
        for shop in shops:
            shop.open()
        assert seen.on_hand.tolist() == [shop.stock for shop in shops]
        seen = world.order(orders[t], waits[t], told[t])
        for i, shop in enumerate(shops):
            shop.order(int(orders[t, i]), int(waits[t, i]), int(told[t, i]))
            assert seen.arrivals[i].tolist() == shop.expected_arrivals(seen.arrivals.shape[1])
        assert seen.position.tolist() == [s.stock + len(s.on_the_way) - len(s.queue) for s in shops]
        counts = world.close(demand[t])
        for i, shop in enumerate(shops):
            expected = shop.close(int(demand[t, i]))
            assert {name: int(getattr(counts, name)[i]) for name in COUNTED} == expected
            ages = {a: int(units) for a, units in enumerate(counts.filled_by_age[i]) if units}
            assert ages == dict(shop.ages)


@pytest.mark.parametrize("shape", [(7,), (4, 3)])
def test_units_are_conserved_with_fractions_and_several_paths(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    start = rng.gamma(2.0, 2.0, shape)
    patience = rng.choice([0.0, 2.0, np.inf], shape)
    world = World.start(start, patience=patience)
    sums = dict.fromkeys(("received", "demanded", "filled", "filled_later", "lost", "ordered"), np.zeros(shape))
    for _ in range(PERIODS):
        world.open()
        seen = world.order(rng.gamma(0.5, 3.0, shape), rng.integers(0, 4, shape))
        counts = world.close(rng.gamma(1.0, 1.6, shape))
        sums = {name: total + getattr(counts, name) for name, total in sums.items()}
    assert (sums["lost"] > 0).any()
    assert (counts.waiting > 0).any()
    assert np.allclose(start + sums["received"], counts.stock + sums["filled"] + sums["filled_later"])
    assert np.allclose(sums["demanded"], sums["filled"] + sums["filled_later"] + counts.waiting + sums["lost"])
    assert np.allclose(sums["ordered"], sums["received"] + seen.on_order)
    assert np.allclose(world.cohorts.sum(axis=-1), counts.waiting)
    assert counts.stock.min() >= 0
    assert not ((counts.stock > 0) & (counts.waiting > 0)).any()


@pytest.mark.parametrize("unmet_demand", ["backorder", "lost"])
def test_the_world_and_the_simulator_tell_the_same_story(unmet_demand: str) -> None:
    rng = np.random.default_rng(8)
    n, periods, lead_time = 6, 80, 3
    demand = rng.poisson(1.5, (n, periods)).astype(float)
    names, levels = tuple(f"{i}" for i in range(n)), np.arange(4.0, 4.0 + n)
    rule = OrderingRule(
        names, ("main",) * n, levels - 1, levels, np.ones(n), np.zeros(n), levels, np.full(n, 2, dtype=np.int64)
    )
    told = simulate(rule, demand, lead_time, periods=periods, unmet_demand=unmet_demand, initial_stock=levels).total  # type: ignore[arg-type]
    world = World.start(levels, patience=np.inf if unmet_demand == "backorder" else 0)
    counts = []
    for t in range(periods):
        seen = world.open()
        if t % 2 == 0:
            world.order(np.maximum(levels - seen.position, 0.0), lead_time)
        counts.append(world.close(demand[:, t]))
    short, demanded = (sum(float(getattr(c, name).sum()) for c in counts) for name in ("short", "demanded"))
    assert short / demanded == pytest.approx(told["backorder_rate"], abs=1e-12)
    assert sum(c.stock.sum() for c in counts) / periods == pytest.approx(told["mean_stock"])


def test_what_is_seen_can_neither_be_changed_nor_hold_what_is_to_come() -> None:
    world = World.start([5.0, 5.0])
    seen = world.open()
    assert seen.last is None
    for array in (seen.on_hand, seen.waiting, seen.arrivals):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1e9
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.opening = 3  # type: ignore[misc]
    # A late order is seen as overdue, not by the day on which it will really come.
    late = world.order([1.0, 0.0], 9, expected=1)
    assert late.arrivals.tolist() == [[0.0, 1.0], [0.0, 0.0]]
    world.close([1.0, 0.0])
    assert world.open().arrivals.tolist() == [[0.0, 1.0], [0.0, 0.0]]
    closed = world.close([7.0, 0.0])
    assert isinstance(closed, PeriodCounts)
    assert not closed.demanded.flags.writeable
    assert world.open().last is closed


def test_the_order_of_events_is_kept() -> None:
    world = World.start([0.0])
    with pytest.raises(RuntimeError, match="open"):
        world.close([1.0])
    with pytest.raises(RuntimeError, match="open"):
        world.order([1.0], 1)
    world.open()
    with pytest.raises(RuntimeError, match="close"):
        world.open()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: World.start([-1.0]), "on_hand"),
        (lambda: World.start([1.0], patience=0.5), "patience"),
        (lambda: World.start([1.0, 2.0], arrivals=[[1.0]]), "arrivals"),
        (lambda: opened().order([np.nan], 1), "units"),
        (lambda: opened().order([1.0], 0.5), "lead_times"),
        (lambda: opened().close([-1.0]), "demand"),
    ],
)
def test_what_can_not_be_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()


def opened() -> World:
    world = World.start([1.0])
    world.open()
    return world
