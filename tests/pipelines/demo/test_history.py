"""The inventory history."""

from __future__ import annotations

import numpy as np

from pipelines.demo.demand import on_sale
from tests.pipelines.demo.conftest import Stages


def test_stock_is_conserved_every_day(stages: Stages) -> None:
    """Stock at a close = opening stock + received - shipped, for each SKU and location."""
    history = stages.history
    flow = np.cumsum(history.received - history.filled - history.shipped, axis=0)
    np.testing.assert_array_equal(history.available, history.opening_stock + flow)
    assert (history.available >= 0).all()


def test_waiting_customers_are_conserved_and_never_wait_beside_stock(stages: Stages) -> None:
    history = stages.history
    backlog = np.cumsum(history.backordered - history.filled - history.cancelled, axis=0)
    assert (backlog >= 0).all()
    assert backlog.max() > 0
    assert ((backlog == 0) | (history.available == 0)).all()


def test_demand_is_shipped_accepted_or_lost(stages: Stages) -> None:
    history = stages.history
    for part in (history.shipped, history.backordered, history.lost):
        assert (part >= 0).all()
        assert part.sum() > 0
    np.testing.assert_array_equal(history.demand, history.shipped + history.backordered + history.lost)
    unmet = history.backordered + history.lost
    assert (history.available[unmet > 0] == 0).all()


def test_what_was_ordered_is_received_on_its_day(stages: Stages) -> None:
    orders, history = stages.history.orders, stages.history
    expected = np.zeros_like(history.received)
    arrived = orders.received < stages.world.days
    np.add.at(expected, (orders.received[arrived], orders.series[arrived]), orders.quantity[arrived])
    np.testing.assert_array_equal(history.received, expected)
    assert (~arrived).any()


def test_the_order_of_events_is_that_of_the_clock(stages: Stages) -> None:
    """A plain loop in whole numbers, given arrivals, acceptances and cancellations, ships the same units."""
    history = stages.history
    for k in range(0, history.demand.shape[1], 11):
        stock, waiting = int(history.opening_stock[k]), 0
        for day in range(history.demand.shape[0]):
            stock += int(history.received[day, k])
            fill = min(stock, waiting)
            stock, waiting = stock - fill, waiting - fill
            waiting -= int(history.cancelled[day, k])
            ship = min(stock, int(history.demand[day, k]))
            stock -= ship
            waiting += int(history.backordered[day, k])
            assert (fill, ship, stock) == (history.filled[day, k], history.shipped[day, k], history.available[day, k])


def test_locations_differ_in_the_patience_of_their_customers(stages: Stages) -> None:
    world, history = stages.world, stages.history
    for j, place in enumerate(world.locations):
        here = world.series.location == j
        accepted = history.backordered[:, here].sum()
        share = accepted / (accepted + history.lost[:, here].sum())
        assert abs(share - place.backorder_share) < 0.03, place.name


def test_the_shop_is_out_of_stock_on_a_realistic_share_of_days(stages: Stages) -> None:
    """Between 3 and 8 per cent of the days on sale: a shop that can be improved, not a broken one."""
    assert 0.03 < (stages.history.available == 0)[on_sale(stages.world)].mean() < 0.08
