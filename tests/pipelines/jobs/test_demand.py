"""Sales read as demand: returns, channels, stock-outs and shipments as declared, to the unit and the week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.panel import CellStatus
from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.demand import Demand, demand_from_sales

WEEKS = [str(day)[:10] for day in pd.date_range("2025-03-31", periods=5, freq="7D")]  # Mondays


def read(tables: dict[str, Any], **settings: Any) -> tuple[Demand, CheckedTables]:
    config = PlanConfig(**{"frequency": "W-MON", "max_quarantine_fraction": 1.0, **settings})
    checked = check_inputs(Inputs(**tables), config)
    return demand_from_sales(checked, config), checked


def rows(*lines: tuple[Any, ...], columns: str = "sku date quantity") -> pd.DataFrame:
    return pd.DataFrame(list(lines), columns=columns.split())


def weekly(*quantities: float, sku: str = "A") -> pd.DataFrame:
    return rows(*((sku, week, units) for week, units in zip(WEEKS, quantities, strict=False)))


def units(demand: Demand) -> list[list[float]]:
    return demand.panel.quantity.tolist()


def codes(tables: CheckedTables) -> set[str]:
    return {notice.code for notice in tables.findings.notices}


# Returns


RETURNED = pd.concat([weekly(5, 4, 3, 2, 1), rows(("A", WEEKS[1], -3.0), ("A", WEEKS[4], -6.0))], ignore_index=True)


def test_returns_are_taken_off_their_own_period_and_never_below_nothing() -> None:
    demand, tables = read({"sales": RETURNED}, returns="net")
    assert units(demand) == [[5, 1, 3, 2, 0]]
    (text,) = (n.message for n in tables.findings.notices if n.code == "returns_netted")
    assert text.startswith("9 returned units")
    assert "5 of them exceed" in text
    assert tables.findings.rows == []


def test_returns_kept_apart_change_no_demand_and_are_counted() -> None:
    demand, tables = read({"sales": RETURNED}, returns="separate")
    assert units(demand) == [[5, 4, 3, 2, 1]]
    assert any("9 returned units" in n.message for n in tables.findings.notices if n.code == "returns_apart")


def test_returns_that_are_not_declared_are_set_aside_and_change_no_demand() -> None:
    demand, tables = read({"sales": RETURNED})
    assert units(demand) == [[5, 4, 3, 2, 1]]
    assert [r.code for r in tables.findings.rows] == ["negative_quantity"] * 2
    assert "returns_netted" not in codes(tables)


@pytest.mark.parametrize(("how", "wanted"), [("net", [5, 1, 3, 2, 0]), ("separate", [5, 4, 3, 2, 1])])
def test_the_table_of_returns_means_the_same_as_negative_sales(how: str, wanted: list[float]) -> None:
    """What came back before the first sale, or of an item that never sold, meets no demand."""
    returns = rows(("A", WEEKS[1], 2.0), ("A", "2025-04-13", 1.0), ("A", WEEKS[4], 6.0), ("A", "2020-01-01", 9.0))
    demand, _ = read({"sales": weekly(5, 4, 3, 2, 1), "returns": returns}, returns=how)
    assert units(demand) == [wanted]


def test_whatever_the_order_of_rows_the_demand_is_the_same_to_the_bit() -> None:
    random = np.random.default_rng(0)
    parts = [rows(("A", WEEKS[k % 5], float(q))) for k, q in enumerate(random.integers(-20, 60, 200) / 7)]
    sales = pd.concat(parts, ignore_index=True)
    first, _ = read({"sales": sales}, returns="net", duplicates="sum")
    for seed in range(3):
        again, _ = read({"sales": sales.sample(frac=1, random_state=seed)}, returns="net", duplicates="sum")
        np.testing.assert_array_equal(again.panel.quantity, first.panel.quantity)


# Channels


CHANNELS = rows(
    ("A", WEEKS[0], 1.0, "web"), ("A", WEEKS[0], 2.0, "shop"), ("A", WEEKS[1], 3.0, "web"), ("A", WEEKS[2], 4.0, None),
    ("A", WEEKS[4], 5.0, "shop"), ("B", WEEKS[4], 6.0, "web"),
    columns="sku date quantity channel",
)  # fmt: skip


def test_the_channels_of_an_item_are_added_up_and_kept_apart_beside() -> None:
    demand, tables = read({"sales": CHANNELS})
    assert list(demand.panel.keys) == [("A", "main"), ("B", "main")]
    assert units(demand)[0] == [3, 3, 4, 0, 5]
    assert units(demand)[1][-1] == 6
    kept = {(r.sku, r.location, r.channel): r.units for r in demand.channels.itertuples()}
    assert kept == {
        ("A", "main", "web"): 4, ("A", "main", "shop"): 7, ("A", "main", ""): 4, ("B", "main", "web"): 6
    }  # fmt: skip
    assert tables.findings.rows == []


def test_channels_of_several_places_stay_with_their_place() -> None:
    sales = pd.concat([CHANNELS.assign(location="x"), CHANNELS.assign(location="y", quantity=1.0)])
    demand, _ = read({"sales": sales})
    assert [key for key in demand.panel.keys if key[0] == "A"] == [("A", "x"), ("A", "y")]
    assert demand.panel.quantity.sum(axis=1).tolist() == [15, 5, 6, 1]


def test_one_channel_out_of_stock_makes_the_period_out_of_stock() -> None:
    sales = CHANNELS.assign(in_stock=[True, False, True, True, True, True])
    demand, _ = read({"sales": sales})
    assert demand.panel.status[0].tolist() == [CellStatus.OUT_OF_STOCK, *([CellStatus.OBSERVED] * 4)]


def test_without_channels_there_is_nothing_to_keep() -> None:
    demand, _ = read({"sales": weekly(1, 2, 3)})
    assert demand.channels.empty
    assert {"sku", "location", "channel", "units"} <= set(demand.channels.columns)


def test_a_return_in_a_channel_is_taken_off_the_item() -> None:
    sales = pd.concat([CHANNELS, rows(("A", WEEKS[4], -2.0, "web"), columns="sku date quantity channel")])
    assert units(read({"sales": sales}, returns="net")[0])[0] == [3, 3, 4, 0, 3]


@pytest.mark.parametrize("channel", ["web", "shop", "fair"])
def test_a_period_in_which_one_channel_is_not_known_is_not_known(channel: str) -> None:
    """One unit from the web alone is not the demand of the week; nor is it if a new channel's only row is set aside."""
    sales = CHANNELS.astype({"quantity": object})
    sales.loc[1, ["quantity", "channel"]] = ["?", channel]
    sales.loc[0, "channel"] = "phone"
    status = read({"sales": sales})[0].panel.status
    assert status[0].tolist() == [CellStatus.MISSING, *[CellStatus.OBSERVED] * 4]
    assert (status[1] == CellStatus.OBSERVED).all()


def test_a_return_of_one_channel_that_is_set_aside_spoils_no_period_in_which_another_sold() -> None:
    sales = pd.concat([CHANNELS, rows(("A", WEEKS[1], -2.0, "shop"), columns="sku date quantity channel")])
    demand, tables = read({"sales": sales})
    assert [row.code for row in tables.findings.rows] == ["negative_quantity"]
    assert (demand.panel.status[0] == CellStatus.OBSERVED).all()


# Stock-outs


@pytest.mark.parametrize(
    ("basis", "unmet", "status"),
    [
        (None, "backorder", CellStatus.OUT_OF_STOCK), ("shipped", "backorder", CellStatus.OUT_OF_STOCK),
        ("ordered", "backorder", CellStatus.OBSERVED), ("ordered", "lost", CellStatus.OUT_OF_STOCK),
        (None, "lost", CellStatus.OUT_OF_STOCK),
    ],
)  # fmt: skip
def test_a_period_without_stock_hides_demand_unless_orders_were_accepted_all_the_same(
    basis: Any, unmet: Any, status: CellStatus
) -> None:
    sales = weekly(1, 2, 3, 4, 5).assign(in_stock=[True, True, False, True, True])
    demand, _ = read({"sales": sales}, quantity_basis=basis, unmet_demand=unmet)
    assert demand.panel.status[0].tolist() == [0, 0, status, 0, 0]


# Shipments


def lines(*given: tuple[Any, ...]) -> pd.DataFrame:
    return rows(*given, columns="order_id sku quantity ordered_on shipped_quantity shipped_on").assign(
        shipped_on=lambda f: pd.to_datetime(f["shipped_on"])
    )


def test_what_was_shipped_later_is_demand_of_the_day_of_its_order() -> None:
    """Five units were ordered in week 1 and left in week 3; the rest was ordered and shipped at once."""
    orders = lines(("1", "A", 5.0, WEEKS[1], 5.0, WEEKS[3]), ("2", "A", 2.0, WEEKS[2], 2.0, WEEKS[2]))
    tables = {"sales": weekly(4, 1, 2, 7, 3), "customer_orders": orders}
    demand, checked = read(tables, quantity_basis="shipped")
    assert units(demand) == [[4, 6, 2, 2, 3]]
    (text,) = (n.message for n in checked.findings.notices if n.code == "shipments_redated")
    assert text.startswith("5 shipped units were moved")
    assert units(read(tables, quantity_basis="ordered")[0]) == [[4, 1, 2, 7, 3]]
    assert units(read(tables)[0]) == [[4, 1, 2, 7, 3]]


def test_what_was_ordered_and_not_shipped_is_demand_too() -> None:
    orders = lines(("1", "A", 5.0, WEEKS[1], 0.0, None), ("2", "A", 6.0, WEEKS[2], 2.0, WEEKS[2]))
    demand, _ = read({"sales": weekly(4, 1, 2, 7, 3), "customer_orders": orders}, quantity_basis="shipped")
    assert units(demand) == [[4, 6, 6, 7, 3]]


def test_what_leaves_at_or_after_as_of_is_demand_of_its_order_and_was_in_no_sale() -> None:
    """An order seen before as_of counts in full, whenever it is shipped."""
    orders = lines(("1", "A", 5.0, WEEKS[1], 5.0, WEEKS[4]))
    tables = {"sales": weekly(4, 1, 2, 7, 9), "customer_orders": orders}
    demand, _ = read(tables, quantity_basis="shipped", as_of=WEEKS[4])
    assert units(demand) == [[4, 6, 2, 7]]
    assert units(read(tables, quantity_basis="shipped")[0]) == [[4, 6, 2, 7, 4]]


def test_orders_of_other_items_and_before_the_first_sale_change_nothing() -> None:
    orders = lines(("1", "Z", 5.0, WEEKS[1], 5.0, WEEKS[3]), ("2", "A", 5.0, "2020-01-06", 5.0, "2020-01-13"))
    demand, _ = read({"sales": weekly(4, 1, 2, 7, 3), "customer_orders": orders}, quantity_basis="shipped")
    assert units(demand) == [[4, 1, 2, 7, 3]]


# Rows without a usable quantity


@pytest.mark.parametrize("how", ["quarantine", "unknown"])
def test_a_week_whose_quantity_is_not_known_is_missing_and_no_zero(how: str) -> None:
    sales = weekly(1, 2, 3, 4, 5).assign(quantity=["1", "2", "", "4", "5"])
    demand, _ = read({"sales": sales}, missing_quantity=how)
    assert demand.panel.status[0].tolist() == [0, 0, CellStatus.MISSING, 0, 0]


def test_a_return_that_is_set_aside_spoils_no_week_in_which_something_was_sold() -> None:
    assert read({"sales": RETURNED})[0].panel.status[0].tolist() == [0] * 5


# Time


def test_rows_of_a_week_that_is_not_over_and_after_as_of_are_left_out_and_counted() -> None:
    """Daily rows up to a Wednesday: the week that has begun is not complete."""
    days = pd.date_range(WEEKS[0], "2025-04-30", freq="D")
    daily = pd.DataFrame({"sku": "A", "date": days, "quantity": 1.0})
    demand, tables = read({"sales": daily})
    assert units(demand) == [[7, 7, 7, 7]]
    assert str(demand.panel.as_of) == WEEKS[4]
    assert "partial_period" in codes(tables)
    demand, tables = read({"sales": daily}, as_of=WEEKS[2])
    assert units(demand) == [[7, 7]]
    assert any(n.message.startswith("17 rows at or after as_of") for n in tables.findings.notices)
    assert tables.findings.rows == []


def test_a_late_feed_is_said_and_a_stale_one_refused() -> None:
    _, tables = read({"sales": weekly(1, 2, 3, 4, 5)}, as_of="2025-05-19")
    assert "late_feed" in codes(tables)
    with pytest.raises(InputError, match="max_data_age_days = 31 allows no more"):
        read({"sales": weekly(1, 2, 3, 4, 5)}, as_of="2025-07-07")
