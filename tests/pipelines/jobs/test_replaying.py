"""A replay: planned from what was known, met by what came, and counted to the last unit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, ReplayResult, replay
from pipelines.errors import ConfigurationError
from pipelines.jobs import replaying
from pipelines.jobs.replaying import replay_paths
from tests.pipelines.shop import AS_OF, Tables, receipts, settings, small_shop

WEEKS = 16
START, END = AS_OF - pd.Timedelta(weeks=WEEKS), AS_OF - pd.Timedelta(weeks=1)
# One simple model: what these tests look at does not depend on the forecast.
PLAIN: dict[str, Any] = {"frequency": "W-MON", "model": "exponential_smoothing", "target": 0.1}
# Nor on a look back, which makes as many reviews again.
UNCORRECTED: dict[str, Any] = {"correction": "none"}


def run(tables: Tables, start: Any = START, end: Any = END, stock: Any = None, **changes: Any) -> ReplayResult:
    inputs = {name: frame for name, frame in tables.items() if name != "stock"}
    config = settings(**{**PLAIN, **changes})
    return replay(Inputs(**inputs), config, start.date(), end.date(), stock, jobs=1)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return small_shop()


@pytest.fixture(scope="module")
def result(tables: Tables) -> ReplayResult:
    return run(tables)


def test_units_are_conserved_and_the_demand_is_the_recorded_one(tables: Tables, result: ReplayResult) -> None:
    trace = result.trace
    sold = tables["sales"].pivot_table(index=["sku", "location"], columns="date", values="quantity")
    sold = sold.loc[[tuple(key) for key in trace.items[["sku", "location"]].to_numpy()], trace.dates]
    np.testing.assert_allclose(trace.demanded, sold.to_numpy(), atol=1e-4)
    before = np.concatenate([np.zeros((len(sold), 1)), trace.waiting[:, :-1]], axis=1)
    filled_later = before + trace.backordered - trace.waiting
    assert (filled_later >= -1e-9).all()
    assert filled_later.sum() > 0
    change = trace.stock[:, 1:] - trace.stock[:, :-1]
    np.testing.assert_allclose(change, (trace.received - trace.filled - filled_later)[:, 1:], atol=1e-6)
    np.testing.assert_allclose(trace.demanded, trace.filled + trace.backordered + trace.lost, atol=1e-9)


def test_service_is_the_ratio_of_sums_over_measured_periods(result: ReplayResult) -> None:
    items, trace, total = result.items, result.trace, result.service.iloc[0]
    known = items[items["demanded_before"]]
    assert total["group"] == "total"
    assert total["achieved"] == pytest.approx(known["units_backordered"].sum() / known["units_demanded"].sum())
    by_period = result.periods[["measured_short", "measured_demanded"]].sum()
    assert tuple(by_period) == pytest.approx((total["units_backordered"], total["units_demanded"]))
    assert (result.periods["measured_demanded"] <= result.periods["demanded"] + 1e-9).all()
    weights = known["units_forecast"]
    assert total["promised"] == pytest.approx((known["promised"].fillna(0.0) * weights).sum() / weights.sum())
    assert 0 <= total["low"] <= total["achieved"] <= total["high"] <= 1
    # By hand for one item: after its warm-up, units short of units demanded.
    i = int(np.flatnonzero(items["units_backordered"] > 0)[0])
    w = int(trace.warm_up[i])
    assert items["achieved"][i] == pytest.approx(
        (trace.demanded - trace.filled)[i, w:].sum() / trace.demanded[i, w:].sum()
    )
    assert result.service["group"].tolist()[-1] == "history"
    by_class = result.service[result.service["group"] == "class"]
    assert by_class["units_demanded"].sum() == pytest.approx(total["units_demanded"])


def test_orders_come_after_their_lead_time_and_are_made_by_the_plan(tables: Tables) -> None:
    result = run(
        tables, replay_lead_times="planned", lead_times="stated", defaults={"lead_time_days": 14}, **UNCORRECTED
    )
    trace = result.trace
    for i in range(len(trace.items)):
        placed = np.flatnonzero(trace.ordered[i])
        arrived = np.flatnonzero(trace.received[i])
        due = placed + int(trace.protection[i]) - 1
        assert arrived.tolist() == sorted(due[due < len(trace.dates)].tolist())
    assert int(trace.lines.sum()) == result.reviews["order_lines"].sum()
    assert result.periods["ordered"].sum() == pytest.approx(result.reviews["order_units"].sum())


def absurd(tables: Tables, as_of: pd.Timestamp) -> Tables:
    """The same tables with nonsense in everything that lies at or after an opening."""
    out = {name: frame.copy() for name, frame in tables.items()}
    late = out["sales"]["date"] >= as_of
    out["sales"].loc[late, "quantity"] = np.where(np.arange(late.sum()) % 3 == 0, 9_999.0, 0.0)
    out["sales"].loc[late, "in_stock"] = np.arange(late.sum()) % 2 == 0
    past = out["receipts"]
    past.loc[past["received_on"] >= as_of, "received_on"] = as_of + pd.Timedelta(days=300)
    later = receipts("S1", [1] * 30).assign(ordered_on=as_of, received_on=as_of + pd.Timedelta(days=1))
    out["receipts"] = pd.concat([past, later], ignore_index=True)
    ahead = out["known_ahead"]
    ahead.loc[ahead["known_since"] > as_of, "uplift"] = 900.0
    out["items"].loc[out["items"]["discontinued_on"] > as_of, "discontinued_on"] = as_of + pd.Timedelta(days=1)
    lines = out["customer_orders"]
    lines.loc[lines["shipped_on"] >= as_of, "shipped_quantity"] = 1e6
    more = lines.assign(ordered_on=as_of, shipped_on=pd.NaT, quantity=5e5, order_id="late" + lines["order_id"])
    out["customer_orders"] = pd.concat([lines, more], ignore_index=True)
    return out


def test_nothing_that_comes_later_changes_a_promise_or_an_order(tables: Tables) -> None:
    """A spy: everything from an opening on is poisoned; what was decided until then must be the same to the bit."""
    rich = with_dated_tables(tables)
    as_of = START + pd.Timedelta(weeks=9)
    end = START + pd.Timedelta(weeks=11)
    kept, spoilt = (run(each, end=end, refit_every=5, model="auto") for each in (rich, absurd(rich, as_of)))
    until = 10  # openings 0 ... 9 are decided before anything poisoned has been seen
    for name in ("ordered", "promised", "weight", "lines", "received"):
        a, b = (getattr(result.trace, name)[:, :until] for result in (kept, spoilt))
        assert np.array_equal(a, b, equal_nan=True), name
    assert not np.array_equal(kept.trace.ordered, spoilt.trace.ordered)


def with_dated_tables(tables: Tables) -> Tables:
    """The shop with every table that has days in it."""
    items = tables["items"].copy()
    items["discontinued_on"] = pd.NaT
    items.loc[3, "discontinued_on"] = START + pd.Timedelta(weeks=15)
    keys = items[["sku", "location"]]
    ahead = keys.iloc[:6].assign(
        date=START + pd.Timedelta(weeks=14), uplift=2.0, known_since=START + pd.Timedelta(weeks=11)
    )
    ordered = START + pd.to_timedelta(7 * np.arange(len(keys)) - 60, unit="D")
    lines = keys.assign(
        order_id=[f"c{k}" for k in range(len(keys))],
        quantity=3.0,
        ordered_on=ordered,
        shipped_on=ordered + pd.Timedelta(days=30),
        shipped_quantity=3.0,
    )
    sales = tables["sales"].assign(in_stock=True)
    moved = receipts("S1", [20, 30, 40, 50, 60]).assign(ordered_on=START + pd.Timedelta(weeks=3))
    moved["received_on"] = moved["ordered_on"] + pd.to_timedelta([20, 30, 40, 50, 60], unit="D")
    return {
        **tables,
        "sales": sales,
        "items": items,
        "receipts": pd.concat([tables["receipts"], moved], ignore_index=True),
        "known_ahead": ahead,
        "customer_orders": lines,
    }


def test_the_result_depends_neither_on_threads_nor_on_the_order_of_rows(tables: Tables, result: ReplayResult) -> None:
    shuffled = {name: frame.sample(frac=1.0, random_state=1) for name, frame in tables.items()}
    inputs = {name: frame for name, frame in shuffled.items() if name != "stock"}
    other = replay(Inputs(**inputs), settings(**PLAIN), START.date(), END.date(), jobs=2)
    pd.testing.assert_frame_equal(result.service, other.service, check_exact=True)
    pd.testing.assert_frame_equal(result.items, other.items, check_exact=True)


def test_periods_out_of_stock_take_their_estimate_and_are_not_measured(tables: Tables, result: ReplayResult) -> None:
    sales = tables["sales"].copy()
    fast = sales.groupby("sku")["quantity"].sum().idxmax()
    out = (sales["sku"] == fast) & (sales["date"] >= START + pd.Timedelta(weeks=10))
    sales["in_stock"] = ~out
    sales.loc[out, "quantity"] = 0.0
    other = run({**tables, "sales": sales}, **UNCORRECTED)
    rows = np.flatnonzero(other.items["sku"] == fast)
    assert (other.trace.demanded[rows, 10:].mean(axis=1) > 0.3 * result.trace.demanded[rows, :10].mean(axis=1)).all()
    assert not other.trace.measured[rows, 10:].any()
    assert (other.items["periods_censored"][rows] == 6).all()
    assert any("out of stock" in note for note in other.summary["notes"])
    # Apart from those of which all is recorded; together they are the total.
    apart = other.service[other.service["group"] == "record"].set_index("value")
    assert apart["items"].to_dict() == {
        "whole": other.items["demanded_before"].sum() - len(rows),
        "with gaps": len(rows),
    }
    assert apart["units_backordered"].sum() == pytest.approx(other.service["units_backordered"][0])
    assert apart["units_demanded"]["with gaps"] == pytest.approx(other.items["units_demanded"][rows].sum())
    assert "record" not in set(result.service["group"])


def test_a_given_stock_is_where_the_replay_begins(tables: Tables) -> None:
    stock = tables["items"][["sku", "location"]].assign(on_hand=7.0)
    result = run(tables, stock=stock, **UNCORRECTED)
    trace = result.trace
    np.testing.assert_allclose(trace.stock[:, 0], np.maximum(7.0 + trace.received[:, 0] - trace.demanded[:, 0], 0.0))
    assert trace.warm_up.max() == 0


def test_items_without_demand_before_stand_apart(tables: Tables) -> None:
    sales = tables["sales"].copy()
    new = sales["sku"] == "TRUE"
    sales.loc[new & (sales["date"] < START + pd.Timedelta(weeks=4)), "quantity"] = 0.0
    result = run({**tables, "sales": sales}, **UNCORRECTED)
    apart = result.service.iloc[-1]
    assert (apart["group"], apart["value"]) == ("history", "no demand before the replay")
    lines = result.items[~result.items["demanded_before"]]
    assert set(lines["sku"]) >= {"TRUE", "[/i]"}
    # Once demanded, it is planned like any other.
    assert result.trace.ordered[result.items["sku"] == "TRUE"].sum() > 0


def test_lost_demand_never_waits(tables: Tables) -> None:
    result = run(tables, unmet_demand="lost")
    assert result.trace.waiting.max() == 0
    assert result.items["units_backordered"].sum() == 0
    lost = result.items.loc[result.items["demanded_before"], "units_lost"].sum()
    assert result.service["units_backordered"][0] == pytest.approx(lost)
    assert lost > 0


def test_states_follow_between_fits(tables: Tables) -> None:
    result = run(tables, refit_every=10, **UNCORRECTED)
    assert result.reviews["fitted"].tolist() == [k % 10 == 0 for k in range(WEEKS)]
    # What is demanded between two fits is seen all the same.
    assert result.reviews["demand_mean"].iloc[1:10].nunique() == 9


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (START + pd.Timedelta(days=1), END, "no opening"),
        (START, AS_OF + pd.Timedelta(weeks=4), "complete until"),
        (START, START - pd.Timedelta(weeks=1), "lies outside"),
    ],
)
def test_a_span_outside_history_is_refused(tables: Tables, start: Any, end: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run(tables, start, end)


def test_the_dates_are_needed() -> None:
    sales = pd.DataFrame({"sku": ["a"], "date": [dt.date(2025, 1, 6)], "quantity": [1.0]})
    with pytest.raises(ConfigurationError, match="start and end"):
        replay(Inputs(sales=sales), PlanConfig())


def test_the_exchange_curve_of_the_last_review(result: ReplayResult) -> None:
    exchange = result.exchange
    assert exchange is not None
    total = exchange.classes.iloc[-1]
    assert total["class"] == "total"
    assert exchange.classes["items"].iloc[:-1].sum() == total["items"]
    assert exchange.reached
    assert total["backorder_rate_wanted"] <= 0.1
    # The same target for every item costs more than one multiplier for all of them.
    assert total["stock_value_wanted"] < total["stock_value_now"]
    curve = exchange.curve[exchange.curve["point"] == "curve"]
    assert curve["backorder_rate"].is_monotonic_decreasing
    assert curve["stock_value"].is_monotonic_increasing


def test_in_a_replay_customers_wait_as_long_as_they_were_said_to(tables: Tables, result: ReplayResult) -> None:
    mixed = run(tables, unmet_demand="mixed", patience_days=10, **UNCORRECTED)
    # Who is there or not makes no difference to what is short at once under the same levels on the first days.
    assert mixed.trace.lost.sum() > 0 == result.trace.lost.sum()
    waited = mixed.trace.waiting[:, :-1]
    # With a patience of one period only the demand of the period before can still wait at an opening.
    assert (waited <= mixed.trace.backordered[:, :-1] + 1e-9).all()
    assert (result.trace.waiting > result.trace.backordered + 1e-9).any()


@pytest.mark.parametrize(
    ("items", "changes", "paths"),
    [(1, {}, 400), (7_500, {}, 400), (15_000, {}, 200), (30_490, {}, 100), (30_490, {"replay_paths": 400}, 400)],
)
def test_of_many_items_fewer_paths_are_drawn_unless_their_number_is_set(
    items: int, changes: dict[str, int], paths: int
) -> None:
    assert replay_paths(PlanConfig(**changes), items) == paths


def test_fewer_paths_are_said(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_MOST_PATHS", 1)
    told = run(tables, START, START + pd.Timedelta(weeks=2), paths=200)
    assert any("100 paths a series are drawn, not 200" in note for note in told.summary["notes"])
