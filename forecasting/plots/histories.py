"""Pictures of one series: its past, its forecast, and the sum that replenishment asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.plots.style import COLOURS, GREY, dated, finished

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["history", "history_with_fan", "sum_distribution"]

Floats = npt.NDArray[np.float64]

# Opaque, so that the legend shows the shade that is drawn.
_BANDS: Final = ((0.95, "#cfe3f1"), (0.8, "#9cc7e3"), (0.5, "#5ea6d2"))
_LEVELS: Final = (0.5, 0.9, 0.95, 0.99)


def history(
    axes: Axes,
    dates: npt.ArrayLike,
    quantity: npt.ArrayLike,
    *,
    observed: npt.ArrayLike | None = None,
    estimated: npt.ArrayLike | None = None,
    title: str = "",
) -> Axes:
    """Past demand, what is no evidence of it, and what may have been demanded while there was no stock.

    Parameters
    ----------
    dates, quantity, observed, estimated : as for :func:`history_with_fan`.
    """
    time = np.asarray(dates, dtype="datetime64[D]")
    _draw_past(axes, time, quantity, observed, estimated)
    dated(axes, time)
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    return finished(axes, "units a period", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


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
    time = np.asarray(dates, dtype="datetime64[D]")
    future, draws = np.asarray(ahead, dtype="datetime64[D]"), np.asarray(paths, dtype=np.float64)
    _draw_past(axes, time, quantity, observed, estimated)
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
    dated(axes, np.concatenate([time, future]))
    total = np.asarray(paths, dtype=np.float64).sum(axis=1)
    told = ", ".join(f"{level:.0%}: {_units(value)}" for level, value in _sum_quantiles(total))
    axes.set_title(title, loc="left")
    axes.text(0.01, 0.98, f"sum over {np.shape(paths)[1]} periods  {told}", transform=axes.transAxes, va="top", size=8)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), high + 0.12 * (high - min(low, 0.0)))
    return finished(axes, "units a period", legend={"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)})


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
    return finished(axes, "share of draws", legend={"loc": "upper right"} if actual is not None else None)


def _draw_past(
    axes: Axes,
    time: npt.NDArray[np.datetime64],
    quantity: npt.ArrayLike,
    observed: npt.ArrayLike | None,
    estimated: npt.ArrayLike | None,
) -> None:
    units = np.asarray(quantity, dtype=np.float64)
    known = np.ones(len(units), dtype=np.bool_) if observed is None else np.asarray(observed, dtype=np.bool_)
    axes.plot(time, np.where(known, units, np.nan), color=GREY, linewidth=1.0, label="demand")
    if not known.all():
        axes.plot(time[~known], units[~known], "o", mfc="none", mec=GREY, ms=3.5, label="not observed")
    if estimated is not None:
        axes.plot(time, np.asarray(estimated, dtype=np.float64), "x", color=COLOURS[1], ms=4, label="estimated demand")


def _units(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def _sum_quantiles(total: Floats) -> list[tuple[float, float]]:
    return list(zip(_LEVELS, np.quantile(total, _LEVELS, method="inverted_cdf").tolist(), strict=True))
