"""Simulations of a plan as runs on disk: a trial whose inputs haven't changed is looked up, not simulated again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.errors import ConfigurationError
from pipelines.project import Project, PublishedRun
from pipelines.publishing import publish_once
from pipelines.workspace import write_csv, write_json, write_parquet

if TYPE_CHECKING:
    import pandas as pd

    from replenishment.simulation.case import Case
    from replenishment.simulation.scenarios import Scenario

__all__ = ["SCENARIO_TABLE", "Trial", "run_simulation", "run_trial"]

SCENARIO_TABLE: Final = "scenarios.parquet"
# All scenarios meet the same chance: fewer paths tell a difference than tell a rate.
_PATHS_OF_SCENARIOS: Final = 50


@dataclass(frozen=True)
class Trial:
    """What is simulated of a plan.

    Attributes
    ----------
    paths, days : other than configured. unmet_demand : the same mode for all items.
    recorded : replay the newest recorded demand in place of forecast paths.
    scenarios : to be compared with the plan as it is. both_modes : each with all backordered and all lost.
    """

    paths: int | None = None
    days: float | None = None
    unmet_demand: Literal["backorder", "lost"] | None = None
    recorded: bool = False
    scenarios: Sequence[Scenario] = ()
    both_modes: bool = False

    def case(self, project: Project, run: Any, progress: Callable[[str], None]) -> Case:
        """Plan, and put the plan to the trial."""
        from pipelines.jobs.planning import make_plan
        from pipelines.jobs.simulating import case_of_plan, case_of_record

        # What the plan fitted and set is taken up where nothing it rests on has changed.
        stages = project.stages(writable=False)
        made = make_plan(project.inputs, project.config, run=run, progress=progress, store=stages)
        progress("simulating")
        if self.recorded:
            days = self.days or project.config.simulation_days
            periods = max(round(days / made.panel.calendar.frequency.mean_days), 1)
            return case_of_record(made, periods=periods, unmet_demand=self.unmet_demand)
        paths = self.paths
        if self.scenarios and paths is None:
            paths = min(project.config.simulation_paths, _PATHS_OF_SCENARIOS)
        return case_of_plan(made, paths=paths, days=self.days, unmet_demand=self.unmet_demand)

    @property
    def details(self) -> dict[str, str]:
        """All that the run depends on beside inputs and configuration."""
        told: dict[str, object] = {
            "paths": self.paths,
            "days": self.days,
            "unmet_demand": self.unmet_demand,
            "recorded": self.recorded,
        }
        if self.scenarios or self.both_modes:
            told |= {"scenarios": [(s.name, s) for s in self.scenarios], "both_modes": self.both_modes}
        return {name: str(value) for name, value in told.items()}


def run_simulation(
    project: Project, trial: Trial, *, run: Any = map, progress: Callable[[str], None] = lambda _: None
) -> PublishedRun:
    """Simulate a plan as it is and publish, unless this very simulation has been published already."""

    def compute() -> Callable[[Path], None]:
        result = trial.case(project, run, progress).simulate(run)

        def write(folder: Path) -> None:
            write_parquet(result.kpis, folder / "kpis.parquet")
            write_json(folder / "summary.json", {"items": len(result.kpis), **result.total, "notes": result.notes})

        return write

    return publish_once(project, "simulate", trial.details, compute)


def run_trial(
    project: Project, trial: Trial, *, run: Any = map, progress: Callable[[str], None] = lambda _: None
) -> tuple[PublishedRun, pd.DataFrame]:
    """Compare scenarios and publish, unless this very comparison has been published already.

    Returns
    -------
    The run, and its table; see ``ScenarioComparison.table``.

    Raises
    ------
    ConfigurationError
        A scenario that the plan can't be put in.
    """
    import pandas as pd

    def compute() -> Callable[[Path], None]:
        from replenishment.simulation.scenarios import compare_scenarios

        case = trial.case(project, run, progress)
        modes: tuple[Literal["backorder", "lost"], ...] | None = ("backorder", "lost") if trial.both_modes else None
        try:
            compared = compare_scenarios(case, trial.scenarios, modes=modes, run=run)
        except ValueError as problem:
            raise ConfigurationError(str(problem)) from None
        base = next(iter(compared.results.values()))

        def write(folder: Path) -> None:
            write_parquet(compared.table, folder / SCENARIO_TABLE)
            write_csv(compared.table, folder / "scenarios.csv")
            head = {"items": len(base.kpis), "paths": base.paths}
            write_json(folder / "summary.json", {**head, **base.total, "notes": base.notes})

        return write

    done = publish_once(project, "simulate", trial.details, compute)
    return done, pd.read_parquet(done.folder / SCENARIO_TABLE)
