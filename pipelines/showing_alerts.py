"""Alerts and changes on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.exports.run_files import RunFiles

__all__ = ["show_alerts", "show_changes"]

_COLOURS = {"now": "bold red", "soon": "yellow", "watch": "dim"}


def show_alerts(run: RunFiles, alerts: pd.DataFrame, most: int) -> None:
    """Print one alert a line, and how many there are more."""
    console = Console(soft_wrap=True, highlight=False)
    counts = ", ".join(f"{count} {name}" for name, count in run.summary["alerts"].items())
    console.print(Text.assemble((f"Alerts of the plan of {run.as_of}", "bold"), f": {counts}"))
    for row in alerts.head(most).to_dict("records"):
        place = " at ".join(text for text in (row["sku"], row["location"]) if text) or row["supplier"]
        money = f" ({row['money']:,.0f} at stake)" if row["money"] == row["money"] and row["money"] > 0 else ""
        words = f"{row['kind']}{': ' if place else ''}{place}{money}. {row['sentence']}"
        console.print(Text.assemble((f"{row['severity']:>5}  ", _COLOURS[row["severity"]]), words))
    _more(console, len(alerts), most)


def show_changes(run: RunFiles, changes: pd.DataFrame, most: int) -> None:
    """Print which orders changed since the run before and why, and how nervous the plan is."""
    console = Console(soft_wrap=True, highlight=False)
    before = run.manifest["before"]
    if before is None:
        console.print("There was no run before this one.")
        return
    console.print(Text(f"{len(changes):,} orders changed since run {before}", style="bold"))
    for row in changes.head(most).to_dict("records"):
        step = f"{_was(row['before'])} -> {_was(row['now'])}"
        console.print(Text(f"{row['sku']} at {row['location']}: {step}. {row['why']}"))
    _more(console, len(changes), most)
    nervous: dict[str, Any] | None = run.summary.get("nervousness")
    if nervous and nervous["share"] is not None:
        planned = f"Of {nervous['units']:,.0f} units planned then for the weeks that both plans see"
        orders = f"{nervous['changed']:,} of {nervous['lines']:,} orders"
        console.print(Text(f"{planned}, {nervous['share']:.1%} are planned otherwise now ({orders})."))


def _was(units: float) -> str:
    return "none" if units != units else f"{units:,.6g}"


def _more(console: Console, count: int, most: int) -> None:
    if count > most:
        console.print(Text(f"… and {count - most:,} more (--most {count})", style="dim"))
