"""Paired differences: against the normal approximation, and blind to what both have in common."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.identity import stream_keys
from replenishment.paired_bootstrap import paired_difference


def test_the_interval_is_that_of_the_delta_method() -> None:
    """se^2 = sum (d - r b)^2 / (sum b)^2, of a ratio of sums over many independent SKUs."""
    random = np.random.default_rng(0)
    n = 3000
    keys = stream_keys([f"s{k}" for k in range(n)], ["main"] * n, 0)
    base = random.gamma(2.0, 50.0, n)
    champion = base * random.beta(1, 9, n)
    challenger = champion + base * random.normal(-0.01, 0.1, n)
    found = paired_difference(challenger, champion, base, keys)
    ratio = (challenger - champion).sum() / base.sum()
    error = np.sqrt(((challenger - champion - ratio * base) ** 2).sum()) / base.sum()
    assert found.estimate == pytest.approx(ratio)
    assert found.low == pytest.approx(ratio - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(ratio + 1.96 * error, abs=0.1 * error)
    # What is hard for both does not widen it.
    harder = 1000.0 * random.gamma(0.1, 1.0, n)
    assert paired_difference(challenger + harder, champion + harder, base, keys).high == pytest.approx(found.high)


def test_nothing_to_compare_is_no_number() -> None:
    empty = np.zeros(3)
    assert np.isnan(paired_difference(empty, empty, empty, np.arange(3, dtype=np.uint64)).estimate)
