"""Where runs live: immutable folders, a manifest in each, and one pointer that is replaced last.

    workspace/runs/<run id>/...     complete when it is there: staged elsewhere, then renamed
    workspace/latest.json           names the newest plan; replaced atomically
    workspace/cache/...             finished stages of plans; may be deleted

The identity of a run is the digest of its inputs and configuration: the same run twice is the same run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SCHEMA_VERSION",
    "Workspace",
    "digest_file",
    "digest_text",
    "plain",
    "run_identity",
    "write_csv",
    "write_json",
    "write_parquet",
]

SCHEMA_VERSION: Final = 1
_STAGING: Final = ".staging-"


@dataclass(frozen=True)
class Workspace:
    """A folder of runs."""

    root: Path

    @property
    def runs(self) -> Path:
        """The folder that holds one folder a run."""
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        """The folder of finished stages; see :mod:`pipelines.stage_store`."""
        return self.root / "cache"

    def folder(self, run_id: str) -> Path:
        """The folder of a run, whether or not it exists."""
        if not run_id or not all(c in "0123456789abcdef" for c in run_id):
            raise ConfigurationError(f"{run_id!r} is no run id; `latest` or the name of a folder in {self.runs}")
        return self.runs / run_id

    def latest(self) -> str | None:
        """The id of the newest run, or None before the first."""
        try:
            return str(json.loads((self.root / "latest.json").read_text(encoding="utf-8"))["run_id"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as problem:
            raise UnavailableError(f"{self.root / 'latest.json'} can't be read: {problem}") from None

    def complete(self, run_id: str) -> bool:
        """Whether a run is there and every file still has the digest that its manifest states."""
        folder = self.folder(run_id)
        try:
            outputs = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["outputs"]
            return all(digest_file(folder / name) == digest for name, digest in outputs.items())
        except (OSError, ValueError, KeyError):
            return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace for one writer; a second one is told so at once."""
        import filelock

        with _disk_problems(self.root):
            self.runs.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.root / ".lock", timeout=0):
                self._sweep()
                yield
        except filelock.Timeout:
            raise UnavailableError(
                f"another run holds the workspace {self.root}; try again when it has finished"
            ) from None

    def publish(
        self, run_id: str, manifest: dict[str, Any], write: Callable[[Path], None], *, newest: bool = True
    ) -> Path:
        """Write a run beside its place, add the manifest, move it there and point ``latest.json`` to it.

        Parameters
        ----------
        manifest : what is recorded of the run; the digests of the files are added.
        write : writes the run's files into the folder that it is given.
        newest : whether ``latest.json`` is to name it; it names plans.
        """
        target = self.folder(run_id)
        with _disk_problems(self.root):
            if not self.complete(run_id):
                staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.runs))
                try:
                    write(staging)
                    names = sorted(p.relative_to(staging).as_posix() for p in staging.rglob("*") if p.is_file())
                    outputs = {name: digest_file(staging / name) for name in names}
                    write_json(
                        staging / "manifest.json",
                        {"schema": SCHEMA_VERSION, "run_id": run_id, **manifest, "outputs": outputs},
                    )
                    _sync_tree(staging)
                    staging.chmod(0o755)
                    if target.exists():
                        target.rename(Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.runs)) / "damaged")
                    staging.rename(target)
                finally:
                    shutil.rmtree(staging, ignore_errors=True)
                _sync(self.runs)
            if newest:
                self._point_to(run_id)
        return target

    def _point_to(self, run_id: str) -> None:
        temporary = self.root / f".latest-{os.getpid()}.json"
        write_json(temporary, {"schema": SCHEMA_VERSION, "run_id": run_id, "path": f"runs/{run_id}"})
        _sync(temporary)
        temporary.replace(self.root / "latest.json")
        _sync(self.root)

    def _sweep(self) -> None:
        """Remove what a killed run left behind; only the holder of the lock may."""
        for left in self.runs.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in self.root.glob(".latest-*.json"):
            left.unlink(missing_ok=True)


def run_identity(inputs: dict[str, str], config: dict[str, Any], version: str) -> str:
    """Return 16 hexadecimal digits from input digests, configuration and version."""
    text = json.dumps({"inputs": inputs, "config": config, "version": version}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame with page checksums and without library-specific metadata: the same frame, the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as RFC 4180 CSV with ISO dates; identifiers exactly as they are."""
    frame.to_csv(path, index=False, lineterminator="\r\n", date_format="%Y-%m-%d")


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value, keys in their order, unknown numbers as null."""
    path.write_text(json.dumps(plain(value), indent=2, allow_nan=False, default=str) + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """Replace numbers that JSON does not know by null."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


@contextlib.contextmanager
def _disk_problems(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        probe = next((p for p in (root, *root.parents) if p.exists()), Path())
        free = shutil.disk_usage(probe).free / 2**20
        raise UnavailableError(
            f"{root} can't be written: {problem.strerror or problem} ({free:,.0f} MiB free)"
        ) from None


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
