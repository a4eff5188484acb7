"""Planted incidents: each leaves its own trace, and most of them hurt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.demo.incidents import NO_CAUSE, Cause
from pipelines.demo.tables import demo_stages
from pipelines.demo.truth import true_incidents
from tests.pipelines.demo.conftest import Stages


@pytest.fixture(scope="module")
def full() -> pd.DataFrame:
    """The incidents of a shop of the usual size."""
    made = demo_stages(400, 2, 3, 0)
    return true_incidents(made.world, made.incidents, made.undisturbed, made.history)


@pytest.mark.thorough
def test_a_full_shop_has_at_least_a_dozen_of_each_kind_that_hurt(full: pd.DataFrame) -> None:
    hurt = full[full["units"] > 0].groupby("kind").size()
    assert sorted(hurt.index) == sorted(cause.name.lower() for cause in Cause)
    assert hurt.min() >= 12
    assert not full.duplicated(["sku", "location"]).any(), "one cause a SKU and location, so that none overlap"


@pytest.mark.thorough
def test_most_incidents_hurt(full: pd.DataFrame) -> None:
    assert (full["units"] > 0).mean() > 0.85


def test_incidents_lie_in_the_last_year_with_their_effects(stages: Stages) -> None:
    incidents, days = stages.incidents, stages.world.days
    struck = (incidents.cause != NO_CAUSE) & (incidents.cause != Cause.LOW_TARGET)
    assert struck.sum() > 20
    assert (incidents.first[struck] >= days - 365).all()
    assert (incidents.last[struck] < days).all()
    assert (incidents.first < incidents.last)[struck].all()
    always = incidents.of(Cause.LOW_TARGET)
    assert (incidents.first[always] == 0).all()
    assert (incidents.last[always] == days).all()


def test_of_a_late_supplier_nothing_ordered_within_the_days_arrives_before_their_end(stages: Stages) -> None:
    incidents, orders, made = stages.incidents, stages.history.orders, stages.history.deliveries
    for k in incidents.of(Cause.LATE_SUPPLIER):
        mine = orders.series[made.line] == k
        ordered, promised = orders.ordered[made.line], orders.promised[made.line]
        held = mine & (ordered >= incidents.first[k]) & (ordered < incidents.last[k])
        assert (made.received[held] >= incidents.last[k]).all()
        assert (made.received - promised)[held].max() > 5


def test_a_forgotten_order_was_proposed_weeks_before_it_was_placed(stages: Stages) -> None:
    incidents, orders = stages.incidents, stages.history.orders
    struck = incidents.of(Cause.LATE_ORDER)
    assert struck.size
    for k in struck:
        mine = orders.series == k
        inside = (orders.ordered >= incidents.first[k]) & (orders.ordered < incidents.last[k])
        assert not (mine & inside).any()
        proposed = (orders.proposed >= incidents.first[k]) & (orders.proposed < incidents.last[k])
        assert (orders.ordered - orders.proposed)[mine & proposed].max() >= 14


def test_a_supplier_at_capacity_confirms_a_small_share(stages: Stages) -> None:
    incidents, orders = stages.incidents, stages.history.orders
    struck = incidents.of(Cause.AT_CAPACITY)
    assert struck.size
    full = orders.confirmed == orders.quantity
    for k in struck:
        mine = (orders.series == k) & (orders.ordered >= incidents.first[k]) & (orders.ordered < incidents.last[k])
        assert mine.any()
        assert (orders.confirmed[mine] <= 0.13 * orders.quantity[mine] + 1).all()
        full |= mine
    assert full.all(), "all other orders are confirmed in full"


def test_refused_deliveries_are_refused_almost_whole(stages: Stages) -> None:
    incidents, orders, made = stages.incidents, stages.history.orders, stages.history.deliveries
    struck = incidents.of(Cause.QUALITY_REJECTED)
    assert struck.size
    for k in struck:
        inside = (made.received >= incidents.first[k]) & (made.received < incidents.last[k])
        mine = inside & (orders.series[made.line] == k)
        assert mine.any()
        assert (made.rejected[mine] >= 0.8 * made.sent[mine]).all()


def test_a_wrong_record_begins_with_an_empty_shelf_and_ends_with_a_count(stages: Stages) -> None:
    incidents, history = stages.incidents, stages.history
    struck = incidents.of(Cause.WRONG_RECORD)
    assert struck.size
    for k in struck:
        first, last = int(incidents.first[k]), int(incidents.last[k])
        assert history.vanished[first, k] >= 0.8 * (history.available[first - 1, k])
        count = (history.counts.series == k) & (history.counts.day == last - 1)
        assert history.counts.book[count].item() > history.counts.counted[count].item()


def test_no_other_trouble_with_deliveries_falls_into_the_days_of_an_incident(stages: Stages) -> None:
    """So that the cause of what is short is the planted one."""
    incidents, history = stages.incidents, stages.undisturbed
    made, orders = history.deliveries, history.orders
    trouble = (made.received - orders.promised[made.line] > 4) | (made.rejected > 0)
    for cause in (Cause.DEMAND_SURGE, Cause.WRONG_RECORD, Cause.LATE_ORDER, Cause.AT_CAPACITY):
        for k in incidents.of(cause):
            near = (made.received >= incidents.first[k] - 14) & (made.received < incidents.last[k] + 14)
            assert not (trouble & near & (orders.series[made.line] == k)).any(), cause.name


def test_the_same_world_gets_the_same_incidents_whatever_else_is_sold() -> None:
    """Compared on items whose supplier asks for no least value of an order, the one thing that SKUs share."""
    small, large = demo_stages(20, 2, 2, 5), demo_stages(40, 2, 2, 5)
    free = np.isin(small.world.assortment.supplier, (0, 1, 4, 6))[small.world.series.sku]
    for name in ("cause", "first", "last", "strength"):
        mine, theirs = getattr(small.incidents, name), getattr(large.incidents, name)[:40]
        np.testing.assert_array_equal(mine[free], theirs[free], err_msg=name)
    assert (small.incidents.cause[free] != NO_CAUSE).any()
    for name in ("demand", "shipped", "backordered", "available", "received", "booked"):
        mine, theirs = getattr(small.history, name), getattr(large.history, name)[:, :40]
        np.testing.assert_array_equal(mine[:, free], theirs[:, free], err_msg=name)
