"""What a model may know beside its own series."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.protocol import memory_periods
from tests.forecasting.panels import context_of, panel_of


@pytest.mark.parametrize(("frequency", "periods"), [("D", 364), ("W-MON", 156), ("W-SUN", 156), ("MS", 60)])
def test_a_bootstrap_remembers_a_year_of_days_three_of_weeks_or_five_of_months(frequency: str, periods: int) -> None:
    assert memory_periods(context_of(panel_of(np.zeros((1, 4)), frequency))) == periods


def test_the_future_begins_where_the_past_ends() -> None:
    """Monthly factors 1 ... 12 along January to April 2024 and on from May."""
    context = context_of(panel_of(np.zeros((2, 4)), "MS"), np.arange(1, 13))
    np.testing.assert_array_equal(context.past(), [[1, 2, 3, 4]])
    np.testing.assert_array_equal(context.future(10), [[5, 6, 7, 8, 9, 10, 11, 12, 1, 2]])
    assert context.past().dtype == np.float32
