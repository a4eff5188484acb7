"""Histories as planners declare them: chains, launches, bulk orders, exceptions; all told in log, notices and story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.explaining import explain
from pipelines.project import open_project, run_plan
from tests.pipelines.shop import AS_OF, KEY, Tables, auto_planned, made, planned, small_shop, write_project

OLD, NEW = "00123", "123"


def linked(**columns: Any) -> Tables:
    """``NEW`` replaces ``OLD`` at both places."""
    tables = small_shop()
    items = tables["items"].assign(successor_of=None, available_from=pd.NaT, **columns)
    items.loc[items["sku"] == NEW, "successor_of"] = OLD
    tables["items"] = items
    return tables


def notices(result: Any) -> set[str]:
    return {notice["code"] for notice in result.summary["notices"]}


def test_a_successor_is_planned_with_the_history_of_both() -> None:
    tables = linked()
    plan = made(tables)
    sales = tables["sales"].groupby(KEY)["quantity"].sum()
    for place in ("007", "NULL"):
        row = plan.panel.keys.index((NEW, place))
        assert plan.panel.quantity[row].sum() == pytest.approx(sales[OLD, place] + sales[NEW, place])
    result = planned(tables)
    lines = result.recommendations.set_index(KEY)
    old = lines.loc[OLD]
    assert (old["status"] == "discontinued").all()
    assert (old["order_quantity"] == 0).all()
    assert (old["demand_mean"] == 0).all()
    assert (old["reason"] == f"discontinued: replaced by {NEW}").all()
    assert (lines.loc[NEW, "status"] != "discontinued").all()
    assert result.log["code"].tolist().count("history_joined") == 2
    assert "history_joined" in notices(result)
    assert not any("successor_of" in warning for warning in result.summary["warnings"])


def test_a_change_still_ahead_hands_the_demand_over_on_its_day() -> None:
    tables = linked()
    tables["items"].loc[tables["items"]["sku"] == NEW, "available_from"] = AS_OF + pd.Timedelta(days=70)
    plan = made(tables)
    paths = plan.forecaster.paths(14, 50)
    old, new = (plan.panel.keys.index((sku, "NULL")) for sku in (OLD, NEW))
    assert paths[old, :, :10].sum() > 0
    assert paths[old, :, 10:].sum() == 0
    assert paths[new, :, :10].sum() == 0
    assert paths[new, :, 10:].sum() > 0


def test_circles_are_refused_and_unknown_predecessors_named() -> None:
    tables = linked()
    tables["items"].loc[tables["items"]["sku"] == OLD, "successor_of"] = NEW
    with pytest.raises(InputError, match="runs in a circle"):
        planned(tables)
    tables["items"].loc[tables["items"]["sku"] == OLD, "successor_of"] = "gone"
    assert "unknown_predecessor" in notices(planned(tables))


def test_several_predecessors_are_listed_with_commas() -> None:
    tables = linked()
    tables["items"].loc[tables["items"]["sku"] == NEW, "successor_of"] = f"{OLD}, NA"
    plan = made(tables)
    sales = tables["sales"].groupby(KEY)["quantity"].sum()
    row = plan.panel.keys.index((NEW, "007"))
    assert plan.panel.quantity[row].sum() == pytest.approx(sum(sales[sku, "007"] for sku in (OLD, NEW, "NA")))


def never_sold(available_from: Any, model: str | None = None) -> tuple[Any, pd.Series]:
    tables = small_shop()
    items = tables["items"].assign(available_from=pd.NaT)
    new = items.iloc[[0]].assign(sku="unsold", available_from=available_from, lead_time_days=14.0)
    tables["items"] = pd.concat([items, new], ignore_index=True)
    rules = [{"where": {"sku": "unsold"}, "set": {"model": model}}] if model else []
    result = auto_planned(tables, rules=rules)
    return result, result.recommendations.set_index("sku").loc["unsold"]


@pytest.mark.parametrize(
    ("days", "model", "ordered"),
    [(None, None, False), (-400, None, False), (-30, None, True), (10, None, True), (None, "category_prior", True)],
)
def test_an_item_without_demand_shows_a_forecast_and_is_ordered_only_if_declared_new(
    days: int | None, model: str | None, ordered: bool
) -> None:
    result, line = never_sold(pd.NaT if days is None else AS_OF + pd.Timedelta(days=days), model)
    assert (line["status"] == "new") != ordered
    assert line["demand_mean"] > 0
    assert line["model"] == "category_prior"
    assert (line["order_quantity"] > 0) == ordered
    assert ("a planner must decide" in line["reason"]) != ordered
    assert result.summary["expected_backorder_rate"] <= 0.05


def test_a_bulk_order_is_tamed_told_and_left_alone_when_a_planner_says_so(tmp_path: Path) -> None:
    tables = small_shop()
    sales = tables["sales"]
    fast = sales.groupby(KEY)["quantity"].sum().idxmax()
    mine = (sales["sku"] == fast[0]) & (sales["location"] == fast[1])
    week = AS_OF - pd.Timedelta(days=140)
    usual = sales.loc[mine, "quantity"].max()
    tables["sales"].loc[mine & (sales["date"] == week), "quantity"] = bulk = 8 * usual
    tables["customer_orders"] = pd.DataFrame(
        {"order_id": ["1"], "sku": [fast[0]], "location": [fast[1]], "quantity": [bulk - 1], "ordered_on": [week]}
    )
    result = planned(tables)
    log = result.log[result.log["code"] == "bulk_order_tamed"]
    assert log[["sku", "location", "date", "before"]].values.tolist() == [[*fast, week, bulk]]
    assert log["after"].iloc[0] <= usual
    assert "bulk_order_tamed" in notices(result)
    keep = [{"code": "bulk_order_tamed", "sku": fast[0], "location": fast[1], "date": week.date()}]
    kept = planned(tables, keep=keep)
    assert "bulk_order_tamed" not in set(kept.log["code"])
    tamed, left = (r.forecast.set_index(KEY).loc[fast, "demand_sd"] for r in (result, kept))
    assert left > tamed
    run = run_plan(open_project(write_project(tmp_path, tables)), jobs=1)
    text = explain(run.folder, *fast)
    assert "bulk_order_tamed" in text
    assert f"{bulk:,.0f} units before" in text


def test_demand_out_of_stock_is_shown_beside_sales_and_in_the_story(tmp_path: Path) -> None:
    tables = small_shop()
    sales = tables["sales"]
    fast = sales.groupby(KEY)["quantity"].sum().idxmax()
    mine = (sales["sku"] == fast[0]) & (sales["location"] == fast[1])
    empty = mine & sales["date"].between(AS_OF - pd.Timedelta(days=84), AS_OF - pd.Timedelta(days=57))
    tables["sales"] = sales.assign(in_stock=~empty, quantity=np.where(empty, 0.0, sales["quantity"]))
    frame = planned(tables).stock_outs
    assert list(frame.columns) == ["sku", "location", "date", "sold", "estimated_demand", "method"]
    assert len(frame) == empty.sum() == 4
    usual = sales.loc[mine & ~empty, "quantity"].mean()
    assert frame["estimated_demand"].between(0.5 * usual, 2 * usual).all()
    text = explain(run_plan(open_project(write_project(tmp_path, tables)), jobs=1).folder, *fast)
    assert "In 4 weeks out of stock 0 units sold, demand estimated at" in text


def test_an_item_hardly_ever_in_stock_is_named() -> None:
    tables = small_shop()
    sales = tables["sales"]
    empty = (sales["sku"] == OLD) & (sales["location"] == "007") & (sales["date"] > sales["date"].min())
    tables["sales"] = sales.assign(in_stock=~empty)
    assert "rarely_in_stock" in notices(planned(tables))
