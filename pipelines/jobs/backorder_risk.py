"""What is about to be backordered: the risk of every item along its demand paths and the arrivals of open orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from forecasting.kernels.random import uniforms
from pipelines.jobs.backorder_desk import BackorderDesk
from pipelines.jobs.levels import pieces_by_review
from replenishment.backorders.risk import ShortageRisk, shortage_risk

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["risk_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Probabilities are told to a percent or so: more paths cost time and are not seen.
_PATHS: Final = 200


def risk_frame(made: Plan, desk: BackorderDesk, run: Any = map) -> pd.DataFrame:
    """One row an item, the largest revenue at risk first.

    ``probability`` : that demand of the protection interval cannot be filled at once if nothing is ordered.
    ``expected_units`` : units of it. ``revenue_at_risk`` : their selling price (else cost).
    ``probability_before_receipt`` : that some demand cannot be filled before the next receipt.
    """
    import pandas as pd

    found = _risk(made, desk, run)
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


def _risk(made: Plan, desk: BackorderDesk, run: Any) -> ShortageRisk:
    count = min(int(made.config.paths), _PATHS)
    paths = np.full(len(desk.items.keys), count)
    pieces = pieces_by_review(made.facts.review_periods, made.lead_times.maximum, paths)
    parts = list(run(lambda rows: _piece(made, desk, rows, count), pieces))
    order = np.argsort(np.concatenate(pieces), kind="stable")

    def joined(name: str) -> Floats:
        return np.asarray(np.concatenate([getattr(part, name) for part in parts])[order])

    return ShortageRisk(joined("before_receipt"), joined("within_protection"), joined("units"))


def _piece(made: Plan, desk: BackorderDesk, rows: Integers, count: int) -> ShortageRisk:
    """The risk of some items."""
    lead_time = made.lead_times.take(rows).quantile(_uniform(made, rows, "next order", count))
    protection = lead_time + np.maximum(made.facts.review_periods[rows], 1)[:, None]
    horizon = int(protection.max())
    received, first = _receipts(made, desk, rows, count, horizon)
    next_receipt = np.where(first < horizon, first, np.minimum(lead_time, horizon))
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
