"""Hierarchies: sums against pandas, and aggregate panels against cells reckoned one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.hierarchy import Hierarchy, aggregate_panel
from forecasting.panel import CellStatus
from tests.forecasting.panels import panel_of

CATEGORY = ["b", "a", "b", "a", "c"]
LOCATION = ["x", "x", "y", "y", "x"]
LEVELS = [(), ("category",), ("location", "category")]


def tree() -> Hierarchy:
    return Hierarchy.from_attributes({"category": CATEGORY, "location": LOCATION}, LEVELS)


def test_rows_are_labelled_sums() -> None:
    hierarchy = tree()
    assert hierarchy.labels == (
        "category=a",
        "category=b",
        "category=c",
        "location=x, category=a",
        "location=x, category=b",
        "location=x, category=c",
        "location=y, category=a",
        "location=y, category=b",
        "total",
    )
    assert (hierarchy.aggregates, hierarchy.bottom, len(hierarchy)) == (9, 5, 14)
    sums = hierarchy.aggregate(np.array([1, 2, 4, 8, 16]))
    np.testing.assert_array_equal(sums, [10, 5, 16, 2, 1, 16, 8, 4, 31, 1, 2, 4, 8, 16])
    np.testing.assert_array_equal(hierarchy.level("category"), [0, 1, 2])
    np.testing.assert_array_equal(hierarchy.level("total"), [8])
    assert repr(hierarchy) == "Hierarchy(9 aggregates of 5 series by total; category; location, category)"


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30))
def test_sums_are_those_of_grouped_frames(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    attributes = {name: [f"{k}" for k in rng.integers(0, 4, n)] for name in ("category", "location")}
    hierarchy = Hierarchy.from_attributes(attributes, [(), ("category",), ("location",), ("category", "location")])
    values = rng.random((n, 3))
    sums = dict(zip(hierarchy.labels, hierarchy.aggregate(values), strict=False))
    frame = pd.DataFrame({**attributes, **dict(enumerate(values.T))})
    for (category, location), expected in frame.groupby(["category", "location"])[[0, 1, 2]].sum().iterrows():
        np.testing.assert_allclose(sums[f"category={category}, location={location}"], expected)
    for location, expected in frame.groupby("location")[[0, 1, 2]].sum().iterrows():
        np.testing.assert_allclose(sums[f"location={location}"], expected)
    np.testing.assert_allclose(sums["total"], values.sum(axis=0))
    np.testing.assert_array_equal(hierarchy.aggregate(values)[hierarchy.aggregates :], values)


def test_by_default_there_is_the_total_and_each_attribute() -> None:
    hierarchy = Hierarchy.from_attributes({"category": CATEGORY, "location": LOCATION})
    assert list(hierarchy.membership) == ["total", "category", "location"]
    assert hierarchy.aggregate(np.ones((5, 2, 3))).shape == (11, 2, 3)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        Hierarchy.from_attributes({"category": CATEGORY, "location": LOCATION[:3]})
    with pytest.raises(ValueError, match="same length"):
        Hierarchy.from_attributes({})
    with pytest.raises(ValueError, match="levels name region"):
        Hierarchy.from_attributes({"category": CATEGORY}, [("region",)])
    with pytest.raises(ValueError, match="no level 'region'"):
        tree().level("region")
    with pytest.raises(ValueError, match="5 bottom series and the panel 2"):
        aggregate_panel(tree(), panel_of(np.ones((2, 4))))


def test_an_aggregate_panel_is_a_panel_of_sums() -> None:
    demand = np.arange(20).reshape(5, 4) * np.array([1, 1, 1, 1, 0.5])[:, None]
    panel = aggregate_panel(tree(), panel_of(demand))
    np.testing.assert_allclose(panel.quantity, tree().aggregate(demand)[:9])
    assert (panel.status == CellStatus.OBSERVED).all()
    assert panel.skus == tree().labels
    assert panel.keys == sorted(panel.keys)
    assert panel.integral.tolist() == [True, True, False, True, True, False, True, True, False]


def test_gaps_of_members_are_estimated_from_the_others_or_no_evidence() -> None:
    """Two series of mean demand 9 and 3; the smaller one is a quarter, the larger three quarters of the sum."""
    observed, short, missing = CellStatus.OBSERVED, CellStatus.OUT_OF_STOCK, CellStatus.MISSING
    before, after = CellStatus.NOT_LAUNCHED, CellStatus.DISCONTINUED
    status = [
        [before, observed, observed, observed, missing, short, short, after],
        [before, before, observed, missing, observed, observed, short, after],
    ]
    quantity = [[0, 9, 8, 10, 0, 4, 1, 0], [0, 0, 5, 0, 1, 3, 2, 0]]
    hierarchy = Hierarchy.from_attributes({"category": ["a", "a"]}, [()])
    tolerant = aggregate_panel(hierarchy, panel_of(quantity, status=status), largest_gap=0.3)
    expected = [before, observed, observed, observed, missing, short, short, after]
    assert tolerant.status[0].tolist() == expected
    # 10 units of the larger one stand for 10 x 12 / 9 of both, whole units rounded.
    np.testing.assert_array_equal(tolerant.quantity[0], [0, 9, 13, 13, 1, 7, 3, 0])
    strict = aggregate_panel(hierarchy, panel_of(quantity, status=status))
    assert strict.status[0].tolist() == [before, observed, observed, missing, missing, short, short, after]


def test_members_without_any_demand_do_not_spoil_the_sum() -> None:
    """A series that never had demand may be unobserved without hiding the others."""
    status = [[0, 0, 0], [CellStatus.MISSING, 0, CellStatus.OUT_OF_STOCK]]
    hierarchy = Hierarchy.from_attributes({"category": ["a", "a"]}, [()])
    panel = aggregate_panel(hierarchy, panel_of([[4, 5, 6], [0, 0, 0]], status=status))
    assert (panel.status == CellStatus.OBSERVED).all()
    np.testing.assert_array_equal(panel.quantity[0], [4, 5, 6])
