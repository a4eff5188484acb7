"""The demand that comes in a replay, and which of it was not fully recorded."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.cleaning import clean
from forecasting.kernels.random import PATH_STRIDE, uniforms
from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import fit_pooled_seasonality
from forecasting.stock_outs import estimate_stock_outs

__all__ = ["replayed_demand"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_ROUNDING_STEP: Final = PATH_STRIDE - 7


def replayed_demand(
    recorded: DemandPanel, keys: list[tuple[str, str]], span: range, streams: npt.NDArray[np.uint64]
) -> tuple[Floats, Flags, list[str]]:
    """Return the demand of each item in the replayed periods, where it is not fully recorded, and notes.

    In periods out of stock the demand is estimated (``forecasting.stock_outs``), so that they take from the replay's
    stock what they would have taken; where nothing was recorded nothing is demanded. Neither says whether a promise
    was kept, as nobody saw that demand: such periods are not measured.

    Parameters
    ----------
    recorded : the whole demand that is known today. keys : n items. span : numbers of the T periods.
    streams : uint64 (n,); estimates of items in whole units are rounded at random.

    Returns
    -------
    demand : (n, T). censored : bool (n, T). notes : what a reader must know of it.
    """
    panel = recorded.align(keys)
    periods = slice(span.start, span.stop)
    status = panel.status[:, periods]
    demand = panel.quantity[:, periods].astype(np.float64)
    out = status == CellStatus.OUT_OF_STOCK
    notes = []
    rows = np.flatnonzero(out.any(axis=1))
    if len(rows):
        sold = demand[out].sum()
        demand[rows] = np.where(out[rows], _estimated(panel, rows, periods, streams), demand[rows])
        notes.append(
            f"{int(out.sum()):,} periods of {len(rows):,} items were out of stock: they take the estimated "
            f"{demand[out].sum():,.0f} units ({sold:,.0f} were sold) from stock and are not measured"
        )
    unknown = status == CellStatus.MISSING
    if unknown.any():
        demand[unknown] = 0.0
        notes.append(f"{int(unknown.sum()):,} periods without a record count as no demand and are not measured")
    return demand, np.asarray(status != CellStatus.OBSERVED), notes


def _estimated(
    panel: DemandPanel, rows: npt.NDArray[np.int64], periods: slice, streams: npt.NDArray[np.uint64]
) -> Floats:
    """Estimated demand of some series in all of the periods; anything where they were in stock."""
    cleaned, summary = clean(panel.take(rows))
    season = fit_pooled_seasonality(cleaned, summary, ("all",) * len(rows))
    estimate = np.zeros(cleaned.quantity.shape)
    frame = estimate_stock_outs(cleaned, summary, season)
    estimate[cleaned.status == CellStatus.OUT_OF_STOCK] = frame["estimated_demand"].to_numpy(float)
    wanted = estimate[:, periods]
    uniform = np.empty(wanted.shape)
    uniforms(streams[rows], _ROUNDING_STEP, uniform)
    return np.where(cleaned.integral[:, None], np.floor(wanted + uniform), wanted)
