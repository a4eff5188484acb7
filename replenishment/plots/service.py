"""Pictures of service: what was promised and achieved, what it costs, what a scenario changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from forecasting.plots.style import COLOURS, GREY, MARKERS, dated, finished, named_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["backorders_over_time", "exchange_curve", "promised_and_achieved", "rules_compared", "scenario_differences"]

_CURVE, _NOW, _WANTED = COLOURS[:3]
_MARKS: Final = {"now": ("s", _NOW, "as planned now"), "wanted": ("o", _WANTED, "cheapest way to the wanted total")}


def exchange_curve(axes: Axes, points: pd.DataFrame, *, title: str = "", money: str = "") -> Axes:
    """Stock value against backorder rate: the cheapest way to each rate, and where the plan stands.

    Parameters
    ----------
    points : columns point ("curve", "now" or "wanted"), backorder_rate (a share), stock_value (money).
    money : the currency, for the label.
    """
    curve = points[points["point"] == "curve"]
    axes.plot(100 * curve["backorder_rate"], curve["stock_value"], color=_CURVE, label="least stock value")
    marked = points[points["point"].isin(list(_MARKS))]
    for name, (marker, colour, label) in _MARKS.items():
        own = points[points["point"] == name]
        axes.plot(100 * own["backorder_rate"], own["stock_value"], marker, color=colour, ms=8, label=label)
    axes.set_xlabel("backorder rate by unit, %")
    axes.set_ylim(bottom=0)
    if len(marked):
        # The ends of the curve (no stock at all, no backorder ever) are far from every decision.
        axes.set_xlim(0, min(600 * marked["backorder_rate"].max(), axes.get_xlim()[1]))
        axes.set_ylim(0, min(2.5 * marked["stock_value"].max(), axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(title, loc="left")
    return finished(axes, f"mean stock value{', ' + money if money else ''}", legend={"loc": "upper right"})


def promised_and_achieved(axes: Axes, service: pd.DataFrame, *, title: str = "") -> Axes:
    """Promised and achieved backorder rate of each group, with the 95 % interval of achieved.

    Parameters
    ----------
    service : columns group, value, promised, achieved, low, high, as a replay gives them; rates are shares. Intervals
        that reach beyond twice the largest rate run out of the picture: a group of which little is known hides none.
    """
    place = range(len(service))
    largest = float(service[["promised", "achieved"]].max().max())
    low, high = 100 * (service["achieved"] - service["low"]), 100 * (service["high"] - service["achieved"])
    axes.errorbar(
        100 * service["achieved"], place, xerr=[low, high], fmt="o", color=_CURVE, ecolor=GREY, label="achieved, 95 %"
    )
    axes.plot(100 * service["promised"], place, "|", color=_NOW, markersize=14, markeredgewidth=2, label="promised")
    named_rows(axes, [f"{g}: {v}" for g, v in zip(service["group"], service["value"], strict=True)])
    axes.set_xlim(0, 105 * min(float(service["high"].max()), 2.0 * largest) or None)
    axes.set_xlabel("backorder rate by unit, %")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


def scenario_differences(axes: Axes, table: pd.DataFrame, *, kpi: str = "backorder_rate", title: str = "") -> Axes:
    """By how much each scenario moves a KPI from the base case, with the 95 % interval, the largest on top.

    Parameters
    ----------
    table : columns scenario, unmet_demand, kpi, difference, low, high, as a comparison of scenarios gives them; rates
        are shares and drawn in percentage points. Each mode of unmet demand has its own colour.
    """
    own = table[(table["kpi"] == kpi) & (table["scenario"] != "base")]
    names = own.groupby("scenario")["difference"].max().sort_values().index
    scale, unit = (100.0, ", percentage points") if kpi.endswith("_rate") else (1.0, "")
    for mode, colour in zip(own["unmet_demand"].unique(), (_CURVE, _NOW, _WANTED), strict=False):
        rows = own[own["unmet_demand"] == mode].set_index("scenario").loc[names]
        low, high = rows["difference"] - rows["low"], rows["high"] - rows["difference"]
        error = [scale * low.fillna(0.0), scale * high.fillna(0.0)]
        axes.errorbar(
            scale * rows["difference"], range(len(names)), xerr=error, fmt="o", color=colour, ecolor=GREY, label=mode
        )
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(names)), [str(name).replace("_", " ") for name in names])
    axes.set_xlabel(f"{kpi.replace('_', ' ')}: difference to base{unit}")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend={"loc": "lower right"} if own["unmet_demand"].nunique() > 1 else None)


def backorders_over_time(
    axes: Axes, periods: pd.DataFrame, *, promised: float | None = None, days: int = 7, title: str = ""
) -> Axes:
    """Backorder rate by unit over time, and the rate that was promised for the whole of it.

    Parameters
    ----------
    periods : columns date, measured_demanded, measured_short, as a replay gives them; periods at the beginning and the
        end in which nothing was measured are left out. promised : a share. days : taken together.
    """
    demanded, short = "measured_demanded", "measured_short"
    counted = periods[periods[demanded] > 0]
    summed = counted.set_index("date")[[demanded, short]].resample(f"{days}D").sum()
    rate = 100.0 * summed[short] / summed[demanded].where(summed[demanded] > 0)
    dates = summed.index.to_numpy().astype("datetime64[D]")
    axes.bar(dates, rate, width=0.85 * days, align="edge", color=_CURVE, label="achieved")
    total = 100.0 * counted[short].sum() / max(float(counted[demanded].sum()), 1e-300)
    axes.axhline(total, color=_CURVE, linewidth=1.2, linestyle="--", label=f"achieved in all: {total:.2g} %")
    if promised is not None:
        axes.axhline(100 * promised, color=_NOW, linewidth=1.6, label=f"promised: {100 * promised:.2g} %")
    if len(dates):
        dated(axes, np.append(dates, dates[-1] + np.timedelta64(days, "D")))
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    legend = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    return finished(axes, "backorder rate by unit, %", legend=legend)


def rules_compared(axes: Axes, table: pd.DataFrame, *, title: str = "") -> Axes:
    """What each rule achieved against the stock that it held; down and to the left is better.

    Parameters
    ----------
    table : columns rule, achieved, low, high (shares), mean_stock, and mean_stock_value where costs are known, as a
        comparison of rules gives them.
    """
    valued = "mean_stock_value" in table and bool(table["mean_stock_value"].notna().all())
    stock = table["mean_stock_value" if valued else "mean_stock"]
    for k, (rule, achieved, low, high) in enumerate(
        table[["rule", "achieved", "low", "high"]].itertuples(index=False, name=None)
    ):
        spread = [[100 * (achieved - low)], [100 * (high - achieved)]]
        style: dict[str, Any] = {
            "fmt": MARKERS[k % 7],
            "color": COLOURS[k % 7],
            "ms": 8,
            "ecolor": GREY,
            "elinewidth": 1.0,
        }
        axes.errorbar(stock.iloc[k], 100 * achieved, yerr=spread, label=str(rule), **style)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("mean stock value" if valued else "mean stock, units")
    axes.set_title(title, loc="left")
    legend = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    return finished(axes, "backorder rate by unit, %", legend=legend)
