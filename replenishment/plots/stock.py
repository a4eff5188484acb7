"""Pictures of one item's stock: levels against demand, what safety stock buys, lots, and stock along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.plots.style import COLOURS, GREY, MARKERS, dated, finished

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["cumulative_demand", "lot_costs", "safety_stock_trade_off", "stock_trajectory"]

# Opaque, so that the legend shows the shade that is drawn.
_BANDS: Final = ((0.95, "#cfe3f1"), (0.8, "#9cc7e3"), (0.5, "#5ea6d2"))
# Per cent; what lies below is drawn there.
_LEAST_SHOWN: Final = 0.01
_ASIDE: Final = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}


def cumulative_demand(
    axes: Axes,
    dates: npt.ArrayLike,
    paths: npt.ArrayLike,
    levels: dict[str, float],
    *,
    until: dict[str, int] | None = None,
    title: str = "",
) -> Axes:
    """Demand added up from today on, as bands of the paths, against the levels that are to last for it.

    Parameters
    ----------
    dates : (h + 1,) openings, the as-of one first. paths : (count, h) units a period.
    levels : name -> units, drawn across: the inventory position, reorder point, order-up-to level.
    until : name -> periods from the as-of opening, marked below: the lead time, lead time plus review.
    """
    time = np.asarray(dates, dtype="datetime64[D]")
    draws = np.asarray(paths, dtype=np.float64)
    needed = np.concatenate([np.zeros((len(draws), 1)), np.cumsum(draws, axis=1)], axis=1)
    for band, shade in _BANDS:
        low, high = np.quantile(needed, [(1 - band) / 2, (1 + band) / 2], axis=0)
        axes.fill_between(time, low, high, color=shade, linewidth=0, label=f"{band:.0%} of paths")
    axes.plot(time, needed.mean(axis=0), color=COLOURS[0], linewidth=1.6, label="mean demand so far")
    for k, (name, units) in enumerate(levels.items()):
        axes.axhline(units, color=COLOURS[(k + 1) % len(COLOURS)], linewidth=1.4, label=f"{name}: {units:,.0f}")
    dated(axes, time)
    axes.set_ylim(0, 1.12 * max(axes.get_ylim()[1], *levels.values()))
    for name, periods in (until or {}).items():
        axes.axvline(time[periods], color=GREY, linewidth=1.0, linestyle=":")
        at: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "va": "top", "ha": "right"}
        axes.annotate(f"{name} ", (time[periods], 0.99), size=8, color="#555555", **at)
    axes.set_title(title, loc="left")
    return finished(axes, "units", legend=_ASIDE)


def safety_stock_trade_off(
    axes: Axes, curve: pd.DataFrame, points: pd.DataFrame, *, target: float | None = None, title: str = ""
) -> Axes:
    """Backorder rate (a scale of powers) against safety stock, and where each way of setting it comes to lie.

    Parameters
    ----------
    curve : columns safety_stock (units) and backorder_rate (a share), in rising safety stock.
    points : the same columns and method, the name of each point. target : a share.
    """
    rate = (100 * curve["backorder_rate"]).clip(lower=_LEAST_SHOWN)
    axes.plot(curve["safety_stock"], rate, color="black", linewidth=1.4)
    for k, (_, point) in enumerate(points.iterrows()):
        turn, style = k // len(MARKERS), MARKERS[k % len(MARKERS)]
        label = f"{point['method']}: {point['safety_stock']:,.0f} units, {100 * point['backorder_rate']:.2g} %"
        place = point["safety_stock"], max(100 * point["backorder_rate"], _LEAST_SHOWN)
        axes.plot(*place, style, color=COLOURS[(k + turn) % len(COLOURS)], ms=8, label=label)
    if target is not None:
        axes.axhline(100 * target, color=GREY, linewidth=1.0, label=f"target: {100 * target:.2g} %")
    axes.set_xlabel("safety stock, units (level less mean demand over lead time plus review)")
    axes.set_yscale("log")
    axes.set_ylim(bottom=_LEAST_SHOWN)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title(title, loc="left")
    return finished(axes, "backorder rate by unit, %", legend=_ASIDE)


def lot_costs(
    axes: Axes,
    demand: float,
    order_cost: float,
    holding_cost: float,
    *,
    economic: float,
    ordered: float | None = None,
    money: str = "",
    title: str = "",
) -> Axes:
    """What a lot costs a year in ordering and in holding, and where the sum is least.

    Parameters
    ----------
    demand : units a year. order_cost : money an order. holding_cost : money a unit and year.
    economic : the economic order quantity. ordered : the lot that packs and minimums leave.
    """
    lots = np.linspace(0.15, 3.0, 200) * economic
    ordering, holding = demand / lots * order_cost, lots / 2.0 * holding_cost
    axes.plot(lots, ordering, color=COLOURS[0], linewidth=1.0, linestyle="--", label="ordering")
    axes.plot(lots, holding, color=COLOURS[1], linewidth=1.0, linestyle="--", label="holding")
    axes.plot(lots, ordering + holding, color="black", linewidth=1.6, label="together")
    for name, lot, style in (("economic lot", economic, "o"), ("ordered", ordered, "s")):
        if lot is not None and lot > 0:
            cost = demand / lot * order_cost + lot / 2.0 * holding_cost
            label = f"{name}: {lot:,.0f} units, {cost:,.0f} a year"
            axes.plot(lot, cost, style, color=COLOURS[2] if style == "o" else COLOURS[3], ms=8, label=label)
    axes.set_ylim(0, 2.5 * float((ordering + holding).min()))
    axes.set_xlabel("units a lot")
    axes.set_title(title, loc="left")
    return finished(axes, f"cost a year{', ' + money if money else ''}", legend=_ASIDE)


def stock_trajectory(
    axes: Axes, told: pd.DataFrame, *, reorder_point: float | None = None, warm_up: int = 0, title: str = ""
) -> Axes:
    """One item on one path of a simulation: stock upwards, who waits downwards, and when goods arrive.

    Parameters
    ----------
    told : columns stock, waiting, received by period, as a simulation gives them. reorder_point : units of the
        inventory position, not of the stock. warm_up : periods at the start that are not counted.
    """
    period = told.index.to_numpy()
    axes.fill_between(period, 0, told["stock"], step="post", color="#9cc7e3", linewidth=0, label="stock")
    axes.fill_between(period, -told["waiting"], 0, step="post", color=COLOURS[1], linewidth=0, label="waiting")
    came = told.index[told["received"] > 0].to_numpy()
    axes.plot(came, np.zeros(len(came)), "^", color="black", ms=4, label="goods arrive")
    if reorder_point is not None:
        axes.axhline(reorder_point, color=COLOURS[2], linewidth=1.0, label="reorder point (of the position)")
    if warm_up:
        axes.axvspan(0, warm_up, color="#e4e4e4", alpha=0.6, linewidth=0, label="warm-up, not counted")
    axes.set_xlim(period[0], period[-1])
    axes.set_xlabel("periods since the beginning")
    axes.set_title(title, loc="left")
    return finished(axes, "units", legend=_ASIDE)
