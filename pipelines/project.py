"""A project: ``restock.toml``, the tables it names, and the workspace beside it."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.config import PlanConfig, read_toml
from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.execution import default_jobs, thread_mapper
from pipelines.inputs import Inputs
from pipelines.memory import Memory, follows_the_run_before, memory_digests, remember
from pipelines.promise_record import read_record, record_digest
from pipelines.published import PublishedRun
from pipelines.readers import open_table
from pipelines.sources import TableSource
from pipelines.stage_store import StageMemory, StageStore
from pipelines.tracking import Tracking
from pipelines.workspace import Workspace, digest_text, run_identity, write_csv, write_json, write_parquet

__all__ = [
    "Project",
    "PublishedRun",
    "file_states",
    "manifest_of",
    "open_project",
    "preview_plan",
    "project_workspace",
    "refuse_changed",
    "run_plan",
]

_SECTIONS = {"plan", "data", "scenarios", "tracking", "workspace"}


@dataclass(frozen=True)
class Project:
    """What a command works on.

    ``scenarios``: the settings of those that the configuration describes, by name; no plan depends on them.
    """

    file: Path
    config: PlanConfig
    inputs: Inputs
    workspace: Workspace
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    tracking: Tracking = field(default_factory=Tracking)

    def digests(self) -> dict[str, str]:
        """Digest of every input file."""
        return {name: _digest(name, source) for name, source in self.inputs.given().items()}

    def identity(self, read: dict[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """The id of the plan of this project, and the digests behind it.

        Where orders depend on the run before, so does the id; planning again what that run planned is that run.

        ``read`` : digests of the input files, where they are known already.
        """
        core, digests = self.core_identity(read)
        latest = self.workspace.latest() if follows_the_run_before(self.config) else None
        if latest is None:
            return core, digests
        if _recorded(self.workspace, latest, "core") == core:
            return latest, digests
        return self.identity_of(digests, before=latest), digests

    def core_identity(self, read: dict[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """The same without the run before: inputs, what the workspace remembers, configuration and version."""
        digests = dict(self.digests() if read is None else read)
        told = record_digest(self.workspace)
        if told is not None:
            digests["told"] = told
        digests |= memory_digests(self.workspace)
        if (base := self.forecast_before()) is not None:
            digests["forecast"] = base
        return self.identity_of(digests), digests

    def forecast_before(self) -> str | None:
        """Key of the forecast that the latest plan rests on, where only what has changed is to be fitted to it anew."""
        latest = self.workspace.latest() if self.config.refit == "changed" else None
        base = None if latest is None else _recorded(self.workspace, latest, "forecast")
        return base if base is not None and self.stages(writable=False).has("forecast", base) else None

    def stages(
        self,
        *,
        writable: bool = True,
        tell: Callable[[str], None] = lambda _: None,
        memory: StageMemory | None = None,
    ) -> StageStore:
        """The finished stages of the workspace; only who holds its lock may add to them."""
        return StageStore(self.workspace.cache, writable, tell, memory)

    def identity_of(self, digests: dict[str, str], **more: str) -> str:
        """The id of a run with these inputs, this configuration and ``more`` that it depends on."""
        return run_identity(digests, {**self.config.model_dump(mode="json"), **more}, version("restock"))


def open_project(
    file: Path,
    *,
    workspace: Path | None = None,
    as_of: dt.date | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> Project:
    """Read ``restock.toml``; paths in it are relative to its folder. ``settings`` : win over those of [plan].

    Raises
    ------
    ConfigurationError
        A file that is missing or no TOML, an unknown section, table or setting, a value out of its limits.
    """
    values = read_toml(file)
    unknown = sorted(set(values) - _SECTIONS)
    if unknown:
        raise ConfigurationError(f"{file}: unknown section [{unknown[0]}]; known are {', '.join(sorted(_SECTIONS))}")
    planned = {**_section(values, "plan", file), **settings}
    if as_of is not None:
        planned["as_of"] = as_of
    if isinstance(learned := planned.get("correction"), str) and learned not in ("auto", "none", "online"):
        planned["correction"] = _read_correction(file.parent / learned, file)
    config = PlanConfig.make(planned, str(file))
    inputs = Inputs.from_configuration(_section(values, "data", file), file.parent)
    for name, source in inputs.given().items():
        for path in source.path:
            if not path.exists():
                raise ConfigurationError(f"{file}: [data] {name}: there is no file {path}", code="no_such_file")
    space = Workspace(workspace) if workspace else _workspace(values, file)
    tracking = Tracking.make(_section(values, "tracking", file), str(file))
    return Project(file, config, inputs, space, _section(values, "scenarios", file), tracking)


def _read_correction(path: Path, file: Path) -> Any:
    """Read what ``restock tune`` wrote."""
    import json

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ConfigurationError(
            f"{file}: correction = {path.name!r} can't be read ({problem}); `restock tune` writes such a file"
        ) from None


def project_workspace(file: Path) -> Workspace:
    """The workspace that a configuration names; its tables are not looked for."""
    return _workspace(read_toml(file), file)


def _workspace(values: dict[str, Any], file: Path) -> Workspace:
    return Workspace(file.parent / str(_section(values, "workspace", file).get("folder", "workspace")))


def _section(values: dict[str, Any], name: str, file: Path) -> dict[str, Any]:
    section = values.get(name, {})
    if not isinstance(section, dict):
        raise ConfigurationError(f"{file}: {name} must be a section, [{name}]")
    return section


def _say_nothing(_: str) -> None:
    """Keep what is said to oneself."""


def _digest(table: str, source: TableSource) -> str:
    """One digest of what a table's source holds now: the bytes of its files, or the rows of its query."""
    lines = [f"{Path(path).name} {digest}" for path, digest in open_table(table, source).fingerprints()]
    return digest_text("\n".join([*lines, source.model_dump_json(exclude={"path", "url"})]))


def run_plan(
    project: Project,
    *,
    jobs: int | None = None,
    progress: Callable[[str], None] = _say_nothing,
    tell: Callable[[str], None] = _say_nothing,
    memory: StageMemory | None = None,
) -> PublishedRun:
    """Plan and publish, unless this very plan has been published already.

    Stages that an earlier plan finished, a killed one too, are taken up. ``tell`` : is told of trouble with them.
    ``memory`` : what this process remembers of them; see :class:`pipelines.session.PlanningSession`.
    """
    import json

    before = file_states(project)
    # Inputs that can't be read are refused before anything is written, if only a lock.
    read = project.digests()
    space = project.workspace
    with space.locked():
        # Under the lock: what the workspace remembers is part of the identity.
        run_id, digests = project.identity(read)
        repeated = space.complete(run_id)
        if repeated:
            space.publish(run_id, {}, lambda _: None)
        else:
            known = remember(space, _run_before(space, run_id))
            stages = project.stages(tell=tell, memory=memory)
            space.publish(run_id, *_compute(project, digests, before, jobs, progress, known, stages))
    folder = space.folder(run_id)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return PublishedRun(run_id, folder, summary, repeated)


@contextlib.contextmanager
def preview_plan(
    project: Project, *, jobs: int | None = None, progress: Callable[[str], None] = lambda _: None
) -> Iterator[PublishedRun]:
    """Plan as :func:`run_plan` would, into a folder that is gone afterwards; the workspace is only read."""
    import json

    before = file_states(project)
    run_id, digests = project.identity()
    memory = remember(project.workspace, _run_before(project.workspace, run_id))
    stages = project.stages(writable=False)
    _, write = _compute(project, digests, before, jobs, progress, memory, stages)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        summary = json.loads((Path(name) / "summary.json").read_text(encoding="utf-8"))
        yield PublishedRun(run_id, Path(name), summary, repeated=False)


def _run_before(space: Workspace, run_id: str) -> str | None:
    """The newest run that is whole and another one; of a run that is made again, the one that it followed."""
    latest = space.latest()
    found = _recorded(space, run_id, "before") if latest == run_id else latest
    return found if found is not None and space.complete(found) else None


def _recorded(space: Workspace, run_id: str, what: str) -> str | None:
    """What the manifest of a run says, None where it can't be read."""
    import json

    try:
        manifest = json.loads((space.folder(run_id) / "manifest.json").read_text(encoding="utf-8"))
        return None if manifest[what] is None else str(manifest[what])
    except (OSError, ValueError, KeyError):
        return None


def _named(source: TableSource) -> list[str]:
    """What a manifest says of a source: file names or the query, never an address that may hold a password."""
    return [path.name for path in source.path] or [str(source.query)]


def file_states(project: Project) -> dict[tuple[str, Path], tuple[int, ...]]:
    """Size, times and number of every input file: what changes when another program writes into it."""
    states: dict[tuple[str, Path], tuple[int, ...]] = {}
    for name, source in project.inputs.given().items():
        for path in source.path:
            for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
                found = part.stat()
                states[name, part] = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    return states


def refuse_changed(project: Project, before: dict[tuple[str, Path], tuple[int, ...]]) -> None:
    """A plan must not be made of half an export."""
    after = file_states(project)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if changed:
        table, path = changed[0]
        raise UnavailableError(
            f"{table}: {path} changed while it was read; run again when its export is complete", code="file_changed"
        )


def _compute(
    project: Project,
    digests: dict[str, str],
    before: dict[tuple[str, Path], tuple[int, ...]],
    jobs: int | None,
    progress: Callable[[str], None],
    memory: Memory,
    stages: StageStore,
) -> tuple[dict[str, Any], Callable[[Path], None]]:
    """Plan; return what the manifest says and what writes the files."""
    from pipelines.jobs.backordering import tend_backorders
    from pipelines.jobs.following_up import follow_up
    from pipelines.jobs.planning import make_plan, plan_frames
    from pipelines.jobs.simulating import simulate_plan

    run = thread_mapper(jobs or default_jobs())
    made = make_plan(
        project.inputs,
        project.config,
        run=run,
        progress=progress,
        memory=memory,
        store=stages,
        base=project.forecast_before(),
    )
    refuse_changed(project, before)
    progress("simulating")
    simulated = simulate_plan(made, run=run, store=stages) if project.config.simulation_paths else None
    result = plan_frames(made, simulated)
    progress("looking ahead")
    follow = follow_up(made, memory, project.workspace, run, stages)
    progress("tending backorders")
    tended = tend_backorders(made, read_record(project.workspace), run=run, store=stages)
    progress("writing the run")

    def write(folder: Path) -> None:
        write_parquet(result.recommendations, folder / "recommendations.parquet")
        write_csv(result.recommendations, folder / "recommendations.csv")
        write_csv(result.order_lines, folder / "order_lines.csv")
        tables = ("policy", "forecast", "safety_stock", "simulation", "log", "stock_outs", "order_lines", "next_packs")
        for name in tables:
            write_parquet(getattr(result, name), folder / f"{name}.parquet")
        (folder / "quarantine").mkdir()
        for table, rows in result.quarantine.groupby("table"):
            write_csv(rows, folder / "quarantine" / f"{table}.csv")
        write_parquet(result.repairs, folder / "repairs.parquet")
        if len(result.channels):
            write_parquet(result.channels, folder / "channels.parquet")
        write_csv(follow.frames["alerts"], folder / "alerts.csv")
        for name, frame in (follow.frames | tended.files()).items():
            write_parquet(frame, folder / f"{name}.parquet")
        write_csv(tended.backorders, folder / "backorders.csv")
        write_json(folder / "backorders.json", tended.summary)
        write_json(folder / "summary.json", result.summary | follow.summary)

    remembered = {
        "core": project.core_identity({name: digests[name] for name in project.inputs.given()})[0],
        "before": None if memory.before is None else memory.before.run_id,
        "forecast": made.forecast.identity.taught or made.forecast.identity.key,
        "refitted": None if made.forecast.refitted is None else len(made.forecast.refitted),
        "released": [] if memory.released is None else sorted(set(memory.released["po"])),
    }
    return {**manifest_of(project, "plan", digests), **remembered}, write


def manifest_of(project: Project, command: str, digests: dict[str, str]) -> dict[str, Any]:
    """What a run records of where it came from."""
    versions = {name: version(name) for name in ("restock", "numpy", "pandas", "scipy", "numba", "pyarrow")}
    return {
        "command": command,
        "inputs": {
            name: {"source": _named(source), "sha256": digests[name]} for name, source in project.inputs.given().items()
        },
        "config": project.config.model_dump(mode="json"),
        "versions": versions,
    }
