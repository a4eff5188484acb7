"""Pictures of supply: how long suppliers take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from forecasting.plots.style import COLOURS, finished

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["lead_times"]


def lead_times(
    axes: Axes,
    measured: npt.ArrayLike,
    *,
    stated: float | None = None,
    planned: float | None = None,
    title: str = "",
) -> Axes:
    """Measured lead times as a histogram, beside what the supplier states and what the plan expects.

    Parameters
    ----------
    measured : (k,) days. stated, planned : days.
    """
    from matplotlib.ticker import MaxNLocator

    days = np.asarray(measured, dtype=np.float64)
    if len(days):
        # The slowest in a hundred share the last bar, so that one late lorry does not squeeze all others.
        top = max(float(np.ceil(np.quantile(days, 0.99))), 1.0)
        edges = np.arange(min(float(days.min()), top) - 0.5, top + 1.5, max(round(top / 40), 1)).tolist()
        axes.hist(np.minimum(days, edges[-1]), bins=edges, color="#bdbdbd", label=f"measured, {len(days):,} receipts")
        axes.axvline(days.mean(), color="black", linewidth=1.2, label=f"measured mean: {days.mean():.1f}")
    for name, value, colour in (("stated", stated, COLOURS[1]), ("planned mean", planned, COLOURS[0])):
        if value is not None and np.isfinite(value):
            axes.axvline(value, color=colour, linewidth=1.6, label=f"{name}: {value:.1f}")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("days from order to receipt")
    axes.set_title(title, loc="left")
    return finished(axes, "receipts", legend={"loc": "upper right"})
