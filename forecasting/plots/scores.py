"""Pictures of forecast errors: calibration, and losses side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.metrics.calibration import calibration_curve, pit_histogram
from forecasting.plots.style import COLOURS, GREY, MARKERS, finished, named_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["accuracy_dots", "calibration", "error_by_segment"]


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
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1.0, label="perfect")
    axes.errorbar(level, coverage, yerr=2 * error, color=COLOURS[0], marker="o", ms=3.5, linewidth=1.2, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="level stated", aspect="equal")
    axes.set_title(title, loc="left")
    corner = axes.inset_axes((0.60, 0.10, 0.36, 0.26))
    shares = pit_histogram(cdf_below, cdf_at)
    corner.bar((np.arange(len(shares)) + 0.5) / len(shares), shares, width=0.92 / len(shares), color=COLOURS[0])
    corner.axhline(1.0 / len(shares), color=GREY, linewidth=1.0)
    corner.set(xlim=(0, 1), xticks=[0, 1], yticks=[])
    corner.set_title("PIT", size=8, pad=2)
    corner.tick_params(labelsize=7)
    return finished(axes, "share of actuals below", legend={"loc": "upper left"})


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
    named_rows(axes, [str(name) for name in wide.index])
    axes.set_xlim(left=0)
    axes.set_xlabel("mean loss (less is better)")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


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
    axes.axvline(1.0, color=GREY, linewidth=1.0)
    for k, model in enumerate(table.columns):
        axes.plot(relative[:, k], place, MARKERS[k % 7], color=COLOURS[k % 7], ms=6, alpha=0.85, label=str(model))
    named_rows(axes, [str(name) for name in table.index])
    axes.set_xlabel("loss / least loss of the row")
    axes.set_title(title, loc="left")
    return finished(axes, "", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})
