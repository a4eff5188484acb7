"""What must hold of every plan that is published, whatever went in. Called on every plan that a test makes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines import PlanConfig, PlanResult
from pipelines.jobs.frames import STATUSES
from pipelines.quarantine import Quarantined

KEY = ["sku", "location"]
NOT_NEGATIVE = [
    "order_quantity", "need", "order_up_to", "on_hand", "on_order", "backordered", "allocated", "demand_mean",
    "demand_quantile", "excess", "units_at_risk",
]  # fmt: skip
FINITE = [
    *NOT_NEGATIVE, "reorder_point", "safety_stock", "inventory_position", "position_in_time", "expected_backorder_rate",
    "stock_out_probability",
]  # fmt: skip
MAY_BE_UNKNOWN = ["economic_order_quantity", "unit_cost", "order_value", "days_of_cover", "days_of_cover_after"]
CONTRACT = [
    *KEY, "supplier", "status", "order_quantity", "need", "order_date", "arrival_date", "reorder_point", "order_up_to",
    "safety_stock", "economic_order_quantity", "on_hand", "on_order", "next_arrival_date", "backordered",
    "inventory_position", "demand_mean", "demand_quantile", "days_of_cover", "excess", "expected_backorder_rate",
    "unit_cost", "order_value", "priority", "reason", "rule", "model",
]  # fmt: skip
CODES = {
    "duplicate_key", "fractional_pieces", "hidden_character", "identifier_too_long", "missing_value",
    "negative_quantity", "not_a_date", "not_a_flag", "not_a_number", "out_of_range", "row_too_long", "row_too_short",
    "unknown_item", "unknown_sku",
    "mixed_units",
    # of outside forecasts
    "level_or_path", "missing_path", "missing_period", "mixed_forecast", "other_as_of", "quantiles_cross",
    "too_few_levels", "too_few_paths", "too_short",
}  # fmt: skip
EPSILON = 1e-9


def check_plan(result: PlanResult, config: PlanConfig, items: Any = None) -> None:
    """Check everything; ``items`` is the items table as a frame, where a test has it at hand."""
    lines, policy = result.recommendations, result.policy
    check_rows(result)
    check_numbers(lines)
    check_forecast(result.forecast, lines)
    check_position(lines)
    check_orders(lines, policy)
    check_order_lines(result, config)
    check_service(lines, policy)
    check_words(lines)
    check_quarantine(result.quarantine)
    check_simulation(result, config)
    check_summary(result, config)
    if isinstance(items, pd.DataFrame):
        check_items_are_there(lines, items, result.quarantine)


def check_rows(result: PlanResult) -> None:
    """Every item occurs exactly once, sorted, in the same order in all frames, its identifiers text."""
    keys = list(result.recommendations[KEY].itertuples(index=False, name=None))
    assert keys == sorted(set(keys))
    assert all(type(text) is str and text for key in keys for text in key)
    for frame in (result.policy, result.forecast):
        assert list(frame[KEY].itertuples(index=False, name=None)) == keys
    if len(result.simulation):
        # Items for which nothing may be ordered need not be simulated.
        simulated = set(result.simulation[KEY].itertuples(index=False, name=None))
        assert [key for key in keys if key in simulated] == list(
            result.simulation[KEY].itertuples(index=False, name=None)
        )
        ordered = result.recommendations[result.recommendations["order_quantity"] > 0]
        assert set(ordered[KEY].itertuples(index=False, name=None)) <= simulated
    assert not set(CONTRACT) - set(result.recommendations.columns)


def check_items_are_there(lines: pd.DataFrame, items: pd.DataFrame, quarantine: pd.DataFrame) -> None:
    """Every item that was not set aside has a line."""
    aside = set(quarantine.loc[quarantine["table"] == "items", "line"])
    good = items.loc[[line not in aside for line in range(2, len(items) + 2)], "sku"].astype(str)
    assert set(good) <= set(lines["sku"])


def check_numbers(lines: pd.DataFrame) -> None:
    """Numbers are finite, and what counts units is not negative; only what can be unknown may be empty."""
    for name in FINITE:
        assert np.isfinite(lines[name].to_numpy(float)).all(), name
    for name in NOT_NEGATIVE:
        assert (lines[name] >= 0).all(), name
    for name in MAY_BE_UNKNOWN:
        known = lines[name].dropna().to_numpy(float)
        assert np.isfinite(known).all(), name
        assert (known >= 0).all(), name
    for name in ("expected_backorder_rate", "stock_out_probability"):
        assert lines[name].between(0, 1).all(), name


def check_forecast(forecast: pd.DataFrame, lines: pd.DataFrame) -> None:
    """Quantiles rise with their probability from 0 on, and the line shows the one of 95 %."""
    quantiles = forecast[["q0.5", "q0.9", "q0.95", "q0.99"]].to_numpy(float)
    assert np.isfinite(quantiles).all()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (lines["demand_quantile"].to_numpy() == quantiles[:, 2]).all()
    assert (lines["demand_mean"].to_numpy() == forecast["demand_mean"].to_numpy()).all()


def check_position(lines: pd.DataFrame) -> None:
    """The inventory position adds up: what waits and what is allocated are subtracted once."""
    net = lines["on_hand"] - np.maximum(lines["backordered"], lines["allocated"])
    np.testing.assert_allclose(lines["inventory_position"], net + lines["on_order"], atol=1e-9)
    assert (lines["next_arrival_date"].notna() == (lines["on_order"] > 0)).all()


def check_orders(lines: pd.DataFrame, policy: pd.DataFrame) -> None:
    """An order is nothing, or whole packs of at least the minimum within the maximum; it is dated and valued."""
    order = lines["order_quantity"].to_numpy(float)
    placed = order > 0
    # What suppliers, budget, storage or shelf life changed is checked with the order lines and told in the reason.
    plain = (lines["adjustment"] == "").to_numpy()
    single = ~lines["adjustment"].str.contains("split").to_numpy()
    assert whole_packs(order, policy["pack_size"].to_numpy(float))[single].all()
    assert (order >= policy["moq"].to_numpy(float) - EPSILON)[placed & single].all()
    over = lines["inventory_position"].to_numpy() + order > policy["max_stock"].fillna(np.inf).to_numpy() + EPSILON
    flagged = lines["reason"].str.contains("max_stock").to_numpy()
    assert not (placed & over & ~flagged).any()
    no_room = lines["reason"].str.contains("max_stock leaves no room").to_numpy()
    assert (placed == ((lines["need"].to_numpy() > 0) & ~no_room))[plain].all()
    assert policy["max_stock"].notna().to_numpy()[no_room].all()
    # At least cost of lost sales the cheaper of the lots above and below is ordered, not always the one above.
    cheaper = (policy["measure"] == "cost") & (policy["unmet_demand"] == "lost")
    least = lines["need"].to_numpy() - np.where(cheaper, policy["lot"], 0.0) - 1e-6
    assert ((order >= least) | policy["max_stock"].notna().to_numpy())[plain].all()
    for name in ("order_date", "arrival_date"):
        assert (lines[name].notna().to_numpy() == placed).all(), name
    assert (lines["arrival_date"] >= lines["order_date"])[placed].all()
    np.testing.assert_allclose(lines["order_value"], order * lines["unit_cost"])
    stopped = lines["status"].isin(["discontinued", "needs planner", "new", "on hold"]).to_numpy()
    below = (lines["position_in_time"] <= lines["reorder_point"]).to_numpy()
    held = lines["reason"].isin(["items.hold is set", "discontinued"]).to_numpy() | stopped
    assert ((placed | no_room) == below)[~held & plain].all()
    assert not placed[held].any()


def check_order_lines(result: PlanResult, config: PlanConfig) -> None:
    """The lines add up to the recommendations, each supplier's total is told, and no budget is exceeded."""
    lines, orders, packs = result.recommendations, result.order_lines, result.next_packs
    assert (orders["order_quantity"] > 0).all()
    assert not orders.duplicated([*KEY, "supplier"]).any()
    summed = lines[KEY].merge(orders.groupby(KEY)["order_quantity"].sum().reset_index(), "left", on=KEY)
    np.testing.assert_allclose(summed["order_quantity"].fillna(0.0), lines["order_quantity"])
    assert np.isclose(orders["order_value"].sum(), lines["order_value"].sum())
    one = orders.merge(lines, on=KEY, suffixes=("", "_line")).loc[lambda x: ~x["adjustment"].str.contains("split")]
    for name in ("order_date", "arrival_date", "supplier"):
        assert (one[name].fillna("") == one[f"{name}_line"].fillna("")).all(), name
    told = pd.DataFrame(result.summary["supplier_orders"])
    if len(told):
        value = orders.groupby(["supplier", orders["order_date"].astype(str).str[:10]])["order_value"].sum()
        for row in told.itertuples():
            assert np.isclose(value.get((row.supplier, row.order_date), 0.0), row.value)
            assert row.decision in ("met", "raised", "waits", "below")
            assert (row.decision in ("met", "raised")) == (row.value >= row.min_order_value * (1 - EPSILON))
    if config.budget is not None:
        assert orders["order_value"].notna().all()
        spent = result.summary["budget"]["spent"]
        assert spent <= min(config.budget, orders["order_value"].sum()) * (1 + EPSILON)
        within = packs["cumulative_cost"] <= config.budget * (1 + 1e-12)
        assert within[packs["within_budget"]].all()
        # What the budget would allow, the storage of its location may not hold.
        assert config.storage_capacity is not None or (within == packs["within_budget"]).all()
    for name in ("units", "cost", "backorders_avoided"):
        assert (packs[name] >= 0).all(), name


def whole_packs(order: npt.NDArray[np.float64], pack: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    size = np.where(np.isnan(pack), 1.0, pack)
    return np.isnan(pack) | (np.abs(order / size - np.rint(order / size)) < 1e-6)


def check_service(lines: pd.DataFrame, policy: pd.DataFrame) -> None:
    """Levels are in order, safety stock is what is left above mean demand, and the promise keeps the target."""
    assert (policy["order_up_to"] >= policy["reorder_point"]).all()
    level = np.where(policy["policy"] == "order_up_to", policy["order_up_to"], policy["reorder_point"])
    np.testing.assert_allclose(lines["safety_stock"], level - lines["demand_mean"], atol=1e-6)
    bound = (policy["measure"] == "backorder_rate") & (policy["unmet_demand"] == "backorder")
    assert (policy["expected_backorder_rate"] <= policy["target"] + EPSILON)[bound].all()
    filled = (policy["measure"] == "fill_rate") & (policy["unmet_demand"] == "backorder")
    assert (policy["expected_backorder_rate"] <= 1.0 - policy["target"] + EPSILON)[filled].all()
    ready = policy["measure"] == "ready_rate"
    assert (policy["expected_ready_rate"] >= policy["target"] - EPSILON)[ready].all()


def check_words(lines: pd.DataFrame) -> None:
    """Every line has a known status, a reason, the rule behind it, and a rank of its own, worst status first."""
    assert lines["status"].isin(STATUSES).all()
    for name in ("reason", "rule", "model"):
        assert lines[name].str.len().gt(0).all(), name
    assert sorted(lines["priority"]) == list(range(1, len(lines) + 1))
    ranked = lines.sort_values("priority")["status"].map(STATUSES.index)
    assert ranked.is_monotonic_increasing
    explained = lines["reason"].str.contains("safety stock is negative")
    quiet = lines["status"].isin(["discontinued", "needs planner", "new", "on hold"]) | lines["reason"].eq(
        "items.hold is set"
    )
    assert (explained == (lines["safety_stock"] < 0))[~quiet].all()


def check_quarantine(rows: pd.DataFrame) -> None:
    """Every row set aside says where it stands, what is wrong and what to do."""
    assert list(rows.columns) == [f.name for f in fields(Quarantined)]
    assert set(rows["code"]) <= CODES
    assert (rows["line"] >= 2).all()
    for name in ("message", "hint"):
        assert rows[name].str.len().gt(0).all()


def check_simulation(result: PlanResult, config: PlanConfig) -> None:
    """Rates are rates, complements add up, and nothing is lost where customers wait."""
    kpis = result.simulation
    if not len(kpis):
        assert config.simulation_paths == 0 or not result.recommendations["order_quantity"].any()
        return
    for name in ("backorder_rate", "fill_rate", "period_backorder_rate", "cycle_service_level", "ready_rate"):
        assert kpis[name].dropna().between(0, 1).all(), name
    np.testing.assert_allclose(kpis["fill_rate"], 1.0 - kpis["backorder_rate"])
    assert (kpis["backorder_rate"].isna() == (kpis["demand"] == 0)).all()
    modes = kpis[KEY].merge(result.policy[[*KEY, "unmet_demand"]], on=KEY)["unmet_demand"]
    assert (kpis["lost_units"] == 0)[modes == "backorder"].all()
    assert (kpis["mean_backorders"] == 0)[modes == "lost"].all()


def check_summary(result: PlanResult, config: PlanConfig) -> None:
    """The summary counts what the frames hold."""
    lines, summary = result.recommendations, result.summary
    assert summary["items"] == len(lines) == sum(summary["statuses"].values()) == sum(summary["models"].values())
    assert summary["order_lines"] == (lines["order_quantity"] > 0).sum()
    assert np.isclose(summary["order_units"], lines["order_quantity"].sum())
    if summary["order_value"] is not None:
        assert np.isclose(summary["order_value"], lines["order_value"].sum())
    assert np.isclose(summary["backordered_units"], lines["backordered"].sum())
    assert summary["rows_quarantined"] == len(result.quarantine)
    assert 0 <= summary["expected_backorder_rate"] <= 1
    assert summary["sales_rows_used"] <= summary["sales_rows"]
    assert (summary["simulated_backorder_rate"] is None) == (config.simulation_paths == 0)
