"""What is left to chance."""

from __future__ import annotations

import numpy as np

from pipelines.demo.chance import draw_chance
from pipelines.demo.world import draw_world


def test_the_chance_of_a_series_does_not_depend_on_the_others() -> None:
    small, large = (draw_chance(draw_world(skus, 2, 1, 3)) for skus in (3, 9))
    for name in ("accept", "cancel", "bring_back", "moves"):
        np.testing.assert_array_equal(getattr(small, name), getattr(large, name)[:, :6], err_msg=name)
    np.testing.assert_array_equal(small.supply.luck, large.supply.luck[:, :6])
    np.testing.assert_array_equal(small.supply.lead_time, large.supply.lead_time)


def test_the_draws_of_one_day_differ() -> None:
    chance = draw_chance(draw_world(3, 2, 1, 3))
    drawn = np.stack([chance.accept, chance.cancel, chance.bring_back])
    assert np.unique(drawn).size == drawn.size
    assert abs(drawn.mean() - 0.5) < 0.01
