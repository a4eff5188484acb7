"""What people see of backorders on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.checking import count_of
from pipelines.showing import cell, open_console, plain_table, print_whole

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from pipelines.jobs.promising import NewOrderPromise
    from pipelines.project import PublishedRun

__all__ = ["describe_promise", "print_backorders", "show_backorders", "show_promise"]

_FEW: Final = 8
_MANY: Final = 25
# An item's lines are told in one row: column, heading, how its lines are taken together.
_COLUMNS: Final = (
    ("sku", "SKU"),
    ("location", "location"),
    ("status", "status"),
    ("covered_by", "covered by"),
    ("promise_date", "promise"),
    ("lines", "lines"),
    ("units", "units"),
    ("age_days", "oldest, days"),
    ("promise_probability", "probability"),
)
_WORDS: Final = ("SKU", "location", "status", "covered by", "promise")
# What waits on its way out, or for its day, is no backorder.
_NOT_BEHIND: Final = ("allocated", "pre-order", "open")


def print_backorders(console: Console, run: PublishedRun) -> None:
    """Print the backorders of a plan in short: how many, the oldest, and all that nothing covers."""
    import pandas as pd

    if not run.backorders["lines_waiting"]:
        return
    lines = pd.read_parquet(run.folder / "backorders.parquet")
    console.print(Text(_headline(run.backorders)))
    _print_items(console, lines[~lines["status"].isin(_NOT_BEHIND)], "Backorders, oldest first", _FEW)
    _print_uncovered(console, lines, _FEW)


def show_backorders(run: PublishedRun, recorded: int) -> None:
    """Print who waits, what nothing covers, whom purchase orders serve, and what customers are to be told."""
    import pandas as pd

    console = open_console()
    console.print(Text.assemble((f"Backorders of {run.summary['as_of']}", "bold")))
    console.print(Text(_headline(run.backorders)))
    lines = pd.read_parquet(run.folder / "backorders.parquet")
    _print_items(console, lines[~lines["status"].isin(_NOT_BEHIND)], "Oldest first", _MANY)
    _print_uncovered(console, lines, _MANY)
    _print_risk(console, run)
    _print_history(console, run)
    _print_letters(console, lines)
    if recorded:
        console.print(Text(f"{recorded:,} customers' lines were recorded as told."))
    console.print(Text(f"Written to {run.folder}"))


def show_promise(found: NewOrderPromise) -> None:
    """Print when a new order could be delivered."""
    console = open_console()
    ahead = f"; {found.ahead:,.0f} units wait already" if found.ahead else ""
    console.print(
        Text.assemble((f"{found.quantity:g} of {found.sku} at {found.location}, ordered {found.as_of}", "bold"), ahead)
    )
    if all(date != date for date in found.dates.values()):
        console.print(Text("No date can be named: nothing covers it, and nothing will be ordered."))
    for probability, date in found.dates.items():
        if date == date:
            console.print(Text(f"{probability:.0%} sure: by {_iso(date)}"))
    table = plain_table(f"Deliveries, {found.probability:.0%} sure", ("from",), ("units", "by"))
    for row in found.deliveries.itertuples(index=False):
        table.add_row(str(row.source), f"{row.quantity:,.0f}", cell(row.delivery_date))
    print_whole(console, table)
    console.print(Text(f"For the customer: {found.sentence}"))


def describe_promise(found: NewOrderPromise) -> dict[str, Any]:
    """A promise as plain values."""
    rows = found.deliveries.itertuples(index=False)
    return {
        "as_of": str(found.as_of),
        "sku": found.sku,
        "location": found.location,
        "quantity": found.quantity,
        "promise_date": _iso(found.dates[found.probability]),
        "promise_probability": found.probability,
        "dates": {f"{p:g}": _iso(date) for p, date in found.dates.items()},
        "deliveries": [
            {
                "source": row.source,
                "quantity": row.quantity,
                "delivery_date": _iso(row.delivery_date),
                "delivery_probability": row.delivery_probability,
            }
            for row in rows
        ],
        "units_ahead": found.ahead,
        "sentence": found.sentence,
    }


def _headline(summary: dict[str, Any]) -> str:
    counts = ", ".join(f"{n:,} {status}" for status, n in summary["lines_by_status"].items())
    nothing = (
        f"; nothing covers {count_of(summary['lines_uncovered'], 'line')} ({summary['units_uncovered']:,.0f} units)"
    )
    return (
        f"Customer order lines that wait: {counts or 'none'}; {summary['units_backordered']:,.0f} units late, the "
        f"oldest {summary['oldest_days']:,} days{nothing if summary['lines_uncovered'] else ''}"
    )


def _print_items(console: Console, lines: pd.DataFrame, title: str, most: int) -> None:
    """Print one row an item and cover, the oldest first."""
    if not len(lines):
        return
    same = ["sku", "location", "status", "covered_by", "promise_date"]
    items = (
        lines.groupby(same, dropna=False, sort=False)
        .agg(
            lines=("order_id", "size"),
            units=("quantity_waiting", "sum"),
            age_days=("age_days", "max"),
            promise_probability=("promise_probability", "min"),
        )
        .reset_index()
        .sort_values(["age_days", "sku", "location"], ascending=[False, True, True], kind="stable")
    )
    more = f" ({len(items) - most:,} more in backorders.csv)" if len(items) > most else ""
    headings = [heading for _, heading in _COLUMNS]
    table = plain_table(title + more, headings[: len(_WORDS)], headings[len(_WORDS) :])
    for row in items.head(most).itertuples(index=False):
        values = [getattr(row, name) for name, _ in _COLUMNS]
        values[-1] = f"{values[-1]:.0%}" if values[-1] else ""
        values[3] = values[3] or "nothing"
        table.add_row(*(Text(cell(value)) for value in values))
    print_whole(console, table)


def _print_uncovered(console: Console, lines: pd.DataFrame, most: int) -> None:
    bare = lines[lines["quantity_uncovered"] > 0]
    if not len(bare):
        console.print(Text("Stock or a purchase order covers every line."))
        return
    units = bare.groupby(["sku", "location"])["quantity_uncovered"].sum().reset_index()
    units = units.sort_values(["quantity_uncovered", "sku"], ascending=[False, True])
    told = [f"{row.sku} at {row.location} ({row.quantity_uncovered:,.0f})" for row in units.head(most).itertuples()]
    more = f" and {len(units) - most:,} more items" if len(units) > most else ""
    console.print(Text(f"Covered by nothing yet, units: {', '.join(told)}{more}"))


def _print_risk(console: Console, run: PublishedRun) -> None:
    """Print what is about to be backordered."""
    import pandas as pd

    risk = pd.read_parquet(run.folder / "backorder_risk.parquet").head(_FEW)
    risk = risk[risk["expected_units"] > 0]
    if not len(risk):
        return
    title = "About to be backordered if nothing is ordered, most revenue first"
    table = plain_table(title, ("SKU", "location"), ("probability", "before next receipt", "units", "revenue at risk"))
    for row in risk.itertuples(index=False):
        shares = (f"{row.probability:.0%}", f"{row.probability_before_receipt:.0%}")
        table.add_row(str(row.sku), str(row.location), *shares, cell(row.expected_units), cell(row.revenue_at_risk))
    print_whole(console, table)


def _print_history(console: Console, run: PublishedRun) -> None:
    """Print how backorders went, and their causes."""
    import pandas as pd

    kpis = pd.read_parquet(run.folder / "backorder_kpis.parquet")
    if not len(kpis):
        return
    total = kpis.iloc[0]
    console.print(
        Text(
            f"Of {total['lines']:,.0f} order lines on record {_share(total['backorder_rate_lines'])} were backordered "
            f"({_share(total['backorder_rate_units'])} of the units); of those {_share(total['cancellation_rate'])} "
            f"were cancelled; filled after {cell(float(total['time_to_fill_mean']))} days on average, nine in ten "
            f"within {cell(float(total['time_to_fill_q90']))}; promises to them kept: "
            f"{_share(total['promise_kept_backordered'])}"
        )
    )
    causes = pd.read_parquet(run.folder / "backorder_causes.parquet")
    if len(causes):
        units = causes.groupby("cause")["units_backordered"].sum().sort_values(ascending=False)
        told = ", ".join(f"{cause} ({n / units.sum():.0%})" for cause, n in units.items() if n > 0)
        console.print(Text(f"Causes, by units: {told}"))
    promises = pd.read_parquet(run.folder / "backorder_promises.parquet")
    for row in promises.itertuples(index=False):
        told = f"{row.promises:,} promises at {row.promised:.0%} were due, {row.kept:.0%} were kept"
        console.print(Text(f"On record: {told} ({row.low:.0%} to {row.high:.0%})"))


def _share(value: Any) -> str:
    return "none" if value != value else f"{value:.1%}"


def _print_letters(console: Console, lines: pd.DataFrame) -> None:
    """Print a few of the sentences to send."""
    changed = lines[lines["change"] != ""]
    if not len(changed):
        console.print(Text("No customer needs to be told anything new."))
        return
    counts = ", ".join(f"{n:,} {change}" for change, n in changed["change"].value_counts().items())
    console.print(Text(f"To tell customers, against what they were told last: {counts}. For example:"))
    for row in changed.drop_duplicates(["sku", "location", "change"]).head(5).itertuples(index=False):
        console.print(Text(f"  {row.order_id}, {row.sku}: {row.sentence}"))


def _iso(date: Any) -> str | None:
    import pandas as pd

    return None if pd.isna(date) else f"{pd.Timestamp(date):%Y-%m-%d}"
