"""The plainest measure of lead times: the days of the receipts of a group, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["measure_receipts"]


def measure_receipts(receipts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Measure lead times from receipts: days from ``ordered_on`` to ``received_on``.

    Parameters
    ----------
    receipts : the receipts table; lines still open (no ``received_on``) are left out.
    by : the columns that name a group, e.g. ["supplier"] or ["supplier", "sku", "location"].

    Returns
    -------
    One row a group: ``by``, receipts (count), measured_days (mean), measured_sd_days, days (array of the group).
    """
    import pandas as pd

    done = receipts.dropna(subset=["received_on"])
    days = (done["received_on"] - done["ordered_on"]).dt.days.astype(float)
    grouped = days.groupby([done[column] for column in by], sort=True)
    out = grouped.agg(receipts="size", measured_days="mean", measured_sd_days=lambda d: d.std(ddof=0)).reset_index()
    out["days"] = pd.Series([np.sort(part.to_numpy()) for _, part in grouped], index=out.index, dtype=object)
    return out
