"""plan: tables in, order lines with their reasons out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar
from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.ahead import known_ahead
from pipelines.jobs.choosing import Sources, choose_suppliers
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.frames import describe_plan, forecast_frame, policy_frame, recommendation_frame
from pipelines.jobs.history import declared_new, known_history, note_history
from pipelines.jobs.lead_times import resolve_lead_times
from pipelines.jobs.levels import ItemFacts, LevelResults, paths_wanted, pieces_by_review, set_levels
from pipelines.jobs.offers import item_offers
from pipelines.jobs.order_days import OrderDays, order_days
from pipelines.jobs.order_frames import next_packs_frame, order_lines_frame
from pipelines.jobs.ordering import Orders, decide_orders
from pipelines.jobs.outside import outside_forecasts
from pipelines.jobs.parameters import apply_rules, item_keys, item_parameters
from pipelines.jobs.safety_stocks import safety_stock_frame
from pipelines.jobs.simulating import simulate_plan
from pipelines.jobs.supply import StockPosition, check_stock_age, stock_position
from pipelines.jobs.total_target import TotalShare, share_total_target
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.results import SimulationResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "PlanResult", "make_plan", "plan"]

Progress = Callable[[str], None]
# Periods beyond the longest lead time for which known ends of life are looked up.
_LONGEST_REVIEW = 60


@dataclass(frozen=True, eq=False)
class PlanResult:
    """What a plan says.

    Attributes
    ----------
    recommendations : one row an item, the columns of the contract and more.
    policy : how each reorder point, level and lot came about. forecast : the demand distribution of each item.
    safety_stock : the plan's safety stock beside those of the textbooks, one row an item and method.
    simulation : service and stock in a year of simulation, one row an item.
    order_lines : what is ordered from whom; an item has several rows where suppliers share its order.
    next_packs : the packs of all orders, those that avoid most backorders for their money first.
    quarantine : rows set aside. repairs : values changed on the way in. log : what was cleaned, and what undoes it.
    stock_outs : what was sold in periods out of stock, and the demand estimated.
    channels : units sold by sales channel, where the sales name one. summary : the whole in numbers.
    """

    recommendations: pd.DataFrame
    policy: pd.DataFrame
    forecast: pd.DataFrame
    safety_stock: pd.DataFrame
    simulation: pd.DataFrame
    quarantine: pd.DataFrame
    repairs: pd.DataFrame
    log: pd.DataFrame
    stock_outs: pd.DataFrame
    channels: pd.DataFrame
    order_lines: pd.DataFrame
    next_packs: pd.DataFrame
    summary: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan and what it was made of, for further questions (simulation, explanation, replay)."""

    config: PlanConfig
    tables: CheckedTables
    items: pd.DataFrame
    forecaster: DemandForecaster
    lead_times: LeadTimes
    facts: ItemFacts
    stock: StockPosition
    levels: LevelResults
    sources: Sources
    orders: Orders
    total: TotalShare | None
    channels: pd.DataFrame
    fates: dict[str, int]
    log: pd.DataFrame
    stock_outs: pd.DataFrame
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def panel(self) -> DemandPanel:
        """The cleaned demand."""
        return self.forecaster.panel_

    @property
    def never_demanded(self) -> npt.NDArray[np.bool_]:
        """Items of whose demand nothing is known: none in history, and no forecast from elsewhere."""
        return _never_demanded(self.forecaster)

    @cached_property
    def why_held(self) -> npt.NDArray[np.object_]:
        """Why no order is proposed for an item, whatever the numbers say; empty where orders may be proposed."""
        return _why_held(self.items, self.forecaster)

    @property
    def held(self) -> npt.NDArray[np.bool_]:
        """Items for which no order is proposed."""
        return np.asarray(self.why_held != "")

    @property
    def rule(self) -> OrderingRule:
        """The ordering rule of every item."""
        return self.levels.policies.rule(self.panel.skus, self.panel.locations, self.facts.review_periods)


def plan(inputs: Inputs, config: PlanConfig | None = None, *, jobs: int | None = None) -> PlanResult:
    """Plan every item of the inputs.

    Pure: reads the given tables and nothing else, writes nothing, and knows no clock but ``as_of``.

    Parameters
    ----------
    inputs : the tables. config : what is wanted.
    jobs : threads; the result does not depend on it.

    Raises
    ------
    InputError
        A table that can't be used. ConfigurationError : a setting that can't be carried out.
    """
    config = config or PlanConfig()
    run = thread_mapper(jobs or default_jobs())
    made = make_plan(inputs, config, run=run)
    simulated = simulate_plan(made, run=run) if config.simulation_paths else None
    return plan_frames(made, simulated)


def make_plan(inputs: Inputs, config: PlanConfig, *, run: Any = map, progress: Progress = lambda _: None) -> Plan:
    """Take the steps of a plan, one after the other; see :func:`plan`."""
    clock = _Clock(progress)
    with clock("reading tables"):
        tables = check_inputs(inputs, config)
        demand = demand_from_sales(tables, config)
        panel = demand.panel
    with clock("resolving parameters"):
        keys = item_keys(tables, panel.keys)
        items = item_parameters(tables, config, keys)
        history = known_history(panel.align(keys), items, tables, config)
        panel, items = history.panel, history.items
        offers = item_offers(items, tables)
        days = order_days(offers.frame["supplier"].to_numpy(), tables, panel.calendar)
        lead_times, lead_time_facts = resolve_lead_times(offers.frame, tables, config, panel.calendar, days.delay)
        check_stock_age(tables, config, panel.as_of)
        stock = stock_position(tables, keys, panel.calendar)
    ruled: list[pd.DataFrame] = []

    def models(classes: Any) -> list[str]:
        ruled.append(apply_rules(items.assign(**{"class": classes}), config))
        return [str(name) for name in ruled[0]["model"]]

    with clock("forecasting"):
        groups = [str(c) if isinstance(c, str) else "" for c in items["category"]]
        # Of an item's first offer, before rules may change the review: it only centres the calibration.
        interval = np.rint(lead_times.mean()).astype(np.int64) + _review_periods(offers.frame, days, panel.calendar)
        protection = interval[np.unique(offers.item, return_index=True)[1]]
        forecaster = DemandForecaster(seed=config.seed, run=run).fit(
            panel, groups=groups, models=models, protection=protection, rules=history.rules
        )
        stock_outs = forecaster.stock_outs()
    log = history.with_log(forecaster.cleaning_)
    note_history(log, forecaster, tables.findings)
    reach = int(lead_times.maximum.max(initial=0)) + _LONGEST_REVIEW
    forecaster.look_ahead(*known_ahead(tables.get("known_ahead"), items, panel.calendar, reach))
    forecaster.take_outside(outside_forecasts(tables, config, keys, panel.calendar, protection))
    ruled_offers = ruled[0].iloc[offers.item].reset_index(drop=True)
    frame = offers.frame.drop(columns=["target", "review_days"]).join([lead_time_facts, ruled_offers])
    offer_facts = _item_facts(frame, offers.item, days, forecaster, stock, config)
    _refuse_unknown_costs(offer_facts, [keys[i] for i in offers.item])
    with clock("setting levels"):
        offer_levels = _all_levels(forecaster, lead_times, offer_facts, run)
        choice = choose_suppliers(offers, frame, offer_facts, offer_levels, config.sourcing == "priority")
        items = frame.iloc[choice.chosen].reset_index(drop=True)
        facts, levels = offer_facts.take(choice.chosen), offer_levels.take(choice.chosen)
        sources = Sources(frame, lead_times, days, choice)
        lead_times = lead_times.take(choice.chosen)
        held = _why_held(items, forecaster) != ""
        total = None
        if config.target_scope == "total":
            # Suppliers were compared under the target as it is stated; now it is shared among the items.
            demand_rate = levels.demand_mean / np.maximum(levels.lead_time_mean + facts.review_periods, 1.0)
            rate = 1.0 - config.target if config.measure == "fill_rate" else config.target
            total = share_total_target(items, facts, forecaster, lead_times, held, rate, demand_rate, run)
            facts = total.facts
            items = items.assign(target=facts.target)
            levels = _all_levels(forecaster, lead_times, facts, run)
    with clock("deciding orders"):
        orders = decide_orders(
            offers,
            frame,
            choice,
            offer_facts,
            facts,
            levels,
            held,
            stock.net + stock.on_order,
            days.delay,
            _minimum_values(tables),
            config,
            np.datetime64(panel.as_of),
        )
    return Plan(
        config,
        tables,
        items,
        forecaster,
        lead_times,
        facts,
        stock,
        levels,
        sources,
        orders,
        total,
        demand.channels,
        demand.fates,
        log,
        stock_outs,
        clock.seconds,
    )


def plan_frames(made: Plan, simulated: SimulationResult | None) -> PlanResult:
    """Write a plan down as frames."""
    import pandas as pd

    recommendations = recommendation_frame(made)
    return PlanResult(
        recommendations=recommendations,
        policy=policy_frame(made),
        forecast=forecast_frame(made),
        safety_stock=safety_stock_frame(made),
        simulation=simulated.kpis if simulated else pd.DataFrame(),
        quarantine=made.tables.findings.frame(),
        repairs=made.tables.findings.repair_frame(),
        log=made.log,
        stock_outs=made.stock_outs,
        channels=made.channels,
        order_lines=order_lines_frame(made),
        next_packs=next_packs_frame(made),
        summary=describe_plan(made, recommendations, simulated),
    )


def _all_levels(forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts, run: Any) -> LevelResults:
    """Set the levels of all items, piece by piece."""
    pieces = pieces_by_review(facts.review_periods, lead_times.maximum, facts.paths)
    parts = list(run(lambda rows: set_levels(rows, forecaster, lead_times, facts), pieces))
    return LevelResults.joined(parts, np.concatenate(pieces))


def _never_demanded(forecaster: DemandForecaster) -> npt.NDArray[np.bool_]:
    outside = (forecaster.choice_["model"] == "outside").to_numpy()
    return np.asarray((forecaster.summary_.demands == 0) & ~outside)


def _why_held(items: pd.DataFrame, forecaster: DemandForecaster) -> npt.NDArray[np.object_]:
    """Why no order is proposed for an item; empty where orders may be proposed."""
    as_of = np.datetime64(forecaster.panel_.as_of, "ns")
    why = np.full(len(items), "", dtype=object)
    why[(items["lead_time_source"] == "unknown").to_numpy()] = (
        "no lead time is known: give items.lead_time_days, its supplier's, or defaults.lead_time_days"
    )
    unknown = _never_demanded(forecaster) & ~declared_new(items, forecaster)
    why[unknown] = "nothing was ever demanded: a planner must decide"
    hold = np.array([value is True for value in items["hold"]])
    why[hold] = "items.hold is set"
    ended = items["discontinued_on"].to_numpy() <= as_of
    why[ended] = "discontinued"
    replaced = ended & items["replaced_by"].notna().to_numpy()
    why[replaced] = [f"discontinued: replaced by {sku}" for sku in items["replaced_by"].to_numpy()[replaced]]
    return why


def _minimum_values(tables: CheckedTables) -> dict[str, float]:
    """Least value of an order by supplier, where there is one."""
    suppliers = tables.get("suppliers")
    if suppliers is None or "min_order_value" not in suppliers.columns:
        return {}
    stated = suppliers.loc[suppliers["min_order_value"] > 0]
    return dict(zip(stated["supplier"], stated["min_order_value"].tolist(), strict=True))


class _Clock:
    """Tells what is being done and keeps how long it took."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.seconds = progress, dict[str, float]()

    def __call__(self, stage: str) -> _Clock:
        self.stage = stage
        return self

    def __enter__(self) -> None:
        self.progress(self.stage)
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.stage] = time.perf_counter() - self.began


def _refuse_unknown_costs(facts: ItemFacts, keys: list[tuple[str, str]]) -> None:
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


def _review_periods(items: pd.DataFrame, order_days: OrderDays, calendar: PeriodCalendar) -> npt.NDArray[np.int64]:
    """Openings from one review to the next of each offer; 0 days, "always", means at every one of them."""
    review_days = items["review_days"].to_numpy(float)
    known = ~np.isnan(review_days) | order_days.weekdays.any(axis=1)
    every = np.ceil(np.nan_to_num(review_days, nan=calendar.frequency.mean_days) - 1e-9).astype(np.int64)
    review_days = np.where(order_days.weekdays.any(axis=1), order_days.review_days(every, calendar), review_days)
    review = np.ones(len(items), dtype=np.int64)
    review[known] = np.maximum(calendar.openings_to_wait(review_days[known]), 1)
    return review


def _item_facts(
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
    review = _review_periods(items, order_days, calendar)
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
        periods_per_year=365.0 / days,
        max_cover_periods=np.fmin(np.minimum(config.max_cover_days, _days_left(items, panel)), shelf_life) / days,
        load_unit_share=config.load_unit_share,
        shelf_life_quantile=config.shelf_life_quantile,
    )
