"""Pictures of stock and service say what their tables say."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

from replenishment import plots


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
