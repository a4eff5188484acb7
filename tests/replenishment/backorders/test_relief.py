"""Help comes from the first way that can spare something and is quicker; nothing is given twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from replenishment.backorders.relief import Way, find_relief

ELSEWHERE, OTHER = Way(1, 1.0, 3), Way(2, 2.0, 0)


def helped(units: list[float], wait: list[float], spare: list[float]) -> list[tuple[int, int, float]]:
    n = len(units)
    lines, item = np.arange(n), np.zeros(n, dtype=np.int64)
    ways = {0: [ELSEWHERE, OTHER]}
    found = find_relief(lines, item, np.array(units), np.array(wait), ways, np.array([0.0, *spare]))
    return [(each.line, each.way.giver, each.units) for each in found]


def test_the_first_quicker_way_is_taken_then_the_next() -> None:
    assert helped([4, 4], [9, np.inf], [5, 7]) == [(0, 1, 4), (1, 1, 1), (1, 2, 3)]
    assert helped([4], [3], [5, 7]) == [(0, 2, 3)]
    assert helped([4], [0], [5, 7]) == []


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(0, 20), st.integers(0, 20))
def test_nothing_is_given_twice(units: list[int], here: int, there: int) -> None:
    found = helped([float(u) for u in units], [9.0] * len(units), [float(here), float(there)])
    assert sum(u for _, giver, u in found if giver == 1) == min(here, sum(units))
    assert sum(2 * u for _, giver, u in found if giver == 2) <= there
    for line, wanted in enumerate(units):
        assert sum(u for which, _, u in found if which == line) <= wanted
