"""What people see on a terminal after a command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.project import Project, PublishedRun
    from pipelines.trust import Concern

__all__ = ["cell", "open_console", "plain_table", "print_whole", "show_concerns", "show_run", "show_simulation"]

_LINES: Final = 12
_PIPE_WIDTH: Final = 160
# Column of the recommendations, its heading, and its rank: where the terminal is narrow, the highest goes first.
_COLUMNS: Final = (
    ("sku", "SKU", 0),
    ("location", "location", 0),
    ("status", "status", 0),
    ("order_quantity", "order", 0),
    ("order_value", "value", 4),
    ("arrival_date", "arrives", 1),
    ("on_hand", "on hand", 2),
    ("on_order", "on order", 5),
    ("backordered", "waiting", 3),
    ("demand_mean", "demand", 6),
    ("safety_stock", "safety", 7),
    ("days_of_cover", "cover", 8),
)
_LEGEND: Final = {
    "order_value": "value in money",
    "days_of_cover": "cover in days",
    "demand_mean": "demand is the mean over lead time and review",
    "safety_stock": "safety is the safety stock, below 0 where the lot alone meets the target",
}


def show_run(project: Project, run: PublishedRun) -> None:
    """Print the plan in numbers, its most urgent lines, its backorders, its warnings and where it lies."""
    import pandas as pd

    from pipelines.showing_backorders import print_backorders

    console = open_console()
    for sentence in _headline(run):
        console.print(sentence)
    lines = pd.read_parquet(run.folder / "recommendations.parquet").sort_values("priority").head(_LINES)
    _print_lines(console, lines)
    print_backorders(console, run)
    for warning in run.summary["warnings"]:
        console.print(Text(f"Note: {warning}"))
    first = lines.iloc[0]
    sku, location, file = (shlex.quote(str(text)) for text in (first["sku"], first["location"], project.file))
    if not run.folder.is_relative_to(project.workspace.root):
        console.print("Nothing was written: this was a dry run.")
        return
    console.print(Text(f"Written to {run.folder}"))
    console.print(Text(f"Why: restock explain {sku} --location {location} --config {file}"))


def show_simulation(done: PublishedRun) -> None:
    """Print the totals of a simulation with their standard errors."""
    told = dict(done.summary)
    items, notes = told.pop("items"), told.pop("notes")
    table = plain_table(f"Simulation of {items:,} items", ("measure",), ("value", "standard error"))
    for name in (name for name in told if not name.endswith("_se")):
        rate = name.endswith(("_rate", "_level"))
        table.add_row(name.replace("_", " "), *(_known(told.get(of), rate) for of in (name, f"{name}_se")))
    console = open_console()
    print_whole(console, table)
    for note in notes:
        console.print(Text(f"Note: {note}"))


def _known(value: float | None, rate: bool) -> str:
    return _number(float("nan") if value is None else value, rate)


def open_console() -> Console:
    """Lines are never broken; without a terminal there is room for a whole table unless COLUMNS says otherwise."""
    piped = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(soft_wrap=True, highlight=False, width=_PIPE_WIDTH if piped else None)


def _headline(run: PublishedRun) -> list[Text]:
    """The plan in numbers."""
    summary = run.summary
    again = " (this very plan had been made before: nothing was computed anew)" if run.repeated else ""
    money = "unknown (no unit costs)" if summary["order_value"] is None else f"{summary['order_value']:,.0f}"
    promise = f"Backorder rate by unit: {_target(summary)}promised {summary['expected_backorder_rate']:.2%}"
    if summary["simulated_backorder_rate"] is not None:
        promise += f", simulated {summary['simulated_backorder_rate']:.2%}"
    if summary["simulated_backorder_rate_se"] is not None:
        promise += f" (standard error {summary['simulated_backorder_rate_se']:.2%})"
    statuses = ", ".join(f"{n:,} {status}" for status, n in summary["statuses"].items())
    return [
        Text.assemble((f"Plan of {summary['as_of']}", "bold"), again),
        Text(
            f"{summary['items']:,} items from {summary['sales_rows_used']:,} sales rows; "
            f"{summary['order_lines']:,} order lines, {summary['order_units']:,.0f} units, value {money}"
        ),
        Text(f"{promise}; {summary['backordered_units']:,.0f} units wait now"),
        Text(f"Status: {statuses}"),
    ]


def _target(summary: dict[str, Any]) -> str:
    """The target of all items, or what their own ones come to; empty where some bind no backorder rate."""
    target = summary["target_backorder_rate"]
    if target is None:
        return ""
    if target["most"] - target["least"] < 1e-9:
        return f"target {target['most']:.2%}, "
    return f"targets of {target['least']:.2%} to {target['most']:.2%}, by demand {target['mean']:.2%}, "


def _print_lines(console: Console, lines: pd.DataFrame) -> None:
    """Print recommendations with as many columns as there is room for, and what they mean."""
    shown = [column for column in _COLUMNS if column[2] == 0 or not lines[column[0]].isna().all()]
    table = _lines_table(lines, shown)
    while _width(console, table) > console.width and any(column[2] for column in shown):
        shown.remove(max(shown, key=lambda column: column[2]))
        table = _lines_table(lines, shown)
    print_whole(console, table)
    meanings = [text for name, text in _LEGEND.items() if name in {column[0] for column in shown}]
    console.print(Text("; ".join(["In units", *meanings]) + ".", style="dim"))


def _lines_table(lines: pd.DataFrame, shown: Sequence[tuple[str, str, int]]) -> Table:
    words = {"sku", "location", "status", "arrival_date"}
    table = plain_table("Most urgent lines", (), ())
    for name, heading, _ in shown:
        table.add_column(heading, justify="left" if name in words else "right", no_wrap=True)
    for row in lines[[name for name, _, _ in shown]].itertuples(index=False):
        table.add_row(*(Text(cell(value)) for value in row))
    return table


def plain_table(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    """Make a table without side lines, so that a row can be copied as it is."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for heading in words:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _width(console: Console, table: Table) -> int:
    """The columns that a table needs when nothing in it is cut."""
    return Measurement.get(console, console.options.update(width=10_000), table).maximum


def print_whole(console: Console, table: Table) -> None:
    """Print a table whole, even where it is wider than the terminal: a cut identifier helps nobody."""
    console.width = max(console.width, _width(console, table))
    console.print(table)


def cell(value: Any) -> str:
    """A value as a table shows it: dates as YYYY-MM-DD, numbers to a digit or none, nothing where it is unknown."""
    import pandas as pd

    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:,.1f}"
    return str(value)


def _number(value: float, rate: bool) -> str:
    if value != value:
        return ""
    return f"{value:.2%}" if rate else f"{value:,.2f}"


def show_concerns(counts: pd.DataFrame, concerns: list[Concern]) -> None:
    """Print the rows of each table, then every concern in a sentence, worst first."""
    console = open_console()
    table = Table(title="Tables", title_justify="left", header_style="bold")
    for name in ("table", "rows used", "rows set aside"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for row in counts.itertuples(index=False):
        table.add_row(str(row.table), f"{row.rows_used:,}", f"{row.rows_set_aside:,}")
    console.print(table)
    for concern in concerns:
        console.print(f"[{concern.severity}] {concern.message}", highlight=False, markup=False)
    if not concerns:
        console.print("Nothing to worry about was found.")
