"""What is about to be backordered: the risk of every item along its demand paths and the arrivals of open orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from forecasting.kernels.random import uniforms
from pipelines.digests import row_digests
from pipelines.jobs.backorder_desk import BackorderDesk
from pipelines.jobs.kept_rows import KeptRows
from pipelines.jobs.levels import pieces_by_review
from pipelines.jobs.rows import join_rows
from pipelines.stage_store import FORGETFUL, StageStore
from replenishment.backorders.risk import ShortageRisk, shortage_risk

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["risk_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Probabilities are told to a percent or so: more paths cost time and are not seen.
_PATHS: Final = 200


def risk_frame(made: Plan, desk: BackorderDesk, run: Any = map, store: StageStore = FORGETFUL) -> pd.DataFrame:
    """One row an item, the largest revenue at risk first; ``store`` : where risks found before are taken up.

    ``probability`` : that demand of the protection interval cannot be filled at once if nothing is ordered.
    ``expected_units`` : units of it. ``revenue_at_risk`` : their selling price (else cost).
    ``probability_before_receipt`` : that some demand cannot be filled before the next receipt.
    """
    import pandas as pd

    found = _risk(made, desk, run, store)
    price = made.items["unit_price"].fillna(made.items["unit_cost"]).fillna(0.0).to_numpy(float)
    frame = pd.DataFrame(
        {
            "sku": made.panel.skus,
            "location": made.panel.locations,
            "probability": found.within_protection,
            "expected_units": found.units,
            "revenue_at_risk": found.units * price,
            "probability_before_receipt": found.before_receipt,
            "on_hand": made.stock.on_hand,
            "backordered": made.stock.backordered,
            "on_order": made.stock.on_order,
        }
    )
    order = np.lexsort((np.arange(len(frame)), -found.within_protection, -frame["revenue_at_risk"].to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def _risk(made: Plan, desk: BackorderDesk, run: Any, store: StageStore) -> ShortageRisk:
    """The risk of all items; that of items of which nothing has changed is taken up from ``store``."""
    count = min(int(made.config.paths), _PATHS)

    def find(rows: Integers) -> ShortageRisk:
        paths = np.full(len(rows), count)
        pieces = pieces_by_review(made.facts.review_periods[rows], made.lead_times.maximum[rows], paths)
        parts: list[ShortageRisk] = list(run(lambda piece: _piece(made, desk, rows[piece], count), pieces))
        return join_rows(parts, np.concatenate(pieces))

    if store.root is None:
        return find(np.arange(len(desk.items.keys)))
    rows = row_digests(
        len(desk.items.keys),
        made.drawn_from,
        made.facts.review_periods,
        made.lead_times.probability,
        made.stock.net,
        _told_of_purchases(desk),
    )
    return KeptRows[ShortageRisk](store, "backorder-risk", (ShortageRisk,)).once(rows, count, find)


def _told_of_purchases(desk: BackorderDesk) -> list[list[str]]:
    """Digests of the open orders of each item, in their order."""
    frame = desk.purchases.frame
    # A distribution ends in ones as far as the longest of all reaches; what it gains a day ends in zeros.
    gains = np.diff(desk.purchases.arrival, axis=1, prepend=0.0)
    told: list[list[str]] = [[] for _ in desk.items.keys]
    for place, own in zip(
        frame["place"].tolist(), row_digests(len(frame), frame["quantity"].to_numpy(float), gains), strict=True
    ):
        told[place].append(own)
    return told


def _piece(made: Plan, desk: BackorderDesk, rows: Integers, count: int) -> ShortageRisk:
    """The risk of some items."""
    lead_time = made.lead_times.take(rows).quantile(_uniform(made, rows, "next order", count))
    protection = lead_time + np.maximum(made.facts.review_periods[rows], 1)[:, None]
    # How far an item is looked at must not depend on the items beside it.
    reach = protection.max(axis=1)
    horizon = int(reach.max())
    received, first = _receipts(made, desk, rows, count, horizon)
    next_receipt = np.where(first < reach[:, None], first, lead_time)
    demand = made.forecaster.paths(horizon, count, made.facts.series[rows])
    return shortage_risk(made.stock.net[rows], received, demand, next_receipt, protection)


def _receipts(made: Plan, desk: BackorderDesk, rows: Integers, count: int, horizon: int) -> tuple[Floats, Integers]:
    """Units received at each opening of each path, and the first opening with a receipt (``horizon`` without)."""
    calendar = desk.items.calendar
    openings = calendar.openings_from(calendar.periods, horizon) - calendar.end_day
    received = np.zeros((len(rows), count, horizon))
    first = np.full((len(rows), count), horizon)
    frame = desk.purchases.frame
    place, units = frame["place"].to_numpy(np.int64), frame["quantity"].to_numpy(float)
    at = np.full(len(desk.items.keys), -1)
    at[rows] = np.arange(len(rows))
    number: dict[int, int] = {}
    for k in np.flatnonzero(at[place] >= 0).tolist():
        item = int(place[k])
        number[item] = number.get(item, 0) + 1
        uniform = _uniform(made, np.array([item]), f"open order {number[item]}", count)[0]
        opening = np.searchsorted(openings, np.searchsorted(desk.purchases.arrival[k], uniform))
        there = np.flatnonzero(opening < horizon)
        received[at[item], there, opening[there]] += units[k]
        first[at[item]] = np.minimum(first[at[item]], opening)
    return received, first


def _uniform(made: Plan, rows: Integers, purpose: str, count: int) -> Floats:
    """Uniform numbers (k, count) of some items, the same whatever else is drawn."""
    skus = [made.panel.skus[i] for i in rows]
    places = [f"{made.panel.locations[i]}\x1f{purpose}" for i in rows]
    out = np.empty((len(rows), count))
    uniforms(stream_keys(skus, places, made.config.seed), 0, out)
    return out
