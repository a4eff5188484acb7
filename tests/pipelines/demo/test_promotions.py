"""Campaigns and promotions."""

from __future__ import annotations

import numpy as np

from pipelines.demo.promotions import ANNOUNCED_DAYS, EVERYWHERE, uplift_and_discount
from tests.pipelines.demo.conftest import Stages


def test_what_is_announced_lies_ahead_but_not_beyond_its_horizon(stages: Stages) -> None:
    days = stages.world.days
    last = [occasion.last for occasion in stages.occasions]
    assert any(day >= days for day in last)
    assert max(last) < days + ANNOUNCED_DAYS
    assert all(0 <= occasion.first <= occasion.last for occasion in stages.occasions)


def test_an_item_is_only_promoted_while_it_is_on_sale(stages: Stages) -> None:
    assortment = stages.world.assortment
    promotions = [occasion for occasion in stages.occasions if occasion.sku != EVERYWHERE]
    assert promotions
    for promotion in promotions:
        assert assortment.launch[promotion.sku] <= promotion.first
        assert promotion.last < assortment.end[promotion.sku]


def test_uplifts_multiply_and_the_deepest_discount_holds(stages: Stages) -> None:
    """Compared with a plain loop over days, series and occasions."""
    world = stages.world
    uplift, discount = uplift_and_discount(world, stages.occasions)
    category = world.assortment.category[world.series.sku]
    for k in range(0, world.series.sku.size, 7):
        expected_uplift, expected_discount = np.ones(world.days), np.zeros(world.days)
        for occasion in stages.occasions:
            if (
                occasion.sku in (EVERYWHERE, world.series.sku[k])
                and occasion.category in (EVERYWHERE, category[k])
                and occasion.location in (EVERYWHERE, world.series.location[k])
            ):
                for day in range(occasion.first, min(occasion.last + 1, world.days)):
                    expected_uplift[day] *= occasion.uplift
                    expected_discount[day] = max(expected_discount[day], occasion.discount)
        np.testing.assert_allclose(uplift[:, k], expected_uplift)
        np.testing.assert_array_equal(discount[:, k], expected_discount)


def test_a_closing_day_has_no_demand(stages: Stages) -> None:
    closed = [occasion for occasion in stages.occasions if occasion.name == "closed"]
    assert len(closed) == 4
    for occasion in closed:
        assert (stages.history.demand[occasion.first : occasion.last + 1] == 0).all()
