"""The buyer and the suppliers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.demo.catalogue import SUPPLIERS
from pipelines.demo.purchasing import draw_lead_times, stated_lead_time
from tests.pipelines.demo.conftest import Stages


def test_orders_are_placed_on_mondays_in_whole_packs_of_at_least_the_minimum(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    sku = world.series.sku[orders.series]
    assert (world.weekdays(orders.ordered) == 0).all()
    assert (orders.quantity % world.assortment.pack_size[sku] == 0).all()
    assert (orders.quantity >= world.assortment.moq[sku]).all()


def test_the_rule_orders_up_to_s_at_or_below_the_reorder_point(stages: Stages) -> None:
    """Compared with the textbook rule in plain numbers, at the reorder point itself and one unit above."""
    buyer, day = stages.buyer, 300
    count = buyer.guess.size
    sales, on_sale_days = np.arange(count) % 90, np.full(count, 56)
    points = []
    for k in range(count):
        rate = (buyer.guess[k] * 14 + sales[k]) / 70
        points.append(rate * buyer.protection[k] + buyer.caution[k] * math.sqrt(rate * buyer.protection[k]))
    at = np.floor(points).astype(np.int64)
    active = (buyer.first <= day) & (day <= buyer.last)

    placed = buyer.orders(day, at, sales, on_sale_days)
    assert ((placed > 0) == active).all()
    assert (buyer.orders(day, at + 1, sales, on_sale_days) == 0).all()
    for k in np.flatnonzero(active):
        rate = (buyer.guess[k] * 14 + sales[k]) / 70
        lot = min(math.sqrt(rate * buyer.lot_factor[k]), 60 * rate)
        wanted = max(points[k] + lot - at[k], buyer.moq[k])
        assert placed[k] == math.ceil(wanted / buyer.pack_size[k]) * buyer.pack_size[k]


def test_lead_times_have_the_mean_and_spread_of_their_supplier(stages: Stages) -> None:
    """One of the suppliers needs clearly longer than it states."""
    world = stages.world
    lead_time = draw_lead_times(world) - world.assortment.extra_lead_days[world.series.sku]
    late = []
    for i, supplier in enumerate(SUPPLIERS):
        drawn = lead_time[:, world.assortment.supplier[world.series.sku] == i]
        independent = world.days * len(world.locations)
        assert drawn.mean() == pytest.approx(supplier.mean_days, abs=4 * supplier.sd_days / math.sqrt(independent))
        assert drawn.std() == pytest.approx(supplier.sd_days, rel=0.1)
        late.append(supplier.mean_days > supplier.stated_days + 5)
    assert sum(late) == 1


def test_lines_of_one_purchase_order_travel_together(stages: Stages) -> None:
    world, orders = stages.world, stages.history.orders
    extra = world.assortment.extra_lead_days[world.series.sku[orders.series]]
    supplier = world.assortment.supplier[world.series.sku[orders.series]]
    seen: dict[tuple[int, int, int], int] = {}
    for key, days in zip(
        zip(orders.ordered, supplier, world.series.location[orders.series], strict=True),
        orders.received - orders.ordered - extra,
        strict=True,
    ):
        assert seen.setdefault(key, days) == days
    assert len(seen) < orders.series.size


def test_nothing_is_ordered_that_should_arrive_after_the_end(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    assert (orders.promised == orders.ordered + stated_lead_time(world)[orders.series]).all()
    assert (orders.promised < world.assortment.end[world.series.sku[orders.series]]).all()
