"""What all pictures share: colours that the colour-blind tell apart, dates and names on axes, frames without boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "GREY", "MARKERS", "dated", "finished", "named_rows"]

# Told apart also by the colour-blind: Okabe and Ito (2008), Color universal design.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
GREY: Final = "#8a8a8a"


def dated(axes: Axes, dates: npt.NDArray[np.datetime64]) -> None:
    """Few dates below, written short, from the first to the last."""
    from matplotlib import dates as ticks

    locator: Any = ticks.AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ticks.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlim(dates.min(), dates.max())


def named_rows(axes: Axes, names: list[str]) -> None:
    """Names from top to bottom, a light line between them."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    for place in range(len(names) - 1):
        axes.axhline(place + 0.5, color="#e4e4e4", linewidth=0.8, zorder=0)
    axes.tick_params(axis="y", length=0)


def finished(axes: Axes, vertical: str, legend: dict[str, Any] | None) -> Axes:
    """Label, without a box around, with a plain legend if one is wanted."""
    axes.set_ylabel(vertical)
    axes.spines[["top", "right"]].set_visible(False)
    if legend is not None:
        axes.legend(frameon=False, fontsize=8, **legend)
    return axes
