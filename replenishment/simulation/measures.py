"""Which figures are told of a simulation, and of which counts each is a ratio."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS
from replenishment.kernels.simulation.summary import quantiles, ratios

__all__ = ["MEASURES", "WEIGHTED", "Costs", "figures", "path_figures", "weights_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Money columns: a count times what a unit of it costs.
WEIGHTED: Final = (
    ("ordering_cost", "orders", "per_order"),
    ("holding_cost", "stock", "holding"),
    ("shortage_cost", "short", "shortage"),
    ("purchase_cost", "received", "unit_cost"),
    ("stock_money", "stock", "unit_cost"),
    ("goods_at_once", "filled_at_once", "unit_cost"),
    ("goods_later", "filled_later", "unit_cost"),
    ("lost_money", "lost", "unit_price"),
    ("cancelled_money", "cancelled", "unit_price"),
)
_PLACE: Final = {name: k for k, name in enumerate((*COLUMNS, *(name for name, _, _ in WEIGHTED)))}


class Measure(NamedTuple):
    """A figure: the sum of one or two columns over another, over periods of items, over time, or a mean a path."""

    name: str
    above: tuple[str, ...]
    below: str  # a column, "item_periods", "time" or "path"
    needs: str | None = None  # the cost that must be known


MEASURES: Final = (
    Measure("backorder_rate", ("short",), "demanded"),
    Measure("line_backorder_rate", ("short_lines",), "lines"),
    Measure("period_backorder_rate", ("short_periods",), "demand_periods"),
    Measure("short_cycle_rate", ("short_cycles",), "cycles"),
    Measure("ready_rate", ("ready_periods",), "item_periods"),
    Measure("cancellation_rate", ("cancelled",), "demanded"),
    Measure("mean_stock", ("stock",), "time"),
    Measure("mean_backorders", ("waiting",), "time"),
    Measure("days_of_cover", ("stock",), "demanded"),
    Measure("time_to_fill_mean", ("counted_wait_periods",), "counted_waits"),
    Measure("demand", ("demanded",), "path"),
    Measure("lost_units", ("lost",), "path"),
    Measure("cancelled_units", ("cancelled",), "path"),
    Measure("scrapped_units", ("scrapped",), "path"),
    Measure("orders", ("orders",), "path"),
    Measure("ordered", ("ordered",), "path"),
    Measure("ordering_cost", ("ordering_cost",), "path", "per_order"),
    Measure("holding_cost", ("holding_cost",), "path", "holding"),
    Measure("shortage_cost", ("shortage_cost",), "path", "shortage"),
    Measure("purchase_cost", ("purchase_cost",), "path", "unit_cost"),
    Measure("stock_value", ("stock_money",), "time", "unit_cost"),
    Measure("turnover", ("goods_at_once", "goods_later"), "stock_money", "unit_cost"),
    Measure("lost_value", ("lost_money", "cancelled_money"), "path", "unit_price"),
)
# Told as what is left to 1.
_COMPLEMENTS: Final = (("fill_rate", "backorder_rate"), ("cycle_service_level", "short_cycle_rate"))
_WAIT_QUANTILES: Final = {"time_to_fill_q50": 0.5, "time_to_fill_q90": 0.9, "time_to_fill_q99": 0.99}
_DAYS_A_YEAR: Final = 365.0


@dataclass(frozen=True, eq=False)
class Costs:
    """What things cost; arrays (n,).

    Attributes
    ----------
    per_order : money an order. holding : money per unit and period, on stock at the end of a period.
    shortage : money per unit short, once (lost, or backordered however long).
    unit_cost, unit_price : money a unit; without them no figure in money of stock, purchases or lost demand is told.
    """

    per_order: Floats
    holding: Floats
    shortage: Floats
    unit_cost: Floats | None = None
    unit_price: Floats | None = None

    def take(self, rows: Integers) -> Costs:
        """Return the costs of some items."""
        given = {f.name: own for f in fields(self) if (own := getattr(self, f.name)) is not None}
        return replace(self, **{name: own[rows] for name, own in given.items()})


def weights_of(costs: Costs | None, n: int) -> Floats:
    """What a unit of each weighted column costs; (n, len(WEIGHTED)), 0 where it isn't known.

    Raises
    ------
    ValueError
        Costs of another shape or not known.
    """
    out = np.zeros((n, len(WEIGHTED)))
    for m, (_, _, cost) in enumerate(WEIGHTED):
        own = None if costs is None else getattr(costs, cost)
        if own is not None:
            if np.shape(own) != (n,) or not np.isfinite(own).all():
                raise ValueError(f"costs: {cost} must be known and of shape ({n},), got shape {np.shape(own)}")
            out[:, m] = own
    return out


def figures(
    counts: Floats, waits: Floats, *, items: Floats, counted_periods: int, period_days: float, costs: Costs | None
) -> dict[str, Floats]:
    """Turn counts into figures, one a row, each followed by its standard error.

    Parameters
    ----------
    counts : (n, columns, paths), the weighted ones behind. waits : (n, groups, bins) units by periods waited.
    items : (n,) items that were added up in a row. counted_periods : periods after the warm-up.
    period_days : days of a period.
    """
    told = _told(costs)
    above = np.array([[_PLACE[m.above[0]], _PLACE[m.above[1]] if len(m.above) > 1 else -1] for m in told], np.int64)
    below = np.array([_PLACE.get(m.below, -1) for m in told], dtype=np.int64)
    value, error = np.empty((len(counts), len(told))), np.empty((len(counts), len(told)))
    ratios(counts, above, below, value, error)
    out: dict[str, Floats] = {}
    for k, m in enumerate(told):
        factor = _factor(m, items, counted_periods, period_days)
        out[m.name], out[f"{m.name}_se"] = value[:, k] * factor, error[:, k] * factor
    for name, of in _COMPLEMENTS:
        out[name], out[f"{name}_se"] = 1.0 - out[of], out[f"{of}_se"]
    del out["short_cycle_rate"], out["short_cycle_rate_se"]
    out["time_to_fill_mean"] = np.nan_to_num(out["time_to_fill_mean"])
    return out | _wait_quantiles(waits)


def path_figures(
    counts: Floats, *, items: int, counted_periods: int, period_days: float, costs: Costs | None
) -> dict[str, Floats]:
    """Figures of ``counts`` (columns, paths) path by path, (paths,), such that their mean is the figure.

    A ratio of sums r = sum A / sum B is linearised, r + (A_p - r B_p) / mean B: the spread of these numbers over paths
    gives the standard error of the figure, and that of their differences between two simulations which met the same
    chance gives the standard error of its difference. Cochran, Sampling Techniques (1977), section 6.3.
    """
    out: dict[str, Floats] = {}
    for m in _told(costs):
        above = sum((counts[_PLACE[name]] for name in m.above), np.zeros(counts.shape[1]))
        below = counts[_PLACE[m.below]] if m.below in _PLACE else np.ones(counts.shape[1])
        mean = below.mean()
        ratio = above.mean() / mean if mean > 0 else np.nan
        linear = ratio + (above - ratio * below) / mean if mean > 0 else np.full(counts.shape[1], np.nan)
        out[m.name] = linear * _factor(m, np.array([float(items)]), counted_periods, period_days)
    for name, of in _COMPLEMENTS:
        out[name] = 1.0 - out[of]
    del out["short_cycle_rate"]
    return out


def _told(costs: Costs | None) -> list[Measure]:
    """The measures of which all costs are known."""
    return [m for m in MEASURES if m.needs is None or (costs is not None and getattr(costs, m.needs) is not None)]


def _factor(measure: Measure, items: Floats, counted_periods: int, period_days: float) -> Floats | float:
    """What a ratio of counts is multiplied by."""
    if measure.below == "item_periods":
        # Of no items at all there is nothing to share out.
        return 1.0 / (np.maximum(items, 1.0) * counted_periods)
    if measure.below == "time":
        return 1.0 / counted_periods
    return {"days_of_cover": period_days, "turnover": _DAYS_A_YEAR / period_days}.get(measure.name, 1.0)


def _wait_quantiles(waits: Floats) -> dict[str, Floats]:
    wanted = np.array(list(_WAIT_QUANTILES.values()))
    value, error = np.empty((len(waits), len(wanted))), np.empty((len(waits), len(wanted)))
    quantiles(waits, wanted, value, error)
    out = {}
    for q, name in enumerate(_WAIT_QUANTILES):
        out[name], out[f"{name}_se"] = value[:, q], error[:, q]
    return out
