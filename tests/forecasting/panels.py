"""Small panels for the tests, made without the code that assembles panels from rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day
from forecasting.models.protocol import FitContext
from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import PooledSeasonality

FREQUENCIES = ("D", "W-MON", "W-TUE", "W-WED", "W-THU", "W-FRI", "W-SAT", "W-SUN", "MS")


def panel_of(
    quantity: npt.ArrayLike,
    frequency: str = "W-MON",
    first: dt.date = dt.date(2024, 1, 1),
    status: npt.ArrayLike = CellStatus.OBSERVED,
) -> DemandPanel:
    """Series s0000, s0001, ... at "main"; the first period is the one that holds ``first``."""
    cells = np.ascontiguousarray(np.atleast_2d(np.asarray(quantity, dtype=np.float32)))
    kind = Frequency(frequency)
    first_day = int(kind.opening(kind.period_number(date_to_day(first))))
    return DemandPanel(
        tuple(f"s{i:04d}" for i in range(len(cells))),
        ("main",) * len(cells),
        PeriodCalendar(kind, first_day, cells.shape[1]),
        cells,
        np.array(np.broadcast_to(np.asarray(status, dtype=np.uint8), cells.shape)),
    )


def context_of(panel: DemandPanel, yearly: npt.ArrayLike | None = None) -> FitContext:
    """All series in one group with the given factors of the year; without them no season at all."""
    places = panel.calendar.frequency.periods_per_year
    factors = np.ones(places) if yearly is None else np.asarray(yearly, dtype=np.float64)
    profile = np.zeros(len(panel), dtype=np.int64)
    season = PooledSeasonality(panel.calendar, ("all",), profile, np.ones((1, 7)), factors[None, :])
    return FitContext(season, profile)
