"""One piece of a plan: what it decides for an item does not depend on which others are in the piece."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.jobs.levels import QUANTILES, LevelResults, paths_wanted, pieces_by_review, set_levels
from pipelines.jobs.planning import Plan
from tests.pipelines.shop import AS_OF, Tables, made, one_item, planned, small_shop
from tests.replenishment.test_service import promises


@pytest.fixture(scope="module")
def whole() -> Plan:
    tables = small_shop()
    tables["items"]["review_days"] = [(7.0, 14.0, np.nan)[k % 3] for k in range(len(tables["items"]))]
    return made(tables)


def arrays(results: Any, prefix: str = "") -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for f in fields(results):
        value = getattr(results, f.name)
        found |= {prefix + f.name: value} if isinstance(value, np.ndarray) else arrays(value, f"{prefix}{f.name}.")
    return found


@pytest.mark.parametrize("n", [1, 2, 511, 512, 513, 2000])
def test_pieces_hold_every_item_once_and_one_review_interval_each(n: int) -> None:
    random = np.random.default_rng(n)
    review, longest = random.integers(1, 4, n), random.integers(0, 60, n)
    paths = random.choice([400, 1600, 6400], n)
    pieces = pieces_by_review(review, longest, paths)
    assert sorted(np.concatenate(pieces).tolist()) == list(range(n))
    assert all(len(np.unique(review[piece])) == 1 and 1 <= len(piece) <= 512 for piece in pieces)
    assert all(len(np.unique(paths[piece])) == 1 for piece in pieces)
    assert all((np.diff(longest[piece]) >= 0).all() for piece in pieces)


def test_an_item_gets_the_same_levels_alone_as_among_others(whole: Plan) -> None:
    """To the bit: a plan must not depend on how its items are split into pieces."""
    together = arrays(whole.levels)
    differing = set()
    for i in range(len(whole.items)):
        alone = arrays(set_levels(np.array([i]), whole.forecaster, whole.lead_times, whole.facts))
        for name, values in alone.items():
            if not np.array_equal(values[0], together[name][i], equal_nan=values.dtype.kind == "f"):
                differing.add(name)
    assert differing == set()


def test_joined_pieces_come_back_in_the_order_of_the_items(whole: Plan) -> None:
    facts = whole.facts
    pieces = pieces_by_review(facts.review_periods, whole.lead_times.maximum, facts.paths)
    parts = [set_levels(rows, whole.forecaster, whole.lead_times, facts) for rows in pieces]
    order = np.concatenate(pieces)
    assert not np.array_equal(order, np.arange(len(order)))
    again = arrays(LevelResults.joined(parts, order))
    for name, values in arrays(whole.levels).items():
        assert np.array_equal(values, again[name], equal_nan=values.dtype.kind == "f"), name


def test_quantiles_are_those_of_demand_over_lead_time_and_review(whole: Plan) -> None:
    """Against sums of the forecaster's own paths, for items with a constant lead time."""
    steady = np.flatnonzero((whole.lead_times.probability > 0).sum(axis=1) == 1)
    assert len(steady) > 5
    for i in steady:
        horizon = int(whole.lead_times.maximum[i] + whole.facts.review_periods[i])
        sums = whole.forecaster.paths(horizon, int(whole.facts.paths[i]), np.array([i])).sum(axis=2)[0]
        assert whole.levels.demand_mean[i] == pytest.approx(sums.mean(), rel=1e-5)
        assert whole.levels.demand_sd[i] == pytest.approx(sums.std(), rel=0.05, abs=1e-6)
        for p, q in zip(QUANTILES[:2], whole.levels.quantiles[i], strict=False):
            assert (sums < q).mean() <= p + 0.011
            assert (sums <= q).mean() >= p - 0.011


def steady_item(**item: Any) -> Tables:
    """Some 20 units a week, never sold out."""
    sold = np.random.default_rng(1).poisson(20.0, 60).astype(float)
    return one_item(sold.tolist(), **{"lead_time_days": 14.0, "unit_cost": 2.0, **item})


def levels(tables: Tables, **config: Any) -> pd.Series:
    result = planned(tables, simulation_paths=0, **config)
    return result.recommendations.join(result.policy[["policy", "lot", "raise_to"]]).iloc[0]


def test_the_economic_order_quantity_is_the_textbook_one() -> None:
    """sqrt(2 K d / h): 1,043 units a year, 50 money an order, half a unit of money per unit and year."""
    row = levels(steady_item(order_cost=50.0, holding_rate=0.25), paths=1000)
    yearly = row["demand_mean"] / 21 * 365
    assert yearly == pytest.approx(20 / 7 * 365, rel=0.08)
    assert row["economic_order_quantity"] == pytest.approx(np.sqrt(2 * 50 * yearly / 0.5), rel=0.01)


def test_no_economic_lot_covers_more_than_is_allowed() -> None:
    free = levels(steady_item(order_cost=5000.0))
    short = levels(steady_item(order_cost=5000.0), max_cover_days=90)
    assert free["economic_order_quantity"] == pytest.approx(365 / 21 * free["demand_mean"], rel=0.01)
    assert short["economic_order_quantity"] == pytest.approx(90 / 21 * short["demand_mean"], rel=0.01)


@pytest.mark.parametrize("item", [{"unit_cost": None}, {"holding_rate": 0.0}])
def test_without_holding_cost_there_is_no_economic_lot_and_the_plan_goes_on(item: dict[str, Any]) -> None:
    row = levels(steady_item(order_cost=50.0, **item))
    assert np.isnan(row["economic_order_quantity"])
    assert row["order_quantity"] > 0


def test_auto_orders_up_to_a_level_unless_the_lot_is_worth_more_than_a_review() -> None:
    assert levels(steady_item(order_cost=0.0))["policy"] == "order_up_to"
    assert levels(steady_item(order_cost=50.0))["policy"] == "reorder_point"
    assert levels(steady_item(order_cost=0.0, moq=200.0))["policy"] == "reorder_point"
    assert levels(steady_item(order_cost=50.0), policy="order_up_to")["policy"] == "order_up_to"
    assert levels(steady_item(order_cost=50.0), policy="min_max")["policy"] == "min_max"


@pytest.mark.parametrize("policy", ["auto", "order_up_to", "reorder_point", "min_max"])
@pytest.mark.parametrize(("moq", "pack"), [(0.0, 1.0), (25.0, 10.0), (7.0, 6.0), (100.0, 1.0), (0.0, 0.5)])
def test_orders_are_whole_packs_of_at_least_the_minimum(policy: str, moq: float, pack: float) -> None:
    row = levels(steady_item(order_cost=20.0, moq=moq, pack_size=pack), policy=policy)
    assert row["order_quantity"] >= max(moq, pack, row["need"])
    assert row["order_quantity"] / pack == round(row["order_quantity"] / pack)


def test_a_maximum_stock_caps_the_order_in_whole_packs() -> None:
    free = levels(steady_item(pack_size=6.0), policy="order_up_to")
    capped = levels(steady_item(pack_size=6.0, max_stock=40.0), policy="order_up_to")
    assert free["order_quantity"] > 40
    assert capped["order_quantity"] == 36.0


def test_a_maximum_below_the_minimum_order_keeps_the_smallest_order_and_says_so() -> None:
    row = levels(steady_item(moq=60.0, max_stock=40.0), policy="order_up_to")
    assert row["order_quantity"] == 60.0
    assert "max_stock" in row["reason"]


def test_the_economic_lot_gives_way_to_a_maximum_stock() -> None:
    """Only minimum and pack bind; the economic quantity is a wish."""
    row = levels(steady_item(order_cost=50.0, pack_size=6.0, max_stock=100.0))
    assert row["policy"] == "reorder_point"
    assert row["order_quantity"] <= 100


def test_a_longer_lead_time_raises_the_reorder_point_and_a_random_one_the_safety_stock() -> None:
    by_lead = [levels(steady_item(lead_time_days=d), paths=2000)["order_up_to"] for d in (0.0, 7.0, 14.0, 28.0, 56.0)]
    assert by_lead == sorted(by_lead)
    assert len(set(by_lead)) == 5
    by_spread = [
        levels(steady_item(lead_time_days=28.0, lead_time_sd_days=s), paths=2000)["safety_stock"]
        for s in (0.0, 7.0, 20.0)
    ]
    assert by_spread == sorted(by_spread)
    assert by_spread[2] > 2 * by_spread[0]


def test_a_longer_review_interval_orders_more_at_once() -> None:
    rows = [levels(steady_item(review_days=d), paths=1000) for d in (7.0, 14.0, 28.0)]
    up_to = [row["order_up_to"] for row in rows]
    assert up_to == sorted(up_to)
    assert rows[2]["demand_mean"] > 1.8 * rows[0]["demand_mean"]


def test_continuous_review_and_no_lead_time_are_allowed() -> None:
    row = levels(steady_item(review_days=0.0, lead_time_days=0.0))
    assert row["order_quantity"] > 0
    assert row["arrival_date"] == AS_OF


@pytest.mark.parametrize(
    ("share", "review", "factor"),
    [(1.0, 1, 1), (0.5, 1, 2), (0.26, 1, 4), (0.25, 1, 4), (0.24, 1, 8), (0.001, 1, 16), (0.1, 7, 2), (0.0, 1, 1)],
)
def test_rare_demand_gets_more_paths(share: float, review: int, factor: int) -> None:
    """About as many windows with demand as an item has that sells in every period; at most sixteen times the paths."""
    wanted = paths_wanted(400, np.array([share]), np.array([review]))[0]
    assert wanted == 400 * factor
    assert wanted * (1 - (1 - share) ** review) >= 400 - 1e-9 or factor == 16 or share == 0


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_a_slow_item_needs_more_paths_for_the_same_promise(rate: float) -> None:
    """One unit in 50 or in 20 periods, a lead time of 8: the promise is kept with the paths that a plan draws."""
    paths = int(paths_wanted(400, np.array([rate]), np.array([1]))[0])
    assert paths == 6400
    promised, exact = promises(rate, 8, 1, 0.02, paths=paths)
    assert exact <= 1.1 * 0.02
    assert exact <= 2.5 * promised
