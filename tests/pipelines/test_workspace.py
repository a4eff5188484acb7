"""Runs on disk: complete when they are there, found again by their identity, safe from crashes at every step."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.workspace import Workspace, digest_file, plain, run_identity, write_csv, write_json, write_parquet
from tests.pipelines.shop import SKUS, bytes_of

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "0a", "0b"


def write_something(folder: Path) -> None:
    (folder / "quarantine").mkdir()
    (folder / "quarantine" / "sales.csv").write_text("a,b\n")
    (folder / "recommendations.csv").write_text("sku\n00123\n")


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with one run."""
    space = Workspace(tmp_path / "workspace")
    with space.locked():
        space.publish(OLD, {"command": "plan"}, write_something)
    return space


def leftovers(space: Workspace) -> list[str]:
    """Everything in the workspace that is neither a run, nor the pointer, nor the lock."""
    known = {"runs", "latest.json", ".lock"}
    inside = [p.name for p in space.runs.iterdir() if not all(c in "0123456789abcdef" for c in p.name)]
    return [p.name for p in space.root.iterdir() if p.name not in known] + inside


def test_there_is_no_latest_run_before_the_first(tmp_path: Path) -> None:
    assert Workspace(tmp_path).latest() is None


def test_a_published_run_is_complete_and_the_latest(space: Workspace) -> None:
    assert space.latest() == OLD
    assert space.complete(OLD)
    manifest = json.loads((space.folder(OLD) / "manifest.json").read_text())
    assert manifest["run_id"] == OLD
    assert manifest["command"] == "plan"
    assert manifest["outputs"] == {
        name: digest for name, digest in bytes_of(space.folder(OLD)).items() if name != "manifest.json"
    }
    assert set(manifest["outputs"]) == {"quarantine/sales.csv", "recommendations.csv"}
    assert json.loads((space.root / "latest.json").read_text())["path"] == f"runs/{OLD}"
    assert leftovers(space) == []


def test_a_run_that_is_there_is_not_written_again(space: Workspace) -> None:
    before = bytes_of(space.root)
    space.publish(OLD, {}, lambda _: pytest.fail("written again"))
    assert bytes_of(space.root) == before


def test_publishing_an_old_run_again_points_back_to_it(space: Workspace) -> None:
    space.publish(NEW, {}, write_something)
    assert space.latest() == NEW
    space.publish(OLD, {}, write_something)
    assert space.latest() == OLD
    assert space.complete(NEW)


@pytest.mark.parametrize(
    "harm",
    [
        lambda f: (f / "recommendations.csv").write_text("sku\n00124\n"),
        lambda f: (f / "recommendations.csv").unlink(),
        lambda f: (f / "manifest.json").unlink(),
        lambda f: (f / "manifest.json").write_text("{"),
        lambda f: (f / "manifest.json").write_text('{"schema": 1}'),
    ],
    ids=["another byte", "a file gone", "no manifest", "half a manifest", "manifest without outputs"],
)
def test_a_damaged_run_is_noticed_and_replaced(space: Workspace, harm: Any) -> None:
    whole = bytes_of(space.folder(OLD))
    harm(space.folder(OLD))
    assert not space.complete(OLD)
    with space.locked():
        space.publish(OLD, {"command": "plan"}, write_something)
    assert bytes_of(space.folder(OLD)) == whole
    with space.locked():
        assert leftovers(space) == []


@pytest.mark.parametrize("name", ["", "../runs", "latest", "0A", "0a/../0b", "0a\n"])
def test_what_is_no_run_id_is_refused_and_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no run id"):
        Workspace(tmp_path).folder(name)


def test_an_unreadable_pointer_is_said_and_mended_by_the_next_run(space: Workspace) -> None:
    (space.root / "latest.json").write_text("{")
    with pytest.raises(UnavailableError, match=r"latest\.json can't be read"):
        space.latest()
    space.publish(OLD, {}, write_something)
    assert space.latest() == OLD


def test_a_second_writer_is_told_so_at_once(space: Workspace) -> None:
    with (
        filelock.FileLock(space.root / ".lock"),
        pytest.raises(UnavailableError, match="another run holds the workspace") as told,
        space.locked(),
    ):
        pytest.fail("two writers")
    assert told.value.exit_code == 5


def test_the_lock_is_free_again_after_a_failure(space: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), space.locked():
        raise ZeroDivisionError
    with space.locked():
        pass


def test_the_holder_of_the_lock_sweeps_away_what_a_killed_run_left(space: Workspace) -> None:
    (space.runs / ".staging-x" / "deep").mkdir(parents=True)
    (space.runs / ".staging-x" / "deep" / "half.parquet").write_text("PAR1")
    with space.locked():
        assert leftovers(space) == []
    assert space.complete(OLD)


@pytest.mark.parametrize("failure", [SystemExit(143), KeyboardInterrupt(), ValueError("a bug")], ids=repr)
def test_a_run_cut_short_while_writing_leaves_nothing_behind(space: Workspace, failure: BaseException) -> None:
    def cut_short(folder: Path) -> None:
        write_something(folder)
        raise failure

    before = bytes_of(space.root)
    with pytest.raises(type(failure)):
        space.publish(NEW, {}, cut_short)
    assert bytes_of(space.root) == before
    assert leftovers(space) == []


def test_runs_may_be_read_by_others(space: Workspace) -> None:
    """A temporary folder is made for its owner alone; the published one is not."""
    assert stat.S_IMODE(space.folder(OLD).stat().st_mode) == 0o755


class Fault:
    """Counts the calls that change the disk and lets the n-th one fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.calls, self.at = 0, at
        for owner, name in [
            (os, "fsync"), (os, "open"), (Path, "rename"), (Path, "replace"), (Path, "write_text"), (Path, "mkdir"),
            (Path, "chmod"),
        ]:  # fmt: skip
            monkeypatch.setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, real: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise OSError(5, "Input/output error")
            return real(*args, **more)

        return call


# One for each step of publishing that can fail; the last ones lie beyond all of them.
STEPS = range(1, 26)


@pytest.mark.parametrize("at", STEPS)
def test_whichever_step_of_publishing_fails_the_pointer_names_a_complete_run(
    space: Workspace, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    with monkeypatch.context() as patch:
        fault = Fault(patch, at)
        told = ""
        try:
            space.publish(NEW, {"command": "plan"}, write_something)
        except UnavailableError as problem:
            told = str(problem)
    if fault.calls >= at:
        assert "Input/output error" in told
        assert "MiB free" in told
    else:
        assert told == ""
    assert space.complete(str(space.latest()))
    assert space.complete(OLD)
    with space.locked():
        space.publish(NEW, {"command": "plan"}, write_something)
    assert space.latest() == NEW
    assert space.complete(NEW)


def test_the_faults_of_the_test_above_reach_beyond_the_last_step(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fault = Fault(patch, -1)
        space.publish(NEW, {}, write_something)
    assert 15 <= fault.calls < max(STEPS)


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.workspace import Workspace

def killing(real):
    def call(*args, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **more)
    return call

space, first, last = Workspace(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])

def write(folder):
    (folder / "quarantine").mkdir()
    (folder / "quarantine" / "sales.csv").write_text("a,b\\n")
    (folder / "recommendations.csv").write_text("sku\\n00123\\n")

for left in range(first, last):
    if os.fork() == 0:
        for owner, name in [(os, "fsync"), (os, "open"), (Path, "rename"), (Path, "replace"), (Path, "write_text")]:
            setattr(owner, name, killing(getattr(owner, name)))
        with space.locked():
            space.publish("0b", {"command": "plan"}, write)
        os._exit(0)
    status = os.wait()[1]
    latest = space.latest()
    sound = space.complete(latest) and space.complete("0a")
    print(left, os.WIFSIGNALED(status), latest, sound, flush=True)
    if latest == "0b":
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_killed_at_any_step_the_workspace_still_points_to_a_complete_run(space: Workspace) -> None:
    """A child is killed at its first step that changes the disk, the next one at its second, until one gets through."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(space.root), "1", "60"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = [line.split() for line in done.stdout.splitlines()]
    assert len(steps) >= 15
    assert all(sound == "True" for *_, sound in steps)
    assert [latest for _, _, latest, _ in steps] == [OLD] * (len(steps) - 1) + [NEW]
    assert all(killed == "True" for _, killed, _, _ in steps[:-1])
    with space.locked():
        assert leftovers(space) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_workspace_without_permission_is_said_to_be_unwritable(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(UnavailableError, match="can't be written"), Workspace(tmp_path / "workspace").locked():
        pass


def test_a_file_in_the_place_of_the_workspace_is_said(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("no folder")
    with (
        pytest.raises(UnavailableError, match=r"can't be written: .*MiB free"),
        Workspace(tmp_path / "workspace").locked(),
    ):
        pass


def test_the_temporary_pointer_of_a_killed_run_is_swept_away(space: Workspace) -> None:
    (space.root / ".latest-4242.json").write_text("{")
    with space.locked():
        assert leftovers(space) == []


def test_the_identity_depends_on_inputs_configuration_and_version() -> None:
    same = run_identity({"sales": "a", "items": "b"}, {"target": 0.02, "seed": 0}, "1.0")
    assert same == run_identity({"items": "b", "sales": "a"}, {"seed": 0, "target": 0.02}, "1.0")
    others = [
        run_identity({"sales": "a2", "items": "b"}, {"target": 0.02, "seed": 0}, "1.0"),
        run_identity({"sales": "a", "stock": "b"}, {"target": 0.02, "seed": 0}, "1.0"),
        run_identity({"sales": "a", "items": "b"}, {"target": 0.03, "seed": 0}, "1.0"),
        run_identity({"sales": "a", "items": "b"}, {"target": 0.02, "seed": 0}, "1.1"),
    ]
    assert len({same, *others}) == 5
    assert len(same) == 16
    assert set(same) <= set("0123456789abcdef")


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sku": SKUS,
            "day": pd.to_datetime(["2025-05-05", None] * (len(SKUS) // 2)),
            "units": [1.5, np.nan] * (len(SKUS) // 2),
        }
    )


def test_identifiers_survive_parquet_and_csv(frame: pd.DataFrame, tmp_path: Path) -> None:
    write_parquet(frame, tmp_path / "a.parquet")
    write_csv(frame, tmp_path / "a.csv")
    for back in (pd.read_parquet(tmp_path / "a.parquet"), pd.read_csv(tmp_path / "a.csv", dtype=str, na_filter=False)):
        assert back["sku"].tolist() == list(SKUS)
    lines = (tmp_path / "a.csv").read_bytes().decode().split("\r\n")
    assert lines[1] == "00123,2025-05-05,1.5"
    assert lines[2] == "123,,"


def test_the_same_frame_gives_the_same_bytes_with_page_checksums(frame: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_parquet(frame.copy(), tmp_path / f"{name}.parquet")
        write_csv(frame.copy(), tmp_path / f"{name}.csv")
    assert digest_file(tmp_path / "a.parquet") == digest_file(tmp_path / "b.parquet")
    assert digest_file(tmp_path / "a.csv") == digest_file(tmp_path / "b.csv")


def test_a_flipped_bit_in_a_page_of_our_own_parquet_is_noticed(frame: pd.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    write_parquet(frame, file)
    column = pq.read_metadata(file).row_group(0).column(2)
    begin = column.dictionary_page_offset or column.data_page_offset
    content = bytearray(file.read_bytes())
    content[begin + column.total_compressed_size - 1] ^= 1
    file.write_bytes(content)
    with pytest.raises(OSError, match=r"(?i)crc|checksum"):
        pq.ParquetFile(file, page_checksum_verification=True).read()


def test_json_writes_unknown_numbers_as_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": float("nan"), "b": [float("inf"), 1], "c": {"d": -float("inf")}, "e": np.pi})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [None, 1], "c": {"d": None}, "e": np.pi}
    assert plain((1, float("nan"))) == [1, None]
