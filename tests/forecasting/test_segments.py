"""Facts and classes of series, against plain loops and hand-made examples."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.segments import (
    CLASSES,
    DemandSummary,
    abc_classes,
    summarise,
    syntetos_boylan_classes,
    xyz_classes,
)
from tests.forecasting.panels import panel_of


def summary_of(interval: float, cv2: float, demands: float = 10.0) -> DemandSummary:
    one = np.array([1.0])
    index = np.array([0])
    return DemandSummary(
        one, np.array([demands]), one, one, np.array([interval]), np.array([cv2]), first=index, last=index
    )


@given(
    cells=arrays(np.int64, (3, 12), elements=st.integers(0, 9)),
    status=arrays(np.uint8, (3, 12), elements=st.sampled_from([0, 0, 0, 1, 2, 3, 4])),
)
def test_facts_are_those_of_the_observed_periods_alone(cells: np.ndarray, status: np.ndarray) -> None:
    summary = summarise(panel_of(cells, status=status))
    for i in range(3):
        known = [int(q) for q, s in zip(cells[i], status[i], strict=True) if s == 0]
        sizes = [q for q in known if q > 0]
        places = [t for t in range(12) if status[i, t] == 0 and cells[i, t] > 0]
        assert summary.observed[i] == len(known)
        assert summary.demands[i] == len(sizes)
        assert summary.mean[i] == pytest.approx(statistics.fmean(known) if known else 0.0)
        assert summary.variance[i] == pytest.approx(statistics.pvariance(known) if known else 0.0, abs=1e-9)
        assert summary.mean_interval[i] == (len(known) / len(sizes) if sizes else math.inf)
        cv2 = statistics.pvariance(sizes) / statistics.fmean(sizes) ** 2 if sizes else 0.0
        assert summary.size_cv2[i] == pytest.approx(cv2, abs=1e-9)
        assert summary.first[i] == (places[0] if places else -1)
        assert summary.last[i] == (places[-1] if places else -1)


def test_a_constant_series_has_no_variance() -> None:
    """Several hundred constants with two decimals, one each a series."""
    constants = np.arange(1, 400) * 0.01 + 0.003
    assert (summarise(panel_of(np.repeat(constants[:, None], 730, axis=1), "D")).variance == 0).all()


@pytest.mark.parametrize(
    ("demand", "name"),
    [
        ([5, 6, 5, 4, 5, 6, 5, 4], "smooth"),
        ([1, 20, 1, 1, 30, 2, 1, 1], "erratic"),
        ([5, 0, 0, 5, 0, 5, 0, 0], "intermittent"),
        ([1, 0, 0, 30, 0, 1, 0, 0], "lumpy"),
        ([0, 0, 0, 0, 0, 0, 0, 0], "no demand"),
    ],
)
def test_each_class_has_its_textbook_example(demand: list[int], name: str) -> None:
    assert syntetos_boylan_classes(summarise(panel_of(demand)))[0] == name
    assert name in CLASSES


@pytest.mark.parametrize(
    ("interval", "cv2", "name"),
    [
        (1.32, 0.49, "smooth"),
        (1.3201, 0.49, "intermittent"),
        (1.32, 0.4901, "erratic"),
        (1.3201, 0.4901, "lumpy"),
    ],
)
def test_a_series_on_a_cut_off_is_on_its_quiet_side(interval: float, cv2: float, name: str) -> None:
    assert syntetos_boylan_classes(summary_of(interval, cv2))[0] == name


def test_without_any_demand_neither_interval_nor_size_matters() -> None:
    summary = replace(summary_of(1.0, 0.9), demands=np.array([0.0]))
    assert syntetos_boylan_classes(summary)[0] == "no demand"


@given(scale=st.floats(1e-3, 1e3), cells=arrays(np.int64, 20, elements=st.integers(0, 50)))
def test_the_unit_of_measure_does_not_change_the_class(scale: float, cells: np.ndarray) -> None:
    """Pieces or dozens: intervals and relative sizes are the same (up to rounding of 32-bit cells)."""
    plain, scaled = summarise(panel_of(cells)), summarise(panel_of(cells * scale))
    np.testing.assert_array_equal(plain.mean_interval, scaled.mean_interval)
    np.testing.assert_allclose(plain.size_cv2, scaled.size_cv2, rtol=1e-4, atol=1e-6)


@given(value=st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_abc_goes_down_the_list_until_each_share_is_reached(value: list[int]) -> None:
    """By a plain walk: an item is A while the items before it hold less than 80 %, B while less than 95 %."""
    order = sorted(range(len(value)), key=lambda i: (-value[i], i))
    expected, before = ["C"] * len(value), 0
    for i in order:
        if value[i] > 0:
            expected[i] = "A" if before < 0.8 * sum(value) else "B" if before < 0.95 * sum(value) else "C"
        before += value[i]
    assert abc_classes(value).tolist() == expected


@pytest.mark.parametrize("value", [[1.0, -1.0], [1.0, np.nan]])
def test_abc_refuses_what_is_no_value(value: list[float]) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        abc_classes(value)


def test_xyz_is_the_coefficient_of_variation_of_the_periods_together() -> None:
    random = np.random.default_rng(0)
    demand = np.stack([random.poisson(40, 3000), random.poisson(2.2, 3000), random.poisson(0.2, 3000), np.zeros(3000)])
    summary = summarise(panel_of(demand))
    variation = [statistics.pstdev(row) / statistics.fmean(row) for row in demand[:3].tolist()]
    assert 0 < variation[0] < 0.5 < variation[1] < 1.0 < variation[2]
    assert xyz_classes(summary).tolist() == ["X", "Y", "Z", "Z"]
    # Ten periods together vary by 1 / sqrt(10) of that.
    assert xyz_classes(summary, periods=10).tolist() == ["X", "X", "Y", "Z"]
