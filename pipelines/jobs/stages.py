"""The stages of a plan, each a function of what the one before it found: knowledge, forecast, levels, orders.

A plan takes them once; a replay takes them again and again along history, and fits only where it must.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from forecasting.segments import CLASSES
from pipelines.config import PlanConfig
from pipelines.digests import row_digests
from pipelines.inputs import CheckedTables
from pipelines.jobs.ahead import known_ahead
from pipelines.jobs.choosing import Sources, choose_suppliers
from pipelines.jobs.correcting import corrector_of
from pipelines.jobs.forecast_identity import ForecastIdentity, KeptForecasts, forecast_identity
from pipelines.jobs.history import History, declared_new, known_history
from pipelines.jobs.holding import with_holds
from pipelines.jobs.item_facts import item_facts, refuse_unknown_costs, review_periods
from pipelines.jobs.kept_levels import KeptLevels
from pipelines.jobs.lead_times import KnownLeadTimes, resolve_lead_times
from pipelines.jobs.levels import ItemFacts, LevelResults, pieces_by_review, set_levels
from pipelines.jobs.offers import Offers, item_offers
from pipelines.jobs.order_days import OrderDays, order_days
from pipelines.jobs.ordering import Orders, decide_orders
from pipelines.jobs.outside import outside_forecasts
from pipelines.jobs.parameters import apply_rules, item_keys, item_parameters, ruled
from pipelines.jobs.supply import StockPosition
from pipelines.jobs.total_target import TotalCurves, TotalShare
from pipelines.quarantine import Findings
from pipelines.stage_store import FORGETFUL, StageStore
from replenishment.lead_times import LeadTimes
from replenishment.track_record import Asked

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Forecast",
    "Knowledge",
    "Levels",
    "all_levels",
    "fit_forecast",
    "follow_forecast",
    "gather_knowledge",
    "hold_reasons",
    "look_ahead",
    "never_demanded",
    "note_refit",
    "order_items",
    "ruled_anew",
    "set_item_levels",
]

# Periods beyond the longest lead time for which known ends of life are looked up.
_LONGEST_REVIEW: Final = 60


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What is known at an opening before anything is forecast, of n items and their m offers.

    Attributes
    ----------
    history : demand as it is planned with, and the items with their resolved parameters.
    offers : who could deliver. days : on which days they take orders. lead_times : (m,) of each, in periods.
    lead_time_facts, known_lead_times : where each lead time comes from. protection : (n,) periods of the protection
        interval by the item's first offer, before rules may change the review: it only centres the calibration.
    """

    config: PlanConfig
    tables: CheckedTables
    history: History
    offers: Offers
    days: OrderDays
    lead_times: LeadTimes
    lead_time_facts: pd.DataFrame
    known_lead_times: KnownLeadTimes
    protection: npt.NDArray[np.int64]

    @property
    def panel(self) -> DemandPanel:
        """The demand as it is planned with."""
        return self.history.panel

    @property
    def items(self) -> pd.DataFrame:
        """One row an item, in the order of the panel."""
        return self.history.items


@dataclass(frozen=True, eq=False)
class Forecast:
    """A fitted forecaster, and what the rules say of each item once its class is known.

    ``identity`` : what it was fitted to. ``refitted`` : series that were fitted anew on top of a forecast kept from
    before; None where all were fitted together.
    """

    forecaster: DemandForecaster
    ruled: pd.DataFrame
    identity: ForecastIdentity
    refitted: npt.NDArray[np.int64] | None = None

    def drawn_from(self) -> list[str]:
        """Digest of all that the paths of each series are drawn from, what is known of the future included."""
        factor, extra, outside = self.forecaster.ahead
        rows = self.identity.rows
        # Less one, as a factor of 1 beyond what is known changes nothing.
        steps = np.asarray(factor, dtype=np.float64) - 1.0
        return row_digests(len(rows), rows, steps, extra, [outside.get(i) for i in range(len(rows))])


@dataclass(frozen=True, eq=False)
class Levels:
    """The level of each item with the supplier that was chosen for it.

    Attributes
    ----------
    items : one row an item, with the terms of its supplier. lead_times, facts, levels : of the items.
    offer_facts : of all offers. sources : all offers, and which were chosen. total : shares of a total target.
    held : (n,) items for which no order is proposed. asked : what the record of earlier reviews said, if there is one.
    """

    items: pd.DataFrame
    lead_times: LeadTimes
    facts: ItemFacts
    levels: LevelResults
    offer_facts: ItemFacts
    sources: Sources
    total: TotalShare | None
    held: npt.NDArray[np.bool_]
    asked: Asked | None = None


def gather_knowledge(
    tables: CheckedTables, config: PlanConfig, recorded: DemandPanel, keys: list[tuple[str, str]] | None = None
) -> Knowledge:
    """Resolve the parameters, suppliers and lead times of all items.

    Parameters
    ----------
    tables : checked. recorded : the demand that the sales tell; its end is the opening of the plan.
    keys : the items; default: all that sold or stand in the items table.
    """
    keys = item_keys(tables, recorded.keys) if keys is None else keys
    items = item_parameters(tables, config, keys)
    history = known_history(recorded.align(keys), with_holds(items, config, recorded.as_of), tables, config)
    calendar = history.panel.calendar
    offers = item_offers(history.items, tables)
    days = order_days(offers.frame["supplier"].to_numpy(), tables, calendar)
    lead_times, facts, found = resolve_lead_times(offers.frame, tables, config, calendar, days.delay)
    interval = np.rint(lead_times.mean()).astype(np.int64) + review_periods(offers.frame, days, calendar)
    protection = interval[np.unique(offers.item, return_index=True)[1]]
    return Knowledge(config, tables, history, offers, days, lead_times, facts, found, protection)


def fit_forecast(known: Knowledge, run: Any = map, store: StageStore = FORGETFUL, base: str | None = None) -> Forecast:
    """Fit the demand of all items, with the models that configuration and rules name.

    Parameters
    ----------
    store : where a forecast that has been fitted to the very same is taken up. base : key of a forecast in it, on top
        of which only those series are fitted that it was not fitted to.
    """

    def models(classes: Any) -> list[str]:
        return [str(name) for name in ruled(_classified(known, classes), known.config, "model")]

    groups = [str(c) if isinstance(c, str) else "" for c in known.items["category"]]
    by_class = [models(np.full(len(groups), name)) for name in CLASSES]
    identity = forecast_identity(
        known.panel, known.history.rules, groups, by_class, known.protection, known.config.seed
    )

    def fitted() -> DemandForecaster:
        return DemandForecaster(seed=known.config.seed, run=run).fit(
            known.panel, groups=groups, models=models, protection=known.protection, rules=known.history.rules
        )

    kept = KeptForecasts(store, run)
    if base is not None and (found := kept.find(base)) is not None and found.identity.shared == identity.shared:
        changed = found.identity.changed(identity)
        refitted = found.forecaster.refit(
            known.panel, changed, models=models, protection=known.protection, rules=known.history.rules
        )
        identity = found.identity.refitted(identity, refitted)
        return Forecast(found.forecaster, _ruled(known, found.forecaster.choice_["class"]), identity, refitted)
    forecaster = kept.once(identity, fitted)
    return Forecast(forecaster, _ruled(known, forecaster.choice_["class"].to_numpy()), identity)


def _ruled(known: Knowledge, classes: Any) -> pd.DataFrame:
    """What the rules say of each item of these classes."""
    return apply_rules(_classified(known, classes), known.config)


def _classified(known: Knowledge, classes: Any) -> pd.DataFrame:
    """Return the items with these classes."""
    return known.items.assign(**{"class": np.asarray(classes)})


def note_refit(forecast: Forecast, findings: Findings) -> None:
    """Say that not all series were fitted together."""
    if forecast.refitted is not None:
        findings.notice(
            "refitted",
            "sales",
            f"only what changed was fitted anew, {len(forecast.refitted):,} series: seasons, weights, trees and "
            "calibration are those of the plan before; `restock plan --refit full` learns them again",
        )


def ruled_anew(forecast: Forecast, known: Knowledge) -> Forecast:
    """Return a copy of a fitted forecast that may follow by itself, under the rules of this configuration."""
    forecaster = forecast.forecaster.copy()
    return replace(forecast, forecaster=forecaster, ruled=_ruled(known, forecaster.choice_["class"].to_numpy()))


def follow_forecast(forecast: Forecast, known: Knowledge) -> None:
    """Take in what was demanded since: states run on, parameters, weights and rules stay as they were fitted."""
    forecast.forecaster.update(known.panel)


def look_ahead(forecast: Forecast, known: Knowledge) -> None:
    """Tell the forecaster what is known of the future, and which forecasts come from elsewhere."""
    forecaster, calendar = forecast.forecaster, known.panel.calendar
    reach = int(known.lead_times.maximum.max(initial=0)) + _LONGEST_REVIEW
    forecaster.look_ahead(*known_ahead(known.tables.get("known_ahead"), known.items, calendar, reach))
    forecaster.take_outside(outside_forecasts(known.tables, known.config, known.panel.keys, calendar, known.protection))


def set_item_levels(
    known: Knowledge,
    forecast: Forecast,
    stock: StockPosition,
    run: Any = map,
    asked: Asked | None = None,
    store: StageStore = FORGETFUL,
) -> Levels:
    """Set the levels of all offers, choose a supplier for each item, and share a total target where there is one.

    Parameters
    ----------
    asked : what the record of earlier reviews says; levels at other rates are then set beside.
    store : where levels that have been set before are taken up, item by item.
    """
    offers, forecaster, config = known.offers, forecast.forecaster, known.config
    ruled = forecast.ruled.iloc[offers.item].reset_index(drop=True)
    frame = offers.frame.drop(columns=["target", "review_days"]).join([known.lead_time_facts, ruled])
    corrector = corrector_of(config, forecaster.choice_["class"], asked)
    offer_facts = corrector.asked(item_facts(frame, offers.item, known.days, forecaster, stock, config))
    keys = known.panel.keys
    refuse_unknown_costs(offer_facts, [keys[i] for i in offers.item.tolist()])
    kept = KeptLevels(store, forecast.drawn_from(), lambda waits, facts: all_levels(forecaster, waits, facts, run))
    offer_levels = kept.once("levels", known.lead_times, offer_facts)
    choice = choose_suppliers(offers, frame, offer_facts, offer_levels, config.sourcing == "priority")
    items = frame.iloc[choice.chosen].reset_index(drop=True)
    facts, levels = offer_facts.take(choice.chosen), offer_levels.take(choice.chosen)
    lead_times = known.lead_times.take(choice.chosen)
    held = hold_reasons(items, forecaster) != ""
    total = None
    if config.target_scope == "total":
        # Suppliers were compared under the target as it is stated; now it is shared among the items.
        demand_rate = levels.demand_mean / np.maximum(levels.lead_time_mean + facts.review_periods, 1.0)
        rate = 1.0 - config.target if config.measure == "fill_rate" else config.target
        curves = TotalCurves.of(items, facts, forecaster, lead_times, held, demand_rate, run)
        total = curves.share(corrector.asked_of_all(rate))
        facts = curves.beside(total.facts, corrector.beside_of_all(rate))
        items = items.assign(target=facts.target)
        levels = kept.once("levels-of-total", lead_times, facts)
    sources = Sources(frame, known.lead_times, known.known_lead_times, known.days, choice)
    levels = corrector.promised(levels, facts)
    return Levels(items, lead_times, facts, levels, offer_facts, sources, total, held, asked)


def order_items(
    known: Knowledge, found: Levels, stock: StockPosition, released: npt.NDArray[np.float64] | None = None
) -> Orders:
    """Decide what is ordered from whom, with all that items share: capacity, storage, budget, minimum values.

    ``released`` : units released before for the order day of each offer, none by default.
    """
    return decide_orders(
        known.offers,
        found.sources.frame,
        found.sources.choice,
        found.offer_facts,
        found.facts,
        found.levels,
        found.held,
        stock.net + stock.on_order,
        known.days.delay,
        _minimum_values(known.tables),
        known.config,
        np.datetime64(known.panel.as_of),
        released,
    )


def all_levels(forecaster: DemandForecaster, lead_times: LeadTimes, facts: ItemFacts, run: Any) -> LevelResults:
    """Set the levels of all items, piece by piece."""
    pieces = pieces_by_review(facts.review_periods, lead_times.maximum, facts.paths)
    parts = list(run(lambda rows: set_levels(rows, forecaster, lead_times, facts), pieces))
    return LevelResults.joined(parts, np.concatenate(pieces))


def never_demanded(forecaster: DemandForecaster) -> npt.NDArray[np.bool_]:
    """Items of whose demand nothing is known: none in history, and no forecast from elsewhere."""
    outside = (forecaster.choice_["model"] == "outside").to_numpy()
    return np.asarray((forecaster.summary_.demands == 0) & ~outside)


def hold_reasons(items: pd.DataFrame, forecaster: DemandForecaster) -> npt.NDArray[np.object_]:
    """Why no order is proposed for an item; empty where orders may be proposed."""
    as_of = np.datetime64(forecaster.panel_.as_of, "ns")
    why = np.full(len(items), "", dtype=object)
    why[(items["lead_time_source"] == "unknown").to_numpy()] = (
        "no lead time is known: give items.lead_time_days, its supplier's, or defaults.lead_time_days"
    )
    unknown = never_demanded(forecaster) & ~declared_new(items, forecaster)
    why[unknown] = "nothing was ever demanded: a planner must decide"
    hold = np.array([value is True for value in items["hold"]])
    why[hold] = [why or "items.hold is set" for why in items["hold_reason"].to_numpy()[hold]]
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
