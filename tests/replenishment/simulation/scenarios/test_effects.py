"""Every built-in scenario: which way it moves backorders and stock, and that at strength zero it changes no bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from replenishment.simulation.scenarios import (
    SCENARIOS,
    CashLimit,
    DemandSurge,
    LongerLeadTime,
    MiscountedStock,
    MisplacedStock,
    Promotion,
    RejectedQuality,
    Scenario,
    ScenarioComparison,
    SeasonShift,
    SupplierAtCapacity,
    SupplierDelay,
    SupplierFailure,
    SystemOutage,
    TooLittleSafetyStock,
    WrongForecast,
    compare_scenarios,
)
from tests.replenishment.simulation.scenarios.shops import shop

UP, DOWN = 1, -1
# Direction of the backorder rate and of the mean stock. Where demand comes at the wrong time, or units lie where
# nobody looks, stock grows with the backorders.
DIRECTIONS = {
    "demand_surge": (UP, DOWN),
    "promotion": (UP, DOWN),
    "season_shift": (UP, UP),
    "wrong_forecast": (UP, DOWN),
    "supplier_delay": (UP, DOWN),
    "supplier_failure": (UP, DOWN),
    "supplier_at_capacity": (UP, DOWN),
    "rejected_quality": (UP, DOWN),
    "longer_lead_time": (UP, DOWN),
    "cash_limit": (UP, DOWN),
    "too_little_safety_stock": (UP, DOWN),
    "system_outage": (UP, DOWN),
    "misplaced_stock": (UP, UP),
    "miscounted_stock": (UP, DOWN),
    "optimistic": (DOWN, UP),
    "unknown_stock": (DOWN, UP),
}
NOTHING = (
    DemandSurge(factor=1.0),
    Promotion(uplift=0.0, dip=0.0),
    SeasonShift(share=0.0),
    WrongForecast(bias=0.0),
    SupplierDelay(late_days=0.0),
    SupplierFailure(days=0.0),
    SupplierAtCapacity(share=np.inf),
    RejectedQuality(share=0.0),
    LongerLeadTime(factor=1.0),
    CashLimit(share=np.inf),
    TooLittleSafetyStock(share=0.0),
    SystemOutage(days=0.0),
    MisplacedStock(share=0.0),
    MiscountedStock(surplus_days=0.0),
)


@pytest.fixture(scope="module")
def compared() -> ScenarioComparison:
    more: list[Scenario] = [
        WrongForecast(bias=0.2).named("optimistic"),
        MiscountedStock(surplus_days=-7.0).named("unknown_stock"),
    ]
    return compare_scenarios(shop(), [*(kind() for kind in SCENARIOS.values()), *more])


@pytest.mark.parametrize("name", DIRECTIONS)
def test_backorders_and_stock_move_as_the_cause_says(compared: ScenarioComparison, name: str) -> None:
    told = compared.table[compared.table["scenario"] == name].set_index("kpi")
    for kpi, direction in zip(("backorder_rate", "mean_stock"), DIRECTIONS[name], strict=True):
        bound = told.loc[kpi, "low" if direction == UP else "high"]
        assert bound * direction > 0, f"{kpi}: {told.loc[kpi].to_dict()}"


def test_every_scenario_has_its_direction_and_its_zero() -> None:
    assert set(SCENARIOS) <= set(DIRECTIONS)
    assert {type(scenario) for scenario in NOTHING} == set(SCENARIOS.values())


@pytest.mark.parametrize("scenario", NOTHING, ids=lambda scenario: scenario.name)
def test_a_scenario_of_strength_zero_changes_no_bit(scenario: Scenario, compared: ScenarioComparison) -> None:
    told = scenario.apply(shop()).simulate()
    pd.testing.assert_frame_equal(told.kpis, compared.results["base", "own"].kpis, check_exact=True)


@pytest.mark.parametrize("kind", SCENARIOS.values(), ids=SCENARIOS)
def test_only_the_items_meant_are_hit(kind: type[Scenario], compared: ScenarioComparison) -> None:
    told = kind(where={"category": "b"}).apply(shop()).simulate().kpis
    base = compared.results["base", "own"].kpis
    pd.testing.assert_frame_equal(told[:2], base[:2], check_exact=True)
    assert (told["backorder_rate"][2:] != base["backorder_rate"][2:]).all()


@pytest.mark.parametrize("kind", [DemandSurge, Promotion, SupplierDelay, SupplierFailure, SystemOutage, CashLimit])
def test_nothing_happens_before_a_scenario_begins(kind: type[Scenario]) -> None:
    case = shop(paths=2)
    begins = case.warm_up + 50
    ways = [changed.simulate().trajectory("00002", path=1) for changed in (case, kind().apply(case))]
    pd.testing.assert_frame_equal(ways[0][:begins], ways[1][:begins], check_exact=True)
    assert not ways[0].equals(ways[1])


def test_a_surge_multiplies_the_demand_of_its_days_and_keeps_whole_units() -> None:
    case = shop()
    surge = DemandSurge(factor=1.3, begins=0.5, days=40).apply(case)
    rows = np.arange(4)
    before, after = case.source(rows, 12, 220), surge.source(rows, 12, 220)
    assert (after == np.rint(after)).all()
    np.testing.assert_array_equal(np.delete(after, np.s_[120:160], axis=2), np.delete(before, np.s_[120:160], axis=2))
    most = 1.3 * before[:, :, 120:160].sum(axis=2).astype(float)
    assert (np.abs(after[:, :, 120:160].sum(axis=2) - most) <= 0.5 + 1e-6).all()
    assert (after[before == 0] == 0).all()


def test_demand_of_items_in_parts_of_units_is_not_rounded() -> None:
    case = shop()
    parts = replace(case, policy=replace(case.policy, lot=np.full(4, 0.25)))
    after = DemandSurge(factor=1.3, begins=0.0, days=np.inf).apply(parts).source(np.arange(4), 2, 220)
    np.testing.assert_allclose(after[:, :, 20:], 1.3 * case.source(np.arange(4), 2, 220)[:, :, 20:], rtol=1e-6)


def test_a_supplier_at_capacity_ships_whole_units_of_its_items_at_the_stated_rate() -> None:
    """The first and the third have one supplier; of the last none is known: it has one of its own."""
    case = SupplierAtCapacity(share=0.75, begins=0.0, days=120).apply(
        shop(attributes={"supplier": ["S1", "S2", "S1", None]})
    )
    (limit,) = case.supply.shared
    most = limit.most[limit.group]
    assert limit.group[0] == limit.group[2]
    assert np.isinf(np.delete(most, np.s_[20:140], axis=1)).all()
    assert set(np.unique(most[1, 20:140])) == {1.0, 2.0}
    np.testing.assert_allclose(most[:, 20:140].sum(axis=1), 0.75 * 120 * np.array([5.3, 2, 5.3, 8]), atol=0.5)
    shipped = [case.simulate().trajectory(f"{i:05d}")["received"][27:147] for i in (0, 2)]
    assert ((shipped[0] + shipped[1]).to_numpy() <= most[0, 20:140]).all()


def test_the_orders_of_an_opening_cost_no_more_than_the_cash_limit() -> None:
    """Usual are 0.3 x 1 + 2 x 2 + 5 x 3 + 8 x 4 = 51.3 in money a day; reviews every other day, so twice of it."""
    rule = replace(shop().policy, review_periods=np.full(4, 2, dtype=np.int64))
    case = CashLimit(share=0.5).apply(shop(policy=rule))
    result = case.simulate()
    ways = [result.trajectory(f"{i:05d}") for i in range(4)]
    spent = sum(way["ordered"].to_numpy() * cost for way, cost in zip(ways, (1.0, 2.0, 3.0, 4.0), strict=True))
    assert (spent[70:100] <= 51.3).all()
    assert spent[70:100:2].min() > 51.3 - 4
    assert spent[100:].max() > 51.3


def test_days_are_rounded_up_to_whole_periods() -> None:
    weekly = shop(period_days=7.0)
    delayed = SupplierDelay(days=8, late_days=15, begins=0.0).apply(weekly)
    assert np.asarray(delayed.supply.delay)[0, 18:25].tolist() == [0, 0, 3, 3, 0, 0, 0]
    longer = LongerLeadTime(factor=1.1).apply(weekly)
    assert np.asarray(longer.supply.delay)[0, 18:].tolist() == [0, 0] + [1] * 200


def test_stock_in_the_wrong_place_is_stock_all_the_same(compared: ScenarioComparison) -> None:
    """Stock less backorders is the same to the unit: what can't be found makes customers wait instead."""
    base, misplaced = (compared.results[name, "own"].total for name in ("base", "misplaced_stock"))
    assert misplaced["mean_stock"] > base["mean_stock"]
    net = [total["mean_stock"] - total["mean_backorders"] for total in (base, misplaced)]
    assert net[0] == pytest.approx(net[1], rel=1e-9)


def test_a_failed_supplier_delivers_all_of_it_when_it_is_back() -> None:
    """Orders of periods 70 to 99 arrive with that of period 100, a lead time of 7 later."""
    case = SupplierFailure(days=30).apply(shop(paths=1))
    way = case.simulate().trajectory("00003")
    assert way["received"][77:107].sum() == 0
    assert way["received"][107] == way["ordered"][70:101].sum()
    assert way["received"][76] == way["ordered"][69]
