"""The tables of what lies where."""

from __future__ import annotations

import pandas as pd

from pipelines.demo import DemoWorld


def test_counts_correct_the_record_in_both_directions(shop: DemoWorld) -> None:
    counts = shop.tables["stock_counts"]
    assert (counts["counted"] >= 0).all()
    assert 0.2 < (counts["book"] != counts["counted"]).mean() < 0.7
    assert (counts["book"] > counts["counted"]).sum() > (counts["book"] < counts["counted"]).sum() > 20
    assert (counts["counted_on"] < pd.Timestamp(shop.as_of)).all()


def test_the_record_is_no_more_wrong_in_the_end_than_since_the_last_count(shop: DemoWorld) -> None:
    """Book less shelf at as_of = what vanished after the last count of each item."""
    days, counts = shop.truth["days"], shop.tables["stock_counts"]
    last = counts.groupby(["sku", "location"], as_index=False)["counted_on"].max()
    since = days.merge(last, on=["sku", "location"], how="left")
    later = since[~(since["date"] <= since["counted_on"])]
    vanished = later.groupby(["sku", "location"])["vanished"].sum()
    final = days[days["date"] == days["date"].max()].set_index(["sku", "location"])
    wrong = final["booked"] - final["on_hand"]
    assert wrong.tolist() == vanished.reindex(wrong.index, fill_value=0).tolist()
    assert (wrong != 0).any()


def test_lanes_lead_both_ways(shop: DemoWorld) -> None:
    lanes = shop.tables["transfers"]
    assert set(zip(lanes["from_location"], lanes["to_location"], strict=True)) == {
        ("north", "south"),
        ("south", "north"),
    }
    assert (lanes[["lead_time_days", "cost"]] > 0).all(axis=None)
