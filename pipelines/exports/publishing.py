"""Folders of exported files: complete with a manifest when they are there, the same bytes for the same run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.exports.run_files import RunFiles
from pipelines.workspace import SCHEMA_VERSION, digest_file, write_json

__all__ = ["file_name", "publish_files"]


def publish_files(target: Path, kind: str, run: RunFiles, write: Callable[[Path], None]) -> list[Path]:
    """Write files beside their place, add ``manifest.json``, and move them there together.

    An earlier export of the same kind in ``target`` makes way; a folder that is anything else is left alone.

    Parameters
    ----------
    write : writes the files into the folder that it is given.

    Raises
    ------
    ConfigurationError
        ``target`` holds other things.
    UnavailableError
        It can't be written.
    """
    if target.exists() and not _is_export(target):
        raise ConfigurationError(f"{target} is there and no export of restock's; name another folder with --output")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=target.parent))
        try:
            write(staging)
            names = sorted(p.relative_to(staging).as_posix() for p in staging.rglob("*") if p.is_file())
            manifest = {
                "schema": SCHEMA_VERSION,
                "export": kind,
                "run_id": run.run_id,
                "as_of": run.as_of,
                "run_manifest": digest_file(run.folder / "manifest.json"),
                "outputs": {name: digest_file(staging / name) for name in names},
            }
            write_json(staging / "manifest.json", manifest)
            staging.chmod(0o755)
            _put(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as problem:
        raise UnavailableError(f"{target} can't be written: {problem.strerror or problem}") from None
    return [target / name for name in [*names, "manifest.json"]]


def _put(staging: Path, target: Path) -> None:
    """Move a finished folder to its place, files and folder safely on disk."""
    for path in [*staging.rglob("*"), staging]:
        _sync(path)
    old = Path(tempfile.mkdtemp(prefix=".staging-", dir=target.parent))
    try:
        with contextlib.suppress(FileNotFoundError):
            target.rename(old / "before")
        staging.rename(target)
    finally:
        shutil.rmtree(old, ignore_errors=True)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_export(folder: Path) -> bool:
    import json

    try:
        return "export" in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return folder.is_dir() and not any(folder.iterdir())


def file_name(identifier: str) -> str:
    """A safe file name that still tells an identifier: its plain letters and eight digits of its digest.

    An identifier is data and may be ``../x`` or ``CON``; the digest keeps those apart that look alike.
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", identifier).strip("-")[:40] or "supplier"
    return f"{plain}-{hashlib.sha256(identifier.encode()).hexdigest()[:8]}"
