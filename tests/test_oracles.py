"""The reference answers are met, and the runner says so honestly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracles
from tests.oracle_kinds import KINDS

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "oracles" / "oracles.json"

needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference answers are not beside the project")


def _record(**changes: Any) -> dict[str, Any]:
    record = {
        "id": "one",
        "kind": "eoq",
        "abs_tol": 1e-6,
        "expected": {"Q": 304.0467800264368},
        "inputs": {"fixed_cost": 8, "holding_cost": 0.225, "demand_rate": 1300},
    }
    return {**record, **changes}


def _run(tmp_path: Path, records: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    path = tmp_path / "records.json"
    path.write_text(json.dumps({"oracles": records}), encoding="utf-8")
    return oracles.main([str(path)]), capsys.readouterr().out.splitlines()


@needs_reference
def test_all_reference_answers_are_met() -> None:
    verdicts = oracles.run(REFERENCE)
    assert len(verdicts) >= 139
    assert [str(v) for v in verdicts if v.status != "pass"] == []


@needs_reference
def test_no_kind_of_the_reference_is_missing() -> None:
    meta = json.loads(REFERENCE.read_text(encoding="utf-8"))["meta"]
    assert set(meta["kinds"]) <= set(KINDS)


def test_the_last_line_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = _run(
        tmp_path, [_record(), _record(id="two", expected={"Q": 300.0}), _record(id="three", kind="new")], capsys
    )
    assert code == 1
    assert lines[0].startswith("one  pass")
    assert lines[1].startswith("two  FAIL  4.05")
    assert lines[2] == "three  unsupported  new"
    assert lines[3] == "1 passed, 1 failed, 1 skipped"


def test_a_missing_entry_and_an_error_are_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = _record(inputs={"fixed_cost": -8, "holding_cost": 0.225, "demand_rate": 1300})
    code, lines = _run(tmp_path, [_record(expected={"Q": 304.0467800264368, "colour": 3}), broken], capsys)
    assert code == 1
    assert lines[0] == "one  FAIL  inf"
    assert "fixed_cost is -8" in lines[1]


def test_disputed_records_are_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "disputed.md"
    listed.write_text("# Disputed\n\n## one\n\nproof\n", encoding="utf-8")
    monkeypatch.setattr(oracles, "DISPUTED", listed)
    code, lines = _run(tmp_path, [_record(expected={"Q": 1.0})], capsys)
    assert (code, lines) == (0, ["one  skipped  disputed", "0 passed, 0 failed, 1 skipped"])


def test_usage_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert oracles.main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expected", "computed", "difference"),
    [
        ({"a": [1.0, 2.0]}, {"a": np.array([1.0, 2.5])}, 0.5),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, np.inf),
        ({"a": True}, {"a": np.True_}, 0.0),
        ({"a": True}, {"a": False}, np.inf),
        ({"a": None}, {"a": np.inf}, 0.0),
        ({"a": "inf"}, {"a": np.inf}, 0.0),
        ({"a": "2021-01-02"}, {"a": "2021-01-02"}, 0.0),
        ({"a": "2021-01-02"}, {"a": "2021-01-03"}, np.inf),
        ({"a": {"b": 1}}, {"a": {"b": 1.25}}, 0.25),
        ({"a": 1.0}, {"a": np.nan}, np.inf),
        ({}, {}, 0.0),
    ],
)
def test_values_are_compared_entry_by_entry(expected: Any, computed: Any, difference: float) -> None:
    assert max(oracles.differences(expected, computed), default=0.0) == difference


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (
            "newsvendor_normal",
            {"underage": 0.5, "overage": 0.15, "demand_mean": 11.73, "demand_sd": 4.74},
            {"Q": 15.220137448362854},
        ),
        (
            "newsvendor_normal",
            {"holding_cost": 0.18, "stockout_cost": 0.7, "demand_mean": 50, "demand_sd": 8},
            {"S": 56.60395592743389, "cost": 1.997605193176645},
        ),
        (
            "dynamic_lot_size",
            {"fixed_cost": 30, "holding_cost": [1, 1, 1, 1], "demand": [10, 20, 30, 40], "initial_inventory": 30},
            {"cost": 80.0},
        ),
        (
            "serial_clark_scarf_normal",
            {
                "nodes": {
                    "1": {
                        "local_holding_cost": 7,
                        "echelon_holding_cost": None,
                        "stockout_cost": 37.12,
                        "lead_time": 1,
                    },
                    "2": {"local_holding_cost": 4, "echelon_holding_cost": None, "stockout_cost": 0, "lead_time": 1},
                    "3": {"local_holding_cost": 2, "echelon_holding_cost": None, "stockout_cost": 0, "lead_time": 2},
                },
                "demand": {"type": "N", "mean": 5, "sd": 1},
            },
            {"cost": 47.65},
        ),
        (
            "base_stock_random_lead_time",
            {"demand_rate": 3, "lead_time": {"distribution": "uniform", "low": 1, "high": 3}, "S": 7},
            {"expected_outstanding": 6.0},
        ),
    ],
)
def test_other_spellings_of_the_inputs_are_understood(
    kind: str, inputs: dict[str, Any], expected: dict[str, Any]
) -> None:
    record = _record(kind=kind, inputs=inputs, expected=expected, abs_tol=0.02)
    assert oracles.judge(record, set()).status == "pass"
