"""Promises that correct themselves by their own record, in a plan and along history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, plan, replay
from pipelines.jobs import promise_record
from tests.pipelines.jobs.test_replaying import PLAIN, START, absurd, run, with_dated_tables
from tests.pipelines.jobs.test_tuning import CONFIG, LAST, WEEKS, biased
from tests.pipelines.shop import settings, small_shop

SOON = START + pd.Timedelta(weeks=13)
ONLINE = CONFIG.model_copy(update={"correction": "online"})


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return biased(0.8)


@pytest.mark.parametrize(
    ("uplift", "scope"),
    [
        (0.8, "sku"),
        pytest.param(1.25, "sku", marks=pytest.mark.thorough),
        pytest.param(0.8, "total", marks=pytest.mark.thorough),
    ],
)
def test_a_replay_of_a_biased_forecast_mends_itself(uplift: float, scope: str) -> None:
    wrong, asked = biased(uplift), CONFIG.model_copy(update={"target_scope": scope})
    plain = replay(wrong, asked.model_copy(update={"correction": "none"}), *LAST, jobs=1)
    mended = replay(wrong, asked, *LAST, jobs=1)
    before, after = plain.summary, mended.summary
    assert abs(np.log(before["achieved"] / before["promised"])) > np.log(2.0)
    assert abs(after["difference"]) < 0.4 * abs(before["difference"])
    assert abs(after["achieved"] - 0.1) < 0.4 * abs(before["achieved"] - 0.1)
    assert (mended.reviews["asked"] < 1.0).all() if uplift < 1 else (mended.reviews["asked"] > 1.0).all()
    assert (plain.reviews["asked"] == 1.0).all()


def test_a_plan_asks_for_what_its_record_says_and_promises_what_follows(inputs: Inputs) -> None:
    plain, mended = plan(inputs, CONFIG, jobs=1), plan(inputs, ONLINE, jobs=1)
    told = mended.summary["correction"]["online"]
    assert told["factor"] < 0.8
    assert told["short"] > 1.5 * told["expected"] > 0
    np.testing.assert_allclose(mended.policy["target"], 0.1)
    np.testing.assert_allclose(mended.policy["target_asked"], 0.1 * told["factor"])
    assert (mended.policy["order_up_to"] >= plain.policy["order_up_to"]).all()
    assert mended.policy["expected_backorder_rate"].max() <= 0.1 + 1e-9
    assert "correction" not in plain.summary


def test_what_a_predecessor_was_asked_for_is_no_demand_of_its_successor(inputs: Inputs) -> None:
    """T00 is to replace S00 in a fortnight: forecast by the history of S00, and never demanded so far."""
    items = pd.DataFrame({"sku": [f"S{i:02d}" for i in range(12)]})
    heir = pd.DataFrame({"sku": ["T00"], "successor_of": ["S00"], "available_from": [WEEKS[-1] + pd.Timedelta("21D")]})
    one, two = (plan(replace(inputs, items=table), ONLINE, jobs=1) for table in (items, pd.concat([items, heir])))
    assert "T00" in set(two.recommendations["sku"])
    # Draws are the items' own, so that the others' levels, and with them the record, are the same.
    assert two.summary["correction"] == one.summary["correction"]


def test_in_a_look_back_some_items_speak_for_all(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    every = plan(inputs, ONLINE, jobs=1)
    monkeypatch.setattr(promise_record, "_MOST_ITEMS", 6)
    some = plan(inputs, ONLINE, jobs=1)
    every_told, some_told = (result.summary["correction"]["online"] for result in (every, some))
    assert some_told["factor"] != every_told["factor"]
    assert some_told["factor"] < 0.8
    # Six of twelve items, each for two: the units of the shop, not of half of it.
    assert 0.6 * every_told["units"] < some_told["units"] < 1.4 * every_told["units"]
    assert len(some.policy) == len(every.policy)


def test_fill_rates_are_asked_for_by_their_complement(inputs: Inputs) -> None:
    by_fill = ONLINE.model_copy(update={"measure": "fill_rate", "target": 0.9})
    one, two = (plan(inputs, config, jobs=1).policy for config in (ONLINE, by_fill))
    np.testing.assert_allclose(1.0 - two["target_asked"], one["target_asked"], rtol=1e-9)


@pytest.mark.parametrize("changes", [{"measure": "ready_rate", "target": 0.9}, {"unmet_demand": "lost"}])
def test_what_the_record_cannot_tell_stays_as_it_is(inputs: Inputs, changes: dict[str, Any]) -> None:
    """Whether the configuration says so, then there is no record, or a rule does for every item."""
    rule = {"where": {"location": "main"}, "set": changes}
    ruled = PlanConfig.make({**CONFIG.model_dump(exclude_defaults=True), "rules": [rule]}, "a test")
    plain = CONFIG.model_copy(update=changes)
    for config in (plain, ruled):
        one = plan(inputs, config, jobs=1)
        two = plan(inputs, config.model_copy(update={"correction": "online"}), jobs=1)
        pd.testing.assert_frame_equal(one.policy, two.policy)
        told = two.summary.get("correction", {"online": {"factor": 1.0}})
        assert told["online"]["factor"] == 1.0
        assert ("correction" in two.summary) == (config is ruled)


def test_without_history_there_is_nothing_to_learn() -> None:
    sales = pd.DataFrame({"sku": "A", "date": pd.date_range("2024-01-01", periods=5, freq="W-MON"), "quantity": 3.0})
    told = plan(Inputs(sales=sales), ONLINE, jobs=1).summary["correction"]["online"]
    assert told == {"factor": 1.0, "followed": 1.0, "units": 0.0, "short": 0.0, "expected": 0.0}


def test_the_record_sees_nothing_that_comes_later() -> None:
    """A spy: everything from an opening on is poisoned; what was asked until then must be the same to the bit."""
    rich = with_dated_tables(small_shop())
    as_of = START + pd.Timedelta(weeks=9)
    kept, spoilt = (
        run(tables, START, START + pd.Timedelta(weeks=11), refit_every=4, correction="online", target=0.2)
        for tables in (rich, absurd(rich, as_of))
    )
    assert (kept.reviews["asked"][:10] != 1.0).all()
    assert kept.reviews["asked"][:10].equals(spoilt.reviews["asked"][:10])
    for name in ("ordered", "promised", "weight", "lines", "received"):
        a, b = (getattr(result.trace, name)[:, :10] for result in (kept, spoilt))
        assert np.array_equal(a, b, equal_nan=True), name
    assert not kept.reviews["asked"].equals(spoilt.reviews["asked"])


@pytest.mark.thorough
def test_the_record_depends_neither_on_threads_nor_on_the_order_of_rows() -> None:
    tables = small_shop()
    one = run(tables, START, SOON, correction="online")
    shuffled = {name: frame.sample(frac=1.0, random_state=1) for name, frame in tables.items() if name != "stock"}
    other = replay(Inputs(**shuffled), settings(**PLAIN, correction="online"), START.date(), SOON.date(), jobs=2)
    pd.testing.assert_frame_equal(one.service, other.service, check_exact=True)
    pd.testing.assert_series_equal(one.reviews["asked"], other.reviews["asked"], check_exact=True)
    assert (one.reviews["asked"] != 1.0).any()
