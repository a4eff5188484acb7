"""What people see of a promise for a new order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from pipelines.showing import cell, open_console, plain_table, print_whole

if TYPE_CHECKING:
    from pipelines.jobs.promising import NewOrderPromise

__all__ = ["describe_promise", "show_promise"]


def show_promise(found: NewOrderPromise) -> None:
    """Print when a new order could be delivered."""
    console = open_console()
    ahead = f"; {found.ahead:,.0f} units wait already" if found.ahead else ""
    what = f"{cell(found.quantity)} of {found.sku} at {found.location}, ordered {found.as_of}"
    console.print(Text.assemble((what, "bold"), f": {found.status}{ahead}"))
    if all(date != date for date in found.dates.values()):
        bare = cell(float(found.deliveries.loc[found.deliveries["delivery_date"].isna(), "quantity"].sum()))
        console.print(Text(f"No date for all of it: nothing covers {bare} of it, and nothing will be ordered."))
    for probability, date in found.dates.items():
        if date == date:
            console.print(Text(f"{probability:.0%} sure: by {_iso(date)}"))
    table = plain_table(f"Deliveries, {found.probability:.0%} sure", ("from",), ("units", "by"))
    for row in found.deliveries.itertuples(index=False):
        table.add_row(str(row.source), cell(row.quantity), cell(row.delivery_date))
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
        "order_status": found.status,
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


def _iso(date: Any) -> str | None:
    import pandas as pd

    return None if pd.isna(date) else f"{pd.Timestamp(date):%Y-%m-%d}"
