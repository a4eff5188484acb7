"""Pictures of demand, forecasts and their errors. Each draws into the axes it is given and returns them.

matplotlib is imported by whoever makes the axes; arrays and tables come from ``forecasting.metrics`` and the panel.
"""

from __future__ import annotations

from forecasting.plots.assortments import class_scatter, demand_by_group, known_cells, season_factors, value_curve
from forecasting.plots.histories import history, history_with_fan, sum_distribution
from forecasting.plots.scores import accuracy_dots, calibration, error_by_segment
from forecasting.plots.style import COLOURS, MARKERS

__all__ = [
    "COLOURS",
    "MARKERS",
    "accuracy_dots",
    "calibration",
    "class_scatter",
    "demand_by_group",
    "error_by_segment",
    "history",
    "history_with_fan",
    "known_cells",
    "season_factors",
    "sum_distribution",
    "value_curve",
]
