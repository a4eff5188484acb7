"""What binds several items at once: suppliers' terms, storage, a budget; and what the plan says about it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import PlanResult
from tests.pipelines.shop import AS_OF, KEY, QUICK, Tables, auto_planned, planned

SOLD = (20.0, 12.0, 6.0, 30.0)


def shop(**items: Any) -> Tables:
    """Four items with steady, noisy sales, nothing in stock, all of supplier S1 two weeks away."""
    weeks = pd.date_range(end=AS_OF - pd.Timedelta(days=7), periods=40, freq="7D")
    random = np.random.default_rng(3)
    names = [f"A{k}" for k in range(len(SOLD))]
    sales = [
        pd.DataFrame({"sku": name, "date": weeks, "quantity": random.poisson(rate, 40).astype(float)})
        for name, rate in zip(names, SOLD, strict=True)
    ]
    table = {"supplier": "S1", "lead_time_days": 14.0, "unit_cost": [2.0, 5.0, 9.0, 1.0], "pack_size": 6.0, **items}
    return {"sales": pd.concat(sales), "items": pd.DataFrame({"sku": names, **table})}


def lines_of(tables: Tables, **config: Any) -> pd.DataFrame:
    return planned(tables, simulation_paths=0, **config).recommendations.set_index("sku")


def offers(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


# --- budget -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def free() -> PlanResult:
    return planned(shop(), simulation_paths=0)


def avoided(result: PlanResult) -> float:
    packs = result.next_packs
    return float(packs.loc[packs["within_budget"], "backorders_avoided"].sum())


def test_a_budget_buys_the_packs_that_avoid_most_backorders_for_it(free: PlanResult) -> None:
    wanted = free.recommendations["order_value"].sum()
    cut = planned(shop(), simulation_paths=0, budget=wanted / 2)
    assert 0.9 * wanted / 2 < cut.recommendations["order_value"].sum() <= wanted / 2
    packs = cut.next_packs
    assert (np.diff(packs["per_money"]) <= 1e-9).all()
    bought = packs[packs["within_budget"]].groupby("sku")["units"].sum()
    ordered = cut.recommendations.set_index("sku")["order_quantity"]
    assert bought.reindex(ordered.index).fillna(0.0).tolist() == ordered.tolist()
    touched = cut.recommendations.set_index("sku").loc[ordered < free.recommendations["order_quantity"].to_numpy()]
    assert (touched["adjustment"] == "budget").all()
    assert touched["reason"].str.contains("the budget leaves").all()
    assert cut.summary["budget"]["spent"] == pytest.approx(cut.recommendations["order_value"].sum())
    assert cut.summary["budget"]["wanted"] == pytest.approx(wanted)


def test_the_worth_of_a_pack_comes_from_the_forecast_distribution(free: PlanResult) -> None:
    """All packs together avoid what would be short without an order, less what is short with it."""
    lines = free.recommendations.set_index("sku")
    total = free.next_packs.groupby("sku")["backorders_avoided"].sum()
    mean = lines["demand_mean"]
    assert ((total > 0.9 * mean) & (total <= mean * 1.001)).all()
    assert (free.next_packs.groupby("sku")["units"].sum() == lines["order_quantity"]).all()
    assert free.next_packs["within_budget"].all()


def test_more_budget_never_avoids_fewer_backorders(free: PlanResult) -> None:
    wanted = free.recommendations["order_value"].sum()
    worth = [avoided(planned(shop(), simulation_paths=0, budget=wanted * share)) for share in (0, 0.2, 0.5, 0.8, 1.0)]
    assert worth[0] == 0
    assert all(later >= earlier for earlier, later in pairwise(worth))
    assert worth[-1] == pytest.approx(avoided(free))


def test_without_a_price_nothing_is_ordered_under_a_budget() -> None:
    rows = lines_of(shop(unit_cost=[2.0, np.nan, 9.0, 1.0]), budget=1e6)
    assert rows.loc["A1", "order_quantity"] == 0
    assert "no unit cost is known" in rows.loc["A1", "reason"]
    assert (rows.drop("A1")["order_quantity"] > 0).all()


def test_consigned_goods_take_no_part_of_the_budget(free: PlanResult) -> None:
    """What stays the supplier's until it is sold ties up no money: its order is whole, the others share the budget."""
    wanted = free.recommendations["order_value"].sum()
    tables = shop(ownership=["owned", "consigned", "owned", "owned"])
    cut = planned(tables, simulation_paths=0, budget=wanted / 4)
    rows, all_of_it = cut.recommendations.set_index("sku"), free.recommendations.set_index("sku")
    consigned = all_of_it.index[1]
    assert all_of_it.loc[consigned, "order_quantity"] > 0
    assert rows.loc[consigned, "order_quantity"] == all_of_it.loc[consigned, "order_quantity"]
    owned = rows.drop(consigned)
    assert owned["order_value"].sum() <= wanted / 4 * (1 + 1e-9)
    assert cut.summary["budget"]["spent"] == pytest.approx(owned["order_value"].sum())


def test_storage_is_filled_by_the_packs_that_avoid_most_for_their_room() -> None:
    tables = shop(volume=[1.0, 1.0, 8.0, 0.5])
    rows = lines_of(tables)
    volume = pd.Series([1.0, 1.0, 8.0, 0.5], rows.index)
    needed = float(rows["order_quantity"] @ volume)
    for capacity in (needed / 2, {"main": needed / 2}):
        cut = lines_of(tables, storage_capacity=capacity)
        assert cut["order_quantity"] @ volume <= needed / 2
        assert cut.loc["A2", "adjustment"] == "storage"
        assert cut.loc["A3", "order_quantity"] == rows.loc["A3", "order_quantity"]
    assert lines_of(tables, storage_capacity={"elsewhere": 0.0})["order_quantity"].equals(rows["order_quantity"])


# --- suppliers' minimum values ----------------------------------------------------------------------------------------


def suppliers(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"supplier": ["S1"], **{name: [value] for name, value in columns.items()}})


def stocked(tables: Tables, weeks: list[float]) -> Tables:
    units = [rate * w for rate, w in zip(SOLD, weeks, strict=True)]
    return {**tables, "stock": pd.DataFrame({"sku": tables["items"]["sku"], "on_hand": units})}


def test_an_urgent_order_is_raised_to_the_supplier_s_minimum() -> None:
    base = stocked(shop(), [0.0, 8.0, 8.0, 8.0])
    before = planned(base, simulation_paths=0).recommendations["order_value"].sum()
    result = planned({**base, "suppliers": suppliers(min_order_value=before + 40.0)}, simulation_paths=0)
    (told,) = result.summary["supplier_orders"]
    assert told["decision"] == "raised"
    assert before + 40 <= told["value"] <= before + 40 + 60
    raised = result.recommendations[result.recommendations["adjustment"] == "supplier minimum: raised"]
    assert len(raised) > 0
    assert raised["reason"].str.contains("on top, so that the order").all()


def test_what_is_not_urgent_waits_for_the_next_review_and_says_so() -> None:
    base = stocked(shop(), [3.2, 8.0, 8.0, 8.0])
    before = planned(base, simulation_paths=0).recommendations
    assert (before["order_quantity"] > 0).tolist() == [True, False, False, False]
    result = planned({**base, "suppliers": suppliers(min_order_value=500.0)}, simulation_paths=0)
    row = result.recommendations.iloc[0]
    assert row["order_quantity"] == 0
    assert row["adjustment"] == "supplier minimum: waits"
    assert "below the minimum order value 500.00 of S1" in row["reason"]
    assert result.summary["supplier_orders"][0]["decision"] == "waits"


def test_an_urgent_order_far_below_the_minimum_stands_and_is_flagged() -> None:
    tables = {**shop(), "suppliers": suppliers(min_order_value=1e7)}
    rows = lines_of(tables)
    assert (rows["adjustment"] == "supplier minimum: below").all()
    assert (rows["order_quantity"] > 0).all()


def test_a_raise_stays_within_the_budget_and_maximum_stock() -> None:
    base = stocked(shop(max_stock=90.0), [0.0, 8.0, 8.0, 8.0])
    before = planned(base, simulation_paths=0).recommendations["order_value"].sum()
    tables = {**base, "suppliers": suppliers(min_order_value=before + 40.0)}
    result = planned(tables, simulation_paths=0, budget=before + 10.0)
    assert result.summary["supplier_orders"][0]["decision"] == "below"
    raised = planned(tables, simulation_paths=0).recommendations
    over = raised["inventory_position"] + raised["order_quantity"]
    assert (over[raised["adjustment"] == "supplier minimum: raised"] <= 90.0).all()


# --- order days -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weekdays", "wait"), [("MON", 0), ("TUE,THU", 1), ("thu; sun", 3), ("SUN", 6)])
def test_a_weekly_plan_orders_on_the_supplier_s_next_day(weekdays: str, wait: int) -> None:
    """AS_OF is a Monday; 14 days from Tuesday end after the second Monday, so that the third has it."""
    tables = {**shop(), "suppliers": suppliers(order_weekdays=weekdays)}
    result = planned(tables, simulation_paths=0)
    row = result.recommendations.iloc[0]
    assert row["order_date"] == AS_OF + pd.Timedelta(days=wait)
    assert row["arrival_date"] == AS_OF + pd.Timedelta(days=14 if wait == 0 else 21)
    assert result.policy["protection_periods"].iloc[0] == (3 if wait == 0 else 4)
    assert result.policy["stated_lead_time_days"].iloc[0] == 14


def daily(weekdays: str, as_of: pd.Timestamp, **config: Any) -> PlanResult:
    days = pd.date_range(end=as_of - pd.Timedelta(days=1), periods=200)
    sold = np.random.default_rng(0).poisson(5.0, 200).astype(float)
    tables = {
        "sales": pd.DataFrame({"sku": "A", "date": days, "quantity": sold}),
        "items": pd.DataFrame({"sku": ["A"], "supplier": ["S1"], "lead_time_days": [3.0]}),
        "suppliers": suppliers(order_weekdays=weekdays),
    }
    return planned(tables, frequency="D", simulation_paths=0, **config)


@pytest.mark.parametrize(
    ("weekdays", "day", "review", "wait", "lasts"),
    [
        ("MON", "2025-05-05", None, 0, 7),
        ("MON", "2025-05-07", None, 5, 7),
        ("MON,THU", "2025-05-05", None, 0, 3),
        ("MON,THU", "2025-05-06", None, 2, 4),
        ("MON,THU", "2025-05-05", 4.0, 0, 7),
        ("MON,TUE,WED,THU,FRI", "2025-05-09", None, 0, 3),
    ],
)
def test_a_daily_plan_reviews_and_protects_from_one_order_day_to_the_next(
    weekdays: str, day: str, review: float | None, wait: int, lasts: int
) -> None:
    as_of = pd.Timestamp(day)
    result = daily(weekdays, as_of, review_days=review)
    row, policy = result.recommendations.iloc[0], result.policy.iloc[0]
    assert row["order_date"] == as_of + pd.Timedelta(days=wait)
    assert row["arrival_date"] == as_of + pd.Timedelta(days=wait + 3)
    assert policy["review_periods"] == lasts
    assert policy["protection_periods"] == wait + 3 + lasts


def test_measured_lead_times_begin_with_the_order_and_not_with_the_decision() -> None:
    tables = shop(lead_time_days=np.nan)
    ordered = AS_OF - pd.to_timedelta(60 + 7 * np.arange(12), unit="D")
    got = pd.DataFrame({"supplier": "S1", "ordered_on": ordered, "received_on": ordered + pd.Timedelta(days=13)})
    base = planned({**tables, "receipts": got}, simulation_paths=0).recommendations.iloc[0]
    later = {**tables, "receipts": got, "suppliers": suppliers(order_weekdays="WED")}
    row = planned(later, simulation_paths=0)
    assert base["arrival_date"] == AS_OF + pd.Timedelta(days=14)
    assert row.recommendations["arrival_date"].iloc[0] == AS_OF + pd.Timedelta(days=21)
    assert row.policy["measured_lead_time_days"].iloc[0] == 13


def test_what_receipts_tell_is_told_once_and_of_the_days_on_which_orders_were_placed() -> None:
    """Sixty orders of 14 days, then twenty of 22, one every week; the supplier's order day lies two days ahead."""
    ordered = AS_OF - pd.to_timedelta(7 * np.arange(80, 0, -1) + 22, unit="D")
    took = pd.to_timedelta(np.repeat([14, 22], [60, 20]), unit="D")
    got = pd.DataFrame({"supplier": "S1", "ordered_on": ordered, "received_on": ordered + took})
    tables = {**shop(lead_time_days=np.nan), "receipts": got, "suppliers": suppliers(order_weekdays="WED")}
    result = planned(tables, simulation_paths=0)
    said = [notice["message"] for notice in result.summary["notices"] if notice["code"] == "lead_time_break"]
    assert len(said) == 1
    assert f"slower since {result.policy['lead_time_changed_on'].iloc[0]:%Y-%m-%d}: 22.0 days" in said[0]
    assert result.policy["lead_time_changed_on"].iloc[0] in ordered


def test_weekdays_that_cannot_be_read_bind_nothing_and_are_noted() -> None:
    result = planned({**shop(), "suppliers": suppliers(order_weekdays="Montag,soon")}, simulation_paths=0)
    assert (result.recommendations["order_date"] == AS_OF).all()
    assert any(notice["code"] == "order_weekdays" for notice in result.summary["notices"])


# --- several suppliers ------------------------------------------------------------------------------------------------

NEAR = {"sku": "A0", "supplier": "S1", "priority": 1, "lead_time_days": 14.0, "unit_cost": 2.0}
FAR = {"sku": "A0", "supplier": "S2", "priority": 2, "lead_time_days": 56.0, "unit_cost": 1.99}


def test_priority_decides_unless_cost_is_asked_and_the_alternative_is_priced() -> None:
    cheap = {**FAR, "unit_cost": 1.5}
    for sourcing, supplier, other in (("priority", "S1", "S2"), ("cost", "S2", "S1")):
        row = lines_of({**shop(), "item_suppliers": offers(NEAR, cheap)}, sourcing=sourcing).loc["A0"]
        assert (row["supplier"], row["alternative_supplier"]) == (supplier, other)
        assert row["unit_cost"] == (2.0 if supplier == "S1" else 1.5)
        assert (row["supplier_cost"] < row["alternative_cost"]) == (sourcing == "cost")
        assert row["supplier_reason"] == ("priority 1" if sourcing == "priority" else "the cheapest of 2 suppliers")


def test_a_slower_supplier_that_is_hardly_cheaper_costs_more_in_stock() -> None:
    row = lines_of({**shop(holding_rate=0.5), "item_suppliers": offers(NEAR, FAR)}, sourcing="cost", paths=400).loc[
        "A0"
    ]
    near = lines_of({**shop(holding_rate=0.5), "item_suppliers": offers(NEAR)}, paths=400).loc["A0"]
    assert row["supplier"] == "S1"
    assert row["supplier_cost"] == near["supplier_cost"]
    yearly = row["demand_mean"] / 3 * 365 / 7
    assert row["alternative_cost"] - yearly * 1.99 > row["supplier_cost"] - yearly * 2.0


def test_the_cost_of_a_supplier_is_purchase_orders_and_stock_of_a_year() -> None:
    tables = shop(order_cost=30.0, holding_rate=0.25)
    result = planned({**tables, "item_suppliers": offers(NEAR, FAR)}, simulation_paths=0)
    row = result.recommendations.iloc[0]
    policy = result.policy.iloc[0]
    yearly = row["demand_mean"] / policy["protection_periods"] * 365 / 7
    lot = max(policy["lot"], policy["minimum"], row["demand_mean"] / policy["protection_periods"])
    expected = yearly * 2.0 + yearly / lot * 30.0 + policy["expected_stock"] * 2.0 * 0.25
    assert row["supplier_cost"] == pytest.approx(expected)


def test_a_price_step_is_taken_where_it_pays_and_its_quantity_becomes_the_minimum() -> None:
    steps = offers(NEAR, {**NEAR, "from_quantity": 120.0, "unit_cost": 1.5})
    row = lines_of({**shop(), "item_suppliers": steps}).loc["A0"]
    assert row["unit_cost"] == 1.5
    assert row["order_quantity"] >= 120
    vast = offers(NEAR, {**NEAR, "from_quantity": 6000.0, "unit_cost": 1.9})
    row = lines_of({**shop(), "item_suppliers": vast}).loc["A0"]
    assert row["unit_cost"] == 2.0
    assert row["order_quantity"] < 200


def test_a_price_step_beyond_the_capacity_of_a_review_is_no_offer() -> None:
    """Cheaper from 120 units on, of which 30 a week can be had: what would never be delivered is not waited for."""
    limited = {**NEAR, "capacity_per_period": 30.0}
    row = lines_of({**shop(), "item_suppliers": offers(limited, {**limited, "from_quantity": 120.0, "unit_cost": 1.5})})
    assert (row.loc["A0", "unit_cost"], row.loc["A0", "order_quantity"]) == (2.0, 30.0)
    within = {**limited, "from_quantity": 24.0, "unit_cost": 1.5}
    assert lines_of({**shop(), "item_suppliers": offers(limited, within)}).loc["A0", "unit_cost"] == 1.5
    # Where no order can be delivered at all, that is said.
    none = lines_of({**shop(), "item_suppliers": offers({**limited, "moq": 40.0})}).loc["A0"]
    assert none["order_quantity"] == 0
    assert "find no supplier" in none["reason"]


def test_a_supplier_at_its_capacity_shares_the_order_with_the_next() -> None:
    limited = {**NEAR, "capacity_per_period": 30.0}
    result = planned({**shop(), "item_suppliers": offers(limited, {**FAR, "moq": 24.0})}, simulation_paths=0)
    row = result.recommendations.iloc[0]
    parts = result.order_lines[result.order_lines["sku"] == "A0"].set_index("supplier")
    assert row["adjustment"] == "split"
    assert "S1 can deliver 30 of" in row["reason"]
    assert parts["order_quantity"]["S1"] == 30.0
    assert parts["order_quantity"]["S2"] == row["order_quantity"] - 30.0 >= 24.0
    assert parts["arrival_date"]["S2"] == AS_OF + pd.Timedelta(days=56)
    assert row["order_value"] == pytest.approx(30 * 2.0 + parts["order_quantity"]["S2"] * 1.99)


def test_capacities_of_all_suppliers_together_are_no_more_than_they_are() -> None:
    limited = offers({**NEAR, "capacity_per_period": 30.0}, {**FAR, "capacity_per_period": 13.0})
    row = lines_of({**shop(), "item_suppliers": limited}).loc["A0"]
    assert row["order_quantity"] == 42.0
    assert "find no supplier" in row["reason"]


def test_a_supplier_without_a_known_lead_time_is_not_chosen_where_another_is_known() -> None:
    unknown = {**NEAR, "supplier": "S9", "priority": 0, "lead_time_days": np.nan}
    tables = shop(supplier=None, lead_time_days=np.nan)
    rows = lines_of({**tables, "item_suppliers": offers(unknown, {**FAR, "lead_time_days": 14.0})})
    row = rows.loc["A0"]
    assert row["supplier"] == "S2"
    assert row["order_quantity"] > 0


# --- maximum, shelf life, load units ----------------------------------------------------------------------------------


def test_no_order_is_larger_than_what_sells_before_it_perishes() -> None:
    """20 a week, two weeks to come, one week to sell: about 60 units; the demand of three weeks at the quantile."""
    fresh = lines_of(shop(shelf_life_days=[7.0, np.nan, np.nan, np.nan]), paths=400, target=0.001)
    free = lines_of(shop(), paths=400, target=0.001)
    assert fresh.loc["A0", "order_quantity"] < free.loc["A0", "order_quantity"]
    assert fresh.loc["A0", "order_quantity"] <= 66
    assert "within its shelf life" in fresh.loc["A0", "reason"]
    assert fresh.loc["A0", "adjustment"] == "shelf life"
    safe = lines_of(
        shop(shelf_life_days=[7.0, np.nan, np.nan, np.nan]), paths=400, target=0.001, shelf_life_quantile=0.05
    )
    assert safe.loc["A0", "order_quantity"] < fresh.loc["A0", "order_quantity"]


def test_a_smallest_order_that_would_perish_is_left_to_the_planner() -> None:
    row = lines_of(shop(shelf_life_days=7.0, moq=600.0)).loc["A0"]
    assert row["order_quantity"] == 0
    assert "a planner must decide" in row["reason"]


def test_a_nearly_full_pallet_is_filled_within_the_maximum() -> None:
    free = lines_of(shop()).loc["A0", "order_quantity"]
    size = float(free + 6)
    assert lines_of(shop(pallet_size=size)).loc["A0", "order_quantity"] == size
    assert lines_of(shop(pallet_size=size), load_unit_share=0.01).loc["A0", "order_quantity"] == free
    assert lines_of(shop(pallet_size=size, max_stock=float(free + 1))).loc["A0", "order_quantity"] <= free


# --- one target for all -----------------------------------------------------------------------------------------------


def stock_value(result: PlanResult) -> float:
    return float((result.policy["expected_stock"] * result.policy["unit_cost"]).sum())


@pytest.mark.parametrize("unmet", ["backorder", "lost"])
def test_one_target_for_all_is_met_with_less_stock_than_the_same_target_for_each(unmet: str) -> None:
    tables = shop(pack_size=1.0, unit_cost=[2.0, 50.0, 9.0, 0.5])
    common = {"paths": 1000, "simulation_paths": 0, "target": 0.05, "unmet_demand": unmet}
    equal, total = auto_planned(tables, **common), auto_planned(tables, **common, target_scope="total")
    promised = total.summary["total_target"]["promised"]
    assert 0.045 < promised <= 0.05 + 1e-6
    assert promised == pytest.approx(total.summary["expected_backorder_rate"])
    assert stock_value(total) < 0.95 * stock_value(equal)
    rate = total.recommendations.set_index("sku")["expected_backorder_rate"]
    assert rate["A3"] < rate["A0"] < rate["A1"]
    classes = total.summary["total_target"]["classes"]
    assert sum(row["items"] for row in classes.values()) == 4
    demand = sum(row["demand_a_period"] for row in classes.values())
    shared = sum(row["demand_a_period"] * row["backorder_rate"] for row in classes.values())
    assert shared / demand == pytest.approx(promised)


def test_an_item_s_own_target_stays_a_limit_within_the_total() -> None:
    tables = shop(pack_size=1.0, unit_cost=[2.0, 50.0, 9.0, 0.5], target=[np.nan, 0.01, np.nan, np.nan])
    total = planned(tables, simulation_paths=0, target=0.05, target_scope="total")
    assert total.recommendations["expected_backorder_rate"].iloc[1] <= 0.01
    assert total.summary["total_target"]["promised"] <= 0.05 + 1e-6


# --- any terms --------------------------------------------------------------------------------------------------------

FAST = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
maybe = st.one_of(st.none(), st.floats(1.0, 400.0))


@FAST
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "sku": st.sampled_from(["A0", "A1", "A2", "A3"]),
                "supplier": st.sampled_from(["S1", "S2", "S3"]),
                "priority": st.sampled_from([1.0, 2.0, np.nan]),
                "lead_time_days": st.sampled_from([0.0, 7.0, 20.0, np.nan]),
                "unit_cost": st.one_of(st.floats(0.5, 60.0), st.just(np.nan)),
                "from_quantity": st.sampled_from([np.nan, 1.0, 60.0]),
                "moq": st.sampled_from([np.nan, 0.0, 30.0]),
                "pack_size": st.sampled_from([np.nan, 1.0, 8.0]),
                "capacity_per_period": st.sampled_from([np.nan, 5.0, 40.0]),
            }
        ),
        max_size=8,
        unique_by=lambda row: (row["sku"], row["supplier"], str(row["from_quantity"])),
    ),
    st.lists(st.sampled_from([np.nan, 50.0, 500.0, 1e6]), min_size=3, max_size=3),
    st.sampled_from([None, "MON", "WED,FRI", "nonsense"]),
    maybe,
    maybe,
    st.sampled_from(["priority", "cost"]),
    st.sampled_from(["sku", "total"]),
)
def test_any_terms_give_a_plan_that_keeps_its_invariants(
    rows: list[dict[str, Any]],
    least: list[float],
    weekdays: str | None,
    budget: float | None,
    storage: float | None,
    sourcing: str,
    scope: str,
) -> None:
    tables = shop(volume=[0.1, 1.0, np.nan, 2.0], max_stock=[np.nan, 90.0, 30.0, np.nan], shelf_life_days=[9, 60, 7, 1])
    tables["suppliers"] = pd.DataFrame(
        {"supplier": ["S1", "S2", "S3"], "min_order_value": least, "order_weekdays": [weekdays, "TUE", None]}
    )
    if rows:
        tables["item_suppliers"] = pd.DataFrame(rows)
    config = {"budget": budget, "storage_capacity": storage, "sourcing": sourcing, "target_scope": scope}
    result = planned(tables, **{**QUICK, "simulation_paths": 2, **config})
    order = result.recommendations["order_quantity"] * np.array([0.1, 1.0, 0.0, 2.0])
    if storage is not None:
        assert order.sum() <= storage + 1e-6
    mixed = {name: frame.sample(frac=1, random_state=1) for name, frame in tables.items()}
    again = planned(mixed, **{**QUICK, "simulation_paths": 2, **config})
    pd.testing.assert_frame_equal(result.recommendations, again.recommendations)
    pd.testing.assert_frame_equal(result.order_lines, again.order_lines)
    assert list(result.order_lines.columns[:2]) == KEY
