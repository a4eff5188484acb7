"""Which rows a global model learns from and predicts: series x origin x block of coming periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import Frequency, PeriodCalendar
from forecasting.kernels.features import FIXED_FEATURES, block_rows
from forecasting.kernels.random import draw
from forecasting.models.protocol import FitContext, Floats32, Integers
from forecasting.panel import DemandPanel

__all__ = ["BlockLayout", "BlockRows", "build_rows", "layout_of", "training_pairs"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockLayout:
    """Blocks, windows and origins of a frequency; all in periods.

    Attributes
    ----------
    ends : end of each block of coming periods; the first begins at the origin, each later one where one ends.
    windows : trailing windows whose rates are features. short, long : windows of the trailing level. year : season.
    step : between training origins. back : how far training origins reach into the past.
    least : history before the first training origin.
    """

    ends: tuple[int, ...]
    windows: tuple[int, ...]
    short: int
    long: int
    year: int
    step: int
    back: int
    least: int

    def spread(self, blocks: Floats, horizon: int) -> Floats:
        """Give each period the value of its block, (n, blocks) to (n, horizon); the last block's holds beyond."""
        ends = np.array(self.ends[: blocks.shape[1]])
        block = np.minimum(np.searchsorted(ends, np.arange(horizon), side="right"), len(ends) - 1)
        return np.asarray(blocks[:, block])


_DAYS: Final = BlockLayout((7, 14, 28, 56), (3, 7, 14, 28, 56, 112, 364), 28, 364, 364, 7, 728, 56)
_WEEKS: Final = BlockLayout((1, 2, 4, 8, 17), (1, 2, 4, 8, 13, 26, 52), 8, 52, 52, 1, 156, 13)
_MONTHS: Final = BlockLayout((1, 2, 3, 6), (1, 2, 3, 6, 12, 24), 6, 12, 12, 1, 60, 6)


def layout_of(frequency: Frequency) -> BlockLayout:
    """Return the blocks of days, weeks or months."""
    return {"D": _DAYS, "MS": _MONTHS}.get(frequency.code, _WEEKS)


@dataclass(frozen=True, eq=False)
class BlockRows:
    """One row for each of p pairs and B blocks, row = pair x B + block; see the kernel ``block_rows``.

    Attributes
    ----------
    features : float32 (p x B, f). scale : (p,) trailing level, units a period. target, weight : (p x B,).
    """

    features: Floats32
    scale: Floats
    target: Floats
    weight: Floats


def training_pairs(panel: DemandPanel, layout: BlockLayout, most: int) -> tuple[Integers, Integers]:
    """Choose which series are looked at from which past origins.

    Every ``step`` periods back from the newest origin whose first block is known. Where that makes more than
    ``most`` pairs they are thinned by a draw from each series' own stream, so that whether a pair is kept depends
    on its series, its age and the size of the panel alone.

    Returns
    -------
    series, origin : int64 (p,), sorted; the panel's rows and the index of the first period not yet observed.
    """
    newest = panel.calendar.periods - layout.ends[0]
    oldest = max(layout.least, newest - layout.back + 1)
    origins = np.arange(newest, oldest - 1, -layout.step, dtype=np.int64)[::-1]
    pairs = len(panel) * len(origins)
    if pairs <= most:
        return np.repeat(np.arange(len(panel)), len(origins)), np.tile(origins, len(panel))
    with np.errstate(over="ignore"):
        bits = draw.py_func(panel.stream_keys(0)[:, None], (newest - origins).astype(np.uint64)[None, :])
    series, place = np.nonzero(bits < np.uint64(min(most / pairs, 1.0) * 2.0**64))
    return series.astype(np.int64), origins[place]


def build_rows(
    panel: DemandPanel, context: FitContext, layout: BlockLayout, series: Integers, origin: Integers
) -> BlockRows:
    """Compute features, targets and weights of pairs; those of a series must stand together."""
    periods, pairs, blocks = panel.calendar.periods, len(series), len(layout.ends)
    reach = periods + layout.ends[-1]
    values, covariate_row, is_price = _covariates(context, reach, len(panel))
    features = len(FIXED_FEATURES) + len(layout.windows) + 2 * len(is_price)
    rows = BlockRows(
        np.empty((pairs * blocks, features), dtype=np.float32),
        np.empty(pairs),
        np.empty(pairs * blocks),
        np.empty(pairs * blocks),
    )
    block_rows(
        panel.quantity,
        panel.status,
        context.season.factors(0, reach),
        context.profile,
        values,
        covariate_row,
        is_price,
        _place_in_year(panel.calendar, reach),
        series,
        origin,
        np.array(layout.windows),
        np.array(layout.ends),
        layout.short,
        layout.long,
        layout.year,
        rows.features,
        rows.scale,
        rows.target,
        rows.weight,
    )
    return rows


def _covariates(context: FitContext, reach: int, n: int) -> tuple[Floats32, Integers, npt.NDArray[np.bool_]]:
    """Stack the columns known ahead, as far as ``reach`` periods; NaN where they end before."""
    columns = context.covariates.columns if context.covariates is not None else ()
    stacked, rows, above = [np.empty((0, reach), dtype=np.float32)], np.empty((len(columns), n), dtype=np.int64), 0
    for k, column in enumerate(columns):
        stacked.append(column.cells(reach))
        rows[k] = column.row + above
        above += len(column.values)
    return np.concatenate(stacked), rows, np.array([column.kind == "price" for column in columns], dtype=np.bool_)


def _place_in_year(calendar: PeriodCalendar, reach: int) -> Floats32:
    """How far the year has come when each period opens, 0 to 1."""
    date = calendar.openings_from(0, reach).astype("datetime64[D]")
    return np.asarray((date - date.astype("datetime64[Y]")).astype(np.int64) / 366.0, dtype=np.float32)
