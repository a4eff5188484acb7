"""The story of one line names the numbers that the line holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.errors import ConfigurationError
from pipelines.explaining import explain
from pipelines.project import PublishedRun, open_project, run_plan
from tests.pipelines.shop import KEY, SKUS, only, receipts, small_shop, write_project

RULES = """
[[plan.rules]]
where = { category = "paint" }
set = { policy = "min_max", target = 0.05 }
[[plan.rules]]
where = { sku = "nan" }
set = { measure = "fill_rate", target = 0.9 }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    """A shop with negative stock, a held item, one without any cost and one without a supplier or lead time."""
    tables = small_shop()
    tables["stock"].loc[[4, 5], "on_hand"] = [-3.0, 2.0]
    tables["items"]["hold"] = [k == 7 for k in range(len(tables["items"]))]
    tables["items"].loc[9, ["unit_cost", "order_cost"]] = float("nan")
    tables["items"].loc[2, "supplier"] = None
    file = write_project(tmp_path_factory.mktemp("shop"), tables, rules=RULES)
    return run_plan(open_project(file), jobs=1)


@pytest.fixture(scope="module")
def rows(run: PublishedRun) -> pd.DataFrame:
    """Recommendation, policy, forecast and simulation of each line side by side."""
    parts = [
        pd.read_parquet(run.folder / f"{n}.parquet") for n in ("recommendations", "policy", "forecast", "simulation")
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.merge(part[[c for c in part.columns if c in KEY or c not in joined.columns]], "left", on=KEY)
    return joined


def test_a_supplier_chosen_among_several_and_an_order_day_are_told(tmp_path: Path) -> None:
    tables = only(small_shop(), "NA")
    tables["suppliers"] = pd.DataFrame({"supplier": ["S1", "None"], "order_weekdays": ["TUE", None]})
    offer = {"sku": "NA", "lead_time_days": 14.0}
    tables["item_suppliers"] = pd.DataFrame(
        [
            {**offer, "supplier": "S1", "priority": 1, "unit_cost": 3.0},
            {**offer, "supplier": "S9", "priority": 2, "unit_cost": 4.0},
        ]
    )
    folder = run_plan(open_project(write_project(tmp_path, tables, target_scope="total")), jobs=1).folder
    lines = pd.read_parquet(folder / "recommendations.parquet").set_index("location")
    line = lines[(lines["order_quantity"] > 0) & (lines["supplier"] == "S1")].iloc[0]
    text = explain(folder, "NA", line.name)
    assert f"S1: priority 1, and the cheapest of {2 if line.name == '007' else 3}" in text
    assert f"stock cost {line['supplier_cost']:,.2f} a year" in text
    assert f"{line['alternative_supplier']} would cost {line['alternative_cost']:,.2f} a year." in text
    assert "on 2025-05-06, its next order day" in text
    assert "This is its share of a total of" in text
    assert " from the decision on, the 1 day until the supplier's order day included." in text
    other = lines[lines["supplier"] != "S1"]
    assert "from the decision on" not in "".join(explain(folder, "NA", place) for place in other.index)


def units(value: float) -> str:
    """A quantity as people write it."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.1f}"


def story(run: PublishedRun, row: Any) -> str:
    return explain(run.folder, row["sku"], row["location"])


def test_every_line_of_a_plan_can_be_explained_in_clean_words(run: PublishedRun, rows: pd.DataFrame) -> None:
    """New, held, unpriced and stocked-out items included; an unknown value is never printed as nan, NaT or None."""
    assert {"new", "needs planner", "stocked out"} <= set(rows["status"])
    for _, row in rows.iterrows():
        text = story(run, row)
        assert text.startswith(f"SKU {row['sku']} at {row['location']}")
        assert "2025-05-05" in text
        told = text.replace("from None", "").replace(str(row["sku"]), "").replace(str(row["rule"]), "")
        for word in (" nan", "NaT", "None", " -0 ", "inf "):
            assert word not in told, (row["sku"], word)


def test_the_story_names_the_numbers_of_the_line(run: PublishedRun, rows: pd.DataFrame) -> None:
    for _, row in rows.iterrows():
        text = story(run, row)
        wanted = [
            units(row["on_hand"]), f"{row['demand_mean']:,.1f}", units(row["q0.95"]), units(row["q0.99"]),
            f"{row['safety_stock']:,.1f}".replace("-0.0", "0.0"), f"{row['expected_backorder_rate']:.2%}", row["model"],
            row["class"], row["lead_time_source"], row["reason"], row["rule"],
        ]  # fmt: skip
        wanted += [f"Order {units(row['order_quantity'])} unit"] if row["order_quantity"] > 0 else ["No order"]
        if row["backordered"] > 0:
            wanted.append(f"{units(row['backordered'])} units backordered")
        if row["on_order"] > 0:
            wanted += [units(row["on_order"]), f"{row['next_arrival_date']:%Y-%m-%d}"]
        if row["order_quantity"] > 0 and row["order_value"] == row["order_value"]:
            wanted += [f"{row['order_value']:,.2f}", f"{row['arrival_date']:%Y-%m-%d}"]
        if row["economic_order_quantity"] == row["economic_order_quantity"]:
            wanted.append(f"{row['economic_order_quantity']:,.1f}")
        if row["demand"] > 0:
            wanted += [f"{row['backorder_rate']:.2%}", f"{row['mean_stock']:,.1f}"]
        assert [w for w in wanted if w not in text] == [], text


def test_a_negative_safety_stock_is_said_to_be_no_mistake(tmp_path: Path) -> None:
    tables = only(small_shop(), "NA", "null")
    tables["items"]["moq"] = [1.0, 1.0, 900.0, 900.0]
    folder = run_plan(open_project(write_project(tmp_path, tables, target=0.1)), jobs=1).folder
    lines = pd.read_parquet(folder / "recommendations.parquet")
    assert (lines["safety_stock"] < 0).any()
    assert (lines["safety_stock"] > 0).any()
    for _, line in lines.iterrows():
        assert ("It is below 0: a lot lasts" in explain(folder, line["sku"], line["location"])) == (
            line["safety_stock"] < 0
        )


def test_the_target_is_told_in_the_words_of_its_measure(run: PublishedRun, rows: pd.DataFrame) -> None:
    for measure, words in (("backorder_rate", "may have to wait"), ("fill_rate", "filled from stock")):
        row = rows[rows["measure"] == measure].iloc[0]
        assert words in story(run, row)
        assert f"{row['target']:.1%}" in story(run, row)


def test_stated_and_measured_lead_times_are_both_told(run: PublishedRun, rows: pd.DataFrame) -> None:
    row = rows[(rows["receipts"] > 0) & (rows["stated_lead_time_days"] == 10)].iloc[0]
    text = story(run, row)
    assert "10 days" in text
    assert f"{row['measured_lead_time_days']:.1f} days" in text
    assert "10 receipts" in text


def test_the_evidence_behind_a_lead_time_is_told(run: PublishedRun, rows: pd.DataFrame) -> None:
    row = rows[rows["lead_time_supplier_weight"] > 0].iloc[0]
    text = story(run, row)
    assert f"its supplier's {row['lead_time_supplier_weight']:.0%}, what is stated" in text
    alone = rows[(rows["lead_time_prior_weight"] == 1) & (rows["stated_lead_time_days"] > 0)].iloc[0]
    assert " By evidence " not in story(run, alone)


def test_a_supplier_that_changed_is_told_with_day_and_both_means(tmp_path: Path) -> None:
    tables = only(small_shop(), "NA")
    tables["items"]["supplier"] = "S1"
    frame = receipts("S1", [22 + k % 3 for k in range(20)] + [12 + k % 3 for k in range(60)])
    tables["receipts"] = frame.assign(promised_on=frame["ordered_on"] + pd.Timedelta(days=12))
    published = run_plan(open_project(write_project(tmp_path, tables)), jobs=1)
    text = explain(published.folder, "NA", "007")
    row = pd.read_parquet(published.folder / "policy.parquet").iloc[0]
    assert f"has become slower since {row['lead_time_changed_on']:%Y-%m-%d}: " in text
    assert f"{row['lead_time_days_after']:.1f} days on average, {row['lead_time_days_before']:.1f} before" in text
    assert f"It came on the very day it had promised in {row['promised_day_kept']:.0%} of cases" in text


def test_every_safety_stock_of_the_book_is_told_with_what_it_assumes(run: PublishedRun, rows: pd.DataFrame) -> None:
    stocks = pd.read_parquet(run.folder / "safety_stock.parquet")
    for _, row in rows.iloc[::7].iterrows():
        text = story(run, row)
        own = stocks[(stocks["sku"] == row["sku"]) & (stocks["location"] == row["location"])]
        for one in own.itertuples():
            known = one.safety_stock == one.safety_stock
            if one.method != "plan":
                assert f"By {one.method}: " in text
            if known:
                assert f"{one.safety_stock:z,.1f} unit" in text
                assert str(one.assumes) in text


def test_a_sku_at_several_locations_asks_for_one_of_them(run: PublishedRun) -> None:
    with pytest.raises(ConfigurationError, match="planned at 007, NULL: choose one with --location"):
        explain(run.folder, "NA")


def test_an_unknown_sku_gets_the_nearest_names(run: PublishedRun) -> None:
    with pytest.raises(ConfigurationError, match=r"'0123' is not in the run .*did you mean 00123"):
        explain(run.folder, "0123")
    with pytest.raises(ConfigurationError, match="'NA' at 'south' is not in the run"):
        explain(run.folder, "NA", "south")
    with pytest.raises(ConfigurationError, match=f"it holds {len(SKUS)} SKUs"):
        explain(run.folder, "~~~~~~~~")


def test_a_run_without_simulation_is_explained_too(tmp_path: Path) -> None:
    file = write_project(tmp_path, only(small_shop(), "NA"), simulation_paths=0)
    text = explain(run_plan(open_project(file), jobs=1).folder, "NA", "007")
    assert "imulation" not in text
