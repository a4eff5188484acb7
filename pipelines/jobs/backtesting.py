"""backtest: forecast and decision over the same window of history, each against its simpler rivals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from forecasting.backtesting import BacktestResult
from forecasting.backtesting import backtest as forecast_backtest
from forecasting.calendars import day_to_date
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import Inputs, check_inputs
from pipelines.jobs.baselines import LevelRule, MinMax, Textbook, WeeksOfCover
from pipelines.jobs.comparing import Comparison, compare_rules
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.known_at import known_at, known_keys
from pipelines.jobs.replaying import replayed_span
from pipelines.jobs.stages import gather_knowledge

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.fitted import Mapper
    from forecasting.panel import DemandPanel
    from pipelines.inputs import CheckedTables

__all__ = ["YARDSTICKS", "DecisionBacktest", "backtest_plan", "forecast_scores"]

# Simple models that the plan's own is held against.
YARDSTICKS: Final = ("moving_average", "seasonal_naive")


@dataclass(frozen=True, eq=False)
class DecisionBacktest:
    """What a window of history says of a plan.

    Attributes
    ----------
    forecast : predictions and scores at rolling origins. decisions : the plan against rules of thumb.
    summary : both in a few numbers, with notes.
    """

    forecast: BacktestResult
    decisions: Comparison
    summary: dict[str, Any]


def backtest_plan(
    inputs: Inputs,
    config: PlanConfig,
    start: dt.date,
    end: dt.date,
    *,
    origins: int = 4,
    models: Sequence[str] = YARDSTICKS,
    weeks_of_cover: float = 4.0,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> DecisionBacktest:
    """Score the forecast and the decisions of a plan between two dates.

    Parameters
    ----------
    inputs, config, start, end, jobs : as for a replay.
    origins : forecasts are made at so many openings between ``start`` and ``end``, as far apart as they can be.
    models : names of further models that are scored beside the plan's own. weeks_of_cover : of that rule.

    Raises
    ------
    ConfigurationError
        A window outside the recorded sales, or too short for so many origins.
    """
    own = replace(inputs, stock=None)
    progress("reading tables")
    tables = check_inputs(own, config)
    recorded = demand_from_sales(tables, config).panel
    span = replayed_span(recorded, start, end)
    names = list(dict.fromkeys([config.model, *models]))
    run = thread_mapper(jobs or default_jobs())
    progress(f"forecasting at {origins} origins with {', '.join(names)}")
    forecast = forecast_scores(tables, config, recorded, span, origins, names, run)
    rules: list[LevelRule] = [Textbook(), WeeksOfCover(weeks_of_cover), MinMax()]
    decisions = compare_rules(own, config, start, end, rules, jobs=jobs, progress=progress)
    return DecisionBacktest(forecast, decisions, _describe(config, forecast, decisions))


def forecast_scores(
    tables: CheckedTables,
    config: PlanConfig,
    recorded: DemandPanel,
    span: range,
    origins: int,
    models: Sequence[str],
    run: Mapper = map,
) -> BacktestResult:
    """Forecast the demand over each item's protection interval at origins within a span of periods.

    The intervals are those known when the span begins. The last origin's longest window ends with the span.
    """
    opening = day_to_date(int(recorded.calendar.openings[span.start]))
    then, before = known_at(tables, recorded, opening)
    keys = known_keys(then, before)
    known = gather_knowledge(then, config, before, keys)
    longest = int(known.protection.max(initial=1))
    room = len(span) - longest
    if (origins > 1 and room < origins - 1) or room < 0:
        raise ConfigurationError(
            f"{origins} origins before windows of {longest} periods (lead time and review) need at least "
            f"{longest + origins - 1} periods from --from to --to; there are {len(span)}"
        )
    step = room // (origins - 1) if origins > 1 else 1
    ends = recorded.calendar.openings_from(span.stop, 1)
    panel = recorded.until(day_to_date(int(ends[0]))).align(keys)
    groups = [str(c) if isinstance(c, str) else "" for c in known.items["category"]]
    return forecast_backtest(
        panel,
        protection_periods=known.protection,
        origins=origins,
        step=step,
        model=list(models),
        groups=groups,
        paths=config.paths,
        seed=config.seed,
        run=run,
    )


def _describe(config: PlanConfig, forecast: BacktestResult, decisions: Comparison) -> dict[str, Any]:
    scores, plan = forecast.scores, decisions.results["plan"].summary
    pooled = scores[scores["class"] == "all"]
    told = ("periods", "items", "reviews", "fits", "order_lines", "units_demanded", "units_backordered", "order_value")
    return {
        **{name: plan[name] for name in ("from", "to", *told)},
        **{name: plan[name] for name in ("target", "promised", "achieved", "difference", "low", "high")},
        "model": config.model,
        "origins": int(forecast.predictions["origin"].nunique()),
        "forecast": _records(pooled.drop(columns="class")),
        "decisions": _records(decisions.table),
        "notes": plan["notes"],
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
