"""Tables that were checked before come back as they were, with all that was noticed, while their bytes are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, inputs
from pipelines.inputs import CheckedTables, check_inputs
from pipelines.kept_tables import KeptTables
from pipelines.stage_store import StageMemory, StageStore
from tests.pipelines.shop import Tables, only, small_shop, write_csv, write_parquet


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Three SKUs, and in their tables what is set aside, repaired and noticed."""
    shop = only(small_shop(), "00123", "NA", "=1+1")
    shop["items"] = shop["items"].assign(
        hold=[True, None, None, None, None, False],
        available_from=[pd.Timestamp("2020-01-01"), *[pd.NaT] * 5],
        category=["cafe\u0301", None, "NA", "nan", "", "1E5"],
        shelf_life_days=[-1.0, *[float("nan")] * 5],
        lead_time_days=[float("nan"), 4000.0, *[10.0] * 4],
    )
    stock = shop["stock"]
    shop["stock"] = pd.concat([stock, stock.iloc[:1].assign(sku="unheard of")], ignore_index=True)
    return shop


@pytest.fixture
def files(tables: Tables, tmp_path: Path, suffix: str) -> dict[str, Path]:
    write = write_csv if suffix == ".csv" else write_parquet
    return {name: write(frame, tmp_path / f"{name}{suffix}") for name, frame in tables.items()}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that are read and checked, in order."""
    seen: list[str] = []
    real = inputs.check_table

    def check(reader: Any, *args: Any, **named: Any) -> pd.DataFrame:
        seen.append(reader.table)
        return real(reader, *args, **named)

    monkeypatch.setattr(inputs, "check_table", check)
    return seen


def look(files: dict[str, Any], store: StageStore, **settings: Any) -> CheckedTables:
    kept = KeptTables(store)
    found = check_inputs(Inputs(**files), PlanConfig(max_quarantine_fraction=0.9, **settings), kept)
    kept.keep()
    return found


def same(one: CheckedTables, other: CheckedTables) -> bool:
    """Whether tables agree in every value, kind and number of a row, and all that was noticed of them does."""
    assert one.frames.keys() == other.frames.keys()
    for name, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, other.frames[name], check_exact=True, check_index_type=False, obj=name)
        for column in (name for name, kind in frame.dtypes.items() if kind == "object"):
            kinds = [[type(value) for value in each.frames[name][column]] for each in (one, other)]
            assert kinds[0] == kinds[1], (name, column)
    return one.findings == other.findings


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_kept_tables_are_those_that_were_checked(files: dict[str, Path], tmp_path: Path, checked: list[str]) -> None:
    fresh = look(files, StageStore(None))
    assert {row.code for row in fresh.findings.rows} == {"out_of_range", "unknown_sku"}
    assert fresh.findings.repairs
    assert fresh.findings.notices
    store = StageStore(tmp_path / "cache")
    assert same(look(files, store), fresh)
    checked.clear()
    assert same(look(files, store), fresh)
    assert checked == []
    # In the memory of a process, and not shared with whom it is given to.
    remembering = StageStore(tmp_path / "cache", memory=StageMemory())
    for _ in range(2):
        given = look(files, remembering)
        assert same(given, fresh)
        given.frames["suppliers"].loc[:, "lead_time_days"] = -1.0
    assert checked == []


@pytest.mark.parametrize("suffix", [".csv"])
def test_another_table_or_another_rule_is_checked_anew(
    files: dict[str, Path], tables: Tables, tmp_path: Path, checked: list[str]
) -> None:
    store = StageStore(tmp_path / "cache")
    look(files, store)
    checked.clear()
    write_csv(tables["stock"].assign(on_hand=3.0), files["stock"])
    assert (look(files, store).frames["stock"]["on_hand"] == 3.0).all()
    assert checked == ["stock"]
    checked.clear()
    look(files, store, exact_duplicates="drop")
    assert sorted(checked) == sorted(name for name in files if name != "sales")


@pytest.mark.parametrize("suffix", [".csv"])
def test_what_is_written_while_it_is_read_is_not_kept(
    files: dict[str, Path], tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = inputs.check_table

    def slow(reader: Any, *args: Any, **named: Any) -> pd.DataFrame:
        if reader.table == "stock":
            write_csv(tables["stock"].assign(on_hand=3.0), files["stock"])
        return real(reader, *args, **named)

    monkeypatch.setattr(inputs, "check_table", slow)
    look(files, StageStore(tmp_path / "cache"))
    kept = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert kept == sorted(f"table-{name}" for name in files if name not in ("sales", "stock"))


def test_frames_have_no_digest_and_are_not_kept(tables: Tables, tmp_path: Path) -> None:
    look(tables, StageStore(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()
