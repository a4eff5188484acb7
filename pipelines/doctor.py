"""Is the installation sound? Ours are the packages imported, the versions fit, the compiled cache and disk work."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

__all__ = ["Check", "examine"]


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    sound: bool
    found: str
    remedy: str = ""


def examine(workspace: Path) -> list[Check]:
    """Look at everything; nothing is changed."""
    return [_python(), *_own_packages(), *_requirements(), _compiled(), _writable(workspace)]


def _python() -> Check:
    return Check("python", sys.version_info >= (3, 11), sys.version.split()[0], "Python 3.11 or later is needed")


def _own_packages() -> Iterator[Check]:
    """Another project owns the import name ``replenishment`` on the package index."""
    home = Path(__file__).resolve().parent.parent
    for name in ("forecasting", "replenishment", "pipelines"):
        place = Path(str(import_module(name).__file__)).resolve().parent
        yield Check(
            f"package {name}",
            place == home / name,
            str(place),
            f"this is not restock's: uninstall the other package called {name}",
        )


def _requirements() -> Iterator[Check]:
    from packaging.requirements import Requirement

    try:
        needed = requires("restock") or []
    except PackageNotFoundError:
        yield Check("distribution restock", False, "not installed", "install it with pip")
        return
    for text in needed:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            have = version(requirement.name)
        except PackageNotFoundError:
            yield Check(requirement.name, False, "missing", f"pip install '{requirement}'")
            continue
        yield Check(
            requirement.name,
            requirement.specifier.contains(have, prereleases=True),
            have,
            f"pip install '{requirement}'",
        )


def _compiled() -> Check:
    """Compile or load one kernel and see whether it stays in the cache."""
    import numpy as np

    from forecasting.kernels.scatter import mark_days

    mark_days(np.zeros(1, dtype=np.int32), 0, np.zeros(1, dtype=np.uint8))
    cache = getattr(mark_days, "_cache", None)
    place = Path(str(getattr(cache, "cache_path", "")))
    kept = place.is_dir() and any(place.glob("scatter.mark_days*"))
    return Check(
        "compiled cache",
        kept,
        str(place),
        "make this folder writable, or set NUMBA_CACHE_DIR to one that is; without it every start compiles anew",
    )


def _writable(workspace: Path) -> Check:
    probe = next(p for p in (workspace, *workspace.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=probe):
            return Check("workspace", True, str(workspace))
    except OSError as problem:
        return Check("workspace", False, f"{workspace}: {problem.strerror}", "choose another folder with --workspace")
