"""Service, stock and cost of a simulation, with Monte-Carlo standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation import COUNTS, TRACE, WAIT_BINS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Costs", "SimulationResult", "measures"]

Floats = npt.NDArray[np.float64]
_PLACE = {name: k for k, name in enumerate(COUNTS)}
# Each rate is a ratio of two counts.
_RATES = {
    "backorder_rate": ("short", "demanded"),
    "period_backorder_rate": ("short_periods", "demand_periods"),
    "cycle_service_level": ("short_cycles", "cycles"),
    "ready_rate": ("ready_periods", "periods"),
    "mean_stock": ("stock_sum", "periods"),
    "mean_backorders": ("backorder_sum", "periods"),
}
_COMPLEMENTS = ("cycle_service_level",)


@dataclass(frozen=True, eq=False)
class Costs:
    """What things cost; arrays (n,).

    Attributes
    ----------
    per_order : money an order. holding : money per unit and period, on stock at the end of a period.
    shortage : money per unit short, once (lost, or backordered however long).
    """

    per_order: Floats
    holding: Floats
    shortage: Floats


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """What a simulation measured.

    Attributes
    ----------
    kpis : one row a SKU and location. total : the same measures over all of them, units added up.
    notes : what a reader must know of the measures.

    Notes
    -----
    ``backorder_rate``: units not filled from stock in the period in which they were demanded / units demanded;
    ``fill_rate`` is the rest. ``line_backorder_rate``: one line per period with demand, as no order lines are
    given. ``period_backorder_rate``: periods with unfilled demand / periods with demand. ``cycle_service_level``:
    share of receipts before which nothing had run short since the last. ``ready_rate``: share of periods that end
    with stock > 0. ``time_to_fill_mean``, ``time_to_fill_q90``: periods that a backordered unit waits (filled
    units only; at most 256 are told apart). ``_se``: standard error over paths; missing with a single path.
    """

    kpis: pd.DataFrame
    total: dict[str, float]
    notes: tuple[str, ...]
    _trace: Callable[[int], Floats] = field(repr=False)

    def trajectory(self, sku: str, location: str = "main", path: int = 0) -> pd.DataFrame:
        """Follow one item on one path, period by period.

        Returns
        -------
        opening_stock, received, ordered, demanded, filled_at_once, filled_later, lost, stock, waiting; units.
        """
        import pandas as pd

        rows = np.flatnonzero((self.kpis["sku"] == sku) & (self.kpis["location"] == location))
        if not len(rows):
            raise KeyError(f"sku {sku!r} at location {location!r} was not simulated")
        return pd.DataFrame(self._trace(int(rows[0]))[path], columns=list(TRACE)).rename_axis("period")


def measures(
    counts: Floats, waits: Floats, counted_periods: int, costs: tuple[Floats, Floats, Floats] | None
) -> dict[str, Floats]:
    """Turn counts into service measures, one value a series.

    Parameters
    ----------
    counts : (n, paths, len(COUNTS)). waits : (n, WAIT_BINS) backordered units by periods waited.
    counted_periods : periods after the warm-up.
    costs : order, holding and shortage cost (n,), or for money already added up (n, paths).
    """
    n, paths = counts.shape[:2]
    periods = np.full((n, paths), float(counted_periods))
    out: dict[str, Floats] = {}
    for name, (above, below) in _RATES.items():
        x = counts[:, :, _PLACE[above]]
        y = periods if below == "periods" else counts[:, :, _PLACE[below]]
        value, error = _ratio(x, y)
        out[name] = 1.0 - value if name in _COMPLEMENTS else value
        out[f"{name}_se"] = error
    out["fill_rate"], out["fill_rate_se"] = 1.0 - out["backorder_rate"], out["backorder_rate_se"]
    out["line_backorder_rate"], out["line_backorder_rate_se"] = (
        out["period_backorder_rate"],
        out["period_backorder_rate_se"],
    )
    for name, count in (("demand", "demanded"), ("lost_units", "lost"), ("orders", "orders"), ("ordered", "ordered")):
        out[name], out[f"{name}_se"] = _mean(counts[:, :, _PLACE[count]])
    out["time_to_fill_mean"], out["time_to_fill_q90"] = _waits(waits)
    if costs is not None:
        parts = (counts[:, :, _PLACE["orders"]], counts[:, :, _PLACE["stock_sum"]], counts[:, :, _PLACE["short"]])
        for name, part, cost in zip(("ordering_cost", "holding_cost", "shortage_cost"), parts, costs, strict=True):
            out[name], out[f"{name}_se"] = _mean(part * cost[:, None] if cost.ndim == 1 else cost)
    return out


def _ratio(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Ratio of sums over paths and its standard error (linearised, paths independent); NaN where nothing counts."""
    paths = x.shape[1]
    total = y.sum(axis=1)
    value = np.divide(x.sum(axis=1), total, out=np.full(len(x), np.nan), where=total > 0)
    if paths < 2:
        return value, np.full(len(x), np.nan)
    spread = ((x - value[:, None] * y) ** 2).sum(axis=1) / (paths - 1) * paths
    return value, np.divide(np.sqrt(spread), total, out=np.full(len(x), np.nan), where=total > 0)


def _mean(x: Floats) -> tuple[Floats, Floats]:
    paths = x.shape[1]
    error = x.std(axis=1, ddof=1) / np.sqrt(paths) if paths > 1 else np.full(len(x), np.nan)
    return x.mean(axis=1), error


def _waits(waits: Floats) -> tuple[Floats, Floats]:
    """Mean and 90 % quantile of the periods waited, by unit; 0 where nothing waited."""
    total = waits.sum(axis=1)
    length = np.arange(1, WAIT_BINS + 1)
    mean = np.divide(waits @ length, total, out=np.zeros(len(waits)), where=total > 0)
    reached = np.cumsum(waits, axis=1) >= 0.9 * total[:, None] - 1e-9
    return mean, np.where(total > 0, length[np.argmax(reached, axis=1)], 0.0)
