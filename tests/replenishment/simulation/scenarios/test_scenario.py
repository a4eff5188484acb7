"""Scenarios combine in a stated order, are immutable, and are found by name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pandas as pd
import pytest

from replenishment.simulation import Scenario
from replenishment.simulation.scenarios import (
    CashLimit,
    DemandSurge,
    LongerLeadTime,
    MiscountedStock,
    MisplacedStock,
    RejectedQuality,
    SupplierAtCapacity,
    SupplierDelay,
    SupplierFailure,
    SystemOutage,
    TooLittleSafetyStock,
    WrongForecast,
    scenario_from,
    scenario_named,
)
from tests.replenishment.simulation.scenarios.shops import shop


def kpis(scenario: Scenario) -> pd.DataFrame:
    return scenario.apply(shop(paths=3)).simulate().kpis


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (DemandSurge(), SupplierFailure()),
        (SupplierDelay(), LongerLeadTime()),
        (SupplierAtCapacity(), SupplierFailure(days=10)),
        (SupplierDelay(), SupplierFailure()),
        (SystemOutage(), SystemOutage(begins=0.5)),
        (CashLimit(share=0.5), CashLimit(share=0.2, begins=0.3)),
        (MisplacedStock(), MiscountedStock()),
        (RejectedQuality(where={"category": "a"}), RejectedQuality(share=0.2, where={"category": "b"})),
    ],
)
def test_where_they_do_not_set_the_same_the_order_makes_no_difference(first: Scenario, second: Scenario) -> None:
    both = kpis(first | second)
    pd.testing.assert_frame_equal(both, kpis(second | first), check_exact=True)
    for alone in (first, second):
        assert not both.equals(kpis(alone))


def test_the_first_named_is_applied_first() -> None:
    """Of what a biased forecast left, the second takes its share: 0.8 x 20, rounded, less half of the safety stock."""
    case = shop()
    levels = case.policy.reorder_point
    lacking = np.floor(-0.5 * np.asarray(case.safety_stock) + 0.5)
    biased = levels + np.floor(-0.2 * levels + 0.5)
    combined = (WrongForecast() | TooLittleSafetyStock()).apply(case).policy.reorder_point
    np.testing.assert_array_equal(combined, biased + lacking)
    turned = (TooLittleSafetyStock() | WrongForecast()).apply(case).policy.reorder_point
    np.testing.assert_array_equal(turned, levels + lacking + np.floor(-0.2 * (levels + lacking) + 0.5))
    assert (combined != turned).any()


def test_combining_is_associative_and_names_add_up() -> None:
    a, b, c = DemandSurge(), SupplierDelay(), SystemOutage()
    assert ((a | b) | c).name == (a | (b | c)).name == Scenario.combine(a, b, c).name
    assert (a | b).name == "demand_surge+supplier_delay"
    assert Scenario.combine(a, b, name="bad year").name == "bad year"
    pd.testing.assert_frame_equal(kpis((a | b) | c), kpis(a | (b | c)), check_exact=True)
    pd.testing.assert_frame_equal(kpis(Scenario.combine()), shop(paths=3).simulate().kpis, check_exact=True)


def test_a_scenario_and_the_case_it_is_applied_to_stay_as_they_are() -> None:
    case, surge = shop(), DemandSurge()
    before = case.simulate().kpis
    surge.apply(case)
    pd.testing.assert_frame_equal(case.simulate().kpis, before, check_exact=True)
    with pytest.raises(FrozenInstanceError):
        surge.factor = 3.0  # type: ignore[misc]
    assert surge == DemandSurge()
    assert (surge | surge) == (DemandSurge() | DemandSurge())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DemandSurge(factor=-1), "demand_surge: factor is -1; it must be at least 0"),
        (lambda: DemandSurge(begins=1.0), "begins is 1.0; it must be at least 0 and below 1"),
        (lambda: SupplierFailure(days=np.nan), "supplier_failure: days is nan; it must be at least 0"),
        (lambda: RejectedQuality(share=0.6), "share is 0.6; it must lie between 0 and 0.5"),
        (lambda: TooLittleSafetyStock(share=1.5), "share is 1.5; it must lie between 0 and 1"),
        (lambda: LongerLeadTime(factor=0.5), "factor is 0.5; it must be at least 1"),
        (lambda: DemandSurge(where={"colour": "red"}).apply(shop()), "where has 'colour'; known are category, locat"),
        (lambda: DemandSurge(where={"category": "z"}).apply(shop()), "no item is where {'category': 'z'}"),
        (lambda: CashLimit().apply(shop(mean_demand=None)), "needs a known mean_demand of each item"),
        (lambda: scenario_named("strike"), "no scenario 'strike'; known are demand_surge, promotion"),
        (lambda: scenario_from("x", {"cause": "strike"}), "scenario x: cause is 'strike'; known are demand_surge"),
        (lambda: scenario_from("x", {"cause": "promotion", "size": 3}), "promotion has no 'size'; it has where, begi"),
        (lambda: scenario_from("x", {"cause": "promotion", "days": "3"}), "days is '3'; it must be a number"),
        (lambda: scenario_from("x", {"cause": "promotion", "where": 3}), "where is 3; it must be a table"),
        (lambda: scenario_from("x", {"cause": "promotion", "days": -3}), "scenario x: promotion: days is -3"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        make()


def test_scenarios_are_found_by_name_or_described() -> None:
    assert scenario_named("demand_surge") == DemandSurge()
    assert scenario_named("demand_surge+system_outage") == DemandSurge() | SystemOutage()
    own = {"strike": {"cause": "supplier_failure", "days": 45, "where": {"category": ["b"]}}}
    strike = scenario_named("strike", own)
    assert strike.name == "strike"
    same = SupplierFailure(days=45, where={"category": ["b"]})
    pd.testing.assert_frame_equal(kpis(strike), kpis(same), check_exact=True)
    assert scenario_named("strike+promotion", own).name == "strike+promotion"
