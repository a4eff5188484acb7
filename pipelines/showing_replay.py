"""What people see of a replay on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.showing import open_console, plain_table, print_whole

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import PlanConfig
    from pipelines.jobs.tuning import TuningResult
    from pipelines.project import PublishedRun

__all__ = ["show_replay", "show_tuning"]

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


def show_tuning(result: TuningResult, config: PlanConfig, written: Path | None) -> None:
    """Print what earlier windows promised and achieved, and what will be asked for instead."""
    from replenishment.tuning import Correction

    console = open_console()
    table = plain_table(
        "What earlier windows promised and achieved",
        ("window", "class"),
        ("promised", "achieved", "95 % from", "to", "demanded"),
    )
    for row in result.evidence.to_dict("records"):
        rates = (_rate(row[name]) for name in ("promised", "achieved", "low", "high"))
        units = f"{row['units_demanded']:,.0f}"
        table.add_row(Text(row["window"]), Text(row["class"] or "all"), *rates, units)
    print_whole(console, table)
    correction = Correction(**result.correction.model_dump())
    rate = config.target if config.measure == "backorder_rate" else 1.0 - config.target
    classes = ["", *sorted(correction.classes)]
    asked = correction.asked([rate] * len(classes), classes)
    told = ", ".join(f"{name or 'all items'} {_rate(value)}" for name, value in zip(classes, asked, strict=True))
    console.print(Text(f"So that {_rate(rate)} follows, ask for: {told}"))
    if written is None:
        console.print(Text("Nothing was written; --write FILE keeps the correction"))
    else:
        console.print(Text(f'Written to {written}: name it in restock.toml as correction = "..." under [plan]'))


def _rate(value: Any) -> str:
    return "" if value != value else f"{value:.2%}"


def _money(summary: dict[str, Any]) -> str:
    value = summary["mean_stock_value"]
    return f", value {value:,.0f}" if value else ""
