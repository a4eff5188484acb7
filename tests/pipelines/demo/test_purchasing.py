"""The buyer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.demo.purchasing import ValueRule
from pipelines.demo.sourcing import NO_SOURCE, stated_lead_time
from pipelines.demo.suppliers import SUPPLIERS
from tests.pipelines.demo.conftest import Stages


def test_orders_are_placed_when_the_supplier_takes_them_in_whole_packs_of_at_least_the_minimum(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    sku = world.series.sku[orders.series]
    weekday = world.weekdays(orders.ordered)
    for i, supplier in enumerate(SUPPLIERS):
        assert set(weekday[orders.supplier == i]) <= set(supplier.weekdays), supplier.name
    assert (orders.quantity % world.assortment.pack_size[sku] == 0).all()
    assert (orders.quantity >= world.assortment.moq[sku]).all()
    assert (orders.proposed <= orders.ordered).all()


def test_the_second_source_is_asked_only_where_there_is_nothing_and_nothing_coming(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    sku = world.series.sku[orders.series]
    second = orders.supplier != world.assortment.supplier[sku]
    assert second.any()
    assert (orders.supplier[second] == stages.sourcing.second[sku[second]]).all()
    assert (stages.sourcing.second[sku[second]] != NO_SOURCE).all()
    history = stages.history
    backlog = np.cumsum(history.backordered - history.filled - history.cancelled, axis=0)
    for k, day in zip(orders.series[second], orders.ordered[second], strict=True):
        came = history.received[day, k] + history.returned[day, k] + max(history.transferred[day, k], 0)
        assert history.booked[day - 1, k] + came <= backlog[day - 1, k]


def test_purchase_orders_are_worth_what_the_supplier_demands(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    value: dict[tuple[int, int, int], float] = {}
    for k, i, day, units in zip(orders.series, orders.supplier, orders.ordered, orders.quantity, strict=True):
        key = (int(i), int(world.series.location[k]), int(day))
        value[key] = value.get(key, 0.0) + units * world.assortment.unit_cost[world.series.sku[k]]
    for (i, _, _), worth in value.items():
        assert worth >= SUPPLIERS[i].min_order_value


def test_the_shelf_and_the_capacity_limit_the_orders(stages: Stages) -> None:
    orders, sourcing = stages.history.orders, stages.sourcing
    assert (orders.quantity <= sourcing.capacity[orders.series] * 7).all()
    narrow = sourcing.max_stock[orders.series] < 1_000_000
    assert narrow.any()
    # A supplier's least value may ask for more than the shelf holds; those who ask for none keep to it.
    free = np.array([each.min_order_value == 0 for each in SUPPLIERS])[orders.supplier]
    history = stages.history
    backlog = np.cumsum(history.backordered - history.filled - history.cancelled, axis=0)
    waiting = np.where(orders.ordered > 0, backlog[orders.ordered - 1, orders.series], 0)
    assert (orders.quantity <= sourcing.max_stock[orders.series] + waiting)[narrow & free].all()


@pytest.mark.parametrize("above", [0, 1])
def test_the_rule_orders_up_to_s_at_or_below_the_reorder_point(stages: Stages, above: int) -> None:
    """Compared with the textbook rule in plain numbers, at the reorder point itself and one unit above."""
    buyer, day = stages.buyer, 300
    count = buyer.guess.size
    sold, on_sale_days = np.arange(count) % 90, np.full(count, 56)
    points = []
    for k in range(count):
        rate = (buyer.guess[k] * 14 + sold[k]) / 70
        points.append(rate * buyer.protection[k] + buyer.caution[k] * math.sqrt(rate * buyer.protection[k]))
    at = np.floor(points).astype(np.int64) + above
    placed = buyer.orders(np.arange(count), day, at, sold, on_sale_days, buyer.caution)
    for k in range(count):
        assert placed[k] == (0 if above else _textbook(stages, k, day, int(at[k]), int(sold[k]), points[k]))
    assert (placed > 0).any() != bool(above)


def _textbook(stages: Stages, k: int, day: int, position: int, sold: int, point: float) -> int:
    buyer = stages.buyer
    if not buyer.first[k] <= day <= buyer.last[k]:
        return 0
    rate = (buyer.guess[k] * 14 + sold) / 70
    wanted = max(point + min(math.sqrt(rate * buyer.lot_factor[k]), 60 * rate) - position, buyer.moq[k])
    for step in buyer.steps[k]:
        if 0.75 * step <= wanted < step:
            wanted = step
    pack = buyer.pack_size[k]
    quantity = math.ceil(wanted / pack) * pack
    quantity = min(quantity, (buyer.max_stock[k] - position) // pack * pack, buyer.weekly_capacity[k] // pack * pack)
    return int(quantity) if quantity >= buyer.moq[k] else 0


def test_too_small_an_order_waits_once_and_is_then_raised() -> None:
    """Two suppliers, one of whom asks for 100: 30 + 20 waits, then becomes at least 100 in whole packs."""
    rule = ValueRule(
        group=np.array([0, 0, 1]),
        minimum=np.array([100.0, 0.0]),
        unit_cost=np.array([3.0, 2.0, 1.0]),
        pack_size=np.array([10, 5, 1]),
        has_waited=np.zeros(2, dtype=bool),
    )
    which, quantity = np.arange(3), np.array([10, 10, 4])
    assert rule.apply(which, quantity).tolist() == [0, 0, 4]
    assert rule.apply(which, quantity).tolist() == [20, 20, 4]
    assert rule.apply(which, quantity).tolist() == [0, 0, 4], "the next one waits again"
    assert rule.apply(which, np.array([40, 10, 4])).tolist() == [40, 10, 4], "large enough"


def test_nothing_is_ordered_that_should_arrive_after_the_end(stages: Stages) -> None:
    orders, world = stages.history.orders, stages.world
    first = orders.supplier == world.assortment.supplier[world.series.sku[orders.series]]
    stated = stated_lead_time(world)[orders.series]
    assert (orders.promised == orders.ordered + stated)[first].all()
    assert (orders.promised < world.assortment.end[world.series.sku[orders.series]]).all()
