"""The conformal bound keeps its promise for any distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.conformal_quantile import conformal_bound, conformal_rank


@pytest.mark.parametrize(("count", "level"), [(19, 0.9), (50, 0.8), (7, 0.5)])
def test_a_new_residual_lies_below_as_often_as_promised(count: int, level: float) -> None:
    draws = np.random.default_rng(9).lognormal(0, 2, (40_000, count + 1))
    bounds = np.array([conformal_bound(row[:-1], level) for row in draws[:8_000]])
    kept = float((draws[:8_000, -1] <= bounds).mean())
    exact = conformal_rank(count, level) / (count + 1)
    assert kept == pytest.approx(exact, abs=0.015)
    assert level <= exact <= level + 1 / (count + 1)


@given(st.integers(1, 2_000), st.integers(1, 99))
def test_ranks_are_exact_in_hundredths(count: int, percent: int) -> None:
    assert conformal_rank(count, percent / 100) == -(-(count + 1) * percent // 100)


def test_too_few_residuals_bound_nothing() -> None:
    assert conformal_bound([1.0, 2.0, 3.0], 0.95) == np.inf
    assert conformal_bound([3.0, 1.0, 2.0], 0.75) == 3.0
    with pytest.raises(ValueError, match="level is 95"):
        conformal_bound([1.0], 95)
    with pytest.raises(ValueError, match=r"residuals\[0\] is nan"):
        conformal_bound([np.nan], 0.5)
