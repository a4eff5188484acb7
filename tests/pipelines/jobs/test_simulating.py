"""What follows from a plan: reproducible, conserving units, and near what was promised."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ConfigurationError
from pipelines.execution import thread_mapper
from pipelines.jobs.planning import Plan
from pipelines.jobs.simulating import case_of_plan, forecast_demand, simulate_plan, simulate_recorded
from pipelines.stage_store import StageStore
from replenishment.simulation.results import SimulationResult
from tests.pipelines.shop import AS_OF, KEY, Tables, made, one_item, small_shop


@pytest.fixture(scope="module")
def whole() -> Plan:
    tables = small_shop()
    tables["items"]["shortage_cost"] = 3.0
    return made(tables, model="auto", paths=400)


@pytest.fixture(scope="module")
def simulated(whole: Plan) -> SimulationResult:
    return simulate_plan(whole, paths=40, days=700)


def conserved(result: SimulationResult, sku: str, location: str = "main") -> pd.DataFrame:
    """Follow an item and check that no unit appears or disappears in any period."""
    way = result.trajectory(sku, location)
    shipped = way["filled_at_once"] + way["filled_later"]
    np.testing.assert_allclose(way["opening_stock"] + way["received"] - shipped, way["stock"], atol=1e-6)
    np.testing.assert_allclose(way["opening_stock"].iloc[1:], way["stock"].iloc[:-1], atol=1e-6)
    arisen = (way["demanded"] - way["filled_at_once"] - way["lost"] - way["filled_later"]).cumsum()
    np.testing.assert_allclose(way["waiting"], arisen, atol=1e-4)
    for name in ("stock", "waiting", "received", "ordered", "lost", "filled_at_once", "filled_later"):
        assert (way[name] >= -1e-9).all(), name
    assert ((way["stock"] < 1e-9) | (way["waiting"] < 1e-9)).all()
    return way


def test_units_are_conserved_in_every_period(simulated: SimulationResult) -> None:
    for sku, location in simulated.kpis[KEY].itertuples(index=False, name=None):
        conserved(simulated, sku, location)


def test_what_was_ordered_arrives_after_its_lead_time(whole: Plan, simulated: SimulationResult) -> None:
    steady = [i for i in np.flatnonzero((whole.lead_times.probability > 0).sum(axis=1) == 1) if not whole.held[i]]
    for i in steady:
        way = simulated.trajectory(whole.panel.skus[i], whole.panel.locations[i])
        wait = int(whole.lead_times.maximum[i])
        ordered, received = way["ordered"].to_numpy(), way["received"].to_numpy()
        assert (received[wait:] == ordered[: len(ordered) - wait]).all()
        assert received[:wait].sum() == 0


def test_lines_that_leave_whole_wait_beside_stock_that_is_less_than_they_are() -> None:
    """In parts, stock and backorders never exist together; of a line that is short no unit is filled at once."""
    complete = simulate_plan(made(small_shop(), target=0.2, whole_lines=True), paths=2, days=500)
    ways = [complete.trajectory(sku, place) for sku, place in complete.kpis[KEY].itertuples(index=False, name=None)]
    assert sum(((way["stock"] > 0) & (way["waiting"] > 0)).sum() for way in ways) > 10
    parts = simulate_plan(made(small_shop(), target=0.2), paths=2, days=500)
    assert complete.total["backorder_rate"] > parts.total["backorder_rate"]
    assert complete.total["demand"] == parts.total["demand"]


def test_the_same_simulation_twice_and_with_threads_is_the_same_to_the_bit(whole: Plan) -> None:
    first = simulate_plan(whole, paths=5, days=100)
    for again in (
        simulate_plan(whole, paths=5, days=100),
        simulate_plan(whole, paths=5, days=100, run=thread_mapper(2)),
    ):
        pd.testing.assert_frame_equal(again.kpis, first.kpis, check_exact=True)
        assert again.total == pytest.approx(first.total, abs=0.0, nan_ok=True)


def test_the_total_adds_up_the_items(simulated: SimulationResult) -> None:
    kpis, total = simulated.kpis, simulated.total
    for name in ("demand", "orders", "mean_stock", "holding_cost", "shortage_cost", "ordering_cost", "lost_units"):
        assert total[name] == pytest.approx(kpis[name].sum(), rel=1e-9), name
    short = (kpis["backorder_rate"] * kpis["demand"]).sum()
    assert total["backorder_rate"] == pytest.approx(short / kpis["demand"].sum(), rel=1e-9)


def test_the_promise_is_kept_in_simulation_within_its_error(whole: Plan, simulated: SimulationResult) -> None:
    """Target 2 %, forecast and simulation from the same model: the weighted total lies near it."""
    assert abs(simulated.total["backorder_rate"] - 0.02) < 0.01
    looser = simulate_plan(made(small_shop(), model="auto", paths=400, target=0.2), paths=40, days=700)
    assert abs(looser.total["backorder_rate"] - 0.2) < 0.04


def test_items_without_planned_orders_are_left_out(whole: Plan, simulated: SimulationResult) -> None:
    assert whole.held.sum() >= 1
    planned = [key for key, held in zip(whole.panel.keys, whole.held, strict=True) if not held]
    assert list(simulated.kpis[KEY].itertuples(index=False, name=None)) == planned


def test_each_item_is_simulated_in_its_own_mode_unless_one_is_asked_for_all(whole: Plan) -> None:
    rules = [{"where": {"location": "007"}, "set": {"unmet_demand": "lost"}}]
    mixed = simulate_plan(made(small_shop(), rules=rules, target=0.3), paths=10, days=200).kpis
    at_007 = mixed["location"] == "007"
    assert mixed["lost_units"][at_007].sum() > 0 == mixed["mean_backorders"][at_007].sum()
    assert mixed["mean_backorders"][~at_007].sum() > 0 == mixed["lost_units"][~at_007].sum()
    lost = simulate_plan(whole, paths=10, days=200, unmet_demand="lost")
    assert lost.total["mean_backorders"] == 0 < lost.total["lost_units"]


def test_costs_are_units_times_their_price(whole: Plan, simulated: SimulationResult) -> None:
    kpis = simulated.kpis.merge(whole.items[[*KEY, "unit_cost", "holding_rate", "order_cost"]], on=KEY)
    periods = round(700 / 7)
    holding = kpis["mean_stock"] * periods * kpis["unit_cost"] * kpis["holding_rate"] * 7 / 365
    np.testing.assert_allclose(kpis["holding_cost"], holding, rtol=1e-9)
    np.testing.assert_allclose(kpis["ordering_cost"], kpis["orders"] * kpis["order_cost"], rtol=1e-9)
    np.testing.assert_allclose(
        kpis["shortage_cost"], 3.0 * (kpis["backorder_rate"] * kpis["demand"]).fillna(0), rtol=1e-6
    )


def test_demand_is_drawn_in_blocks_of_the_forecast_s_own_paths(whole: Plan) -> None:
    """Block by block the same distribution; an item's draws don't depend on who is drawn with it."""
    block = np.where(np.arange(len(whole.items)) % 2 == 0, 3, 5)
    draw = forecast_demand(whole.forecaster, block)
    rows = np.arange(len(whole.items))
    demand = draw(rows, 6, 14)
    assert demand.shape == (len(rows), 6, 14)
    assert (demand >= 0).all()
    for i in (0, 7):
        assert np.array_equal(draw(np.array([i]), 6, 14)[0], demand[i])
    blocks = -(-14 // int(block[0]))
    own = whole.forecaster.paths(3, 6 * blocks, np.array([0]))[0].reshape(6, -1)[:, :14]
    assert np.array_equal(own, demand[0])


def with_lines(size: float) -> Tables:
    """The shop, and a customer who orders so many units at once."""
    shop = small_shop()
    key = shop["items"][KEY].iloc[3]
    days = pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=5)
    lines = pd.DataFrame({"order_id": list("abcde"), **key.to_dict(), "ordered_on": days, "requested_on": days})
    return {**shop, "customer_orders": lines.assign(quantity=size, shipped_quantity=size, shipped_on=days)}


def test_kept_parts_are_those_of_the_same_customers_length_and_mode(tmp_path: Path) -> None:
    """What the policies meet is asked for, not only what they are."""
    store, seen = StageStore(tmp_path), []
    ways: list[tuple[float, dict[str, Any], dict[str, Any]]] = [
        (1.0, {}, {"days": 200}),
        (4.0, {}, {"days": 200}),
        (4.0, {}, {"days": 220}),
        (4.0, {}, {"days": 200, "unmet_demand": "lost"}),
        (4.0, {"whole_lines": True}, {"days": 200}),
    ]
    for size, changes, asked in ways:
        plan = made(with_lines(size), target=0.2, **changes)
        told = simulate_plan(plan, paths=4, store=store, **asked)
        assert told.kpis.equals(simulate_plan(plan, paths=4, **asked).kpis)
        seen.append(told.kpis)
    assert not any(a.equals(b) for a, b in itertools.combinations(seen, 2))


def weekday_shop() -> Tables:
    """A day's demand is its weekday's number, Monday 10 to Sunday 70, for a year."""
    days = pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=364)
    quantity = 10.0 * (days.day_of_week + 1)
    return {
        "sales": pd.DataFrame({"sku": "A", "date": days, "quantity": quantity}),
        "items": pd.DataFrame({"sku": ["A"], "lead_time_days": [3.0]}),
    }


def test_weekdays_stay_in_place_over_the_blocks_of_a_daily_simulation() -> None:
    plan = made(weekday_shop(), model="seasonal_naive", review_days=2)
    way = simulate_plan(plan, paths=2, days=60).trajectory("A")
    weekday = (AS_OF.day_of_week + np.arange(len(way))) % 7
    assert (way["demanded"].to_numpy() == 10.0 * (weekday + 1)).all()


def test_recorded_demand_is_replayed_as_it_was() -> None:
    sold = np.random.default_rng(5).poisson(8.0, 60).astype(float)
    plan = made(one_item(sold.tolist(), lead_time_days=14.0))
    result = simulate_recorded(plan, periods=30)
    way = conserved(result, "A")
    assert way["demanded"].tolist() == sold[-30:].tolist()
    assert way["opening_stock"][0] == plan.levels.policies.order_up_to[0]
    assert len(simulate_recorded(plan, periods=1000).trajectory("A")) == 60
    assert np.isnan(result.kpis["backorder_rate_se"]).all()


def test_more_paths_mean_a_smaller_error(whole: Plan) -> None:
    few, many = (simulate_plan(whole, paths=n, days=200).total["backorder_rate_se"] for n in (10, 160))
    assert many < few / 2


def test_the_promise_is_kept_for_an_item_that_sold_three_times_in_two_years() -> None:
    """300, 20 and 10 pieces: the level must allow for another 300. It promises 2 %, and 3 of 4 pieces have to wait."""
    sold = np.zeros(105)
    sold[[30, 37, 42]] = [300.0, 20.0, 10.0]
    item = {
        "lead_time_days": 49.0,
        "unit_cost": 2.54,
        "order_cost": 5.0,
        "holding_rate": 0.2,
        "moq": 10.0,
        "pack_size": 1.0,
    }
    plan = made(one_item(sold.tolist(), **item), model="auto", paths=400)
    total = simulate_plan(plan, paths=400).total
    assert total["backorder_rate"] < 0.05 + 3 * total["backorder_rate_se"]


def test_the_promise_is_kept_for_an_item_sold_one_by_one_and_bought_by_the_hundred() -> None:
    """One pack serves for decades, so that in steady state hardly anything waits; a simulated year starts with none."""
    sold = np.zeros(105)
    sold[77] = 1.0
    plan = made(one_item(sold.tolist(), lead_time_days=112.0, pack_size=100.0), model="auto", paths=400)
    assert plan.levels.policies.kind[0] == "order_up_to"
    total = simulate_plan(plan, paths=400).total
    assert total["backorder_rate"] < 0.05 + 3 * total["backorder_rate_se"]


def test_customers_of_a_mixed_plan_wait_as_long_as_they_were_said_to() -> None:
    plan = made(one_item([8.0, 0.0, 20.0, 3.0] * 15, lead_time_days=21.0), target=0.4)
    ways = {}
    for name, changes in (("backorder", {}), ("two", {"patience_days": 14}), ("one", {"patience_days": 10})):
        mode = "backorder" if name == "backorder" else "mixed"
        mixed = made(
            one_item([8.0, 0.0, 20.0, 3.0] * 15, lead_time_days=21.0), target=0.4, unmet_demand=mode, **changes
        )
        # The measure counts what is short at once, whoever waits then: the levels are those of backorders.
        assert mixed.levels.policies.order_up_to == plan.levels.policies.order_up_to
        result = simulate_plan(mixed, paths=20, days=700)
        ways[name] = result
        total = result.total
        assert total["lost_units"] == 0
        assert (total["cancelled_units"] > 0) == (mode == "mixed")
        assert total["time_to_fill_q99"] <= {"backorder": 9, "two": 2, "one": 1}[name]
    assert ways["one"].total["cancelled_units"] > ways["two"].total["cancelled_units"]


def test_a_rule_may_give_some_items_a_patience(whole: Plan) -> None:
    rules = [
        {"where": {"location": "007"}, "set": {"unmet_demand": "mixed", "patience_days": 7}},
        {"where": {"sku": "123"}, "set": {"unmet_demand": "lost"}},
    ]
    plan = made(small_shop(), rules=rules, target=0.3)
    places = np.array(plan.panel.locations)
    lost = (places != "007") & (np.array(plan.panel.skus) == "123")
    assert plan.facts.patience.tolist() == np.where(places == "007", 1.0, np.where(lost, 0.0, np.inf)).tolist()
    kpis = simulate_plan(plan, paths=10, days=200).kpis
    assert (kpis["cancelled_units"] > 0).groupby(kpis["location"]).any().to_dict() == {"007": True, "NULL": False}
    assert (kpis["lost_units"] > 0).groupby([kpis["location"], kpis["sku"] == "123"]).any().sum() == 1


def test_a_patience_of_less_than_half_a_period_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="patience_days is 3, less than half a period of 7 days"):
        made(small_shop(), unmet_demand="mixed", patience_days=3)


def test_a_case_knows_what_scenarios_ask_for(whole: Plan) -> None:
    case = case_of_plan(whole, paths=5, days=100)
    kpis = case.simulate().kpis
    rows = np.flatnonzero(~whole.held)
    assert list(case.policy.skus) == [whole.panel.skus[i] for i in rows]
    forecast = case.mean_demand
    assert forecast is not None
    # Mean demand of the forecast paths, a period: what the simulation meets.
    np.testing.assert_allclose(kpis["demand"].sum() / 14, forecast.sum(), rtol=0.1)
    expected = whole.items["category"].to_numpy()[rows] == "paint"
    assert (case.hit({"category": "paint"}) == expected).all()
    assert (case.hit({"supplier": ["S1"]}) == (whole.items["supplier"].to_numpy()[rows] == "S1")).all()
    assert set(case.attributes["class"]) <= {"smooth", "erratic", "intermittent", "lumpy", "no demand"}
