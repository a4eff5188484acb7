"""What the rows do not say themselves: since when an item can be demanded, and which value can't be true."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.bulk_orders import tame_bulk_orders
from forecasting.cleaning_rules import LOG_COLUMNS, CleaningRules
from forecasting.endings import suspect_ends
from forecasting.panel import CellStatus, DemandPanel
from forecasting.segments import DemandSummary, summarise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["clean", "mark_launches", "prepare", "tame_spikes"]

# Leading zeros are read as "not launched" when a series that sells as it did later shows them with less probability.
LAUNCH_SIGNIFICANCE: Final = 0.001
# A demand so many times the usual largest one of its series is a mistake of units rather than a customer.
SPIKE_FACTOR: Final = 100.0
# The usual largest demand is the 95 % quantile of so many demands at least.
LEAST_DEMANDS: Final = 8
USUAL_LARGEST: Final = 0.95
# What comes near a spike in its own series, and how many series must spike together, to make it no slip.
RIVAL_SHARE: Final = 0.1
COMPANY: Final = 3


_NO_RULES: Final = CleaningRules()


def mark_launches(
    panel: DemandPanel, summary: DemandSummary, rules: CleaningRules = _NO_RULES
) -> tuple[DemandPanel, pd.DataFrame]:
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
    first = sold.argmax(axis=1) if panel.calendar.periods else np.zeros(len(panel), dtype=np.int64)
    before = np.zeros(len(panel), dtype=np.int64)
    for row in np.flatnonzero(first).tolist():
        before[row] = np.count_nonzero(known[row, : first[row]])
    # The first demand itself is no evidence of a rate; if it was sold out it is not among the observed ones anyway.
    itself = known[np.arange(len(panel)), first].astype(np.float64) if panel.calendar.periods else np.zeros(len(panel))
    later = summary.observed - before - itself
    share = np.clip((summary.demands - itself) / np.maximum(later, 1), 0.0, 1.0 - 1e-12)
    probability = np.exp(before * np.log1p(-share))
    changed = np.flatnonzero((before > 0) & (summary.demands > 1) & (probability < LAUNCH_SIGNIFICANCE))
    left = [i for i in changed.tolist() if not rules.keeps(panel, "launch_marked", i, int(first[i]))]
    changed = np.array(left, dtype=np.int64)
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


def tame_spikes(
    panel: DemandPanel, summary: DemandSummary, rules: CleaningRules = _NO_RULES
) -> tuple[DemandPanel, pd.DataFrame]:
    """Bring demands of more than 100 times the usual largest one of their series down to it, if they stand alone.

    The usual largest demand is the 95 % quantile (the lower of two neighbours) of the series' observed demands, of
    which there must be at least 8: a spike is never measured by itself, and rare large orders stay what they are.

    A slip stands alone. Where another period of the series comes to a tenth of the demand it is a season or a customer
    who comes again; where three series or more have such demands in the same period it is an order for many
    articles, a promotion or a clearance. Those are kept, as are those that ``rules`` name, and the log says so: of the
    52 demands beyond 100 times the usual in half a year of a gift wholesaler all but 5 are of that kind.

    Returns
    -------
    panel : the same with the lonely ones winsorised. log : sku, location, date, before, after, kept; one row a cell.
    """
    import pandas as pd

    cells: list[tuple[int, int, float, bool]] = []
    for i in np.flatnonzero(_may_have_spikes(panel, summary)).tolist():
        demand = panel.quantity[i]
        known = demand[(panel.status[i] == CellStatus.OBSERVED) & (demand > 0)]
        usual = float(np.quantile(known, USUAL_LARGEST, method="lower"))
        spikes = np.flatnonzero(demand > SPIKE_FACTOR * usual)
        rivals = (demand >= demand[spikes, None] * RIVAL_SHARE).sum(axis=1) - 1
        cells += [(i, t, usual, rival > 0) for t, rival in zip(spikes.tolist(), rivals.tolist(), strict=True)]
    together = Counter(t for _, t, _, _ in cells)
    kept = [
        rivalled or together[t] >= COMPANY or rules.keeps(panel, "spike_tamed", i, t) for i, t, _, rivalled in cells
    ]
    before = [float(panel.quantity[i, t]) for i, t, _, _ in cells]
    after = [was if stays else usual for was, stays, (_, _, usual, _) in zip(before, kept, cells, strict=True)]
    log = pd.DataFrame(
        {
            "sku": [panel.skus[i] for i, _, _, _ in cells],
            "location": [panel.locations[i] for i, _, _, _ in cells],
            "date": panel.calendar.dates[[t for _, t, _, _ in cells]].astype("datetime64[s]"),
            "before": before,
            "after": after,
            "kept": np.array(kept, dtype=np.bool_),
        }
    )
    if all(kept):
        return panel, log
    quantity = panel.quantity.copy()
    for (i, t, _, _), now in zip(cells, after, strict=True):
        quantity[i, t] = now
    return replace(panel, quantity=quantity), log


def _may_have_spikes(panel: DemandPanel, summary: DemandSummary) -> npt.NDArray[np.bool_]:
    """Tell by its mean demand which series may have a demand of more than 100 times the usual largest one, u.

    Of k demands 1 + floor(0.95 (k - 1)) are at most u, the others at most the largest of all, M. With M > 100 u their
    mean is below M times a number that only depends on k, which few series are: most need no closer look.
    """
    demands = summary.demands.astype(np.float64)
    usual = np.floor(USUAL_LARGEST * (demands - 1.0) - 1e-9) + 1.0
    share = (usual / SPIKE_FACTOR + demands - usual) / np.maximum(demands, 1.0)
    mean = summary.mean * summary.observed / np.maximum(demands, 1.0)
    largest = panel.quantity.max(axis=1, initial=0.0)
    # Means are rounded: the limit is taken a little too low.
    return np.asarray((demands >= LEAST_DEMANDS) & (largest * share * (1.0 + 1e-6) >= mean), dtype=np.bool_)


def prepare(panel: DemandPanel, rules: CleaningRules = _NO_RULES) -> tuple[DemandPanel, DemandSummary, pd.DataFrame]:
    """Clean a panel for forecasting and describe what remains.

    One log tells every change: code, sku, location, date, before, after (units; empty where no unit changed), reason.
    The codes are launch_marked, spike_tamed, spike_kept, bulk_order_tamed and end_suspected (which changes nothing).
    A row of it, as a ``keep`` of the rules, undoes that change.
    """
    cleaned, summary, (bulk, spikes, launches) = _clean(panel, rules)
    ends = suspect_ends(cleaned)
    rows = [*_launch_rows(launches), *_bulk_rows(bulk), *_spike_rows(spikes), *_end_rows(ends, rules)]
    return cleaned, summary, log_frame(rows)


def clean(panel: DemandPanel, rules: CleaningRules = _NO_RULES) -> tuple[DemandPanel, DemandSummary]:
    """Clean a panel as :func:`prepare` does, without its log: to write that down takes longer than to clean."""
    cleaned, summary, _ = _clean(panel, rules)
    return cleaned, summary


def _clean(
    panel: DemandPanel, rules: CleaningRules
) -> tuple[DemandPanel, DemandSummary, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    """Clean a panel; return it, its summary, and what was found: bulk orders, spikes, launches."""
    lined, bulk = tame_bulk_orders(panel, rules)
    tamed, spikes = tame_spikes(lined, summarise(lined), rules)
    cleaned, launches = mark_launches(tamed, summarise(tamed), rules)
    return cleaned, summarise(cleaned), (bulk, spikes, launches)


def log_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Put rows of the log (``LOG_COLUMNS``, then the number of periods and the probability) into a frame."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=[*LOG_COLUMNS, "periods", "probability"])
    kinds = {"before": "float64", "after": "float64", "periods": "float64", "probability": "float64"}
    return frame.astype({**kinds, "date": "datetime64[s]"})


def _launch_rows(log: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        ("launch_marked", sku, location, day, np.nan, np.nan,
         f"{periods:,} periods without demand before the first one can't be chance: not launched yet", periods, p)
        for sku, location, day, periods, p in log.itertuples(index=False, name=None)
    ]  # fmt: skip


def _bulk_rows(log: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        ("bulk_order_tamed", sku, location, day, before, after,
         f"one order line of {line:,g} units made up the period: a bulk order; the usual largest demand counts instead",
         1, np.nan)
        for sku, location, day, before, after, line in log.itertuples(index=False, name=None)
    ]  # fmt: skip


def _spike_rows(log: pd.DataFrame) -> list[tuple[object, ...]]:
    tamed = "more than 100 times the usual largest demand, once and alone: the usual largest counts instead"
    stays = "more than 100 times the usual largest demand, but not alone, or kept by a planner: it counts as it is"
    return [
        (
            "spike_kept" if kept else "spike_tamed",
            sku,
            location,
            day,
            before,
            after,
            stays if kept else tamed,
            1,
            np.nan,
        )
        for sku, location, day, before, after, kept in log.itertuples(index=False, name=None)
    ]


def _end_rows(log: pd.DataFrame, rules: CleaningRules) -> list[tuple[object, ...]]:
    return [
        ("end_suspected", sku, location, day, np.nan, np.nan,
         f"may have ended on {day:%Y-%m-%d}: nothing was demanded in {periods:,} periods since, which chance hardly "
         "explains; if so, declare discontinued_on", periods, p)
        for sku, location, day, periods, p in log.itertuples(index=False, name=None)
        if not any(k.covers("end_suspected", sku, location, _day(day)) for k in rules.keep)
    ]  # fmt: skip


def _day(stamp: pd.Timestamp) -> int:
    return int(stamp.to_datetime64().astype("datetime64[D]").astype(np.int64))
