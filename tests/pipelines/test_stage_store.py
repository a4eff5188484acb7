"""Finished stages: kept whole or not at all, found again to the byte, few of them, and never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.stage_store import FORGETFUL, KEPT, StageStore, code_digest


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[str]) -> StageStore:
    return StageStore(tmp_path / "cache", tell=told.append)


def write(folder: Path, value: str) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "a").write_text(value[:5])
    (folder / "b").write_text(value[5:])


def read(folder: Path) -> str:
    return (folder / "inner" / "a").read_text() + (folder / "b").read_text()


def test_what_was_kept_is_found_and_nothing_else(store: StageStore, told: list[str]) -> None:
    assert store.find("levels", "k1", read) is None
    store.keep("levels", "k1", "alphabeta", write)
    assert store.find("levels", "k1", read) == "alphabeta"
    assert store.find("levels", "k2", read) is None
    assert store.find("forecast", "k1", read) is None
    assert (store.has("levels", "k1"), store.has("levels", "k2")) == (True, False)
    assert told == []


@pytest.mark.parametrize("name", ["inner/a", "b", "entry.json"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_a_damaged_entry_is_told_and_made_again(store: StageStore, told: list[str], name: str, harm: str) -> None:
    store.keep("levels", "k", "alphabeta", write)
    assert store.root is not None
    path = store.root / "levels" / "k" / name
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + (b"" if harm == "cut" else b"!"))
    assert not store.has("levels", "k")
    assert store.find("levels", "k", read) is None
    assert [words[:26] for words in told] == ["cache: levels/k is damaged"]
    store.keep("levels", "k", "alphabeta", write)
    assert store.find("levels", "k", read) == "alphabeta"


def test_an_entry_that_can_t_be_understood_is_told(store: StageStore, told: list[str]) -> None:
    store.keep("levels", "k", "alphabeta", write)
    assert store.find("levels", "k", lambda folder: int(read(folder))) is None
    assert "invalid literal" in told[0]


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), TypeError("own.level is a Model")])
def test_what_can_t_be_kept_does_no_harm(store: StageStore, told: list[str], problem: Exception) -> None:
    def fail(folder: Path, value: str) -> None:
        write(folder, value)
        raise problem

    store.keep("levels", "k", "alphabeta", fail)
    assert store.find("levels", "k", read) is None
    assert [words.split(" (")[0] for words in told] == ["cache: levels could not be kept"]
    assert store.root is not None
    assert [path.name for path in store.root.iterdir()] == ["levels"]


def test_a_kill_leaves_nothing_that_passes_for_an_entry(store: StageStore) -> None:
    def killed(folder: Path, value: str) -> None:
        write(folder, value)
        os._exit(9)

    child = os.fork()
    if child == 0:
        store.keep("levels", "k", "alphabeta", killed)
    os.waitpid(child, 0)
    assert store.root is not None
    assert len(list(store.root.glob(".staging-*"))) == 1
    assert store.find("levels", "k", read) is None
    assert store.prune(1) == 0
    store.keep("levels", "k", "alphabeta", write)
    assert not list(store.root.glob(".staging-*"))


def test_the_entries_used_last_stay(store: StageStore) -> None:
    assert store.root is not None
    for k in range(KEPT + 2):
        store.keep("levels", f"k{k}", "alphabeta", write)
        os.utime(store.root / "levels" / f"k{k}", (1e9 + k, 1e9 + k))
        store.find("levels", "k0", read)
    names = sorted(path.name for path in (store.root / "levels").iterdir())
    assert names == ["k0", *(f"k{k}" for k in range(3, KEPT + 2))]
    assert store.prune(1, dry=True) == store.prune(1) > 0
    assert [path.name for path in (store.root / "levels").iterdir()] == ["k0"]
    assert store.find("levels", "k0", read) == "alphabeta"


def test_who_only_looks_writes_nothing(store: StageStore, tmp_path: Path) -> None:
    StageStore(tmp_path / "other", writable=False).keep("levels", "k", "alphabeta", write)
    assert not (tmp_path / "other").exists()
    store.keep("levels", "k", "alphabeta", write)
    assert store.root is not None
    entry = store.root / "levels" / "k"
    os.utime(entry, (1e9, 1e9))
    assert StageStore(store.root, writable=False).find("levels", "k", read) == "alphabeta"
    assert entry.stat().st_mtime == 1e9


def test_without_a_folder_nothing_is_kept() -> None:
    FORGETFUL.keep("levels", "k", "alphabeta", write)
    assert FORGETFUL.find("levels", "k", read) is None
    assert (FORGETFUL.has("levels", "k"), FORGETFUL.prune()) == (False, 0)


def test_another_program_has_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest()
    code_digest.cache_clear()
    assert code_digest() == before
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: real(path) + (b"#" if path.name == "levels.py" else b""))
    code_digest.cache_clear()
    assert code_digest() != before
    code_digest.cache_clear()
