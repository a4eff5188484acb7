"""Pictures of demand, forecasts and their errors. Each draws into the axes it is given and returns them.

matplotlib is imported by whoever makes the axes; arrays and tables come from ``forecasting.metrics`` and the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.metrics.calibration import calibration_curve, pit_histogram
from forecasting.segments import CLASSES, INTERVAL_CUT_OFF, SIZE_CUT_OFF, DemandSummary, syntetos_boylan_classes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["accuracy_dots", "calibration", "class_scatter", "error_by_segment", "history_with_fan", "sum_distribution"]

Floats = npt.NDArray[np.float64]

# Told apart also by the colour-blind: Okabe and Ito (2008), Color universal design.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
_GREY: Final = "#8a8a8a"
# Opaque, so that the legend shows the shade that is drawn.
_BANDS: Final = ((0.95, "#cfe3f1"), (0.8, "#9cc7e3"), (0.5, "#5ea6d2"))
_LEVELS: Final = (0.5, 0.9, 0.95, 0.99)


def history_with_fan(
    axes: Axes,
    dates: npt.ArrayLike,
    quantity: npt.ArrayLike,
    ahead: npt.ArrayLike,
    paths: npt.ArrayLike,
    *,
    observed: npt.ArrayLike | None = None,
    estimated: npt.ArrayLike | None = None,
    actual: npt.ArrayLike | None = None,
    title: str = "",
) -> Axes:
    """Past demand, the central bands of the paths period by period, and the quantiles of their sum.

    Parameters
    ----------
    dates, quantity : (T,) openings and units. ahead : (H,) openings of the periods forecast. paths : (count, H).
    observed : bool (T,); cells that are no evidence of demand are drawn hollow. estimated : (T,) demand estimated where
        there was no stock, NaN elsewhere. actual : (H,) what came.
    """
    time, units = np.asarray(dates, dtype="datetime64[D]"), np.asarray(quantity, dtype=np.float64)
    future, draws = np.asarray(ahead, dtype="datetime64[D]"), np.asarray(paths, dtype=np.float64)
    known = np.ones(len(units), dtype=np.bool_) if observed is None else np.asarray(observed, dtype=np.bool_)
    axes.plot(time, np.where(known, units, np.nan), color=_GREY, linewidth=1.0, label="demand")
    if not known.all():
        axes.plot(time[~known], units[~known], "o", mfc="none", mec=_GREY, ms=3.5, label="not observed")
    if estimated is not None:
        axes.plot(time, np.asarray(estimated, dtype=np.float64), "x", color=COLOURS[1], ms=4, label="estimated demand")
    if len(future) == 1:
        # A band over a single period needs a width to be seen.
        step = time[-1] - time[-2] if len(time) > 1 else np.timedelta64(1, "D")
        future, draws = np.array([future[0], future[0] + step]), np.repeat(draws, 2, axis=1)
        actual = None if actual is None else np.repeat(np.asarray(actual), 2)
    for band, shade in _BANDS:
        low, high = np.quantile(draws, [(1 - band) / 2, (1 + band) / 2], axis=0)
        axes.fill_between(future, low, high, color=shade, linewidth=0, label=f"{band:.0%} of paths")
    axes.plot(future, np.median(draws, axis=0), color=COLOURS[0], linewidth=1.6, label="median")
    if actual is not None:
        axes.plot(future, np.asarray(actual, dtype=np.float64), color="black", linewidth=1.2, label="what came")
    _dated(axes, np.concatenate([time, future]))
    total = np.asarray(paths, dtype=np.float64).sum(axis=1)
    told = ", ".join(f"{level:.0%}: {value:,.4g}" for level, value in _sum_quantiles(total))
    axes.set_title(title, loc="left")
    axes.text(0.01, 0.98, f"sum over {np.shape(paths)[1]} periods  {told}", transform=axes.transAxes, va="top", size=8)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), high + 0.12 * (high - min(low, 0.0)))
    return _finished(axes, "units a period", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


def sum_distribution(
    axes: Axes, sums: npt.ArrayLike, *, levels: Sequence[float] = _LEVELS, actual: float | None = None, title: str = ""
) -> Axes:
    """Draws of demand over the protection interval (count,), with quantiles and what came."""
    draws = np.asarray(sums, dtype=np.float64)
    whole = bool((draws == np.rint(draws)).all()) and float(np.ptp(draws)) <= 60
    edges: Any = np.arange(draws.min() - 0.5, draws.max() + 1.0) if whole else 40
    axes.hist(draws, bins=edges, weights=np.full(len(draws), 1.0 / len(draws)), color=COLOURS[0], alpha=0.45)
    top = 1.15 * axes.get_ylim()[1]
    axes.set_ylim(0, top)
    for level, value in zip(levels, np.quantile(draws, levels, method="inverted_cdf"), strict=True):
        axes.axvline(value, color=COLOURS[1], linewidth=1.0)
        axes.text(value, top, f" {level:.0%} ", rotation=90, va="top", ha="right", size=8, color=COLOURS[1])
    if actual is not None:
        axes.axvline(actual, color="black", linewidth=1.6, linestyle="--", label="what came")
    axes.set_xlabel("units over the protection interval")
    axes.set_title(title, loc="left")
    return _finished(axes, "share of draws", legend={"loc": "upper right"} if actual is not None else None)


def calibration(
    axes: Axes,
    cdf_below: npt.ArrayLike,
    cdf_at: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    levels: npt.ArrayLike | None = None,
    label: str = "forecast",
    title: str = "",
) -> Axes:
    """Coverage against the stated level, with two standard errors, and the histogram of the transform in a corner.

    Parameters
    ----------
    cdf_below, cdf_at : (n,), see :mod:`forecasting.metrics.calibration`. cluster : (n,) origins for the errors.
    levels : (k,); default: 0.05 to 0.95, and 0.99.
    """
    level = np.r_[np.arange(0.05, 0.96, 0.05), 0.99] if levels is None else np.asarray(levels, dtype=np.float64)
    coverage, error = calibration_curve(cdf_below, cdf_at, level, cluster)
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1.0, label="perfect")
    axes.errorbar(level, coverage, yerr=2 * error, color=COLOURS[0], marker="o", ms=3.5, linewidth=1.2, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="level stated", aspect="equal")
    axes.set_title(title, loc="left")
    corner = axes.inset_axes((0.60, 0.10, 0.36, 0.26))
    shares = pit_histogram(cdf_below, cdf_at)
    corner.bar((np.arange(len(shares)) + 0.5) / len(shares), shares, width=0.92 / len(shares), color=COLOURS[0])
    corner.axhline(1.0 / len(shares), color=_GREY, linewidth=1.0)
    corner.set(xlim=(0, 1), xticks=[0, 1], yticks=[])
    corner.set_title("PIT", size=8, pad=2)
    corner.tick_params(labelsize=7)
    return _finished(axes, "share of actuals below", legend={"loc": "upper left"})


def error_by_segment(axes: Axes, table: pd.DataFrame, *, title: str = "") -> Axes:
    """Mean loss of each model by segment, with two standard errors where known.

    Parameters
    ----------
    table : columns segment, model, value and, if there, se; a row a pair. Segments from top to bottom in the order of
        their first row.
    """
    wide = table.pivot(index="segment", columns="model", values="value").loc[table["segment"].drop_duplicates()]
    error = table.pivot(index="segment", columns="model", values="se").loc[wide.index] if "se" in table else None
    place = np.arange(len(wide), dtype=np.float64)
    for k, model in enumerate(wide.columns):
        offset = (k - (len(wide.columns) - 1) / 2) * 0.8 / len(wide.columns)
        spread = None if error is None else 2 * error[model].to_numpy(np.float64)
        style: dict[str, Any] = {"fmt": MARKERS[k % 7], "color": COLOURS[k % 7], "ms": 5, "elinewidth": 1.0}
        axes.errorbar(wide[model].to_numpy(np.float64), place + offset, xerr=spread, label=str(model), **style)
    _rows(axes, [str(name) for name in wide.index])
    axes.set_xlim(left=0)
    axes.set_xlabel("mean loss (less is better)")
    axes.set_title(title, loc="left")
    return _finished(axes, "", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


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
    axes.axvline(INTERVAL_CUT_OFF, color=_GREY, linewidth=1.0)
    axes.axhline(SIZE_CUT_OFF, color=_GREY, linewidth=1.0)
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
    return _finished(
        axes,
        "squared coefficient of variation of sizes",
        legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "markerscale": 2.0},
    )


def accuracy_dots(axes: Axes, table: pd.DataFrame, *, title: str = "") -> Axes:
    """A table of losses as dots: each row relative to its best model, which stands at 1.

    Parameters
    ----------
    table : index what was measured (sets, levels, metrics), columns models, values losses at least 0; NaN is left out.
        A row whose best loss is 0 or unknown has no dots.
    """
    loss = table.to_numpy(np.float64)
    best = np.array([row[~np.isnan(row)].min() if (~np.isnan(row)).any() else np.nan for row in loss])
    relative = loss / np.where(best > 0, best, np.nan)[:, None]
    place = np.arange(len(table), dtype=np.float64)
    axes.axvline(1.0, color=_GREY, linewidth=1.0)
    for k, model in enumerate(table.columns):
        axes.plot(relative[:, k], place, MARKERS[k % 7], color=COLOURS[k % 7], ms=6, alpha=0.85, label=str(model))
    _rows(axes, [str(name) for name in table.index])
    axes.set_xlabel("loss / least loss of the row")
    axes.set_title(title, loc="left")
    return _finished(axes, "", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


def _sum_quantiles(total: Floats) -> list[tuple[float, float]]:
    return list(zip(_LEVELS, np.quantile(total, _LEVELS, method="inverted_cdf").tolist(), strict=True))


def _dated(axes: Axes, dates: npt.NDArray[np.datetime64]) -> None:
    from matplotlib import dates as ticks

    locator: Any = ticks.AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ticks.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlim(dates.min(), dates.max())


def _rows(axes: Axes, names: list[str]) -> None:
    """Names from top to bottom, a light line between them."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    for place in range(len(names) - 1):
        axes.axhline(place + 0.5, color="#e4e4e4", linewidth=0.8, zorder=0)
    axes.tick_params(axis="y", length=0)


def _finished(axes: Axes, vertical: str, legend: dict[str, Any] | None) -> Axes:
    axes.set_ylabel(vertical)
    axes.spines[["top", "right"]].set_visible(False)
    if legend is not None:
        axes.legend(frameon=False, fontsize=8, **legend)
    return axes
