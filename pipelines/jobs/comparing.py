"""The plan against rules of thumb, in the same replay: promised, achieved, stock and cost of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.config import PlanConfig
from pipelines.inputs import Inputs
from pipelines.jobs.baselines import LevelRule, MinMax, Textbook, WeeksOfCover
from pipelines.jobs.known_along import Fits
from pipelines.jobs.replay_walk import Reviewed
from pipelines.jobs.replaying import ReplayResult, replay

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BASELINES", "HINDSIGHT", "Comparison", "compare_rules", "tune_textbook"]

BASELINES: Final[tuple[LevelRule, ...]] = (Textbook(), WeeksOfCover(), MinMax())
HINDSIGHT: Final = "textbook, tuned with hindsight"
# Factors z between which the one of the achieved rate is looked for, and halvings of that range.
_LEAST, _MOST, _LIMIT, _HALVINGS = -3.0, 9.0, 80.0, 10


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the plan and the rules achieved over the same demand.

    Attributes
    ----------
    table : one row a rule, "plan" first: rule, promised, achieved, difference, low, high (95 % interval of achieved),
        units_demanded, mean_stock, mean_stock_value, and money after the warm-up: ordering, holding, shortage,
        purchase, total; z, the factor of the textbook rule that was tuned with hindsight.
    results : the replay of each rule, by name.
    """

    table: pd.DataFrame
    results: dict[str, ReplayResult]


def compare_rules(
    inputs: Inputs,
    config: PlanConfig,
    start: dt.date,
    end: dt.date,
    rules: Sequence[LevelRule] = BASELINES,
    *,
    hindsight: bool = True,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
    fits: Fits | None = None,
) -> Comparison:
    """Replay the plan, then each rule over the same reviews, lead times and demand.

    Parameters
    ----------
    inputs, config, start, end, jobs, fits : as for a replay. rules : to hold against the plan.
    hindsight : also the textbook rule with the factor z that would have achieved the rate of the plan: known afterwards
        only, and so the fair measure of the stock that a rate takes.
    """
    import pandas as pd

    reviewed: dict[int, Reviewed] = {}

    def replayed(rule: LevelRule | None) -> ReplayResult:
        return replay(inputs, config, start, end, jobs=jobs, progress=progress, fits=fits, rule=rule, reviewed=reviewed)

    progress("replaying the plan")
    results = {"plan": replayed(None)}
    for rule in rules:
        progress(f"replaying the rule {rule.name}")
        results[rule.name] = replayed(rule)
    factors = {}
    if hindsight:
        progress("tuning the textbook rule with hindsight")
        found = tune_textbook(replayed, float(results["plan"].summary["achieved"]))
        if found is not None:
            factors[HINDSIGHT], results[HINDSIGHT] = found
    rows = [{**_row(name, result), "z": factors.get(name, float("nan"))} for name, result in results.items()]
    return Comparison(pd.DataFrame(rows), results)


def tune_textbook(replayed: Callable[[LevelRule], ReplayResult], wanted: float) -> tuple[float, ReplayResult] | None:
    """Find the smallest factor z of the textbook rule that achieves a rate, to 0.01; None where none does.

    Parameters
    ----------
    replayed : replays a rule. wanted : backorder rate by unit, in [0, 1].
    """

    def at(z: float) -> tuple[float, ReplayResult]:
        return z, replayed(Textbook(z))

    def meets(found: tuple[float, ReplayResult]) -> bool:
        return float(found[1].summary["achieved"]) <= wanted

    low, best = _LEAST, at(_MOST)
    while not meets(best):
        if best[0] >= _LIMIT or wanted != wanted:
            return None
        low, best = best[0], at(2.0 * best[0])
    for _ in range(_HALVINGS):
        middle = at((low + best[0]) / 2.0)
        if meets(middle):
            best = middle
        else:
            low = middle[0]
    return best


def _row(name: str, result: ReplayResult) -> dict[str, Any]:
    summary = result.summary
    told = ("promised", "achieved", "difference", "low", "high", "units_demanded", "mean_stock", "mean_stock_value")
    return {"rule": name, **{key: summary[key] for key in told}, **{str(k): v for k, v in result.cost.iloc[0].items()}}
