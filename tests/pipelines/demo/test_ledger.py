"""Customer orders."""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np

from pipelines.demo.ledger import LEDGER_DAYS, units_in_dispatch
from pipelines.demo.world import HAND, NEVER
from tests.pipelines.demo.conftest import Stages


def test_lines_of_a_day_add_up_to_its_sales(stages: Stages) -> None:
    world, history, ledger = stages.world, stages.history, stages.ledger
    total = np.zeros_like(history.demand)
    launch = world.assortment.launch[world.series.sku[ledger.series]]
    sold_on = np.maximum(ledger.ordered, launch)
    inside = sold_on < world.days
    np.add.at(total, (sold_on[inside], ledger.series[inside]), ledger.quantity[inside])
    recent = slice(world.days - LEDGER_DAYS, world.days)
    np.testing.assert_array_equal(total[recent], (history.shipped + history.backordered)[recent])


def test_open_units_are_the_backlog_and_what_is_allocated(stages: Stages) -> None:
    world, history, ledger = stages.world, stages.history, stages.ledger
    backlog = (history.backordered - history.filled - history.cancelled).sum(axis=0)
    still_open = np.where(ledger.cancelled == NEVER, ledger.quantity - ledger.shipped_quantity, 0)
    still_open[world.assortment.launch[world.series.sku[ledger.series]] >= world.days] = 0
    allocated = units_in_dispatch(world, history)[-1]
    assert allocated.any()
    np.testing.assert_array_equal(
        np.bincount(ledger.series, still_open, world.series.sku.size).astype(int), backlog + allocated
    )


def test_waiting_units_leave_first_come_first_served(stages: Stages) -> None:
    """A queue of single units, in plain Python, ships and cancels as many of each day's units as the lines say."""
    world, history, ledger = stages.world, stages.history, stages.ledger
    sunday = world.weekdays(np.arange(world.days)) == 6
    rests = [not place.ships_on_sunday for place in world.locations]
    start = world.days - LEDGER_DAYS
    with_backorders = np.unique(ledger.series[(ledger.shipped != NEVER) & (ledger.shipped > ledger.ordered + 1)])
    assert with_backorders.size > 5
    for k in with_backorders:
        queue: deque[int] = deque()
        shipped, cancelled = np.zeros(world.days, dtype=int), np.zeros(world.days, dtype=int)
        for day in range(world.days):
            leaves = day + int(rests[world.series.location[k]] and sunday[day])
            for _ in range(history.filled[day, k]):
                shipped[queue.popleft()] += leaves < world.days
            for _ in range(history.cancelled[day, k]):
                cancelled[queue.popleft()] += 1
            shipped[day] += history.shipped[day, k] * (leaves < world.days)
            queue.extend([day] * int(history.backordered[day, k]))
        mine = ledger.series == k
        sold_on = np.maximum(ledger.ordered[mine], world.assortment.launch[world.series.sku[k]])
        if sold_on.max() >= world.days:
            continue
        by_day = np.bincount(sold_on, ledger.shipped_quantity[mine], world.days)
        np.testing.assert_array_equal(by_day[start:], shipped[start:])
        given_up = np.where(ledger.cancelled[mine] == NEVER, 0, ledger.quantity[mine])
        np.testing.assert_array_equal(np.bincount(sold_on, given_up, world.days)[start:], cancelled[start:])


def test_a_line_is_in_one_of_four_states(stages: Stages) -> None:
    """Shipped, partly shipped and open, not shipped and open, or cancelled without a shipment."""
    ledger = stages.ledger
    assert ((ledger.shipped_quantity >= 0) & (ledger.shipped_quantity <= ledger.quantity)).all()
    assert (ledger.quantity > 0).all()
    np.testing.assert_array_equal(ledger.shipped_quantity > 0, ledger.shipped != NEVER)
    assert (ledger.shipped_quantity[ledger.cancelled != NEVER] == 0).all()
    assert (ledger.cancelled != NEVER).any()


def test_dates_of_a_line_come_in_order(stages: Stages) -> None:
    world, ledger = stages.world, stages.ledger
    assert (ledger.ordered <= ledger.requested).all()
    assert (ledger.requested <= ledger.promised).all()
    assert (ledger.requested <= ledger.shipped).all()
    assert (ledger.ordered < ledger.cancelled).all()
    for days in (ledger.shipped, ledger.cancelled):
        assert (days[days != NEVER] < world.days).all()


def test_nothing_leaves_on_a_day_of_rest(stages: Stages) -> None:
    world, ledger = stages.world, stages.ledger
    gone = ledger.shipped != NEVER
    rests = np.array([not place.ships_on_sunday for place in world.locations])[world.series.location[ledger.series]]
    on_sunday = world.weekdays(ledger.shipped) == 6
    assert not (gone & rests & on_sunday).any()
    assert (gone & ~rests & on_sunday).any()


def test_what_is_ordered_ahead_is_wanted_on_the_first_day(stages: Stages) -> None:
    """Lines of at most thirty days before, in all as many units as were ordered ahead; some for days to come."""
    world, ledger = stages.world, stages.ledger
    launch = world.assortment.launch[world.series.sku[ledger.series]]
    ahead = ledger.ordered < launch
    assert ahead.any()
    assert (launch - ledger.ordered)[ahead].max() <= 30
    assert (ledger.requested[ahead] - launch[ahead] <= 1).all()
    units = np.bincount(ledger.series[ahead], ledger.quantity[ahead], world.series.sku.size)
    first = world.assortment.launch[world.series.sku]
    complete = (first >= world.days - LEDGER_DAYS) & (first < world.days)
    np.testing.assert_array_equal(units[complete], stages.preordered[complete])
    coming = first >= world.days
    assert (units <= stages.preordered)[coming].all()
    assert (ledger.shipped[launch >= world.days] == NEVER).all()


def test_one_order_is_one_customer_on_one_day_of_one_circle(stages: Stages) -> None:
    world, ledger = stages.world, stages.ledger
    key = np.stack([world.series.location[ledger.series], ledger.ordered, ledger.customer])
    opens = np.flatnonzero(ledger.line == 1)
    for begin, end in itertools.pairwise(opens[:500]):
        assert (key[:, begin:end] == key[:, [begin]]).all()
        assert np.unique(world.series.sku[ledger.series[begin:end]] // HAND).size == 1


def test_lines_of_an_order_are_numbered_from_one(stages: Stages) -> None:
    world, ledger = stages.world, stages.ledger
    location = world.series.location[ledger.series]
    orders: dict[tuple[int, int, int, int], list[int]] = {}
    circle = world.series.sku[ledger.series] // HAND
    for *key, line in zip(location, ledger.ordered, circle, ledger.customer, ledger.line, strict=True):
        orders.setdefault(tuple(key), []).append(int(line))
    assert all(lines == list(range(1, len(lines) + 1)) for lines in orders.values())
    assert max(map(len, orders.values())) > 1
