"""Finished stages of plans, kept in the workspace: a plan that was killed, or that differs little, takes them up again.

    workspace/cache/<stage>/<key>/...          complete when it is there: staged elsewhere, then renamed
    workspace/cache/<stage>/<key>/entry.json   digests of its files

The key of a stage is the digest of all that it reads, the source of this program among it. So nothing has to be
declared stale: what has changed has another key. A stage that is taken up gives the same bits as one that is carried
out; the files of a run don't tell whether there was a cache. An entry whose bytes have changed is told and made again.
A folder that is gone costs time and nothing else.

Only the holder of the workspace's lock writes. Each stage keeps its ``KEPT`` entries that were used last.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pipelines.workspace import digest_file

__all__ = ["FORGETFUL", "KEPT", "StageMemory", "StageStore", "code_digest"]

T = TypeVar("T")

KEPT: Final = 4
_STAGING: Final = ".staging-"
_ENTRY: Final = "entry.json"
_PACKAGES: Final = ("forecasting", "replenishment", "pipelines")
_LIBRARIES: Final = ("numpy", "scipy", "pandas", "numba", "scikit-learn", "statsmodels", "pyarrow")


class StageMemory:
    """Finished stages that one process keeps as objects, so that it need not read them again.

    What is taken from here is shared: whoever would change it copies it first.
    """

    def __init__(self) -> None:
        self._stages: dict[str, dict[str, Any]] = {}

    def get(self, stage: str, key: str) -> Any:
        """The object of an entry, None where there is none."""
        found = self._stages.get(stage, {})
        if key in found:
            found[key] = found.pop(key)  # used last
        return found.get(key)

    def put(self, stage: str, key: str, value: Any) -> None:
        """Keep an object; of each stage those ``KEPT`` stay that were used last."""
        found = self._stages.setdefault(stage, {})
        found.pop(key, None)
        found[key] = value
        for old in list(found)[:-KEPT]:
            del found[old]


@dataclass(frozen=True)
class StageStore:
    """The finished stages of a workspace.

    Attributes
    ----------
    root : the folder; None keeps and finds nothing. writable : whether new entries are kept.
    tell : is told in a sentence of an entry that is damaged, or could not be kept.
    memory : what this process remembers of it; without one everything is read from the folder.
    """

    root: Path | None
    writable: bool = True
    tell: Callable[[str], None] = lambda _: None
    memory: StageMemory | None = None

    def find(self, stage: str, key: str, read: Callable[[Path], T]) -> T | None:
        """What ``read`` makes of the folder of an entry; None without one that is whole."""
        if self.memory is not None and (known := self.memory.get(stage, key)) is not None:
            return cast(T, known)
        found = self._found(stage, key, read)
        if self.memory is not None and found is not None:
            self.memory.put(stage, key, found)
        return found

    def _found(self, stage: str, key: str, read: Callable[[Path], T]) -> T | None:
        if self.root is None or not (folder := self.root / stage / key).is_dir():
            return None
        try:
            if not _whole(folder):
                raise ValueError("its bytes have changed")
            found = read(folder)
            if self.writable:
                os.utime(folder)
            return found
        except (OSError, ValueError, KeyError, TypeError) as problem:
            self.tell(f"cache: {stage}/{key} is damaged ({problem}); it is made again")
            return None

    def has(self, stage: str, key: str) -> bool:
        """Whether there is an entry that is whole."""
        return self.root is not None and _whole(self.root / stage / key)

    def keep(self, stage: str, key: str, value: T, write: Callable[[Path, T], None]) -> None:
        """Keep a value that ``write`` writes into a folder; what can't be written is told and does no harm."""
        if self.root is None or not self.writable:
            return
        if self.memory is not None:
            self.memory.put(stage, key, value)
        try:
            self._keep(self.root / stage / key, lambda folder: write(folder, value))
            for folder in _by_use(self.root / stage)[KEPT:]:
                _remove(folder)
        except (OSError, TypeError, ValueError) as problem:
            self.tell(f"cache: {stage} could not be kept ({problem}); the next plan carries it out again")

    def _keep(self, target: Path, write: Callable[[Path], None]) -> None:
        root = target.parents[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in root.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
        try:
            write(staging)
            files = sorted(path for path in staging.rglob("*") if path.is_file())
            digests = {path.relative_to(staging).as_posix(): digest_file(path) for path in files}
            (staging / _ENTRY).write_text(json.dumps(digests), encoding="utf-8")
            if target.exists():
                _remove(target)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def prune(self, keep: int = 1, *, dry: bool = False) -> int:
        """Remove all but the ``keep`` entries of each stage that were used last; returns bytes gone (or to go)."""
        if self.root is None or not self.root.is_dir():
            return 0
        stages = sorted(path.name for path in self.root.iterdir() if path.is_dir() and not path.name.startswith("."))
        gone = [folder for stage in stages for folder in _by_use(self.root / stage)[keep:]]
        size = sum(path.stat().st_size for folder in gone for path in folder.rglob("*") if path.is_file())
        for folder in [] if dry else gone:
            _remove(folder)
        return size


FORGETFUL: Final = StageStore(None)


def _whole(folder: Path) -> bool:
    try:
        digests = json.loads((folder / _ENTRY).read_text(encoding="utf-8"))
        return all(digest_file(folder / name) == digest for name, digest in digests.items())
    except (OSError, ValueError, AttributeError):
        return False


def _by_use(stage: Path) -> list[Path]:
    """The entries of a stage, the one used last first."""
    found = [path for path in stage.iterdir() if path.is_dir()]
    return sorted(found, key=lambda path: (-path.stat().st_mtime, path.name))


def _remove(folder: Path) -> None:
    """Move an entry out of the way first, so that no half of it is ever found."""
    aside = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder.parents[1]))
    folder.rename(aside / "removed")
    shutil.rmtree(aside, ignore_errors=True)


@cache
def code_digest() -> str:
    """Digest of the source of this program and of the versions of the libraries that it computes with."""
    hasher = blake2b(digest_size=16)
    for name in _LIBRARIES:
        hasher.update(f"{name} {version(name)}\n".encode())
    here = Path(__file__).resolve().parents[1]
    for package in _PACKAGES:
        for path in sorted((here / package).rglob("*.py")):
            hasher.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()
