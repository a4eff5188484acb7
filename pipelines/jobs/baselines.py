"""Rules of thumb that a plan must beat, in the place of its levels: everything else of a review stays as it is.

A rule says how high the level of each item lies. Suppliers, lots, packs, minimums, limits, reviews and lead times are
the plan's, and so is the kind of policy: the level is an order-up-to level, or a reorder point where orders come in
lots. The position of a rule of thumb is what is on hand and on order, less what waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from forecasting.panel import CellStatus, DemandPanel
from pipelines.jobs.levels import within_limits
from pipelines.jobs.stages import Forecast, Knowledge, Levels
from pipelines.jobs.supply import StockPosition
from replenishment.constraints import order_quantity
from replenishment.loss_functions import normal_loss
from replenishment.min_max.from_history import has_review_demand, min_max_from_history
from replenishment.netting import NetPosition
from replenishment.policies import Policies
from replenishment.safety_stock import average_demand_method, random_lead_time_method

__all__ = ["Asked", "LevelRule", "MinMax", "Textbook", "WeeksOfCover", "demand_rate", "set_by_rule"]

Floats = npt.NDArray[np.float64]
# Mean and deviation are those of the last year: a season is whole, and what is older tells little.
_YEAR_DAYS: Final = 365.0


@dataclass(frozen=True, eq=False)
class Asked:
    """What a rule says of n items: the level, units, and the backorder rate that it claims, NaN where it claims none.

    A level of NaN says that the rule finds nothing to go by; the item then holds no stock.
    """

    level: Floats
    promised: Floats


class LevelRule(Protocol):
    """How high the level of each item lies, from what is known at a review and what the plan found."""

    @property
    def name(self) -> str:
        """The rule, as tables name it."""
        ...

    def asked(self, known: Knowledge, found: Levels) -> Asked:
        """The levels of the items of ``found``; nothing but what is known may be looked at."""
        ...


@dataclass(frozen=True)
class Textbook:
    """Mean demand over L + R, plus z standard deviations: sqrt((L + R) sigma^2 + mean^2 sigma_L^2).

    With a lead time that is known this is z sigma sqrt(L + R). Without ``z`` it is the normal quantile of the wanted
    service, and the wanted backorder rate is what the rule claims, as is common practice although a share of cycles is
    no share of units. Source: see :func:`replenishment.safety_stock.random_lead_time_method`.
    """

    z: float | None = None

    @property
    def name(self) -> str:
        return "textbook"

    def asked(self, known: Knowledge, found: Levels) -> Asked:
        mean, sd = demand_rate(known.panel)
        service = _service_level(found)
        level = np.full(len(mean), np.nan)
        rows = np.flatnonzero(mean > 0)
        spread = random_lead_time_method(
            demand_mean=mean[rows],
            demand_sd=sd[rows],
            lead_time_mean=_interval(found)[rows],
            lead_time_sd=found.lead_times.sd()[rows],
            cycle_service_level=0.5,  # only the spread is taken, the factor is applied below
        ).sd
        factor = ndtri(service[rows]) if self.z is None else self.z
        level[rows] = mean[rows] * _interval(found)[rows] + factor * spread
        return Asked(level, 1.0 - service if self.z is None else np.full(len(mean), np.nan))


@dataclass(frozen=True)
class WeeksOfCover:
    """Mean demand over L + R and over some weeks more, the same number of weeks for every item."""

    weeks: float = 4.0

    def __post_init__(self) -> None:
        if not 0 <= self.weeks < np.inf:
            raise ValueError(f"weeks is {self.weeks:g}; it must be at least 0")

    @property
    def name(self) -> str:
        return "weeks_of_cover"

    def asked(self, known: Knowledge, found: Levels) -> Asked:
        mean, _ = demand_rate(known.panel)
        level = np.full(len(mean), np.nan)
        rows = np.flatnonzero(mean > 0)
        level[rows] = average_demand_method(
            average_demand=mean[rows],
            days_of_cover=self.weeks * 7.0 / known.panel.calendar.frequency.mean_days,
            lead_time=_interval(found)[rows],
        ).reorder_point
        return Asked(level, np.full(len(mean), np.nan))


@dataclass(frozen=True)
class MinMax:
    """Minimum and maximum straight from the windows of the history that is known, period for period.

    The mean lead time is rounded to whole periods. Source: see
    :func:`replenishment.min_max.from_history.min_max_from_history`.
    """

    @property
    def name(self) -> str:
        return "min_max"

    def asked(self, known: Knowledge, found: Levels) -> Asked:
        policies, service = found.levels.policies, _service_level(found)
        wait = np.rint(found.levels.lead_time_mean).astype(np.int64)
        review = np.maximum(found.facts.review_periods, 1)
        seen = known.panel.status == CellStatus.OBSERVED
        level = np.full(len(service), np.nan)
        for i in range(len(level)):
            history = known.panel.quantity[i, seen[i]].astype(np.float64)
            if not has_review_demand(history, lead_time=int(wait[i]), review=int(review[i])):
                continue
            in_lots = policies.kind[i] != "order_up_to"
            found_here = min_max_from_history(
                history,
                lead_time=int(wait[i]),
                review=int(review[i]),
                measure="fill_rate",
                target=float(service[i]),
                order_quantity=float(policies.order_up_to[i] - policies.reorder_point[i]) if in_lots else 0.0,
            )
            level[i] = found_here.minimum if in_lots else found_here.maximum
        return Asked(level, 1.0 - service)


def demand_rate(panel: DemandPanel) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the demand of a period, over the known periods of the last year; (n,), units."""
    periods = max(round(_YEAR_DAYS / panel.calendar.frequency.mean_days), 2)
    known = panel.status[:, -periods:] == CellStatus.OBSERVED
    quantity = np.where(known, panel.quantity[:, -periods:], 0.0).astype(np.float64)
    seen = known.sum(axis=1)
    mean = quantity.sum(axis=1) / np.maximum(seen, 1)
    squares = np.where(known, (quantity - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return mean, np.sqrt(squares / np.maximum(seen - 1, 1))


def set_by_rule(rule: LevelRule, known: Knowledge, forecast: Forecast, found: Levels, stock: StockPosition) -> Levels:
    """Return the levels of a review with those of a rule in the place of the plan's, and the orders that follow."""
    asked = rule.asked(known, found)
    facts = replace(found.facts, net_stock=stock.net, arrivals=stock.arrivals)
    policies = _at_level(found.levels.policies, asked, found.levels.demand_mean, facts.integral)
    position = stock.net + stock.on_order
    need, order = order_quantity(position, policies.reorder_point, policies.raise_to, policies.lot, policies.minimum)
    mean, sd = found.levels.demand_mean, np.maximum(found.levels.demand_sd, 1e-9)
    review_units = mean * facts.review_periods / np.maximum(_interval(found), 1.0)
    sized = within_limits(order, facts, found.lead_times, forecast.forecaster, policies.minimum, review_units)
    chance_short = ndtr((mean - position) / sd)
    levels = replace(
        found.levels,
        policies=policies,
        position=NetPosition(position, position, chance_short, normal_loss(position, mean, sd)),
        need=need,
        **sized._asdict(),
        short=normal_loss(position[:, None] + sized.rungs, mean[:, None], sd[:, None]),
        chance_short=chance_short,
    )
    return replace(found, facts=facts, levels=levels)


def _at_level(policies: Policies, asked: Asked, mean: Floats, integral: npt.NDArray[np.bool_]) -> Policies:
    """Move reorder point and order-up-to level so that the level of the policy becomes the one that is asked for."""
    up_to = policies.kind == "order_up_to"
    # No stock is a level of 0, or a reorder point of -1: an order is placed when a unit waits.
    lowest = np.where(integral & ~up_to, -1.0, 0.0)
    level = np.fmax(np.where(integral, np.ceil(asked.level - 1e-9), asked.level), lowest)
    up = level - np.where(up_to, policies.order_up_to, policies.reorder_point)
    nothing = np.full(len(level), np.nan)
    return replace(
        policies,
        reorder_point=policies.reorder_point + up,
        raise_to=policies.raise_to + up,
        order_up_to=policies.order_up_to + up,
        highest=policies.highest + up,
        safety_stock=level - mean,
        fractile=nothing,
        expected_backorder_rate=np.where(np.isnan(asked.level), np.nan, asked.promised),
        expected_ready_rate=nothing,
        expected_stock=nothing,
    )


def _interval(found: Levels) -> Floats:
    """Mean length of L + R, periods; (n,)."""
    return np.asarray(found.levels.lead_time_mean + np.maximum(found.facts.review_periods, 1))


def _service_level(found: Levels) -> Floats:
    """The share that a formula wants: of cycles, periods or units, or what the costs of the plan amount to; (n,)."""
    # As it is stated: what earlier replays taught a plan to ask for instead belongs to the plan.
    measure, target = found.facts.measure, found.items["target"].to_numpy(float)
    wanted = np.where(measure == "cost", found.levels.policies.fractile, target)
    return np.clip(np.where(measure == "backorder_rate", 1.0 - wanted, wanted), 1e-6, 1.0 - 1e-6)
