"""A workbench is the plan of its tables, or of a slice of them, and answers as the commands do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, Workbench, open_workbench
from pipelines.errors import InputError
from tests.pipelines.shop import QUICK, only, small_shop, write_project

WEEK = pd.Timedelta(days=7)
PLAIN = {**QUICK, "frequency": "W-MON", "model": "moving_average"}


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return Workbench(Inputs(**only(small_shop(), "00123", "-7", "=1+1")), PlanConfig(**PLAIN))


def test_levels_of_the_plan_promise_what_the_plan_promises(bench: Workbench) -> None:
    for row in bench.plan.policy.itertuples():
        level = row.order_up_to if row.policy == "order_up_to" else row.reorder_point
        (found,) = bench.service_of_levels(level, row.sku, row.location).itertuples()
        assert found.safety_stock == pytest.approx(row.safety_stock)
        assert found.backorder_rate == pytest.approx(row.expected_backorder_rate, abs=1e-12)
        assert found.ready_rate == pytest.approx(row.expected_ready_rate)
        assert found.mean_stock == pytest.approx(row.expected_stock)
        if not np.isnan(row.holding_rate * row.unit_cost):
            assert found.holding_cost == pytest.approx(row.expected_stock * row.holding_rate * row.unit_cost, rel=5e-3)


def test_more_safety_stock_means_fewer_backorders_and_more_stock(bench: Workbench) -> None:
    curve = bench.trade_off("00123", "007")
    assert len(curve) > 20
    assert (np.diff(curve["level"]) > 0).all()
    assert (np.diff(curve["backorder_rate"]) <= 1e-12).all()
    assert (np.diff(curve["mean_stock"]) >= -1e-9).all()
    target = bench.plan.policy.loc[bench.row("00123", "007"), "target"]
    assert curve["backorder_rate"].iloc[0] > target > curve["backorder_rate"].iloc[-1]


def test_an_item_that_is_not_planned_is_refused(bench: Workbench) -> None:
    with pytest.raises(InputError, match="'123' at location '007' is not planned"):
        bench.trade_off("123", "007")


def test_the_past_of_an_item_is_its_sales(bench: Workbench) -> None:
    past = bench.past("-7", "NULL", days=70)
    sales = bench.inputs.sales
    own = sales[(sales["sku"] == "-7") & (sales["location"] == "NULL")].sort_values("date").tail(10)
    assert past["quantity"].tolist() == own["quantity"].tolist()
    assert past["date"].tolist() == own["date"].tolist()
    assert bench.coming(2).tolist() == [own["date"].iloc[-1].date() + pd.Timedelta(days=7 * k) for k in (1, 2, 3)]


def test_windows_end_with_the_record(bench: Workbench) -> None:
    start, end = bench.window(70)
    last = bench.inputs.sales["date"].max().date()
    assert (end, (end - start).days) == (last, 63)
    assert bench.window(70, before=70) == (start - pd.Timedelta(days=70), end - pd.Timedelta(days=70))
    with pytest.raises(ValueError, match="before the record"):
        bench.window(7000)


def test_a_slice_ends_where_the_record_ends(tmp_path: Path) -> None:
    """Although the SKU that stands first, "-7", sold nothing of late."""
    tables = only(small_shop(), "00123", "-7")
    last = tables["sales"]["date"].max()
    tables["sales"] = tables["sales"][(tables["sales"]["sku"] != "-7") | (tables["sales"]["date"] < last - WEEK)]
    write_project(tmp_path, tables, model="moving_average", simulation_paths=0)
    part = open_workbench(tmp_path / "restock.toml", skus=1)
    assert set(part.panel.skus) == {"-7", "00123"}
    assert part.panel.as_of == (last + WEEK).date()


def test_a_slice_holds_whole_items_with_those_that_they_replace(tmp_path: Path) -> None:
    tables = only(small_shop(), "00123", "123", "=1+1", "-7")
    # The slice of one takes the first SKU in the order of their texts, here "-7", which replaced two others.
    tables["items"]["successor_of"] = np.where(tables["items"]["sku"] == "-7", "123; 00123", None)
    tables["sales"]["channel"] = np.where(np.arange(len(tables["sales"])) % 2, "web", "store")
    write_project(tmp_path, tables, model="moving_average", simulation_paths=0)
    whole = open_workbench(tmp_path / "restock.toml")
    part = open_workbench(tmp_path / "restock.toml", skus=1)
    assert set(part.panel.skus) == {"-7", "123", "00123"}
    assert open_workbench(tmp_path / "restock.toml", skus=1) is part
    for name, frame in part.inputs.given().items():
        if "sku" in frame:
            assert set(frame["sku"].dropna()) <= set(part.panel.skus), name
    for key in part.panel.keys:
        one, other = part.row(*key), whole.row(*key)
        np.testing.assert_array_equal(part.panel.quantity[one], whole.panel.quantity[other])
        np.testing.assert_array_equal(part.panel.status[one], whole.panel.status[other])
    columns = ["sku", "location", "order_quantity", "order_up_to", "on_hand", "on_order", "safety_stock"]
    mine = part.plan.recommendations[columns]
    theirs = whole.plan.recommendations[columns].merge(mine[["sku", "location"]])
    pd.testing.assert_frame_equal(mine, theirs)
    channels = part.plan.channels.merge(whole.plan.channels, on=["sku", "location", "channel"], suffixes=("", "_whole"))
    assert len(channels) == len(part.plan.channels) > 0
    assert channels["units"].tolist() == channels["units_whole"].tolist()
