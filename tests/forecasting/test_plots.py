"""Pictures show what they are given: lines, labels and data, not pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecasting import plots
from forecasting.metrics import calibration_curve, pit_histogram
from forecasting.panel import CellStatus
from forecasting.segments import abc_classes, summarise
from tests.forecasting.panels import panel_of


@pytest.fixture
def axes() -> Axes:
    return Figure(figsize=(6, 4)).subplots()


def line(axes: Axes, label: str) -> np.ndarray:
    """Heights of the line with a label."""
    found = [drawn for drawn in axes.get_lines() if drawn.get_label() == label]
    assert len(found) == 1, label
    return np.asarray(found[0].get_ydata(), dtype=float)


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(axes: Axes) -> Axes:
    """Render once: what can't be drawn fails here."""
    axes.figure.canvas.draw()
    return axes


def weeks(first: str, count: int) -> np.ndarray:
    return np.datetime64(first) + 7 * np.arange(count)


def test_the_fan_holds_history_bands_median_and_the_sum(axes: Axes) -> None:
    rng = np.random.default_rng(0)
    paths, history = rng.poisson(9, (500, 4)), rng.poisson(9, 30).astype(float)
    observed = np.arange(30) != 12
    result = plots.history_with_fan(
        axes, weeks("2024-01-01", 30), history, weeks("2024-07-29", 4), paths, observed=observed, actual=[1, 2, 3, 4]
    )
    assert drawn(result) is axes
    np.testing.assert_array_equal(line(axes, "demand"), np.where(observed, history, np.nan))
    np.testing.assert_array_equal(line(axes, "not observed"), history[12:13])
    np.testing.assert_array_equal(line(axes, "median"), np.median(paths, axis=0))
    np.testing.assert_array_equal(line(axes, "what came"), [1, 2, 3, 4])
    assert legend(axes) == [
        "demand", "not observed", "95% of paths", "80% of paths", "50% of paths", "median", "what came",
    ]  # fmt: skip
    for band, area in zip((0.95, 0.8, 0.5), axes.collections, strict=True):
        heights = area.get_paths()[0].vertices[:, 1]
        edges = np.quantile(paths, [(1 - band) / 2, (1 + band) / 2], axis=0)
        assert (heights.min(), heights.max()) == (edges[0].min(), edges[1].max())
    told = axes.texts[0].get_text()
    assert told.startswith("sum over 4 periods")
    assert f"95%: {np.quantile(paths.sum(axis=1), 0.95, method='inverted_cdf'):g}" in told


def test_a_fan_of_one_period_has_a_width(axes: Axes) -> None:
    plots.history_with_fan(axes, weeks("2024-01-01", 3), [1, 2, 3], weeks("2024-01-22", 1), np.ones((30, 1)) * 5)
    assert line(drawn(axes), "median").tolist() == [5, 5]
    assert np.ptp(axes.collections[0].get_paths()[0].vertices[:, 0]) == 7
    assert axes.texts[0].get_text().startswith("sum over 1 periods  50%: 5,")


def test_the_sum_is_a_histogram_of_shares_with_its_quantiles(axes: Axes) -> None:
    sums = np.repeat([3, 4, 9], [50, 40, 10])
    plots.sum_distribution(axes, sums, levels=(0.5, 0.95), actual=8.0)
    heights = {round(bar.get_x() + 0.5): bar.get_height() for bar in drawn(axes).patches}
    assert {k: v for k, v in heights.items() if v > 0} == pytest.approx({3: 0.5, 4: 0.4, 9: 0.1})
    assert [float(mark.get_xdata()[0]) for mark in axes.get_lines()] == [3, 9, 8]
    assert [text.get_text().strip() for text in axes.texts] == ["50%", "95%"]


def test_the_calibration_curve_is_that_of_the_metrics(axes: Axes) -> None:
    rng = np.random.default_rng(1)
    below, at, origin = rng.random(300) * 0.8, np.full(300, 0.2), np.repeat(np.arange(10), 30)
    plots.calibration(axes, below, at, cluster=origin, levels=[0.5, 0.9], label="ours")
    coverage, error = calibration_curve(below, at, [0.5, 0.9], origin)
    curve = axes.containers[0]
    np.testing.assert_allclose(curve.lines[0].get_ydata(), coverage)
    segments = np.array(curve.lines[2][0].get_segments())
    np.testing.assert_allclose(segments[:, 1, 1] - segments[:, 0, 1], 4 * error)
    corner = drawn(axes).child_axes[0]
    np.testing.assert_allclose([bar.get_height() for bar in corner.patches], pit_histogram(below, at))
    assert legend(axes) == ["perfect", "ours"]


def test_errors_stand_by_segment_from_top_to_bottom(axes: Axes) -> None:
    rows = [("smooth", "a", 1.0, 0.1), ("smooth", "b", 2.0, 0.2), ("lumpy", "a", 4.0, 0.5), ("lumpy", "b", 3.0, np.nan)]
    table = pd.DataFrame(rows, columns=["segment", "model", "value", "se"])
    plots.error_by_segment(axes, table, title="pinball")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["smooth", "lumpy"]
    assert legend(drawn(axes)) == ["a", "b"]
    values = [container.lines[0].get_xdata().tolist() for container in axes.containers]
    assert values == [[1.0, 4.0], [2.0, 3.0]]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    plain = Figure().subplots()
    plots.error_by_segment(plain, table.drop(columns="se"))
    assert plain.containers[0].lines[2] == ()


def test_classes_are_told_apart_and_counted(axes: Axes) -> None:
    demand = np.zeros((5, 40))
    demand[0], demand[1], demand[2, ::4], demand[3, ::5] = 5, [1, 1, 1, 30] * 10, 3, [1, 1, 1, 30] * 2
    summary = summarise(panel_of(demand))
    plots.class_scatter(axes, summary)
    assert legend(drawn(axes)) == ["smooth (1)", "erratic (1)", "intermittent (1)", "lumpy (1)", "no demand (1)"]
    points = {
        mark.get_label().split()[0]: (float(mark.get_xdata()[0]), float(mark.get_ydata()[0]))
        for mark in axes.get_lines()
        if mark.get_label()[-2:] == "1)" and len(mark.get_xdata())
    }
    for k, name in enumerate(("smooth", "erratic", "intermittent", "lumpy")):
        assert points[name] == (summary.mean_interval[k], summary.size_cv2[k])
    cuts = [mark for mark in axes.get_lines() if mark.get_label().startswith("_")]
    assert [cuts[0].get_xdata()[0], cuts[1].get_ydata()[0]] == [1.32, 0.49]


def test_dots_are_relative_to_the_best_of_their_row(axes: Axes) -> None:
    table = pd.DataFrame(
        {"a": [2.0, 3.0, 0.0, np.nan], "b": [1.0, np.nan, 1.0, np.nan]}, index=["m5", "vn2", "zero", "none"]
    )
    plots.accuracy_dots(axes, table)
    first, second = (np.asarray(mark.get_xdata(), dtype=float) for mark in axes.get_lines() if mark.get_label() in "ab")
    np.testing.assert_array_equal(first, [2.0, 1.0, np.nan, np.nan])
    np.testing.assert_array_equal(second, [1.0, np.nan, np.nan, np.nan])
    assert [text.get_text() for text in drawn(axes).get_yticklabels()] == ["m5", "vn2", "zero", "none"]


def test_history_shows_what_was_seen_hidden_and_estimated(axes: Axes) -> None:
    observed = np.array([True, True, False, True])
    estimated = np.array([np.nan, np.nan, 7.5, np.nan])
    plots.history(axes, weeks("2024-01-01", 4), [3, 4, 1, 5], observed=observed, estimated=estimated, title="a")
    drawn(axes)
    np.testing.assert_array_equal(line(axes, "demand"), [3, 4, np.nan, 5])
    np.testing.assert_array_equal(line(axes, "not observed"), [1])
    np.testing.assert_array_equal(line(axes, "estimated demand"), estimated)
    assert axes.get_ylim()[0] == 0


def test_shares_of_known_cells_are_counted_and_fill_the_picture(axes: Axes) -> None:
    panel = panel_of(np.ones((4, 3)))
    status = panel.status.copy()
    status[0, 1] = status[1, 1] = CellStatus.OUT_OF_STOCK
    status[3, :2] = CellStatus.NOT_LAUNCHED
    plots.known_cells(axes, panel.with_status(status))
    drawn(axes)
    assert legend(axes) == ["observed", "out of stock", "not launched"]
    tops = {
        area.get_label(): [max(y for x, y in area.get_paths()[0].vertices if x == at) for at in axes.get_xlim()]
        for area in axes.collections
    }
    assert tops["observed"] == [75, 100]
    assert tops["not launched"] == [100, 100]
    middle = {y for x, y in axes.collections[0].get_paths()[0].vertices}
    assert 25.0 in middle  # one in four was seen in the second period


def test_long_records_are_drawn_in_pieces(axes: Axes) -> None:
    plots.known_cells(axes, panel_of(np.ones((2, 1001))))
    assert len({x for x, _ in axes.collections[0].get_paths()[0].vertices}) <= 165


def test_demand_by_group_adds_up_observed_weeks(axes: Axes) -> None:
    panel = panel_of(np.arange(30.0).reshape(2, 15), "D")
    plots.demand_by_group(axes, panel, ["b", "a"])
    drawn(axes)
    np.testing.assert_array_equal(line(axes, "b"), [sum(range(1, 8)), sum(range(8, 15))])
    np.testing.assert_array_equal(line(axes, "a"), [sum(range(16, 23)), sum(range(23, 30))])
    assert axes.get_ylabel() == "units a week"


def test_seasons_and_the_value_curve(axes: Axes) -> None:
    plots.season_factors(axes, [[0.5, 1.5], [1.0, 1.0]], ["", "paint"], places=["first", "second"])
    assert legend(drawn(axes)) == ["all", "paint"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["first", "second"]
    other = Figure().subplots()
    value = np.array([5.0, 80.0, 15.0, 0.0])
    plots.value_curve(other, value, abc_classes(value))
    assert drawn(other).get_lines()[0].get_ydata().tolist() == [0, 80, 95, 100, 100]
    assert legend(other) == [
        "A: 1 items, 80 % of the value",
        "B: 1 items, 15 % of the value",
        "C: 2 items, 5 % of the value",
    ]
