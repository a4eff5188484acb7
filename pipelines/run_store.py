"""The runs of a workspace as a list, and which of them are old enough to go."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.overrides import recorded_overrides
from pipelines.released_orders import recorded_releases
from pipelines.stage_store import StageStore
from pipelines.workspace import Workspace

__all__ = ["StoredRun", "prune_cache", "prune_runs", "stored_runs"]


@dataclass(frozen=True)
class StoredRun:
    """One run on disk. ``written``: seconds since 1970 when it was published; ``size``: bytes of its files."""

    run_id: str
    command: str
    as_of: str
    written: float
    size: int
    latest: bool
    readable: bool
    summary: dict[str, Any]


def stored_runs(space: Workspace) -> list[StoredRun]:
    """All runs, the newest first; one that can't be read is listed as such."""
    if not space.runs.is_dir():
        return []
    latest = space.latest()
    folders = [path for path in space.runs.iterdir() if path.is_dir() and not path.name.startswith(".")]
    runs = [_stored(path, path.name == latest) for path in folders]
    return sorted(runs, key=lambda run: (-run.written, run.run_id))


def _stored(folder: Path, latest: bool) -> StoredRun:
    command, summary, readable = "", {}, False
    with contextlib.suppress(OSError, ValueError, KeyError):
        command = str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["command"])
        summary = dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
        readable = True
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    as_of = str(summary.get("as_of", ""))
    return StoredRun(folder.name, command, as_of, folder.stat().st_mtime, size, latest, readable, summary)


def prune_runs(space: Workspace, keep: int, *, dry: bool = False) -> list[StoredRun]:
    """Remove all but the newest ``keep`` runs; returns what went (or would go).

    The latest run, the one that it followed, and runs that a record refers to (their orders were released or
    overridden) stay. Each folder is moved out of the way before it is removed, so that no half run is ever found.
    The caller holds the lock of the workspace unless ``dry``.
    """
    kept = _needed(space)
    gone = [run for run in stored_runs(space)[keep:] if run.run_id not in kept]
    for run in [] if dry else gone:
        aside = Path(tempfile.mkdtemp(prefix=".staging-", dir=space.runs))
        space.folder(run.run_id).rename(aside / "pruned")
        shutil.rmtree(aside, ignore_errors=True)
    return gone


def prune_cache(space: Workspace, *, dry: bool = False) -> int:
    """Remove finished stages but the newest of each kind; returns bytes that went (or would go).

    The caller holds the lock of the workspace unless ``dry``.
    """
    return StageStore(space.cache).prune(1, dry=dry)


def _needed(space: Workspace) -> set[str]:
    latest = space.latest()
    found = {latest} if latest else set()
    if latest is not None:
        with contextlib.suppress(OSError, ValueError):
            manifest = json.loads((space.folder(latest) / "manifest.json").read_text(encoding="utf-8"))
            found |= {manifest["before"]} if manifest.get("before") else set()
    found |= set(recorded_releases(space)["run_id"])
    overrides = recorded_overrides(space)
    return found | (set() if overrides is None else set(overrides["run_id"]))
