"""Demand as a distribution: panels, models, and the sum of demand over a protection interval.

Names are imported when they are first used, so that a command's help does not wait for compiled code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecasting.backtesting import BacktestResult, backtest
    from forecasting.calendars import Frequency, PeriodCalendar
    from forecasting.distributions import LeadTimeDemand
    from forecasting.forecaster import DemandForecaster
    from forecasting.panel import CellStatus, DemandPanel

_HOMES = {
    "BacktestResult": "forecasting.backtesting",
    "CellStatus": "forecasting.panel",
    "DemandForecaster": "forecasting.forecaster",
    "DemandPanel": "forecasting.panel",
    "Frequency": "forecasting.calendars",
    "LeadTimeDemand": "forecasting.distributions",
    "PeriodCalendar": "forecasting.calendars",
    "backtest": "forecasting.backtesting",
}

__all__ = [
    "BacktestResult",
    "CellStatus",
    "DemandForecaster",
    "DemandPanel",
    "Frequency",
    "LeadTimeDemand",
    "PeriodCalendar",
    "backtest",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
