"""What follows from a plan once it is made: the coming weeks, alerts, and what changed since the run before."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.exports.run_files import RunFiles
from pipelines.jobs.alerting import SEVERITIES, alert_frame
from pipelines.jobs.changing import change_frame, nervousness_since
from pipelines.jobs.decision_frame import decision_frame
from pipelines.jobs.projecting import money_frame, planned_levels_frame, planned_orders_frame, project
from pipelines.stage_store import FORGETFUL, StageStore
from pipelines.workspace import Workspace, digest_file
from replenishment.alerts import tracking_signal

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan
    from pipelines.memory import Memory

__all__ = ["FollowUp", "follow_up"]

# Alerts look this far where no orders are planned ahead.
_LEAST_DAYS: Final = 91.0
_WINDOWS: Final = 6
_RUNS: Final = 60


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Frames by the name of their file, and what they come to."""

    frames: dict[str, pd.DataFrame]
    summary: dict[str, Any]


def follow_up(
    made: Plan, memory: Memory, space: Workspace | None = None, run: Any = map, store: StageStore = FORGETFUL
) -> FollowUp:
    """Look ahead, sound the alarm, and compare with the run before.

    Parameters
    ----------
    space : whose earlier runs show how their forecasts did. store : where what was seen ahead before is taken up.
    """
    days = made.config.planned_orders_days
    seen = project(made, days or _LEAST_DAYS, run, store)
    bias = _bias(made, _earlier_runs(space, str(made.panel.as_of)))
    alerts = alert_frame(made, seen, bias)
    frames = {"alerts": alerts, "decisions": decision_frame(made)}
    summary: dict[str, Any] = {
        "alerts": {name: int((alerts["severity"] == name).sum()) for name in SEVERITIES},
        "released_lines_not_seen": len(made.unseen),
    }
    if days:
        frames["planned_orders"] = planned_orders_frame(made, seen)
        frames["planned_levels"] = planned_levels_frame(made, seen)
        frames["planned_money"] = money_frame(made, seen)
    if len(made.overrides):
        frames["overrides"] = made.overrides
        summary["overrides"] = len(made.overrides)
    before = memory.before
    if before is not None and before.has("decisions") and before.as_of <= str(made.panel.as_of):
        frames["changes"] = change_frame(made, before, run)
        summary["lines_changed"] = len(frames["changes"])
        if days and before.has("planned_orders"):
            summary["nervousness"] = nervousness_since(before, frames["planned_orders"], str(made.panel.as_of))
    return FollowUp(frames, summary)


def _earlier_runs(space: Workspace | None, as_of: str) -> list[RunFiles]:
    """Runs of earlier openings, the latest first, one an opening."""
    if space is None or not space.runs.is_dir():
        return []
    runs: dict[str, RunFiles] = {}
    for folder in sorted(path for path in space.runs.iterdir() if path.is_dir()):
        found = RunFiles(folder)
        # One that is damaged says nothing.
        with contextlib.suppress(OSError, ValueError, KeyError):
            whole = digest_file(folder / "forecast.parquet") == found.manifest["outputs"]["forecast.parquet"]
            if whole and found.manifest["command"] == "plan" and found.as_of < as_of:
                runs[found.as_of] = found
    return [runs[day] for day in sorted(runs, reverse=True)][:_RUNS]


def _bias(made: Plan, runs: list[RunFiles]) -> npt.NDArray[np.float64]:
    """Tracking signal of each item over the last windows that earlier runs forecast and that are known by now."""
    import pandas as pd

    calendar, keys = made.panel.calendar, made.panel.keys
    index = pd.MultiIndex.from_tuples(keys, names=["sku", "location"])
    free = np.full(len(keys), calendar.periods)
    used = np.zeros(len(keys), dtype=np.int64)
    total = np.concatenate([np.zeros((len(keys), 1)), np.cumsum(made.panel.quantity, axis=1, dtype=np.float64)], axis=1)
    windows: list[tuple[npt.NDArray[np.float64], ...]] = []
    for run in runs:
        day = int(np.datetime64(run.as_of, "D").astype(np.int64))
        start = int(calendar.index_of(np.array([day]))[0])
        forecast = run.frame("forecast").set_index(["sku", "location"]).reindex(index)
        length = np.rint(forecast["protection_periods"].fillna(0.0).to_numpy(float)).astype(np.int64)
        fits = (start >= 0) & (length > 0) & (start + length <= free) & (used < _WINDOWS)
        if not fits.any():
            continue
        rows = np.arange(len(keys))
        end = np.minimum(start + length, calendar.periods)
        actual = total[rows, end] - total[rows, max(start, 0)]
        mean, sd = (forecast[name].to_numpy(float) for name in ("demand_mean", "demand_sd"))
        windows.append(tuple(np.where(fits, values, np.nan) for values in (actual, mean, sd)))
        free = np.where(fits, start, free)
        used += fits
    if not windows:
        return np.zeros(len(keys))
    actual, mean, sd = (np.stack(values, axis=1) for values in zip(*windows, strict=True))
    return tracking_signal(actual, mean, sd)
