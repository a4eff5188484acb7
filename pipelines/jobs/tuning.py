"""tune: replay earlier windows, hold achieved against promised, and learn what to ask for instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.config import LearnedCorrection, PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.inputs import Inputs
from pipelines.jobs.known_along import Fits
from pipelines.jobs.replaying import ReplayResult, replay
from replenishment.tuning import learn_correction

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TuningResult", "evidence_of", "learn_from", "tune"]

# The wanted rate and parts of it: how a miss grows along the tail shows what to ask for.
_PARTS = (1.0, 0.5, 0.25)


@dataclass(frozen=True, eq=False)
class TuningResult:
    """What earlier windows taught.

    Attributes
    ----------
    correction : for ``PlanConfig(correction=...)``. evidence : one row a window, target and class ("" for all items):
        promised, achieved and its 95 % interval.
    """

    correction: LearnedCorrection
    evidence: pd.DataFrame


def tune(
    inputs: Inputs,
    config: PlanConfig,
    windows: Sequence[tuple[dt.date, dt.date]],
    *,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TuningResult:
    """Replay windows of history without a correction, at the wanted rate and below it, and learn one.

    Parameters
    ----------
    inputs, config : as for a plan. windows : first and last period of each, warm-up included. Leave out the window on
        which the correction will be judged.

    Raises
    ------
    ConfigurationError
        A measure other than ``backorder_rate`` and ``fill_rate``; no window.
    """
    import pandas as pd

    if config.measure not in ("backorder_rate", "fill_rate"):
        raise ConfigurationError(f'measure = "{config.measure}" promises no rate of units; there is nothing to correct')
    if not windows:
        raise ConfigurationError("to learn a correction needs at least one window of history")
    rows = []
    for start, end in windows:
        fits: Fits = {}
        for part in _PARTS:
            rate = config.target if config.measure == "backorder_rate" else 1.0 - config.target
            target = part * rate if config.measure == "backorder_rate" else 1.0 - part * rate
            progress(f"window {start} to {end} at {part * rate:.2%}")
            asked = config.model_copy(update={"target": target, "correction": "none"})
            result = replay(inputs, asked, start, end, jobs=jobs, progress=progress, fits=fits)
            rows.append(evidence_of(result, f"{start} to {end}").assign(target=part * rate))
    return learn_from(pd.concat(rows, ignore_index=True))


def evidence_of(result: ReplayResult, window: str) -> pd.DataFrame:
    """What one replay says: of all items ("") and of each class."""
    service = result.service
    rows = service[service["group"].isin(["total", "class"])]
    names = rows["value"].where(rows["group"] == "class", "")
    columns = ["promised", "achieved", "low", "high", "units_demanded", "units_backordered", "items"]
    evidence = rows[columns].reset_index(drop=True)
    evidence.insert(0, "window", window)
    evidence.insert(1, "class", names.to_numpy())
    return evidence


def learn_from(evidence: pd.DataFrame) -> TuningResult:
    """Learn a correction from the evidence of several replays, each made without one."""
    learned = learn_correction(evidence)
    settings = LearnedCorrection(
        level=learned.level,
        slope=learned.slope,
        center=learned.center,
        classes=dict(learned.classes),
        windows=learned.windows,
    )
    return TuningResult(settings, evidence)
