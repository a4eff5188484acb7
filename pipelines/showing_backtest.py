"""What people see of a backtest on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.showing import open_console, plain_table, print_whole

if TYPE_CHECKING:
    from pipelines.project import PublishedRun

__all__ = ["show_backtest"]

_SHARES: Final = ("promised", "achieved", "low", "high")
_AMOUNTS: Final = ("mean_stock", "mean_stock_value", "holding", "total")


def show_backtest(run: PublishedRun) -> None:
    """Print how well was forecast, and what the plan and each rule of thumb achieved."""
    summary = run.summary
    console = open_console()
    again = " (this very backtest had been made before: nothing was computed anew)" if run.repeated else ""
    console.print(Text.assemble((f"Backtest from {summary['from']} to {summary['to']}", "bold"), again))
    scores = plain_table(
        f"Demand over lead time and review, forecast at {summary['origins']} origins",
        ("model", "level"),
        ("pinball", "coverage", "bias", "windows"),
    )
    for row in summary["forecast"]:
        numbers = (_number(row.get("pinball"), ",.3f"), _number(row.get("coverage"), ".1%"))
        more = (_number(row.get("bias"), "+.1%"), _number(row["windows"], ",.0f"))
        scores.add_row(Text(row["model"]), f"{row['level']:g}", *numbers, *more)
    print_whole(console, scores)
    rules = plain_table(
        "Decisions over the same reviews, lead times and demand",
        ("rule",),
        ("promised", "achieved", "95 % from", "to", "mean stock", "its value", "holding", "all cost"),
    )
    for row in summary["decisions"]:
        shares = (_number(row[name], ".2%") for name in _SHARES)
        rules.add_row(Text(row["rule"]), *shares, *(_number(row[name], ",.0f") for name in _AMOUNTS))
    print_whole(console, rules)
    for note in summary["notes"]:
        console.print(Text(f"Note: {note}"))
    console.print(Text(f"Written to {run.folder}"))


def _number(value: Any, form: str) -> str:
    return "" if value is None or value != value else format(value, form)
