"""Fitted planners in the model registry of MLflow: code and Parquet, promoted when a replay speaks for them.

A version holds the fitted forecaster and the configuration of its plan. The alias ``champion`` names the one in use.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.project import Project
from pipelines.tracking import RUN_TAG, connected
from pipelines.workspace import write_json

if TYPE_CHECKING:
    from pipelines.jobs.replaying import ReplayResult

__all__ = ["CHAMPION", "MODEL", "Verdict", "judge", "promote", "register_planner"]

MODEL: Final = "restock-planner"
CHAMPION: Final = "champion"
# How much worse a challenger may be in one respect when it is better in the other: points of the rate, share of stock.
_RATE_TOLERANCE, _STOCK_TOLERANCE = 0.005, 0.02
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """Whether the alias moves, and why; differences are challenger less champion, with their 95 % intervals."""

    promoted: bool
    challenger: str
    champion: str | None
    why: str
    rate: tuple[float, float, float] | None = None
    stock: tuple[float, float, float] | None = None


def register_planner(project: Project, *, jobs: int | None = None, progress: Progress = lambda _: None) -> str:
    """Fit the planner of a project and register it; the same inputs and configuration are one version, its number."""
    from pipelines.execution import default_jobs, thread_mapper
    from pipelines.jobs.planning import make_plan

    identity = project.identity_of(project.digests(), command="register")
    with connected(project.workspace, project.tracking.experiment) as (client, experiment):
        for known in _versions(client):
            if known.tags.get(RUN_TAG) == identity:
                return str(known.version)
        run = thread_mapper(jobs or default_jobs())
        made = make_plan(project.inputs, project.config, run=run, progress=progress)
        progress("registering the planner")
        tags = {RUN_TAG: identity, "restock.command": "register"}
        told = client.create_run(experiment, run_name=f"register {identity}", tags=tags)
        with tempfile.TemporaryDirectory() as folder:
            client.log_artifacts(told.info.run_id, str(_save(made.forecaster, project.config, Path(folder))), "model")
        client.set_terminated(told.info.run_id)
        if not client.search_registered_models(f"name = '{MODEL}'"):
            client.create_registered_model(MODEL)
        source = f"{told.info.artifact_uri}/model"
        return str(client.create_model_version(MODEL, source, told.info.run_id, tags=tags).version)


def _save(forecaster: Any, config: PlanConfig, folder: Path) -> Path:
    """Write the model as MLflow loads it: code, Parquet, JSON."""
    from mlflow.pyfunc import save_model

    planner = folder / "planner"
    forecaster.save(planner)
    write_json(planner / "config.json", config.model_dump(mode="json"))
    save_model(
        folder / "model",
        python_model=str(Path(__file__).with_name("planner_model.py")),
        artifacts={"planner": str(planner)},
        signature=_signature(),
        pip_requirements=[f"restock=={version('restock')}"],
    )
    return folder / "model"


def _signature() -> Any:
    """What the model takes: identifiers stay text where a server reads them from JSON, and levels may be asked for."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    from pipelines.planner_model import LEVELS

    columns = (("string", "sku"), ("string", "location"), ("long", "periods"))
    return ModelSignature(
        inputs=Schema([ColSpec(kind, name) for kind, name in columns]),
        params=ParamSchema([ParamSpec("levels", "double", list(LEVELS), shape=(-1,))]),
    )


def promote(
    project: Project, start: dt.date, end: dt.date, *, jobs: int | None = None, progress: Progress = lambda _: None
) -> Verdict:
    """Replay the newest version and the champion over the same window, and move the alias if the newest is better.

    Raises
    ------
    ConfigurationError
        Nothing is registered, or the window can't be replayed. UnavailableError : the registry does not answer.
    """
    from pipelines.jobs.replaying import replay

    with connected(project.workspace, project.tracking.experiment) as (client, _):
        versions = _versions(client)
        if not versions:
            raise ConfigurationError("no planner is registered yet; `restock register` does it")
        newest = str(max(int(each.version) for each in versions))
        champion = client.get_registered_model(MODEL).aliases.get(CHAMPION)
        if champion is None:
            client.set_registered_model_alias(MODEL, CHAMPION, newest)
            return Verdict(True, newest, None, "there was no champion to compare it with")
        if str(champion) == newest:
            return Verdict(False, newest, newest, "the newest version is the champion already")
        results = []
        for number in (newest, str(champion)):
            progress(f"replaying version {number}")
            results.append(replay(project.inputs, _config_of(client, number), start, end, jobs=jobs))
        verdict = judge(results[0], results[1], newest, str(champion))
        if verdict.promoted:
            client.set_registered_model_alias(MODEL, CHAMPION, newest)
        return verdict


def judge(challenger: ReplayResult, champion: ReplayResult, newest: str, present: str) -> Verdict:
    """Hold two replays of the same demand against each other, item by item.

    Better is fewer backorders or less stock beyond chance, without being worse in the other by more than a tolerance:
    half a point of the backorder rate, 2 % of the stock (its value where every cost is known, else units).
    """
    from forecasting.identity import stream_keys
    from replenishment.paired_bootstrap import paired_difference

    key = ["sku", "location"]
    both = challenger.items.merge(champion.items, on=key, suffixes=("", "_champion"))
    both = both[both["demanded_before"] & both["demanded_before_champion"]]
    keys = stream_keys(both["sku"].tolist(), both["location"].tolist(), 0)
    by = "mean_stock_value" if both["mean_stock_value"].notna().all() else "mean_stock"
    new, old = (
        (both[f"units_backordered{whose}"] + both[f"units_lost{whose}"]).to_numpy(float) for whose in ("", "_champion")
    )
    demanded = both["units_demanded_champion"].to_numpy(float)
    rate = paired_difference(new, old, demanded, keys)
    held = both[f"{by}_champion"].to_numpy(float)
    stock = paired_difference(both[by].to_numpy(float), held, held, keys)
    better = rate.high < 0 or stock.high < 0
    no_worse = rate.high <= _RATE_TOLERANCE and stock.high <= _STOCK_TOLERANCE
    told = (
        f"backorder rate {rate.estimate:+.2%} ({rate.low:+.2%} to {rate.high:+.2%}), "
        f"stock {stock.estimate:+.1%} ({stock.low:+.1%} to {stock.high:+.1%}) over {len(both)} items"
    )
    why = (
        "better beyond chance"
        if better and no_worse
        else "not better beyond chance"
        if not better
        else ("better in one respect, but worse in the other by more than is tolerated")
    )
    intervals = ((each.estimate, each.low, each.high) for each in (rate, stock))
    return Verdict(better and no_worse, newest, present, f"{why}: {told}", *intervals)


def _versions(client: Any) -> list[Any]:
    return list(client.search_model_versions(f"name = '{MODEL}'"))


def _config_of(client: Any, number: str) -> PlanConfig:
    """The configuration that a version was registered with."""
    run_id = client.get_model_version(MODEL, number).run_id
    with tempfile.TemporaryDirectory() as folder:
        file = client.download_artifacts(run_id, "model/artifacts/planner/config.json", folder)
        values = json.loads(Path(file).read_text(encoding="utf-8"))
    return PlanConfig.make(values, f"version {number} of {MODEL}")
