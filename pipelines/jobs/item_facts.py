"""What the levels of a plan must know of each offer: reviews, targets, costs, limits and stock, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.jobs.levels import ItemFacts, paths_wanted
from pipelines.jobs.order_days import OrderDays
from pipelines.jobs.supply import StockPosition

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["item_facts", "patience_periods", "refuse_unknown_costs", "review_periods"]


def refuse_unknown_costs(facts: ItemFacts, keys: list[tuple[str, str]]) -> None:
    """A policy of least cost needs both costs."""
    for name, cost in (
        ("holding cost (unit_cost x holding_rate)", facts.holding_cost),
        ("shortage_cost", facts.shortage_cost),
    ):
        lacking = np.flatnonzero((facts.measure == "cost") & ~(cost > 0))
        if len(lacking):
            sku, location = keys[lacking[0]]
            raise ConfigurationError(
                f'measure = "cost" needs a {name} above 0; {len(lacking)} items have none, first sku {sku!r} '
                f"at {location!r}: give it in items or defaults, or another measure by a rule"
            )


def _days_left(items: pd.DataFrame, panel: DemandPanel) -> npt.NDArray[np.float64]:
    """Days from as_of to an item's announced end; infinite without one, at least one day."""
    ends = items["discontinued_on"].to_numpy().astype("datetime64[D]")
    left = np.where(np.isnat(ends), np.inf, ends.astype(np.int64) - float(panel.calendar.end_day))
    return np.maximum(left, 1.0)


def patience_periods(items: pd.DataFrame, period_days: float) -> npt.NDArray[np.float64]:
    """Periods that unmet demand waits: 0 where it is lost, infinitely many where it is backordered; (n,).

    Demand comes in the middle of its period on average, so days are rounded to the nearest number of periods.

    Parameters
    ----------
    items : columns unmet_demand, patience_days.

    Raises
    ------
    ConfigurationError
        A patience of less than half a period.
    """
    unmet, days = items["unmet_demand"].to_numpy(str), items["patience_days"].to_numpy(float)
    periods = np.floor(days / period_days + 0.5)
    if ((unmet == "mixed") & (periods < 1)).any():
        least = float(days[unmet == "mixed"].min())
        raise ConfigurationError(
            f"patience_days is {least:g}, less than half a period of {period_days:g} days: such customers never wait "
            f'until the next opening; set unmet_demand = "lost"'
        )
    return np.where(unmet == "mixed", periods, np.where(unmet == "lost", 0.0, np.inf))


def review_periods(items: pd.DataFrame, order_days: OrderDays, calendar: PeriodCalendar) -> npt.NDArray[np.int64]:
    """Openings from one review to the next of each offer; 0 days, "always", means at every one of them."""
    review_days = items["review_days"].to_numpy(float)
    known = ~np.isnan(review_days) | order_days.weekdays.any(axis=1)
    every = np.ceil(np.nan_to_num(review_days, nan=calendar.frequency.mean_days) - 1e-9).astype(np.int64)
    review_days = np.where(order_days.weekdays.any(axis=1), order_days.review_days(every, calendar), review_days)
    review = np.ones(len(items), dtype=np.int64)
    review[known] = np.maximum(calendar.openings_to_wait(review_days[known]), 1)
    return review


def item_facts(
    items: pd.DataFrame,
    series: npt.NDArray[np.int64],
    order_days: OrderDays,
    forecaster: DemandForecaster,
    stock: StockPosition,
    config: PlanConfig,
) -> ItemFacts:
    """Return the facts of each offer; ``series`` is the row of its item in panel and stock."""
    panel, summary = forecaster.panel_, forecaster.summary_
    calendar = panel.calendar
    days = calendar.frequency.mean_days
    review = review_periods(items, order_days, calendar)
    integral = panel.integral[series]
    pack = items["pack_size"].to_numpy(float)
    unit_cost = items["unit_cost"].to_numpy(float)
    shortage = items["shortage_cost"].to_numpy(float)
    margin = items["unit_price"].to_numpy(float) - unit_cost
    shelf_life = items["shelf_life_days"].to_numpy(float)
    shelf_life = np.where(shelf_life < config.max_cover_days, shelf_life, np.nan)
    return ItemFacts(
        series=series,
        keys=panel.stream_keys(config.seed)[series],
        integral=integral,
        review_periods=review,
        paths=paths_wanted(config.paths, (summary.demands / np.maximum(summary.observed, 1.0))[series], review),
        policy=items["policy"].to_numpy(str),
        measure=items["measure"].to_numpy(str),
        target=items["target"].to_numpy(float),
        lost=(items["unmet_demand"] == "lost").to_numpy(),
        patience=patience_periods(items, days),
        order_cost=items["order_cost"].to_numpy(float),
        holding_cost=unit_cost * items["holding_rate"].to_numpy(float) * days / 365.0,
        # Without a stated shortage cost a unit short costs its margin.
        shortage_cost=np.where(np.isnan(shortage), margin, shortage),
        minimum=items["moq"].to_numpy(float),
        pack=np.where(np.isnan(pack), np.where(integral, 1.0, 0.0), pack),
        maximum=items["max_stock"].to_numpy(float),
        load_units=items[["layer_size", "pallet_size", "container_size"]].to_numpy(float),
        shelf_periods=shelf_life / days,
        net_stock=stock.net[series],
        arrivals=stock.arrivals[series],
        beside=np.empty((len(items), 0)),
        periods_per_year=365.0 / days,
        max_cover_periods=np.fmin(np.minimum(config.max_cover_days, _days_left(items, panel)), shelf_life) / days,
        load_unit_share=config.load_unit_share,
        shelf_life_quantile=config.shelf_life_quantile,
    )
