"""The walk of a replay from opening to opening; see :mod:`pipelines.jobs.replaying`."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.random import PATH_STRIDE, uniforms
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables
from pipelines.jobs.baselines import LevelRule, set_by_rule
from pipelines.jobs.exchanging import Exchange, trade_stock_for_service
from pipelines.jobs.item_facts import patience_periods
from pipelines.jobs.known_along import Fits, KnownAlong
from pipelines.jobs.promise_record import PromiseRecord, begin_record, keeps_record, promised_units
from pipelines.jobs.replay_demand import replayed_demand
from pipelines.jobs.replay_trace import ReplayTrace
from pipelines.jobs.stages import Forecast, Knowledge, Levels, order_items, set_item_levels
from pipelines.jobs.supply import StockPosition, nothing_in_stock, stock_position
from replenishment.policies import Policies
from replenishment.simulation.stepping import Observation, World

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.ordering import Orders

__all__ = ["Reviewed", "Walk"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Progress = Callable[[str], None]

# Draws of an item that no path uses: the lead time of the order placed at each opening, and where its stock begins.
_LEAD_TIME_STEP: Final = PATH_STRIDE - 4
_START_STEP: Final = PATH_STRIDE - 5
_QUARTER_DAYS: Final = 91.0


@dataclass(frozen=True, eq=False)
class Reviewed:
    """What a review found before it looked at the stock, for replays of the same plan by another rule.

    Attributes
    ----------
    known, forecast, found : at the opening; of ``found`` positions and orders depend on the replay's stock, nothing
        else does. keys : the items. rows : where they stand in the replay. fitted_at : period of the last fit.
    """

    known: Knowledge
    forecast: Forecast
    found: Levels
    keys: list[tuple[str, str]]
    rows: Integers
    fitted_at: int


class Walk:
    """A replay under way. Demand to come lies in ``_demand`` alone, which is read where a period is closed."""

    def __init__(
        self,
        tables: CheckedTables,
        config: PlanConfig,
        recorded: DemandPanel,
        span: range,
        given_stock: bool,
        run: Any,
        progress: Progress,
        fits: Fits | None,
        rule: LevelRule | None = None,
        reviewed: dict[int, Reviewed] | None = None,
    ) -> None:
        self.tables, self.config, self.span, self.given_stock = tables, config, span, given_stock
        self.run, self.progress = run, progress
        self.along = KnownAlong(tables, config, recorded, run, fits)
        self.rule, self.reviewed = rule, reviewed
        self.place, self.streams, self.calendar = self.along.place, self.along.streams, self.along.calendar
        keys = list(self.place)
        self._demand, censored, self.notes = replayed_demand(recorded, keys, span, self.streams)
        self.trace = ReplayTrace.empty(_item_facts_frame(keys), self.calendar.dates[span.start : span.stop], censored)
        self.reviews: list[dict[str, Any]] = []
        self.next_review = np.zeros(len(keys), dtype=np.int64)
        self.record: PromiseRecord | None = None
        self.world: World
        self.latest: Levels

    @property
    def rows(self) -> Integers:
        """Rows of the world, of the items that are planned."""
        return self.along.rows

    @property
    def forecast(self) -> Forecast:
        """The forecast as it stands."""
        return self.along.forecast

    @cached_property
    def luck(self) -> Floats:
        """Uniform numbers for the lead times of the orders of each opening; (n, T)."""
        out = np.empty((len(self.place), len(self.span)))
        uniforms(self.streams, _LEAD_TIME_STEP, out)
        return out

    def go(self) -> None:
        """Walk from the first opening to the last."""
        for t, period in enumerate(self.span):
            if t == 0:
                self._begin(period)
            seen = self.world.open()
            if (self.next_review <= t).any():
                self._review(t, period, seen)
            self.trace.note(self.world.close(self._demand[:, t]))

    def exchange(self) -> Exchange | None:
        """Trade stock for service as the last review saw it; towards the target, where that is a backorder rate."""
        found, config = self.latest, self.config
        wanted = {"backorder_rate": config.target, "fill_rate": 1.0 - config.target}.get(config.measure)
        forecaster = self.forecast.forecaster
        return trade_stock_for_service(
            found.items, found.facts, found.levels, found.lead_times, found.held, forecaster, wanted, self.run
        )

    def _begin(self, period: int) -> None:
        """Give every item its first stock."""
        if keeps_record(self.config, ("auto", "online")) and (self.rule is None or not self.reviewed):
            self.along.begin_fit(period)
            self.record = begin_record(self.along, period, self.run)
        known = self._know(period)
        self._note_items(known)
        n = len(self.place)
        self.trace.protection[self.rows] = known.protection
        patience = np.full(n, self._usual_patience())
        patience[self.rows] = patience_periods(self.forecast.ruled, self.calendar.frequency.mean_days)
        if self.given_stock:
            tables = replace(known.tables, frames={**known.tables.frames, "stock": self.tables.frames["stock"]})
            counted = stock_position(tables, list(self.place), known.panel.calendar)
            self.world = World.start(
                counted.on_hand, patience=patience, waiting=counted.backordered, arrivals=counted.arrivals
            )
            return
        self.latest = self._set_levels(period, known, nothing_in_stock(len(self.rows)))
        stock = np.zeros(n)
        policies = self.latest.levels.policies
        stock[self.rows] = _own_level(policies, self.streams[self.rows], known.panel.integral)
        self.world = World.start(stock, patience=patience)
        self.trace.warm_up[:] = self.trace.protection

    def _usual_patience(self) -> float:
        """Periods that demand of items waits which no plan knew when the replay began."""
        import pandas as pd

        config = self.config
        usual = pd.DataFrame({"unmet_demand": [config.unmet_demand], "patience_days": [config.patience_days]})
        return float(patience_periods(usual.astype({"patience_days": float}), self.calendar.frequency.mean_days)[0])

    def _know(self, period: int) -> Knowledge:
        """Gather what is known at an opening; fit the forecast anew, or let it follow."""
        before = self._reviewed_before(period)
        if before is not None:
            self.along.stand_at(before.forecast, before.keys, before.rows, before.fitted_at)
            return before.known
        return self.along.at(period, fit=len(self.reviews) % self._refit_every == 0)

    def _reviewed_before(self, period: int) -> Reviewed | None:
        return None if self.rule is None or self.reviewed is None else self.reviewed.get(period)

    def _set_levels(self, period: int, known: Knowledge, stock: StockPosition) -> Levels:
        """Set the levels by the plan, and by the rule where there is one."""
        shared = {} if self.reviewed is None else self.reviewed
        if self.rule is not None and period in shared:
            return set_by_rule(self.rule, known, self.forecast, shared[period].found, stock)
        asked = None if self.record is None else self.record.asked(known, self.rows)
        found = set_item_levels(known, self.forecast, stock, self.run, asked)
        # The forecaster goes on to follow the demand; a copy stays as it is.
        forecast = replace(self.forecast, forecaster=copy(self.forecast.forecaster))
        along = self.along
        shared[period] = Reviewed(known, forecast, found, along.keys, along.rows, along.fitted_at)
        return found if self.rule is None else set_by_rule(self.rule, known, self.forecast, found, stock)

    @cached_property
    def _refit_every(self) -> int:
        if self.config.refit_every is not None:
            return self.config.refit_every
        days = self.config.review_days or self.calendar.frequency.mean_days
        return max(round(_QUARTER_DAYS / max(days, self.calendar.frequency.mean_days)), 1)

    def _review(self, t: int, period: int, seen: Observation) -> None:
        """Plan the items whose review is due, and place their orders."""
        self.progress(
            f"review {len(self.reviews) + 1} of {self.calendar.dates[period]}, period {t + 1} of {len(self.span)}"
        )
        known = self._know(period)
        self._note_items(known)
        stock = _position(seen, self.rows)
        due = self.next_review[self.rows] <= t
        at_level = t == 0 and not self.given_stock
        # At the level that was just set for it no item needs an order.
        found = self.latest if at_level else self._set_levels(period, known, stock)
        self.trace.planned[self.rows, t:] = ~found.held[:, None]
        self.latest = found
        orders = order_items(known, replace(found, held=found.held | ~due | at_level), stock)
        self._promise(t, found, due & ~found.held)
        if self.record is not None:
            self.record.keep(known, self.rows, self.forecast, found, due)
        self._place(t, found, orders)
        self.next_review[:] = np.maximum(self.next_review, t + 1)
        self.next_review[self.rows[due]] = t + np.maximum(found.facts.review_periods[due], 1)
        self._note_review(t, period, found, due & ~found.held, orders)
        self._begin_next_fit(t)

    def _begin_next_fit(self, t: int) -> None:
        """Begin the fit that will be needed next, after one, where its opening is certain: all are reviewed at once."""
        to_come = np.unique(self.next_review[self.rows])
        if (len(self.reviews) - 1) % self._refit_every or len(to_come) > 1:
            return
        ahead = t + self._refit_every * (int(to_come[0]) - t)
        if ahead < len(self.span) and self._reviewed_before(self.span[ahead]) is None:
            self.along.begin_fit(self.span[ahead])

    def _promise(self, t: int, found: Levels, promised: Flags) -> None:
        """Write down what is promised, weighted by the mean demand until the next review."""
        rows = self.rows[promised]
        self.trace.promised[rows, t] = found.levels.policies.expected_backorder_rate[promised]
        self.trace.weight[rows, t] = promised_units(found)[promised]

    def _place(self, t: int, found: Levels, orders: Orders) -> None:
        """Place the order lines; further lines of an item, from other suppliers, after its first."""
        item = np.array([line[0] for line in orders.lines], dtype=np.int64)
        offer = np.array([line[1] for line in orders.lines], dtype=np.int64)
        units = np.array([line[2] for line in orders.lines], dtype=np.float64)
        if not len(item):
            return
        waits = found.sources.lead_times.take(offer)
        expected = np.rint(waits.mean()).astype(np.int64)
        actual = expected
        if self.config.replay_lead_times == "sampled":
            actual = waits.quantile(self.luck[self.rows[item], t][:, None])[:, 0]
        price = np.nan_to_num(found.sources.frame["unit_cost"].to_numpy(float)[offer])
        first = np.flatnonzero(np.diff(item, prepend=-1))
        rank = np.arange(len(item)) - np.repeat(first, np.diff(np.append(first, len(item))))
        for k in range(int(rank.max()) + 1):
            lines = np.flatnonzero(rank == k)
            rows = self.rows[item[lines]]
            ordered, lead_time, told = np.zeros(len(self.place)), *(np.zeros(len(self.place), np.int64) for _ in "ab")
            ordered[rows], lead_time[rows], told[rows] = units[lines], actual[lines], expected[lines]
            self.world.order(ordered, lead_time, told)
            self.trace.lines[rows, t] += 1
            self.trace.spent[rows, t] += units[lines] * price[lines]

    def _note_items(self, known: Knowledge) -> None:
        """Keep what is known of items that are planned for the first time."""
        if self.reviews and self.along.fitted_at != known.panel.calendar.periods:
            return
        forecaster = self.forecast.forecaster
        items = self.trace.items
        periods = known.panel.calendar.frequency.mean_days / 365.0
        cost = known.items["unit_cost"].to_numpy(float)
        shortage = known.items["shortage_cost"].to_numpy(float)
        margin = known.items["unit_price"].to_numpy(float) - cost
        columns: dict[str, Any] = {
            "class": forecaster.choice_["class"].to_numpy(object),
            "category": known.items["category"].to_numpy(object),
            "supplier": known.items["supplier"].to_numpy(object),
            "unit_cost": cost,
            "order_cost": known.items["order_cost"].to_numpy(float),
            "holding_cost": cost * known.items["holding_rate"].to_numpy(float) * periods,
            "shortage_cost": np.where(np.isnan(shortage), margin, shortage),
        }
        new = items["class"].isna().to_numpy()[self.rows]
        for name, values in columns.items():
            items.loc[self.rows[new], name] = values[new]
        if not self.reviews:
            items.loc[self.rows, "demanded_before"] = np.asarray(forecaster.summary_.demands > 0)

    def _note_review(self, t: int, period: int, found: Levels, due: Flags, orders: Orders) -> None:
        weight = self.trace.weight[:, t]
        promised = np.nansum(self.trace.promised[:, t] * weight) / weight.sum() if weight.sum() > 0 else np.nan
        self.reviews.append(
            {
                "date": self.calendar.dates[period],
                "fitted": self.along.fitted_at == period,
                "items": int(due.sum()),
                "promised": float(promised),
                "demand_mean": float(weight.sum()),
                "asked": 1.0 if found.asked is None else found.asked.factor,
                "order_lines": len(orders.lines),
                "order_units": float(orders.quantity.sum()),
            }
        )


def _item_facts_frame(keys: list[tuple[str, str]]) -> pd.DataFrame:
    """A row for each item, to be filled when it becomes known."""
    import pandas as pd

    frame = pd.DataFrame(keys, columns=["sku", "location"], dtype=object)
    for name in ("class", "category", "supplier"):
        frame[name] = np.full(len(keys), None, dtype=object)
    for name in ("unit_cost", "order_cost", "holding_cost", "shortage_cost"):
        frame[name] = np.nan
    return frame.assign(demanded_before=False)


def _position(seen: Observation, rows: Integers) -> StockPosition:
    """What a plan must know of the replay's own stock; what was due has been received already."""
    on_hand, waiting, arrivals = seen.on_hand[rows], seen.waiting[rows], seen.arrivals[rows]
    due = arrivals > 0
    return StockPosition(
        on_hand=on_hand,
        allocated=np.zeros(len(rows)),
        backordered=waiting,
        net=on_hand - waiting,
        arrivals=arrivals,
        on_order=arrivals.sum(axis=1),
        overdue=np.zeros(len(rows)),
        next_arrival=np.where(due.any(axis=1), due.argmax(axis=1), -1).astype(np.int64),
        counted=np.ones(len(rows), dtype=np.bool_),
    )


def _own_level(policies: Policies, streams: npt.NDArray[np.uint64], integral: Flags) -> Floats:
    """Where each policy may leave the inventory position, as in the simulator: any such place is as likely."""
    lowest = np.maximum(np.minimum(policies.raise_to, policies.highest), 0.0)
    spread = np.maximum(policies.highest - lowest, 0.0)
    uniform = np.empty((len(lowest), 1))
    uniforms(streams, _START_STEP, uniform)
    step = np.where(integral, np.floor(uniform[:, 0] * (spread + 1.0)), uniform[:, 0] * spread)
    return np.asarray(lowest + step)
