"""Whether the installation is sound: ours are the packages imported, versions fit, cache and disk work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import doctor
from pipelines.doctor import Check, examine

ROOT = Path(__file__).resolve().parents[2]


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


@pytest.fixture
def checks(tmp_path: Path) -> dict[str, Check]:
    return by_name(examine(tmp_path))


def test_this_installation_is_sound(checks: dict[str, Check]) -> None:
    assert [c for c in checks.values() if not c.sound] == []


def test_everything_that_a_plan_needs_is_looked_at(checks: dict[str, Check]) -> None:
    wanted = {
        *("python", "package forecasting", "package replenishment", "package pipelines", "compiled cache", "workspace"),
        *("numpy", "pandas", "pandera", "pyarrow", "numba", "scipy", "click", "pydantic", "filelock"),
    }
    assert wanted <= set(checks)
    assert checks["python"].found == sys.version.split()[0]
    assert checks["package replenishment"].found == str(ROOT / "replenishment")


def test_nothing_is_changed_by_looking(tmp_path: Path) -> None:
    examine(tmp_path / "not there")
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_package_of_the_same_name_makes_it_unsound(tmp_path: Path) -> None:
    """Another project owns the name replenishment on the package index; here it comes first on the path."""
    (tmp_path / "replenishment").mkdir()
    (tmp_path / "replenishment" / "__init__.py").write_text("__version__ = '9'\n")
    told = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "doctor", "--json", "--workspace", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )  # fmt: skip
    assert told.returncode == 5, told.stderr
    answer = json.loads(told.stdout)
    assert answer["status"] == "unsound"
    bad = [check for check in answer["checks"] if not check["sound"]]
    assert [check["name"] for check in bad] == ["package replenishment"]
    assert bad[0]["found"] == str(tmp_path / "replenishment")
    assert "uninstall the other package called replenishment" in bad[0]["remedy"]


def test_a_foreign_module_without_a_file_is_unsound_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stray folder of that name imports as a namespace package, without a file."""
    real = doctor.import_module
    monkeypatch.setattr(
        doctor, "import_module", lambda name: SimpleNamespace(__file__=None) if name == "replenishment" else real(name)
    )
    assert not by_name(examine(tmp_path))["package replenishment"].sound


@pytest.mark.parametrize("have", [None, "0.1"], ids=["missing", "too old"])
def test_a_requirement_that_is_not_met_is_named_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, have: str | None
) -> None:
    real = doctor.version

    def version(name: str) -> str:
        if name == "pyarrow" and have is None:
            raise doctor.PackageNotFoundError(name)
        return str(have) if name == "pyarrow" else real(name)

    monkeypatch.setattr(doctor, "version", version)
    check = by_name(examine(tmp_path))["pyarrow"]
    assert not check.sound
    assert check.found == (have or "missing")
    assert "pip install 'pyarrow" in check.remedy


def test_an_uninstalled_distribution_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(name: str) -> list[str]:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", nothing)
    assert not by_name(examine(tmp_path))["distribution restock"].sound


def test_a_workspace_that_can_t_be_written_is_unsound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", full)
    check = by_name(examine(tmp_path))["workspace"]
    assert not check.sound
    assert "No space left" in check.found


def test_a_file_in_the_place_of_the_workspace_is_unsound(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("no folder")
    assert not by_name(examine(tmp_path / "workspace"))["workspace"].sound
