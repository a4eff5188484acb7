"""Promises on record held against what happened: of those at 90 %, how many were kept?"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.jobs.backorder_desk import LINE_KEY
from pipelines.jobs.backorder_kpis import OrderHistory
from pipelines.jobs.customer_ledger import day_numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["promise_calibration"]

# Promises are taken together by their probability; the last class is what is as good as sure.
_EDGES: Final = (0.0, 0.55, 0.7, 0.85, 0.925, 0.975, 1.0)


def promise_calibration(told: pd.DataFrame | None, history: OrderHistory | None) -> pd.DataFrame:
    """One row a class of probability: promises judged, the mean probability, the share kept with its 95 % interval.

    A promise is judged when its date has passed; one whose line was cancelled before all had shipped is not. ``low``
    and ``high`` : Clopper-Pearson's interval; lines of one delivery share their fate, so the true one is wider.
    """
    import pandas as pd

    columns = ["at_least", "below", "promises", "promised", "kept", "low", "high"]
    if told is None or history is None or not len(told):
        return pd.DataFrame(columns=columns)
    ledger, key = history.ledger, list(LINE_KEY)
    lines = history.lines.reindex(columns=key).astype(object).fillna("").astype(str)
    lines = lines.assign(filled=history.fates.filled, shipped=ledger.shipped_on, given_up=history.fates.given_up)
    record = told.assign(**{name: told[name].astype(object).fillna("").astype(str) for name in key})
    both = record.merge(lines, on=key, how="inner")
    day = day_numbers(both, "promise_date")
    judged = (day < ledger.as_of) & ~both["given_up"].to_numpy(bool)
    kept = (both["filled"].to_numpy(bool) & (both["shipped"].to_numpy(np.int64) <= day))[judged]
    chance = both["promise_probability"].to_numpy(float)[judged]
    rows = []
    for low, high in pairwise(_EDGES):
        inside = (chance >= low) & ((chance < high) | (high == 1.0))
        if inside.any():
            interval = _interval(int(kept[inside].sum()), int(inside.sum()))
            rows.append((low, high, int(inside.sum()), chance[inside].mean(), kept[inside].mean(), *interval))
    return pd.DataFrame(rows, columns=columns)


def _interval(kept: int, promises: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(kept, promises).proportion_ci(0.95)
    return float(interval.low), float(interval.high)
