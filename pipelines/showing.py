"""What people see on a terminal after a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pipelines.project import Project, PublishedRun
    from replenishment.simulation.results import SimulationResult

__all__ = ["show_run", "show_simulation"]

_LINES = 12
_COLUMNS = (
    "sku", "location", "status", "order_quantity", "order_value", "arrival_date", "on_hand", "on_order", "backordered",
    "demand_mean", "safety_stock", "days_of_cover",
)  # fmt: skip


def show_run(project: Project, run: PublishedRun) -> None:
    """Print the plan in numbers, its most urgent lines, its warnings and where it lies."""
    import pandas as pd

    console = Console(soft_wrap=True)
    summary = run.summary
    again = " (this very plan had been made before: nothing was computed anew)" if run.repeated else ""
    console.print(f"[bold]Plan of {summary['as_of']}[/bold]{again}", highlight=False)
    money = "unknown (no unit costs)" if summary["order_value"] is None else f"{summary['order_value']:,.0f}"
    console.print(
        f"{summary['items']:,} items from {summary['sales_rows_used']:,} sales rows; "
        f"{summary['order_lines']:,} order lines, {summary['order_units']:,.0f} units, value {money}",
        highlight=False,
    )
    promise = f"Backorder rate by unit: promised {summary['expected_backorder_rate']:.2%}"
    if summary["simulated_backorder_rate"] is not None:
        promise += f", simulated {summary['simulated_backorder_rate']:.2%} (standard error {summary['simulated_backorder_rate_se'] or 0:.2%})"
    console.print(f"{promise}; {summary['backordered_units']:,.0f} units wait now", highlight=False)
    console.print("Status: " + ", ".join(f"{n:,} {s}" for s, n in summary["statuses"].items()), highlight=False)
    lines = pd.read_parquet(run.folder / "recommendations.parquet").sort_values("priority").head(_LINES)
    console.print(_table(lines))
    for warning in summary["warnings"]:
        console.print(f"Note: {warning}", highlight=False, markup=False)
    first = lines.iloc[0]
    console.print(f"Written to {run.folder}", highlight=False, markup=False)
    console.print(
        f"Why: restock explain {first['sku']} --location {first['location']} --config {project.file}",
        highlight=False,
        markup=False,
    )


def _table(lines: Any) -> Table:
    table = Table(title="Most urgent lines", title_justify="left", header_style="bold")
    shown = [c for c in _COLUMNS if not lines[c].isna().all()]
    for name in shown:
        table.add_column(
            name.replace("_", " "), justify="left" if name in ("sku", "location", "status", "arrival_date") else "right"
        )
    for row in lines[shown].itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    import pandas as pd

    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:,.1f}"
    return str(value)


def show_simulation(result: SimulationResult) -> None:
    """Print the totals of a simulation with their standard errors."""
    table = Table(title=f"Simulation of {len(result.kpis):,} items", title_justify="left", header_style="bold")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("standard error", justify="right")
    for name, value in result.total.items():
        if not name.endswith("_se"):
            error = result.total.get(f"{name}_se", float("nan"))
            rate = name.endswith(("_rate", "_level"))
            table.add_row(name.replace("_", " "), _number(value, rate), _number(error, rate))
    console = Console()
    console.print(table)
    for note in result.notes:
        console.print(f"Note: {note}", highlight=False)


def _number(value: float, rate: bool) -> str:
    if value != value:
        return ""
    return f"{value:.2%}" if rate else f"{value:,.2f}"
