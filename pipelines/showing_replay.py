"""What people see of a replay on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.showing import open_console, plain_table, print_whole

if TYPE_CHECKING:
    from pipelines.project import PublishedRun

__all__ = ["show_replay"]

_RATES: Final = ("promised", "achieved", "difference", "low", "high")


def show_replay(run: PublishedRun) -> None:
    """Print promised and achieved by group, what it took, and what limits the measure."""
    import pandas as pd

    summary = run.summary
    console = open_console()
    again = " (this very replay had been made before: nothing was computed anew)" if run.repeated else ""
    console.print(Text.assemble((f"Replay from {summary['from']} to {summary['to']}", "bold"), again))
    console.print(
        Text(
            f"{summary['items']:,} items over {summary['periods']:,} periods, of which up to "
            f"{summary['longest_warm_up']:,} are a warm-up; {summary['reviews']:,} reviews, {summary['fits']:,} fits"
        )
    )
    headings = ("promised", "achieved", "difference", "95 % from", "to", "demanded", "backordered", "items")
    table = plain_table("Backorder rate by unit", ("group", "value"), headings)
    for row in pd.read_parquet(run.folder / "service.parquet").to_dict("records"):
        rates = (_rate(row[name]) for name in _RATES)
        units = (f"{row[name]:,.0f}" for name in ("units_demanded", "units_backordered", "items"))
        table.add_row(Text(str(row["group"])), Text(str(row["value"])), *rates, *units)
    print_whole(console, table)
    console.print(Text(f"Mean stock {summary['mean_stock']:,.0f} units{_money(summary)}"))
    for note in summary["notes"]:
        console.print(Text(f"Note: {note}"))
    console.print(Text(f"Written to {run.folder}"))


def _rate(value: Any) -> str:
    return "" if value != value else f"{value:.2%}"


def _money(summary: dict[str, Any]) -> str:
    value = summary["mean_stock_value"]
    return f", value {value:,.0f}" if value else ""
