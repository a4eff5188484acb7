"""The engine equals the event-by-event reference in every unit of every period, under every clock and mode."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

from replenishment.kernels.simulation.columns import COUNTS, TRACE
from tests.replenishment.simulation.worlds import (
    engine_counts,
    ordinary_worlds,
    simulated,
    tell,
    told_counts,
    worlds,
)

PATHS = 3


def examples(usual: int) -> int:
    """``RESTOCK_EXAMPLES=10`` in the environment tries ten times as many."""
    return usual * int(os.environ.get("RESTOCK_EXAMPLES", "1"))


def as_frame(days: list[dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(days, columns=list(TRACE)).fillna(0.0)


def assert_same(world: dict[str, Any]) -> None:
    """Trajectories, counts and ages of all paths are equal, and no unit is missing."""
    result, piece = simulated(world, PATHS)
    for path, shop in enumerate(tell(world, PATHS)):
        told = result.trajectory("00000", path=path)
        expected = [{name: day.get(name, 0.0) for name in TRACE} for day in shop.days]
        assert told.to_dict("records") == expected
        assert engine_counts(piece, path) == told_counts(shop)
        ages = {age: units for age, units in enumerate(piece.waits[0, path]) if units}
        assert ages == dict(shop.ages)
    assert piece.imbalance[0] == 0.0


@given(worlds())
@settings(max_examples=examples(200), deadline=None)
def test_every_clock_and_mode_equals_the_event_by_event_reference(world: dict[str, Any]) -> None:
    assert_same(world)


@given(ordinary_worlds())
@settings(max_examples=examples(150), deadline=None)
def test_the_fast_loop_equals_the_event_by_event_reference(world: dict[str, Any]) -> None:
    assert_same(world)


@given(ordinary_worlds())
@settings(max_examples=examples(25), deadline=None)
def test_the_fast_loop_equals_the_reference_period_by_period(world: dict[str, Any]) -> None:
    """Counts of ever longer runs differ by what happened in the last period."""
    world["warm_up"] = 0
    days = [as_frame(shop.days)[[c for c in TRACE if c in COUNTS]] for shop in tell(world, PATHS)]
    upto = [frame.cumsum() for frame in days]
    for last in range(1, len(world["demand"]) + 1):
        _, piece = simulated(world | {"demand": world["demand"][:last]}, PATHS)
        for path in range(PATHS):
            counted = engine_counts(piece, path)
            assert {name: counted[name] for name in upto[path]} == upto[path].iloc[last - 1].to_dict()


@pytest.mark.parametrize("paths", [1, 7, 63, 64, 65, 130])
def test_any_number_of_paths_fills_the_lanes(paths: int) -> None:
    """A path fares the same alone, in a block with others, and at the end of a block."""
    world = {
        "demand": [3.0, 0.0, 7.0, 2.0, 9.0, 1.0, 0.0, 4.0, 6.0, 2.0] * 4, "stock": 4.0, "reorder_point": 9.0,
        "raise_to": 15.0, "lot": 3.0, "lead_time": [0.1, 0.5, 0.7, 1.0],
    }  # fmt: skip
    _, piece = simulated(world, paths)
    shops = tell(world, paths)
    for path in (0, paths // 2, paths - 1):
        assert engine_counts(piece, path) == told_counts(shops[path])
