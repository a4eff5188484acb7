"""Pictures of stock and service. Each draws into the axes it is given and returns them.

matplotlib is imported by whoever makes the axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["exchange_curve", "promised_and_achieved", "scenario_differences"]

# Told apart also by the colour-blind: Okabe and Ito (2008), Color universal design.
_CURVE, _NOW, _WANTED, _GREY = "#0072b2", "#d55e00", "#009e73", "#8a8a8a"
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
    for name, (marker, colour, label) in _MARKS.items():
        own = points[points["point"] == name]
        axes.plot(100 * own["backorder_rate"], own["stock_value"], marker, color=colour, label=label)
    axes.set_xlabel("backorder rate by unit, %")
    axes.set_ylabel(f"mean stock value{', ' + money if money else ''}")
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    axes.legend(frameon=False)
    return axes


def promised_and_achieved(axes: Axes, service: pd.DataFrame, *, title: str = "") -> Axes:
    """Promised and achieved backorder rate of each group, with the 95 % interval of achieved.

    Parameters
    ----------
    service : columns group, value, promised, achieved, low, high, as a replay gives them; rates are shares.
    """
    place = range(len(service))
    low, high = 100 * (service["achieved"] - service["low"]), 100 * (service["high"] - service["achieved"])
    axes.errorbar(
        100 * service["achieved"], place, xerr=[low, high], fmt="o", color=_CURVE, ecolor=_GREY, label="achieved, 95 %"
    )
    axes.plot(100 * service["promised"], place, "|", color=_NOW, markersize=14, markeredgewidth=2, label="promised")
    axes.set_yticks(list(place), [f"{g}: {v}" for g, v in zip(service["group"], service["value"], strict=True)])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("backorder rate by unit, %")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False)
    return axes


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
            scale * rows["difference"], range(len(names)), xerr=error, fmt="o", color=colour, ecolor=_GREY, label=mode
        )
    axes.axvline(0.0, color=_GREY, linewidth=0.8)
    axes.set_yticks(range(len(names)), [str(name).replace("_", " ") for name in names])
    axes.set_xlabel(f"{kpi.replace('_', ' ')}: difference to base{unit}")
    axes.set_title(title, loc="left")
    if own["unmet_demand"].nunique() > 1:
        axes.legend(frameon=False)
    return axes
