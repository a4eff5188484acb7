"""Weekly demand of spare parts, nine in ten cells zero, with their own costs, lead times, minimums and packs."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines import Inputs, PlanConfig
from tests.real.development_data import DATA, KEY, Planned, check_conservation, check_no_row_is_lost, needs, read

NAME = "man_spare_parts"
pytestmark = [needs(NAME), pytest.mark.thorough]


@pytest.fixture(scope="module")
def planned() -> Planned:
    inputs = Inputs(sales=DATA / NAME / "sales.parquet", items=DATA / NAME / "items.parquet")
    return Planned.of(inputs, PlanConfig(frequency="W-MON", review_days=7))


def test_no_row_is_lost_and_every_item_has_one_line(planned: Planned) -> None:
    check_no_row_is_lost(planned, NAME)
    assert len(planned.lines) == 3451
    assert planned.made.panel.calendar.periods == 105


def test_stated_lead_times_of_the_items_are_used(planned: Planned) -> None:
    days = read(NAME, "items").set_index(KEY)["lead_time_days"].reindex(planned.made.panel.keys).to_numpy()
    assert (planned.result.policy["lead_time_periods"].to_numpy() * 7 == days).all()
    assert set(planned.result.policy["lead_time_source"]) == {"stated, item"}


def test_minimums_packs_and_economic_lots_are_those_of_the_items(planned: Planned) -> None:
    items = read(NAME, "items").set_index(KEY).reindex(planned.made.panel.keys)
    order = planned.lines["order_quantity"].to_numpy()
    packs = order / items["pack_size"].to_numpy()
    assert np.abs(packs - np.rint(packs)).max() < 1e-6
    assert (order[order > 0] >= items["moq"].to_numpy()[order > 0]).all()
    yearly = (planned.lines["demand_mean"] / planned.result.forecast["protection_periods"] / 7 * 365).to_numpy()
    cost = items[["unit_cost", "order_cost", "holding_rate"]].to_numpy()
    lot = np.minimum(np.sqrt(2 * cost[:, 1] * yearly / (cost[:, 0] * cost[:, 2])), yearly)
    np.testing.assert_allclose(planned.lines["economic_order_quantity"], lot, rtol=0.3)
    assert np.median(np.abs(planned.lines["economic_order_quantity"] / np.maximum(lot, 1e-9) - 1)[yearly > 0]) < 0.01


def test_parts_that_never_sold_are_left_to_the_planner(planned: Planned) -> None:
    never = planned.made.panel.quantity.sum(axis=1) == 0
    assert never.sum() == 3451 - 1582
    assert (planned.lines["order_quantity"][never] == 0).all()
    assert (planned.lines["status"][never] == "new").all()


def test_the_simulated_backorder_rate_of_all_units_is_near_the_target(planned: Planned) -> None:
    total = planned.simulated.total
    assert total["backorder_rate"] < 0.02 + 4 * total["backorder_rate_se"]
    assert total["backorder_rate"] > 0.01


def test_the_promise_is_kept_by_parts_that_sell_rarely(planned: Planned) -> None:
    """Not only by the bulk of the units: of all parts that sell, hardly any may miss by four standard errors."""
    kpis = planned.simulated.kpis[planned.simulated.kpis["demand"] > 0]
    assert len(kpis) > 1400
    missed = kpis["backorder_rate"] > 0.02 + 4 * kpis["backorder_rate_se"]
    assert missed.mean() < 0.02


def test_units_are_conserved(planned: Planned) -> None:
    check_conservation(planned)
