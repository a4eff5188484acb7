"""The numbers of the page about the demo shop: tables in Markdown between marks, made anew from a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.demo.demand import on_sale
from pipelines.demo.incidents import Cause
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.tables import DemoWorld
from pipelines.demo.world import DAYS_PER_YEAR

__all__ = ["again_within", "page_blocks", "update_page"]


def page_blocks(shop: DemoWorld) -> dict[str, str]:
    """Tables of the page by the name of their mark."""
    return {
        "sizes": _sizes(shop),
        "shop": _shop(shop),
        "suppliers": _suppliers(shop),
        "incidents": _incidents(shop),
        "customers": _customers(shop),
    }


def update_page(shop: DemoWorld, path: Path) -> None:
    """Replace what stands between ``<!-- NAME -->`` and ``<!-- end -->``.

    Raises
    ------
    ValueError
        If the page lacks a mark.
    """
    text = path.read_text(encoding="utf-8")
    for name, block in page_blocks(shop).items():
        parts = re.split(rf"(<!-- {name} -->\n).*?(<!-- end -->)", text, flags=re.DOTALL)
        if len(parts) != 4:
            raise ValueError(f"{path}: the mark <!-- {name} --> occurs {len(parts) // 3} times, not once")
        before, opens, closes, after = parts
        text = "".join((before, opens, block, closes, after))
    path.write_text(text, encoding="utf-8", newline="\n")


def again_within(shop: DemoWorld, days: int) -> pd.DataFrame:
    """Share of the orders after which the customer ordered again within some days, by location and wait.

    Orders younger than that are left out; an order waited if any of its lines was not shipped on the requested day.
    """
    lines = shop.tables["customer_orders"]
    waits = ~(lines["shipped_on"] <= lines["requested_on"])
    keys = ["location", "customer", "ordered_on"]
    orders = waits.groupby([lines[key] for key in keys]).max().rename("waits").reset_index()
    following = orders.groupby("customer")["ordered_on"].shift(-1)
    orders["again"] = (following - orders["ordered_on"]).dt.days <= days
    early = orders["ordered_on"] <= pd.Timestamp(shop.as_of) - pd.Timedelta(days=days)
    waited = early & orders["waits"]
    return pd.DataFrame(
        {
            "at once": orders[early & ~waited].groupby("location")["again"].mean(),
            "waited": orders[waited].groupby("location")["again"].mean(),
        }
    )


def _sizes(shop: DemoWorld) -> str:
    rows = [(f"`{name}`", f"{len(frame):,}") for name, frame in shop.tables.items()]
    return _markdown(("table", "rows"), rows)


def _shop(shop: DemoWorld) -> str:
    world, history = shop.stages.world, shop.stages.history
    sale = on_sale(world)
    cost = world.assortment.unit_cost[world.series.sku]
    rows = []
    for j, place in enumerate(world.locations):
        here = world.series.location == j
        demand, year = history.demand[:, here].sum(), slice(-DAYS_PER_YEAR, None)
        gone = (history.shipped + history.filled - history.returned)[year, here]
        turns = (gone @ cost[here]).sum() / ((history.available[year, here] @ cost[here]).sum() / DAYS_PER_YEAR)
        rows.append(
            (
                place.name,
                f"{100 * ((history.available == 0) & sale)[:, here].sum() / sale[:, here].sum():.1f} %",
                f"{100 * history.unmet[:, here].sum() / demand:.1f} %",
                f"{100 * history.backordered[:, here].sum() / demand:.1f} %",
                f"{100 * history.cancelled[:, here].sum() / history.backordered[:, here].sum():.1f} %",
                f"{turns:.1f}",
            )
        )
    heading = ("location", "days without stock", "units not filled at once", "of the demand: backordered",
               "of the backorders: cancelled", "turns in the last year")  # fmt: skip
    return _markdown(heading, rows)


def _suppliers(shop: DemoWorld) -> str:
    receipts = shop.tables["receipts"]
    done = receipts.dropna(subset="received_on").drop_duplicates(["po", "sku", "location"])
    days = (done["received_on"] - done["ordered_on"]).dt.days
    late = (done["received_on"] - done["promised_on"]).dt.days
    rows = []
    for supplier in SUPPLIERS:
        mine = done["supplier"] == supplier.name
        rows.append(
            (
                supplier.name,
                str(supplier.stated_days),
                f"{days[mine].mean():.1f}",
                f"{days[mine].std():.1f}",
                f"{100 * (late[mine] == 0).mean():.0f} %",
                f"{100 * (late[mine] > 5).mean():.0f} %",
                f"{late[mine].max():.0f}",
            )
        )
    heading = ("supplier", "stated days", "measured mean", "measured sd", "to the day", "later than 5 days", "latest")
    return _markdown(heading, rows)


def _incidents(shop: DemoWorld) -> str:
    written = shop.truth["incidents"]
    rows = []
    for cause in Cause:
        mine = written[written["kind"] == cause.name.lower()]
        length = (mine["to"] - mine["from"]).dt.days
        rows.append(
            (
                f"`{cause.name.lower()}`",
                str(len(mine)),
                str(int((mine["units"] > 0).sum())),
                f"{np.median(length):.0f}",
                f"{np.median(mine['units']):,.0f}",
                f"{mine['units'].sum():,}",
            )
        )
    return _markdown(("kind", "planted", "felt by customers", "days (median)", "units short (median)", "in all"), rows)


def _customers(shop: DemoWorld) -> str:
    lines = shop.tables["customer_orders"]
    again = again_within(shop, 90)
    rows = []
    for place, mine in lines.groupby("location"):
        wait = (mine["shipped_on"] - mine["requested_on"]).dt.days
        backordered = ~(wait <= 0) & (mine["requested_on"] < pd.Timestamp(shop.as_of))
        shares = (backordered.mean(), again["at once"][str(place)], again["waited"][str(place)])
        late, again_at_once, again_waited = (f"{100 * share:.1f} %" for share in shares)
        customers, quantile = f"{mine['customer'].nunique():,}", wait[wait > 0].quantile([0.5, 0.9])
        waits = f"{quantile[0.5]:.0f} and {quantile[0.9]:.0f} days"
        rows.append((str(place), customers, f"{len(mine):,}", late, waits, again_at_once, again_waited))
    heading = (
        "location",
        "customers",
        "lines",
        "not shipped at once",
        "wait, median and 90 %",
        "order again",
        "after a wait",
    )
    return _markdown(heading, rows)


def _markdown(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
