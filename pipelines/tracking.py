"""Runs told to MLflow: parameters, digests, scores, tables and pictures of what lies in a run's folder.

A run is published first and told afterwards, from its files, so that tracking changes no plan and can be repeated: the
same run is told once. MLflow is imported where something is told and nowhere else; that takes seconds. A server that is
away or silent is found out before the import, within ``KNOCK`` seconds, and one that falls silent later is left after
``PATIENCE``, with its last word, that the MLflow run has failed; whatever goes wrong, the run itself stays good.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from ssl import SSLError
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.config import describe_problem
from pipelines.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.published import PublishedRun
    from pipelines.workspace import Workspace

__all__ = ["RUN_TAG", "Tracking", "connected", "flattened", "load_mlflow", "scores_of", "store_of", "track_run"]

KNOCK: Final = 3.0
PATIENCE: Final = 7.0
_LAST_WORD: Final = 1.5
RUN_TAG: Final = "restock.run_id"
_DATABASE, _ARTIFACTS = "mlflow.db", "mlflow-artifacts"
# Read by MLflow: nothing goes out but to the store, no request waits for minutes, standard output is left alone. A
# request that wasn't answered in time may have been carried out all the same: tried again, it makes a second run, and
# the first one seems to go on for ever. A server under load is waited for instead.
_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": f"{PATIENCE:.0f}",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
# Tables of scores by command, with the columns that name a row.
_SCORES: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "replay": (("service.parquet", ("group", "value")),),
    "backtest": (
        ("service.parquet", ("rule", "group", "value")),
        ("decisions.parquet", ("rule",)),
        ("scores.parquet", ("model", "class", "level")),
    ),
}
_LONGEST_VALUE: Final = 6000
_AT_ONCE: Final = 100
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Tracking(BaseModel):
    """The section ``[tracking]`` of restock.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(False, description="tell MLflow of every run; --track and --no-track win")
    experiment: str = Field("restock", min_length=1, max_length=250, description="name of the experiment")

    @classmethod
    def make(cls, values: dict[str, Any], source: str) -> Tracking:
        """Build from plain values; problems are named with their ``source``."""
        try:
            return cls(**values)
        except ValidationError as problem:
            raise ConfigurationError(f"{source}: [tracking] {describe_problem(problem, cls.model_fields)}") from None


def store_of(space: Workspace) -> str:
    """Where runs are told: the server of MLFLOW_TRACKING_URI, else a SQLite file in the workspace."""
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    return given or f"sqlite:///{(space.root / _DATABASE).resolve()}"


def track_run(
    run: PublishedRun, space: Workspace, tracking: Tracking, warn: Callable[[str], None] = lambda _: None
) -> str | None:
    """Tell MLflow of a published run, unless it has been told already.

    Parameters
    ----------
    warn : is told in a sentence why nothing could be tracked; the run itself is not in question.

    Returns
    -------
    The id of the MLflow run; None where the store can't be reached.
    """
    try:
        with connected(space, tracking.experiment) as (client, experiment):
            return _tell(client, experiment, run, store_of(space))
    except UnavailableError as problem:
        warn(f"not tracked: {problem}")
    except Exception as problem:  # a store may need a package or a right that is missing here; the run is published
        warn(f"not tracked: {type(problem).__name__}: {_first_words(problem)}")
    return None


def load_mlflow(space: Workspace) -> None:
    """Load what telling takes, so that it need not wait later; a database that is there is opened, and only read.

    Raises
    ------
    UnavailableError
        The store does not answer; nothing is loaded then.
    """
    _refuse_absent(store := store_of(space))
    _prepare()
    import mlflow
    import pandas  # noqa: F401 - reads tables of scores
    import pyarrow.parquet  # noqa: F401 - the same

    if store.startswith("sqlite:"):
        import mlflow.store.tracking.sqlalchemy_store
    if (space.root / _DATABASE).exists():
        _be_quiet()
        # MLflow keeps the store it has opened. What is wrong with it is said when something is told.
        with contextlib.suppress(Exception):
            mlflow.MlflowClient(tracking_uri=store, registry_uri=store).search_experiments(max_results=1)


def _prepare() -> None:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def connected(space: Workspace, experiment: str) -> Iterator[tuple[Any, str]]:
    """Give an MLflow client and the id of an experiment, made where it is missing.

    Raises
    ------
    UnavailableError
        The store does not answer, at first or later on.
    """
    store = store_of(space)
    _refuse_absent(store)
    _prepare()
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    _be_quiet()
    try:
        client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
        yield client, _within(PATIENCE, lambda: _experiment(client, experiment, space, store), store)
    except (MlflowException, SQLAlchemyError, OSError) as problem:
        raise UnavailableError(f"MLflow at {_shown(store)}: {_first_words(problem)}") from None


def _experiment(client: Any, name: str, space: Workspace, store: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    beside = (space.root / _ARTIFACTS).resolve().as_uri() if store.startswith("sqlite:") else None
    return str(client.create_experiment(name, artifact_location=beside))


def _tell(client: Any, experiment: str, run: PublishedRun, store: str) -> str:
    """Write one MLflow run; what an earlier, broken attempt left is removed."""
    found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run.run_id}'")
    for broken in (each for each in found if each.info.status != "FINISHED"):
        client.delete_run(broken.info.run_id)
    for told in (each for each in found if each.info.status == "FINISHED"):
        return str(told.info.run_id)
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    tags = {RUN_TAG: run.run_id, "restock.command": manifest["command"]}
    tags |= {f"input.{name}": source["sha256"] for name, source in manifest["inputs"].items()}
    tags |= {f"version.{name}": number for name, number in manifest["versions"].items()}
    made = client.create_run(experiment, run_name=f"{manifest['command']} {run.run_id}", tags=tags)
    number = str(made.info.run_id)
    try:
        _fill(client, number, run, manifest, made.info.start_time)
    except BaseException:
        # Else it would seem to go on for ever.
        with contextlib.suppress(Exception):
            _within(_LAST_WORD, lambda: str(client.set_terminated(number, "FAILED")), store)
        raise
    return number


def _fill(client: Any, number: str, run: PublishedRun, manifest: dict[str, Any], began: int) -> None:
    """Tell all that a run holds, and that it is finished."""
    from mlflow.entities import Metric, Param, RunTag

    params = [Param(key, value) for key, value in flattened(manifest["config"]).items()]
    metrics = [Metric(key, value, began, 0) for key, value in scores_of(run, manifest["command"]).items()]
    for first in range(0, max(len(params), len(metrics)), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        client.log_batch(number, metrics=metrics[part], params=params[part], tags=list[RunTag]())
    client.log_artifacts(number, str(run.folder), "run")
    for name, figure in _figures(run.folder):
        client.log_figure(number, figure, f"figures/{name}.png")
    client.set_terminated(number)


def flattened(value: Any, name: str = "") -> dict[str, str]:
    """One text a setting, nested ones with dots; lists, and tables whose keys are data, stay together as JSON."""
    if isinstance(value, dict) and value and all(_PLAIN_NAME.fullmatch(str(key)) for key in value):
        parts = [flattened(item, f"{name}.{key}" if name else str(key)) for key, item in value.items()]
        return {key: text for part in parts for key, text in part.items()}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return {name: text[:_LONGEST_VALUE]}


def scores_of(run: PublishedRun, command: str) -> dict[str, float]:
    """The numbers of a run, pooled and by segment: every finite number of its summary, and its tables of scores."""
    import pandas as pd

    found = {name: value for name, value in run.summary.items() if isinstance(value, int | float)}
    if command == "plan":
        found |= _segments(_by_class(run.folder), ("class",))
    for file, labels in _SCORES.get(command, ()):
        found |= _segments(pd.read_parquet(run.folder / file), labels)
    return {name[:250]: float(value) for name, value in found.items() if _is_number(value)}


def _by_class(folder: Path) -> pd.DataFrame:
    """Order lines, order value and expected backorder rate of a plan, weighted by mean demand, by class of demand."""
    import pandas as pd

    key = ["sku", "location"]
    lines = pd.read_parquet(folder / "recommendations.parquet")
    lines = lines.merge(pd.read_parquet(folder / "forecast.parquet")[[*key, "class"]], on=key)
    known = lines["expected_backorder_rate"].notna()
    weight = lines["demand_mean"].where(known, 0.0)
    lines = lines.assign(
        items=1, order_lines=lines["order_quantity"] > 0, weight=weight, short=weight * lines["expected_backorder_rate"]
    )
    sums = lines.groupby("class")[["items", "order_lines", "order_value", "weight", "short"]].sum().reset_index()
    rate = sums["short"] / sums["weight"].where(sums["weight"] > 0)
    return sums.assign(expected_backorder_rate=rate).drop(columns=["weight", "short"])


def _segments(table: pd.DataFrame, labels: tuple[str, ...]) -> dict[str, float]:
    """Every number of a table, named by its column and the labels of its row."""
    import pandas as pd

    numbers = [c for c in table.columns if c not in labels and pd.api.types.is_numeric_dtype(table[c])]
    return {
        ".".join([_safe(column), *(_safe(str(row[label])) for label in labels)]): row[column]
        for row in table.to_dict("records")
        for column in numbers
    }


def _safe(text: str) -> str:
    """A text as part of a metric's name: what MLflow does not allow, as its code point."""
    return re.sub(r"[^A-Za-z0-9_\- ]", lambda found: f"_{ord(found[0]):x}_", text)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and value == value and abs(value) != float("inf")


def _figures(folder: Path) -> Iterator[tuple[str, Any]]:
    """Pictures of what a run holds."""
    import pandas as pd

    service, curve = folder / "service.parquet", folder / "exchange_curve.parquet"
    if not service.exists() and not curve.exists():
        return  # the plots load much
    from replenishment import plots

    if service.exists():
        table: pd.DataFrame = pd.read_parquet(service)
        plan = table[table["rule"] == "plan"] if "rule" in table else table
        yield "promised_and_achieved", _drawn(lambda axes: plots.promised_and_achieved(axes, plan))
    if curve.exists():
        points = pd.read_parquet(curve)
        yield "exchange_curve", _drawn(lambda axes: plots.exchange_curve(axes, points))


def _drawn(draw: Callable[[Any], Any]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    draw(figure.subplots())
    return figure


def _refuse_absent(store: str) -> None:
    """Ask a server for any answer at all, before seconds are spent on an import."""
    place = urlsplit(store)
    if place.scheme not in ("http", "https") or place.scheme in getproxies() or not place.hostname:
        return
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    with contextlib.closing(kind(place.hostname, place.port, timeout=KNOCK)) as connection:
        try:
            connection.request("GET", f"{place.path.rstrip('/')}/health")
            connection.getresponse()
        except SSLError:
            return  # somebody is there; whether to trust them is MLflow's to say
        except (OSError, HTTPException) as problem:
            raise UnavailableError(f"no MLflow server answers at {_shown(store)} ({problem})") from None


def _within(seconds: float, work: Callable[[], str], store: str) -> str:
    """Do a first piece of work with a server; give up when it takes too long (a thread can't be ended, but left)."""
    if not store.startswith("http"):
        return work()
    found: list[str] = []
    failed: list[Exception] = []

    def attempt() -> None:
        try:
            found.append(work())
        except Exception as problem:
            failed.append(problem)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise UnavailableError(f"the MLflow server at {_shown(store)} did not answer within {seconds:g} s")
    return found[0]


def _shown(store: str) -> str:
    """An address without user, password and query."""
    place = urlsplit(store)
    return store if not place.hostname else f"{place.scheme}://{place.hostname}:{place.port or ''}{place.path}"


def _first_words(problem: Exception) -> str:
    """The beginning of a message, without the user and password of an address in it."""
    return re.sub(r"//[^/@\s]*@", "//", next(iter(str(problem).splitlines()), type(problem).__name__))[:300]


def _be_quiet() -> None:
    """Leave what MLflow and the migrations of its database have to say to those who ask for it."""
    import logging
    import warnings

    warnings.filterwarnings("ignore", module="mlflow")
    for name in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
