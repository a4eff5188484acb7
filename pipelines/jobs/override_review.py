"""Did overrides help? Each is replayed against what sold since, beside the quantity that had been recommended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.config import PlanConfig
from pipelines.exports.run_files import RunFiles
from pipelines.inputs import Inputs, check_inputs
from pipelines.jobs.decision_frame import stacked
from pipelines.jobs.demand import demand_from_sales
from pipelines.overrides import recorded_overrides
from pipelines.workspace import Workspace
from replenishment.decision_replay import replay_decisions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_review", "review_overrides"]

_KEY = ["sku", "location"]


def review_overrides(space: Workspace, inputs: Inputs, config: PlanConfig) -> pd.DataFrame:
    """One row an override whose protection interval has passed (``known``) or not yet.

    ``backordered``, ``mean_stock`` : under the override; with ``_recommended`` : under what the run recommended.
    ``verdict`` : better, worse or no difference in backorders and stock; mixed, where one fell and the other rose; or
    why there is none. Sales stand for demand: what was lost without a trace is in neither.
    """
    import pandas as pd

    made = recorded_overrides(space)
    if made is None:
        return pd.DataFrame()
    # A decision that was changed again before it counted has no effect of its own.
    last = made.drop_duplicates([*_KEY, "as_of"], keep="last").reset_index(drop=True)
    panel = demand_from_sales(check_inputs(inputs, config), config).panel
    place = {key: i for i, key in enumerate(panel.keys)}
    rows: list[dict[str, Any]] = []
    runs: dict[str, pd.DataFrame | None] = {}
    for row in last.to_dict("records"):
        run_id, key = str(row["run_id"]), (row["sku"], row["location"])
        if run_id not in runs:
            there = space.complete(run_id)
            runs[run_id] = RunFiles(space.folder(run_id)).frame("decisions").set_index(_KEY) if there else None
        decisions = runs[run_id]
        told = {name: row[name] for name in ("sku", "location", "as_of", "by", "why", "recommended", "quantity")}
        if decisions is None or key not in decisions.index or key not in place:
            rows.append({**told, "known": False, "verdict": "its run or item is not there any more"})
            continue
        start = int(panel.calendar.index_of(np.array([np.datetime64(row["as_of"], "D").astype(np.int64)]))[0])
        rows.append({**told, **_outcome(decisions.loc[[key]], panel.quantity[place[key]], start, row)})
    return pd.DataFrame(rows)


def _outcome(decision: pd.DataFrame, sold: Any, start: int, row: dict[Any, Any]) -> dict[str, Any]:
    """Replay one decision with both quantities, if all of its interval is known."""
    chances = stacked(decision["lead_time_probability"])[0]
    lead_time = round(float(chances @ np.arange(len(chances))))
    periods = lead_time + max(int(decision["review_periods"].iloc[0]), 1)
    if start + periods > len(sold):
        return {"known": False, "verdict": "not known yet"}
    twice = np.ones(2)
    found = replay_decisions(
        twice * float(decision["net_stock"].iloc[0]),
        np.repeat(stacked(decision["arrivals"]), 2, axis=0),
        np.full(2, lead_time),
        np.full(2, periods),
        np.repeat(sold[None, start : start + periods].astype(np.float64), 2, axis=0),
        np.array([row["quantity"], row["recommended"]], dtype=np.float64),
    )
    short, stock = found.backordered, found.mean_stock
    return {
        "known": True,
        "verdict": _verdict(short[0] - short[1], stock[0] - stock[1]),
        "periods": periods,
        "demand": float(sold[start : start + periods].sum()),
        "backordered": short[0],
        "backordered_recommended": short[1],
        "mean_stock": stock[0],
        "mean_stock_recommended": stock[1],
    }


def _verdict(backordered: float, stock: float) -> str:
    """Fewer backorders or less stock are better, if the other is not worse."""
    signs = {np.sign(np.round(value, 9)) for value in (backordered, stock)} - {0.0}
    return {0: "no difference", 2: "mixed"}.get(len(signs)) or ("better" if signs == {-1.0} else "worse")


def describe_review(found: pd.DataFrame) -> dict[str, Any]:
    """The review in numbers, of the overrides whose interval has passed."""
    if not len(found):
        return {"overrides": 0, "known": 0}
    known = found[found["known"]]
    out: dict[str, Any] = {"overrides": len(found), "known": len(known)}
    if len(known):
        out |= {
            "verdicts": {str(k): int(v) for k, v in known["verdict"].value_counts().items()},
            "backordered": float(known["backordered"].sum()),
            "backordered_recommended": float(known["backordered_recommended"].sum()),
            "mean_stock": float(known["mean_stock"].sum()),
            "mean_stock_recommended": float(known["mean_stock_recommended"].sum()),
        }
    return out
