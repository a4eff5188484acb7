"""Pictures of backorders: why they came about, how long they wait, and the life of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from forecasting.plots.style import COLOURS, GREY, dated, finished, named_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["backorder_causes", "order_life", "waiting_by_age"]

_AGES: Final = (("up to 3", 3), ("4 to 7", 7), ("8 to 14", 14), ("15 to 28", 28), ("longer", np.inf))


def backorder_causes(axes: Axes, causes: pd.DataFrame, *, title: str = "") -> Axes:
    """Units that were backordered by the cause that was named, the largest on top.

    Parameters
    ----------
    causes : columns cause, units_backordered; one row a shortage.
    """
    grouped = causes.groupby("cause")["units_backordered"].agg(["sum", "size"])
    units = grouped.sort_values("sum", ascending=False, kind="stable")
    axes.barh(np.arange(len(units)), units["sum"], height=0.7, color=COLOURS[0])
    for k, (total, times) in enumerate(units.itertuples(index=False)):
        axes.annotate(f" {times:,} shortages", (total, k), va="center", size=8, color="#555555")
    named_rows(axes, [str(name) for name in units.index])
    axes.set_xlim(0, 1.25 * float(units["sum"].max()) if len(units) else 1.0)
    axes.set_xlabel("units backordered")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend=None)


def waiting_by_age(axes: Axes, lines: pd.DataFrame, *, title: str = "") -> Axes:
    """Units that customers wait for, by how long, and by what covers them.

    Parameters
    ----------
    lines : columns age_days, status, quantity_waiting; one row an order line.
    """
    edges = np.array([edge for _, edge in _AGES])
    group = np.searchsorted(edges, lines["age_days"].to_numpy(float), side="left")
    place, below = np.arange(len(_AGES)), np.zeros(len(_AGES))
    for k, status in enumerate(sorted(lines["status"].unique())):
        own = (lines["status"] == status).to_numpy()
        units = np.bincount(group[own], lines.loc[own, "quantity_waiting"], minlength=len(_AGES))
        axes.bar(place, units, bottom=below, color=COLOURS[k % len(COLOURS)], width=0.75, label=str(status))
        below += units
    axes.set_xticks(place, [name for name, _ in _AGES])
    axes.set_xlabel("days since the customer ordered them")
    axes.set_title(title, loc="left")
    return finished(axes, "units waiting", legend={"loc": "upper right"} if len(lines) else None)


def order_life(axes: Axes, line: pd.Series, coverage: pd.DataFrame, *, title: str = "") -> Axes:
    """The life of one order line along time: ordered, wanted, promised, covered by what, and when it can be delivered.

    Parameters
    ----------
    line : ordered_on, requested_on, promised_on (what the customer was told first; may be missing), promise_date with
        promise_probability (may be missing).
    coverage : rows of the line: source, quantity, delivery_date, delivery_probability.
    """
    told = [("ordered", line["ordered_on"]), ("wanted", line["requested_on"]), ("told at first", line["promised_on"])]
    told += [
        (f"{row.quantity:,.0f} from {row.source}, {row.delivery_probability:.0%} sure", row.delivery_date)
        for row in coverage.itertuples()
    ]
    told.append((f"to be told now, {line['promise_probability']:.0%} sure", line["promise_date"]))
    # What is not known has no place in time.
    known = [(name, np.datetime64(date, "D")) for name, date in told if date is not None and date == date]
    dates = np.array([date for _, date in known])
    axes.hlines(range(len(known)), dates.min(), dates, color=GREY, linewidth=0.8)
    for k, date in enumerate(dates):
        axes.plot(date, k, "o", color=COLOURS[1] if k == len(known) - 1 else COLOURS[0], ms=7)
        axes.annotate(f"  {date}", (date, k), va="center", size=8, color="#555555")
    span = max(dates.max() - dates.min(), np.timedelta64(1, "D"))
    dated(axes, np.array([dates.min() - span // 20, dates.max() + span // 4]))
    named_rows(axes, [name for name, _ in known])
    axes.set_xlabel("day")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend=None)
