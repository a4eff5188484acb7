"""The truth behind a shop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.demo import DemoWorld
from pipelines.demo.truth import true_incidents
from tests.pipelines.demo.conftest import Stages

KEY = ["sku", "location"]


def test_the_days_add_up(shop: DemoWorld) -> None:
    """Stock from close to close, and demand."""
    days = shop.truth["days"]
    assert (days["demand"] == days["shipped"] + days["backordered"] + days["lost"]).all()
    came = days["received"] + days["returned"] + days["transferred"]
    flow = came - days["shipped"] - days["filled"] - days["scrapped"] - days["vanished"]
    opening = shop.truth["series"].set_index(KEY)["opening_stock"]
    level = flow.groupby([days["sku"], days["location"]]).cumsum()
    level += pd.MultiIndex.from_frame(days[KEY]).map(opening)
    # What is allocated and has not left is on hand but shipped.
    north_on_sunday = (days["location"] == "north") & (days["date"].dt.day_of_week == 6)
    assert (days["on_hand"] - level)[~north_on_sunday].eq(0).all()
    assert (days["on_hand"] >= level).all()


def test_the_effect_of_an_incident_is_what_was_short_beyond_the_undisturbed_history(stages: Stages) -> None:
    """Recomputed with plain loops over the days."""
    world = stages.world
    written = true_incidents(world, stages.incidents, stages.undisturbed, stages.history)
    struck = np.flatnonzero(stages.incidents.cause >= 0)
    assert len(written) == struck.size
    stated = stages.buyer.protection - 7
    for row, k in zip(written.itertuples(index=False), struck, strict=True):
        stop = min(int(stages.incidents.last[k] + stated[k] + 28), world.days)
        more = [
            int(stages.history.unmet[day, k]) - int(stages.undisturbed.unmet[day, k])
            for day in range(int(stages.incidents.first[k]), stop)
        ]
        assert row.units == max(sum(more), 0)
        if row.units:
            first = next(i for i, units in enumerate(more) if units > 0) + stages.incidents.first[k]
            assert row.short_from == pd.Timestamp(world.dates(first))
            assert row.short_from < row.short_to
        else:
            assert pd.isna(row.short_from)


def test_lead_time_distributions_are_those_of_the_suppliers(shop: DemoWorld) -> None:
    table, truth = shop.truth["lead_times"], shop.truth["suppliers"].set_index("supplier")
    groups = table.groupby(["supplier", "ordered_from"])
    assert (abs(groups["probability"].sum() - 1.0) < 1e-9).all()
    mean = groups.apply(lambda part: (part["days"] * part["probability"]).sum())
    for (supplier, since), days in mean.items():
        slower = since == truth.loc[supplier, "slower_since"]
        stated = truth.loc[supplier, "slower_mean_days" if slower else "lead_time_mean_days"]
        assert abs(days - stated) < 0.35, supplier
    assert len(mean) == 8


def test_mean_demand_includes_the_surges(shop: DemoWorld, stages: Stages) -> None:
    days = shop.truth["days"]
    np.testing.assert_array_equal(days["mean_demand"].to_numpy(), stages.true_mean.T.ravel())
    assert (stages.true_mean >= stages.mean).all()
    assert (stages.true_mean > stages.mean).any()


def test_transfers_are_those_of_the_days(shop: DemoWorld) -> None:
    made, days = shop.truth["transfers"], shop.truth["days"]
    sent = made.groupby(["sku", "from_location", "sent_on"])["quantity"].sum()
    left = days[days["transferred"] < 0].set_index(["sku", "location", "date"])["transferred"]
    assert sent.to_dict() == (-left).to_dict()
    assert (made["from_location"] != made["to_location"]).all()
