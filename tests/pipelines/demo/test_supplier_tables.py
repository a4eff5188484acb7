"""The tables of the suppliers' side."""

from __future__ import annotations

import pandas as pd

from pipelines.demo import DemoWorld

LINE = ["po", "sku", "location"]


def test_the_cheaper_steps_need_larger_orders(shop: DemoWorld) -> None:
    offers = shop.tables["item_suppliers"]
    ladder = offers.groupby(["sku", "location", "supplier"])
    assert ladder["from_quantity"].apply(lambda steps: steps.is_monotonic_increasing).all()
    assert ladder["unit_cost"].apply(lambda costs: costs.is_monotonic_decreasing).all()
    assert set(ladder.size()) == {1, 3}
    assert (offers["moq"] % offers["pack_size"] == 0).all()


def test_the_first_offer_is_that_of_the_items_table(shop: DemoWorld) -> None:
    offers, items = shop.tables["item_suppliers"], shop.tables["items"]
    first = offers[(offers["priority"] == 1) & (offers["from_quantity"] == 1)]
    both = items.merge(first, on=["sku", "location"], suffixes=("", "_offer"), validate="one_to_one")
    assert len(both) == len(items)
    for name in ("supplier", "unit_cost", "moq", "pack_size"):
        assert both[name].tolist() == both[f"{name}_offer"].tolist(), name
    second = offers[offers["priority"] == 2]
    assert len(second) > 10
    assert second["capacity_per_period"].isna().all()


def test_a_line_is_received_refused_open_or_not_confirmed(shop: DemoWorld) -> None:
    """The units of its deliveries never exceed what was ordered; only a supplier at capacity leaves something out."""
    receipts = shop.tables["receipts"]
    lines = receipts.assign(sent=receipts["quantity"] + receipts["rejected_quantity"]).groupby(LINE)
    assert (lines["ordered_quantity"].nunique() == 1).all()
    missing = lines["ordered_quantity"].first() - lines["sent"].sum()
    assert (missing >= 0).all()
    planted = shop.truth["incidents"].query("kind == 'at_capacity'").set_index(["sku", "location"]).index
    short = missing[missing > 0].reset_index()
    assert len(short) > 0
    assert set(zip(short["sku"], short["location"], strict=True)) <= set(planted)
    assert (receipts["proposed_on"] <= receipts["ordered_on"]).all()
    assert (receipts["rejected_quantity"][receipts["received_on"].isna()] == 0).all()


def test_suppliers_say_when_and_how_much_they_want_to_be_asked(shop: DemoWorld) -> None:
    suppliers = shop.tables["suppliers"].set_index("supplier")
    assert suppliers.loc["S03", "order_weekdays"] == "MON,THU"
    assert suppliers["min_order_value"].notna().sum() == 3
    receipts, items = shop.tables["receipts"], shop.tables["items"]
    lines = receipts.drop_duplicates(LINE).merge(items[["sku", "location", "unit_cost"]], on=["sku", "location"])
    value = (lines["ordered_quantity"] * lines["unit_cost"]).groupby([lines["supplier"], lines["po"]]).sum()
    least = suppliers["min_order_value"].dropna()
    for supplier, demanded in least.items():
        assert value[supplier].min() >= demanded
    day = lines["ordered_on"].dt.day_name().str[:3].str.upper()
    allowed = lines["supplier"].map(suppliers["order_weekdays"])
    assert all(one in days for one, days in zip(day, allowed, strict=True))


def test_the_limits_of_a_category_stand_in_the_items_table(shop: DemoWorld) -> None:
    items = shop.tables["items"]
    paint = items["category"] == "paint"
    for name in ("max_stock", "shelf_life_days"):
        assert (items[name].notna() == paint).all(), name
    low = shop.truth["incidents"].query("kind == 'low_target'")[["sku", "location"]]
    marked = items[items["target"] == 0.15][["sku", "location"]]
    pd.testing.assert_frame_equal(marked.reset_index(drop=True), low.reset_index(drop=True))


def test_substitutes_are_of_the_same_category(shop: DemoWorld) -> None:
    pairs = shop.tables["substitutes"]
    category = shop.tables["items"].drop_duplicates("sku").set_index("sku")["category"]
    assert (pairs["sku"].map(category) == pairs["substitute"].map(category)).all()
    assert (pairs["sku"] != pairs["substitute"]).all()
    assert set(pairs["ratio"]) == {1.0, 2.0}
