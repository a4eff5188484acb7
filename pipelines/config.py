"""PlanConfig: what a planner may set, with its limits. The same names stand in ``restock.toml``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ConfigurationError

__all__ = [
    "Closed",
    "Hold",
    "Keep",
    "LearnedCorrection",
    "PlanConfig",
    "Rule",
    "Where",
    "describe_problem",
    "read_toml",
]

Measure = Literal["backorder_rate", "fill_rate", "cycle_service_level", "ready_rate", "cost"]
Policy = Literal["auto", "order_up_to", "reorder_point", "min_max"]
Unmet = Literal["backorder", "lost", "mixed"]
Allocation = Literal["order_date", "priority", "requested_date", "fair_share"]
Text = str | list[str]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Where(_Strict):
    """The items that a rule is about: every condition given must hold; a list means any of its values."""

    demand_class: Text | None = Field(
        None, alias="class", description="Syntetos-Boylan class: smooth, erratic, intermittent, lumpy, no demand"
    )
    category: Text | None = None
    supplier: Text | None = None
    location: Text | None = None
    sku: Text | None = None

    def conditions(self) -> dict[str, list[str]]:
        """The conditions given, by column."""
        given = {"class" if k == "demand_class" else k: v for k, v in self if v is not None}
        return {k: [v] if isinstance(v, str) else list(v) for k, v in given.items()}


class Settings(_Strict):
    """What a rule may set."""

    measure: Measure | None = None
    target: float | None = None
    unmet_demand: Unmet | None = None
    patience_days: float | None = Field(None, gt=0, le=3650, description='with unmet_demand = "mixed"')
    policy: Policy | None = None
    review_days: float | None = Field(None, ge=0, le=3650)
    model: str | None = None


class Rule(_Strict):
    """Other settings for some items. The first rule that matches an item and sets a field wins that field."""

    where: Where
    set: Settings

    @property
    def name(self) -> str:
        """The rule in words, as it is named in the output."""
        return " and ".join(f"{k}={'|'.join(v)}" for k, v in self.where.conditions().items()) or "all"


class Keep(_Strict):
    """Repairs of the history to leave undone: rows of the plan's log. What is not given holds for all."""

    code: str | None = Field(None, description="as in the log: launch_marked, spike_tamed, bulk_order_tamed, ...")
    sku: str | None = None
    location: str | None = None
    date: dt.date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.code, self.sku, self.location, self.date) == (None, None, None, None):
            raise ValueError("keep needs at least one of code, sku, location, date, as the log has them")
        return self


class Hold(_Strict):
    """No orders of an SKU, everywhere or at one location, up to and with a day."""

    sku: str
    location: str | None = Field(None, description="default: everywhere")
    until: dt.date = Field(description="the last day without orders")
    why: str = Field("", max_length=500, description="told in the reason of the line")


class Closed(_Strict):
    """Days on which nothing is received, from the first to the last, of one supplier or of all."""

    first: dt.date
    last: dt.date
    supplier: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"closed ends on {self.last}, before it begins on {self.first}")
        return self


class LearnedCorrection(_Strict):
    """By how much promised backorder rates were missed in earlier replays: log(achieved / promised), as learned.

    Written by ``restock tune``; see :mod:`replenishment.tuning`.
    """

    level: float = Field(0.0, description="at the promised rate exp(center)")
    slope: float = Field(0.0, ge=-0.7, le=0.7, description="per unit of log(promised rate)")
    center: float = Field(0.0, description="log of the promised rate at which the level holds")
    classes: dict[str, float] = Field(default_factory=dict, description="what Syntetos-Boylan classes add to the level")
    windows: int = Field(0, ge=0, description="replayed windows behind it")


class PlanConfig(_Strict):
    """How to plan. Units, conventions and clock: see the documentation of the fields and of the tables."""

    frequency: str | None = Field(
        None,
        description=(
            "D, W-MON ... W-SUN (weeks that begin on that day) or MS; default: inferred from the dates of the sales"
        ),
    )
    as_of: dt.date | None = Field(
        None,
        description=(
            "opening of the first period not yet observed; default: after the last complete period of the sales"
        ),
    )
    measure: Measure = Field("backorder_rate", description="what the target is about")
    target: float = Field(0.02, description="value of the measure that every item must reach; not used for cost")
    target_scope: Literal["sku", "total"] = Field(
        "sku",
        description="the target binds every item by itself, or the demand-weighted total of all items, met with the "
        "least stock value",
    )
    unmet_demand: Unmet = Field(
        "backorder",
        description="what cannot be filled waits (backorder), is lost, or waits until its patience is over (mixed); "
        "levels count mixed as backordered, as it is short all the same",
    )
    patience_days: float | None = Field(
        None,
        gt=0,
        le=3650,
        description='days that customers wait before they cancel, needed with unmet_demand = "mixed"; rounded to '
        "whole periods",
    )
    review_days: float | None = Field(
        None, ge=0, le=3650, description="days between reviews; default: one period; 0 is every opening"
    )
    policy: Policy = Field(
        "auto", description="auto orders up to a level unless the economic lot exceeds a review interval's demand"
    )
    model: str = Field("auto", description="name of a forecasting model, or auto")
    paths: int = Field(400, ge=100, le=100_000, description="sample paths a series for the demand distribution")
    seed: int = Field(0, ge=0, description="seed of all random streams")
    budget: float | None = Field(
        None, ge=0, description="money for today's orders; packs that avoid most backorders for it come first"
    )
    storage_capacity: float | dict[str, Annotated[float, Field(ge=0)]] | None = Field(
        None,
        description="volume (in units of items.volume) that stock on hand and on order may fill at each location; one "
        "number, or one for each location",
    )
    sourcing: Literal["priority", "cost"] = Field(
        "priority",
        description="of several suppliers of an item: the one of the smallest priority, cost deciding among equals; or "
        "the one of the least cost of purchase, orders and stock",
    )
    shelf_life_quantile: float = Field(
        0.5, gt=0, lt=1, description="no order is larger than this quantile of the demand until it perishes"
    )
    load_unit_share: float = Field(
        0.1, ge=0, le=1, description="an order is raised to whole layers, pallets, containers where that adds no more"
    )
    rules: tuple[Rule, ...] = Field(
        (), description="other settings for classes, categories, suppliers, locations or SKUs; ordered"
    )
    correction: LearnedCorrection | Literal["auto", "none", "online"] = Field(
        "auto",
        description="by what promised rates are corrected. none: they stand as the forecast lets expect; online: by "
        "what the levels of earlier reviews would have given, anew at each review; auto: a replay, which makes such "
        "reviews, corrects online, a single plan stands as its forecast says; or what replays of earlier windows "
        "taught: in restock.toml the name of the file that `restock tune` wrote",
    )
    defaults: dict[str, float | str] = Field(
        default_factory=dict, description="values for item columns that the tables lack"
    )
    duplicates: Literal["quarantine", "error", "sum", "last"] = Field(
        "quarantine", description="several sales rows of one SKU, location and day"
    )
    exact_duplicates: Literal["quarantine", "drop"] = Field(
        "quarantine",
        description="rows that agree with another in every column: treated like all that repeat a key, or dropped "
        "but for one and counted",
    )
    quantity_basis: Literal["ordered", "shipped"] | None = Field(
        None,
        description="whether sales are what was ordered (then, with backorders, periods without stock hide no demand) "
        "or what was shipped; default: unknown, periods without stock are censored",
    )
    gaps: Literal["zero", "missing"] = Field(
        "zero", description="a period without a sales row: nothing demanded, or nothing recorded"
    )
    missing_quantity: Literal["quarantine", "unknown"] = Field(
        "quarantine", description="a sales row without quantity: set aside, or not recorded"
    )
    returns: Literal["quarantine", "net", "separate"] = Field(
        "quarantine",
        description="negative sales and rows of the returns table: set aside, taken off demand, or only counted",
    )
    max_quarantine_fraction: Share | dict[str, Share] = Field(
        0.05, description="a table with a larger share of bad rows is refused; one number, or one for each table"
    )
    max_fallback_fraction: Share = Field(
        1.0,
        description="a plan in which a larger share of the items could not be planned as configured (no lead time, no "
        "demand or too short a history) is published all the same, and ends with exit code 4; 1 never does",
    )
    max_stock_age_days: float = Field(
        31, ge=0, description="a stock snapshot counted earlier than this before as_of is refused"
    )
    max_data_age_days: float = Field(31, ge=0, description="sales that end earlier than this before as_of are refused")
    lead_times: Literal["nearest", "stated"] = Field(
        "nearest", description="whether measured receipts may replace stated lead times"
    )
    keep: list[Keep] = Field(
        [],
        description="repairs of the history that the next plan leaves undone: {code, sku, location, date} as in its "
        "log; what is not given holds for all",
    )
    closed: list[Closed] = Field(
        [],
        description="shutdowns in which lead times stand still: {first, last, supplier}, of all without a supplier",
    )
    refit_every: int | None = Field(
        None,
        ge=1,
        description="reviews of a replay from one fit of the forecast to the next; between them its states follow the "
        "demand and levels are set anew; default: as many as a quarter of a year holds",
    )
    replay_paths: int | None = Field(
        None,
        ge=100,
        le=100_000,
        description="sample paths a series in a replay; default: as paths, and fewer of more than 7,500 series, whose "
        "total hardly depends on it",
    )
    replay_lead_times: Literal["sampled", "planned"] = Field(
        "sampled",
        description="how long the orders of a replay travel: sampled from the lead times as known at the order, or "
        "their mean",
    )
    allocation: Allocation = Field(
        "order_date",
        description="who of those that wait is served first: the older order, the smaller priority number, the earlier "
        "requested day; or fair_share: all in proportion to what they need",
    )
    whole_lines: bool = Field(
        False,
        description="an order line leaves when all of it is there, also in simulations (else in parts); not with "
        "fair_share",
    )
    promise_probability: float = Field(
        0.9, gt=0, lt=1, description="probability with which a promised date shall be kept"
    )
    processing_days: int = Field(
        0, ge=0, le=60, description="days from a receipt until its units leave to those who wait for them"
    )
    language: str = Field(
        "en", description="language and country of the sentences and dates for customers, such as en_GB or de"
    )
    holds: list[Hold] = Field(
        [], description="no orders of {sku, location, until, why}; everywhere without a location; until is included"
    )
    refit: Literal["full", "changed"] = Field(
        "full",
        description="changed: only series of which something else is known than in the latest plan are fitted anew; "
        "what all series teach stays as that plan learned it, as long as as_of, items and categories are the same",
    )
    frozen_days: int = Field(
        0, ge=0, description="orders dated within so many days after the plan before stay as that one planned them"
    )
    order_stability: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="an order that differs from what the plan before had planned for its day by no more than this "
        "share stays as it was, if it still can",
    )
    override_days: int = Field(
        1, ge=0, description="days after the plan that was overridden on which an override still holds"
    )
    planned_orders_days: float = Field(
        91, ge=0, le=730, description="days ahead for which orders and levels are planned; 0 plans none"
    )
    released_alert_days: int = Field(
        3, ge=0, description="days after which a released order that neither open orders nor receipts show is an alert"
    )
    max_cover_days: float = Field(365, gt=0, description="no economic lot covers more than this")
    simulation_paths: int = Field(
        100, ge=0, le=10_000, description="paths of the simulation of the policy; 0 leaves it out"
    )
    simulation_days: float = Field(365, gt=0, le=36_500, description="length of that simulation after its warm-up")

    @model_validator(mode="after")
    def _frequency_exists(self) -> Self:
        from forecasting.calendars import Frequency

        if self.frequency is not None:
            Frequency(self.frequency)
        return self

    @model_validator(mode="after")
    def _models_exist(self) -> Self:
        from forecasting.models import model_named

        for name in (self.model, *(rule.set.model for rule in self.rules)):
            if name not in (None, "auto"):
                model_named(str(name))
        return self

    @model_validator(mode="after")
    def _has_words_for_customers(self) -> Self:
        from pipelines.letters import LANGUAGES

        if self.language.replace("-", "_").split("_")[0] not in LANGUAGES:
            raise ValueError(
                f'language = "{self.language}": there are sentences for customers in {", ".join(LANGUAGES)}, with any '
                "country, such as en_GB"
            )
        return self

    @model_validator(mode="after")
    def _shares_are_parts(self) -> Self:
        if self.whole_lines and self.allocation == "fair_share":
            raise ValueError('allocation = "fair_share" hands out parts of lines; whole_lines needs another one')
        return self

    @model_validator(mode="after")
    def _patience_is_told(self) -> Self:
        settings = [("", self.unmet_demand, self.patience_days)]
        settings += [
            (f" of the rule for {rule.name}", rule.set.unmet_demand or self.unmet_demand, rule.set.patience_days)
            for rule in self.rules
        ]
        for whose, unmet, patience in settings:
            if unmet == "mixed" and patience is None and self.patience_days is None:
                raise ValueError(f'unmet_demand = "mixed"{whose} needs patience_days: how long customers wait')
        if not any(unmet == "mixed" for _, unmet, _ in settings) and any(days is not None for _, _, days in settings):
            raise ValueError('patience_days is for unmet_demand = "mixed", which nothing sets')
        return self

    @model_validator(mode="after")
    def _total_has_a_rate(self) -> Self:
        if self.target_scope == "total" and self.measure not in ("backorder_rate", "fill_rate"):
            raise ValueError(f'target_scope = "total" adds up backorders; measure = "{self.measure}" has no total')
        if not isinstance(self.storage_capacity, dict) and (self.storage_capacity or 0.0) < 0:
            raise ValueError(f"storage_capacity is {self.storage_capacity:g}; it must be at least 0")
        return self

    @model_validator(mode="after")
    def _targets_make_sense(self) -> Self:
        if self.measure not in ("cost", "backorder_rate") and "target" not in self.model_fields_set:
            raise ValueError(f'measure = "{self.measure}" needs a target of its own, for example target = 0.95')
        for rule in self.rules:
            if rule.set.measure not in (None, "cost", self.measure) and rule.set.target is None:
                raise ValueError(f"the rule for {rule.name} changes the measure and needs a target of its own")
        wanted = [("target", self.measure, self.target)]
        wanted += [
            (f"rules: target where {r.name}", r.set.measure or self.measure, r.set.target)
            for r in self.rules
            if r.set.target is not None
        ]
        for name, measure, target in wanted:
            if measure != "cost" and not 0 < target < 1:
                hint = f"; did you mean {target / 100:g}?" if 1 < target < 100 else ""
                raise ValueError(f"{name} is {target:g}; it must lie between 0 and 1, both excluded{hint}")
        return self

    def quarantine_limit(self, table: str) -> float:
        """The share of bad rows up to which a table is used."""
        limit = self.max_quarantine_fraction
        return limit.get(table, 0.05) if isinstance(limit, dict) else limit

    @classmethod
    def make(cls, values: dict[str, Any], source: str) -> PlanConfig:
        """Build from plain values; problems are named with their ``source``."""
        try:
            return cls(**values)
        except ValidationError as problem:
            raise ConfigurationError(f"{source}: {describe_problem(problem)}") from None


def describe_problem(problem: ValidationError, known: Iterable[str] | None = None) -> str:
    """Say in one line each what pydantic found, with the field and its value.

    ``known``: the settings that may stand there; default: those of a plan and its rules.
    """
    lines = []
    for error in problem.errors():
        where = ".".join(str(part) for part in error["loc"] if not _names_a_type(part))
        value = "" if isinstance(error.get("input"), dict) else f" (got {error.get('input')!r})"
        if error["type"] == "extra_forbidden":
            settings = _known_settings(error["loc"]) if known is None else sorted(known)
            lines.append(f"{where} is no setting; known are {', '.join(settings)}")
        else:
            lines.append(f"{where}: {error['msg']}{value}" if where else str(error["msg"]))
    return "; ".join(lines)


def _names_a_type(part: int | str) -> bool:
    """Whether a part of a place is pydantic's name for one of several types that a setting may have."""
    return part in ("str", "float", "constrained-float") or str(part).startswith(("list[", "dict["))


def _known_settings(place: tuple[int | str, ...]) -> list[str]:
    """The settings that may stand where an unknown one stood."""
    if "where" in place:
        return ["class", *sorted(set(Where.model_fields) - {"demand_class"})]
    if "keep" in place:
        return sorted(Keep.model_fields)
    if "holds" in place:
        return sorted(Hold.model_fields)
    if "closed" in place:
        return sorted(Closed.model_fields)
    return sorted((Settings if "set" in place else Rule if "rules" in place else PlanConfig).model_fields)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a mistake in it is named with its line."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist; `restock init` writes one") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path} can't be read: {problem}") from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{path}: {problem}") from None
