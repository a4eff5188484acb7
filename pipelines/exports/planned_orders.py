"""Planned orders by supplier, to send ahead: dated orders, levels that move, and the money by week."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import ConfigurationError
from pipelines.exports.csv import inert_frame
from pipelines.exports.publishing import file_name
from pipelines.exports.run_files import RunFiles
from pipelines.workspace import write_csv

__all__ = ["write_planned_orders"]


def write_planned_orders(run: RunFiles, folder: Path, *, spreadsheet_safe: bool = False) -> None:
    """Write orders and levels of each supplier, and ``money_by_week.csv`` for your own treasury.

    What a supplier receives says nothing of your money or of other suppliers.

    Raises
    ------
    ConfigurationError
        The run planned no coming weeks.
    """
    if not run.has("planned_orders"):
        raise ConfigurationError(f"run {run.run_id} planned no coming weeks; set planned_orders_days above 0")
    for name in ("planned_orders", "planned_levels"):
        frame = run.frame(name).drop(columns=["value", "stock"], errors="ignore")
        frame["supplier"] = frame["supplier"].fillna("")
        for supplier, rows in frame.groupby("supplier", sort=True):
            path = folder / f"{file_name(str(supplier))}-{name.removeprefix('planned_')}.csv"
            write_csv(inert_frame(rows) if spreadsheet_safe else rows, path)
    money = run.frame("planned_money")
    write_csv(inert_frame(money) if spreadsheet_safe else money, folder / "money_by_week.csv")
