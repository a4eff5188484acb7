"""What items share is handed out as in a plain loop over shops, whatever their order, and never more than there is."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.identity import stream_keys
from replenishment.kernels.simulation.columns import TRACE
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation import Clock, OrderLimits, PolicyFunction, SharedLimit, Supply, simulate
from tests.replenishment.simulation.market import Market, Purse
from tests.replenishment.simulation.reference import Chance, Shop
from tests.replenishment.simulation.rules import rule
from tests.replenishment.simulation.worlds import ORDERS_OF_EVENTS, STANDARD

NAMES = ("00000", "00001", "00002")
PERIODS, PATHS = 14, 2
MEAN, COST = np.full(4, 3.0), np.array([1.0, 2.0, 3.0, 4.0])


@st.composite
def markets(draw: Any) -> dict[str, Any]:
    """Three items, of which the first two have one supplier; a budget and room for all."""

    def each(values: Any) -> list[float]:
        return [float(draw(values)) for _ in NAMES]

    scarce = st.lists(st.integers(0, 12).map(float), min_size=PERIODS, max_size=PERIODS)
    return {
        "demand": [draw(st.lists(st.integers(0, 6), min_size=PERIODS, max_size=PERIODS)) for _ in NAMES],
        "stock": each(st.integers(0, 10)),
        "reorder_point": each(st.integers(0, 8)),
        "step": each(st.integers(1, 6)),
        "lot": each(st.sampled_from([0, 1, 3])),
        "minimum": each(st.sampled_from([0, 0, 6])),
        "mean": each(st.sampled_from([1, 2, 4])),
        "cost": each(st.sampled_from([0, 1, 2, 4])),
        "review": [draw(st.integers(1, 3)) for _ in NAMES],
        "events": draw(st.one_of(st.just(STANDARD), ORDERS_OF_EVENTS)),
        "budget": draw(st.one_of(st.none(), scarce)),
        "room": draw(st.one_of(st.none(), scarce)),
        "capacity": draw(st.one_of(st.none(), scarce)),
        "own": draw(st.sampled_from([np.inf, 2.0])),
        "failure": draw(st.sampled_from([0.0, 0.3])),
    }  # fmt: skip


def told(world: dict[str, Any]) -> list[dict[str, list[dict[str, float]]]]:
    """What happens to each item, path by path, in the reference."""
    ways = []
    for path in range(PATHS):
        shops = {}
        for i, name in enumerate(NAMES):
            chance = Chance(int(stream_keys((name,), ("main",), 7)[0]), path)
            shops[name] = Shop(
                stock=world["stock"][i], reorder_point=world["reorder_point"][i],
                raise_to=world["reorder_point"][i] + world["step"][i], lot=world["lot"][i],
                minimum=world["minimum"][i], review=world["review"][i], events=world["events"], capacity=world["own"],
                failure=world["failure"], recovery=0.5, lead_time=[0.25, 0.75, 1.0], chance=chance,
            )  # fmt: skip
        shared = {"budget": world["cost"], "room": [1.0] * 3, "capacity": [1.0, 1.0, 0.0]}
        purses = {
            name: Purse(world[name], dict(zip(NAMES, per, strict=True)))
            for name, per in shared.items()
            if world[name] is not None
        }
        for_shipments = [purses.pop("capacity")] if "capacity" in purses else []
        mean = dict(zip(NAMES, world["mean"], strict=True))
        market = Market(shops, mean, list(purses.values()), for_shipments)
        ways.append(market.live(dict(zip(NAMES, world["demand"], strict=True))))
    return ways


def simulated(world: dict[str, Any], order: list[int]) -> Any:
    """The same items in any order."""

    def of(name: str) -> Any:
        return np.array(world[name], dtype=float)[order]

    mean, level = of("mean"), of("reorder_point") + of("step")
    suppliers = np.array(["S1", "S1", "S2"])[order]
    costs = {"budget": of("cost"), "room": np.ones(3)}
    for_orders = [SharedLimit.budget(world[name], cost) for name, cost in costs.items() if world[name] is not None]
    capacity = world["capacity"]
    policy = OrderingRule(
        tuple(NAMES[i] for i in order), ("main",) * 3, of("reorder_point"), level, of("lot"), of("minimum"), level,
        np.array(world["review"])[order],
    )  # fmt: skip
    return simulate(
        policy, of("demand"), LeadTimes(np.tile([0.25, 0.5, 0.25], (3, 1))), periods=PERIODS, paths=PATHS, seed=7,
        mean_demand=mean, clock=Clock(world["events"]), initial_stock=of("stock"),
        supply=Supply(
            capacity=world["own"], failure=world["failure"], recovery=0.5,
            shared=[] if capacity is None else [SharedLimit.of_suppliers({"S1": capacity}, suppliers)],
        ),
        limits=OrderLimits(shared=for_orders),
    )  # fmt: skip


@given(markets(), st.permutations([0, 1, 2]))
@settings(max_examples=25 * int(os.environ.get("RESTOCK_EXAMPLES", "1")), deadline=None)
def test_what_is_scarce_is_shared_as_in_the_reference_whatever_the_order_of_items(world: Any, order: Any) -> None:
    result = simulated(world, list(order))
    for path, way in enumerate(told(world)):
        for name in NAMES:
            expected = [{column: day.get(column, 0.0) for column in TRACE} for day in way[name]]
            assert result.trajectory(name, path=path).to_dict("records") == expected
    again = simulated(world, [0, 1, 2])
    assert result.total == pytest.approx(again.total, abs=0, rel=0, nan_ok=True)


def _shop(supply: Any = None, limits: Any = None, policy: Any = None, mean: Any = MEAN) -> Any:
    demand = np.random.default_rng(5).poisson(3.0, (4, 3, 60)).astype(np.float32)
    own = rule(4, reorder_point=11.0, raise_to=12.0, lot=2.0)
    return simulate(
        own if policy is None else policy, demand, 2, periods=60, paths=3, initial_stock=12.0, mean_demand=mean,
        supply=supply or Supply(), limits=limits or OrderLimits(),
    )  # fmt: skip


def test_orders_cost_no_more_than_the_budget_of_their_opening() -> None:
    money = np.where(np.arange(60) < 30, 20.0, 31.0)
    result = _shop(limits=OrderLimits(shared=[SharedLimit.budget(money, COST)]))
    for path in range(3):
        ways = [result.trajectory(f"{i:05d}", path=path) for i in range(4)]
        spent = sum(way["ordered"] * cost for way, cost in zip(ways, COST, strict=True))
        assert (spent <= money).all()
        assert (spent > money - 2 * 4.0).any(), "a lot more of the dearest would often not have fitted"
    assert result.total["backorder_rate"] > 2 * _shop().total["backorder_rate"]


def test_where_there_is_enough_for_all_each_fares_as_if_it_were_alone() -> None:
    plenty = SharedLimit.of_suppliers({"S": 1e9}, ["S"] * 4)
    shared = _shop(Supply(shared=[plenty]), OrderLimits(shared=[SharedLimit.budget(np.inf, COST)]))
    pd.testing.assert_frame_equal(shared.kpis, _shop().kpis, check_exact=True)


def test_a_policy_in_python_shares_as_the_rule_that_decides_alike() -> None:
    supply = Supply(shared=[SharedLimit.of_suppliers({"S": 11.0}, ["S"] * 4)])
    names = tuple(f"{i:05d}" for i in range(4)), ("main",) * 4
    asked = PolicyFunction(*names, lambda seen: np.ceil(np.maximum(12.0 - seen.position, 0.0) / 2.0) * 2.0)
    pd.testing.assert_frame_equal(_shop(supply, policy=asked).kpis, _shop(supply).kpis, check_exact=True)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (lambda: SharedLimit.budget(-1.0, COST), "most"),
        (lambda: SharedLimit(np.ones(1), np.array([0, 0, 0, 1]), COST), "group"),
        (lambda: SharedLimit.budget(1.0, np.full(4, np.nan)), "weight"),
        (lambda: _shop(limits=OrderLimits(shared=[SharedLimit.budget(1.0, COST[:3])])), "3 items; there are 4"),
        (lambda: _shop(limits=OrderLimits(shared=[SharedLimit.budget(np.ones(9), COST)])), "9 periods"),
        (lambda: _shop(limits=OrderLimits(shared=[SharedLimit.budget(1.0, COST)]), mean=None), "mean_demand"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limit: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        limit()
