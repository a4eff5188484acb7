"""``python -m pipelines.demo.pictures DOCS``: draw the demo shop, and bring the numbers of its page up to date."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from pipelines.demo.catalogue import PATTERNS
from pipelines.demo.demand import on_sale
from pipelines.demo.incidents import Cause
from pipelines.demo.page import again_within, update_page
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.tables import DemoWorld, Stages, demo_tables

__all__ = ["PICTURES", "draw_pictures"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BLUE, _GREY, _RED, _GREEN = "#1f5a94", "#9a9a9a", "#c23b22", "#3b7d3b"
_DPI = 72


def draw_pictures(shop: DemoWorld, folder: Path) -> list[Path]:
    """Draw each picture of the shop to ``folder/NAME.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in PICTURES.items():
        path = folder / f"{name}.png"
        # Without the name of the program, the same picture has the same bytes.
        draw(shop).savefig(path, dpi=_DPI, metadata={"Software": None})
        written.append(path)
    return written


def _demand(shop: DemoWorld) -> Figure:
    """One SKU of each pattern: daily demand of the last year and its mean."""
    stages = shop.stages
    figure, panels = _panels(4, 1, (9.0, 6.4))
    days = slice(stages.world.days - 365, stages.world.days)
    steady = _steady(stages)
    for axes, (pattern, kind) in zip(panels, enumerate(PATTERNS), strict=True):
        k = int(np.flatnonzero(steady & (stages.world.assortment.pattern[stages.world.series.sku] == pattern))[1])
        date = stages.world.dates(np.arange(days.start, days.stop))
        axes.bar(date, stages.history.demand[days, k], width=1.0, color=_GREY, label="demand")
        axes.plot(date, stages.mean[days, k], color=_BLUE, linewidth=1.0, label="its mean")
        axes.set_title(f"{kind.name}: {_label(stages, k)}", loc="left", fontsize=9)
        axes.set_ylabel("units a day", fontsize=8)
    panels[0].legend(fontsize=8, frameon=False, ncols=2, loc="upper right")
    return figure


def _chain(shop: DemoWorld) -> Figure:
    """A chain of three SKUs, of which each takes over from the one before."""
    stages = shop.stages
    world, places = stages.world, len(stages.world.locations)
    members = np.bincount(world.assortment.root, minlength=world.assortment.sku.size)
    rates = np.where(members == 3, world.assortment.rate, -1.0)
    root = int(np.argmax(rates))
    figure, (axes,) = _panels(1, 1, (9.0, 2.6))
    week = world.dates(np.arange(0, world.days - 6, 7))
    for i, colour in zip(range(root, root + 3), (_GREY, _BLUE, _GREEN), strict=True):
        sold = stages.history.demand - stages.history.lost
        weekly = _weekly(sold[:, i * places : (i + 1) * places].sum(axis=1))
        axes.plot(week, np.where(weekly > 0, weekly, np.nan), color=colour, label=world.assortment.sku[i])
    axes.set_ylabel("units a week", fontsize=8)
    axes.legend(fontsize=8, frameon=False, ncols=3)
    return figure


def _lead_times(shop: DemoWorld) -> Figure:
    """Measured lead times of each supplier beside the stated one, and over time that of the one who became slower."""
    receipts = shop.tables["receipts"].dropna(subset="received_on").drop_duplicates(["po", "sku", "location"])
    days = (receipts["received_on"] - receipts["ordered_on"]).dt.days
    figure, panels = _panels(4, 2, (9.0, 7.2))
    for axes, supplier in zip(panels, SUPPLIERS, strict=False):
        mine = days[receipts["supplier"] == supplier.name].to_numpy()
        axes.hist(mine, bins=[day - 0.5 for day in range(min(int(mine.max()), 100) + 2)], color=_GREY)
        axes.axvline(supplier.stated_days, color=_RED, linewidth=1.2)
        title = f"{supplier.name}: {supplier.stated_days} days stated, {mine.mean():.1f} measured"
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_yticks([])
    slower = next(supplier for supplier in SUPPLIERS if supplier.slower_days is not None)
    theirs = receipts["supplier"] == slower.name
    month = receipts.loc[theirs, "ordered_on"].dt.to_period("M").dt.start_time
    monthly = days[theirs].groupby(month).mean()
    panels[-1].plot(monthly.index.to_numpy(), monthly.to_numpy(), color=_BLUE, marker=".")
    panels[-1].axhline(slower.stated_days, color=_RED, linewidth=1.2)
    panels[-1].set_title(f"{slower.name} by month of the order", loc="left", fontsize=9)
    _few_dates(panels[-1])
    return figure


def _shop(shop: DemoWorld) -> Figure:
    """The whole shop week by week: empty shelves, units not filled at once, stock value."""
    stages = shop.stages
    world, history = stages.world, stages.history
    figure, panels = _panels(3, 1, (9.0, 5.6))
    week = world.dates(np.arange(0, world.days - 6, 7))
    sale = on_sale(world)
    for j, (place, colour) in enumerate(zip(world.locations, (_BLUE, _GREEN, _GREY, _RED), strict=False)):
        here = world.series.location == j
        empty = ((history.available == 0) & sale)[:, here].sum(axis=1)
        panels[0].plot(week, 100 * _weekly(empty) / _weekly(sale[:, here].sum(axis=1)), color=colour, label=place.name)
        unmet = _weekly(history.unmet[:, here].sum(axis=1)) / _weekly(history.demand[:, here].sum(axis=1))
        panels[1].plot(week, 100 * unmet, color=colour)
        cost = world.assortment.unit_cost[world.series.sku][here]
        panels[2].plot(week, _weekly(history.available[:, here] @ cost) / 7e3, color=colour)
    for axes, title in zip(
        panels, ("shelves empty at the close, %", "units not filled at once, %", "stock value, thousands"), strict=True
    ):
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_ylim(bottom=0)
    panels[0].legend(fontsize=8, frameon=False, ncols=4)
    return figure


def _incidents(shop: DemoWorld) -> Figure:
    """One incident of each kind: the shelf with it and without it, its days, and what was short."""
    stages, written = shop.stages, shop.truth["incidents"]
    figure, panels = _panels(4, 2, (9.0, 9.6))
    struck = np.flatnonzero(stages.incidents.cause >= 0)
    for axes, cause in zip(panels, Cause, strict=True):
        mine = written[written["kind"] == cause.name.lower()]
        # The one in the middle of those of its kind.
        typical = mine["units"].sort_values(kind="stable").index[len(mine) // 2]
        _draw_incident(axes, stages, int(struck[typical]), cause)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, ncols=4, loc="outside upper center")
    return figure


def _draw_incident(axes: Axes, stages: Stages, k: int, cause: Cause) -> None:
    world, incidents = stages.world, stages.incidents
    first, last = int(incidents.first[k]), int(incidents.last[k])
    if last - first > 300:  # the low target lasts all the time: the last half year of it
        first = last - 180
    begin, end = max(first - 30, 0), min(last + 45, world.days)
    date = world.dates(np.arange(begin, end))
    span = [float(date2num(world.dates(day))) for day in (first, min(last, end - 1))]  # type: ignore[no-untyped-call]
    axes.axvspan(*span, color="#f2e6c9", linewidth=0, label="at work")
    axes.step(date, stages.undisturbed.available[begin:end, k], color=_GREY, where="post", label="shelf without it")
    axes.step(date, stages.history.available[begin:end, k], color=_BLUE, where="post", label="shelf with it")
    if cause is Cause.WRONG_RECORD:
        axes.step(date, stages.history.booked[begin:end, k], color=_GREEN, where="post", linewidth=0.8)
    axes.bar(date, -stages.history.unmet[begin:end, k], width=1.0, color=_RED, label="short")
    axes.set_title(f"{cause.name.lower()}: {_label(stages, k)}", loc="left", fontsize=9)
    _few_dates(axes)


def _waiting(shop: DemoWorld) -> Figure:
    """How long backorders of the last year waited, and who ordered again."""
    lines = shop.tables["customer_orders"]
    figure, panels = _panels(1, 2, (9.0, 2.8))
    wait = (lines["shipped_on"] - lines["requested_on"]).dt.days
    panels[0].hist(wait[wait > 0].to_numpy(), bins=[day + 0.5 for day in range(36)], color=_BLUE)
    panels[0].set_title("days until a line was shipped that was not shipped at once", loc="left", fontsize=9)
    again = again_within(shop, 90)
    position = np.arange(len(again))
    panels[1].barh(position - 0.2, 100 * again["at once"], height=0.38, color=_GREY, label="shipped at once")
    panels[1].barh(position + 0.2, 100 * again["waited"], height=0.38, color=_RED, label="had to wait")
    panels[1].set_yticks(position, list(again.index))
    panels[1].set_title("customers who ordered again within 90 days, %", loc="left", fontsize=9)
    panels[1].set_ylim(-0.6, len(again) - 0.1)
    panels[1].legend(fontsize=8, frameon=False, loc="upper right", ncols=2)
    return figure


PICTURES: dict[str, Callable[[DemoWorld], Figure]] = {
    "demand": _demand,
    "chain": _chain,
    "lead_times": _lead_times,
    "shop": _shop,
    "incidents": _incidents,
    "waiting": _waiting,
}


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=size, layout="constrained")
    panels: list[Axes] = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    return figure, panels


def _few_dates(axes: Axes) -> None:
    """Label so few dates that they don't touch in a narrow panel."""
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _steady(stages: Stages) -> npt.NDArray[np.bool_]:
    """Series on sale all the time and at the first location."""
    assortment = stages.world.assortment
    steady = (assortment.launch < 0) & (assortment.end >= stages.world.days)
    return np.asarray(steady[stages.world.series.sku] & (stages.world.series.location == 0))


def _label(stages: Stages, k: int) -> str:
    world = stages.world
    supplier = SUPPLIERS[world.assortment.supplier[world.series.sku[k]]].name
    return (
        f"{world.assortment.sku[world.series.sku[k]]} {world.locations[world.series.location[k]].name} from {supplier}"
    )


def _weekly(daily: npt.NDArray[np.generic]) -> Floats:
    """Sums of whole weeks from the first day on."""
    weeks = daily.size // 7
    return np.asarray(daily[: weeks * 7].reshape(weeks, 7).sum(axis=1), dtype=np.float64)


def main() -> None:
    """Draw the pictures and update the page."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo.pictures", description="Draw the demo shop.")
    parser.add_argument("docs", type=Path, help="folder of demo.md")
    docs = parser.parse_args().docs
    shop = demo_tables()
    draw_pictures(shop, docs / "demo")
    update_page(shop, docs / "demo.md")


if __name__ == "__main__":
    main()
