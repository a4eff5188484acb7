"""What changed since the run before, and why: the parts of each decision exchanged one at a time.

In this order: the forecast of today in place of the old one, then the lead time, then the parameters (targets, costs,
minimums, reviews), then the stock with its open orders. After each exchange the order is decided anew as the policy
has it; the difference is the effect of that part. What remains up to the orders that stand is the effect of what items
share (budgets, suppliers' minimums, storage) and of planners (holds, overrides, frozen days). The effects add up.
An effect depends on this order where parts act together. A new version of the programme counts as a new forecast.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.exports.run_files import RunFiles
from pipelines.jobs.decision_frame import PARAMETERS, STOCK, facts_before, lead_times_before
from pipelines.jobs.stages import all_levels
from replenishment.order_stability import measure_nervousness

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["EFFECTS", "change_frame", "nervousness_since"]

Floats = npt.NDArray[np.float64]

EFFECTS: Final = ("forecast", "lead_time", "parameters", "stock", "limits_and_planners")
_WORDS: Final = {
    "forecast": "the forecast", "lead_time": "the lead time", "parameters": "parameters",
    "stock": "stock and open orders", "limits_and_planners": "limits shared with others, or planners",
}  # fmt: skip
_KEY: Final = ["sku", "location"]


def change_frame(made: Plan, before: RunFiles, run: Any = map) -> pd.DataFrame:
    """One row an item whose order is another one than in the run before.

    ``forecast``, ``lead_time``, ``parameters``, ``stock``, ``limits_and_planners`` : units by which each changed the
    order, see the module. An item that is new, or gone since, has none of them.
    """
    import pandas as pd

    old = before.frame("decisions").set_index(_KEY)
    keys = pd.MultiIndex.from_tuples(made.panel.keys, names=_KEY)
    was = old["ordered"].reindex(keys).to_numpy(float)
    now = made.orders.quantity
    rows = np.flatnonzero(np.abs(now - was) > 1e-9)
    effects = _effects(made, old.reindex(keys[rows]), rows, run)
    frame = pd.DataFrame(
        {
            "sku": np.array(made.panel.skus, dtype=object)[rows],
            "location": np.array(made.panel.locations, dtype=object)[rows],
            "before": was[rows],
            "now": now[rows],
            "change": now[rows] - was[rows],
            **effects,
        }
    )
    new = np.flatnonzero(np.isnan(was) & (now > 0))
    gone = old.index.difference(keys)
    parts = [
        frame,
        _without_effects(keys[new], np.nan, now[new]),
        _without_effects(gone, old.loc[gone, "ordered"], np.nan),
    ]
    out = pd.concat([part for part in parts if len(part)] or [frame], ignore_index=True)
    out["why"] = [_sentence({str(name): value for name, value in row.items()}) for row in out.to_dict("records")]
    return out.sort_values(["change", *_KEY], key=lambda c: -c.abs() if c.name == "change" else c, ignore_index=True)


def _effects(made: Plan, old: pd.DataFrame, rows: npt.NDArray[np.int64], run: Any) -> dict[str, Floats]:
    """Exchange the parts of some items one after the other."""
    if not len(rows):
        return {name: np.empty(0) for name in EFFECTS}
    facts, lead_times = made.facts.take(rows), made.lead_times.take(rows)
    earlier = old.reset_index()
    steps = (
        (lead_times_before(earlier), facts_before(facts, earlier, (*PARAMETERS, *STOCK))),
        (lead_times, facts_before(facts, earlier, (*PARAMETERS, *STOCK))),
        (lead_times, facts_before(facts, earlier, STOCK)),
    )
    wanted = [earlier["wanted"].to_numpy(float)]
    wanted += [all_levels(made.forecaster, waits, own, run).order for waits, own in steps]
    wanted.append(made.levels.order[rows])
    parts = [after - before for before, after in pairwise(wanted)]
    shared = (made.orders.quantity[rows] - wanted[-1]) - (earlier["ordered"].to_numpy(float) - wanted[0])
    return dict(zip(EFFECTS, (*parts, shared), strict=True))


def _without_effects(keys: pd.Index[Any], before: Any, now: Any) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({"before": before, "now": now}, index=keys).reset_index()
    return frame.assign(change=frame["now"].fillna(0.0) - frame["before"].fillna(0.0), **dict.fromkeys(EFFECTS, np.nan))


def _sentence(row: dict[str, Any]) -> str:
    if row["before"] != row["before"]:
        return "the item was not in the run before"
    if row["now"] != row["now"]:
        return "the item is no longer planned"
    parts = sorted(((name, row[name]) for name in EFFECTS if abs(row[name]) > 1e-9), key=lambda part: -abs(part[1]))
    told = ", ".join(f"{units:+,.6g} by {_WORDS[name]}" for name, units in parts)
    return f"{row['change']:+,.6g} units: {told}"


def nervousness_since(before: RunFiles, planned: pd.DataFrame, as_of: str) -> dict[str, Any]:
    """How much of what the run before planned for the weeks that both see is planned otherwise now."""
    import pandas as pd

    start = pd.Timestamp(as_of)
    earlier = before.frame("planned_orders")
    end = pd.Timestamp(before.as_of) + pd.Timedelta(days=int(before.manifest["config"]["planned_orders_days"]))
    both = {}
    for name, frame in (("before", earlier), ("now", planned)):
        inside = frame[(frame["order_date"] >= start) & (frame["order_date"] < end)]
        week = (inside["order_date"] - start).dt.days // 7
        both[name] = inside.assign(week=week).groupby([*_KEY, "week"])["quantity"].sum()
    cells = pd.DataFrame(both).fillna(0.0)
    found = measure_nervousness(cells["before"].to_numpy(float), cells["now"].to_numpy(float))
    return {"run": before.run_id, "as_of": before.as_of, **asdict(found)}
