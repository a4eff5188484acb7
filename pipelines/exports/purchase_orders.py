"""Purchase orders: one file a supplier and order day, lines consolidated, the supplier's minimum checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.exports.csv import inert_frame
from pipelines.exports.publishing import file_name
from pipelines.exports.run_files import RunFiles
from pipelines.exports.suppliers import supplier_orders
from pipelines.workspace import write_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["purchase_orders", "write_purchase_orders"]

_KEY: Final = ["po", "supplier", "sku", "location", "order_date", "arrival_date"]
_COLUMNS: Final = [
    "po", "line", "supplier", "sku", "location", "quantity", "unit_cost", "value", "order_date", "arrival_date",
]  # fmt: skip


def purchase_orders(run: RunFiles) -> pd.DataFrame:
    """The lines of all purchase orders of a run, one row an SKU, location and order.

    The number of an order follows from the run, supplier and day, so that exporting a run again orders nothing again.
    """
    lines = run.frame("order_lines").rename(columns={"order_quantity": "quantity", "order_value": "value"})
    lines["supplier"] = lines["supplier"].fillna("")
    lines = lines.sort_values(["supplier", "order_date", "sku", "location"], kind="stable")
    order = lines.groupby(["supplier", "order_date"], sort=True).ngroup() + 1
    lines["po"] = [f"{run.as_of.replace('-', '')}-{run.run_id[:6]}-{number:03d}" for number in order]
    # Prices of one supplier may come in steps: one line all the same, at the mean price.
    found = lines.groupby(_KEY, sort=False, as_index=False).agg(
        quantity=("quantity", "sum"), value=("value", lambda money: money.sum(skipna=False))
    )
    found["unit_cost"] = found["value"] / found["quantity"]
    found["line"] = found.groupby("po").cumcount() + 1
    return found[_COLUMNS]


def write_purchase_orders(run: RunFiles, folder: Path, *, spreadsheet_safe: bool = False) -> list[str]:
    """Write one file an order and ``purchase_orders.csv`` with their totals; returns warnings about minimums."""
    lines = purchase_orders(run)
    for (po, supplier), rows in lines.groupby(["po", "supplier"], sort=True):
        path = folder / f"{po}-{file_name(str(supplier))}.csv"
        write_csv(inert_frame(rows) if spreadsheet_safe else rows, path)
    totals = lines.groupby(["po", "supplier", "order_date"], as_index=False, sort=True).agg(
        lines=("sku", "size"), units=("quantity", "sum"), value=("value", "sum")
    )
    checked = supplier_orders(run)[["supplier", "min_order_value", "minimum"]]
    totals = totals.merge(checked, on="supplier", how="left")
    # A minimum binds each order of a supplier, not what it gets on several days together.
    totals.loc[totals["value"] < totals["min_order_value"] * (1 - 1e-12), "minimum"] = "below"
    write_csv(inert_frame(totals) if spreadsheet_safe else totals, folder / "purchase_orders.csv")
    return [
        f"order {row.po} to {row.supplier!r} is worth {row.value:,.2f}, below its minimum of {row.min_order_value:,.2f}"
        for row in totals[totals["minimum"] == "below"].itertuples(index=False)
    ]
