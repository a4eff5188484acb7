"""A plan depends on what is said and not on how it is written down; what is bad, late or early is kept out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.panel import CellStatus
from pipelines import Inputs, PlanConfig, plan
from pipelines.errors import ConfigurationError, InputError, RestockError
from pipelines.jobs.planning import make_plan
from tests.pipelines.shop import (
    AS_OF,
    KEY,
    QUICK,
    SKUS,
    Tables,
    auto_planned,
    day,
    made,
    one_item,
    only,
    planned,
    receipts,
    same_plan,
    settings,
    small_shop,
    write_csv,
    write_parquet,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return small_shop()


@pytest.fixture(scope="module")
def plain(tables: Tables) -> Any:
    """The plan of the shop as it is."""
    return auto_planned(tables)


def shuffled(tables: Tables) -> Tables:
    return {name: frame.sample(frac=1, random_state=k) for k, (name, frame) in enumerate(tables.items())}


def columns_reversed(tables: Tables) -> Tables:
    return {name: frame[frame.columns[::-1]] for name, frame in tables.items()}


def other_types(tables: Tables) -> Tables:
    sales = tables["sales"].astype({"sku": "category", "quantity": "float32"})
    sales["date"] = sales["date"].dt.strftime("%Y-%m-%d")
    return {**tables, "sales": sales, "items": tables["items"].astype({"sku": object})}


@pytest.mark.parametrize("change", [shuffled, columns_reversed, other_types])
def test_how_rows_are_written_down_changes_no_bit(
    tables: Tables, plain: Any, change: Callable[[Tables], Tables]
) -> None:
    assert same_plan(auto_planned(change(tables)), plain)


def test_the_number_of_threads_changes_no_bit(tables: Tables, plain: Any) -> None:
    for jobs in (2, 3):
        assert same_plan(auto_planned(tables, jobs=jobs), plain)


@pytest.mark.parametrize("rows", [1, 7, 500])
def test_other_row_groups_of_parquet_change_no_bit(tables: Tables, plain: Any, tmp_path: Path, rows: int) -> None:
    sales = tables["sales"].sample(frac=1, random_state=rows).head(700 if rows == 1 else None)
    if rows == 1:
        plain = auto_planned({**tables, "sales": sales})
    file = write_parquet(sales, tmp_path / "sales.parquet", row_group_size=rows)
    assert same_plan(auto_planned({**tables, "sales": file}), plain)


def test_smaller_batches_change_no_bit(
    tables: Tables, plain: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of 100 rows, and of a few kilobytes of CSV."""
    for module in ("frames", "parquet_files"):
        monkeypatch.setattr(f"pipelines.readers.{module}.BATCH_ROWS", 100)
    monkeypatch.setattr("pipelines.readers.text_files._BLOCK_BYTES", 4096)
    assert same_plan(auto_planned(tables), plain)
    file = write_csv(tables["sales"], tmp_path / "sales.csv")
    assert same_plan(auto_planned({**tables, "sales": file}), plain)
    file = write_parquet(tables["sales"], tmp_path / "sales.parquet")
    assert same_plan(auto_planned({**tables, "sales": file}), plain)


@pytest.mark.parametrize(
    ("place", "size"),
    [
        ("forecasting.fitted.SERIES_A_PIECE", 3),
        ("forecasting.blended._CELLS_AT_ONCE", 30_000),
        ("replenishment.simulation.engine._CELLS_A_PIECE", 2000),
        ("pipelines.jobs.levels._ITEMS_A_PIECE", 3),
    ],
)
def test_smaller_pieces_of_work_change_no_bit(
    tables: Tables, plain: Any, monkeypatch: pytest.MonkeyPatch, place: str, size: int
) -> None:
    monkeypatch.setattr(place, size)
    assert same_plan(auto_planned(tables), plain)


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_files_and_frames_of_the_same_data_are_the_same_plan(
    tables: Tables, plain: Any, tmp_path: Path, write: Callable[..., Path]
) -> None:
    suffix = ".csv" if write is write_csv else ".parquet"
    files = {name: write(frame, tmp_path / f"{name}{suffix}") for name, frame in tables.items()}
    assert same_plan(auto_planned(files), plain)


def test_the_same_plan_twice_is_the_same_and_another_seed_another(tables: Tables, plain: Any) -> None:
    assert same_plan(auto_planned(tables), plain)
    other = auto_planned(tables, seed=1).recommendations
    assert not other["demand_mean"].equals(plain.recommendations["demand_mean"])


def test_a_plan_changes_none_of_its_tables(tables: Tables) -> None:
    before = {name: frame.copy() for name, frame in tables.items()}
    auto_planned(tables)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_an_item_s_own_numbers_don_t_depend_on_the_others(tables: Tables) -> None:
    """With a model that shares nothing, one SKU planned alone gets the line that it gets among all."""
    among = planned(tables, model="bootstrap").recommendations
    alone = planned(only(tables, "NA"), model="bootstrap").recommendations
    among = among[among["sku"] == "NA"].reset_index(drop=True)
    pd.testing.assert_frame_equal(among.drop(columns="priority"), alone.drop(columns="priority"))


def test_identifiers_come_out_as_they_went_in(plain: Any) -> None:
    assert sorted(set(plain.recommendations["sku"])) == sorted(SKUS)
    assert set(plain.recommendations["location"]) == {"007", "NULL"}
    assert set(plain.recommendations["supplier"]) == {"S1", "None"}


def after(tables: Tables, opening: pd.Timestamp) -> pd.Series:
    return tables["sales"]["date"] >= opening


def test_sales_at_or_after_as_of_change_nothing_and_are_counted(tables: Tables) -> None:
    early = AS_OF - pd.Timedelta(days=70)
    late = after(tables, early)
    spoilt = tables["sales"].copy()
    spoilt.loc[late, "quantity"] *= 1000.0
    cut = auto_planned({**tables, "sales": tables["sales"][~late]}, as_of=early.date())
    assert cut.summary["sales_rows_after_as_of"] == 0
    for sales in (tables["sales"], spoilt):
        whole = auto_planned({**tables, "sales": sales}, as_of=early.date())
        assert same_plan(whole, cut)
        assert whole.summary["sales_rows_after_as_of"] == late.sum() > 0
        assert any("at or after as_of" in w for w in whole.summary["warnings"])
        assert whole.summary["as_of"] == str(early.date())


def test_receipts_after_as_of_are_open_orders_then_and_orders_after_it_change_nothing(tables: Tables) -> None:
    later = receipts("S1", [60] * 10)
    later["received_on"] = AS_OF + pd.to_timedelta(np.arange(10), unit="D")
    future = receipts("S1", [5] * 10)
    future[["ordered_on", "received_on"]] += pd.Timedelta(days=400)

    def known(*more: pd.DataFrame) -> Any:
        return auto_planned({**tables, "receipts": pd.concat([tables["receipts"], *more])}, as_of=AS_OF.date())

    assert same_plan(known(later), known(later.assign(received_on=pd.NaT)))
    assert same_plan(known(future), auto_planned(tables, as_of=AS_OF.date()))


def test_as_of_is_after_the_last_complete_period_unless_it_is_given(tables: Tables, plain: Any) -> None:
    assert plain.summary["as_of"] == str(AS_OF.date())
    assert same_plan(auto_planned(tables, as_of=AS_OF.date()), plain)


def test_daily_rows_are_planned_by_week_and_a_partial_week_is_left_out(tables: Tables, plain: Any) -> None:
    """Each week's quantity spread over two of its days, and two days of a week that is still running."""
    sales = only(tables, "NA", "null")["sales"]
    sunday = sales.assign(date=sales["date"] + pd.Timedelta(days=6), quantity=1.0)
    running = sales[sales["date"] == sales["date"].max()]
    running = running.assign(date=AS_OF, quantity=500.0)
    daily = pd.concat([sales, sunday, running])
    some = {**only(tables, "NA", "null"), "sales": daily}
    result = planned(some, frequency="W-MON")
    weekly = planned({**some, "sales": sales.assign(quantity=sales["quantity"] + 1.0)}, frequency="W-MON")
    assert same_plan(result, weekly)
    assert result.summary["sales_rows_in_partial_period"] == len(running)
    assert any("is not complete and was left out" in w for w in result.summary["warnings"])


@pytest.mark.parametrize("frequency", ["D", "W-SUN", "MS"])
def test_other_frequencies_keep_the_invariants(tables: Tables, frequency: str) -> None:
    sales = only(tables, "NA", "null", "123")["sales"]
    sales["date"] = {
        "D": AS_OF - pd.to_timedelta(AS_OF - sales["date"]) / 7, "W-SUN": sales["date"] - pd.Timedelta(days=1),
        "MS": sales["date"],
    }[frequency]  # fmt: skip
    some = {**only(tables, "NA", "null", "123"), "sales": sales}
    result = auto_planned(some, **({"frequency": "MS"} if frequency == "MS" else {}))
    assert result.summary["frequency"] == frequency
    assert result.summary["items"] == 6


@pytest.fixture(scope="module")
def spoilt_rows(tables: Tables) -> pd.DataFrame:
    """Bad rows about SKU 123 and an unknown one."""
    date = "2025-04-28"
    return pd.DataFrame(
        [
            ("123", "007", "2026-02-30", "1", "not_a_date"), ("123", "007", "03/04/2026", "1", "not_a_date"),
            ("123", "007", date, "-1", "negative_quantity"), ("123", "007", date, "", "missing_value"),
            ("123", "007", date, "inf", "not_a_number"), ("Z", "007", date, "1", "unknown_sku"),
            ("", "007", date, "1", "missing_value"), ("123", "007", "9999-12-31", "1", "out_of_range"),
        ],
        columns=["sku", "location", "date", "quantity", "code"],
    )  # fmt: skip


def test_bad_rows_are_set_aside_and_touch_no_other_item(
    tables: Tables, spoilt_rows: pd.DataFrame, tmp_path: Path
) -> None:
    """Injected at known lines; all other lines of the plan stay as they were, to the bit, with an unpooled model."""
    clean = tables["sales"].assign(date=tables["sales"]["date"].dt.strftime("%Y-%m-%d"))
    clean["quantity"] = clean["quantity"].astype(str)
    places = np.arange(len(spoilt_rows)) * 97 + 13
    dirty = pd.DataFrame(
        np.insert(clean.astype(object).to_numpy(), places - np.arange(len(places)), spoilt_rows.iloc[:, :4], 0)
    )
    dirty.columns = clean.columns
    file = write_csv(dirty, tmp_path / "sales.csv")
    result = planned({**tables, "sales": file}, model="bootstrap")
    wanted = {(line + 2, code) for line, code in zip(places, spoilt_rows["code"], strict=True)}
    assert set(zip(result.quarantine["line"], result.quarantine["code"], strict=True)) == wanted
    assert len(result.quarantine) == len(wanted)
    assert (result.quarantine["file"] == str(file)).all()
    assert result.summary["rows_quarantined"] == len(wanted)
    untouched = result.recommendations["sku"] != "123"
    base = planned(tables, model="bootstrap")
    for name in ("recommendations", "policy", "forecast"):
        pd.testing.assert_frame_equal(
            getattr(result, name)[untouched].drop(columns="priority", errors="ignore"),
            getattr(base, name)[untouched].drop(columns="priority", errors="ignore"),
        )


def test_all_rows_of_a_doubled_key_are_set_aside_and_their_cell_is_not_known(tables: Tables) -> None:
    some = only(tables, "NA", "123")
    twice = pd.concat([some["sales"], some["sales"].iloc[[5]].assign(quantity=999.0)], ignore_index=True)
    result = planned({**some, "sales": twice})
    assert result.quarantine[["table", "line", "code"]].to_numpy().tolist() == [
        ["sales", 7, "duplicate_key"],
        ["sales", len(twice) + 1, "duplicate_key"],
    ]
    panel = made({**some, "sales": twice}).panel
    row = some["sales"].iloc[5]
    where = panel.keys.index((row["sku"], row["location"])), 5
    assert panel.status[where] == CellStatus.MISSING
    assert (panel.status == CellStatus.MISSING).sum() == 1


@pytest.mark.parametrize(("rule", "quantity"), [("sum", 14.0), ("last", 9.0)])
def test_doubled_keys_follow_the_declared_rule(rule: str, quantity: float) -> None:
    tables = one_item([5.0] * 20, lead_time_days=7.0)
    twice = pd.concat([tables["sales"], tables["sales"].iloc[[3]].assign(quantity=9.0)])
    plan_made = made({**tables, "sales": twice}, duplicates=rule)
    assert plan_made.panel.quantity[0, 3] == quantity
    assert plan_made.tables.findings.rows == []
    with pytest.raises(InputError, match="several rows on one day"):
        made({**tables, "sales": twice}, duplicates="error")


@pytest.mark.parametrize("quantity", [np.nan, -4.0, np.inf])
def test_a_quantity_that_was_set_aside_is_no_demand_of_zero(quantity: float) -> None:
    tables = one_item([5.0] * 40, lead_time_days=7.0)
    tables["sales"].loc[3, "quantity"] = quantity
    assert made(tables).panel.status[0, 3] == CellStatus.MISSING


def test_a_missing_quantity_that_is_declared_unknown_is_not_recorded() -> None:
    tables = one_item([5.0] * 40, lead_time_days=7.0)
    tables["sales"].loc[3, "quantity"] = np.nan
    assert made(tables, missing_quantity="unknown").panel.status[0, 3] == CellStatus.MISSING


def test_a_period_without_a_row_follows_the_declared_rule() -> None:
    tables = one_item([5.0] * 20, lead_time_days=7.0)
    tables["sales"] = tables["sales"].drop(index=[3, 4])
    assert (made(tables).panel.status[0] == CellStatus.OBSERVED).all()
    assert np.flatnonzero(made(tables, gaps="missing").panel.status[0] == CellStatus.MISSING).tolist() == [3, 4]


def test_out_of_stock_is_not_zero() -> None:
    """Empty shelves for half of the time: the forecast is of what was demanded when there was something to buy."""
    random = np.random.default_rng(0)
    sold = random.poisson(20.0, 60).astype(float)
    tables = one_item(sold.tolist(), lead_time_days=14.0)
    full = auto_planned(tables, paths=1000).recommendations["demand_mean"][0]
    empty = np.arange(60) % 2 == 1
    tables["sales"].loc[empty, "quantity"] = 0.0
    naive = auto_planned(tables, paths=1000).recommendations["demand_mean"][0]
    tables["sales"]["in_stock"] = ~empty
    told = auto_planned(tables, paths=1000)
    assert told.recommendations["demand_mean"][0] == pytest.approx(full, rel=0.15)
    assert naive < 0.75 * full
    assert told.forecast["periods_out_of_stock"][0] == 30


@pytest.mark.parametrize("measure", ["backorder_rate", "fill_rate", "cycle_service_level", "ready_rate"])
def test_a_higher_target_never_means_less_stock(tables: Tables, measure: str) -> None:
    some = only(tables, *SKUS[:8])
    levels = []
    for service in (0.8, 0.95, 0.99, 0.999):
        target = 1.0 - service if measure == "backorder_rate" else service
        levels.append(planned(some, measure=measure, target=target, simulation_paths=0).recommendations)
    for low, high in pairwise(levels):
        for name in ("reorder_point", "order_up_to", "safety_stock"):
            assert (high[name] >= low[name] - 1e-9).all(), name
    assert (levels[-1]["order_up_to"] > levels[0]["order_up_to"]).sum() >= 10


@pytest.mark.parametrize("unmet", ["backorder", "lost"])
@pytest.mark.parametrize("measure", ["backorder_rate", "cost"])
def test_lost_sales_and_cost_are_modes_that_keep_the_invariants(tables: Tables, measure: str, unmet: str) -> None:
    items = tables["items"].assign(shortage_cost=20.0, holding_rate=0.3)
    result = auto_planned({**tables, "items": items}, measure=measure, unmet_demand=unmet)
    assert set(result.policy["unmet_demand"]) == {unmet}
    assert (result.recommendations["order_quantity"] > 0).any()


def test_lost_sales_never_order_more_than_backorders_would(tables: Tables) -> None:
    """What is lost before an order arrives need not be replaced."""
    some = {**tables, "stock": tables["stock"].assign(on_hand=0.0)}
    backorder = planned(some, policy="order_up_to", simulation_paths=0).recommendations
    lost = planned(some, policy="order_up_to", unmet_demand="lost", simulation_paths=0).recommendations
    assert (lost["order_quantity"] <= backorder["order_quantity"] + 1e-9).mean() > 0.9
    assert lost["order_quantity"].sum() < backorder["order_quantity"].sum()


def test_dozens_instead_of_eaches_scale_the_plan() -> None:
    """A twelfth of every quantity, twelve times the unit cost: the same plan, measured in dozens."""
    random = np.random.default_rng(3)
    rate = [60.0, 150.0, 400.0, 90.0]
    weeks = pd.date_range(end=AS_OF - pd.Timedelta(days=7), periods=70, freq="7D")
    frames = [
        pd.DataFrame({"sku": f"A{k}", "date": weeks, "quantity": random.poisson(r, 70) * 1.0})
        for k, r in enumerate(rate)
    ]
    sales = pd.concat(frames)
    items = pd.DataFrame(
        {"sku": [f"A{k}" for k in range(4)], "lead_time_days": 14.0, "unit_cost": 2.0, "order_cost": 9.0}
    )
    stock = pd.DataFrame({"sku": items["sku"], "on_hand": np.array(rate) * 2})
    each = planned({"sales": sales, "items": items, "stock": stock}, paths=400)
    dozen = planned(
        {
            "sales": sales.assign(quantity=sales["quantity"] / 12),
            "items": items.assign(unit_cost=24.0),
            "stock": stock.assign(on_hand=stock["on_hand"] / 12),
        },
        paths=400,
    )
    assert (each.policy["policy"] == dozen.policy["policy"]).all()
    for name in ("demand_mean", "reorder_point", "order_up_to", "economic_order_quantity"):
        np.testing.assert_allclose(
            dozen.recommendations[name] * 12, each.recommendations[name], rtol=0.01, atol=3.0, err_msg=name
        )
    np.testing.assert_allclose(
        dozen.recommendations["order_value"], each.recommendations["order_value"], rtol=0.05, atol=6.0
    )


def test_rules_change_the_plan_of_the_items_they_are_about(tables: Tables) -> None:
    """With a model that learns from one item alone: the weights of a combination are learned from all that have it."""
    plain = planned(tables, model="exponential_smoothing")
    rules = [
        {"where": {"category": "paint"}, "set": {"target": 0.2}},
        {"where": {"class": "lumpy"}, "set": {"model": "sba"}},
    ]
    result = planned(tables, rules=rules, model="exponential_smoothing")
    paint = (tables["items"].sort_values(KEY)["category"] == "paint").to_numpy()
    assert (result.policy["target"].to_numpy() == np.where(paint, 0.2, 0.02)).all()
    assert result.recommendations["rule"].str.contains("category=paint").to_numpy().tolist() == paint.tolist()
    lumpy = (result.forecast["class"] == "lumpy").to_numpy()
    assert (result.recommendations["model"][lumpy] == "sba").all()
    left = ~paint & ~lumpy
    for name in ("order_up_to", "order_quantity", "model", "rule"):
        assert (result.recommendations[name][left] == plain.recommendations[name][left]).all(), name
    assert (result.recommendations["order_up_to"] <= plain.recommendations["order_up_to"])[paint & ~lumpy].all()


def test_items_that_never_sold_are_planned_as_new(tables: Tables) -> None:
    items = pd.concat([tables["items"], pd.DataFrame({"sku": ["unsold"], "location": ["007"]})])
    result = auto_planned({**tables, "items": items})
    line = result.recommendations.set_index("sku").loc["unsold"]
    assert line["status"] in ("new", "needs planner")
    assert line["order_quantity"] == 0


def test_without_an_items_table_every_sku_that_sold_is_planned_with_the_defaults(tables: Tables) -> None:
    result = planned({"sales": tables["sales"]}, defaults={"lead_time_days": 14, "unit_cost": 3.0})
    assert len(result.recommendations) == 28
    assert set(result.policy["lead_time_source"]) == {"stated, defaults"}
    assert (result.recommendations["order_quantity"] > 0).sum() >= 20


def test_without_any_lead_time_nothing_is_ordered_and_the_remedy_is_said(tables: Tables) -> None:
    lines = planned({"sales": tables["sales"]}).recommendations
    assert lines["order_quantity"].sum() == 0
    sold = lines["status"] != "new"
    assert (lines["status"][sold] == "needs planner").all()
    assert lines["reason"][sold].str.contains("give items.lead_time_days").all()


def test_stale_sales_are_refused_and_late_ones_warned_of(tables: Tables) -> None:
    late = planned(tables, as_of=(AS_OF + pd.Timedelta(days=28)).date())
    assert late.summary["as_of"] == "2025-06-02"
    assert any("2025-05-05" in w and "not recorded" in w for w in late.summary["warnings"])
    with pytest.raises(InputError, match="max_data_age_days"):
        planned(tables, as_of=(AS_OF + pd.Timedelta(days=70)).date())
    with pytest.raises(RestockError, match="is no opening of frequency W-MON; use 2025-05-05 or 2025-05-12"):
        planned(tables, as_of=day("2025-05-06"))


@pytest.mark.parametrize("value", [0.0, 1.0, 95.0, -0.1])
def test_an_item_s_impossible_target_is_set_aside_or_refused_with_a_message(tables: Tables, value: float) -> None:
    items = tables["items"].copy()
    items["target"] = np.nan
    items.loc[0, "target"] = value
    try:
        result = planned({**tables, "items": items})
    except RestockError as refused:
        assert "target" in str(refused)  # noqa: PT017
        return
    found = result.quarantine[result.quarantine["table"] == "items"]
    assert found[["line", "column", "code"]].to_numpy().tolist() == [[2, "target", "out_of_range"]]


def test_a_lead_time_of_half_a_period_is_set_aside(tables: Tables) -> None:
    items = tables["items"].assign(lead_time_periods=[0.5] + [np.nan] * 27)
    found = planned({**tables, "items": items}).quarantine
    found = found[found["table"] == "items"]
    assert found[["line", "column", "value", "code"]].to_numpy().tolist() == [
        [2, "lead_time_periods", "0.5", "out_of_range"]
    ]


def refused_configuration(tables: Tables, **changes: Any) -> str:
    """The message with which a configuration is refused, wherever that happens, always with exit code 2."""
    with pytest.raises(ConfigurationError) as refused:
        make_plan(Inputs(**tables), PlanConfig.make({**QUICK, **changes}, "restock.toml"))
    assert refused.value.exit_code == 2
    return str(refused.value)


@pytest.mark.parametrize(
    "changes", [{"model": "prophet"}, {"rules": [{"where": {}, "set": {"model": "prophet"}}]}], ids=str
)
def test_an_unknown_model_is_refused_with_the_names_of_those_there_are(tables: Tables, changes: dict[str, Any]) -> None:
    text = refused_configuration(tables, **changes)
    assert "'prophet'" in text
    assert "exponential_smoothing" in text


def test_an_unknown_frequency_is_a_mistake_in_the_configuration(tables: Tables) -> None:
    assert "W-MON" in refused_configuration(tables, frequency="W")


@pytest.mark.parametrize(
    "defaults",
    [{"lead_time_days": -1}, {"lead_time_days": "soon"}, {"target": 95}, {"pack_size": 0}, {"lead_time": 3}],
    ids=str,
)
def test_defaults_are_held_to_the_limits_of_the_items_table(tables: Tables, defaults: dict[str, Any]) -> None:
    assert next(iter(defaults)) in refused_configuration(tables, defaults=defaults)


def test_least_cost_needs_both_costs(tables: Tables) -> None:
    assert "shortage_cost" in refused_configuration(tables, measure="cost")
    unpriced = {**tables, "items": tables["items"].drop(columns="unit_cost").assign(shortage_cost=1.0)}
    assert "unit_cost" in refused_configuration(unpriced, measure="cost")


def test_nothing_is_ordered_that_arrives_after_the_end_of_an_item() -> None:
    tables = one_item([20.0] * 60, lead_time_days=14.0, unit_cost=2.0, discontinued_on=AS_OF + pd.Timedelta(days=7))
    assert planned(tables).recommendations["order_quantity"][0] == 0


def test_an_item_that_ends_soon_is_ordered_for_what_is_left_of_its_life() -> None:
    """20 a week for five weeks: 100 units, and not the economic quantity of 914."""
    end = AS_OF + pd.Timedelta(days=35)
    tables = one_item([20.0] * 60, lead_time_days=14.0, unit_cost=2.0, order_cost=200.0, discontinued_on=end)
    assert planned(tables).recommendations["order_quantity"][0] <= 110


def test_periods_without_stock_stay_censored_where_a_rule_says_that_demand_is_lost() -> None:
    """At 007 customers leave, at NULL they wait: with orders on record only NULL's empty shelves hide nothing."""
    some = only(small_shop(), "NA", "null")
    some["sales"]["in_stock"] = some["sales"].index % 10 != 0
    rules = [{"where": {"location": "007"}, "set": {"unmet_demand": "lost"}}]
    panel = made(some, quantity_basis="ordered", rules=rules).panel
    censored = (panel.status == CellStatus.OUT_OF_STOCK).sum(axis=1)
    assert [count > 0 for count in censored] == [place == "007" for place in panel.locations]


def test_demand_over_a_long_interval_stays_near_what_was_ever_seen() -> None:
    """In three years of days with gaps, 61 of them brought 601 units at most; no level may drift far beyond."""
    days = pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=1095)
    sold = np.random.default_rng(0).negative_binomial(2, 2 / 9, len(days)).astype(float)
    for first in range(60, len(days), 110):
        sold[first : first + 20] = 0.0
    tables = {
        "sales": pd.DataFrame({"sku": "A", "date": days, "quantity": sold}),
        "items": pd.DataFrame({"sku": ["A"], "lead_time_days": [54.0], "review_days": [7.0]}),
    }
    forecast = auto_planned(tables, paths=400).forecast.iloc[0]
    seen = np.convolve(sold, np.ones(61), "valid")
    assert forecast["q0.99"] < 1.5 * seen.max()


def test_nothing_is_ordered_of_an_item_that_has_ended_or_is_held() -> None:
    for item in ({"discontinued_on": AS_OF}, {"hold": True}):
        tables = one_item([20.0] * 60, lead_time_days=14.0, **item)
        line = planned(tables).recommendations.iloc[0]
        assert line["order_quantity"] == 0
        assert line["reason"] in ("discontinued", "items.hold is set")


def test_a_sales_row_far_ahead_of_all_others_is_not_taken_in_silence() -> None:
    tables = one_item([20.0] * 60, lead_time_days=14.0)
    stray = tables["sales"].iloc[[-1]].assign(date=pd.Timestamp("2042-05-05"))
    tables["sales"] = pd.concat([tables["sales"], stray], ignore_index=True)
    try:
        summary = planned(tables).summary
    except InputError:
        return
    assert any("2042" in w for w in summary["warnings"])


def test_a_row_of_stock_that_was_set_aside_is_said(tables: Tables) -> None:
    """The plan goes on with a stock of 0: the reader must be told."""
    stock = tables["stock"].copy()
    stock.loc[2, "on_hand"] = np.inf
    result = planned({**tables, "stock": stock})
    assert result.quarantine[["table", "line", "column"]].to_numpy().tolist() == [["stock", 4, "on_hand"]]
    assert any("stock: 1 items have no row" in w for w in result.summary["warnings"])


@pytest.mark.parametrize("table", ["items", "suppliers", "receipts", "stock", "open_orders"])
def test_every_table_but_sales_can_be_left_out(tables: Tables, table: str) -> None:
    rest = {name: frame for name, frame in tables.items() if name != table}
    assert planned(rest, defaults={"lead_time_days": 14}).summary["items"] == 28


def test_plan_is_pure(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes nothing into the working folder and asks no clock for the date."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.time", lambda: pytest.fail("looked at the clock"))
    plan(Inputs(**only(tables, "NA")), settings(), jobs=1)
    assert list(tmp_path.iterdir()) == []
