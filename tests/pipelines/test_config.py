"""What a planner may set, and what is said when a setting makes no sense."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pydantic
import pytest

from pipelines.config import PlanConfig, read_toml
from pipelines.errors import ConfigurationError


def problem(**values: Any) -> str:
    """The message with which a configuration is refused, always with exit code 2 and its source."""
    with pytest.raises(ConfigurationError) as refused:
        PlanConfig.make(values, "restock.toml")
    assert refused.value.exit_code == 2
    text = str(refused.value)
    assert text.startswith("restock.toml: ")
    assert "\n" not in text
    return text


def test_the_defaults_are_those_of_the_contract() -> None:
    config = PlanConfig()
    assert (config.measure, config.target, config.target_scope) == ("backorder_rate", 0.02, "sku")
    assert (config.unmet_demand, config.policy, config.model) == ("backorder", "auto", "auto")
    assert (config.paths, config.seed, config.rules, config.defaults) == (400, 0, (), {})
    assert config.frequency is config.as_of is config.review_days is None


def test_mixed_demand_needs_a_patience_and_a_patience_needs_mixed_demand() -> None:
    assert "needs patience_days" in problem(unmet_demand="mixed")
    assert "which nothing sets" in problem(patience_days=7)
    mixed = {"where": {"supplier": "S1"}, "set": {"unmet_demand": "mixed"}}
    assert "of the rule for supplier=S1 needs patience_days" in problem(rules=[mixed])
    own = {"where": {"supplier": "S1"}, "set": {"unmet_demand": "mixed", "patience_days": 9}}
    for values in (
        {"unmet_demand": "mixed", "patience_days": 9},
        {"rules": [own]},
        {"rules": [mixed], "patience_days": 9},
    ):
        PlanConfig.make(values, "restock.toml")
    assert "patience_days" in problem(unmet_demand="mixed", patience_days=0)


@pytest.mark.parametrize("target", [95, 0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_a_target_outside_0_and_1_is_refused(target: float) -> None:
    assert "target is" in problem(target=target)
    assert "must lie between 0 and 1" in problem(target=target)


def test_a_target_in_per_cent_gets_the_hint_to_write_a_share() -> None:
    assert "did you mean 0.95?" in problem(target=95)
    assert "did you mean 0.02?" in problem(target=2)
    assert "did you mean" not in problem(target=0)


@pytest.mark.parametrize("target", [95, 0, 1])
def test_the_target_of_a_rule_is_held_to_the_same_limits_and_the_rule_is_named(target: float) -> None:
    text = problem(rules=[{"where": {"supplier": "S1"}, "set": {"target": target}}])
    assert "rules: target where supplier=S1 is" in text


def test_cost_needs_no_target() -> None:
    assert PlanConfig(measure="cost").measure == "cost"


@pytest.mark.parametrize("measure", ["fill_rate", "cycle_service_level", "ready_rate"])
def test_another_measure_must_bring_its_own_target(measure: str) -> None:
    """Two per cent is a backorder rate; as a fill rate it would plan for empty shelves."""
    assert "needs a target of its own" in problem(measure=measure)
    assert PlanConfig(measure=measure, target=0.95).target == 0.95


@pytest.mark.parametrize("measure", ["fill_rate", "cycle_service_level", "ready_rate"])
def test_a_rule_that_changes_the_measure_must_bring_a_target_too(measure: str) -> None:
    rule = {"where": {"sku": "A"}, "set": {"measure": measure}}
    assert "the rule for sku=A changes the measure and needs a target of its own" in problem(rules=[rule])
    whole = {**rule, "set": {"measure": measure, "target": 0.95}}
    assert PlanConfig(rules=[whole]).rules[0].set.target == 0.95


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paths", 99), ("seed", -1), ("review_days", -1), ("unmet_demand", "maybe"), ("policy", "kanban"),
        ("measure", "service"), ("gaps", "nothing"), ("duplicates", "first"), ("max_quarantine_fraction", 1.5),
        ("as_of", "03/04/2026"), ("as_of", "2026-02-30"), ("paths", "many"), ("simulation_days", 0),
    ],
)  # fmt: skip
def test_a_value_out_of_its_limits_is_named_with_its_setting(name: str, value: Any) -> None:
    text = problem(**{name: value})
    assert name in text
    assert repr(value) in text


def test_an_unknown_setting_is_named_beside_those_that_are_known() -> None:
    text = problem(tarket=0.02)
    assert "tarket is no setting" in text
    assert "max_data_age_days" in text
    assert ", target, " in text


@pytest.mark.parametrize(
    "rule",
    [
        {"where": {"suplier": "S1"}, "set": {"target": 0.1}},
        {"where": {"supplier": "S1"}, "set": {"tarjet": 0.1}},
        {"where": {"supplier": "S1"}, "set": {"paths": 100}},
    ],
)
def test_an_unknown_key_of_a_rule_is_refused_with_its_place(rule: dict[str, Any]) -> None:
    text = problem(rules=[{"where": {}, "set": {}}, rule])
    wrong = next(iter({**rule["where"], **rule["set"]}.keys() - {"supplier", "target"}))
    assert f"rules.1.{'where' if wrong == 'suplier' else 'set'}.{wrong}" in text


def test_the_hint_for_an_unknown_key_of_a_rule_lists_the_keys_of_a_rule() -> None:
    text = problem(rules=[{"where": {"suplier": "S1"}, "set": {}}])
    assert "supplier" in text
    assert "max_data_age_days" not in text


def test_a_rule_without_where_or_set_is_refused() -> None:
    assert "rules.0.where" in problem(rules=[{"set": {"target": 0.1}}])
    assert "rules.0.set" in problem(rules=[{"where": {"sku": "A"}}])


def test_several_problems_are_told_at_once() -> None:
    text = problem(paths=1, tarket=1)
    assert "paths: " in text
    assert "tarket is no setting" in text


def test_a_rule_is_named_by_its_conditions() -> None:
    rules = [
        {"where": {"class": ["lumpy", "erratic"], "location": "007"}, "set": {"target": 0.1}},
        {"where": {}, "set": {"policy": "min_max"}},
    ]
    config = PlanConfig(rules=rules)
    assert [rule.name for rule in config.rules] == ["class=lumpy|erratic and location=007", "all"]


def test_a_configuration_does_not_change_once_made() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        PlanConfig().target = 0.5  # type: ignore[misc]


def test_toml_values_arrive_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "restock.toml"
    file.write_text(
        '[plan]\nas_of = 2025-05-05\nrules = [{ where = { sku = "00123" }, set = { target = 0.1 } }]\n'
        "[plan.defaults]\nlead_time_days = 14\n"
    )
    config = PlanConfig.make(read_toml(file)["plan"], str(file))
    assert config.as_of == dt.date(2025, 5, 5)
    assert config.rules[0].where.sku == "00123"
    assert config.defaults == {"lead_time_days": 14}


def test_a_missing_file_gets_the_hint_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.toml does not exist; `restock init` writes one"):
        read_toml(tmp_path / "nowhere.toml")


def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "restock.toml"
    file.write_text("[plan]\ntarget = \n")
    with pytest.raises(ConfigurationError, match=r"restock.toml: .*line 2"):
        read_toml(file)


@pytest.mark.parametrize("content", [b"\xff\xfe[plan]", None], ids=["no text", "a folder"])
def test_a_file_that_is_no_text_is_said_to_be_unreadable(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "restock.toml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_toml(file)


def test_a_shutdown_has_a_first_and_a_last_day_in_order() -> None:
    values = {
        "closed": [
            {"first": "2026-08-01", "last": "2026-08-21", "supplier": "S3"},
            {"first": "2026-12-24", "last": "2026-12-24"},
        ]
    }
    config = PlanConfig.make(values, "test")
    assert [(str(c.first), str(c.last), c.supplier) for c in config.closed] == [
        ("2026-08-01", "2026-08-21", "S3"), ("2026-12-24", "2026-12-24", None)
    ]  # fmt: skip
    with pytest.raises(ConfigurationError, match="ends on 2026-07-01, before it begins on 2026-08-01"):
        PlanConfig.make({"closed": [{"first": "2026-08-01", "last": "2026-07-01"}]}, "test")
    with pytest.raises(ConfigurationError, match="known are first, last, supplier"):
        PlanConfig.make({"closed": [{"first": "2026-08-01", "last": "2026-08-01", "until": 1}]}, "test")
