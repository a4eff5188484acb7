"""The plan's safety stock stands beside those of the textbooks, computed again here from plain numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.panel import CellStatus, DemandPanel
from pipelines.jobs.planning import Plan
from pipelines.jobs.safety_stocks import METHODS, cumulative_errors, safety_stock_frame
from tests.pipelines.shop import KEY, Tables, made, one_item, planned, small_shop


def gamma_item(**item: object) -> Tables:
    quantities = np.random.default_rng(0).gamma(9.0, 3.0, 104).round()
    return one_item(list(quantities), **{"lead_time_days": 28.0, "unit_cost": 2.0, **item})


def by_method(plan: Plan) -> pd.DataFrame:
    return safety_stock_frame(plan).set_index("method")


def test_every_formula_is_that_of_the_book() -> None:
    """Weekly demand, lead time 4 weeks with a spread, review 1 week: five weeks to protect."""
    plan = made(gamma_item(lead_time_sd_days=7.0), measure="cycle_service_level", target=0.95)
    found, demand = by_method(plan), plan.panel.quantity[0].astype(float)
    mean, sd, z = demand.mean(), demand.std(ddof=1), stats.norm.ppf(0.95)
    chance = plan.lead_times.probability[0]
    weeks = np.arange(len(chance))
    time, level = chance @ weeks + 1, plan.levels.policies.order_up_to[0]
    time_sd = np.sqrt(chance @ (weeks - chance @ weeks) ** 2)
    longest = weeks[chance > 0].max() + 1
    interval_sd, lot = plan.levels.demand_sd[0], max(plan.levels.policies.lot[0], mean)
    k = found.loc["fill rate, normal", "safety_stock"] / interval_sd
    expected = {
        "plan": plan.levels.policies.safety_stock[0],
        "average-max": demand.max() * longest - mean * time,
        "average demand, one review of cover": mean,
        "reorder point less average demand": level - mean * time,
        "z sigma root L": z * sd * np.sqrt(time),
        "z sigma, random lead time": z * np.sqrt(time * sd**2 + mean**2 * time_sd**2),
        "z sigma of the forecast": z * interval_sd,
    }
    for name, units in expected.items():
        assert found.loc[name, "safety_stock"] == pytest.approx(units, rel=1e-6), name
    # The fill-rate formula by its equation: expected shortage of a cycle is 5 % of the lot.
    assert interval_sd * (stats.norm.pdf(k) - k * stats.norm.sf(k)) == pytest.approx(lot * 0.05, rel=1e-6)
    assert set(found.index) == {"plan", *METHODS}
    gaps = found["safety_stock"] - found.loc["plan", "safety_stock"]
    np.testing.assert_allclose(found["difference"], gaps)


def test_forecast_errors_are_summed_over_the_interval_origin_by_origin() -> None:
    """A plain loop over the last twelve origins: the mean of all before, and what came."""
    plan = made(gamma_item())
    demand, periods = plan.panel.quantity[0].astype(float), 5
    errors = []
    for k in range(12):
        origin = len(demand) - periods - k
        errors.append(demand[origin : origin + periods].sum() - periods * demand[:origin].mean())
    np.testing.assert_allclose(cumulative_errors(plan.panel, np.array([periods]))[0], errors, rtol=1e-6)
    stock = by_method(plan).loc["z sigma of past forecast errors", "safety_stock"]
    assert stock == pytest.approx(stats.norm.ppf(0.98) * np.sqrt(np.mean(np.square(errors))), rel=1e-6)


def panel(quantity: list[float], unknown: list[int]) -> DemandPanel:
    plan = made(one_item(quantity, lead_time_days=7.0))
    plan.panel.status.setflags(write=True)
    plan.panel.status[0, unknown] = CellStatus.MISSING
    return plan.panel


def test_unknown_periods_are_neither_forecast_nor_missed() -> None:
    quantity = [4.0, 6.0] * 10
    found = cumulative_errors(panel(quantity, [18, 19]), np.array([2]))[0]
    # The last two periods are unknown: no error; the origin before sees one of them.
    assert found[0] == 0
    assert found[1] == pytest.approx(6.0 - np.mean(quantity[:17]))


def test_a_short_history_has_no_errors() -> None:
    short = panel([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [])
    assert np.isnan(cumulative_errors(short, np.array([5]))).all()
    assert np.isfinite(cumulative_errors(short, np.array([1]))).all()


def test_every_item_has_every_method_and_none_says_nothing_of_what_it_assumes() -> None:
    result = planned(small_shop())
    table = result.safety_stock
    assert len(table) == len(result.recommendations) * (len(METHODS) + 1)
    keys = table.drop_duplicates(KEY)[KEY].reset_index(drop=True)
    pd.testing.assert_frame_equal(keys, result.recommendations[KEY], check_dtype=False)
    plan = table[table["method"] == "plan"]
    np.testing.assert_array_equal(plan["safety_stock"], result.recommendations["safety_stock"])
    assert (table["assumes"].astype(str).str.len() > 0).all()
    # Without any demand no formula speaks.
    new = result.recommendations.loc[result.recommendations["status"] == "new", KEY].merge(table, on=KEY)
    assert len(new)
    assert new.loc[new["method"] != "plan", "safety_stock"].isna().all()


def test_a_backorder_rate_is_read_as_its_complement_and_costs_as_the_plans_fractile() -> None:
    rate = by_method(made(gamma_item(), target=0.05))
    share = by_method(made(gamma_item(), measure="fill_rate", target=0.95))
    assert rate.loc["z sigma root L", "safety_stock"] == pytest.approx(share.loc["z sigma root L", "safety_stock"])
    plan = made(gamma_item(shortage_cost=5.0, holding_rate=0.5), measure="cost")
    demand, fractile = plan.panel.quantity[0].astype(float), plan.levels.policies.fractile[0]
    time = plan.levels.lead_time_mean[0] + 1
    expected = stats.norm.ppf(fractile) * demand.std(ddof=1) * np.sqrt(time)
    assert by_method(plan).loc["z sigma root L", "safety_stock"] == pytest.approx(expected, rel=1e-6)
