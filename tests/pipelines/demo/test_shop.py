"""The shop at work, against plain loops over whole numbers."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.chance import draw_chance
from pipelines.demo.demand import on_sale
from pipelines.demo.incidents import Cause, no_incidents
from pipelines.demo.shop import RETURN_DAYS, live_through
from pipelines.demo.sourcing import draw_sourcing
from pipelines.demo.world import draw_world
from tests.pipelines.demo.conftest import Stages


def test_stock_is_conserved_every_day(stages: Stages) -> None:
    """Stock at a close = opening stock + all that came - all that went, for each SKU and location."""
    for history in (stages.history, stages.undisturbed):
        came = history.received + history.transferred + history.returned
        went = history.scrapped + history.vanished + history.filled + history.shipped
        np.testing.assert_array_equal(history.available, history.opening_stock + np.cumsum(came - went, axis=0))
        assert (history.available >= 0).all()
        for part in ("returned", "scrapped", "transferred", "vanished"):
            assert getattr(history, part).any(), part


def test_the_record_differs_from_the_shelf_by_what_vanished_since_the_last_count(stages: Stages) -> None:
    history = stages.history
    counted = {(int(d), int(k)): (int(b), int(c)) for d, k, b, c in zip(
        history.counts.day, history.counts.series, history.counts.book, history.counts.counted, strict=True
    )}  # fmt: skip
    assert len(counted) == history.counts.day.size
    found = 0
    for k in range(0, history.demand.shape[1], 5):
        hidden = 0
        for day in range(history.demand.shape[0]):
            hidden += int(history.vanished[day, k])
            if (day, k) in counted:
                shelf = int(history.available[day, k])
                assert counted[day, k] == (shelf + hidden, shelf)
                found += hidden != 0
                hidden = 0
            assert history.booked[day, k] == history.available[day, k] + hidden
    assert found > 10
    assert (history.booked >= 0).all()


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
    np.testing.assert_array_equal(history.unmet, history.backordered + history.lost)
    assert (history.available[history.unmet > 0] == 0).all()


def test_deliveries_are_received_on_their_day_without_what_was_refused(stages: Stages) -> None:
    history, days = stages.history, stages.world.days
    expected = np.zeros_like(history.received)
    made = history.deliveries
    series = history.orders.series[made.line]
    for day, k, sent, rejected in zip(made.received, series, made.sent, made.rejected, strict=True):
        if day < days:
            expected[day, k] += sent - rejected
    np.testing.assert_array_equal(history.received, expected)
    assert (made.received >= days).any()


def test_the_order_of_events_is_that_of_the_clock(stages: Stages) -> None:
    """A plain loop in whole numbers, given what came and what was accepted or given up, ships the same units."""
    history = stages.history
    for k in range(0, history.demand.shape[1], 11):
        stock, waiting = int(history.opening_stock[k]), 0
        for day in range(history.demand.shape[0]):
            incoming = max(int(history.transferred[day, k]), 0)
            stock += int(history.received[day, k] + history.returned[day, k]) + incoming
            stock -= int(history.scrapped[day, k]) + int(history.vanished[day, k])
            fill = min(stock, waiting)
            stock, waiting = stock - fill, waiting - fill
            waiting -= int(history.cancelled[day, k])
            stock -= incoming - int(history.transferred[day, k])
            ship = min(stock, int(history.demand[day, k]))
            stock -= ship
            waiting += int(history.backordered[day, k])
            assert (fill, ship, stock) == (history.filled[day, k], history.shipped[day, k], history.available[day, k])


def test_what_is_older_than_its_shelf_life_is_scrapped(stages: Stages) -> None:
    """A queue of lots with their days, first in first out, scraps the same units."""
    world, history = stages.world, stages.history
    life = np.array([kind.shelf_life_days or 0 for kind in CATEGORIES])[world.assortment.category[world.series.sku]]
    perishable = np.flatnonzero(life)
    assert not history.scrapped[:, life == 0].any()
    assert history.scrapped[:, perishable].any()
    for k in perishable:
        lots = deque([[0, int(history.opening_stock[k])]])
        for day in range(world.days):
            incoming = max(int(history.transferred[day, k]), 0)
            lots.append([day, int(history.received[day, k] + history.returned[day, k]) + incoming])
            lots.append([day, max(-int(history.vanished[day, k]), 0)])
            scrapped = 0
            while lots and lots[0][0] <= day - life[k]:
                scrapped += lots.popleft()[1]
            assert history.scrapped[day, k] == scrapped
            outgoing = incoming - int(history.transferred[day, k])
            out = (
                int(history.filled[day, k] + history.shipped[day, k]) + max(int(history.vanished[day, k]), 0) + outgoing
            )
            while out > 0:
                taken = min(out, lots[0][1])
                lots[0][1] -= taken
                out -= taken
                if lots[0][1] == 0:
                    lots.popleft()


def test_returns_come_twelve_days_after_the_shipment_and_not_after_the_end(stages: Stages) -> None:
    world, history = stages.world, stages.history
    gone = history.shipped + history.filled
    assert not history.returned[:RETURN_DAYS].any()
    assert (history.returned[RETURN_DAYS:] <= gone[:-RETURN_DAYS]).all()
    for j, place in enumerate(world.locations):
        here = (world.series.location == j) & (world.assortment.end[world.series.sku] >= world.days)
        share = history.returned[RETURN_DAYS:, here].sum() / gone[:-RETURN_DAYS, here].sum()
        assert math.isclose(share, place.returned_share, rel_tol=0.1), place.name
    assert not history.returned[~on_sale(world) & (np.arange(world.days)[:, None] > 400)].any()


def test_what_was_ordered_ahead_waits_where_it_cannot_be_shipped(stages: Stages) -> None:
    """Nobody who ordered before the first day goes away on it."""
    history = stages.history
    day, series = np.nonzero(history.preordered)
    assert day.size > 5
    assert (history.demand >= history.preordered).all()
    missing = np.maximum(history.preordered - history.shipped, 0)
    assert (history.backordered >= missing)[day, series].all()
    launch = stages.world.assortment.launch[stages.world.series.sku[series]]
    np.testing.assert_array_equal(day, launch)


def test_locations_differ_in_the_patience_of_their_customers(stages: Stages) -> None:
    world, history = stages.world, stages.history
    for j, place in enumerate(world.locations):
        here = world.series.location == j
        accepted = history.backordered[:, here].sum()
        share = accepted / (accepted + history.lost[:, here].sum())
        assert abs(share - place.backorder_share) < 0.04, place.name


def test_the_shop_is_out_of_stock_on_a_realistic_share_of_days(stages: Stages) -> None:
    """Between 3 and 8 per cent of the days on sale: a shop that can be improved, not a broken one."""
    assert 0.03 < (stages.history.available == 0)[on_sale(stages.world)].mean() < 0.08
    assert (stages.undisturbed.available == 0)[on_sale(stages.world)].mean() < 0.07


def test_the_buyer_sees_the_record_and_all_that_is_still_to_come(stages: Stages) -> None:
    """The inventory position recomputed from what happened, at each review of each fifth series, gives the same orders.

    Series whose supplier asks for a least value of an order are left out: there the whole order decides.
    """
    world, history, buyer = stages.world, stages.history, stages.buyer
    orders, made = history.orders, history.deliveries
    free = np.isin(world.assortment.supplier, (0, 1, 4, 6))[world.series.sku]
    backlog = np.cumsum(history.backordered - history.filled - history.cancelled, axis=0) - history.backordered
    on_sale_days = on_sale(world).astype(int)
    accepted = history.shipped + history.backordered
    for k in np.flatnonzero(free)[::5]:
        mine = orders.series == k
        delivered = mine[made.line]
        one = np.array([k])
        for day in range(1, world.days):
            if world.weekdays(day) != buyer.weekday[k]:
                continue
            came = history.received[day, k] + history.returned[day, k] + max(int(history.transferred[day, k]), 0)
            book = int(history.booked[day - 1, k] + came - history.scrapped[day, k] - history.filled[day, k])
            ordered = orders.confirmed[mine & (orders.ordered < day)].sum()
            arrived = made.sent[delivered & (made.received <= day)].sum()
            position = np.array([book + ordered - arrived - backlog[day, k]])
            recent = slice(max(day - 56, 0), day)
            wanted = buyer.orders(
                one,
                day,
                position,
                accepted[recent, [k]].sum(keepdims=True).ravel(),
                on_sale_days[recent, [k]].sum(keepdims=True).ravel(),
                stages.incidents.caution(day, one, buyer.caution[one]),
            )
            forgotten = stages.incidents.at_work(Cause.LATE_ORDER, day, one)
            placed = orders.quantity[mine & (orders.ordered == day)].sum()
            assert placed == (0 if forgotten else wanted[0]), (k, day)


def test_nobody_who_ordered_ahead_goes_away_even_when_far_too_many_did() -> None:
    """Five hundred units ordered ahead of each new item: more than the first delivery holds."""
    world = draw_world(40, 2, 2, 7)
    launch = world.assortment.launch[world.series.sku]
    new = np.flatnonzero((launch > 60) & (launch < world.days))
    demand = np.ones((world.days, launch.size), dtype=np.int64)
    preordered = np.zeros(launch.size, dtype=np.int64)
    preordered[new] = 500
    demand[launch[new], new] += 500
    history = live_through(
        world, demand, preordered, draw_sourcing(world), draw_chance(world), no_incidents(launch.size)
    )
    missing = 500 - history.shipped[launch[new], new]
    assert (missing > 0).sum() > 5
    assert (history.lost[launch[new], new] <= 1).all()
    assert (history.backordered[launch[new], new] >= missing).all()
