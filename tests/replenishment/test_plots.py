"""Pictures of stock and service say what their tables say."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replenishment import plots


@pytest.fixture
def axes() -> Axes:
    return Figure(figsize=(6, 4)).subplots()


def drawn(axes: Axes) -> Axes:
    """Render once: what can't be drawn fails here."""
    axes.figure.canvas.draw()
    return axes


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def line(axes: Axes, label: str) -> list[list[float]]:
    """Points of the line whose label begins so."""
    (found,) = [one for one in axes.get_lines() if str(one.get_label()).startswith(label)]
    return np.asarray(found.get_xydata(), dtype=float).tolist()


def test_the_exchange_curve_shows_the_curve_and_both_points() -> None:
    points = pd.DataFrame(
        {
            "point": ["curve", "curve", "now", "wanted"],
            "backorder_rate": [0.2, 0.01, 0.05, 0.02],
            "stock_value": [10.0, 90.0, 70.0, 60.0],
        }
    )
    _, axes = plt.subplots()
    assert plots.exchange_curve(axes, points, money="EUR") is axes
    curve, now, wanted = axes.get_lines()
    assert curve.get_xydata().tolist() == [[20.0, 10.0], [1.0, 90.0]]
    assert now.get_xydata().tolist() == [[5.0, 70.0]]
    assert wanted.get_xydata().tolist() == [[2.0, 60.0]]
    assert "EUR" in axes.get_ylabel()
    plt.close()


def test_promised_and_achieved_stand_side_by_side() -> None:
    service = pd.DataFrame(
        {
            "group": ["total", "class"],
            "value": ["all", "lumpy"],
            "promised": [0.02, 0.03],
            "achieved": [0.025, 0.05],
            "low": [0.01, 0.02],
            "high": [0.04, 0.09],
        }
    )
    _, axes = plt.subplots()
    assert plots.promised_and_achieved(axes, service) is axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["total: all", "class: lumpy"]
    promised = next(line for line in axes.get_lines() if line.get_label() == "promised")
    assert promised.get_xdata().tolist() == [2.0, 3.0]
    bars = axes.containers[0].lines[2][0].get_segments()
    assert [[round(x, 9) for x in bar[:, 0]] for bar in bars] == [[1.0, 4.0], [2.0, 9.0]]
    plt.close()


def test_scenarios_are_sorted_by_what_they_do_and_base_is_left_out() -> None:
    rows = [("base", 0.0), ("demand_surge", 0.01), ("supplier_failure", 0.05), ("optimistic", -0.02)]
    table = pd.DataFrame(
        [
            {"scenario": s, "unmet_demand": mode, "kpi": kpi, "difference": d, "low": d - 0.001, "high": d + 0.002}
            for s, d in rows
            for mode in ("backorder", "lost")
            for kpi in ("backorder_rate", "mean_stock")
        ]
    )
    _, axes = plt.subplots()
    assert plots.scenario_differences(axes, table) is axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["optimistic", "demand surge", "supplier failure"]
    points = [container.lines[0].get_xdata().tolist() for container in axes.containers]
    assert points == [[-2.0, 1.0, 5.0]] * 2
    (bars,) = axes.containers[0].lines[2]
    assert bars.get_segments()[0][:, 0].round(6).tolist() == [-2.1, -1.8]
    assert len(axes.get_legend().get_texts()) == 2
    plt.close()


def test_backorders_over_time_are_weekly_rates_of_what_was_measured(axes: Axes) -> None:
    dates = pd.date_range("2024-01-01", periods=21)
    periods = pd.DataFrame({"date": dates, "measured_demanded": 10.0, "measured_short": 0.0})
    periods.loc[:6, "measured_demanded"] = 0.0  # the warm-up
    periods.loc[10, "measured_short"] = 7.0
    plots.backorders_over_time(axes, periods, promised=0.02)
    drawn(axes)
    assert [bar.get_height() for bar in axes.patches] == [10.0, 0.0]
    assert legend(axes) == ["achieved in all: 5 %", "promised: 2 %", "achieved"]


def test_rules_stand_at_their_stock_and_rate(axes: Axes) -> None:
    table = pd.DataFrame(
        {"rule": ["plan", "z"], "achieved": [0.02, 0.04], "low": [0.01, 0.0], "high": [0.05, 0.1], "mean_stock": [9, 7]}
    )
    plots.rules_compared(axes, table)
    points = [container.lines[0].get_xydata().tolist() for container in drawn(axes).containers]
    assert points == [[[9.0, 2.0]], [[7.0, 4.0]]]
    assert axes.get_xlabel() == "mean stock, units"
    valued = Figure().subplots()
    plots.rules_compared(valued, table.assign(mean_stock_value=[90.0, 70.0]))
    assert valued.get_xlabel() == "mean stock value"


def test_cumulative_demand_adds_up_and_levels_lie_across(axes: Axes) -> None:
    paths = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    dates = np.datetime64("2024-01-01") + np.arange(4)
    plots.cumulative_demand(axes, dates, paths, {"reorder point": 5.0}, until={"lead time": 2})
    drawn(axes)
    assert [y for _, y in line(axes, "mean demand so far")] == [0, 2, 4, 6]
    assert [y for _, y in line(axes, "reorder point: 5")] == [5, 5]
    assert axes.texts[0].get_text() == "lead time "
    assert axes.texts[0].xy[0] == dates[2]
    assert axes.get_ylim()[1] > 6


def test_ways_to_set_safety_stock_lie_at_their_rates(axes: Axes) -> None:
    curve = pd.DataFrame({"safety_stock": [0.0, 10.0, 20.0], "backorder_rate": [0.2, 0.02, 0.0]})
    points = pd.DataFrame({"method": [f"m{k}" for k in range(8)], "safety_stock": 10.0, "backorder_rate": 0.02})
    plots.safety_stock_trade_off(axes, curve, points, target=0.02)
    drawn(axes)
    assert np.asarray(axes.get_lines()[0].get_xydata()).tolist() == [[0, 20], [10, 2], [20, 0.01]]
    assert line(axes, "m3") == [[10.0, 2.0]]
    styles = {(one.get_marker(), one.get_color()) for one in axes.get_lines() if str(one.get_label()).startswith("m")}
    assert len(styles) == 8, "two ways look the same"
    assert axes.get_yscale() == "log"


def test_the_cost_of_a_lot_is_least_at_the_economic_one(axes: Axes) -> None:
    economic = float(np.sqrt(2 * 1200 * 25 / 0.6))
    plots.lot_costs(axes, 1200, 25, 0.6, economic=economic, ordered=400, money="EUR")
    drawn(axes)
    together = np.array(line(axes, "together"))
    assert abs(together[together[:, 1].argmin(), 0] - economic) < economic / 50
    assert line(axes, "economic lot")[0][1] == pytest.approx(np.sqrt(2 * 1200 * 25 * 0.6))
    assert line(axes, "ordered: 400")[0] == pytest.approx([400, 1200 / 400 * 25 + 200 * 0.6])
    assert "EUR" in axes.get_ylabel()


def test_a_trajectory_shows_stock_up_waiting_down_and_arrivals(axes: Axes) -> None:
    told = pd.DataFrame({"stock": [5.0, 2, 0, 4], "waiting": [0.0, 0, 3, 0], "received": [0.0, 0, 0, 7]})
    plots.stock_trajectory(axes, told.rename_axis("period"), reorder_point=3.0, warm_up=1)
    drawn(axes)
    assert line(axes, "goods arrive") == [[3.0, 0.0]]
    tops = [area.get_paths()[0].vertices[:, 1] for area in axes.collections]
    assert (tops[0].max(), tops[1].min()) == (5.0, -3.0)
    assert legend(axes)[-1] == "warm-up, not counted"


def test_lead_times_count_every_receipt(axes: Axes) -> None:
    days = [3, 4, 4, 5, 5, 5, 90]
    plots.lead_times(axes, days, stated=4.0, planned=np.nan)
    assert sum(bar.get_height() for bar in drawn(axes).patches) == len(days)
    assert legend(axes) == ["measured, 7 receipts", f"measured mean: {np.mean(days):.1f}", "stated: 4.0"]
    plots.lead_times(Figure().subplots(), [], stated=4.0)


def test_causes_are_sorted_by_units(axes: Axes) -> None:
    causes = pd.DataFrame({"cause": ["late", "surge", "late"], "units_backordered": [3.0, 9.0, 1.0]})
    plots.backorder_causes(axes, causes)
    assert [label.get_text() for label in drawn(axes).get_yticklabels()] == ["surge", "late"]
    assert [bar.get_width() for bar in axes.patches] == [9.0, 4.0]
    assert [text.get_text() for text in axes.texts] == [" 1 shortages", " 2 shortages"]


def test_units_wait_in_their_age_group_by_status(axes: Axes) -> None:
    lines = pd.DataFrame(
        {"age_days": [0, 3, 4, 40], "status": ["b", "a", "a", "b"], "quantity_waiting": [2.0, 5.0, 1.0, 7.0]}
    )
    plots.waiting_by_age(axes, lines)
    drawn(axes)
    heights = {str(bars.get_label()): [bar.get_height() for bar in bars] for bars in axes.containers}
    assert heights == {"a": [5, 1, 0, 0, 0], "b": [2, 0, 0, 0, 7]}
    plots.waiting_by_age(Figure().subplots(), lines.iloc[:0])


def test_the_life_of_a_line_stands_along_time_without_what_is_unknown(axes: Axes) -> None:
    told = pd.Series(
        {
            "ordered_on": pd.Timestamp("2024-01-01"),
            "requested_on": pd.Timestamp("2024-01-02"),
            "promised_on": pd.NaT,
            "promise_date": pd.Timestamp("2024-01-20"),
            "promise_probability": 0.9,
        }
    )
    coverage = pd.DataFrame(
        {"source": ["PO7"], "quantity": [4.0], "delivery_date": ["2024-01-18"], "delivery_probability": [0.8]}
    )
    plots.order_life(axes, told, coverage)
    names = [label.get_text() for label in drawn(axes).get_yticklabels()]
    assert names == ["ordered", "wanted", "4 from PO7, 80% sure", "to be told now, 90% sure"]
    assert [text.get_text().strip() for text in axes.texts] == ["2024-01-01", "2024-01-02", "2024-01-18", "2024-01-20"]
