"""Deliveries."""

from __future__ import annotations

import numpy as np

from pipelines.demo.suppliers import SUPPLIERS, draw_lead_times
from tests.pipelines.demo.conftest import SEED, Stages


def test_the_deliveries_of_a_line_add_up_to_what_was_confirmed(stages: Stages) -> None:
    for history in (stages.history, stages.undisturbed):
        sent = np.zeros_like(history.orders.confirmed)
        for line, units in zip(history.deliveries.line, history.deliveries.sent, strict=True):
            sent[line] += units
        np.testing.assert_array_equal(sent, history.orders.confirmed)
        assert (history.deliveries.rejected <= history.deliveries.sent).all()
        assert (history.deliveries.sent > 0).all()


def test_lines_of_one_purchase_order_travel_together_unless_something_happens(stages: Stages) -> None:
    """First deliveries without incidents: lead time of the supplier, the location and the day, and the item's extra."""
    world, orders, made = stages.world, stages.undisturbed.orders, stages.undisturbed.deliveries
    lead_time = draw_lead_times(SEED, world.days, len(world.locations))
    first = np.full(orders.series.size, 10**9)
    np.minimum.at(first, made.line, made.received)
    for line in range(0, orders.series.size, 7):
        k, day = orders.series[line], orders.ordered[line]
        expected = day + lead_time[day, orders.supplier[line], world.series.location[k]]
        assert first[line] == expected + world.assortment.extra_lead_days[world.series.sku[k]]


def test_some_suppliers_deliver_in_parts_and_one_has_its_goods_refused(stages: Stages) -> None:
    orders, made = stages.undisturbed.orders, stages.undisturbed.deliveries
    parts = np.bincount(made.line, minlength=orders.series.size)
    assert parts.max() == 2
    for i, supplier in enumerate(SUPPLIERS):
        mine = (orders.supplier == i) & (orders.confirmed > 3)
        assert abs((parts[mine] == 2).mean() - supplier.partial_share) < 0.06, supplier.name
        refused = (made.rejected > 0)[orders.supplier[made.line] == i].mean()
        assert abs(refused - supplier.rejected_share) < 0.04, supplier.name
    assert (made.rejected <= np.ceil(made.sent / 2)).all()
