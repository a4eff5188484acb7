"""What people see of scenarios: one line each, and by how much they differ from the plan as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.showing import open_console, plain_table, print_whole

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.project import PublishedRun

__all__ = ["show_scenarios"]

_RATES: Final = ("backorder_rate", "line_backorder_rate", "period_backorder_rate", "fill_rate")
_HEADINGS: Final = {
    "backorder_rate": "by unit",
    "line_backorder_rate": "by line",
    "period_backorder_rate": "by period",
    "fill_rate": "fill rate",
    "lost_units": "lost units",
    "mean_stock": "mean stock",
    "stock_value": "stock value",
    "orders": "orders",
    "cost": "cost",
}
# The fill rate is the rest of the backorder rate by unit, and told in tables and as JSON.
_SHOWN: Final = tuple(kpi for kpi in _HEADINGS if kpi != "fill_rate")
_SIDE_BY_SIDE: Final = ("backorder_rate", "lost_units", "mean_stock", "stock_value")


def show_scenarios(done: PublishedRun, compared: pd.DataFrame, output: Path | None = None) -> None:
    """Print a line a scenario with its differences to the base case; of several modes, the modes side by side."""
    console = open_console()
    modes = list(compared["unmet_demand"].unique())
    kpis = _SHOWN if len(modes) == 1 else _SIDE_BY_SIDE
    known = [kpi for kpi in kpis if (compared["kpi"] == kpi).any()]
    cells: dict[Any, Any] = compared.set_index(["scenario", "unmet_demand", "kpi"]).to_dict("index")
    prefix = {mode: f"{mode}: " if len(modes) > 1 else "" for mode in modes}
    headings = [f"{prefix[mode]}{_HEADINGS[kpi]}" for mode in modes for kpi in known]
    table = plain_table("Backorder rates, stock and cost in each scenario", ("scenario",), headings)
    for name in compared["scenario"].unique():
        row = (_cell(cells[name, mode, kpi], kpi, name == "base") for mode in modes for kpi in known)
        table.add_row(Text(str(name)), *row)
    print_whole(console, table)
    for note in _notes(done.summary, output):
        console.print(Text(note))


def _notes(summary: dict[str, Any], output: Path | None) -> list[str]:
    lines = [
        f"{summary['items']:,} items, {summary['paths']:,} paths. In brackets the difference to base and half its 95 % "
        "interval; rates in percentage points. All scenarios meet the same chance.",
        *(f"Note: {note}" for note in summary["notes"]),
    ]
    return lines if output is None else [*lines, f"Written to {output}"]


def _cell(told: dict[str, Any], kpi: str, is_base: bool) -> str:
    scale, places = (100.0, 2) if kpi in _RATES else (1.0, 0)
    value = f"{scale * told['value']:,.{places}f}{'%' if kpi in _RATES else ''}"
    if is_base:
        return value
    change = f"{scale * told['difference']:+,.{places}f}"
    half = told["high"] - told["difference"]
    return f"{value} ({change})" if half != half else f"{value} ({change} ± {scale * half:,.{places}f})"
