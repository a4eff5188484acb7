"""Has an item come to its end? A trailing silence that chance can't explain is flagged, never acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import gammaln

from forecasting.panel import CellStatus, DemandPanel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["suspect_ends"]

# As for launches: a silence with less probability than this is no chance.
END_SIGNIFICANCE: Final = 0.001
# Fewer demands tell no rhythm; and a silence must exceed the longest one before by so much: seasons fall silent too.
LEAST_DEMANDS: Final = 5
LONGER_THAN_BEFORE: Final = 2.0
# No silence of less than a quarter is an end: shelves stand empty for weeks without a word in the records.
LEAST_DAYS: Final = 91


def suspect_ends(panel: DemandPanel) -> pd.DataFrame:
    """Flag series whose demand may have ended: nothing was demanded for longer than chance explains.

    Of the N observed periods since the first demand (itself not counted) k had demand, all of them among the first n.
    Had they fallen on any of the N with equal chance, that would happen with probability C(n, k) / C(N, k): no rate is
    estimated, so that few demands prove little. Flagged when it falls below 0.001 with at least 5 demands, and when the
    silence is at least a quarter of a year and twice as long as the longest one before it (seasonal items fall
    silent every year).

    The panel is left as it is: whether an item has ended is for a planner to say.

    Returns
    -------
    frame : sku, location, ended_on (the opening after the last demand), silent_periods, probability; one row a flag.
    """
    import pandas as pd

    known = panel.status == CellStatus.OBSERVED
    # What was sold until it ran out was demanded, too; a silence counts observed periods alone.
    sold = panel.quantity > 0
    alive = np.asarray(panel.status[:, -1:] != CellStatus.DISCONTINUED).all(axis=1)
    # Nearly all are told by the days since their last demand alone.
    quiet = max(int(np.searchsorted(panel.calendar.openings[1:], panel.calendar.end_day - LEAST_DAYS, "right")), 0)
    alive &= ~sold[:, quiet:].any(axis=1)
    rows, probability, silence, last = [], [], [], []
    for i in np.flatnonzero(alive & (np.count_nonzero(sold, axis=1) >= LEAST_DEMANDS)).tolist():
        at = np.flatnonzero(sold[i])
        seen = np.cumsum(known[i])
        silent = int(seen[-1] - seen[at[-1]])
        gaps = np.diff(seen[at]) - known[i, at[1:]]
        if silent < LONGER_THAN_BEFORE * max(int(gaps.max()), 1):
            continue
        demands = int(known[i, at[1:]].sum())
        periods = int(seen[-1] - seen[at[0]])
        if demands < LEAST_DEMANDS - 1:
            continue
        chance = float(np.exp(_log_choose(periods - silent, demands) - _log_choose(periods, demands)))
        if chance < END_SIGNIFICANCE:
            rows.append(i)
            probability.append(chance)
            silence.append(silent)
            last.append(int(at[-1]))
    return pd.DataFrame(
        {
            "sku": [panel.skus[i] for i in rows],
            "location": [panel.locations[i] for i in rows],
            "ended_on": panel.calendar.openings[np.array(last, dtype=np.int64) + 1]
            .astype("datetime64[D]")
            .astype("datetime64[s]"),
            "silent_periods": np.array(silence, dtype=np.int64),
            "probability": np.array(probability, dtype=np.float64),
        }
    )


def _log_choose(n: int, k: int) -> float:
    """Logarithm of n over k."""
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
