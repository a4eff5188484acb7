"""Scenarios side by side: what each does to service, stock and money, against the case that it changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.demand import DemandSource
from replenishment.simulation.engine import Mapper
from replenishment.simulation.results import SimulationResult
from replenishment.simulation.scenarios.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BASE", "KPIS", "ScenarioComparison", "compare_scenarios"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Mode = Literal["backorder", "lost"]

BASE: Final = "base"
KPIS: Final = (
    "backorder_rate",
    "line_backorder_rate",
    "period_backorder_rate",
    "fill_rate",
    "lost_units",
    "mean_stock",
    "stock_value",
    "orders",
    "cost",
)
# Of ordering, holding and shortage; what was bought is no cost of a policy.
_COSTS: Final = ("ordering_cost", "holding_cost", "shortage_cost")
_CONFIDENCE: Final = 0.95
_MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True, eq=False)
class ScenarioComparison:
    """What became of a case in each scenario.

    Attributes
    ----------
    table : one row a scenario, mode of unmet demand and KPI: ``scenario`` (the first is ``base``), ``unmet_demand``
        (``own``: each item's), ``kpi``, ``value``, ``se``, and against the base case in the same mode ``difference``,
        ``difference_se``, ``low``, ``high`` (its 95 % interval). Missing with a single path.
    results : the simulation of each scenario and mode.

    Notes
    -----
    Both simulations meet the same chance, so differences are taken path by path; the interval is Student's.
    """

    table: pd.DataFrame
    results: Mapping[tuple[str, str], SimulationResult]

    def wide(self, column: str = "value") -> pd.DataFrame:
        """One row a scenario and mode, one column a KPI."""
        import pandas as pd

        keys = ["scenario", "unmet_demand"]
        groups = self.table.groupby(keys, sort=False)
        return pd.DataFrame(
            [
                {**dict(zip(keys, key, strict=True)), **dict(zip(own["kpi"], own[column], strict=True))}
                for key, own in groups
            ]
        )


def compare_scenarios(
    case: Case, scenarios: Sequence[Scenario], *, modes: Sequence[Mode] | None = None, run: Mapper = map
) -> ScenarioComparison:
    """Simulate a case as it is and in each scenario, all against the same chance.

    Parameters
    ----------
    modes : of unmet demand, each for all items; default: as the case says.
    run : how independent pieces are run.

    Raises
    ------
    ValueError
        Two scenarios of one name, or a scenario that the case can't be put in.
    """
    import pandas as pd

    names = [BASE, *(scenario.name for scenario in scenarios)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two scenarios are called {twice[0]!r}; give them names of their own")
    case = replace(case, demand=RememberedDemand(case.source))
    results: dict[tuple[str, str], SimulationResult] = {}
    rows: list[dict[str, Any]] = []
    for mode in modes or (None,):
        base = case if mode is None else replace(case, unmet_demand=mode, customers=_willing(case))
        cases = [base, *(scenario.apply(base) for scenario in scenarios)]
        # Side by side, as items that share something are simulated by one thread.
        for name, result in zip(names, run(lambda changed: changed.simulate(run), cases), strict=True):
            key = name, mode or "own"
            results[key] = result
            rows += _rows(key, results[key], results[BASE, key[1]])
    return ScenarioComparison(pd.DataFrame(rows), results)


class RememberedDemand:
    """Demand that is drawn once and then kept, so that many simulations can meet it.

    Parameters
    ----------
    source : where it is drawn. most_bytes : kept at most; what goes beyond is drawn again each time.
    """

    def __init__(self, source: DemandSource, most_bytes: int = _MOST_BYTES) -> None:
        self._source, self._left = source, most_bytes
        self._kept: dict[tuple[bytes, int, int], Floats32] = {}
        self._lock = threading.Lock()

    def __call__(self, rows: Integers, paths: int, periods: int) -> Floats32:
        """Draw (rows, paths, periods), or return what was drawn before: not to be written to."""
        key = rows.tobytes(), paths, periods
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        drawn = self._source(rows, paths, periods)
        with self._lock:
            if key not in self._kept and drawn.nbytes <= self._left:
                self._kept[key] = drawn
                self._left -= drawn.nbytes
        return drawn


def _willing(case: Case) -> Any:
    """Customers of one mode: all wait, or none does."""
    return replace(case.customers, patience=np.inf, lost_share=0.0)


def _rows(key: tuple[str, str], result: SimulationResult, base: SimulationResult) -> list[dict[str, Any]]:
    own, other = _figures(result), _figures(base)
    rows = []
    for kpi, by_path in own.items():
        difference = by_path - other[kpi]
        mean, error = float(difference.mean()), _error(difference)
        half = _student(len(difference)) * error
        rows.append(
            {
                "scenario": key[0],
                "unmet_demand": key[1],
                "kpi": kpi,
                "value": float(by_path.mean()),
                "se": _error(by_path),
                "difference": mean,
                "difference_se": error,
                "low": mean - half,
                "high": mean + half,
            }
        )
    return rows


def _figures(result: SimulationResult) -> dict[str, Floats]:
    """The KPIs path by path."""
    told = dict(result.by_path)
    if all(name in told for name in _COSTS):
        told["cost"] = np.add.reduce([told[name] for name in _COSTS])
    return {kpi: told[kpi] for kpi in KPIS if kpi in told}


def _error(by_path: Floats) -> float:
    return float(by_path.std(ddof=1) / np.sqrt(len(by_path))) if len(by_path) > 1 else float("nan")


def _student(paths: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(paths - 1, 0.5 + _CONFIDENCE / 2)) if paths > 1 else float("nan")
