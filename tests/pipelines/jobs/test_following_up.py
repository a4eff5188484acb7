"""After a plan: coming weeks, alerts and changes, looked at in whole runs of a small shop."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.exports.run_files import RunFiles
from pipelines.jobs.changing import EFFECTS
from pipelines.jobs.decision_frame import PARAMETERS, STOCK
from pipelines.jobs.levels import ItemFacts
from pipelines.project import open_project, run_plan
from tests.pipelines.shop import AS_OF, Tables, one_item, only, small_shop, write_project

KEY = ["sku", "location"]
QUICK = {"model": "moving_average", "simulation_paths": 0}


def run_of(folder: Path, tables: Tables, space: Path, **changes: Any) -> RunFiles:
    file = write_project(folder, tables, **{**QUICK, **changes})
    return RunFiles(run_plan(open_project(file, workspace=space), jobs=1).folder)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return only(small_shop(), "00123", "-7", "=1+1", "NA", "123", "[/i]")


@pytest.fixture(scope="module")
def run(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    return run_of(tmp_path_factory.mktemp("shop"), tables, tmp_path_factory.mktemp("w"))


def test_the_first_planned_orders_are_those_of_today(run: RunFiles) -> None:
    planned, lines = run.frame("planned_orders"), run.frame("recommendations")
    today = planned[planned["decided"]].set_index(KEY)
    wanted = lines[lines["order_quantity"] > 0].set_index(KEY).loc[today.index]
    assert len(today) == (lines["order_quantity"] > 0).sum()
    for name, other in (("quantity", "order_quantity"), ("order_date", "order_date"), ("arrival_date", "arrival_date")):
        assert (today[name] == wanted[other]).all()
    assert planned["order_date"].max() < AS_OF + pd.Timedelta(days=91 + 7)
    assert (planned["quantity"] > 0).all()


def test_the_levels_of_this_week_are_those_of_the_policy(run: RunFiles) -> None:
    levels, policy = run.frame("planned_levels"), run.frame("policy").set_index(KEY)
    assert levels.groupby(KEY).size().eq(13).all()
    now = levels[levels["date"] == AS_OF].set_index(KEY)
    assert (now["order_up_to"] == policy["order_up_to"].loc[now.index]).all()
    assert (now["reorder_point"] == policy["reorder_point"].loc[now.index]).all()


def test_money_adds_up_to_the_orders(run: RunFiles) -> None:
    money, planned = run.frame("planned_money"), run.frame("planned_orders")
    assert money["ordered_value"].sum() == pytest.approx(planned["value"].sum())
    first = money[money["week"] == AS_OF]
    assert first["ordered_value"].sum() == pytest.approx(planned.loc[planned["decided"], "value"].sum())
    # What arrives within the weeks planned: planned orders and open ones.
    items = only(small_shop(), *set(planned["sku"]))["items"].set_index(KEY)["unit_cost"]
    opened = only(small_shop(), "00123", "-7", "=1+1", "NA", "123", "[/i]")["open_orders"].set_index(KEY)["quantity"]
    arriving = planned[planned["arrival_date"] < AS_OF + pd.Timedelta(weeks=13)]["value"].sum()
    assert money["cash_out"].sum() == pytest.approx(arriving + (opened * items.reindex(opened.index)).sum())


def test_levels_rise_before_a_promotion_and_fall_after_it(tmp_path: Path) -> None:
    """Four times the demand in weeks 6 and 7; two weeks of lead time and one of review look three weeks ahead."""
    random = np.random.default_rng(4)
    shop = one_item(random.poisson(20, 60).tolist(), lead_time_days=14.0, unit_cost=1.0)
    weeks = AS_OF + pd.to_timedelta([42, 49], unit="D")
    shop["known_ahead"] = pd.DataFrame({"sku": ["A"] * 2, "date": weeks, "uplift": [4.0, 4.0]})
    shop["stock"] = pd.DataFrame({"sku": ["A"], "on_hand": [60.0]})
    run = run_of(tmp_path / "a", shop, tmp_path / "w")
    level = run.frame("planned_levels")["order_up_to"].to_numpy()
    assert (level[:4] == level[0]).all()
    assert level[4] > level[3]
    assert level[5] > level[4]
    assert level[5] - level[0] > 100
    assert (level[8:] == level[0]).all()
    orders = run.frame("planned_orders").set_index("order_date")["quantity"]
    assert orders.loc[AS_OF + pd.Timedelta(weeks=4)] > 2 * orders.loc[AS_OF + pd.Timedelta(weeks=2)]


def test_alerts_say_what_to_do_about_how_much_until_when_worst_first(run: RunFiles) -> None:
    alerts, lines = run.frame("alerts"), run.frame("recommendations").set_index(KEY)
    rank = alerts["severity"].map(["now", "soon", "watch"].index)
    assert rank.is_monotonic_increasing
    for _, part in alerts.groupby("severity"):
        assert part["money"].fillna(0).is_monotonic_decreasing
    assert alerts["verb"].str.len().gt(0).all()
    assert alerts["sentence"].str.endswith(".").all()
    out = alerts[alerts["kind"] == "stocked out"].set_index(KEY)
    assert set(out.index) == set(lines[lines["status"] == "stocked out"].index)
    assert (out["units"] >= lines["backordered"].loc[out.index]).all()
    due = alerts[alerts["kind"] == "order"]
    assert (due["last_date"] >= AS_OF).all()
    new = alerts[alerts["kind"] == "new item without history"]
    assert set(new["sku"]) == {"[/i]"}
    csv = pd.read_csv(run.folder / "alerts.csv", dtype=str, na_filter=False)
    assert csv["sku"].tolist() == alerts["sku"].tolist()


def test_an_alert_comes_when_a_released_order_stays_unseen(tables: Tables, tmp_path: Path) -> None:
    import datetime as dt

    from pipelines.exports.exporting import export_files
    from pipelines.workspace import Workspace

    shop = only(tables, "00123")
    first = run_of(tmp_path / "a", shop, tmp_path / "w")
    when = dt.datetime.combine(AS_OF.date(), dt.time(9), dt.UTC)
    done = export_files(Workspace(tmp_path / "w"), first, "purchase-orders", tmp_path / "po", released_at=when)
    assert done.released
    soon = run_of(tmp_path / "a", shop, tmp_path / "w").frame("alerts")
    assert "released and not seen" not in set(soon["kind"])
    sales = shop["sales"]
    week = sales[sales["date"] == sales["date"].max()].assign(date=AS_OF)
    later = {**shop, "sales": pd.concat([sales, week], ignore_index=True)}
    alerts = run_of(tmp_path / "b", later, tmp_path / "w").frame("alerts")
    told = alerts[alerts["kind"] == "released and not seen"]
    assert len(told) == done.released
    assert told["severity"].eq("now").all()
    assert "restock released forget" in told["sentence"].iloc[0]


def test_a_decision_is_written_down_whole() -> None:
    """A new fact of an item must be exchanged too, or belong to the forecast or to the record of promises."""
    own = {"series", "keys", "integral", "paths", "periods_per_year", "load_unit_share", "shelf_life_quantile"}
    assert {*PARAMETERS, *STOCK} | own | {"beside"} == {f.name for f in fields(ItemFacts)}


@pytest.mark.parametrize(
    ("table", "change", "effect"),
    [
        ("stock", lambda t: t.assign(on_hand=t["on_hand"] + 5), "stock"),
        ("items", lambda t: t.assign(lead_time_days=t["lead_time_days"] + 14), "lead_time"),
        ("items", lambda t: t.assign(pack_size=t["pack_size"] * 4), "parameters"),
        ("sales", lambda t: t.assign(quantity=t["quantity"] * 2), "forecast"),
    ],
)
def test_a_change_of_one_part_is_put_down_to_it_alone(
    run: RunFiles, tables: Tables, tmp_path: Path, table: str, change: Any, effect: str
) -> None:
    import shutil

    shutil.copytree(run.folder.parent.parent, tmp_path / "w")
    shop = {**tables, "receipts": tables["receipts"].iloc[:0]} if table == "items" else tables
    before = run_of(tmp_path / "a", shop, tmp_path / "w")
    now = run_of(tmp_path / "b", {**shop, table: change(shop[table])}, tmp_path / "w")
    changes = now.frame("changes")
    assert now.manifest["before"] == before.run_id
    assert len(changes)
    np.testing.assert_allclose(changes[list(EFFECTS)].sum(axis=1), changes["change"])
    assert changes[effect].abs().sum() > 0
    others = [name for name in EFFECTS if name != effect]
    assert changes[others].abs().to_numpy().sum() == 0
    assert changes["why"].str.contains("units: ").all()
    share = now.summary["nervousness"]
    assert share["changed"] > 0
    assert share["run"] == before.run_id


def test_nothing_changed_where_nothing_did(run: RunFiles, tables: Tables, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(run.folder.parent.parent, tmp_path / "w")
    now = run_of(tmp_path / "b", tables, tmp_path / "w", max_stock_age_days=30)
    assert now.run_id != run.run_id
    assert now.frame("changes").empty
    assert now.summary["nervousness"]["changed"] == 0
    assert now.summary["nervousness"]["share"] == 0


def test_an_item_that_is_new_or_gone_is_named(run: RunFiles, tables: Tables, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(run.folder.parent.parent, tmp_path / "w")
    ordered = run.frame("recommendations")
    gone = ordered.loc[ordered["order_quantity"] > 0, "sku"].iloc[0]
    kept = [sku for sku in set(ordered["sku"]) if sku != gone]
    changes = run_of(tmp_path / "b", only(tables, *kept), tmp_path / "w").frame("changes")
    assert set(changes.loc[changes["why"] == "the item is no longer planned", "sku"]) == {gone}
    back = run_of(tmp_path / "c", tables, tmp_path / "w", max_stock_age_days=29).frame("changes")
    assert set(back.loc[back["why"] == "the item was not in the run before", "sku"]) == {gone}
