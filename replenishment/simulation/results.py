"""Service, stock and cost of a simulation, with Monte-Carlo standard errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS, TRACE
from replenishment.simulation.measures import Costs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Costs", "SimulationResult", "Sums"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sums:
    """What was counted of all items together.

    Attributes
    ----------
    counts : (columns, paths), money behind units; see ``kernels.simulation.columns``.
    waits : (groups of paths, bins), units by periods waited.
    """

    counts: Floats
    waits: Floats


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """What a simulation measured.

    Attributes
    ----------
    kpis : one row a SKU and location. total : the same measures over all of them, units and money added up.
    notes : what a reader must know of the measures. paths : paths that were simulated.
    by_path : measures of the total (not the quantiles) path by path, (paths,), linearised: their mean is the total's,
        and differences between two simulations that met the same chance have the error of their spread.
    sums : what the figures of the total come from. trace : follows one item, (paths, periods, columns), by its row.

    Notes
    -----
    ``backorder_rate``: units not filled from stock when they were demanded / units demanded; ``fill_rate`` is the
    rest. ``line_backorder_rate``: lines not filled completely at once / lines. ``period_backorder_rate``: periods
    with unfilled demand / periods with demand. ``cycle_service_level``: share of receipts before which nothing had
    run short since the last. ``ready_rate``: share of periods that end with stock > 0. ``cancellation_rate``: units
    cancelled while they waited / units demanded. ``time_to_fill_mean``, ``_q50``, ``_q90``, ``_q99``: periods that a
    unit waits which was demanded in a counted period, backordered, and filled by the end; 0 where there is none
    (quantiles above 255 are told as 255). ``mean_stock``, ``mean_backorders``, ``stock_value``: at the ends of
    periods. ``demand``, ``lost_units``, ``orders``, costs and the like: sums over the counted periods of a path.
    ``purchase_cost``: of all that was delivered, also what was rejected. ``lost_value``: lost and cancelled units at
    their price. ``turnover``: cost of goods sold a year / mean stock value. ``days_of_cover``: mean stock / demand a
    day. ``_se``: standard error over paths; of quantiles over ten groups of paths; missing with a single path.
    """

    kpis: pd.DataFrame
    total: dict[str, float]
    notes: tuple[str, ...]
    paths: int
    by_path: Mapping[str, Floats]
    sums: Sums = field(repr=False)
    trace: Callable[[int], Floats] = field(repr=False)
    _groups: Mapping[str, pd.DataFrame] = field(repr=False, default_factory=dict)

    def aggregate(self, attribute: str) -> pd.DataFrame:
        """Return the measures by the values of an attribute that the simulation was told (``groups``).

        Errors are those of the sums over paths, and right also where items share their demand.

        Raises
        ------
        KeyError
            An attribute that it was not told.
        """
        if attribute not in self._groups:
            told = ", ".join(self._groups) or "none"
            raise KeyError(f"{attribute!r} is not among the groups of the simulation ({told}); give it to simulate")
        return self._groups[attribute]

    def trajectory(self, sku: str, location: str = "main", path: int = 0) -> pd.DataFrame:
        """Follow one item on one path, period by period.

        Returns
        -------
        opening_stock, received, ordered, demanded, filled_at_once, filled_later, lost, cancelled, scrapped, stock,
        waiting, on_order (units), waited_periods (by the units filled later, since their demand).
        """
        import pandas as pd

        rows = np.flatnonzero((self.kpis["sku"] == sku) & (self.kpis["location"] == location))
        if not len(rows):
            raise KeyError(f"sku {sku!r} at location {location!r} was not simulated")
        told = self.trace(int(rows[0]))[path]
        return pd.DataFrame({name: told[:, COLUMNS.index(name)] for name in TRACE}).rename_axis("period")
