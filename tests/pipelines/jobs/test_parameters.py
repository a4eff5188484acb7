"""What holds for an item: its own row, its supplier's, the rules, the defaults; the nearest wins and is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.parameters import apply_rules, item_keys, item_parameters

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})
NAN = float("nan")


def checked(**tables: pd.DataFrame) -> CheckedTables:
    return check_inputs(Inputs(**{"sales": SALES, **tables}), PlanConfig())


def parameters(
    keys: list[tuple[str, str]] | None = None, config: PlanConfig | None = None, **tables: Any
) -> pd.DataFrame:
    known = checked(**tables)
    return item_parameters(known, config or PlanConfig(), keys or item_keys(known, [("A", "main")]))


def test_what_sold_and_what_is_listed_is_planned_once_each_in_order() -> None:
    items = pd.DataFrame({"sku": ["B", "A", "00123"], "location": ["x", "main", "NA"]})
    keys = item_keys(checked(items=items), [("B", "x"), ("A", "z")])
    assert keys == [("00123", "NA"), ("A", "main"), ("A", "z"), ("B", "x")]


def test_without_an_items_table_what_sold_is_planned() -> None:
    assert item_keys(checked(), [("B", "x"), ("A", "main")]) == [("A", "main"), ("B", "x")]


def test_items_without_locations_are_planned_wherever_they_sold_or_are_kept() -> None:
    items = pd.DataFrame({"sku": ["A", "B", "C"]})
    stock = pd.DataFrame({"sku": ["B", "Z"], "location": ["y", "y"], "on_hand": 1.0})
    keys = item_keys(checked(items=items, stock=stock), [("A", "x"), ("A", "z")])
    assert keys == [("A", "x"), ("A", "z"), ("B", "y"), ("C", "main")]


def test_a_row_without_location_holds_at_every_location() -> None:
    frame = parameters([("A", "x"), ("A", "y")], items=pd.DataFrame({"sku": ["A"], "unit_cost": [3.0]}))
    assert frame["unit_cost"].tolist() == [3.0, 3.0]


def test_a_row_with_location_holds_there_only() -> None:
    items = pd.DataFrame({"sku": ["A"], "location": ["x"], "unit_cost": [3.0]})
    frame = parameters([("A", "x"), ("A", "y")], items=items)
    assert frame["unit_cost"].fillna(-1).tolist() == [3.0, -1.0]


def test_item_supplier_defaults_and_what_is_built_in_in_this_order() -> None:
    """Four items, each with one source less than the one before."""
    items = pd.DataFrame(
        {"sku": list("ABCD"), "supplier": ["S", "S", "other", None], "order_cost": [1.0, NAN, NAN, NAN]}
    )
    suppliers = pd.DataFrame({"supplier": ["S"], "order_cost": [2.0]})
    keys = [(sku, "main") for sku in "ABCD"]
    frame = parameters(keys, PlanConfig(defaults={"order_cost": 3.0}), items=items, suppliers=suppliers)
    assert frame["order_cost"].tolist() == [1.0, 2.0, 3.0, 3.0]
    assert frame["order_cost_from"].tolist() == ["item", "supplier", "defaults", "defaults"]
    frame = parameters(keys, items=items, suppliers=suppliers)
    assert frame["order_cost"].tolist() == [1.0, 2.0, 0.0, 0.0]
    assert frame["order_cost_from"].tolist()[2:] == ["built-in", "built-in"]


def test_what_nobody_says_stays_unknown_or_takes_the_built_in_value() -> None:
    frame = parameters(items=pd.DataFrame({"sku": ["A"]}))
    assert frame[["lead_time_days", "unit_cost", "pack_size", "max_stock", "target"]].isna().all(axis=None)
    assert frame[["order_cost", "holding_rate", "moq"]].to_numpy().tolist() == [[0.0, 0.25, 0.0]]


def test_a_lead_time_and_its_spread_come_from_one_source() -> None:
    """A stated 10 days must not be given the spread of the supplier's 40."""
    items = pd.DataFrame({"sku": ["A", "B", "C"], "supplier": "S", "lead_time_days": [10.0, NAN, 12.0]})
    items["lead_time_sd_days"] = [NAN, NAN, 3.0]
    suppliers = pd.DataFrame({"supplier": ["S"], "lead_time_days": [40.0], "lead_time_sd_days": [9.0]})
    frame = parameters([(sku, "main") for sku in "ABC"], items=items, suppliers=suppliers)
    assert frame["lead_time_days"].tolist() == [10.0, 40.0, 12.0]
    assert frame["lead_time_sd_days"].fillna(-1).tolist() == [-1.0, 9.0, 3.0]


def test_a_default_for_a_column_that_items_don_t_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="defaults has 'lead_time'"):
        parameters(config=PlanConfig(defaults={"lead_time": 3}), items=pd.DataFrame({"sku": ["A"]}))
    with pytest.raises(ConfigurationError, match="defaults has 'sku'"):
        parameters(config=PlanConfig(defaults={"sku": "A"}), items=pd.DataFrame({"sku": ["A"]}))


def ruled(rules: list[dict[str, Any]], frame: dict[str, Any] | None = None, **config: Any) -> pd.DataFrame:
    """Rules over three items; columns can be changed."""
    columns = {
        "sku": ["A", "B", "C"], "location": ["x", "x", "y"], "category": ["c", "d", None], "supplier": ["S", None, "S"],
        "class": ["smooth", "lumpy", "smooth"], "target": np.full(3, NAN), "review_days": np.full(3, NAN),
    }  # fmt: skip
    return apply_rules(pd.DataFrame({**columns, **(frame or {})}), PlanConfig(rules=rules, **config))


def test_without_rules_the_configuration_holds() -> None:
    out = ruled([], target=0.05, review_days=14)
    assert out["target"].tolist() == [0.05] * 3
    assert out["review_days"].tolist() == [14.0] * 3
    assert out["rule"].tolist() == ["configuration"] * 3
    assert set(out["model"]) == {"auto"}


@pytest.mark.parametrize(
    ("where", "hits"),
    [
        ({"sku": "A"}, [0]), ({"sku": ["A", "C"]}, [0, 2]), ({"location": "x"}, [0, 1]), ({"category": "d"}, [1]),
        ({"supplier": "S"}, [0, 2]), ({"class": "smooth"}, [0, 2]), ({}, [0, 1, 2]), ({"sku": "a"}, []),
        ({"supplier": "S", "location": "x"}, [0]), ({"class": ["lumpy", "erratic"]}, [1]),
    ],
    ids=str,
)  # fmt: skip
def test_a_rule_holds_where_all_its_conditions_do(where: dict[str, Any], hits: list[int]) -> None:
    out = ruled([{"where": where, "set": {"target": 0.5}}])
    assert np.flatnonzero(out["target"] == 0.5).tolist() == hits
    assert np.flatnonzero(out["rule"] != "configuration").tolist() == hits


def test_the_first_rule_that_sets_a_field_wins_that_field_and_later_ones_the_others() -> None:
    rules = [
        {"where": {"sku": "A"}, "set": {"target": 0.1}},
        {"where": {"location": "x"}, "set": {"target": 0.2, "policy": "min_max"}},
        {"where": {}, "set": {"target": 0.3, "policy": "order_up_to", "model": "sba"}},
    ]
    out = ruled(rules)
    assert out["target"].tolist() == [0.1, 0.2, 0.3]
    assert out["policy"].tolist() == ["min_max", "min_max", "order_up_to"]
    assert out["model"].tolist() == ["sba"] * 3
    assert out["rule"].tolist() == [
        "rule 1 (sku=A), rule 2 (location=x), rule 3 (all)",
        "rule 2 (location=x), rule 3 (all)",
        "rule 3 (all)",
    ]


def test_a_rule_that_wins_nothing_is_not_named() -> None:
    rules = [{"where": {}, "set": {"target": 0.1}}, {"where": {}, "set": {"target": 0.2}}]
    assert set(ruled(rules)["rule"]) == {"rule 1 (all)"}


def test_an_item_s_own_target_is_nearer_than_any_rule() -> None:
    out = ruled([{"where": {"sku": "B"}, "set": {"target": 0.1}}], {"target": [0.04, NAN, NAN]})
    assert out["target"].tolist() == [0.04, 0.1, 0.02]
    assert out["rule"].tolist() == ["its own target", "rule 1 (sku=B)", "configuration"]


def test_a_rule_whose_only_field_the_item_sets_itself_is_not_named() -> None:
    out = ruled([{"where": {}, "set": {"target": 0.1}}], {"target": [0.04, NAN, NAN]})
    assert out["target"].tolist() == [0.04, 0.1, 0.1]
    assert out["rule"].tolist() == ["its own target", "rule 1 (all)", "rule 1 (all)"]


def test_an_item_s_own_review_interval_is_nearer_than_any_rule() -> None:
    out = ruled([{"where": {}, "set": {"review_days": 14}}], {"review_days": [7.0, NAN, NAN]})
    assert out["review_days"].tolist() == [7.0, 14.0, 14.0]


def test_an_item_s_own_target_is_about_the_configured_measure_only() -> None:
    """A target of 0.04 was meant as a backorder rate; where a rule asks for a fill rate it says nothing."""
    rule = {"where": {"location": "x"}, "set": {"measure": "fill_rate", "target": 0.95}}
    out = ruled([rule], {"target": [0.04, NAN, 0.04]})
    assert out["target"].tolist() == [0.95, 0.95, 0.04]
    assert out["rule"].tolist() == ["rule 1 (location=x)", "rule 1 (location=x)", "its own target"]
