"""One-off bulk orders: a single order line that makes up almost all of an extreme period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from forecasting.cleaning_rules import CleaningRules
from forecasting.panel import CellStatus, DemandPanel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["tame_bulk_orders"]

# Extreme: so many times the usual largest demand, the 95 % quantile of at least 8 demands (as for spikes).
BULK_FACTOR: Final = 5.0
LEAST_DEMANDS: Final = 8
USUAL_LARGEST: Final = 0.95
# The share of the period that the single line must make up; and what another period may reach beside a one-off.
LINE_SHARE: Final = 0.8
RIVAL_SHARE: Final = 0.5


def tame_bulk_orders(panel: DemandPanel, rules: CleaningRules) -> tuple[DemandPanel, pd.DataFrame]:
    """Bring periods down to the usual largest demand where one order line made them more than 5 times as large.

    The line must make up at least 80 % of the period, and no other period may reach half of it: a customer who comes
    again is demand to plan for. Demand that is named by no order line is left to
    :func:`forecasting.cleaning.tame_spikes`.

    Returns
    -------
    panel : the same with those periods winsorised. log : sku, location, date, before, after, line; one row a period.
    """
    import pandas as pd

    cells: list[tuple[int, int, float, float]] = []
    row, period, largest = rules.lines.largest(panel)
    here_all = panel.quantity[row, period].astype(np.float64)
    observed = panel.status[row, period] == CellStatus.OBSERVED
    doubtful = observed & (here_all > 0) & (largest >= LINE_SHARE * here_all)
    # The two largest demands of each series with a line: most are no one-off, and need no closer look.
    looked_at = np.unique(row[doubtful])
    second = np.zeros(len(panel))
    if len(looked_at) and panel.calendar.periods > 1:
        second[looked_at] = np.partition(panel.quantity[looked_at], -2, axis=1)[:, -2]
    doubtful &= second[row] < RIVAL_SHARE * here_all
    for i, t, line in zip(row[doubtful].tolist(), period[doubtful].tolist(), largest[doubtful].tolist(), strict=True):
        demand = panel.quantity[i]
        here = float(demand[t])
        known = demand[(panel.status[i] == CellStatus.OBSERVED) & (demand > 0)]
        if len(known) < LEAST_DEMANDS:
            continue
        usual = float(np.quantile(known, USUAL_LARGEST, method="lower"))
        if here > BULK_FACTOR * usual and not rules.keeps(panel, "bulk_order_tamed", i, t):
            cells.append((i, t, usual, line))
    log = pd.DataFrame(
        {
            "sku": [panel.skus[i] for i, *_ in cells],
            "location": [panel.locations[i] for i, *_ in cells],
            "date": panel.calendar.dates[[t for _, t, *_ in cells]].astype("datetime64[s]"),
            "before": [float(panel.quantity[i, t]) for i, t, *_ in cells],
            "after": [usual for *_, usual, _ in cells],
            "line": [line for *_, line in cells],
        }
    )
    if not cells:
        return panel, log
    quantity = panel.quantity.copy()
    for i, t, usual, _ in cells:
        quantity[i, t] = usual
    return replace(panel, quantity=quantity), log
