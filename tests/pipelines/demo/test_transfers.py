"""Transfers."""

from __future__ import annotations

import numpy as np

from pipelines.demo.incidents import no_incidents
from pipelines.demo.transfers import TRANSFER_DAYS, TransferDesk
from pipelines.demo.world import draw_world
from tests.pipelines.demo.conftest import Stages


def test_what_is_sent_arrives_two_days_later_and_nothing_is_on_the_road_in_the_end(stages: Stages) -> None:
    world, history = stages.world, stages.history
    expected = np.zeros_like(history.transferred)
    made = history.transfers
    for sent, source, target, units in zip(made.sent, made.source, made.target, made.quantity, strict=True):
        expected[sent, source] -= units
        expected[sent + TRANSFER_DAYS, target] += units
        assert world.series.sku[source] == world.series.sku[target]
        assert world.series.location[source] == 0 != world.series.location[target]
    np.testing.assert_array_equal(history.transferred, expected)
    assert made.sent.size > 5
    assert made.sent.max() + TRANSFER_DAYS < world.days


def test_the_first_location_keeps_enough_for_itself() -> None:
    """One SKU at three places; 100 on the first shelf, one a day sold: 55 to give, at most two weeks to each."""
    world = draw_world(1, 3, 1, 0)
    desk = TransferDesk(world, no_incidents(3))
    shelf, none = np.array([100, 0, 0]), np.zeros(3, dtype=np.int64)
    rate = np.array([1.0, 3.0, 1.0])
    assert desk.send(10, shelf, none, rate).tolist() == [55, 0, 0]
    assert desk.arriving[12].tolist() == [0, 42, 13]
    shelf = np.array([40, 0, 5])
    assert desk.send(17, shelf, none, rate).tolist() == [0, 0, 0]
    assert desk.transfers().quantity.tolist() == [42, 13]
