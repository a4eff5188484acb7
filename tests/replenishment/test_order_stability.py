"""Earlier quantities are kept where that is wanted and possible; nervousness is counted cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.order_stability import keep_earlier, measure_nervousness

NAN = float("nan")


@pytest.mark.parametrize(
    ("new", "earlier", "frozen", "threshold", "kept"),
    [
        (43, 40, False, 0.1, True),
        (37, 40, False, 0.1, True),
        (44, 40, False, 0.1, True),
        (45, 40, False, 0.1, False),
        (44.2, 40, False, 0.1, False),  # the share is that of the earlier quantity
        (45, 40, True, 0.0, True),
        (0, 40, False, 0.5, False),
        (0, 40, True, 0.0, True),
        (40, 0, False, 9.0, False),
        (40, 0, True, 0.0, True),
        (40, NAN, True, 1.0, False),
        (40, 40, True, 1.0, False),
        (44, 43, True, 1.0, False),  # no whole packs any more
        (6, 4, True, 1.0, False),  # below the minimum of today
        (80, 104, True, 1.0, False),  # no room for so much
    ],
)
def test_an_earlier_quantity_is_kept(new: float, earlier: float, frozen: bool, threshold: float, kept: bool) -> None:
    one = np.ones(1)
    quantity, found = keep_earlier(
        new * one,
        earlier * one,
        np.array([frozen]),
        threshold,
        2 * one if earlier != 43 else 4 * one,
        6 * one,
        100 * one,
    )
    assert found.tolist() == [kept]
    assert quantity.tolist() == [earlier if kept else new]


def test_a_threshold_of_none_changes_nothing() -> None:
    random = np.random.default_rng(0)
    new, earlier = random.integers(0, 50, 99).astype(float), random.integers(0, 50, 99).astype(float)
    none = np.zeros(99)
    quantity, kept = keep_earlier(new, earlier, none > 0, 0.0, none, none, none + 1e9)
    assert (quantity == new).all()
    assert not kept.any()


def test_nervousness_counts_lines_and_units() -> None:
    before = np.array([[10.0, 0, 5], [0, 0, 20]])
    found = measure_nervousness(before, np.array([[10.0, 4, 0], [0, 0, 26]]))
    assert (found.lines, found.changed, found.units, found.units_changed) == (4, 3, 35, 15)
    assert found.share == pytest.approx(15 / 35)
    assert np.isnan(measure_nervousness(before * 0, before).share)
    assert measure_nervousness(before, before).share == 0
