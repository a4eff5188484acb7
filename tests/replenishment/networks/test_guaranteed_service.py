"""Guaranteed service: no promises are cheaper when all are tried."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.networks.guaranteed_service import ServiceStage, guaranteed_service_times


def _try_all(stages: dict[str, ServiceStage], edges: list[tuple[str, str]]) -> float:
    """Return the least cost over all whole promises; inbound times follow from the suppliers'."""
    names = list(stages)
    variance = {name: stages[name].demand_sd ** 2 for name in names}
    for _ in names:
        for name in names:
            variance[name] = stages[name].demand_sd ** 2 + sum(variance[c] for s, c in edges if s == name)
    horizon = int(sum(s.processing_time for s in stages.values()) + max(s.external_inbound for s in stages.values()))
    best = np.inf
    for promises in itertools.product(range(horizon + 1), repeat=len(names)):
        promised, cost = dict(zip(names, promises, strict=True)), 0.0
        for name, stage in stages.items():
            limit = stage.external_outbound
            inbound = max([stage.external_inbound, *(promised[s] for s, c in edges if c == name)])
            net = inbound + stage.processing_time - promised[name]
            if net < 0 or (limit is not None and promised[name] > limit):
                cost = np.inf
                break
            cost += stage.holding_cost * stage.safety_factor * np.sqrt(variance[name] * net)
        best = min(best, float(cost))
    return best


@settings(max_examples=25, deadline=None)
@given(data=st.data(), count=st.integers(1, 4))
def test_no_promises_are_cheaper(data: st.DataObject, count: int) -> None:
    times, money = st.integers(0, 2), st.integers(1, 9)
    stages, edges = {}, []
    for i in range(count):
        name = f"stage {i}"
        if i:
            other = f"stage {data.draw(st.integers(0, i - 1))}"
            edges.append((name, other) if data.draw(st.booleans()) else (other, name))
        stages[name] = ServiceStage(data.draw(times), data.draw(money), 1.5, 0.0, data.draw(times))
    for name in list(stages):
        if not any(supplier == name for supplier, _ in edges):
            stage = stages[name]
            stages[name] = ServiceStage(
                stage.processing_time,
                stage.holding_cost,
                1.5,
                float(data.draw(money)),
                stage.external_inbound,
                float(data.draw(times)),
            )
    plan = guaranteed_service_times(stages, edges)
    assert plan.cost == pytest.approx(_try_all(stages, edges), abs=1e-9)
    for supplier, customer in edges:
        assert plan.inbound_times[customer] >= plan.service_times[supplier]
    assert all(net >= 0 for net in plan.net_times.values())
    spent = sum(stages[name].holding_cost * stock for name, stock in plan.safety_stocks.items())
    assert plan.cost == pytest.approx(spent)


def test_fractions_of_a_period_are_scaled_not_rounded() -> None:
    def plan(unit: float) -> float:
        stages = {
            "raw": ServiceStage(2 * unit, 1.0, external_inbound=unit),
            "shop": ServiceStage(unit, 4.0, demand_sd=10.0, external_outbound=0.0),
        }
        return guaranteed_service_times(stages, [("raw", "shop")]).cost

    assert plan(0.25) == pytest.approx(plan(1.0) / 2)
    assert plan(1 / 3) == pytest.approx(plan(1.0) / 3**0.5)


def test_a_patient_customer_needs_no_stock() -> None:
    stages = {"raw": ServiceStage(2, 1.0), "shop": ServiceStage(1, 4.0, demand_sd=10.0, external_outbound=3.0)}
    plan = guaranteed_service_times(stages, [("raw", "shop")])
    assert plan.cost == 0.0
    assert plan.service_times == {"raw": 2.0, "shop": 3.0}


def test_a_long_chain_is_planned_in_a_moment() -> None:
    names = [f"{i}" for i in range(60)]
    stages = {name: ServiceStage(1 + i % 3, 61.0 - i) for i, name in enumerate(reversed(names))}
    stages["0"] = ServiceStage(1, 100.0, demand_sd=5.0, external_outbound=0.0)
    plan = guaranteed_service_times(stages, [(names[i + 1], names[i]) for i in range(59)])
    assert plan.service_times["0"] == 0.0
    assert plan.cost > 0


@pytest.mark.parametrize(
    ("message", "edges"),
    [
        ("edges has 0 entries for 3 stages", []),
        ("both must be among the stages", [("a", "b"), ("b", "x")]),
        ("edges connects only", [("a", "b"), ("b", "a")]),
        ("edges has 3 entries", [("a", "b"), ("b", "c"), ("a", "c")]),
    ],
)
def test_what_is_no_tree_is_refused(message: str, edges: list[tuple[str, str]]) -> None:
    stages = {name: ServiceStage(1, 1.0) for name in "abc"}
    with pytest.raises(ValueError, match=message):
        guaranteed_service_times(stages, edges)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("processing_time", (-1, 1)),
        ("holding_cost", (1, -1)),
        ("safety_factor", (1, 1, np.nan)),
        ("demand_sd", (1, 1, 1, -1)),
        ("external_inbound", (1, 1, 1, 1, -1)),
        ("external_outbound", (1, 1, 1, 1, 1, np.inf)),
    ],
)
def test_impossible_stages_are_refused(name: str, arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        ServiceStage(*arguments)
    with pytest.raises(ValueError, match="time is"):
        guaranteed_service_times({"a": ServiceStage(np.pi, 1.0)}, [])
