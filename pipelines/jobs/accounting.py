"""What became of every row of the sales: the fates add up to the rows that were read."""

from __future__ import annotations

from collections import Counter

import numpy as np

from forecasting.panel import DemandPanel
from pipelines.inputs import CheckedTables
from pipelines.sales import CHANNEL_MARK

__all__ = ["sales_fates"]


def sales_fates(tables: CheckedTables, panel: DemandPanel) -> dict[str, int]:
    """Count the rows of the sales by what became of them.

    Parameters
    ----------
    tables : the checked tables, after their sales were assembled. panel : what they became, before it was aligned
        with the items.

    Returns
    -------
    dict
        ``used``: in the panel. ``returned``: negative rows that lie in the panel (netted or counted apart, as
        declared). ``returned, never sold``: of SKUs without any sale. ``returned, outside``: before the first or
        after the last complete period. ``not recorded``: without a quantity, where that is declared to be unknown.
        ``at or after as_of``, ``partial period``: left out. ``set aside: CODE``: in quarantine, by reason. The sum is
        the number of rows read.
    """
    report = panel.report
    fates = Counter({"used": report.rows_used})
    rows = {key: k for k, key in enumerate(panel.keys)}
    for batch in tables.sales.returned:
        names = batch.schema.names
        skus = batch.column("sku").to_pylist()
        places = batch.column("location").to_pylist() if "location" in names else ["main"] * len(skus)
        days = np.array(batch.column("date").to_pylist(), dtype="datetime64[D]").astype(np.int64)
        sold = np.array(
            [(sku, place.split(CHANNEL_MARK, 1)[0]) in rows for sku, place in zip(skus, places, strict=True)]
        )
        period = panel.calendar.index_of(days)
        inside = (period >= 0) & (period < panel.calendar.periods)
        fates["returned"] += int((sold & inside).sum())
        fates["returned, never sold"] += int((~sold).sum())
        fates["returned, outside"] += int((sold & ~inside).sum())
    fates["not recorded"] = tables.sales.rows_unrecorded
    fates["at or after as_of"] = report.rows_after_as_of
    fates["partial period"] = report.rows_in_partial_period
    for row in tables.findings.rows:
        if row.table == "sales":
            fates[f"set aside: {row.code}"] += 1
    return {name: count for name, count in fates.items() if count}
