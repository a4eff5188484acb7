"""replay: plan again and again along history, each time from what was known then, and see what would have happened.

At each review the plan is made from what was known at its opening (:mod:`pipelines.jobs.known_at`) and from the
replay's own stock, waiting demand and open orders. Its orders travel; then the recorded demand comes. The world meets
demand only after all decisions of the period are made (:mod:`replenishment.simulation.stepping`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from forecasting.calendars import date_to_day, day_to_date
from forecasting.panel import DemandPanel
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import Inputs, check_inputs
from pipelines.jobs.baselines import LevelRule
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.exchanging import Exchange
from pipelines.jobs.known_along import Fits
from pipelines.jobs.replay_frames import (
    cost_frame,
    describe_replay,
    item_frame,
    period_frame,
    review_frame,
    service_frame,
)
from pipelines.jobs.replay_trace import ReplayTrace
from pipelines.jobs.replay_walk import Reviewed, Walk

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReplayResult", "replay", "replay_paths", "replayed_span"]

Progress = Callable[[str], None]

# Of many items a replay draws so many paths in all; what a few paths let one item stock too much, another lacks.
_MOST_PATHS: Final = 3_000_000
_LEAST_PATHS: Final = 100


@dataclass(frozen=True, eq=False)
class ReplayResult:
    """What a replay found.

    Attributes
    ----------
    service : promised and achieved backorder rate by unit, in total, then by record (whole, or with gaps: out of stock
        at times), class, category, supplier and location; with the 95 % interval of achieved. Items without any demand
        before the replay stand apart, in the last rows.
    items : one row an item. periods : one row a period, all items together. cost : money after the warm-up, one row.
    reviews : one row a review. summary : the whole in numbers, with notes. trace : every item in every period.
    trade : traces the exchange curve, see ``exchange``.
    """

    service: pd.DataFrame
    items: pd.DataFrame
    periods: pd.DataFrame
    cost: pd.DataFrame
    reviews: pd.DataFrame
    summary: dict[str, Any]
    trace: ReplayTrace
    trade: Callable[[], Exchange | None] = field(repr=False)

    @cached_property
    def exchange(self) -> Exchange | None:
        """Stock value against backorder rate at the last review, with the cheapest way to the target.

        None where nothing is planned. Computed when it is first asked for, which takes as long as a review or two.
        """
        return self.trade()


def replay(
    inputs: Inputs,
    config: PlanConfig | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    initial_stock: pd.DataFrame | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = lambda _: None,
    fits: Fits | None = None,
    rule: LevelRule | None = None,
    reviewed: dict[int, Reviewed] | None = None,
) -> ReplayResult:
    """Replay the plan along history.

    Parameters
    ----------
    inputs : the tables; of ``stock`` only the places of its SKUs are read. config : what is wanted.
    start, end : first days of the first and the last replayed period. Both are needed.
    initial_stock : columns of the table stock, at ``start``; open orders placed before it and due from it on come in.
        Default: every item begins where its own policy may leave it, nothing on order, and the periods of its
        protection interval H are a warm-up that is not measured.
    jobs : threads; the result does not depend on it.
    fits : where fitted forecasts are kept and found again: replays of the same inputs, dates and
        configuration but for targets, policies and costs may share one.
    rule : sets the levels in the place of the plan; see :mod:`pipelines.jobs.baselines`.
    reviewed : where reviews are kept, by period, for further replays by another rule of the very same inputs,
        configuration and dates; those then take a fraction of the time.

    Raises
    ------
    ConfigurationError
        A start or end that is no opening, or lies outside the recorded sales. InputError : a table that can't be used.
    """
    config = config or PlanConfig()
    if start is None or end is None:
        raise ConfigurationError("a replay needs start and end: the first days of its first and last period")
    progress("reading tables")
    tables = check_inputs(replace(inputs, stock=initial_stock), config)
    recorded = demand_from_sales(tables, config).panel
    span = replayed_span(recorded, start, end)
    run = thread_mapper(jobs or default_jobs())
    paths = replay_paths(config, len(recorded))
    fewer = (
        [f"{paths} paths a series are drawn, not {config.paths}: {len(recorded):,} series; replay_paths sets another"]
        if paths < config.paths
        else []
    )
    config = config.model_copy(update={"paths": paths})
    walk = Walk(tables, config, recorded, span, initial_stock is not None, run, progress, fits, rule, reviewed)
    try:
        walk.go()
    finally:
        walk.along.close()
    progress("measuring")
    trace, notes = walk.trace, [*tables.findings.warnings, *fewer, *walk.notes]
    service = service_frame(trace, config)
    return ReplayResult(
        service=service,
        items=item_frame(trace),
        periods=period_frame(trace),
        cost=cost_frame(trace),
        reviews=review_frame(walk.reviews),
        summary=describe_replay(trace, config, service, walk.reviews, notes),
        trace=trace,
        trade=walk.exchange,
    )


def replay_paths(config: PlanConfig, items: int) -> int:
    """How many sample paths a series a replay of so many items draws."""
    return config.replay_paths or min(config.paths, max(_MOST_PATHS // max(items, 1), _LEAST_PATHS))


def replayed_span(recorded: DemandPanel, start: dt.date, end: dt.date) -> range:
    """The numbers of the periods from ``start`` to ``end``, both included; there must be history before them."""
    calendar = recorded.calendar
    numbers = []
    for name, date in (("start", start), ("end", end)):
        number = int(calendar.index_of(date_to_day(date)))
        openings = [day_to_date(int(day)) for day in calendar.openings_from(number, 2)]
        if openings[0] != dt.date(date.year, date.month, date.day):
            raise ConfigurationError(
                f"{name} {date} is no opening of frequency {calendar.frequency}; use {openings[0]} or {openings[1]}"
            )
        numbers.append(number)
    until = recorded.report.recorded_until or recorded.as_of
    first, last = numbers
    if not 0 < first <= last < int(calendar.index_of(date_to_day(until))):
        raise ConfigurationError(
            f"a replay from {start} to {end} lies outside the recorded sales, from "
            f"{day_to_date(calendar.first_day)} on and complete until {until}: before start there must be history"
        )
    return range(first, last + 1)
