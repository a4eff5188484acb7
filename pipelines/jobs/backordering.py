"""backorders: the lines that wait, what covers them, whom each purchase order serves, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.config import PlanConfig
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import Inputs
from pipelines.jobs.backorder_desk import items_of_plan, open_desk
from pipelines.jobs.backorder_frames import backorder_frame, coverage_frame, purchase_order_frame
from pipelines.jobs.backorder_kpis import causes_of_history, kpi_frame, order_history
from pipelines.jobs.backorder_proposals import find_alternatives, proposal_frame
from pipelines.jobs.backorder_risk import risk_frame
from pipelines.jobs.planning import Plan, make_plan
from pipelines.jobs.promise_calibration import promise_calibration
from pipelines.stage_store import FORGETFUL, StageStore

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BackorderResult", "backorders", "tend_backorders"]


@dataclass(frozen=True, eq=False)
class BackorderResult:
    """What the backorder desk says.

    Attributes
    ----------
    backorders : one row a customer order line that waits: status, age, what covers it, the date to promise with its
        probability, what was told before, whether that has changed, and the sentence for the customer.
    coverage : one row a line and source: units of stock or of a purchase order, and when they are delivered.
    purchase_orders : one row a line of an open purchase order: when it is likely to come, and whom it serves.
    proposals : what to order, expedite, transfer, substitute, defer or cancel, with units, money and a last date.
    risk : one row an item, what is about to be backordered first: probability, expected units, revenue at risk.
    kpis : one row a group and value: rates, times to fill, cancellations, revenue, promises kept, customers who came
        back. causes : one row a shortage of the history: its cause and the rule that named it.
    promises : one row a class of probability: what customers were told on record, and the share that was kept.
    summary : the whole in numbers.
    """

    backorders: pd.DataFrame
    coverage: pd.DataFrame
    purchase_orders: pd.DataFrame
    proposals: pd.DataFrame
    risk: pd.DataFrame
    kpis: pd.DataFrame
    causes: pd.DataFrame
    promises: pd.DataFrame
    summary: dict[str, Any]

    def files(self) -> dict[str, pd.DataFrame]:
        """The frames by the names of their files in a run, without the ending."""
        return {
            "backorders": self.backorders,
            "backorder_coverage": self.coverage,
            "purchase_orders": self.purchase_orders,
            "backorder_proposals": self.proposals,
            "backorder_risk": self.risk,
            "backorder_kpis": self.kpis,
            "backorder_causes": self.causes,
            "backorder_promises": self.promises,
        }


def backorders(
    inputs: Inputs, config: PlanConfig | None = None, *, told: pd.DataFrame | None = None, jobs: int | None = None
) -> BackorderResult:
    """Tend the backorders of the inputs: allocate, promise, and say what must be ordered, told and watched.

    Pure: reads the given tables and nothing else, writes nothing, and knows no clock but ``as_of``.

    Parameters
    ----------
    inputs : the tables; the ledger comes from ``customer_orders``. config : what is wanted.
    told : what customers were told since: order_id, line, sku, location, told_on, promise_date, promise_probability.
    jobs : threads; the result does not depend on it.

    Raises
    ------
    InputError
        A table that can't be used. ConfigurationError : a setting that can't be carried out.
    """
    config = config or PlanConfig()
    run = thread_mapper(jobs or default_jobs())
    return tend_backorders(make_plan(inputs, config, run=run), told, run=run)


def tend_backorders(
    made: Plan, told: pd.DataFrame | None = None, *, run: Any = map, store: StageStore = FORGETFUL
) -> BackorderResult:
    """The same from a plan that has been made; ``store`` : where stages that have been taken already are taken up."""
    desk = open_desk(items_of_plan(made), made.stock, made.tables, made.config, told, made.unseen)
    relief = find_alternatives(made, desk)
    lines = backorder_frame(desk, relief)
    history = order_history(made)
    return BackorderResult(
        backorders=lines,
        coverage=coverage_frame(desk),
        purchase_orders=purchase_order_frame(desk),
        proposals=proposal_frame(made, desk, relief),
        risk=risk_frame(made, desk, run, store),
        kpis=kpi_frame(made, history),
        causes=causes_of_history(made, history),
        promises=promise_calibration(told, history),
        summary=_summary(lines),
    )


def _summary(lines: pd.DataFrame) -> dict[str, Any]:
    """How many lines wait in which state, and for what."""
    waits = ~lines["status"].isin(["allocated", "pre-order", "open"])
    behind, uncovered = lines[waits], lines[lines["quantity_uncovered"] > 0]
    return {
        "lines_waiting": len(lines),
        "units_waiting": float(lines["quantity_waiting"].sum()),
        "lines_by_status": {str(k): int(v) for k, v in lines["status"].value_counts().sort_index().items()},
        "lines_backordered": len(behind),
        "units_backordered": float(behind["quantity_waiting"].sum() - behind["quantity_on_hand"].sum()),
        "oldest_days": int(behind["age_days"].max()) if len(behind) else 0,
        "lines_uncovered": len(uncovered),
        "units_uncovered": float(uncovered["quantity_uncovered"].sum()),
        "lines_to_tell": int((lines["change"] != "").sum()),
    }
