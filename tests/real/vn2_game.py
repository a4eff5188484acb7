"""The VN2 game on earlier windows: its clock, its costs, the organiser's benchmark, and the plan in a loop.

Order k (0 ... 5) is decided at the opening of week k + 1, which is the end of week k, from the sales of all weeks
before; it is there at the opening of week k + 3. On the product's clock that is ``as_of`` = the Monday of week k + 1,
a lead time of 14 days and a review every 7 days. Sales that find no stock are lost; after each week its whole demand
is known, and so is it to the plan, as an observed week. Costs are those of weeks 3 to 8.

Starting stock: on hand one week of the mean observed demand of the last 13 weeks, rounded, and as much again due at
the opening of week 2; nothing is due in week 1. That is near what the game's own start holds (0.9 and 0.7 weeks).
Series with a week out of stock inside the eight are left out of the cost of all players: their demand is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines import Inputs, PlanConfig, plan
from tests.real.development_data import KEY, read

Floats = npt.NDArray[np.float64]
# (week number of the order from 0 on, on hand, due now, due in a week) -> units ordered, all (n,).
Player = Callable[[int, Floats, Floats, Floats], Floats]

HOLDING, SHORTAGE = 0.2, 1.0
WEEKS, ORDERS, WAIT, FIRST_COUNTED = 8, 6, 2, 2
# 0.2 a unit and week = unit cost x rate x 7 / 365; 1 a unit lost.
ITEM = {"unit_cost": 1.0, "holding_rate": HOLDING * 365 / 7, "shortage_cost": SHORTAGE, "lead_time_days": 14}
CONFIG = PlanConfig(
    frequency="W-MON", review_days=7, measure="cost", unmet_demand="lost", simulation_paths=0, max_stock_age_days=0
)


@dataclass(frozen=True)
class Outcome:
    """Holding and shortage cost of weeks 3 to 8 of the series that count."""

    holding: float
    shortage: float

    @property
    def cost(self) -> float:
        return self.holding + self.shortage


@dataclass(frozen=True)
class Game:
    """Eight weeks from the ``start``-th week of the history on."""

    start: int

    @cached_property
    def sales(self) -> pd.DataFrame:
        return read("vn2", "sales").sort_values([*KEY, "date"]).reset_index(drop=True)

    @cached_property
    def keys(self) -> pd.DataFrame:
        return self.sales[KEY].drop_duplicates().reset_index(drop=True)

    @cached_property
    def dates(self) -> list[pd.Timestamp]:
        return [pd.Timestamp(day) for day in sorted(self.sales["date"].unique())]

    @cached_property
    def demand(self) -> Floats:
        return self.sales["quantity"].to_numpy(float).reshape(len(self.keys), -1)

    @cached_property
    def observed(self) -> npt.NDArray[np.bool_]:
        return self.sales["in_stock"].to_numpy(bool).reshape(len(self.keys), -1)

    @cached_property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Series whose demand is known in all eight weeks."""
        return np.asarray(self.observed[:, self.start : self.start + WEEKS].all(axis=1))

    def recent_mean(self) -> Floats:
        """Mean observed demand of the 13 weeks before the game; 0 where none was observed."""
        recent = slice(self.start - 13, self.start)
        seen = self.observed[:, recent]
        return np.where(seen, self.demand[:, recent], 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)

    def play(self, player: Player, cover: float = 1.0) -> Outcome:
        """Play a game; ``cover`` scales the starting stock."""
        stock = np.rint(cover * self.recent_mean())
        due = np.zeros((WEEKS + WAIT + 1, len(stock)))
        due[1] = stock
        holding = shortage = 0.0
        for week in range(WEEKS):
            if week < ORDERS:
                due[week + WAIT] = player(week, stock, due[week], due[week + 1])
            stock = stock + due[week]
            wanted = self.demand[:, self.start + week]
            lost = np.maximum(wanted - stock, 0.0)
            stock = np.maximum(stock - wanted, 0.0)
            if week >= FIRST_COUNTED:
                holding += HOLDING * float(stock[self.counted].sum())
                shortage += SHORTAGE * float(lost[self.counted].sum())
        return Outcome(holding, shortage)

    def planner(self, week: int, stock: Floats, now: Floats, next_week: Floats) -> Floats:
        """Order what ``plan`` recommends from what is known at the opening of the coming week."""
        opening = self.start + week
        as_of = self.dates[opening]
        day = as_of.date()
        due = [self.keys.assign(quantity=now, due_date=as_of)]
        due.append(self.keys.assign(quantity=next_week, due_date=as_of + pd.Timedelta(days=7)))
        orders = pd.concat(due)
        made = plan(
            Inputs(
                sales=self.sales[self.sales["date"] < day],
                items=self.keys.assign(**ITEM),
                stock=self.keys.assign(on_hand=stock, as_of=as_of),
                open_orders=orders[orders["quantity"] > 0],
            ),
            CONFIG,
        )
        lines = made.recommendations
        assert lines[KEY].to_numpy().tolist() == self.keys.to_numpy().tolist()
        assert made.summary["as_of"] == str(day)
        return lines["order_quantity"].to_numpy(float)

    def benchmark(self, week: int, stock: Floats, now: Floats, next_week: Floats) -> Floats:
        """The organiser's rule: a seasonal moving average of 13 weeks, four weeks of cover.

        Weeks out of stock are missing; demand is divided by a week-of-year factor common to all items, averaged over
        the last 13 weeks, and ordered up to the forecast of the coming four weeks, whatever is under way included.
        """
        opening = self.start + week
        numbers = np.array([day.isocalendar().week for day in self.dates[:opening]])
        seen = np.where(self.observed[:, :opening], self.demand[:, :opening], np.nan)
        by_week = pd.Series(np.nanmean(seen, axis=0)).groupby(numbers).mean()
        factor = (by_week / by_week.mean()).reindex(np.arange(1, 54)).ffill().to_numpy()
        recent = seen[:, -13:] / factor[numbers[-13:] - 1]
        level = np.nansum(recent, axis=1) / np.maximum((~np.isnan(recent)).sum(axis=1), 1)
        ahead = [(self.dates[opening - 1] + pd.Timedelta(days=7 * k)).isocalendar().week for k in range(1, 5)]
        wanted = level * factor[np.array(ahead) - 1].sum()
        return np.maximum(np.rint(wanted - stock - now - next_week), 0.0)
