"""The tables of a shop agree with each other and with the truth."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pipelines.demo import DemoWorld, demo_tables
from tests.pipelines.demo.conftest import LOCATIONS, SEED, SKUS, YEARS

KEY = ["sku", "location"]

# Columns of the input tables as the planner understands them.
UNDERSTOOD = {
    "sales": "sku date quantity location in_stock channel price",
    "items": "sku location supplier lead_time_days lead_time_sd_days unit_cost unit_price order_cost holding_rate "
    "shortage_cost moq pack_size max_stock review_days target category successor_of available_from discontinued_on "
    "shelf_life_days",
    "suppliers": "supplier lead_time_days lead_time_sd_days review_days order_cost min_order_value order_weekdays",
    # Beyond the contract: when the order was proposed, how much was ordered, and what was refused.
    "receipts": "supplier ordered_on received_on sku location quantity promised_on po proposed_on ordered_quantity "
    "rejected_quantity",
    "stock": "sku on_hand location as_of allocated",
    "open_orders": "sku quantity due_date location po supplier ordered_on",
    "customer_orders": "order_id sku quantity ordered_on location line customer priority requested_on shipped_quantity "
    "shipped_on cancelled_on promised_on unit_price channel",
    "events": "date name location category sku",
    "item_suppliers": "sku supplier location priority lead_time_days unit_cost from_quantity moq pack_size "
    "capacity_per_period",
    "substitutes": "sku substitute ratio",
    "transfers": "from_location to_location lead_time_days cost",
    "stock_counts": "sku location counted_on book counted",
    "known_ahead": "sku category location date price promotion uplift known_since",
    "returns": "sku location date quantity",
}


def by_key(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame.groupby(KEY)[column].sum()


def test_all_tables_are_there_with_columns_that_the_planner_understands(shop: DemoWorld) -> None:
    assert list(shop.tables) == list(UNDERSTOOD)
    for name, frame in shop.tables.items():
        assert not set(frame.columns) - set(UNDERSTOOD[name].split()), name
        assert len(frame) > 0, name
    assert shop.as_of == dt.date(2026, 6, 29)


def test_the_same_seed_gives_the_same_tables_and_another_one_others(shop: DemoWorld) -> None:
    again = demo_tables(SKUS, LOCATIONS, YEARS, SEED)
    for name in shop.tables:
        pd.testing.assert_frame_equal(again.tables[name], shop.tables[name])
    for name in shop.truth:
        pd.testing.assert_frame_equal(again.truth[name], shop.truth[name])
    other = demo_tables(20, 2, 1, seed=6).tables["sales"]
    assert not other.equals(demo_tables(20, 2, 1, seed=5).tables["sales"])


def test_the_rows_of_a_sku_do_not_depend_on_how_many_others_there_are(shop: DemoWorld) -> None:
    """All but those of suppliers who ask for a least value: whether it is reached depends on the whole order."""
    small = demo_tables(20, LOCATIONS, YEARS, SEED)
    suppliers = small.tables["suppliers"].set_index("supplier")["min_order_value"]
    items = small.tables["items"]
    free = items.loc[items["supplier"].map(suppliers).isna(), "sku"]
    assert free.nunique() > 8
    for name in ("sales", "items", "receipts", "stock", "open_orders", "stock_counts", "returns", "item_suppliers"):
        rows = [frame[frame["sku"].isin(free)] for frame in (small.tables[name], shop.tables[name])]
        pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in rows))
    orders = [frame.tables["customer_orders"] for frame in (small, shop)]
    # The number of the line counts the other items of the order, too.
    rows = [frame[frame["sku"].isin(free)].drop(columns="line").reset_index(drop=True) for frame in orders]
    pd.testing.assert_frame_equal(*rows)


def test_identifiers_are_text_with_leading_zeros(shop: DemoWorld) -> None:
    for name, frame in shop.tables.items():
        for column in {"sku", "location", "po", "supplier", "order_id", "customer"} & set(frame.columns):
            assert all(isinstance(value, str) for value in frame[column].dropna().unique()), (name, column)
    assert shop.tables["items"]["sku"].str.fullmatch(r"0\d{4}").all()
    assert shop.tables["receipts"]["po"].str.fullmatch(r"0\d{5}").all()


def test_keys_are_unique_and_references_hold(shop: DemoWorld) -> None:
    tables = shop.tables
    keys = {
        "sales": [*KEY, "date"],
        "items": KEY,
        "suppliers": ["supplier"],
        "stock": KEY,
        "customer_orders": ["order_id", "line"],
        "events": ["date", "name", "location", "category", "sku"],
        "item_suppliers": ["sku", "location", "supplier", "from_quantity"],
        "substitutes": ["sku"],
        "transfers": ["from_location", "to_location"],
        "stock_counts": [*KEY, "counted_on"],
        "returns": [*KEY, "date"],
    }
    for name, key in keys.items():
        assert not tables[name].duplicated(key).any(), name
    known = set(tables["items"]["sku"])
    assert tables["receipts"].groupby(["po", *KEY]).size().max() == 2, "in one or two deliveries"
    for name in set(tables) - {"suppliers", "transfers"}:
        assert set(tables[name]["sku"].dropna()) <= known, name
    assert set(tables["items"]["successor_of"].dropna()) <= known
    assert set(tables["substitutes"]["substitute"]) <= known
    for name in ("items", "item_suppliers", "receipts"):
        assert set(tables[name]["supplier"]) == set(tables["suppliers"]["supplier"]), name


def test_the_stock_record_is_what_the_tables_say(shop: DemoWorld) -> None:
    """Opening stock, receipts, returns, corrections of counts, less what was shipped and scrapped, plus transfers.

    Receipts, returns and counts are those of the tables; the rest, which no table has, is that of the truth.
    """
    stock = shop.tables["stock"].set_index(KEY)
    opening = shop.truth["series"].set_index(KEY)["opening_stock"]
    receipts, counts, days = shop.tables["receipts"], shop.tables["stock_counts"], shop.truth["days"]
    came = by_key(receipts[receipts["received_on"].notna()], "quantity")
    back = by_key(shop.tables["returns"], "quantity")
    corrected = by_key(counts.assign(correction=counts["counted"] - counts["book"]), "correction")
    moved = by_key(days, "transferred") - by_key(days, "shipped") - by_key(days, "filled") - by_key(days, "scrapped")
    book = opening + moved + stock["allocated"]
    for part in (came, back, corrected):
        book = book.add(part, fill_value=0)
    assert stock["on_hand"].tolist() == book.reindex(stock.index).tolist()
    last = days[days["date"] == days["date"].max()].set_index(KEY)["booked"]
    assert stock["on_hand"].tolist() == last.reindex(stock.index).tolist()
    assert (stock["allocated"] <= stock["on_hand"]).all()


def test_open_orders_are_the_purchase_orders_not_received(shop: DemoWorld) -> None:
    receipts, still_open = shop.tables["receipts"], shop.tables["open_orders"]
    waiting = receipts[receipts["received_on"].isna()]
    columns = ["po", "supplier", "sku", "location", "ordered_on", "quantity"]
    pd.testing.assert_frame_equal(waiting[columns].reset_index(drop=True), still_open[columns])
    assert waiting["promised_on"].tolist() == still_open["due_date"].tolist()
    as_of = pd.Timestamp(shop.as_of)
    assert (receipts["received_on"].dropna() < as_of).all()
    assert (receipts["ordered_on"] < as_of).all()
    assert (still_open["due_date"] < as_of).any(), "some deliveries are overdue"


def test_sales_are_what_was_accepted_of_the_true_demand(shop: DemoWorld) -> None:
    days = shop.truth["days"]
    joined = shop.tables["sales"].merge(days, on=[*KEY, "date"], validate="one_to_one")
    assert len(joined) == len(shop.tables["sales"])
    assert (joined["quantity"] <= joined["demand"]).all()
    assert (joined["quantity"] == joined["shipped"] + joined["backordered"]).all()
    assert joined["quantity"].sum() == (days["demand"] - days["lost"]).sum()


def test_days_with_unmet_demand_are_flagged_out_of_stock(shop: DemoWorld) -> None:
    """And there are days without any sale on which there was demand: zeros that are none."""
    joined = shop.tables["sales"].merge(shop.truth["days"], on=[*KEY, "date"])
    unmet = joined["quantity"] - joined["shipped"] + joined["lost"] > 0
    assert not joined.loc[unmet, "in_stock"].any()
    hidden = (joined["quantity"] == 0) & (joined["demand"] > 0)
    assert hidden.any()
    assert not joined.loc[hidden, "in_stock"].any()


def test_each_item_has_a_row_for_every_day_on_sale_and_none_outside(shop: DemoWorld) -> None:
    items = shop.tables["items"].set_index(KEY)
    life = shop.tables["sales"].groupby(KEY)["date"].agg(["min", "max", "size"])
    as_of = pd.Timestamp(shop.as_of)
    start = shop.truth["days"]["date"].min()
    assert (items["available_from"] >= as_of).any(), "some items are only announced"
    items = items[~(items["available_from"] >= as_of)]
    first = items["available_from"].fillna(start)
    last = items["discontinued_on"].where(items["discontinued_on"] < as_of, as_of) - pd.Timedelta(days=1)
    assert life["min"].tolist() == first.reindex(life.index).tolist()
    assert life["max"].tolist() == last.reindex(life.index).tolist()
    assert ((life["max"] - life["min"]).dt.days + 1 == life["size"]).all()
    assert len(life) == len(items)


def test_customer_orders_add_up_to_the_sales_of_their_days(shop: DemoWorld) -> None:
    """What is ordered ahead of the first day on sale is sold on that day, or will be."""
    sales, lines = shop.tables["sales"], shop.tables["customer_orders"]
    as_of = pd.Timestamp(shop.as_of)
    since = as_of - pd.Timedelta(days=365)
    first = lines.merge(shop.tables["items"][[*KEY, "available_from"]], on=KEY, how="left")["available_from"]
    lines = lines.assign(date=lines["ordered_on"].where(~(first > lines["ordered_on"]), first))
    assert (lines["date"] > lines["ordered_on"]).sum() > 10
    within = lines["date"].between(since, as_of, inclusive="left")
    ordered = lines[within].groupby([*KEY, "date"])["quantity"].sum()
    sold = sales[(sales["date"] >= since) & (sales["quantity"] > 0)].set_index([*KEY, "date"])["quantity"]
    assert ordered.to_dict() == sold.to_dict()
    older = lines[lines["date"] < since]
    assert (older["cancelled_on"].isna() & (older["shipped_quantity"] < older["quantity"])).all()


def test_prices_fall_only_in_promotions(shop: DemoWorld) -> None:
    sales = shop.tables["sales"].merge(shop.tables["items"][[*KEY, "unit_price"]], on=KEY)
    reduced = sales["price"] < sales["unit_price"]
    assert 0 < reduced.mean() < 0.2
    assert (sales["price"] <= sales["unit_price"]).all()
    assert set(sales.loc[reduced, "date"]) <= set(shop.tables["events"]["date"])


def test_every_syntetos_boylan_class_occurs(shop: DemoWorld) -> None:
    """Limits 1.32 for the mean interval between demands and 0.49 for the squared variation of their sizes."""
    sales = shop.tables["sales"]
    sold = sales[sales["quantity"] > 0].groupby(KEY)["quantity"]
    interval = sales.groupby(KEY).size().reindex(sold.size().index) / sold.size()
    variation = (sold.std() / sold.mean()) ** 2
    frequent, even = interval < 1.32, variation < 0.49
    classes = pd.Series(np.select([frequent & even, frequent, even], ["smooth", "erratic", "intermittent"], "lumpy"))
    share = classes.value_counts(normalize=True)
    assert share.size == 4
    assert share.min() > 0.1


def test_measured_lead_times_agree_with_the_stated_ones_but_for_some(shop: DemoWorld) -> None:
    receipts = shop.tables["receipts"].drop_duplicates("po")
    excess = (receipts["received_on"] - receipts["promised_on"]).dt.days.groupby(receipts["supplier"]).mean()
    assert (excess.drop(["S04", "S05", "S06"]).abs() < 1.8).all()
    since = receipts["ordered_on"] >= pd.Timestamp(shop.as_of) - pd.Timedelta(days=150)
    days = (receipts["received_on"] - receipts["ordered_on"]).dt.days[receipts["supplier"] == "S05"]
    assert days[since].mean() - days[~since].mean() > 5, "one has become slower"
    assert excess["S04"] > 5


def test_the_events_of_the_truth_carry_their_uplift(shop: DemoWorld) -> None:
    known, truth = shop.tables["events"], shop.truth["events"]
    pd.testing.assert_frame_equal(truth.drop(columns="uplift"), known)
    assert (truth.loc[truth["name"] == "closed", "uplift"] == 0).all()
    assert (truth.loc[truth["name"] != "closed", "uplift"] > 1).all()
    assert known["date"].max() >= pd.Timestamp(shop.as_of)


@pytest.mark.parametrize(("skus", "locations", "years"), [(1, 1, 1), (3, 4, 1), (21, 2, 4)])
def test_other_sizes_work_too(skus: int, locations: int, years: int) -> None:
    shop = demo_tables(skus, locations, years, 1)
    assert len(shop.tables["items"]) == skus * locations
    assert len(shop.truth["days"]) == skus * locations * years * 365
