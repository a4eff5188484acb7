"""Each line says where its item stands and why, and the summary counts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import PlanResult
from pipelines.jobs.frames import STATUSES
from tests.pipelines.shop import AS_OF, Tables, one_item, only, planned, small_shop

NAN = float("nan")


def line(
    on_hand: float | None = 0.0, sold: float = 20.0, orders: dict[int, float] | None = None, **item: Any
) -> pd.Series:
    """The recommendation for one item with steady sales; ``orders`` are units by days from as_of."""
    tables = one_item([sold] * 60, **{"lead_time_days": 14.0, "unit_cost": 2.0, **item})
    if on_hand is not None:
        tables["stock"] = pd.DataFrame({"sku": ["A"], "on_hand": [on_hand]})
    if orders:
        due = AS_OF + pd.to_timedelta(list(orders), unit="D")
        tables["open_orders"] = pd.DataFrame({"sku": "A", "quantity": list(orders.values()), "due_date": due})
    return planned(tables).recommendations.iloc[0]


@pytest.mark.parametrize(
    ("status", "given"),
    [
        ("discontinued", {"discontinued_on": AS_OF}),
        ("needs planner", {"lead_time_days": None}),
        ("new", {"sold": 0.0}),
        ("stocked out", {"on_hand": 0.0}),
        ("stocked out", {"on_hand": -5.0}),
        ("stocked out", {"on_hand": 0.0, "orders": {7: 500.0}}),
        ("potential stock-out", {"on_hand": 15.0}),
        ("potential stock-out", {"on_hand": 15.0, "orders": {15: 500.0}}),
        ("surplus on order", {"on_hand": 60.0, "orders": {7: 500.0}}),
        ("excess", {"on_hand": 500.0}),
        ("on hold", {"on_hand": 55.0, "hold": True}),
        ("fine", {"on_hand": 55.0}),
        ("fine", {"on_hand": 25.0, "orders": {7: 35.0}}),
    ],
    ids=str,
)
def test_an_item_has_the_status_of_its_situation(status: str, given: dict[str, Any]) -> None:
    assert line(**given)["status"] == status


def test_every_status_occurs_in_the_test_above_and_the_worst_stand_first() -> None:
    assert set(STATUSES) == {
        "discontinued", "needs planner", "new", "stocked out", "potential stock-out", "surplus on order", "excess",
        "on hold", "fine",
    }  # fmt: skip
    assert STATUSES[:2] == ("stocked out", "potential stock-out")
    assert STATUSES[-1] == "fine"


def test_steady_demand_orders_what_three_weeks_need_and_no_more() -> None:
    """20 a week without any variation, lead time 2 weeks, review every week: up to 60, give or take the last unit."""
    row = line(on_hand=0.0)
    assert row["demand_mean"] == 60.0
    assert row["order_up_to"] == pytest.approx(60.0, abs=2.0)
    assert row["order_quantity"] == row["order_up_to"]
    assert row["order_date"] == AS_OF
    assert row["arrival_date"] == AS_OF + pd.Timedelta(days=14)
    assert row["order_value"] == 2.0 * row["order_quantity"]
    assert line(on_hand=-10.0)["order_quantity"] == row["order_quantity"] + 10.0


@pytest.mark.parametrize("days", [0, 7, 14])
def test_an_order_due_by_the_arrival_of_a_new_one_is_credited_in_full(days: int) -> None:
    assert line(on_hand=20.0, orders={days: 25.0})["order_quantity"] == line(on_hand=45.0)["order_quantity"]


@pytest.mark.parametrize("days", [21, 28, 100])
def test_an_order_due_after_the_protection_interval_hides_no_need(days: int) -> None:
    row = line(on_hand=20.0, orders={days: 500.0})
    assert row["order_quantity"] == line(on_hand=20.0)["order_quantity"]
    assert row["on_order"] == 500.0
    assert row["inventory_position"] == 520.0
    assert row["position_in_time"] == 20.0


def test_an_order_that_comes_between_the_arrival_and_the_end_does_not_hide_the_gap_before_it() -> None:
    """Lead time 1 week, review every 3: an order due in week 3 leaves weeks 1 and 2 to an order placed today."""
    row = line(on_hand=20.0, orders={21: 40.0}, lead_time_days=7.0, review_days=21.0)
    assert row["order_quantity"] >= 40.0
    assert "comes late" in row["reason"]
    assert line(on_hand=20.0, orders={7: 40.0}, lead_time_days=7.0, review_days=21.0)["order_quantity"] <= 22.0


def test_an_overdue_order_is_counted_and_said() -> None:
    row = line(on_hand=20.0, orders={-3: 25.0})
    assert "25 units are overdue and expected at the next opening" in row["reason"]
    assert row["next_arrival_date"] == AS_OF + pd.Timedelta(days=7)
    assert row["order_quantity"] == line(on_hand=45.0)["order_quantity"]


def test_cover_and_excess_are_told_in_days_and_units() -> None:
    row = line(on_hand=500.0)
    assert row["days_of_cover"] == pytest.approx(175.0)
    assert row["excess"] == 500.0 - row["order_up_to"]
    short = line(on_hand=20.0)
    assert short["days_of_cover"] == pytest.approx(7.0)
    assert short["days_of_cover_after"] == pytest.approx((20.0 + short["order_quantity"]) / 20.0 * 7)


def test_the_reason_names_position_level_need_and_lot() -> None:
    row = line(on_hand=20.0, pack_size=6.0, moq=12.0)
    assert row["reason"].startswith(f"position 20 is below the order-up-to level {row['order_up_to']:,.0f}")
    assert f"order {row['order_quantity']:,.0f} (need {row['need']:,.0f}, lots of 6, minimum 12)" in row["reason"]
    assert line(on_hand=500.0)["reason"].startswith("position 500 reaches the order-up-to level")


def test_an_unpriced_item_is_ordered_without_a_value() -> None:
    row = line(unit_cost=None)
    assert row["order_quantity"] > 0
    assert np.isnan(row["order_value"])


@pytest.fixture(scope="module")
def result() -> PlanResult:
    tables = small_shop()
    tables["items"].loc[0, "unit_cost"] = NAN
    tables["stock"] = tables["stock"].iloc[2:]
    return planned(tables)


def test_urgent_lines_come_first_and_among_equals_the_dearer_risk(result: PlanResult) -> None:
    lines = result.recommendations.sort_values("priority")
    assert lines["priority"].tolist() == list(range(1, len(lines) + 1))
    urgency = [STATUSES.index(status) for status in lines["status"]]
    assert urgency == sorted(urgency)
    assert len(set(urgency)) > 1
    price = lines["unit_cost"].fillna(1.0)
    risk = (lines["units_at_risk"] * price).groupby(lines["status"], sort=False)
    assert risk.nunique().max() > 1
    assert all((part.diff().dropna() <= 1e-9).all() for _, part in risk)


def test_an_item_that_is_more_likely_than_not_to_run_out_is_a_potential_stock_out(result: PlanResult) -> None:
    lines = result.recommendations
    open_to_orders = ~lines["status"].isin(["discontinued", "needs planner", "new", "stocked out"])
    chance = lines["stock_out_probability"][open_to_orders]
    assert (chance.between(0.05, 0.5).sum(), chance.between(0.5, 0.95).sum()) >= (2, 2)
    assert ((chance > 0.5) == (lines["status"] == "potential stock-out")[open_to_orders]).all()


def test_the_promised_rate_of_the_plan_is_weighted_by_demand_and_leaves_out_what_is_not_ordered() -> None:
    tables: Tables = small_shop()
    busiest = tables["sales"].groupby(["sku", "location"])["quantity"].sum().idxmax()
    gone = (tables["items"]["sku"] == busiest[0]) & (tables["items"]["location"] == busiest[1])
    tables["items"]["discontinued_on"] = pd.Series(np.where(gone, AS_OF, pd.NaT)).astype("datetime64[ns]")
    told = planned(tables, simulation_paths=0)
    live = ~told.recommendations["status"].isin(["discontinued", "new", "needs planner"])
    per_period = told.recommendations["demand_mean"] / told.policy["protection_periods"]
    wanted = np.average(told.policy["expected_backorder_rate"][live], weights=per_period[live])
    assert told.summary["expected_backorder_rate"] == pytest.approx(wanted, rel=1e-12)


def test_the_summary_tells_what_the_targets_of_the_items_come_to() -> None:
    """A promise above the configured target is no broken one where a rule allows more."""
    rules = [{"where": {"location": "007"}, "set": {"target": 0.3}}, {"where": {"sku": "1E5"}, "set": {"target": 0.9}}]
    told = planned(small_shop(), simulation_paths=0, target=0.05, rules=rules)
    live = ~told.recommendations["status"].isin(["discontinued", "new", "needs planner"])
    per_period = (told.recommendations["demand_mean"] / told.policy["protection_periods"])[live]
    target = told.summary["target_backorder_rate"]
    assert target["mean"] == pytest.approx(np.average(told.policy["target"][live], weights=per_period), rel=1e-12)
    assert target["least"] == told.policy["target"][live].min()
    assert target["most"] == told.policy["target"][live].max()
    assert target["least"] < target["mean"] < target["most"]
    assert told.summary["expected_backorder_rate"] <= target["mean"]
    filled = planned(small_shop(), simulation_paths=0, measure="fill_rate", target=0.9).summary
    assert filled["target_backorder_rate"] == pytest.approx({"mean": 0.1, "least": 0.1, "most": 0.1})
    ready = planned(small_shop(), simulation_paths=0, measure="ready_rate", target=0.9).summary
    assert ready["target_backorder_rate"] is None


def test_what_is_read_and_not_used_is_told_by_table_or_column() -> None:
    some = only(small_shop(), "NA")
    some["events"] = pd.DataFrame({"date": ["2025-06-09"], "name": ["Whit Monday"]})
    some["known_ahead"] = pd.DataFrame({"sku": ["NA"], "date": ["2025-06-09"], "price": [2.0], "uplift": [1.0]})
    told = planned(some, simulation_paths=0).summary["warnings"]
    assert "read and checked, but not used by the plan yet: known_ahead.price, events" in told
    changed = some | {"events": None, "known_ahead": None}
    assert not any("not used" in text for text in planned(changed, simulation_paths=0).summary["warnings"])


def test_the_summary_tells_what_was_missing(result: PlanResult) -> None:
    assert any(w.startswith("stock: 2 items have no row") for w in result.summary["warnings"])
    assert result.summary["order_value"] == pytest.approx(result.recommendations["order_value"].sum())
    assert result.summary["frequency"] == "W-MON"
    assert result.summary["periods"] == 70


def test_the_forecast_accounts_for_every_period_of_every_item(result: PlanResult) -> None:
    told = [c for c in result.forecast.columns if c.startswith("periods_")]
    assert (result.forecast[told].sum(axis=1) == 70).all()


def test_the_policy_repeats_what_was_known_of_the_item(result: PlanResult) -> None:
    items = small_shop()["items"].sort_values(["sku", "location"], ignore_index=True)
    for name in ("moq", "pack_size", "order_cost"):
        assert (result.policy[name] == items[name]).all(), name
    assert (result.policy["stated_lead_time_days"] == items["lead_time_days"])[items["lead_time_days"].notna()].all()
    assert set(result.policy["policy"]) <= {"order_up_to", "reorder_point", "min_max"}
