"""The tables of the customers' side."""

from __future__ import annotations

import pandas as pd

from pipelines.demo import DemoWorld

KEY = ["sku", "location"]


def test_a_customer_orders_in_one_way_and_with_one_priority(shop: DemoWorld) -> None:
    lines = shop.tables["customer_orders"]
    by_customer = lines.groupby("customer")[["channel", "priority", "location"]].nunique()
    assert (by_customer == 1).all(axis=None)
    assert set(lines["channel"]) == {"counter", "phone", "store", "web"}
    assert lines["order_id"].str.startswith(tuple("NS")).all()


def test_those_who_waited_order_again_less_often(shop: DemoWorld) -> None:
    """In the shop whose customers mostly don't wait: again within 90 days, of the orders of the first half year."""
    lines = shop.tables["customer_orders"].query("location == 'south'")
    orders = lines.assign(waited=~(lines["shipped_on"] <= lines["requested_on"]))
    orders = orders.groupby(["customer", "ordered_on"], as_index=False)["waited"].any()
    following = orders.groupby("customer")["ordered_on"].shift(-1)
    again = (following - orders["ordered_on"]).dt.days <= 90
    early = orders["ordered_on"] < pd.Timestamp(shop.as_of) - pd.Timedelta(days=120)
    rate = again[early].groupby(orders["waited"]).mean()
    assert rate[False] - rate[True] > 0.15
    assert rate[True] > 0.3


def test_returns_are_part_of_what_was_sold(shop: DemoWorld) -> None:
    back = shop.tables["returns"].groupby(KEY)["quantity"].sum()
    sold = shop.tables["sales"].groupby(KEY)["quantity"].sum()
    assert (back <= sold.reindex(back.index)).all()
    assert 0.01 < back.sum() / sold.sum() < 0.03


def test_nothing_is_known_before_it_is_known(shop: DemoWorld) -> None:
    """Every event is known ahead under the same days; the future ones were known on the eve of as_of."""
    ahead, events = shop.tables["known_ahead"], shop.tables["events"]
    as_of = pd.Timestamp(shop.as_of)
    assert (ahead["known_since"] < as_of).all()
    assert (ahead["known_since"] < ahead["date"]).all()
    where = ["date", "name", "sku", "category", "location"]
    named = ahead.rename(columns={"promotion": "name"}).dropna(subset="name")
    pd.testing.assert_frame_equal(
        named[where].fillna("").sort_values(where, ignore_index=True),
        events[where].fillna("").sort_values(where, ignore_index=True),
    )
    assert (ahead["date"] >= as_of).any()


def test_closing_days_and_the_coming_price_list_are_known_ahead(shop: DemoWorld) -> None:
    ahead = shop.tables["known_ahead"]
    assert set(ahead.loc[ahead["uplift"] == 0, "promotion"]) == {"closed"}
    price = shop.tables["items"].drop_duplicates("sku").set_index("sku")["unit_price"]
    usual = ahead["sku"].map(price)
    dearer = ahead["price"] > usual
    assert dearer.any()
    assert (ahead.loc[dearer, "date"] > pd.Timestamp(shop.as_of)).all()
    category = shop.tables["items"].drop_duplicates("sku").set_index("sku")["category"]
    assert set(ahead.loc[dearer, "sku"].map(category)) == {"paint"}
    assert ahead.loc[dearer, "promotion"].isna().all()
    assert (ahead["price"] < usual)[ahead["promotion"] == "promotion"].all()


def test_what_the_shop_expects_of_a_promotion_is_near_what_happens(shop: DemoWorld) -> None:
    where = ["date", "sku"]
    ahead = shop.tables["known_ahead"].dropna(subset=["sku", "promotion"]).set_index(where)["uplift"]
    truth = shop.truth["events"].dropna(subset="sku").set_index(where)["uplift"]
    both = pd.concat([ahead, truth], axis=1, keys=["expected", "real"]).dropna()
    assert len(both) > 200
    assert both["expected"].corr(both["real"]) > 0.6
    assert (both["expected"] != both["real"]).mean() > 0.5
