"""What people see of backorders on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from pipelines.showing import cell, open_console, plain_table, print_whole

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from pipelines.project import PublishedRun

__all__ = ["print_backorders", "show_backorders"]

_FEW: Final = 8
_EACH: Final = 3
_MANY: Final = 25
# An item's lines are told in one row: column, heading, how its lines are taken together.
_COLUMNS: Final = (
    ("sku", "SKU"),
    ("location", "location"),
    ("status", "status"),
    ("covered_by", "covered by"),
    ("promise_date", "promise date"),
    ("lines", "lines"),
    ("units", "units"),
    ("age_days", "days waited"),
    ("promise_probability", "probability"),
)
_WORDS: Final = ("SKU", "location", "status", "covered by", "promise date")
_LEGEND: Final = (
    "In units; the promise date is the day by which all of a row can leave, with the probability beside it; days "
    "waited are those of its oldest line."
)
_MONEY: Final = (
    "Until is the last day on which it helps; money is the price of what comes sooner, the cost of an order, the "
    "holding cost that is saved, or the capital."
)
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
    _print_uncovered(console, run, lines, _FEW)


def show_backorders(run: PublishedRun, recorded: int) -> None:
    """Print who waits, what nothing covers, whom purchase orders serve, and what customers are to be told."""
    import pandas as pd

    console = open_console()
    console.print(Text.assemble((f"Backorders of {run.summary['as_of']}", "bold")))
    console.print(Text(_headline(run.backorders)))
    lines = pd.read_parquet(run.folder / "backorders.parquet")
    _print_items(console, lines[~lines["status"].isin(_NOT_BEHIND)], "Backorders, oldest first", _MANY)
    _print_uncovered(console, run, lines, _MANY)
    _print_purchase_orders(console, run)
    _print_proposals(console, run)
    _print_risk(console, run)
    _print_history(console, run)
    _print_letters(console, lines)
    if recorded:
        console.print(Text(f"{recorded:,} customers' lines were recorded as told."))
    console.print(Text(f"Written to {run.folder}"))


def _headline(summary: dict[str, Any]) -> str:
    """How many lines wait in which state, those that are late first."""
    counts = summary["lines_by_status"]
    known = sorted(counts, key=lambda status: (status in _NOT_BEHIND, status))
    told = ", ".join(f"{counts[status]:,} {status}" for status in known)
    late = (
        f"; {summary['units_backordered']:,.0f} units are backordered, the oldest for {summary['oldest_days']:,} days"
        if summary["lines_backordered"]
        else ""
    )
    return f"Customer order lines that wait: {told or 'none'}{late}"


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
    console.print(Text(_LEGEND, style="dim"))


def _print_uncovered(console: Console, run: PublishedRun, lines: pd.DataFrame, most: int) -> None:
    """Print what neither stock nor a purchase order covers, and what the plan orders for it."""
    import pandas as pd

    bare = lines[lines["quantity_uncovered"] > 0]
    if not len(bare):
        console.print(Text("Stock or a purchase order covers every line."))
        return
    key = ["sku", "location"]
    units = bare.groupby([*key, "status"], sort=False).agg(
        promise_date=("promise_date", "max"), lines=("order_id", "size"), units=("quantity_uncovered", "sum")
    )
    units = units.reset_index().sort_values(["units", "sku"], ascending=[False, True])
    proposed = pd.read_parquet(run.folder / "backorder_proposals.parquet")
    # What the plan orders has a day on which it comes; what it leaves to a planner has none.
    orders = proposed[(proposed["action"] == "order") & proposed["date"].notna()].drop_duplicates(key).set_index(key)
    more = f" ({len(units) - most:,} more in backorders.csv)" if len(units) > most else ""
    title = f"Covered by nothing: neither stock nor a purchase order{more}"
    table = plain_table(title, ("SKU", "location", "status", "promise date", "the plan orders"), ("lines", "units"))
    for row in units.head(most).itertuples(index=False):
        ordered = (
            _order_of(orders.loc[[(row.sku, row.location)]]) if (row.sku, row.location) in orders.index else "nothing"
        )
        words = (row.sku, row.location, row.status, row.promise_date, ordered)
        table.add_row(*(Text(cell(value)) for value in (*words, row.lines, row.units)))
    print_whole(console, table)


def _order_of(proposed: pd.DataFrame) -> str:
    """An order of the plan in words."""
    row = proposed.iloc[0]
    supplier = f" from {row['supplier']}" if isinstance(row["supplier"], str) else ""
    return f"{cell(row['quantity'])}{supplier} on {cell(row['last_date'])}"


def _print_purchase_orders(console: Console, run: PublishedRun) -> None:
    """Print the purchase orders that customers wait for, those of most lines first."""
    import pandas as pd

    orders = pd.read_parquet(run.folder / "purchase_orders.parquet")
    orders = orders[orders["lines_served"] > 0].sort_values(["lines_served", "po"], ascending=[False, True])
    if not len(orders):
        return
    more = f" ({len(orders) - _FEW:,} more in purchase_orders.parquet)" if len(orders) > _FEW else ""
    table = plain_table(
        f"Purchase orders that customers wait for{more}",
        ("order", "supplier", "SKU", "location", "due", "expected"),
        ("late", "units", "for customers", "lines"),
    )
    for row in orders.head(_FEW).itertuples(index=False):
        number = f"{cell(row.po)} (released)" if row.released else cell(row.po)
        words = (number, *map(cell, (row.supplier, row.sku, row.location, row.due_date, row.expected_date)))
        numbers = map(cell, (row.quantity, row.quantity_for_backorders, row.lines_served))
        table.add_row(*(Text(word) for word in (*words, f"{row.late_probability:.0%}", *numbers)))
    print_whole(console, table)
    console.print(Text("Late is the probability to come after the day it is due.", style="dim"))


def _print_proposals(console: Console, run: PublishedRun) -> None:
    """Print what can be done, the proposals of each kind that are worth most."""
    import pandas as pd

    proposed = pd.read_parquet(run.folder / "backorder_proposals.parquet")
    if not len(proposed):
        return
    kept = proposed.groupby("action", sort=False).head(_EACH)
    more = f" ({len(proposed) - len(kept):,} more in backorder_proposals.parquet)" if len(proposed) > len(kept) else ""
    headings = ("action", "SKU", "location", "from", "until", "why")
    table = plain_table(f"What can be done{more}", headings[:5], ("units", "money"))
    table.add_column(headings[5], no_wrap=True)
    for row in kept.rename(columns={"from": "giver"}).itertuples(index=False):
        source = next((text for text in (row.giver, row.po, row.supplier) if isinstance(text, str)), "")
        words = (row.action, row.sku, row.location, source, row.last_date, row.quantity, row.money, row.reason)
        table.add_row(*(Text(cell(word)) for word in words))
    print_whole(console, table)
    console.print(Text(_MONEY, style="dim"))


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
    if total["repeat_rate_waited"] == total["repeat_rate_waited"]:
        back = (
            f"{_share(total['repeat_rate_waited'])} of those who had waited, {_share(total['repeat_rate_served'])} of"
        )
        console.print(Text(f"Ordered again within 30 days: {back} those who had not"))
    causes = pd.read_parquet(run.folder / "backorder_causes.parquet")
    if len(causes):
        units = causes.groupby("cause")["units_backordered"].sum().sort_values(ascending=False)
        shares = (units[units > 0] / units.sum()).items()
        told = ", ".join(f"{cause} ({'under 1%' if share < 0.01 else f'{share:.0%}'})" for cause, share in shares)
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
        alternative = str(row.alternative)
        offer = f" To offer: {alternative}." if alternative else ""
        console.print(Text(f"  {row.order_id}, {row.sku}: {row.sentence}{offer}"))
