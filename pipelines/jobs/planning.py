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
from pipelines.checking import count_of
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.ahead import known_ahead
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.frames import describe_plan, forecast_frame, policy_frame, recommendation_frame
from pipelines.jobs.lead_times import resolve_lead_times
from pipelines.jobs.levels import ItemFacts, LevelResults, paths_wanted, pieces_by_review, set_levels
from pipelines.jobs.outside import outside_forecasts
from pipelines.jobs.parameters import apply_rules, item_keys, item_parameters
from pipelines.jobs.safety_stocks import safety_stock_frame
from pipelines.jobs.simulating import simulate_plan
from pipelines.jobs.supply import StockPosition, check_stock_age, stock_position
from pipelines.quarantine import Findings
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
    quarantine : rows set aside. repairs : values changed on the way in. log : what was cleaned.
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
    channels: pd.DataFrame
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
    channels: pd.DataFrame
    fates: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def panel(self) -> DemandPanel:
        """The cleaned demand."""
        return self.forecaster.panel_

    @property
    def never_demanded(self) -> npt.NDArray[np.bool_]:
        """Items of whose demand nothing is known: none in history, and no forecast from elsewhere."""
        outside = (self.forecaster.choice_["model"] == "outside").to_numpy()
        return np.asarray((self.forecaster.summary_.demands == 0) & ~outside)

    @cached_property
    def why_held(self) -> npt.NDArray[np.object_]:
        """Why no order is proposed for an item, whatever the numbers say; empty where orders may be proposed."""
        items, as_of = self.items, np.datetime64(self.panel.as_of, "ns")
        why = np.full(len(items), "", dtype=object)
        why[(items["lead_time_source"] == "unknown").to_numpy()] = (
            "no lead time is known: give items.lead_time_days, its supplier's, or defaults.lead_time_days"
        )
        why[self.never_demanded] = "nothing was ever demanded: a planner must decide"
        hold = np.array([value is True for value in items["hold"]])
        why[hold] = "items.hold is set"
        why[(items["discontinued_on"].to_numpy() <= as_of)] = "discontinued"
        return why

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
        panel = _with_life(panel.align(keys), items)
        lead_times, lead_time_facts = resolve_lead_times(items, tables, config, panel.calendar)
        check_stock_age(tables, config, panel.as_of)
        stock = stock_position(tables, keys, panel.calendar)
    ruled: list[pd.DataFrame] = []

    def models(classes: Any) -> list[str]:
        ruled.append(apply_rules(items.assign(**{"class": classes}), config))
        return [str(name) for name in ruled[0]["model"]]

    with clock("forecasting"):
        groups = [str(c) if isinstance(c, str) else "" for c in items["category"]]
        # A rule may change an item's review interval afterwards; the interval here only centres the calibration.
        protection = np.maximum(np.rint(lead_times.mean()).astype(np.int64), 0) + _review_periods(items, panel)
        forecaster = DemandForecaster(seed=config.seed, run=run).fit(
            panel, groups=groups, models=models, protection=protection
        )
    _note_spikes(forecaster.cleaning_, tables.findings)
    reach = int(lead_times.maximum.max(initial=0)) + _LONGEST_REVIEW
    forecaster.look_ahead(*known_ahead(tables.get("known_ahead"), items, panel.calendar, reach))
    items = items.drop(columns=["target", "review_days"]).join([lead_time_facts, ruled[0]])
    facts = _item_facts(items, forecaster, stock, config)
    protection = np.rint(lead_times.mean()).astype(np.int64) + facts.review_periods
    forecaster.take_outside(outside_forecasts(tables, config, keys, panel.calendar, protection))
    _refuse_unknown_costs(facts, keys)
    with clock("setting levels"):
        pieces = pieces_by_review(facts.review_periods, lead_times.maximum, facts.paths)
        parts = list(run(lambda rows: set_levels(rows, forecaster, lead_times, facts), pieces))
        levels = LevelResults.joined(parts, np.concatenate(pieces))
    return Plan(
        config,
        tables,
        items,
        forecaster,
        lead_times,
        facts,
        stock,
        levels,
        demand.channels,
        demand.fates,
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
        log=made.forecaster.cleaning_,
        channels=made.channels,
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


def _with_life(panel: DemandPanel, items: pd.DataFrame) -> DemandPanel:
    limits = np.iinfo(np.int64)
    days = {}
    for name, missing in (("available_from", limits.min), ("discontinued_on", limits.max)):
        column = items[name].to_numpy().astype("datetime64[D]")
        days[name] = np.where(np.isnat(column), missing, column.astype(np.int64))
    return panel.mark_life(days["available_from"], days["discontinued_on"])


def _note_spikes(log: pd.DataFrame, findings: Findings) -> None:
    """Name the demands that were too large to be true."""
    spikes = log[log["code"] == "spike_tamed"]
    if len(spikes):
        shown = ", ".join(
            f"{sku!r} on {date:%Y-%m-%d} ({before:,g} units, usually at most {after:,g})"
            for sku, date, before, after in spikes[["sku", "date", "before", "after"]].head(5).itertuples(index=False)
        )
        findings.notice(
            "spike",
            "sales",
            f"{count_of(len(spikes), 'demand')} far beyond the usual of the item, in another unit of measure? {shown}; "
            "the forecast takes the usual largest one in its place",
        )
    kept = log[log["code"] == "spike_kept"]
    if len(kept):
        largest = kept.sort_values(["before", "sku", "date"], ascending=[False, True, True]).head(5)
        shown = ", ".join(
            f"{sku!r} on {date:%Y-%m-%d} ({before:,g} units)"
            for sku, date, before in largest[["sku", "date", "before"]].itertuples(index=False)
        )
        findings.notice(
            "bulk_demand",
            "sales",
            f"{count_of(len(kept), 'demand')} of more than 100 times the usual came together or again and count as "
            f"they are, largest {shown}: if they are no demand to plan for, take them out",
        )


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


def _review_periods(items: pd.DataFrame, panel: DemandPanel) -> npt.NDArray[np.int64]:
    """Openings from one review to the next; 0 days, "always", means at every one of them."""
    review_days = items["review_days"].to_numpy(float)
    known = ~np.isnan(review_days)
    review = np.ones(len(items), dtype=np.int64)
    review[known] = np.maximum(panel.calendar.openings_to_wait(review_days[known]), 1)
    return review


def _item_facts(
    items: pd.DataFrame, forecaster: DemandForecaster, stock: StockPosition, config: PlanConfig
) -> ItemFacts:
    panel, summary = forecaster.panel_, forecaster.summary_
    calendar = panel.calendar
    days = calendar.frequency.mean_days
    review = _review_periods(items, panel)
    integral = panel.integral
    pack = items["pack_size"].to_numpy(float)
    unit_cost = items["unit_cost"].to_numpy(float)
    shortage = items["shortage_cost"].to_numpy(float)
    margin = items["unit_price"].to_numpy(float) - unit_cost
    return ItemFacts(
        keys=panel.stream_keys(config.seed),
        integral=integral,
        review_periods=review,
        paths=paths_wanted(config.paths, summary.demands / np.maximum(summary.observed, 1.0), review),
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
        net_stock=stock.net,
        arrivals=stock.arrivals,
        periods_per_year=365.0 / days,
        max_cover_periods=np.minimum(config.max_cover_days, _days_left(items, panel)) / days,
    )
