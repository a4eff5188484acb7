"""A policy in Python fares as the compiled one that decides alike, and can't see or change what is to come."""

from __future__ import annotations

import gc
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from replenishment.simulation import CLOCKS, PolicyFunction, Seen, simulate
from tests.replenishment.simulation.rules import rule
from tests.replenishment.simulation.worlds import engine_counts, simulated, worlds

KEYS = ("00000",), ("main",)


@given(worlds())
@settings(max_examples=40 * int(os.environ.get("RESTOCK_EXAMPLES", "1")), deadline=None)
def test_orders_of_a_function_fare_as_the_same_orders_planned(world: dict[str, Any]) -> None:
    """Under every clock and mode: a function that repeats a plan changes no count of it."""
    periods = len(world["demand"])
    world["planned"] = world.get("planned") or [float(t % 4 * 2) for t in range(periods)]
    _, planned = simulated(world, 3)
    asked = PolicyFunction(*KEYS, lambda seen: world["planned"][seen.period])
    _, piece = simulated(world, 3, policy=asked)
    for path in range(3):
        assert engine_counts(piece, path) == engine_counts(planned, path)
    assert np.array_equal(piece.waits, planned.waits)
    assert piece.imbalance[0] == 0.0


def test_a_base_stock_function_fares_as_the_base_stock_rule() -> None:
    demand = np.random.default_rng(3).poisson(3.0, (4, 6, 80)).astype(np.float32)
    levels = np.array([8.0, 10.0, 12.0, 14.0])
    told = simulate(
        rule(4, reorder_point=levels - 1, raise_to=levels), demand, 2, periods=80, paths=6, initial_stock=levels
    ).total
    policy = PolicyFunction(
        tuple(f"{i:05d}" for i in range(4)), ("main",) * 4, lambda seen: np.maximum(levels[:, None] - seen.position, 0)
    )
    asked = simulate(policy, demand, 2, periods=80, paths=6, initial_stock=levels).total
    assert asked == told


def _arrays(root: Any, depth: int = 4) -> list[np.ndarray]:
    """All arrays that can be reached from an object: attributes, items, bases, referrers' neighbours."""
    found, todo, known = [], [(root, 0)], set()
    while todo:
        thing, level = todo.pop()
        if id(thing) in known or level > depth:
            continue
        known.add(id(thing))
        if isinstance(thing, np.ndarray):
            found.append(thing)
            todo.append((thing.base, level))
        todo += [(other, level + 1) for other in gc.get_referents(thing)]
    return found


def test_a_spying_policy_sees_nothing_of_the_future_and_changes_nothing_of_the_past() -> None:
    """It follows every reference and base array, writes into all it is shown, and looks among all that exists."""
    secret = 424_242.0
    periods = 6
    peeked: list[str] = []

    def drawn(rows: Any, paths: int, count: int) -> np.ndarray:
        demand = np.ones((len(rows), paths, count), dtype=np.float32)
        demand[:, :, -1] = secret
        return demand

    def spy(seen: Seen) -> np.ndarray:
        if seen.period < periods - 1:
            if any((array == secret).any() for array in _arrays(seen)):
                peeked.append("reached from what is shown")
            held = [o for thing in gc.get_objects() for o in gc.get_referents(thing) if isinstance(o, np.ndarray)]
            if any((array == secret).any() for array in held if array.dtype == np.float32):
                peeked.append("found among all objects")
        for array in (seen.stock, seen.waiting, seen.on_order, *seen.last.values(), *seen.today.values()):
            assert array.base is None
            array.setflags(write=True)
            array[...] = 1e9
        with pytest.raises(AttributeError):
            seen.period = 0  # type: ignore[misc]
        with pytest.raises(TypeError):
            seen.last["demanded"] = 0  # type: ignore[index]
        return np.full((1, 2), 2.0)

    quiet = PolicyFunction(*KEYS, lambda seen: 2.0)
    told = simulate(quiet, drawn, 1, periods=periods, paths=2, initial_stock=3.0).total
    spied = simulate(PolicyFunction(*KEYS, spy), drawn, 1, periods=periods, paths=2, initial_stock=3.0).total
    np.testing.assert_equal(spied, told)
    assert peeked == []


def test_the_clock_says_what_is_seen() -> None:
    """Demand of the period is known to a review that comes after it, and to no other."""
    shown: dict[str, list[float]] = {}
    for name in ("standard", "review_at_end"):
        shown[name] = []

        def order(seen: Seen, name: str = name) -> float:
            shown[name].append(float(seen.today["filled_at_once"][0, 0]))
            return 0.0

        demand = np.array([[3.0, 4.0, 5.0]])
        simulate(PolicyFunction(*KEYS, order), demand, 1, periods=3, clock=CLOCKS[name], initial_stock=20.0)
    assert shown == {"standard": [0.0, 0.0, 0.0], "review_at_end": [3.0, 4.0, 5.0]}


@pytest.mark.parametrize("orders", [-1.0, np.nan, np.ones(3), np.ones((2, 2, 2))])
def test_orders_that_make_no_sense_are_refused(orders: Any) -> None:
    with pytest.raises(ValueError, match="period 0: orders"):
        simulate(PolicyFunction(*KEYS, lambda seen: orders), np.ones((1, 4)), 1, periods=4)
