"""Pictures of many series together: what is known of them, their classes, seasons and share of the value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.panel import CellStatus, DemandPanel
from forecasting.plots.style import COLOURS, GREY, dated, finished
from forecasting.segments import CLASSES, INTERVAL_CUT_OFF, SIZE_CUT_OFF, DemandSummary, syntetos_boylan_classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["class_scatter", "demand_by_group", "known_cells", "season_factors", "value_curve"]

_PIECES: Final = 160
# Known demand recedes; what hides demand stands out.
_STATUS_COLOURS: Final = ("#cfe3f1", COLOURS[1], "#e4e4e4", "#bdbdbd", COLOURS[4])
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def class_scatter(axes: Axes, summary: DemandSummary, *, title: str = "") -> Axes:
    """Each series by interval between demands and unevenness of sizes, with the cut-offs of Syntetos and Boylan.

    Series without any demand have no place; the legend counts them.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    names = syntetos_boylan_classes(summary)
    for k, name in enumerate(CLASSES):
        mine = names == name
        if name == "no demand":
            if mine.any():
                axes.plot([], [], " ", label=f"{name} ({mine.sum()})")
            continue
        style: dict[str, Any] = {"color": COLOURS[k], "ms": 3, "alpha": 0.5, "markeredgewidth": 0}
        axes.plot(summary.mean_interval[mine], summary.size_cv2[mine], "o", label=f"{name} ({mine.sum()})", **style)
    axes.axvline(INTERVAL_CUT_OFF, color=GREY, linewidth=1.0)
    axes.axhline(SIZE_CUT_OFF, color=GREY, linewidth=1.0)
    # Even sizes have a coefficient of 0, and a few wild ones may not squeeze all others: linear below 1, then logs.
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(bottom=-0.05)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.set_xlabel("mean interval between demands, periods (log)")
    axes.set_title(title, loc="left")
    return finished(
        axes,
        "squared coefficient of variation of sizes",
        legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "markerscale": 2.0},
    )


def known_cells(axes: Axes, panel: DemandPanel, *, title: str = "") -> Axes:
    """How well demand is known, period by period: the share of the series by status.

    Long records are drawn in at most some 160 pieces of several periods.
    """
    step = max(-(-panel.calendar.periods // _PIECES), 1)
    starts = np.arange(0, panel.calendar.periods, step)
    shares = [np.add.reduceat((panel.status == s).sum(axis=0), starts) for s in CellStatus]
    cells = np.add.reduce(shares)
    dates = np.append(panel.calendar.dates[starts], panel.calendar.dates[-1]).astype("datetime64[D]")
    below = np.zeros(len(dates))
    for status, colour in zip(CellStatus, _STATUS_COLOURS, strict=True):
        share = 100.0 * shares[status] / cells
        above = below + np.append(share, share[-1])
        if share.any():
            name = status.name.lower().replace("_", " ")
            axes.fill_between(dates, below, above, step="post", color=colour, linewidth=0, label=name)
        below = above
    dated(axes, dates)
    axes.set_ylim(0, 100)
    axes.set_title(title, loc="left")
    return finished(axes, "share of the items, %", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


def demand_by_group(axes: Axes, panel: DemandPanel, groups: Sequence[str], *, title: str = "") -> Axes:
    """Units observed over time, one line a group; days are added up to weeks.

    Parameters
    ----------
    groups : n names, one a series.
    """
    step = 7 if panel.calendar.frequency.code == "D" else 1
    whole = panel.calendar.periods // step
    first = panel.calendar.periods - whole * step
    dates = panel.calendar.dates[first::step].astype("datetime64[D]")
    seen = np.where(panel.observed, panel.quantity, 0)[:, first:].reshape(len(panel), whole, step).sum(axis=2)
    names = np.asarray(groups, dtype=str)
    for k, name in enumerate(np.unique(names)):
        dashed = "-" if k < len(COLOURS) else "--"
        own = seen[names == name].sum(axis=0, dtype=np.float64)
        axes.plot(dates, own, dashed, color=COLOURS[k % len(COLOURS)], linewidth=1.1, label=str(name) or "all")
    dated(axes, dates)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    unit = "units a week" if step == 7 else "units a period"
    return finished(axes, unit, legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


def season_factors(
    axes: Axes, factors: npt.ArrayLike, names: Sequence[str], *, places: Sequence[str] | None = None, title: str = ""
) -> Axes:
    """Seasonal factors of each group over its cycle, as a season that was fitted holds them.

    Parameters
    ----------
    factors : (g, k), 1 is an ordinary place in the cycle. names : g groups.
    places : k names, such as the days of the week; default: the share of the cycle, labelled by months.
    """
    table = np.asarray(factors, dtype=np.float64)
    place = np.arange(table.shape[1])
    for k, (row, name) in enumerate(zip(table, names, strict=True)):
        dashed = "-" if k < len(COLOURS) else "--"
        axes.plot(place, row, dashed, color=COLOURS[k % len(COLOURS)], linewidth=1.3, label=name or "all")
    axes.axhline(1.0, color=GREY, linewidth=0.8)
    if places is None:
        axes.set_xticks(np.arange(12) / 12 * table.shape[1], _MONTHS)
    else:
        axes.set_xticks(place, places)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    legend = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    return finished(axes, "factor on the mean demand", legend=legend)


def value_curve(axes: Axes, value: npt.ArrayLike, classes: npt.ArrayLike, *, title: str = "") -> Axes:
    """Share of the total value against share of the items, the most valuable first, shaded by ABC class.

    Parameters
    ----------
    value : (n,) money or units a year, at least 0. classes : (n,) "A", "B" or "C".
    """
    worth, names = np.asarray(value, dtype=np.float64), np.asarray(classes, dtype=str)
    order = np.argsort(-worth, kind="stable")
    reached = np.concatenate([[0.0], 100.0 * np.cumsum(worth[order]) / max(float(worth.sum()), 1e-300)])
    items = 100.0 * np.arange(len(worth) + 1) / max(len(worth), 1)
    for name, colour in zip("ABC", COLOURS, strict=False):
        own = np.flatnonzero(names[order] == name)
        if len(own):
            part = slice(own[0], own[-1] + 2)
            label = f"{name}: {len(own)} items, {reached[own[-1] + 1] - reached[own[0]]:.0f} % of the value"
            axes.fill_between(items[part], 0, reached[part], color=colour, alpha=0.35, linewidth=0, label=label)
    axes.plot(items, reached, color="black", linewidth=1.3)
    axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="items, %, the most valuable first")
    axes.set_title(title, loc="left")
    return finished(axes, "share of the value, %", legend={"loc": "lower right"})
