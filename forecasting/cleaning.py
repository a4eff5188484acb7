"""What the rows do not say themselves: since when an item can be demanded at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from forecasting.panel import CellStatus, DemandPanel
from forecasting.segments import DemandSummary, summarise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["mark_launches"]

# Leading zeros are read as "not launched" when a series that sells as it did later shows them with less probability.
LAUNCH_SIGNIFICANCE: Final = 0.001


def mark_launches(panel: DemandPanel, summary: DemandSummary) -> tuple[DemandPanel, pd.DataFrame]:
    """Mark leading periods without demand as not launched where chance can't explain them.

    After its first demand a series showed demand in a share p of its observed periods (the first demand itself
    not counted). It is taken as launched with its first demand when (1 - p) to the power of the leading observed
    periods falls below 0.001. A series that sold once is left alone: one sale tells no rate.

    Returns
    -------
    panel : the same demand with status NOT_LAUNCHED before those launches.
    log : sku, location, launched_on, periods_marked, probability; one row a change.
    """
    import pandas as pd

    known = panel.status == CellStatus.OBSERVED
    # What was sold until it ran out was launched, too.
    sold = panel.quantity > 0
    first = np.array([int(row.argmax()) if row.any() else 0 for row in sold], dtype=np.int64)
    before = np.array([np.count_nonzero(known[i, :t]) for i, t in enumerate(first)], dtype=np.int64)
    # The first demand itself is no evidence of a rate; if it was sold out it is not among the observed ones anyway.
    itself = np.array([known[i, t : t + 1].sum() for i, t in enumerate(first)], dtype=np.float64)
    later = summary.observed - before - itself
    share = np.clip((summary.demands - itself) / np.maximum(later, 1), 0.0, 1.0 - 1e-12)
    probability = np.exp(before * np.log1p(-share))
    changed = np.flatnonzero((before > 0) & (summary.demands > 1) & (probability < LAUNCH_SIGNIFICANCE))
    log = pd.DataFrame(
        {
            "sku": [panel.skus[i] for i in changed],
            "location": [panel.locations[i] for i in changed],
            "launched_on": panel.calendar.dates[first[changed]].astype("datetime64[s]"),
            "periods_marked": before[changed],
            "probability": probability[changed],
        }
    )
    if not len(changed):
        return panel, log
    status = panel.status.copy()
    for i in changed:
        lead = status[i, : first[i]]
        lead[lead == CellStatus.OBSERVED] = CellStatus.NOT_LAUNCHED
    return panel.with_status(status), log


def prepare(panel: DemandPanel) -> tuple[DemandPanel, DemandSummary, pd.DataFrame]:
    """Clean a panel for forecasting and describe what remains; see :func:`mark_launches` for the log."""
    cleaned, log = mark_launches(panel, summarise(panel))
    return cleaned, summarise(cleaned), log
