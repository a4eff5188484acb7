"""Which origins are learned from, and how blocks become periods."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.calendars import Frequency
from forecasting.models.block_rows import layout_of, training_pairs
from tests.forecasting.panels import panel_of


@pytest.mark.parametrize(("frequency", "periods"), [("D", 1000), ("W-MON", 120), ("MS", 30)])
def test_origins_step_back_from_the_newest_whose_first_block_is_known(frequency: str, periods: int) -> None:
    layout = layout_of(Frequency(frequency))
    series, origin = training_pairs(panel_of(np.ones((3, periods)), frequency), layout, 10**6)
    newest = periods - layout.ends[0]
    plain = [t for t in range(newest, -1, -layout.step) if t >= layout.least and t > newest - layout.back]
    np.testing.assert_array_equal(origin, sorted(plain) * 3)
    np.testing.assert_array_equal(series, np.repeat(np.arange(3), len(plain)))


def test_a_history_without_room_for_an_origin_gives_none() -> None:
    layout = layout_of(Frequency("D"))
    assert len(training_pairs(panel_of(np.ones((3, 20)), "D"), layout, 100)[0]) == 0


def test_thinning_keeps_about_as_many_and_the_same_ones_in_any_order() -> None:
    panel = panel_of(np.ones((60, 140)))
    layout = layout_of(panel.calendar.frequency)
    everything = len(training_pairs(panel, layout, 10**6)[0])
    series, origin = training_pairs(panel, layout, 1000)
    share = 1000 / everything
    assert len(series) == pytest.approx(1000, abs=4 * np.sqrt(everything * share * (1 - share)))
    order = np.random.default_rng(0).permutation(60)
    shuffled, when = training_pairs(panel.take(order), layout, 1000)
    assert set(zip(order[shuffled].tolist(), when.tolist(), strict=True)) == set(
        zip(series.tolist(), origin.tolist(), strict=True)
    )


def test_each_period_has_the_value_of_its_block_and_the_last_one_holds() -> None:
    layout = layout_of(Frequency("W-MON"))
    spread = layout.spread(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), 20)
    np.testing.assert_array_equal(spread[0], [1, 2, 3, 3, 4, 4, 4, 4] + [5] * 12)
    np.testing.assert_array_equal(layout.spread(np.array([[1.0, 2.0]]), 4)[0], [1, 2, 2, 2])
