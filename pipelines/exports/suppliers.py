"""The orders of a run by supplier: lines, money, and whether the supplier's minimum is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.exports.run_files import RunFiles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["supplier_orders"]


def supplier_orders(run: RunFiles) -> pd.DataFrame:
    """One row a supplier that is ordered from, or whose order waits: lines, units, value, minimum and days."""
    import pandas as pd

    lines = run.frame("order_lines")
    lines = lines.assign(supplier=lines["supplier"].fillna(""))
    found = lines.groupby("supplier", sort=True).agg(
        lines=("sku", "size"),
        units=("order_quantity", "sum"),
        value=("order_value", "sum"),
        order_date=("order_date", "min"),
        arrival_date=("arrival_date", "min"),
    )
    least = {row["supplier"]: float(row["min_order_value"]) for row in run.summary["supplier_orders"]}
    decided = {row["supplier"]: str(row["decision"]) for row in run.summary["supplier_orders"]}
    waiting = [name for name, decision in decided.items() if decision == "waits" and name not in found.index]
    if waiting:
        nothing = pd.DataFrame({"lines": 0, "units": 0.0, "value": 0.0}, index=pd.Index(waiting, name="supplier"))
        found = pd.concat([found, nothing]).sort_index()
    found = found.reset_index().rename_axis(None)
    found["min_order_value"] = [least.get(name, float("nan")) for name in found["supplier"]]
    found["minimum"] = [
        _met(value, least.get(name), decided.get(name, ""))
        for name, value in zip(found["supplier"], found["value"], strict=True)
    ]
    return found


def _met(value: float, least: float | None, decision: str) -> str:
    """Whether an order reaches its minimum; what was decided is checked against the money of the lines."""
    if least is None:
        return ""
    if decision == "waits" and value <= 0:
        return "waits"
    if value < least * (1 - 1e-12):
        return "below"
    return "raised" if decision == "raised" else "met"
