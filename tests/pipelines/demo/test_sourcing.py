"""Sources, price steps and limits."""

from __future__ import annotations

import numpy as np

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.sourcing import NO_SOURCE, draw_sourcing
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.world import NEVER, draw_world
from tests.pipelines.demo.conftest import Stages


def test_a_second_source_is_another_supplier_and_dearer(stages: Stages) -> None:
    sourcing, assortment = stages.sourcing, stages.world.assortment
    has = sourcing.second != NO_SOURCE
    assert 0.1 < has.mean() < 0.5
    assert (sourcing.second[has] != assortment.supplier[has]).all()
    assert (sourcing.second_cost[has] > assortment.unit_cost[has]).all()


def test_price_steps_are_whole_packs_above_the_minimum_order(stages: Stages) -> None:
    steps, assortment = stages.sourcing.steps, stages.world.assortment
    stepped = np.array([supplier.price_steps for supplier in SUPPLIERS])[assortment.supplier]
    assert ((steps < NEVER).all(axis=1) == stepped).all()
    assert (steps[stepped] % assortment.pack_size[stepped, None] == 0).all()
    assert (steps[stepped, 0] > assortment.moq[stepped]).all()
    assert (steps[stepped, 1] > steps[stepped, 0]).all()


def test_capacity_and_shelf_space_are_limits_of_some_only(stages: Stages) -> None:
    sourcing, world = stages.sourcing, stages.world
    sku = world.series.sku
    small = np.array([supplier.capacity is not None for supplier in SUPPLIERS])[world.assortment.supplier[sku]]
    assert ((sourcing.capacity < NEVER) == small).all()
    narrow = np.array([kind.max_cover_days is not None for kind in CATEGORIES])[world.assortment.category[sku]]
    assert ((sourcing.max_stock < NEVER) == narrow).all()
    assert (sourcing.max_stock >= world.assortment.moq[sku]).all()


def test_a_successor_comes_from_where_its_predecessor_came(stages: Stages) -> None:
    root = stages.world.assortment.root
    for name in ("second", "second_cost", "steps"):
        values = getattr(stages.sourcing, name)
        if name != "second_cost":
            np.testing.assert_array_equal(values, values[root], err_msg=name)


def test_a_larger_world_has_the_same_sources() -> None:
    small, large = draw_sourcing(draw_world(9, 2, 1, 2)), draw_sourcing(draw_world(30, 2, 1, 2))
    np.testing.assert_array_equal(small.second, large.second[:9])
    np.testing.assert_array_equal(small.max_stock, large.max_stock[:18])
