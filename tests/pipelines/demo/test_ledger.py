"""Customer orders."""

from __future__ import annotations

from collections import deque

import numpy as np

from pipelines.demo.ledger import LEDGER_DAYS, units_in_dispatch
from pipelines.demo.world import NEVER
from tests.pipelines.demo.conftest import Stages


def test_lines_of_a_day_add_up_to_its_sales(stages: Stages) -> None:
    world, history, ledger = stages.world, stages.history, stages.ledger
    total = np.zeros_like(history.demand)
    np.add.at(total, (ledger.ordered, ledger.series), ledger.quantity)
    recent = slice(world.days - LEDGER_DAYS, world.days)
    np.testing.assert_array_equal(total[recent], (history.shipped + history.backordered)[recent])


def test_open_units_are_the_backlog_and_what_is_allocated(stages: Stages) -> None:
    world, history, ledger = stages.world, stages.history, stages.ledger
    backlog = (history.backordered - history.filled - history.cancelled).sum(axis=0)
    still_open = np.where(ledger.cancelled == NEVER, ledger.quantity - ledger.shipped_quantity, 0)
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
        by_day = np.bincount(ledger.ordered[mine], ledger.shipped_quantity[mine], world.days)
        np.testing.assert_array_equal(by_day[start:], shipped[start:])
        given_up = np.where(ledger.cancelled[mine] == NEVER, 0, ledger.quantity[mine])
        np.testing.assert_array_equal(
            np.bincount(ledger.ordered[mine], given_up, world.days)[start:], cancelled[start:]
        )


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


def test_lines_of_an_order_are_numbered_from_one(stages: Stages) -> None:
    world, ledger = stages.world, stages.ledger
    location = world.series.location[ledger.series]
    orders: dict[tuple[int, int, int], list[int]] = {}
    for *key, line in zip(location, ledger.ordered, ledger.customer, ledger.line, strict=True):
        orders.setdefault(tuple(key), []).append(int(line))
    assert all(lines == list(range(1, len(lines) + 1)) for lines in orders.values())
    assert max(map(len, orders.values())) > 1
