"""plan: tables in, order lines with their reasons out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.choosing import Sources
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.frames import describe_plan, forecast_frame, policy_frame, recommendation_frame
from pipelines.jobs.history import note_history
from pipelines.jobs.known_along import KnownAlong
from pipelines.jobs.lead_times import Drift, drifting_suppliers
from pipelines.jobs.levels import ItemFacts, LevelResults
from pipelines.jobs.order_frames import next_packs_frame, order_lines_frame
from pipelines.jobs.ordering import Orders
from pipelines.jobs.promise_record import begin_record, keeps_record
from pipelines.jobs.remembering import released_for_the_day, unseen_releases
from pipelines.jobs.safety_stocks import safety_stock_frame
from pipelines.jobs.settling import settle_orders
from pipelines.jobs.simulating import simulate_plan
from pipelines.jobs.stages import (
    Forecast,
    fit_forecast,
    gather_knowledge,
    hold_reasons,
    look_ahead,
    never_demanded,
    note_refit,
    order_items,
    set_item_levels,
)
from pipelines.jobs.supply import StockPosition, check_stock_age, stock_position
from pipelines.jobs.total_target import TotalShare
from pipelines.kept_tables import KeptTables
from pipelines.memory import Memory
from pipelines.stage_store import FORGETFUL, StageStore
from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation.results import SimulationResult
from replenishment.track_record import Asked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "PlanResult", "make_plan", "plan"]

Progress = Callable[[str], None]


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
    asked: Asked | None
    channels: pd.DataFrame
    fates: dict[str, int]
    log: pd.DataFrame
    stock_outs: pd.DataFrame
    unseen: pd.DataFrame
    overrides: pd.DataFrame
    forecast: Forecast
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def panel(self) -> DemandPanel:
        """The cleaned demand."""
        return self.forecaster.panel_

    @property
    def never_demanded(self) -> npt.NDArray[np.bool_]:
        """Items of whose demand nothing is known: none in history, and no forecast from elsewhere."""
        return never_demanded(self.forecaster)

    @cached_property
    def why_held(self) -> npt.NDArray[np.object_]:
        """Why no order is proposed for an item, whatever the numbers say; empty where orders may be proposed."""
        return hold_reasons(self.items, self.forecaster)

    @property
    def held(self) -> npt.NDArray[np.bool_]:
        """Items for which no order is proposed."""
        return np.asarray(self.why_held != "")

    @cached_property
    def drifting(self) -> list[Drift]:
        """Suppliers that take longer or shorter than they state."""
        return drifting_suppliers(self.items["supplier"], self.items)

    @cached_property
    def drawn_from(self) -> list[str]:
        """Digest of all that the paths of each series are drawn from."""
        return self.forecast.drawn_from()

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


def make_plan(
    inputs: Inputs,
    config: PlanConfig,
    *,
    run: Any = map,
    progress: Progress = lambda _: None,
    memory: Memory | None = None,
    store: StageStore = FORGETFUL,
    base: str | None = None,
) -> Plan:
    """Take the steps of a plan, one after the other; see :func:`plan`.

    Parameters
    ----------
    memory : what no table says. store : where steps that have been taken already are taken up.
    base : key of a forecast on top of which only the series are fitted that have changed; default: all are fitted.
    """
    known_before = memory or Memory()
    clock = _Clock(progress)
    kept = KeptTables(store)
    with clock("reading tables"):
        tables = check_inputs(inputs, config, kept)
        demand = demand_from_sales(tables, config)
    with clock("resolving parameters"):
        known = gather_knowledge(tables, config, demand.panel)
        check_stock_age(tables, config, known.panel.as_of)
        unseen = unseen_releases(known_before, tables, known.panel.as_of)
        stock = stock_position(tables, known.panel.keys, known.panel.calendar, unseen)
        kept.keep()
    with clock("forecasting"):
        record = None
        if keeps_record(config, ("online",)):
            along = KnownAlong(tables, config, demand.panel, run)
            record = begin_record(along, known.panel.calendar.periods, run)
        forecast = fit_forecast(known, run, store, base)
        forecaster = forecast.forecaster
        stock_outs = forecaster.stock_outs()
    log = known.history.with_log(forecaster.cleaning_)
    note_history(log, forecaster, tables.findings)
    note_refit(forecast, tables.findings)
    look_ahead(forecast, known)
    with clock("setting levels"):
        asked = None if record is None else record.asked(known, np.arange(len(known.items)))
        found = set_item_levels(known, forecast, stock, run, asked, store)
    with clock("deciding orders"):
        released = released_for_the_day(known_before, found.sources.frame, known.days.delay, known.panel.as_of)
        orders = order_items(known, found, stock, released)
        why_held = hold_reasons(found.items, forecaster)
        settled = settle_orders(known, found, forecaster, orders, why_held, known_before)
    return Plan(
        config,
        tables,
        found.items,
        forecaster,
        found.lead_times,
        found.facts,
        stock,
        found.levels,
        found.sources,
        settled.orders,
        found.total,
        found.asked,
        demand.channels,
        demand.fates,
        log,
        stock_outs,
        unseen,
        settled.overrides,
        forecast,
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
