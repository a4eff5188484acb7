"""``python -m pipelines.demo.front_page docs/pictures``: draw the README's pictures from the demo shop.

The whole shop is planned, and half a year of it replayed: five minutes of one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

import forecasting.plots
import replenishment.plots
from pipelines.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["draw_levels", "draw_pictures", "draw_promise"]

_DPI: Final = 80
# As long as two of the longest protection intervals, so that every item is measured through one of them.
_REPLAYED_DAYS, _STEADY_DAYS = 182, 3.0


def draw_levels(bench: Workbench, sku: str, location: str) -> Figure:
    """One item: its demand and forecast, and the levels that must last for the demand to come."""
    row = bench.row(sku, location)
    policy, told = bench.plan.policy.iloc[row], bench.plan.recommendations.iloc[row]
    protection = max(round(policy["protection_periods"]), 1)
    paths = bench.forecaster.paths(protection, 400, np.array([row]))[0]
    past = bench.past(sku, location, days=90)
    figure = Figure(figsize=(11.5, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    forecasting.plots.history_with_fan(
        left,
        past["date"],
        past["quantity"],
        bench.coming(protection)[:-1],
        paths,
        observed=past["observed"],
        title=f"SKU {sku} at {location}: demand a day, and what may come",
    )
    left.get_legend().set_visible(False)
    replenishment.plots.cumulative_demand(
        right,
        bench.coming(protection),
        paths,
        {
            "on hand and on order": told["inventory_position"],
            "reorder point": told["reorder_point"],
            "order-up-to level": told["order_up_to"],
        },
        until={"lead time": round(policy["lead_time_periods"]), "and review": protection},
        title="Demand added up, and the levels set by it",
    )
    return figure


def draw_promise(exchange: pd.DataFrame, service: pd.DataFrame) -> Figure:
    """What a backorder rate costs in stock, and whether the promised one was kept.

    Parameters
    ----------
    exchange : points of an exchange curve. service : groups of a replay.
    """
    figure = Figure(figsize=(11.5, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    replenishment.plots.exchange_curve(left, exchange, title="What a backorder rate costs in stock")
    shown = service[service["group"].isin(["total", "record", "class", "location"]) & (service["units_demanded"] > 0)]
    replenishment.plots.promised_and_achieved(right, shown, title="Promised, and achieved on demand not seen before")
    return figure


def draw_pictures(bench: Workbench, folder: Path, days: int = _REPLAYED_DAYS) -> list[Path]:
    """Draw both to ``folder``: an item that is ordered today, and a replay of the newest days.

    The item is the one ordered with the most money of those whose supplier is steady: a picture over the mean lead time
    would not show what the levels of the others are for.
    """
    from pipelines import replay

    orders = bench.plan.recommendations
    steady = (bench.plan.policy["measured_lead_time_sd_days"] <= _STEADY_DAYS).to_numpy()
    first = orders.iloc[int(np.argmax(np.where(steady, orders["order_value"].fillna(0.0).to_numpy(float), -1.0)))]
    replayed = replay(bench.inputs, bench.config, *bench.window(days))
    exchange = bench.exchange(bench.config.target)
    if exchange is None:
        raise ValueError("nothing is planned: there is no exchange curve to draw")
    figures = {
        "levels": draw_levels(bench, first["sku"], first["location"]),
        "promise": draw_promise(exchange.curve, replayed.service),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        # Without the name of the program, the same picture has the same bytes.
        figure.savefig(path, dpi=_DPI, metadata={"Software": None})
        written.append(path)
    return written


def main() -> None:
    """Draw the pictures."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo.front_page", description="Draw the README's.")
    parser.add_argument("folder", type=Path, help="where the pictures are written to")
    for path in draw_pictures(open_workbench(), parser.parse_args().folder):
        print(path)


if __name__ == "__main__":
    main()
