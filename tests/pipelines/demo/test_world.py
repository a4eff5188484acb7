"""The truth drawn from the seed."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.demo.catalogue import CATEGORIES, LIVES, PATTERNS
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.world import AS_OF, NEVER, SUCCESSOR, draw_world
from tests.pipelines.demo.conftest import Stages


def test_the_history_ends_on_a_sunday_so_that_the_next_opening_is_a_monday() -> None:
    world = draw_world(1, 1, 1, 0)
    assert AS_OF.weekday() == 0
    assert world.dates(world.days) == np.datetime64(AS_OF)
    assert world.weekdays(world.days) == 0


def test_shares_of_the_catalogue_sum_to_one() -> None:
    for kinds in (PATTERNS, LIVES):
        assert sum(kind.share for kind in kinds) == pytest.approx(1.0)


def test_twenty_skus_have_every_category_supplier_and_pattern() -> None:
    for seed in range(10):
        assortment = draw_world(20, 2, 3, seed).assortment
        for drawn, kinds in (
            (assortment.category, CATEGORIES),
            (assortment.supplier, SUPPLIERS),
            (assortment.pattern, PATTERNS),
        ):
            assert set(drawn) == set(range(len(kinds)))


def test_a_larger_world_contains_the_smaller_one() -> None:
    small, large = draw_world(30, 2, 2, 7), draw_world(70, 2, 2, 7)
    for part, size in (("assortment", 30), ("series", 60)):
        for name, values in vars(getattr(small, part)).items():
            np.testing.assert_array_equal(values, getattr(getattr(large, part), name)[:size], err_msg=name)


def test_a_successor_starts_when_its_predecessor_ends_and_is_like_it(stages: Stages) -> None:
    assortment = stages.world.assortment
    successors = np.flatnonzero(assortment.predecessor >= 0)
    before = assortment.predecessor[successors]
    assert successors.size > 0
    assert (assortment.life[successors] == SUCCESSOR).all()
    np.testing.assert_array_equal(assortment.launch[successors], assortment.end[before])
    for name in ("category", "supplier", "pattern", "rate", "unit_cost", "pack_size", "moq"):
        values = getattr(assortment, name)
        np.testing.assert_array_equal(values[successors], values[before], err_msg=name)


def test_some_are_superseded_twice() -> None:
    """Chains of three, in which the second begins when the first ends and ends when the third begins."""
    assortment = draw_world(200, 1, 3, 0).assortment
    members = np.bincount(assortment.root)
    assert set(members) == {0, 1, 2, 3}
    for root in np.flatnonzero(members == 3):
        assert assortment.predecessor[root : root + 3].tolist() == [-1, root, root + 1]
        assert assortment.launch[root + 1] == assortment.end[root] < assortment.end[root + 1]
        assert assortment.launch[root + 2] == assortment.end[root + 1]


def test_economics_are_sound(stages: Stages) -> None:
    """Every item has a margin, costs above zero and a minimum order in whole packs."""
    assortment = stages.world.assortment
    assert (assortment.unit_price > assortment.unit_cost).all()
    for name in ("unit_cost", "shortage_cost", "order_cost", "pack_size", "moq", "rate", "dispersion"):
        assert (getattr(assortment, name) > 0).all(), name
    assert (assortment.moq % assortment.pack_size == 0).all()


def test_items_come_and_go(stages: Stages) -> None:
    """Some are launched, some end within the history, and some have an end that lies ahead."""
    assortment, days = stages.world.assortment, stages.world.days
    assert ((assortment.launch >= 0) & (assortment.launch < days)).any()
    assert (assortment.launch > days).any()
    assert ((assortment.end > 0) & (assortment.end < days)).any()
    assert ((assortment.end >= days) & (assortment.end < NEVER)).any()
    assert (assortment.launch < assortment.end).all()


@pytest.mark.parametrize(
    ("argument", "value"), [("skus", 0), ("locations", 0), ("locations", 5), ("years", 0), ("seed", -1)]
)
def test_an_argument_out_of_range_is_named(argument: str, value: int) -> None:
    arguments = {"skus": 2, "locations": 2, "years": 1, "seed": 0, argument: value}
    with pytest.raises(ValueError, match=f"{argument}={value}"):
        draw_world(**arguments)
