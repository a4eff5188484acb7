"""Positions and day numbers as text and dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.demo.frames import dates, keys, names_or_empty, numbers_or_empty
from pipelines.demo.world import NEVER, draw_world


def test_what_has_not_happened_is_empty() -> None:
    world = draw_world(2, 2, 1, 0)
    written = pd.Series(dates(world, np.array([-1, 0, 365, NEVER])))
    assert written.isna().tolist() == [True, False, False, True]
    assert written[1].date() == world.start
    assert names_or_empty(["a", "b"], np.array([1, -1])).isna().tolist() == [False, True]
    assert numbers_or_empty(np.array([3, NEVER])).isna().tolist() == [False, True]


def test_a_series_is_a_sku_at_a_location() -> None:
    written = keys(draw_world(2, 2, 1, 0), np.array([0, 3]))
    assert written["sku"].tolist() == ["00001", "00002"]
    assert written["location"].tolist() == ["north", "south"]
