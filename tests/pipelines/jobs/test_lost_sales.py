"""Plans at least cost with lost sales: what they order, and how they say it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig
from pipelines.jobs.lost_sales import at_least_cost_when_lost
from pipelines.jobs.planning import Plan, make_plan, plan_frames
from replenishment.lost_sales_orders import REVIEWS_AHEAD, DemandAhead, LostSalesCosts, ReviewRule, cheapest_order

WEEKS = pd.date_range("2023-01-02", periods=60, freq="7D")
COSTS = {"unit_cost": 1.0, "holding_rate": 0.2 * 365 / 7, "shortage_cost": 1.0, "lead_time_days": 14}


@cache
def made(order_cost: float = 0.0, pack: float = 1.0, on_hand: float = 2.0, unmet: str = "lost") -> Plan:
    """Five items of steady demand, two weeks' lead time; units due in a week."""
    rng = np.random.default_rng(4)
    skus = [f"A{k}" for k in range(5)]
    sales = pd.concat(
        [
            pd.DataFrame({"sku": sku, "date": WEEKS, "quantity": rng.poisson(3 + 2 * k, 60).astype(float)})
            for k, sku in enumerate(skus)
        ]
    )
    items = pd.DataFrame({"sku": skus, "pack_size": pack, "order_cost": order_cost, **COSTS})
    stock = pd.DataFrame({"sku": skus, "on_hand": on_hand})
    due = pd.DataFrame({"sku": skus, "quantity": 3.0, "due_date": WEEKS[-1] + pd.Timedelta(days=14)})
    config = PlanConfig(
        frequency="W-MON", measure="cost", unmet_demand=unmet, model="negative_binomial", simulation_paths=0
    )
    return make_plan(Inputs(sales=sales, items=items, stock=stock, open_orders=due), config)


@pytest.mark.parametrize("pack", [1.0, 6.0])
def test_the_order_is_the_cheapest_along_the_forecasts_paths(pack: float) -> None:
    plan = made(pack=pack)
    drawn = plan.forecaster.paths(2 + REVIEWS_AHEAD, 400)
    ahead = DemandAhead(drawn, np.full((5, 400), 2), 1, np.ones(5, dtype=np.bool_))
    policies, costs = plan.levels.policies, LostSalesCosts(np.full(5, 0.2), np.ones(5))
    rule = ReviewRule(np.ones(5), np.full(5, pack), np.zeros(5))
    due = np.tile([0.0, 3.0], (5, 1))
    wanted = cheapest_order(ahead, np.full(5, 2.0), due, policies.reorder_point, rule, costs)
    assert (plan.orders.quantity == wanted).all()
    assert (wanted > 0).all()
    assert at_least_cost_when_lost(plan.facts).all()


def test_the_reason_says_that_the_whole_state_decides() -> None:
    lines = plan_frames(made(), None).recommendations
    assert (
        lines["reason"]
        .str.fullmatch(
            r"order \d+ \(need \d+\): least cost from its arrival over 3 reviews, "
            r"stock and lost sales followed on every sample path"
        )
        .all()
    )
    assert (lines["need"] == lines["order_quantity"]).all()
    full = plan_frames(made(on_hand=90.0), None).recommendations
    assert (full["order_quantity"] == 0).all()
    assert full["reason"].str.startswith("no order: least cost").all()


def test_the_state_decides_and_not_the_position_alone() -> None:
    """With little stock sales are lost on the way: less is ordered than the level lacks."""
    plan = made()
    position = 2.0 + 3.0
    assert (plan.orders.quantity < plan.levels.policies.order_up_to - position).all()


def test_order_cost_brings_lots_by_their_rule() -> None:
    """(s, S): due at or below s, raised to S, by the position alone."""
    plan = made(order_cost=30.0)
    policies = plan.levels.policies
    assert (policies.kind == "min_max").all()
    due = policies.reorder_point >= 5
    assert due.any()
    assert (plan.orders.quantity[due] == policies.order_up_to[due] - 5).all()
    assert (plan.orders.quantity[~due] == 0).all()


def test_backorders_are_ordered_up_to_their_level() -> None:
    plan = made(unmet="backorder")
    assert (plan.levels.policies.kind == "order_up_to").all()
    assert (plan.orders.quantity == plan.levels.policies.order_up_to - 5).all()
    assert not at_least_cost_when_lost(plan.facts).any()
